"""What agents ask to be dialled, and what they are shown before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(max_length=200)]


class DialOrder(BaseModel):
    """Whom an agent dials: a number, or a lead of the campaign's list by its id."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    lead: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    campaign: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """None: the only one that runs for the agent's queues."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.number is None) == (self.lead is None):
            raise ValueError("expected either a number or a lead")
        return self


class SkipOrder(BaseModel):
    """Why an agent does not dial the lead that is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class PreviewShown(BaseModel):
    """A lead that an agent looks at. What its file said of it is hostile text."""

    model_config = ConfigDict(frozen=True)
    campaign: str
    lead: str
    number: str
    """The one that would be dialled."""
    others: tuple[str, ...]
    name: str
    fields: Mapping[str, str]
    tries: int
    last_outcome: str | None
    left_s: float | None
    """Until what ``auto`` says happens; None: nothing does."""
    auto: str
