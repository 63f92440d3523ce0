"""What is ordered: items, quantities and what they cost. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ivr.effects import Json
from ivr.nodes.base import PromptKey
from ivr.nodes.prices import Price


class Item(BaseModel):
    """One item of a list in the flow. ``prompt`` is played before the question whether it is right."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    price: Price
    name: Annotated[str, Field(max_length=200)] = ""
    prompt: PromptKey | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that the caller wants."""

    code: str
    name: str
    price: Decimal
    prompt: str | None = None
    quantity: int = 1

    @property
    def amount(self) -> Decimal:
        """What it costs."""
        return self.price * self.quantity

    def as_json(self) -> Json:
        """As the order's webhook is told."""
        return {
            "code": self.code,
            "name": self.name,
            "price": self.price,
            "quantity": self.quantity,
            "amount": self.amount,
        }


def total(ordered: Iterable[Wanted]) -> Decimal:
    """What all of it costs."""
    return sum((each.amount for each in ordered), Decimal(0))


class Stop(Exception):
    """The order comes to nothing. ``way``: by which exit."""

    def __init__(self, way: str, why: str) -> None:
        super().__init__(why)
        self.way = way
        self.why = why
