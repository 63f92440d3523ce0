"""``[order]`` of a campaign: which leads are dialled first, and which of a lead's numbers. Pure."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, assert_never

from pydantic import Field

from calls.ids import CampaignId, LeadId
from calls.parts import Flag, Part

PRIORITY_STEP = 4096
"""More than any two priorities are apart: fewer tries go before any priority."""


class Kind(StrEnum):
    """What kind of number it is, as the file's column says. The value stands in the store."""

    MOBILE = "mobile"
    HOME = "home"
    WORK = "work"
    OTHER = "other"


class By(StrEnum):
    """What puts one lead before another."""

    PRIORITY = "priority"
    """The highest first; of the same priority those that are due again, then new ones in the order of import."""
    NEWEST = "newest"
    """The latest import first."""
    FEWEST_TRIES = "fewest_tries"
    """Those that were tried the least, then by priority."""
    RANDOM = "random"
    """By chance, the same in each look: an order that a campaign keeps."""


class Order(Part):
    """Which leads go first, and which of a lead's numbers."""

    by: Annotated[By, Field(description=f"one of {', '.join(By)}, in quotes")] = By.PRIORITY
    types: Annotated[
        tuple[Kind, ...],
        Field(max_length=len(Kind), description=f"a list of {', '.join(Kind)}, each in quotes"),
    ] = ()
    """Kinds of numbers in the order in which they are dialled; those that it does not name follow, as the file has
    them."""
    best_hour: Flag = False
    """Leads wait, a day at most, for the hour in which people of their list answer."""


def rank(by: By, campaign_id: CampaignId, lead_id: LeadId, priority: int, tries: int, position: int) -> int:
    """A lead's place among the campaign's that are due, the lowest first. ``position``: the order of import."""
    match by:
        case By.PRIORITY:
            return -priority
        case By.NEWEST:
            return -position
        case By.FEWEST_TRIES:
            return tries * PRIORITY_STEP - priority
        case By.RANDOM:
            drawn = hashlib.blake2b(f"{campaign_id} {lead_id}".encode(), digest_size=7).digest()
            return int.from_bytes(drawn)
        case _:
            assert_never(by)
