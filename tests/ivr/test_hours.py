"""Opening hours in flows: weeks, dates, holidays, and what supervisors set by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calls.overrides import Override, OverrideState
from calls.switch.port import Done, Play
from ivr.check import check
from ivr.commands import OverridesChanged
from ivr.session import Context, Session
from ivr.trail import Instant
from tests.ivr.conftest import NOTHING_KNOWN, Make, Write

FLOW = """\
language: en
start: wait
nodes:
  wait: {say: [x.wait], next: hours}
  hours:
    hours: {mon-fri: "09:00-17:00"}
    zone: Europe/Berlin
    dates: {"2026-12-24": "09:00-12:00", "2026-12-25": "09:00-10:00"}
    country: DE
    region: BY
    override: shop
    open: open
    closed: closed
    holiday: holiday
    emergency: emergency
  open: {hangup: [x.open]}
  closed: {hangup: [x.closed]}
  holiday: {hangup: [x.holiday]}
  emergency: {hangup: [x.emergency]}
"""


def berlin(text: str) -> Instant:
    return Instant(datetime.fromisoformat(f"{text}+01:00").astimezone(UTC), 0.0)


def way(
    make: Make, moment: str, overrides: dict[str, Override] | None = None, text: str = FLOW, later: float = 0.0
) -> str:
    """The prompt that is heard after the hours."""
    now = berlin(moment)
    session = Session(make(text))
    session.start(Context(answered=True, overrides=overrides or {}), now)
    step = session.resume(Done(), Instant(now.at + timedelta(seconds=later), later))
    assert isinstance(step, Play)
    return step.prompts[0].key.removeprefix("x.")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-30T09:00:00", "open"),
        ("2026-11-30T08:59:59", "closed"),
        ("2026-11-29T10:00:00", "closed"),  # a Sunday
        ("2026-12-24T11:59:00", "open"),  # a date of its own
        ("2026-12-24T12:00:00", "closed"),
        ("2026-12-25T09:30:00", "open"),  # which goes before the holiday
        ("2026-12-25T10:30:00", "closed"),
        ("2027-01-01T10:00:00", "holiday"),
        ("2027-01-06T10:00:00", "holiday"),  # Epiphany: in Bavaria
    ],
)
def test_weeks_dates_and_holidays(make: Make, moment: str, expected: str) -> None:
    assert way(make, moment) == expected


def test_a_holiday_without_a_way_of_its_own_is_closed(make: Make) -> None:
    text = FLOW.replace("    holiday: holiday\n", "").replace("    emergency: emergency\n", "")
    text = text.replace("  holiday: {hangup: [x.holiday]}\n", "").replace(
        "  emergency: {hangup: [x.emergency]}\n", ""
    )
    assert way(make, "2027-01-01T10:00:00", text=text) == "closed"
    assert way(make, "2026-11-30T10:00:00", {"shop": Override(OverrideState.EMERGENCY)}, text) == "closed"


@pytest.mark.parametrize("state", [*OverrideState])
def test_what_a_supervisor_sets_goes_before_the_clock(make: Make, state: OverrideState) -> None:
    assert way(make, "2027-01-01T10:00:00", {"shop": Override(state)}) == state.value
    assert way(make, "2027-01-01T10:00:00", {"main": Override(state)}) == "holiday"


def test_an_override_ends_by_itself(make: Make) -> None:
    until = {"shop": Override(OverrideState.CLOSED, berlin("2026-11-30T10:00:10").at)}
    assert way(make, "2026-11-30T10:00:00", until, later=9.9) == "closed"
    assert way(make, "2026-11-30T10:00:00", until, later=10.0) == "open"


def test_a_call_under_way_goes_by_what_is_set_meanwhile(make: Make) -> None:
    now = berlin("2026-11-30T10:00:00")
    session = Session(make(FLOW))
    session.start(Context(answered=True), now)
    assert session.notify(OverridesChanged({"shop": Override(OverrideState.EMERGENCY)}), now) is None
    step = session.resume(Done(), now)
    assert isinstance(step, Play) and step.prompts[0].key == "x.emergency"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("country: DE", "country: XX"), "nodes.hours.country: error"),
        (("region: BY", "region: XX"), "nodes.hours.country: error"),
        (("    country: DE\n", ""), "a region without a country"),
        (('"2026-12-24"', '"24.12."'), "expected a date such as 2025-12-24"),
        (('"09:00-12:00"', '"9-12"'), "expected windows such as"),
        (("override: shop", "override: my shop"), "the name by which supervisors override these hours"),
    ],
)
def test_what_check_says(write: Write, change: tuple[str, str], told: str) -> None:
    assert change[0] in FLOW
    faults = [str(each) for each in check(write(FLOW.replace(*change)), NOTHING_KNOWN)]
    assert any(told in fault for fault in faults), faults
