"""``[reports]``: whose days reports count by, and against what."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from calls.hours import HoursProblem, time_zone
from calls.parts import Part, Wait
from calls.reports.definitions import Targets
from calls.toml_file import Fault

SHARE = "a share, 0 to 1"
Share = Annotated[float, Field(ge=0, le=1, description=SHARE)]


def _zone(name: str) -> str:
    try:
        time_zone(name)
    except HoursProblem as problem:
        raise Fault(str(problem)) from problem
    return name


class ReportSettings(Part):
    """``[reports]``."""

    zone: Annotated[
        str, AfterValidator(_zone), Field(description='an IANA time zone such as "Europe/Berlin", the house\'s')
    ] = "UTC"
    service_level_s: Wait = 20.0
    short_abandon_s: Wait = 5.0
    service_level: Share = 0.8
    """The share of calls that is to be answered in that time."""
    abandonment: Share = 0.03
    """The cap of abandoned calls of campaigns."""

    def place(self) -> ZoneInfo:
        """The time zone."""
        return time_zone(self.zone)

    def targets(self) -> Targets:
        """What figures are measured against."""
        return Targets(self.service_level_s, self.short_abandon_s)

    def lines(self) -> dict[str, float]:
        """What is drawn beside figures, by their names."""
        return {"service_level": self.service_level, "abandonment_us": self.abandonment}
