"""Who takes what is known of people out of the house: written down before the first of it is given out."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from calls.log import masked
from calls.records.store import add_audit
from console.operations import Done


class Held(StrEnum):
    """What a download holds of people. The audit has it as ``leads.download`` and so on."""

    LEADS = "leads"
    """The leads of a list, with what became of them."""
    CALLS = "calls"
    """The calls of some days, with people's numbers."""
    PERSON = "people"
    """All that is held of one person."""
    REASSIGNED = "reassigned"
    """The numbers of a list that are to be asked about."""


class DownloadOrder(BaseModel):
    """A download that is about to be given out. ``person``: a number; the audit has its last digits."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    held: Held
    way: Literal["page", "api", "command"]
    list: str | None = None
    campaign: str | None = None
    person: str | None = None
    first: date | None = None
    last: date | None = None


def write_down(connection: sqlite3.Connection, order: DownloadOrder, who: str, now: datetime) -> Done:
    """Keep in the audit who takes what."""
    given = order.model_dump(mode="json", exclude={"held", "person"}, exclude_none=True)
    if order.person is not None:
        given["person"] = masked(order.person)
    add_audit(connection, now, who, f"{order.held.value}.download", given)
    return Done(said=f"the audit has it that {who} takes {order.held.value}")
