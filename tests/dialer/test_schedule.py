"""When a campaign dials by its own schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import CampaignError
from dialer.schedule import OPEN, Schedule, opening
from tests.dialer.conftest import make_campaign

BERLIN = {"days": {"mon-fri": "09:00-17:00"}, "zone": "Europe/Berlin"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(**more: object) -> Schedule:
    return Schedule.model_validate(BERLIN | more)


@pytest.mark.parametrize(
    ("more", "now", "opens_at", "reason"),
    [
        ({}, "2027-03-01 08:00", None, ""),
        (
            {},
            "2027-03-01 07:59",
            "2027-03-01 08:00",
            "outside its schedule: opens Mon 2027-03-01 09:00 Europe/Berlin",
        ),
        ({}, "2027-03-05 16:00", "2027-03-08 08:00", "opens Mon 2027-03-08 09:00"),
        ({}, "2027-03-26 16:00", "2027-03-29 07:00", "opens Mon 2027-03-29 09:00"),  # the clock changed between
        ({"holidays": "DE"}, "2027-03-25 16:00", "2027-03-30 07:00", "opens Tue 2027-03-30"),  # Easter
        ({"from": "2027-03-10"}, "2027-03-01 12:00", "2027-03-10 08:00", "opens Wed 2027-03-10"),
        ({"until": "2027-03-05"}, "2027-03-05 15:59", None, ""),
        ({"until": "2027-03-05"}, "2027-03-05 16:00", None, "its schedule is over: it ended on 2027-03-05"),
        ({"until": "2027-03-05"}, "2028-03-05 12:00", None, "is over"),
        ({"days": {}, "until": "2027-03-05"}, "2027-03-05 22:59", None, ""),
        ({"days": {}, "until": "2027-03-05"}, "2027-03-05 23:00", None, "is over"),
    ],
)
def test_when_it_may_dial(more: dict[str, object], now: str, opens_at: str | None, reason: str) -> None:
    found = opening(schedule(**more), at(now))
    assert found.opens_at == (at(opens_at) if opens_at else None)
    assert reason in found.reason
    assert found.is_open == (reason == "")
    assert found.is_over == ("over" in reason)


def test_without_a_schedule_it_is_always_open() -> None:
    assert opening(Schedule(), at("2027-03-01 03:00")) == OPEN


@given(
    minutes=st.integers(0, 60 * 24 * 365 * 3),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
)
def test_it_opens_by_the_wall_clock_and_when_it_said(minutes: int, zone: str) -> None:
    now = at("2026-01-01 00:00") + timedelta(minutes=minutes)
    of = Schedule.model_validate({"days": {"mon-sun": "09:00-17:00"}, "zone": zone})
    found = opening(of, now)
    local = now.astimezone(of.weekly.zone)
    assert found.is_open == (9 <= local.hour < 17)
    if found.opens_at is not None:
        assert opening(of, found.opens_at).is_open
        assert not opening(of, found.opens_at - timedelta(seconds=1)).is_open


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('days = {mon-fry = "09:00-17:00"}', "schedule.days.mon-fry: expected days such as mon"),
        ('days = {mon = "9-17"}', "schedule.days.mon: expected windows such as"),
        ('days = {mon = "09:00-17:00"}\nzone = "Europe/Berlim"', "schedule.zone: 'Europe/Berlim' is no time zone"),
        ('holidays = "XX"', "schedule.holidays: no holidays are known for XX"),
        ('from = "1 March"', 'schedule.from: expected a date such as "2027-03-01"'),
        ('from = "2027-02-30"', "schedule.from: there is no day 2027-02-30"),
        ('from = "2027-03-02"\nuntil = "2027-03-01"', "schedule.until: expected a day that is not before 2027-03-02"),
        ('begins = "2027-03-02"', "schedule.begins: unknown key"),
    ],
)
def test_faults_are_named(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(CampaignError) as problem:
        make_campaign(tmp_path, f"[schedule]\n{table}\n")
    assert words in str(problem.value)


def test_it_is_the_same_after_the_store(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, '[schedule]\nfrom = "2027-03-01"\nzone = "Europe/Berlin"\n')
    assert type(campaign).model_validate_json(campaign.model_dump_json()) == campaign
