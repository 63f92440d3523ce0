"""Opening hours, held against the zones' own rules over every clock change from 2020 to 2035."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.hours import HoursProblem, WeeklyHours, next_open_in_all, open_in_all, parse

MINUTE = timedelta(minutes=1)
ZONES = (
    *("Australia/Lord_Howe", "Africa/Casablanca", "America/Phoenix", "America/New_York", "Europe/Berlin"),
    *("America/Santiago", "Asia/Kathmandu", "Pacific/Chatham", "Asia/Beirut", "America/St_Johns"),
)
NINE_TO_FIVE = {"mon-fri": "09:00-17:00"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def changes(zone: str) -> Iterator[datetime]:
    """The beginning of each UTC day of 2020 to 2035 in which the zone's offset changes."""
    known = ZoneInfo(zone)
    at = utc("2020-01-01T00:00")
    before = at.astimezone(known).utcoffset()
    while at.year < 2036:
        at += timedelta(days=1)
        after = at.astimezone(known).utcoffset()
        if after != before:
            yield at - timedelta(days=1)
        before = after


def by_the_wall(hours: WeeklyHours, at: datetime) -> bool:
    """The same question, answered from the text of the week by another way: by minutes since Monday's midnight."""
    local = at.astimezone(hours.zone).replace(tzinfo=None)
    for day in (local.date(), local.date() - timedelta(days=1)):
        for window in hours.week[day.weekday()]:
            begin = datetime.combine(day, window.begin)
            end = datetime.combine(day, window.end or time(0))
            if end <= begin:
                end += timedelta(days=1)
            if begin <= local < end:
                return True
    return False


# --- every clock change ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_the_clock_the_wall_decides(zone: str) -> None:
    week = {"mon-sun": "00:30-01:45, 02:15-03:10, 09:00-17:00, 22:00-00:15"}
    hours = parse(week, zone)
    checked = 0
    for day in changes(zone):
        for step in range(0, 26 * 60, 5):
            at = day + MINUTE * step
            assert hours.is_open(at) is by_the_wall(hours, at), at
            checked += 1
    assert checked > 5000 or zone in ("America/Phoenix", "Asia/Kathmandu")


def test_phoenix_never_changes_and_the_others_do() -> None:
    assert list(changes("America/Phoenix")) == []
    assert len(list(changes("Australia/Lord_Howe"))) == 32
    assert len(list(changes("Africa/Casablanca"))) > 30


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Africa/Casablanca", "America/New_York", "Asia/Beirut"])
@pytest.mark.parametrize("window", ["02:10-02:50", "00:00-01:30", "01:40-03:00", "00:30-24:00"])
def test_the_next_opening_is_the_first_minute_that_is_open(zone: str, window: str) -> None:
    hours = parse({"mon-sun": window}, zone)
    for day in list(changes(zone))[:6]:
        at = day
        while at < day + timedelta(hours=26):
            expected = at
            while not hours.is_open(expected):
                expected += MINUTE
            assert hours.next_open(at) == expected, at
            at = expected + timedelta(minutes=37)


def test_lord_howe_s_half_hour() -> None:
    hours = parse({"sun": "02:00-02:20"}, "Australia/Lord_Howe")
    assert not hours.is_open(utc("2024-10-05T15:35"))  # 02:00 became 02:30: the window is left out
    nightly = parse({"sun": "01:40-01:50"}, "Australia/Lord_Howe")
    assert nightly.is_open(utc("2025-04-05T14:45"))  # 01:45 by +11
    assert nightly.is_open(utc("2025-04-05T15:15"))  # 01:45 again by +10:30
    assert not nightly.is_open(utc("2025-04-05T14:55"))


def test_an_opening_inside_the_hour_that_is_left_out_is_at_its_end() -> None:
    hours = parse({"sun": "02:30-04:00"}, "America/New_York")
    assert hours.next_open(utc("2025-03-09T05:00")) == utc("2025-03-09T07:00")  # 03:00 EDT, the first wall time after


@given(
    st.sampled_from(ZONES),
    st.integers(0, 15 * 365 * 24 * 60),
    st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 1439)), min_size=1, max_size=3),
)
@settings(max_examples=120, deadline=None)
def test_next_open_is_open_and_nothing_before_it_is(zone: str, minutes: int, spans: list[tuple[int, int]]) -> None:
    text = ", ".join("-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in span) for span in spans)
    hours = parse({"tue,sat": text, "wed": "closed"}, zone)
    at = utc("2020-01-01T00:00") + MINUTE * minutes
    found = hours.next_open(at)
    assert found is not None and found >= at
    assert hours.is_open(found)
    assert found == at or not hours.is_open(found - timedelta(seconds=1))
    for share in range(1, 20):
        assert found == at or not hours.is_open(at + (found - at) * share / 20.0001)


# --- weeks, dates, holidays -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2025-06-02T07:00", True),  # Monday 09:00 in Berlin
        ("2025-06-02T06:59:59.999999", False),
        ("2025-06-02T14:59:59.999999", True),
        ("2025-06-02T15:00", False),
        ("2025-06-07T10:00", False),  # Saturday
    ],
)
def test_a_window_begins_with_its_begin_and_ends_before_its_end(at: str, is_open: bool) -> None:
    assert parse(NINE_TO_FIVE, "Europe/Berlin").is_open(utc(at)) is is_open


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    hours = parse({"fri": "22:00-02:00"}, "UTC", on_dates={"2025-06-07": "closed"})
    assert hours.is_open(utc("2025-06-06T23:00"))
    assert hours.is_open(utc("2025-06-07T01:59"))
    assert not hours.is_open(utc("2025-06-07T02:00"))
    assert not hours.is_open(utc("2025-06-06T01:00"))


def test_a_whole_day() -> None:
    hours = parse({"sun": "00:00-24:00"}, "UTC")
    assert hours.is_open(utc("2025-06-01T00:00")) and hours.is_open(utc("2025-06-01T23:59:59"))
    assert not hours.is_open(utc("2025-06-02T00:00"))


def test_dates_go_before_holidays_and_those_before_the_week() -> None:
    hours = parse({"mon-sun": "09:00-17:00"}, "Europe/Berlin", {"2025-10-03": "10:00-11:00"}, "DE", "BY")
    assert not hours.is_open(utc("2025-01-06T11:00"))  # Epiphany is one in Bavaria ...
    assert parse({"mon-sun": "09:00-17:00"}, "Europe/Berlin", country="DE").is_open(utc("2025-01-06T11:00"))
    assert hours.is_open(utc("2025-10-03T08:30")) and not hours.is_open(utc("2025-10-03T11:00"))
    assert hours.windows_on(date(2025, 12, 25)) == ()


def test_the_next_opening_steps_over_nights_weekends_and_holidays() -> None:
    hours = parse(NINE_TO_FIVE, "Europe/Berlin", country="DE")
    assert hours.next_open(utc("2025-04-17T15:00")) == utc("2025-04-22T07:00")  # Easter lies between
    assert hours.next_open(utc("2025-04-22T07:00")) == utc("2025-04-22T07:00")


def test_never_open_is_no_instant() -> None:
    assert parse({}, "UTC").next_open(utc("2025-01-01T00:00")) is None
    assert parse({}, "UTC", {"2026-01-15": "09:00-10:00"}).next_open(utc("2025-01-01T00:00")) == utc(
        "2026-01-15T09:00"
    )


def test_a_time_without_a_zone_is_our_bug() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        parse(NINE_TO_FIVE, "UTC").is_open(datetime(2025, 6, 2, 12))  # noqa: DTZ001  # that is what is tried


# --- several zones --------------------------------------------------------------------------------------------


def test_open_only_where_it_is_open_in_every_zone() -> None:
    hours = parse({"mon-sun": "08:00-21:00"}, "UTC")
    zones = ("America/New_York", "America/Los_Angeles")
    assert not open_in_all(hours, zones, utc("2025-06-02T12:30"))  # 08:30 and 05:30
    assert open_in_all(hours, zones, utc("2025-06-02T15:00"))  # 11:00 and 08:00
    assert not open_in_all(hours, zones, utc("2025-06-03T01:00"))  # 21:00 and 18:00


@pytest.mark.parametrize("zones", [(), ("Mars/Olympus",), ("America/New_York", "Mars/Olympus"), ("../etc/passwd",)])
def test_no_zone_or_an_unknown_one_is_never_open(zones: tuple[str, ...]) -> None:
    hours = parse({"mon-sun": "00:00-24:00"}, "UTC")
    assert not open_in_all(hours, zones, utc("2025-06-02T12:00"))
    assert next_open_in_all(hours, zones, utc("2025-06-02T12:00")) is None


def test_the_next_opening_in_every_zone() -> None:
    hours = parse({"mon-fri": "08:00-21:00"}, "UTC")
    zones = ("America/New_York", "Pacific/Honolulu")
    assert next_open_in_all(hours, zones, utc("2025-06-02T12:30")) == utc("2025-06-02T18:00")
    assert next_open_in_all(hours, zones, utc("2025-06-07T01:30")) == utc("2025-06-09T18:00")


def test_windows_that_never_meet_have_no_opening() -> None:
    hours = parse({"mon-sun": "12:00-13:00"}, "UTC")
    assert next_open_in_all(hours, ("Europe/Berlin", "America/New_York"), utc("2025-06-02T12:30")) is None


# --- reading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        ({"mo": "09:00-17:00"}, "mo", "expected days"),
        ({"mon-xyz": "09:00-17:00"}, "mon-xyz", "expected days"),
        ({"": "09:00-17:00"}, "", "expected days"),
        ({"mon": "9-17"}, "mon", "expected windows"),
        ({"mon": "09:00"}, "mon", "expected windows"),
        ({"mon": "09:60-10:00"}, "mon", "expected windows"),
        ({"mon": "24:00-24:00"}, "mon", "expected windows"),
        ({"mon": "09:00-24:01"}, "mon", "expected windows"),
        ({"mon": ""}, "mon", "expected windows"),
        ({"mon-wed": "closed", "tue": "09:00-10:00"}, "tue", "named twice"),
    ],
)
def test_what_cannot_be_read_is_named(data: dict[str, str], key: str, words: str) -> None:
    with pytest.raises(HoursProblem, match=words) as caught:
        parse(data, "UTC")
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("zone", "dates", "country", "region", "key"),
    [
        ("Mars/Olympus", {}, None, None, "zone"),
        ("", {}, None, None, "zone"),
        ("../../etc/passwd", {}, None, None, "zone"),
        ("UTC", {"24.12.2025": "closed"}, None, None, "24.12.2025"),
        ("UTC", {"2025-12-24": "morning"}, None, None, "2025-12-24"),
        ("UTC", {}, "XX", None, "country"),
        ("UTC", {}, "DE", "ZZ", "country"),
        ("UTC", {}, None, "BY", "region"),
    ],
)
def test_wrong_zones_dates_and_countries_are_named(
    zone: str, dates: dict[str, str], country: str | None, region: str | None, key: str
) -> None:
    with pytest.raises(HoursProblem) as caught:
        parse(NINE_TO_FIVE, zone, dates, country, region)
    assert caught.value.key == key


def test_ways_to_name_days() -> None:
    hours = parse({"sat-mon": "09:00-10:00", "Tue, thu": "closed", "wed": "11:00-12:00,13:00-14:00"}, "UTC")
    assert [len(day) for day in hours.week] == [1, 0, 2, 0, 0, 1, 1]
