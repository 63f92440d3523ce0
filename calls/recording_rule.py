"""Which talks with agents are recorded: the rule of a queue or a campaign."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

RecordRule = Annotated[
    str, Field(pattern=r"^(off|all|[1-9][0-9]?%)$", description='"off", "all", or a share such as "25%"')
]


def share_of(rule: str) -> float:
    """The share of talks that ``rule`` has recorded, from 0 to 1."""
    match rule:
        case "off":
            return 0.0
        case "all":
            return 1.0
        case _:
            return int(rule.removesuffix("%")) / 100
