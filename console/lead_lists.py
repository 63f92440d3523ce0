"""What people change in lists of leads: the same for the running engine and for a command without one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.causes import Outcome
from calls.errors import UserError
from calls.ids import CampaignId
from calls.records.store import add_audit
from console.operations import Done, Writes
from dialer import roll
from dialer.leads import lists
from dialer.leads.lists import Step

AGE = re.compile(r"([0-9]{1,5})([mhd])\Z")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Recycling(BaseModel):
    """Which leads of a campaign are dialled again. ``older_than``: since the last attempt, such as ``2d``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)]
    older_than: str = "0m"

    @property
    def age(self) -> timedelta:
        """``older_than`` as a span.

        Raises:
            UserError: it is none.
        """
        found = AGE.match(self.older_than)
        if found is None:
            raise UserError(f"expected an age such as 30m, 12h or 2d; found {self.older_than!r}")
        return int(found[1]) * UNITS[found[2]]


async def close(writes: Writes, name: str, closed: bool, who: str, now: datetime) -> Done:
    """Let no campaign dial a list, or let them again.

    Raises:
        LeadError: there is no such list.
    """
    await writes.run(lambda db: lists.close(db, name, now if closed else None))
    await _audit(writes, "close" if closed else "open", {"list": name}, who, now)
    return Done(said=f"list {name} is {'closed: no campaign dials it' if closed else 'open'}")


async def move(writes: Writes, name: str, to: str, who: str, now: datetime) -> Done:
    """Move the leads of a list to another one that there is.

    Raises:
        LeadError: one of the lists is not there, or they are the same.
    """
    moved = await _all(lambda after: writes.run(partial(lists.move, name=name, to=to, after=after)))
    await _audit(writes, "move", {"list": name, "to": to, "leads": moved}, who, now)
    return Done(said=f"{moved} leads moved from {name} to {to}; those that stand there already or are dialled stay")


async def remove(writes: Writes, name: str, who: str, now: datetime) -> Done:
    """Remove a list and all of its leads that were never dialled.

    Raises:
        LeadError: there is no such list.
    """
    removed = await _all(lambda after: writes.run(partial(lists.remove, name=name, after=after, now=now)))
    await _audit(writes, "remove", {"list": name, "leads": removed}, who, now)
    return Done(said=f"{removed} leads of {name} removed; those that were dialled stay, and are dialled no more")


async def recycle(writes: Writes, campaign_id: str, given: Recycling, who: str, now: datetime) -> Done:
    """Let leads that are done be dialled again; every rule is asked again.

    Raises:
        UserError: the campaign was never started, or the age is none.
    """
    age = given.age
    if CampaignId(campaign_id) not in await writes.run(roll.states):
        raise UserError(f"campaign {campaign_id} was not started")
    step = partial(
        lists.recycle,
        campaign_id=CampaignId(campaign_id),
        outcomes=given.outcomes,
        older_than=now - age,
        now=now,
    )
    taken = await _all(lambda after: writes.run(partial(step, after=after)))
    detail = {"campaign": campaign_id, "outcomes": [each.value for each in given.outcomes], "leads": taken}
    await _audit(writes, "recycle", detail, who, now)
    return Done(said=f"{taken} leads of campaign {campaign_id} are dialled again, as far as its rules allow it")


async def _all(step: Callable[[str], Awaitable[Step]]) -> int:
    """Step by step, so that calls are recorded in between; gives how many leads were taken."""
    taken, after = 0, ""
    while True:
        done = await step(after)
        taken += done.taken
        if done.after is None:
            return taken
        after = done.after


async def _audit(writes: Writes, what: str, detail: dict[str, object], who: str, now: datetime) -> None:
    await writes.run(lambda db: add_audit(db, now, who, f"leads.{what}", detail))
