"""``hours``: one way while open, another while closed, and others on holidays and in an emergency."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar, Self

from pydantic import Field, model_validator

from calls.hours import WeeklyHours, parse
from ivr.nodes.base import Exit, Goto, Name, NodeModel, NodeName, Visit
from ivr.trail import Kind
from ivr.turn import Turn


class Hours(NodeModel):
    """Go to ``open`` or ``closed`` by the weekly hours in a time zone. The caller hears nothing.

    ``dates`` go before holidays, and those before the week. What a supervisor has set for the name ``override`` goes
    before all of them: the hours are open, closed, or there is an emergency.
    """

    kind: ClassVar[str] = "hours"
    hours: dict[str, str] = Field(min_length=1, description='days and times, such as {mon-fri: "09:00-17:00"}')
    zone: str = Field(description="an IANA time zone, such as Europe/Berlin")
    dates: dict[str, str] = Field(
        default_factory=dict, description='dates and their times, such as {"2026-12-24": "09:00-12:00"}'
    )
    country: str | None = Field(default=None, description="a country whose holidays are closed, such as DE")
    region: str | None = Field(default=None, description="a region of the country, such as BY")
    override: Name = Field(default="main", description="the name by which supervisors override these hours")
    open: NodeName = Field(description="the node for opening hours")
    closed: NodeName = Field(description="the node for all other times")
    holiday: NodeName | None = Field(default=None, description="the node for holidays")
    emergency: NodeName | None = Field(default=None, description="the node for an emergency")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """All by themselves."""
        yield Exit(("open",), self.open)
        yield Exit(("closed",), self.closed)
        if self.holiday is not None:
            yield Exit(("holiday",), self.holiday)
        if self.emergency is not None:
            yield Exit(("emergency",), self.emergency)

    @model_validator(mode="after")
    def _understood(self) -> Self:
        """Refuse hours and zones that are none (``HoursProblem``, a ValueError)."""
        _ = self.weekly
        return self

    @cached_property
    def weekly(self) -> WeeklyHours:
        """The hours, to ask whether they are open."""
        return parse(self.hours, self.zone, self.dates, self.country, self.region)

    def visit(self, turn: Turn) -> Visit:
        """Look at the overrides and at the clock; no command is given."""
        yield from ()
        overridden = turn.override(self.override)
        way = self._by_the_clock(turn) if overridden is None else overridden.value
        turn.note(Kind.HOURS, way=way, overridden=overridden is not None)
        ways = {"open": self.open, "closed": self.closed, "holiday": self.holiday, "emergency": self.emergency}
        to = ways[way]
        return Goto("closed", self.closed) if to is None else Goto(way, to)

    def _by_the_clock(self, turn: Turn) -> str:
        if self.weekly.is_open(turn.now.at):
            return "open"
        return "holiday" if self.weekly.is_holiday(turn.now.at) else "closed"
