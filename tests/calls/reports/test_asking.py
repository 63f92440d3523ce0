"""Figures by their dimensions, held to a slow count in plain Python from the raw records."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.records import store
from calls.records.times import as_text
from calls.reports.asking import ask
from calls.reports.definitions import DEFINITIONS, Section, Source, Targets, of_section
from calls.reports.question import WEEKDAYS, Answer, Dimension, Question
from tests.calls.records.raw_days import BEGIN, CURRENCIES, Day, days, write
from tests.calls.records.scratch import taken_back
from tests.calls.records.test_figures import call
from tests.calls.reports import slow
from tests.calls.reports.slow import Fraction, Seen

END = BEGIN + timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")

OF_CALLS = tuple(each for each in DEFINITIONS if each.source is Source.CALLS)
OF_ATTEMPTS = tuple(each for each in DEFINITIONS if each.source in (Source.ATTEMPTS, Source.DIALLED_LEADS))
BY_WHAT: dict[Dimension, Callable[[Seen], str]] = {
    Dimension.QUEUE: lambda each: each.call.queue or "",
    Dimension.CAMPAIGN: lambda each: each.call.campaign_id or "",
    Dimension.FLOW: lambda each: each.call.flow or "",
    Dimension.DIRECTION: lambda each: each.call.direction.value,
    Dimension.SWITCH: lambda each: each.call.switch,
    Dimension.AGENT: lambda each: each.call.agent_id or "",
    Dimension.LIST: lambda each: each.day.lists.get(each.call.call_id, ""),
    Dimension.OUTCOME: lambda each: each.call.outcome.value,
    Dimension.DISPOSITION: lambda each: each.said[0] if each.said else "",
    Dimension.DAY: lambda each: f"{each.call.started_at.astimezone(BERLIN):%Y-%m-%d}",
    Dimension.HOUR_OF_DAY: lambda each: f"{each.call.started_at.astimezone(BERLIN):%H}",
    Dimension.HALF: lambda each: _half(each.call.started_at.astimezone(BERLIN)),
}
SPANS = st.sampled_from(
    [
        (BEGIN, END),
        (BEGIN, BEGIN + timedelta(days=9)),
        (BEGIN + timedelta(seconds=2), END + timedelta(seconds=3)),
        (BEGIN + timedelta(hours=10), BEGIN + timedelta(hours=10, seconds=20)),
    ]
)
TARGETS = st.sampled_from([Targets(), Targets(300.0, 20.0), Targets(19.5, 2.05)])


def _half(at: datetime) -> str:
    return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0).isoformat(timespec="minutes")


def fractions(answer: Answer) -> dict[tuple[str, ...], dict[str, Fraction]]:
    """Numerator and denominator of each figure, those rows left out in which all is 0."""
    rows = {
        row.key: {each.name: (float(each.numerator), each.denominator) for each in row.figures} for row in answer.rows
    }
    return {key: found for key, found in rows.items() if any(part for each in found.values() for part in each)}


def expected(found: dict[str, Fraction], names: set[str]) -> dict[str, object]:
    return {
        name: (pytest.approx(top, abs=1e-6), below if below is None else pytest.approx(below, abs=1e-6))
        for name, (top, below) in found.items()
        if name in names
    }


def grouped(calls: list[Seen], by: tuple[Dimension, ...]) -> dict[tuple[str, ...], list[Seen]]:
    groups: dict[tuple[str, ...], list[Seen]] = {} if by else {(): []}
    for each in calls:
        groups.setdefault(tuple(BY_WHAT[dimension](each) for dimension in by), []).append(each)
    return groups


def on_roll(by: tuple[Dimension, ...], calls: list[Seen]) -> int:
    """The three leads, of the first list, are on the roll of one campaign."""
    own = {Dimension.LIST: "l1", Dimension.CAMPAIGN: "k"}
    return 3 if all(BY_WHAT[each](calls[0]) == own[each] for each in by if each in own) else 0


def check(
    answer: Answer, groups: dict[tuple[str, ...], list[Seen]], count: Callable[[list[Seen]], dict[str, Fraction]]
) -> None:
    names = {each.name for each in answer.figures}
    found = fractions(answer)
    for key, calls in groups.items():
        wanted = expected(count(calls), names)
        if key in found:
            assert found.pop(key) == wanted, key
        else:
            assert not any(part for each in count(calls).items() if each[0] in names for part in each[1]), key
    assert found == {}


DIMENSIONS = st.sampled_from(
    [
        (),
        *((each,) for each in BY_WHAT if each not in (Dimension.LIST, Dimension.OUTCOME, Dimension.DISPOSITION)),
        (Dimension.DAY, Dimension.QUEUE),
        (Dimension.CAMPAIGN, Dimension.HOUR_OF_DAY),
        (Dimension.AGENT, Dimension.DAY),
    ]
)


@given(days(), DIMENSIONS, SPANS, TARGETS, st.booleans())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_figures_of_calls_and_a_slow_count_agree(
    connection: sqlite3.Connection,
    day: Day,
    by: tuple[Dimension, ...],
    span: tuple[datetime, datetime],
    targets: Targets,
    sales_only: bool,
) -> None:
    filters = {Dimension.QUEUE: "sales"} if sales_only else {}
    with taken_back(connection):
        write(connection, day)
        answer = ask(connection, Question(*span, OF_CALLS, BERLIN, by, filters, targets))
    calls = [each for each in slow.seen(day) if span[0] <= each.call.started_at < span[1]]
    calls = [each for each in calls if not sales_only or each.call.queue == "sales"]
    if Dimension.AGENT in by:
        assert {"service_level", "entered"} <= {each.name for each in answer.left_out}
        calls = [each for each in calls if each.handled]
    else:
        assert answer.left_out == ()
    check(answer, grouped(calls, by), lambda of: slow.figures(of, targets.service_level_s, targets.short_abandon_s))


@given(
    days(),
    st.sampled_from(
        [(), (Dimension.LIST,), (Dimension.CAMPAIGN, Dimension.DAY), (Dimension.HALF,), (Dimension.HOUR_OF_DAY,)]
    ),
    SPANS,
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_figures_of_attempts_and_a_slow_count_agree(
    connection: sqlite3.Connection, day: Day, by: tuple[Dimension, ...], span: tuple[datetime, datetime]
) -> None:
    with taken_back(connection):
        write(connection, day)
        answer = ask(connection, Question(*span, OF_ATTEMPTS, BERLIN, by))
    calls = [each for each in slow.seen(day) if each.dialled and span[0] <= each.call.started_at < span[1]]
    check(answer, grouped(calls, by), lambda of: slow.dialled(of, on_roll(by, of), by))


@given(
    days(),
    st.sampled_from([(Dimension.DISPOSITION,), (Dimension.OUTCOME, Dimension.DAY), (Dimension.FLOW, Dimension.HALF)]),
    SPANS,
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_endings_and_a_slow_count_agree(
    connection: sqlite3.Connection, day: Day, by: tuple[Dimension, ...], span: tuple[datetime, datetime]
) -> None:
    with taken_back(connection):
        write(connection, day)
        answer = ask(connection, Question(*span, of_section(Section.ENDINGS), BERLIN, by))
    calls = [each for each in slow.seen(day) if span[0] <= each.call.started_at < span[1]]
    check(answer, grouped(calls, by), lambda of: {"ended": (len(of), None)})


ASKED = st.lists(
    st.tuples(
        st.sampled_from(["sales", "support"]),
        st.integers(0, 100_000),
        st.sampled_from(["waiting", "dialling", "reached", "closed"]),
        st.sampled_from([-1, 0, 60, 120, 121]),
        st.integers(0, 3),
    ),
    max_size=12,
)
"""Queue, seconds after the day began, state, after how many minutes of its two hours it was dialled, and tries."""


@given(ASKED, SPANS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_callbacks_and_a_slow_count_agree(
    connection: sqlite3.Connection, asked: list[tuple[str, int, str, int, int]], span: tuple[datetime, datetime]
) -> None:
    with taken_back(connection):
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for number, (queue, at_s, state, dialled_min, tries) in enumerate(asked):
            at = BEGIN + timedelta(seconds=at_s)
            until = at + timedelta(hours=2)
            connection.execute(
                "INSERT INTO callbacks (callback_id, call_id, key, number, queue, asked_at, waiting_since,"
                " appointment, window_begin, window_end, due_at, tries, max_tries, retry_after_s, state)"
                " VALUES (?, ?, '', '', ?, ?, ?, 0, ?, ?, ?, ?, 3, 60, ?)",
                (number, f"c{number}", queue, *[as_text(at)] * 3, as_text(until), as_text(at), tries, state),
            )
            connection.execute(
                "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch,"
                " boot_id, trunk, intended_at, state, callback_id)"
                " VALUES (?1, 'c', 'l', ?1, '', 1, '', '', '', ?2, 'done', ?3)",
                (f"c{number}", as_text(at + timedelta(minutes=dialled_min)), number),
            )
        answer = ask(connection, Question(*span, of_section(Section.CALLBACKS), BERLIN, (Dimension.QUEUE,)))
    found = {row.key[0]: [(each.numerator, each.denominator) for each in row.figures] for row in answer.rows}
    wanted = {}
    for name in {each[0] for each in asked}:
        mine = [each for each in asked if each[0] == name and span[0] <= BEGIN + timedelta(seconds=each[1]) < span[1]]
        reached = [each for each in mine if each[2] == "reached"]
        still = sum(each[2] in ("waiting", "dialling") for each in mine)
        kept = sum(0 <= each[3] <= 120 for each in mine)
        if mine:
            of = len(mine)
            parts = [(of, None), (len(reached), of), (kept, of), (still, None), (sum(each[4] for each in mine), of)]
            wanted[name] = parts
    assert found == wanted


SURVEYED = st.lists(
    st.tuples(
        st.sampled_from(["sales", "help"]),
        st.sampled_from(["csat", "nps", "yes_no", "spoken"]),
        st.none() | st.integers(0, 10),
        st.booleans(),
    ),
    max_size=14,
)
"""Queue, kind, answer, and whether it was spoken into a recording."""


@given(SURVEYED)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_surveys_and_a_slow_count_agree(
    connection: sqlite3.Connection, asked: list[tuple[str, str, int | None, bool]]
) -> None:
    with taken_back(connection):
        for number, (queue, kind, value, spoken) in enumerate(asked):
            store.finish_call(connection, call(f"c{number}", queue=queue, wait_s=1.0))
            connection.execute(
                "INSERT INTO survey_answers (call_id, effect_key, position, node, survey, question, kind, value,"
                " recording, answered_at) VALUES (?, '', 1, 'n', 's', 'q', ?, ?, ?, ?)",
                (f"c{number}", kind, value, "rec" if spoken else None, as_text(BEGIN + timedelta(seconds=number))),
            )
        answer = ask(connection, Question(BEGIN, END, of_section(Section.SURVEYS), BERLIN, (Dimension.QUEUE,)))
    found = {row.key[0]: [(each.numerator, each.denominator) for each in row.figures] for row in answer.rows}
    wanted = {}
    for name in {each[0] for each in asked}:
        mine = [each for each in asked if each[0] == name]
        of = {kind: [v for _, k, v, _ in mine if k == kind and v is not None] for kind in ("csat", "nps", "yes_no")}
        wanted[name] = [
            (sum(v >= 4 for v in of["csat"]), len(of["csat"])),
            (sum(v >= 9 for v in of["nps"]) - sum(v <= 6 for v in of["nps"]), len(of["nps"])),
            (sum(v == 1 for v in of["yes_no"]), len(of["yes_no"])),
            (sum(v is not None or spoken for _, _, v, spoken in mine), len(mine)),
        ]
    assert found == wanted


TRIES = st.lists(st.tuples(st.booleans(), st.sampled_from(["c", "d"])), max_size=3)


@given(st.lists(st.tuples(st.sampled_from(["old", "new"]), TRIES), max_size=8))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_penetration_and_saturation_and_a_slow_count_agree(
    connection: sqlite3.Connection, leads: list[tuple[str, list[tuple[bool, str]]]]
) -> None:
    """Each lead with its list and its attempts, of which those that were not sent do not count, by two campaigns: all
    leads are on the roll of one, every second one on the other's too."""
    with taken_back(connection):
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for name in ("old", "new"):
            connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES (?, ?, ?)", (name, name, ""))
        for number, (name, tries) in enumerate(leads):
            connection.execute(
                "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
                " VALUES (?, ?, ?, ?, '[]', ?)",
                (f"l{number}", name, f"p{number}", f"+1202555{number:04}", as_text(BEGIN)),
            )
            for campaign in ("c", "d")[: 1 + number % 2]:
                connection.execute(
                    "INSERT INTO campaign_leads (campaign_id, lead_id, state) VALUES (?, ?, 'new')",
                    (campaign, f"l{number}"),
                )
            for place, (unsent, campaign) in enumerate(tries):
                connection.execute(
                    "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch,"
                    " boot_id, trunk, intended_at, state, unsent)"
                    " VALUES (?, ?, ?, ?, '', 1, '', '', '', ?, 'done', ?)",
                    (f"a{number}-{place}", campaign, f"l{number}", f"p{number}", as_text(END), unsent),
                )
        by_list, by_campaign = (
            ask(connection, Question(BEGIN, END, of_section(Section.LEADS), BERLIN, (each,)))
            for each in (Dimension.LIST, Dimension.CAMPAIGN)
        )
    found = {row.key[0]: [(each.numerator, each.denominator) for each in row.figures[:3]] for row in by_list.rows}
    wanted = {}
    for name in {each[0] for each in leads}:
        sent = [[not unsent for unsent, _ in tries] for of, tries in leads if of == name]
        wanted[name] = penetrated(sent)
    assert found == wanted
    rolls = {"c": leads, "d": leads[1::2]}
    assert {row.key[0]: [(each.numerator, each.denominator) for each in row.figures] for row in by_campaign.rows} == {
        name: penetrated([[not unsent and of == name for unsent, of in tries] for _, tries in roll])
        for name, roll in rolls.items()
        if roll
    }


def penetrated(sent: list[list[bool]]) -> list[Fraction]:
    """Leads, those dialled, and attempts."""
    return [(len(sent), None), (sum(map(any, sent)), len(sent)), (sum(map(sum, sent)), len(sent))]


@given(days(), st.integers(0, 7200), st.integers(0, 30_000), st.integers(0, 40_000))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_agents_time_and_a_slow_count_agree(
    connection: sqlite3.Connection, day: Day, begin_s: int, length_s: int, now_s: int
) -> None:
    begin = slow.STATES_BEGIN + timedelta(seconds=begin_s - 3600)
    end, now = begin + timedelta(seconds=length_s), slow.STATES_BEGIN + timedelta(seconds=now_s + 40_000)
    with taken_back(connection):
        write(connection, day)
        names = tuple(
            each
            for each in of_section(Section.AGENTS)
            if each.source is Source.TIME and each.name.startswith("time_")
        )
        answer = ask(connection, Question(begin, end, names, BERLIN, (Dimension.AGENT,), now=now))
    found = {
        (row.key[0], each.name.removeprefix("time_")): each.numerator
        for row in answer.rows
        for each in row.figures
        if each.numerator
    }
    wanted = slow.agent_seconds(day, begin, end, now)
    assert found == {key: pytest.approx(seconds, abs=1e-3) for key, seconds in wanted.items() if seconds > 1e-4} | {
        key: found[key] for key, seconds in wanted.items() if seconds <= 1e-4 and key in found
    }


def test_every_figure_of_the_table_is_counted_by_the_slow_way_too() -> None:
    """So that none is shown that no test holds to anything."""
    slowly = slow.figures([], 20.0, 5.0).keys() | slow.dialled([]).keys()
    counted = [each for each in DEFINITIONS if each in (*OF_CALLS, *OF_ATTEMPTS)]
    money = {each.of_currency(name).name for each in counted if each.money for name in CURRENCIES.values()}
    assert {each.name for each in counted if not each.money} | money == slowly
    assert {each.name for each in of_section(Section.NODES)} == slow.NODE_FIGURES


@given(days(), SPANS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_figures_of_nodes_and_a_slow_count_agree(
    connection: sqlite3.Connection, day: Day, span: tuple[datetime, datetime]
) -> None:
    with taken_back(connection):
        write(connection, day)
        answer = ask(connection, Question(*span, of_section(Section.NODES), BERLIN, (Dimension.NODE,)))
    calls = [each for each in slow.seen(day) if span[0] <= each.call.started_at < span[1]]
    wanted = {(name,): expected(of, slow.NODE_FIGURES) for name, of in slow.nodes(calls).items()}
    assert fractions(answer) == wanted


def test_a_row_of_nothing_is_left_out(connection: sqlite3.Connection) -> None:
    """A call whose agent says how it ended moves to another row, with seconds that add up to 0 but for rounding."""
    for name in ("a", "b", "c"):
        store.finish_call(connection, call(name, queue="sales", agent="ann", talk_s=0.1))
        connection.execute("UPDATE calls SET disposition = 'sale' WHERE call_id = ?", (name,))
    connection.execute("UPDATE calls SET agent_id = 'bob'")
    by = {Dimension.DISPOSITION: Section.ENDINGS, Dimension.AGENT: Section.INBOUND}
    found = {
        each: [row.key for row in ask(connection, Question(BEGIN, END, of_section(section), BERLIN, (each,))).rows]
        for each, section in by.items()
    }
    assert found == {Dimension.DISPOSITION: [("sale",)], Dimension.AGENT: [("bob",)]}


def test_a_day_is_the_houses(connection: sqlite3.Connection) -> None:
    """Kathmandu is 5 h 45 min before UTC: its days begin at a quarter past six in the evening."""
    for name, hour in (("a", 18), ("b", 19)):
        store.finish_call(connection, call(name, hour=hour, queue="sales", wait_s=1.0))
    question = Question(BEGIN, END, of_section(Section.INBOUND)[:1], KATHMANDU, (Dimension.DAY,))
    assert [(row.key, row.figures[0].numerator) for row in ask(connection, question).rows] == [
        (("2025-06-02",), 1),
        (("2025-06-03",), 1),
    ]
    later = Question(datetime(2025, 6, 3, tzinfo=UTC), END + timedelta(days=1), question.figures, KATHMANDU)
    assert [row.figures[0].value for row in ask(connection, later).rows] == [0.0]


@pytest.mark.parametrize(
    ("zone", "changed"),
    [
        ("Europe/Berlin", datetime(2025, 3, 30, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2025, 10, 26, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2025, 10, 4, 15, 30, tzinfo=UTC)),  # by half an hour
    ],
)
def test_a_day_on_which_the_clocks_are_changed_has_all_its_calls(
    connection: sqlite3.Connection, zone: str, changed: datetime
) -> None:
    house = ZoneInfo(zone)
    begin = (changed - timedelta(days=2)).astimezone(house).replace(hour=0, minute=0)
    at = [changed + timedelta(minutes=15 * number) for number in (-100, -40, -3, -1, 0, 1, 2, 4, 30, 80, 130)]
    for number, each in enumerate(at):
        record = call(f"c{number}", queue="sales", wait_s=1.0)
        store.finish_call(connection, replace(record, started_at=each, ended_at=each))
    labels: dict[Dimension, Callable[[datetime], str]] = {
        Dimension.DAY: lambda local: f"{local:%Y-%m-%d}",
        Dimension.WEEKDAY: lambda local: WEEKDAYS[local.weekday()],
        Dimension.HOUR_OF_DAY: lambda local: f"{local:%H}",
        Dimension.HOUR: lambda local: local.replace(minute=0).isoformat(timespec="minutes"),
        Dimension.HALF: _half,
    }
    for dimension, label in labels.items():
        figures = of_section(Section.INBOUND)[:1]
        question = Question(begin, begin + timedelta(days=6), figures, house, (dimension,))
        found = {row.key[0]: row.figures[0].numerator for row in ask(connection, question).rows}
        assert found == Counter(label(each.astimezone(house)) for each in at), dimension
