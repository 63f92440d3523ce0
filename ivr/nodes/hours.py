"""``hours``: one way while open, another while closed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, Self

from pydantic import Field, model_validator

from calls.hours import WeeklyHours, parse
from ivr.nodes.base import Exit, Goto, NodeModel, NodeName, Visit
from ivr.trail import Kind
from ivr.turn import Turn


class Hours(NodeModel):
    """Go to ``open`` or ``closed`` by the weekly hours in a time zone. The caller hears nothing."""

    kind: ClassVar[str] = "hours"
    hours: dict[str, str] = Field(min_length=1, description='days and times, such as {mon-fri: "09:00-17:00"}')
    zone: str = Field(description="an IANA time zone, such as Europe/Berlin")
    open: NodeName = Field(description="the node for opening hours")
    closed: NodeName = Field(description="the node for all other times")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """Both by themselves."""
        yield Exit(("open",), self.open)
        yield Exit(("closed",), self.closed)

    @model_validator(mode="after")
    def _understood(self) -> Self:
        """Refuse hours and zones that are none (``HoursProblem``, a ValueError)."""
        _ = self.weekly
        return self

    @cached_property
    def weekly(self) -> WeeklyHours:
        """The hours, to ask whether they are open."""
        return parse(self.hours, self.zone)

    def visit(self, turn: Turn) -> Visit:
        """Look at the clock; no command is given."""
        yield from ()
        is_open = self.weekly.is_open(turn.now.at)
        turn.note(Kind.HOURS, open=is_open)
        return Goto("open", self.open) if is_open else Goto("closed", self.closed)
