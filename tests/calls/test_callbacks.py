"""When a person is called who named a time, and what numbers people may name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calls import numbers
from calls.callbacks import CallbackSettings, NoSuchTime, window

NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)  # a Monday, 10:30 in Berlin
SETTINGS = CallbackSettings.model_validate(
    {
        "trunk": "carrier",
        "caller_id": "+49302312500",
        "preset": "germany",
        "within_s": 3600,
        "zone": "Europe/Berlin",
        "slots": {"morning": {"mon-fri": "09:00-12:00"}, "evening": {"tue": "16:00-19:00"}},
    }
)


@pytest.mark.parametrize(
    ("wanted", "begin", "end"),
    [
        ("", "2026-11-30T09:30", "2026-11-30T10:30"),
        ("morning", "2026-11-30T09:30", "2026-11-30T11:00"),
        ("evening", "2026-12-01T15:00", "2026-12-01T18:00"),
        ("2026-12-02T09:15", "2026-12-02T08:15", "2026-12-02T09:15"),
        ("2026-12-02T09:15+00:00", "2026-12-02T09:15", "2026-12-02T10:15"),
    ],
)
def test_the_window_of_what_was_asked_for(wanted: str, begin: str, end: str) -> None:
    utc = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (begin, end)]
    assert list(window(wanted, SETTINGS, NOW)) == utc


@pytest.mark.parametrize("wanted", ["noon", "2026-11-30", "2027-11-30T09:00", "0001-01-01T00:00", "2026-13-01T09:00"])
def test_what_is_no_time_to_come_is_refused(wanted: str) -> None:
    with pytest.raises(NoSuchTime):
        window(wanted, SETTINGS, NOW)


def test_an_appointment_may_be_now() -> None:
    assert window("2026-11-30T10:30", SETTINGS, NOW) == (NOW, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("number", "countries", "is_so"),
    [
        ("+4930231250", ("DE",), True),
        ("+4930231250", ("US", "FR"), False),
        ("+49900123456", ("DE",), False),
        ("+491803123456", ("DE",), False),
        ("+19005550100", ("US",), False),
        ("+12025550101", ("US",), True),
        ("+447400123456", ("GB",), True),
        ("nonsense", ("DE",), False),
    ],
)
def test_only_what_people_have_in_countries_that_are_named_is_called_back(
    number: str, countries: tuple[str, ...], is_so: bool
) -> None:
    assert numbers.is_ordinary(number, countries) is is_so
