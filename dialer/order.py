"""``[order]`` of a campaign: what is dialled first."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from calls.parts import Part


class Kind(StrEnum):
    """What kind of number it is, as the file's column says. The value stands in the store."""

    MOBILE = "mobile"
    HOME = "home"
    WORK = "work"
    OTHER = "other"


class Order(Part):
    """Which leads go first, and which of a lead's numbers."""

    types: Annotated[
        tuple[Kind, ...],
        Field(max_length=len(Kind), description=f"a list of {', '.join(Kind)}, each in quotes"),
    ] = ()
    """Kinds of numbers in the order in which they are dialled; those that it does not name follow, as the file has
    them."""
