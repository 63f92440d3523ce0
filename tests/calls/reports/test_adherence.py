"""Shifts as they are planned, and how far agents kept to them, held to a count minute by minute."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.agents.shift_file import parse, written
from calls.agents.shifts import Plan, Shift
from calls.agents.states import AgentState
from calls.errors import UserError
from calls.ids import AgentId
from calls.records import store, work_shifts
from calls.reports.asking import ask
from calls.reports.definitions import BY_NAME
from calls.reports.question import Dimension, Question
from tests.calls.records.scratch import taken_back

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2025, 6, 2)
BEGIN = datetime(2025, 6, 2, tzinfo=BERLIN)
DAY = timedelta(days=1)
HEAD = "agent,day,from,to\n"


def plan(connection: sqlite3.Connection, rows: str, since: date = MONDAY, agent: str = "ann") -> Plan:
    shifts = parse(HEAD + rows, ["ann", "bob"], "f.csv")
    work_shifts.keep(connection, shifts, since, "Europe/Berlin", "me", BEGIN)
    return work_shifts.plans(connection)[agent]


def hours(plan: Plan, begin: datetime, days: int = 1) -> list[tuple[str, float]]:
    """When each span begins, by the house's clock, and how many hours it has."""
    spans = plan.spans(begin, begin + days * DAY)
    return [
        (f"{since.astimezone(BERLIN):%a %H:%M}", (until - since).total_seconds() / 3600) for since, until in spans
    ]


def test_a_week_its_breaks_nights_and_dates(connection: sqlite3.Connection) -> None:
    week = "ann,mon,08:00,12:00\nann,mon,12:45,16:45\nann,tue,22:00,06:00\nbob,mon,09:00,24:00\n"
    found = plan(connection, week)
    assert hours(found, BEGIN, 3) == [("Mon 08:00", 4.0), ("Mon 12:45", 4.0), ("Tue 22:00", 8.0)]
    assert hours(found, BEGIN - 7 * DAY, 6) == []  # nothing was planned for the week before
    assert hours(plan(connection, "ann,2025-06-09,10:00,11:00\nann,2025-06-10,,\n"), BEGIN + 7 * DAY, 3) == [
        ("Mon 10:00", 1.0)
    ]
    later = plan(connection, "ann,mon,06:00,07:00\n", since=MONDAY + timedelta(days=14))
    assert hours(later, BEGIN, 1) == [("Mon 08:00", 4.0), ("Mon 12:45", 4.0)]  # what was, stays
    assert hours(later, BEGIN + 14 * DAY, 3) == [("Mon 06:00", 1.0)]


def test_the_nights_on_which_the_clocks_are_changed_are_an_hour_shorter_and_longer(
    connection: sqlite3.Connection,
) -> None:
    found = plan(connection, "ann,sat,22:00,06:00\nann,sun,02:30,04:00\n", since=date(2025, 1, 6))
    assert hours(found, datetime(2025, 3, 29, 12, tzinfo=BERLIN)) == [("Sat 22:00", 7.0)]
    assert hours(found, datetime(2025, 10, 25, 12, tzinfo=BERLIN)) == [("Sat 22:00", 9.0)]
    assert hours(found, datetime(2025, 6, 7, 12, tzinfo=BERLIN)) == [("Sat 22:00", 8.0)]  # the second lies within


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("agent,day\n", "f.csv, line 1: expected the columns agent,day,from,to"),
        (HEAD + "ann,mon,8,16:00\n", "f.csv, line 2, from: '8': expected a time such as 08:30"),
        (HEAD + "ann,mon,08:00,24:01\n", "f.csv, line 2, to: '24:01': expected a time such as 17:00"),
        (HEAD + "cat,mon,08:00,16:00\n", "f.csv, line 2, agent: no agent is named 'cat': expected one of ann, bob"),
        (HEAD + "ann,moon,08:00,16:00\n", "f.csv, line 2, day: 'moon': expected mon to sun, or a date such as"),
        (HEAD + "ann,2025-02-30,08:00,16:00\n", "f.csv, line 2, day: '2025-02-30': expected mon to sun"),
        (HEAD + "ann,mon,08:00\n", "f.csv, line 2: 3 columns: expected agent,day,from,to"),
        (HEAD + "ann,mon,08:00,12:00\n\nann,mon,11:00,13:00\n", "f.csv, line 4, from: expected no earlier than"),
        (HEAD + "ann,mon,08:00,12:00\nann,mon,,\n", "f.csv, line 3, from: ann has shifts on mon in other lines"),
        (HEAD + "ann,mon,x,y\ncat,mon,08:00,16:00\n", "line 2, to: 'y': expected a time such as 17:00"),
        (HEAD.replace("\n", "\r") + "ann,mon,8,16:00\r", "f.csv, line 2, from: '8': expected a time such as 08:30"),
        (
            HEAD + f"ann,mon,08:00,{'x' * 140_000}\n",
            "line 2: field larger than field limit (131072): expected CSV",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named_by_line_and_column(rows: str, words: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(rows, ["ann", "bob"], "f.csv")
    assert words in str(raised.value)


STATES = st.lists(
    st.tuples(
        st.sampled_from(AgentState), st.sampled_from(["", "lunch"]), st.sampled_from([60, 420, 900, 3600, 7380])
    ),
    min_size=1,
    max_size=12,
)
SHIFTS = st.lists(
    st.tuples(st.sampled_from(["mon", "tue", "2025-06-03"]), st.integers(0, 23), st.sampled_from([5, 45, 480])),
    max_size=4,
    unique_by=lambda each: each[0],
)
"""Day, hour of the begin, and minutes."""
RESTS = st.sampled_from([("lunch", True), ("break", True), ("coffee", False), None])
"""The kind of the break in the second hour of the longest of them, and whether it is paid."""


@given(STATES, SHIFTS, RESTS, st.integers(0, 2900))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_adherence_and_a_slow_count_agree(
    connection: sqlite3.Connection,
    states: list[tuple[AgentState, str, int]],
    planned: list[tuple[str, int, int]],
    rest: tuple[str, bool] | None,
    now_min: int,
) -> None:
    """States and shifts change at whole minutes, so that each minute is wholly in them or not."""
    begin, now = BEGIN.astimezone(UTC), BEGIN.astimezone(UTC) + timedelta(minutes=now_min)
    shifts = [Shift("ann", day, f"{at:02}:07", _clock(at * 60 + 7 + length)) for day, at, length in planned]
    for day, hour, length in planned:
        if rest is not None and length == 480:
            shifts.append(Shift("ann", day, _clock(hour * 60 + 67), _clock(hour * 60 + 97), *rest))
    with taken_back(connection):
        work_shifts.keep(connection, shifts, MONDAY, "Europe/Berlin", "me", BEGIN)
        at, before_s = begin + timedelta(hours=5), None
        did: dict[datetime, str] = {}
        for place, (state, why, lasted_s) in enumerate(states):
            reason = why if state is AgentState.PAUSED else ""
            store.add_agent_state(connection, store.AgentStateChange(AgentId("ann"), state, at, before_s, reason))
            # What has not ended, and what had not ended then though it has by now: the last state goes on up to now.
            until = at + timedelta(seconds=lasted_s) if place + 1 < len(states) else now
            doing = f"paused {reason}" if state is AgentState.PAUSED else state.value
            did |= {at + timedelta(minutes=n): doing for n in range(int((until - at).total_seconds() // 60))}
            at, before_s = at + timedelta(seconds=lasted_s), float(lasted_s)
        question = Question(
            begin, begin + 3 * DAY, (BY_NAME["adherence"],), BERLIN, (Dimension.AGENT, Dimension.DAY), now=now
        )
        found = {row.key: row.figures[0] for row in ask(connection, question).rows}
    due: dict[tuple[str, ...], dict[datetime, str]] = {}
    own = {each[0] for each in planned if each[0].startswith("2025")}
    for day, hour, length in planned:
        if day == "tue" and own:
            continue  # the date stands for the weekday
        first = datetime(2025, 6, 2 if day == "mon" else 3, hour, 7, tzinfo=BERLIN).astimezone(UTC)
        for number in range(length):
            minute, to_do = first + timedelta(minutes=number), ""
            if rest is not None and length == 480 and 60 <= number < 90:
                to_do = rest[0]
            if minute < now and to_do != "coffee":
                due.setdefault(("ann", f"{minute.astimezone(BERLIN):%Y-%m-%d}"), {})[minute] = to_do
    assert found.keys() == due.keys()
    for key, minutes in due.items():
        kept = sum(_is_kept(to_do, did.get(minute, "")) for minute, to_do in minutes.items())
        assert found[key].numerator == pytest.approx(60 * kept, abs=0.01)
        assert found[key].denominator == pytest.approx(60 * len(minutes), abs=0.01)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _is_kept(to_do: str, doing: str) -> bool:
    if to_do == "break":
        return doing.startswith("paused")
    return doing == "paused lunch" if to_do == "lunch" else doing in ("ready", "reserved", "talking", "wrap_up")


BREAKS = "agent,day,from,to,break\n"
PAID = {"lunch": False, "coffee": True}


def test_breaks_lie_in_shifts_and_unpaid_ones_are_not_scheduled(connection: sqlite3.Connection) -> None:
    week = (
        "ann,mon,22:00,06:00,\nann,mon,22:00,22:15,coffee\nann,mon,02:00,02:30,lunch\nann,mon,05:30,06:00,break\n"
        "ann,tue,12:00,16:00,\n"
    )
    work_shifts.keep(connection, parse(BREAKS + week, ["ann"], "f", PAID), MONDAY, "Europe/Berlin", "me", BEGIN)
    found = work_shifts.plans(connection)["ann"]
    assert hours(found, BEGIN, 2) == [("Mon 22:00", 4.0), ("Tue 02:30", 3.5), ("Tue 12:00", 4.0)]
    rests = found.breaks(BEGIN, BEGIN + 2 * DAY)
    breaks = [(kind, f"{since.astimezone(BERLIN):%a %H:%M}") for kind, (since, _) in rests]
    assert breaks == [("coffee", "Mon 22:00"), ("break", "Tue 05:30")]
    holding = work_shifts.holding(connection, MONDAY)
    assert parse(written(holding), ["ann"], "again", PAID) == holding, "what is downloaded can be brought again"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("ann,mon,12:00,12:30,lunch\n", "f.csv, line 2, from: expected a break within one of the day's shifts"),
        ("ann,mon,08:00,12:00,\nann,mon,11:45,12:15,lunch\n", "line 3, from: expected a break within one of"),
        ("ann,mon,08:00,12:00,\nann,mon,,,lunch\n", "line 3, from: '': expected a time such as 08:30"),
        (
            "ann,mon,08:00,12:00,\nann,mon,09:00,09:30,nap\n",
            "line 3, break: 'nap' is no reason for a pause: expected",
        ),
        (
            "ann,mon,08:00,12:00,\nann,mon,09:00,09:30,lunch\nann,mon,09:15,09:45,coffee\n",
            "line 4, from: expected no earlier than the end of the break in line 3",
        ),
        ("ann,mon,08:00,12:00\n", "line 2: 4 columns: expected agent,day,from,to,break"),
    ],
)
def test_what_is_wrong_with_a_break_is_named_by_line_and_column(rows: str, words: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(BREAKS + rows, ["ann", "bob"], "f.csv", PAID)
    assert words in str(raised.value)


def test_one_day_is_changed_and_the_days_before_stay(connection: sqlite3.Connection) -> None:
    plan(connection, "ann,mon,08:00,12:00\nann,tue,09:00,10:00\n")
    later = MONDAY + timedelta(days=14)
    given = [Shift("ann", "mon", "10:00", "14:00"), Shift("ann", "mon", "12:00", "12:30", "lunch", False)]
    work_shifts.change(connection, "ann", "mon", given, later, "Europe/Berlin", "me", BEGIN)
    found = work_shifts.plans(connection)["ann"]
    assert hours(found, BEGIN, 2) == [("Mon 08:00", 4.0), ("Tue 09:00", 1.0)]
    assert hours(found, BEGIN + 14 * DAY, 2) == [("Mon 10:00", 2.0), ("Mon 12:30", 1.5), ("Tue 09:00", 1.0)]
    for given in ([Shift("ann", "2025-06-17", "06:00", "07:00")], []):
        work_shifts.change(connection, "ann", "2025-06-17", given, later, "Europe/Berlin", "me", BEGIN)
        expected = ("Tue 06:00", 1.0) if given else ("Tue 09:00", 1.0)
        assert hours(work_shifts.plans(connection)["ann"], BEGIN + 15 * DAY) == [expected]
    work_shifts.change(connection, "ann", "tue", [], later, "Europe/Berlin", "me", BEGIN)
    work_shifts.change(connection, "ann", "mon", [], later, "Europe/Berlin", "me", BEGIN)
    assert hours(work_shifts.plans(connection)["ann"], BEGIN + 14 * DAY, 7) == [], "not the week of before"
    told = connection.execute("SELECT detail FROM audit WHERE what = 'agents.shifts.change' LIMIT 1").fetchone()
    assert json.loads(told[0]) == {
        "agent": "ann",
        "day": "mon",
        "since": "2025-06-16",
        "before": ["08:00-12:00"],
        "after": ["10:00-14:00", "12:00-12:30 lunch"],
    }
