"""Who may not be called, as people change it: the same functions for the running engine and for a command."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.errors import UserError
from calls.ids import CampaignId, is_safe_id
from calls.parts import Name
from calls.people import do_not_call, number_lists
from calls.people.number_file import NumberFile, opened
from calls.people.number_lists import NumberList
from calls.settings import Settings
from console.moments import Moment
from console.operations import Done, e164
from dialer import roll


class ForbidOrder(BaseModel):
    """A number that must not be called, or the beginning of many (``+1900*``). ``until`` is aware; None: for good.
    ``campaign`` None: by no campaign."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: Annotated[str, Field(max_length=40)]
    reason: Annotated[str, Field(max_length=500)] = ""
    until: Moment | None = None
    campaign: Name | None = None
    source: Annotated[str, Field(max_length=100)] = "console"
    proof: Annotated[str, Field(max_length=1000)] = ""

    @property
    def campaign_id(self) -> CampaignId | None:
        """As other modules name it."""
        return None if self.campaign is None else CampaignId(self.campaign)


class ListOrder(BaseModel):
    """A version of an imported list that is to hold. ``path``: its file, in the folder of lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Name
    path: Path
    listed_at: Moment
    source: Annotated[str, Field(max_length=500)]
    anyway: bool = False
    """Also where it is older than the version that holds, or much smaller."""


SHRUNK = 0.9
"""A version with less than this share of the numbers before looks like a file that was cut off."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody whose number may ring, and is on a list that has just come to hold for that campaign."""

    number: str
    campaign_id: CampaignId


def spelled(text: str) -> str:
    """The number in E.164, or the beginning of many as it is.

    Raises:
        UserError: it is neither.
    """
    return text if do_not_call.BEGINNING.match(text) else e164(text)


def forbid(connection: sqlite3.Connection, order: ForbidOrder, who: str, now: datetime) -> Done:
    """Put a number on the do-not-call list."""
    number = spelled(order.number)
    if order.until is not None and order.until <= now:
        raise UserError(f"{order.until:%Y-%m-%d %H:%M} UTC is over: nothing would be forbidden")
    entry = do_not_call.Entry(
        number, order.source, order.reason, now, who, order.until, order.proof, order.campaign_id
    )
    if not do_not_call.add(connection, entry):
        return Done(said=f"{number} was on the list already")
    until = "any more" if order.until is None else f"until {order.until:%Y-%m-%d %H:%M} UTC"
    by = "" if order.campaign is None else f" by campaign {order.campaign}"
    return Done(said=f"{number} is not called{by} {until}")


def allow(
    connection: sqlite3.Connection, number: str, reason: str, campaign: str | None, who: str, now: datetime
) -> Done:
    """Take a number off the do-not-call list."""
    wanted = spelled(number)
    campaign_id = None if campaign is None else CampaignId(campaign)
    removed = do_not_call.remove(connection, wanted, at=now, who=who, reason=reason, campaign_id=campaign_id)
    return Done(said=f"{wanted} may be called again" if removed else f"{wanted} was not on the list")


def list_folder(settings: Settings, name: str) -> Path:
    """Where the files of a list are.

    Raises:
        UserError: it is no name of a list.
    """
    if not is_safe_id(name):
        raise UserError(f"{name!r} is no list's name: expected 1 to 64 letters, digits, _ and -, such as national")
    return settings.do_not_call.folder / name


def checked_list(settings: Settings, order: ListOrder, who: str, now: datetime) -> NumberList:
    """The list, all of whose file was read and found right. Takes a second or two for fifty million numbers.

    Raises:
        UserError: its file is not in the list's folder, or its day is to come.
        RecordError: its file is damaged.
    """
    if order.path.parent != list_folder(settings, order.name):
        raise UserError(f"{order.path} is not in {list_folder(settings, order.name)}")
    if order.listed_at > now:
        raise UserError(f"the list cannot be of {order.listed_at:%Y-%m-%d}, which is to come")
    found = NumberFile(order.path)
    found.verify()
    return NumberList(order.name, found.version, order.path, found.count, order.listed_at, now, who, order.source)


def serve_list(
    connection: sqlite3.Connection, given: NumberList, anyway: bool = False
) -> tuple[Done, tuple[Stopped, ...]]:
    """Let a version of a list hold; gives those who may be rung now and are on it.

    Raises:
        UserError: it is older than the version that holds, or much smaller, and that is not to be ``anyway``.
    """
    before = number_lists.standing(connection).get(given.name)
    if before is not None and not anyway:
        _require_newer(before, given)
    number_lists.serve(connection, given)
    numbers = opened(given.path, given.version)
    said = Done(said=f"the list {given.name} holds with {given.numbers} numbers, as of {given.listed_at:%Y-%m-%d}")
    rows = connection.execute("SELECT number, campaign_id FROM attempts WHERE state <> 'done'").fetchall()
    return said, tuple(
        Stopped(number, CampaignId(campaign_id))
        for number, campaign_id in rows
        if number in numbers and _names(connection, CampaignId(campaign_id), given.name)
    )


def _require_newer(before: NumberList, given: NumberList) -> None:
    if given.listed_at < before.listed_at:
        raise UserError(
            f"the list {given.name} holds as of {before.listed_at:%Y-%m-%d}, and this one is of"
            f" {given.listed_at:%Y-%m-%d}: --anyway goes back to it"
        )
    if given.numbers < SHRUNK * before.numbers:
        raise UserError(
            f"the list {given.name} holds with {before.numbers} numbers, and this one has {given.numbers}: was the"
            " file cut off? --anyway takes it"
        )


def _names(connection: sqlite3.Connection, campaign_id: CampaignId, name: str) -> bool:
    campaign = roll.stored(connection, campaign_id)
    return campaign is None or name in campaign.file.compliance.do_not_call
