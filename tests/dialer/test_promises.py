"""When a person can be promised a call: times of the person's own, and hours at which nobody is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.callbacks import NoSuchTime
from dialer.callbacks import instant, require_hours

BERLIN = ("Europe/Berlin",)


@pytest.mark.parametrize(
    ("text", "zones", "utc"),
    [
        ("2026-12-01T09:30", BERLIN, "2026-12-01T08:30"),
        ("2026-07-01T09:30", BERLIN, "2026-07-01T07:30"),
        ("2026-12-01T09:30+05:30", (), "2026-12-01T04:00"),
        ("2026-12-01T09:30Z", BERLIN, "2026-12-01T09:30"),
        ("2026-12-01T09:30", ("Europe/Berlin", "Europe/Paris"), "2026-12-01T08:30"),
        ("2026-01-05T09:30", ("Australia/Lord_Howe",), "2026-01-04T22:30"),
    ],
)
def test_a_time_without_an_offset_is_the_persons_own(text: str, zones: tuple[str, ...], utc: str) -> None:
    assert instant(text, zones) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.mark.parametrize(
    ("text", "zones", "words"),
    [
        ("at nine", BERLIN, "expected a time such as"),
        ("2026-12-01T09:30", (), "time zone is not clear .none is known"),
        ("2026-12-01T09:30", ("Europe/Berlin", "Europe/London"), "is not clear .Europe/Berlin, Europe/London"),
        ("2026-03-29T02:30", BERLIN, "does not exist in Europe/Berlin"),
    ],
)
def test_what_is_no_time_is_refused(text: str, zones: tuple[str, ...], words: str) -> None:
    with pytest.raises(NoSuchTime, match=words):
        instant(text, zones)


SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@given(st.integers(0, 16 * 366 * 24 * 60), st.sampled_from(["Europe/Berlin", "America/Adak"]))
def test_an_own_time_is_that_time_there_or_refused(minutes: int, zone: str) -> None:
    local = (SINCE + timedelta(minutes=minutes)).replace(tzinfo=None)
    try:
        found = instant(local.isoformat(), (zone,))
    except NoSuchTime:
        gap = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
        assert gap.replace(tzinfo=None) != local
    else:
        assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local


def test_a_time_outside_the_calling_hours_is_refused_with_the_next_that_is_not() -> None:
    number, night = "+493023125000", datetime(2026, 5, 5, 21, tzinfo=UTC)
    require_hours("germany", number, BERLIN, datetime(2026, 5, 5, 9, tzinfo=UTC))
    with pytest.raises(
        NoSuchTime, match=r"refuse a call then \(calling_hours\): possible from 2026-05-06 0\d:00 Europe"
    ):
        require_hours("germany", number, BERLIN, night)
    with pytest.raises(NoSuchTime, match="time_zone"):
        require_hours("germany", number, (), night)
    require_hours("demo", number, (), night)
