"""Stretches over which abandoned calls are counted: sliding, and calendar months that begin anew."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dialer import windows
from dialer.run import CampaignRun
from dialer.windows import CalendarMonth
from tests.dialer.conftest import make_campaign

TORONTO = CalendarMonth("America/Toronto")
MARCH_LAST = datetime(2027, 4, 1, 3, 59, tzinfo=UTC)  # a minute before April in Toronto


def test_a_month_begins_and_ends_by_its_wall_clock() -> None:
    assert windows.begin(TORONTO, MARCH_LAST) == datetime(2027, 3, 1, 5, tzinfo=UTC)  # before the clock changed
    assert windows.begin(TORONTO, MARCH_LAST + timedelta(minutes=1)) == datetime(2027, 4, 1, 4, tzinfo=UTC)
    assert windows.resets_s(TORONTO, MARCH_LAST)[:2] == (60.0, 60.0 + 30 * 86400)


def test_a_window_of_days_slides_and_never_begins_anew() -> None:
    assert windows.begin(timedelta(days=30), MARCH_LAST) == MARCH_LAST - timedelta(days=30)
    assert windows.resets_s(timedelta(days=30), MARCH_LAST) == ()


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_months_follow_each_other(now: datetime) -> None:
    ends = [now + timedelta(seconds=each) for each in windows.resets_s(TORONTO, now)]
    assert windows.begin(TORONTO, now) <= now < ends[0]
    for end, later in itertools.pairwise(ends):
        assert windows.begin(TORONTO, later - timedelta(seconds=1)) == end
        assert end.astimezone(ZoneInfo("America/Toronto")).day == 1
        assert timedelta(days=27.9) < later - end < timedelta(days=31.1)


def test_the_count_of_a_run_begins_anew_with_the_month(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, preset='"canada"', trunk='"carrier"')
    run = CampaignRun(campaign, 0.0)
    run.seed(40, 3, (100.0, 3000.0), 0.0)
    run.count_answer(True, 50.0)
    assert run.window(99.0) == (41, 4)
    run.count_answer(True, 100.0)
    assert run.window(101.0) == (1, 1)
    assert run.window(3000.0) == (0, 0)
