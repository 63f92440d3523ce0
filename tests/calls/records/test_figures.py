"""Figures, held against a slow recomputation in Python from the raw rows, and by hand on a small day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.ids import AgentId, BootId, CallId, CampaignId, FlowId, QueueName
from calls.records import store
from calls.records.figure import Figure, Scope
from calls.records.figures import Targets, agents, all_figures, inbound, menus, outbound
from calls.records.store import CallEvent, CallRecord, Direction
from calls.records.times import as_text
from calls.switch.port import EndedBy
from tests.calls.records.scratch import taken_back

BEGIN = datetime(2025, 6, 2, tzinfo=UTC)
END = BEGIN + timedelta(days=1)
DAY = Scope(BEGIN, END)
TARGETS = Targets()


def call(
    name: str,
    *,
    direction: Direction = Direction.INBOUND,
    hour: int = 10,
    queue: str | None = None,
    agent: str | None = None,
    wait_s: float | None = None,
    talk_s: float = 0.0,
    wrap_up_s: float | None = None,
    abandoned: bool = False,
    connect_s: float | None = None,
    campaign: str | None = None,
    outcome: Outcome = Outcome.ANSWERED,
) -> CallRecord:
    at = BEGIN + timedelta(hours=hour)
    return CallRecord(
        call_id=CallId(name),
        direction=direction,
        switch="main",
        boot_id=BootId("b"),
        channel="",
        caller="",
        called="",
        started_at=at,
        ended_at=at,
        duration_s=0.0,
        billed_s=0.0,
        outcome=outcome,
        flow=FlowId("main") if direction is Direction.INBOUND else None,
        campaign_id=CampaignId(campaign) if campaign else None,
        queue=QueueName(queue) if queue else None,
        agent_id=AgentId(agent) if agent else None,
        wait_s=wait_s,
        talk_s=talk_s,
        wrap_up_s=wrap_up_s,
        abandoned=abandoned,
        connect_s=connect_s,
    )


def attempt(
    connection: sqlite3.Connection, record: CallRecord, lead: str, outcome: Outcome, sent: bool = True
) -> None:
    """An attempt with its call, or without one where nobody answered."""
    campaign = record.campaign_id
    connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'l', 'x') ON CONFLICT DO NOTHING")
    connection.execute(
        "INSERT INTO campaigns VALUES (?1, ?1, 'l', '{}', 'running', 'x', 'x', NULL) ON CONFLICT DO NOTHING",
        (campaign,),
    )
    add_lead(connection, str(campaign), lead)
    connection.execute(
        "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
        " trunk, state, intended_at, outcome, unsent) VALUES (?, ?, ?, ?, ?, 1, 'm', 'b', 't', 'done', ?, ?, ?)",
        (
            *(record.call_id, campaign, lead, lead, lead, as_text(record.started_at), outcome),
            not sent,
        ),
    )
    store.finish_call(connection, record)


def add_lead(connection: sqlite3.Connection, campaign: str, lead: str) -> None:
    connection.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
        " VALUES (?1, 'l', ?1, ?1, '[]', 'x') ON CONFLICT DO NOTHING",
        (lead,),
    )
    connection.execute(
        "INSERT INTO campaign_leads (campaign_id, lead_id, state) VALUES (?, ?, 'done') ON CONFLICT DO NOTHING",
        (campaign, lead),
    )


def named(figures: Iterable[Figure]) -> dict[str, tuple[float, float | None]]:
    """Numerator (to the microsecond: sums of floats depend on their order) and denominator of each."""
    return {
        f"{each.name} {each.subject}".strip(): (round(float(each.numerator), 6), each.denominator) for each in figures
    }


def value(figures: Iterable[Figure], name: str, subject: str = "") -> float | None:
    return next(each.value for each in figures if (each.name, each.subject) == (name, subject))


# --- by hand --------------------------------------------------------------------------------------------------


@pytest.fixture
def small_day(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Ten callers: three in the menus only, four answered (one late), two abandoned (one at once), one let down."""
    for record in (
        *(call(f"menu-{number}") for number in range(3)),
        call("quick", queue="sales", agent="ann", wait_s=4.0, talk_s=60.0, wrap_up_s=10.0),
        call("on-time", queue="sales", agent="ann", wait_s=20.0, talk_s=120.0),
        call("late", queue="sales", agent="bob", wait_s=20.5, talk_s=30.0, wrap_up_s=30.0),
        call("other", queue="help", agent="bob", wait_s=0.0, talk_s=10.0),
        call("gave-up", queue="sales", wait_s=90.0, abandoned=True, outcome=Outcome.ABANDONED),
        call("at-once", queue="sales", wait_s=4.9, abandoned=True, outcome=Outcome.ABANDONED),
        call("let-down", queue="sales", wait_s=300.0),
        call("yesterday", queue="sales", agent="ann", wait_s=1.0, hour=-1),
        call("tomorrow", queue="sales", agent="ann", wait_s=1.0, hour=24),
    ):
        store.finish_call(connection, record)
    return connection


def test_inbound_by_hand(small_day: sqlite3.Connection) -> None:
    found = named(inbound(small_day, DAY, TARGETS))
    assert found == {
        "offered": (7, None),
        "answered": (4, None),
        "service_level": (3, 6),
        "service_level_of_answered": (3, 4),
        "service_level_of_offered": (3, 7),
        "abandonment": (2, 7),
        "abandonment_adjusted": (1, 6),
        "asa": (44.5, 4),
        "aht": (260.0, 4),
    }


def test_one_queue_alone(small_day: sqlite3.Connection) -> None:
    found = named(inbound(small_day, Scope(BEGIN, END, queue=QueueName("help")), TARGETS))
    assert (found["offered"], found["service_level"], found["abandonment"]) == ((1, None), (1, 1), (0, 1))


def test_other_targets(small_day: sqlite3.Connection) -> None:
    found = named(inbound(small_day, DAY, Targets(service_level_s=4.0, short_abandon_s=4.9)))
    assert found["service_level"] == (2, 7)  # 4.9 s is not under 4.9 s


def test_containment_by_hand(small_day: sqlite3.Connection) -> None:
    store.add_events(small_day, CallId("menu-2"), [CallEvent(BEGIN, 0.0, "queue_entered", {"queue": "sales"})])
    assert named(menus(small_day, DAY)) == {"containment": (2, 10)}  # menu-2 found nobody there


def test_nodes_by_hand(connection: sqlite3.Connection) -> None:
    def walk(name: str, nodes: list[str], by: EndedBy, agent: str | None = None) -> None:
        events = [CallEvent(BEGIN, 0.0, "node_entered", {"node": node, "type": "menu"}) for node in nodes]
        events.append(CallEvent(BEGIN, 0.0, "hung_up", {"node": nodes[-1], "by": by.value, "cause": 16}))
        store.finish_call(connection, call(name, agent=agent), events)

    walk("a", ["main"], EndedBy.CALLER)
    walk("b", ["main", "sub", "main"], EndedBy.CALLER)
    walk("c", ["main", "sub"], EndedBy.US)
    walk("d", ["main", "queue"], EndedBy.CALLER, agent="ann")
    found = [each for each in menus(connection, DAY) if each.name == "node_drop_off"]
    assert named(found) == {
        "node_drop_off main/main": (2, 5),
        "node_drop_off main/queue": (0, 1),
        "node_drop_off main/sub": (0, 2),
    }


def test_outbound_by_hand(connection: sqlite3.Connection) -> None:
    def dialled(
        name: str, agent: str | None = None, connect_s: float | None = None, lost: bool = False
    ) -> CallRecord:
        return call(
            name, direction=Direction.OUTBOUND, campaign="k", agent=agent, connect_s=connect_s, abandoned=lost
        )

    for record, lead, outcome, sent in (
        (dialled("1", "ann", 0.4), "p1", Outcome.ANSWERED, True),
        (dialled("2", "ann", 2.5), "p2", Outcome.ANSWERED, True),
        (dialled("3", None, 1.8, lost=True), "p3", Outcome.ABANDONED, True),
        (dialled("4"), "p4", Outcome.ANSWERED, True),  # hung up before an agent could come
        (dialled("5"), "p5", Outcome.MACHINE, True),
        (dialled("6"), "p5", Outcome.BUSY, True),
        (dialled("7"), "p1", Outcome.NO_ANSWER, True),
        (dialled("8"), "p6", Outcome.CANCELLED, False),  # the switch never heard of it
    ):
        attempt(connection, record, lead, outcome, sent)
    add_lead(connection, "k", "p7")
    found = named(outbound(connection, Scope(BEGIN, END, CampaignId("k")), TARGETS))
    assert found == {
        "attempts": (7, None),
        "answer_rate_of_attempts": (5, 7),
        "answer_rate_of_leads": (5, 5),
        "contact_rate_of_attempts": (2, 7),
        "contact_rate_of_leads": (2, 5),
        "abandonment_us": (2, 4),
        "penetration_in_time": (5, 7),
        "saturation_in_time": (7, 7),
        "attempts_per_contact": (7, 2),
        "machine_share": (1, 5),
    }
    nobody = outbound(connection, Scope(BEGIN, END, CampaignId("other")), TARGETS)
    assert value(nobody, "attempts") == 0.0
    assert value(nobody, "abandonment_us") is None


def test_agents_by_hand(small_day: sqlite3.Connection) -> None:
    timeline = [
        *((AgentState.READY, 30.0, ""), (AgentState.RESERVED, 5.0, ""), (AgentState.TALKING, 60.0, "")),
        *((AgentState.WRAP_UP, 10.0, ""), (AgentState.READY, 15.0, ""), (AgentState.PAUSED, 100.0, "lunch")),
        *((AgentState.PAUSED, 20.0, "no answer"), (AgentState.LOGGED_OUT, 500.0, "")),
    ]
    previous_s: float | None = None
    for number, (state, took_s, reason) in enumerate(timeline):
        at = BEGIN + timedelta(minutes=number)
        store.add_agent_state(small_day, store.AgentStateChange(AgentId("ann"), state, at, previous_s, reason))
        previous_s = took_s
    found = named(agents(small_day, DAY))
    assert found == {
        "time_ready ann": (45.0, None),
        "time_reserved ann": (5.0, None),
        "time_talking ann": (60.0, None),
        "time_wrap_up ann": (10.0, None),
        "time_paused ann: lunch": (100.0, None),
        "time_paused ann: no answer": (20.0, None),
        "time_logged_out ann": (85980.0, None),
        "calls ann": (2, None),
        "aht ann": (190.0, 2),
        "calls bob": (2, None),
        "aht bob": (70.0, 2),
        "occupancy ann": (70.0, 120.0),
        "utilisation ann": (120.0, 240.0),
        "occupancy": (70.0, 120.0),
        "utilisation": (120.0, 240.0),
    }


def add_state(connection: sqlite3.Connection, state: AgentState, at: datetime, previous_s: float | None) -> None:
    store.add_agent_state(connection, store.AgentStateChange(AgentId("ann"), state, at, previous_s))


@pytest.mark.parametrize(
    ("now", "talked_s"),
    [
        (BEGIN + timedelta(minutes=3), 120.0),
        (END + timedelta(days=9), 86340.0),
        (None, 86340.0),
        (BEGIN + timedelta(seconds=30), 0.0),
    ],
    ids=["within the time", "never beyond it", "a time that is over", "a clock that was set back"],
)
def test_a_state_that_has_not_ended_counts_up_to_now(
    connection: sqlite3.Connection, now: datetime | None, talked_s: float
) -> None:
    add_state(connection, AgentState.READY, BEGIN, None)
    add_state(connection, AgentState.TALKING, BEGIN + timedelta(minutes=1), 60.0)
    found = agents(connection, Scope(BEGIN, END, now=now))
    assert value(found, "time_talking", "ann") == pytest.approx(talked_s, abs=1e-3)
    assert value(found, "occupancy") == pytest.approx(talked_s / (talked_s + 60.0), abs=1e-6)


def test_a_caller_who_left_before_the_answer_was_in_no_flow(connection: sqlite3.Connection) -> None:
    node = CallEvent(BEGIN, 0.0, "node_entered", {"node": "main"})
    left = CallEvent(BEGIN, 0.0, "hung_up", {"node": "main", "by": "caller"})
    store.finish_call(connection, call("c1", outcome=Outcome.CANCELLED), [node, left])
    store.finish_call(connection, call("c2"), [node, left])
    assert named(menus(connection, DAY)) == {"containment": (1, 1), "node_drop_off main/main": (1, 1)}
    assert value(inbound(connection, DAY, TARGETS), "offered") == 0.0


def test_an_empty_day_has_no_values_and_no_errors(connection: sqlite3.Connection) -> None:
    for figure in all_figures(connection, DAY, TARGETS):
        assert figure.value in (None, 0.0)
        assert figure.definition


# --- against another way --------------------------------------------------------------------------------------

SECONDS = st.sampled_from([0.0, 1.9, 2.0, 2.1, 4.9, 5.0, 19.5, 20.0, 20.5, 300.0])
MAYBE = st.none() | SECONDS


@dataclass(frozen=True)
class Row:
    """What one generated call says."""

    record: CallRecord
    lead: str | None = None
    outcome: Outcome | None = None
    sent: bool = True
    events: tuple[tuple[str, str, str], ...] = field(default=())


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    made = []
    for number in range(draw(st.integers(0, 14))):
        direction = draw(st.sampled_from(Direction))
        is_dialled = direction is Direction.OUTBOUND
        record = call(
            f"c{number}",
            direction=direction,
            hour=draw(st.sampled_from([-1, 0, 10, 23, 24])),
            queue=draw(st.sampled_from([None, "sales", "help"])),
            agent=draw(st.sampled_from([None, "ann", "bob"])),
            wait_s=draw(MAYBE),
            talk_s=draw(SECONDS),
            wrap_up_s=draw(MAYBE),
            abandoned=draw(st.booleans()),
            connect_s=draw(MAYBE) if is_dialled else None,
            campaign=draw(st.sampled_from(["k", "m"])) if is_dialled else None,
            outcome=draw(st.sampled_from([Outcome.ANSWERED, Outcome.CANCELLED])),
        )
        if is_dialled:
            outcome = draw(st.sampled_from(Outcome))
            made.append(Row(record, draw(st.sampled_from(["p1", "p2", "p3"])), outcome, draw(st.booleans())))
            continue
        kinds = st.sampled_from(["node_entered", "queue_entered", "hung_up", "choice"])
        event = st.tuples(kinds, st.sampled_from(["main", "sub"]), st.sampled_from(["caller", "us"]))
        made.append(Row(record, events=tuple(draw(st.lists(event, max_size=5)))))
    return made


def slow_inbound(records: list[CallRecord]) -> dict[str, tuple[float, float | None]]:
    offered = [each for each in records if each.direction is Direction.INBOUND and each.wait_s is not None]
    answered = [each for each in offered if each.agent_id is not None]
    within = [each for each in answered if (each.wait_s or 0.0) <= 20.0]
    abandoned = [each for each in offered if each.agent_id is None and each.abandoned]
    short = [each for each in abandoned if (each.wait_s or 0.0) < 5.0]
    n = len
    return {
        "offered": (n(offered), None),
        "answered": (n(answered), None),
        "service_level": (n(within), n(offered) - n(short)),
        "service_level_of_answered": (n(within), n(answered)),
        "service_level_of_offered": (n(within), n(offered)),
        "abandonment": (n(abandoned), n(offered)),
        "abandonment_adjusted": (n(abandoned) - n(short), n(offered) - n(short)),
        "asa": (round(sum(each.wait_s or 0.0 for each in answered), 6), n(answered)),
        "aht": (round(sum(each.talk_s + (each.wrap_up_s or 0.0) for each in answered), 6), n(answered)),
    }


def slow_menus(rows: list[Row]) -> dict[str, tuple[float, float | None]]:
    entered = [
        row
        for row in rows
        if row.record.direction is Direction.INBOUND and row.record.outcome is not Outcome.CANCELLED
    ]
    contained = [
        row
        for row in entered
        if row.record.wait_s is None and not any(kind == "queue_entered" for kind, _, _ in row.events)
    ]
    found: dict[str, tuple[float, float | None]] = {"containment": (len(contained), len(entered))}
    told = [(row.record, *event) for row in entered for event in row.events]
    for node in ("main", "sub"):
        entries = sum(kind == "node_entered" and where == node for _, kind, where, _ in told)
        drops = sum(
            kind == "hung_up" and where == node and by == "caller" and record.agent_id is None
            for record, kind, where, by in told
        )
        if entries:
            found[f"node_drop_off main/{node}"] = (drops, entries)
    return found


def slow_outbound(rows: list[Row], listed: int) -> dict[str, tuple[float, float | None]]:
    tried = [row for row in rows if row.sent]
    answers = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MACHINE)
    answered = [row for row in tried if row.outcome in answers]
    machines = [row for row in tried if row.outcome is Outcome.MACHINE]
    people = [row for row in tried if row.outcome in answers[:2] or row.record.abandoned]
    contacts = [row for row in tried if row.record.agent_id is not None]
    late = [
        row
        for row in people
        if row.record.abandoned
        or row.outcome is Outcome.ABANDONED
        or (row.record.agent_id is not None and row.record.connect_s is not None and row.record.connect_s > 2.0)
    ]
    leads = {row.lead for row in tried}
    n = len
    return {
        "attempts": (n(tried), None),
        "answer_rate_of_attempts": (n(answered), n(tried)),
        "answer_rate_of_leads": (n({row.lead for row in answered}), n(leads)),
        "contact_rate_of_attempts": (n(contacts), n(tried)),
        "contact_rate_of_leads": (n({row.lead for row in contacts}), n(leads)),
        "abandonment_us": (n(late), n(people)),
        "penetration_in_time": (n({(row.record.campaign_id, row.lead) for row in tried}), listed),
        "saturation_in_time": (n(tried), listed),
        "attempts_per_contact": (n(tried), n(contacts)),
        "machine_share": (n(machines), n(answered)),
    }


@given(rows(), st.sampled_from([None, "k"]), st.sampled_from([None, "sales"]))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_sql_and_a_slow_count_agree(
    connection: sqlite3.Connection, given_rows: list[Row], campaign: str | None, queue: str | None
) -> None:
    with taken_back(connection):
        _agree(connection, given_rows, campaign, queue)


def _agree(connection: sqlite3.Connection, given_rows: list[Row], campaign: str | None, queue: str | None) -> None:
    for row in given_rows:
        if row.lead is not None and row.outcome is not None:
            attempt(connection, row.record, row.lead, row.outcome, row.sent)
            continue
        events = [CallEvent(BEGIN, 0.0, kind, {"node": node, "by": by}) for kind, node, by in row.events]
        store.finish_call(connection, row.record, events)
    listed = {(row.record.campaign_id, row.lead) for row in given_rows if row.lead is not None}
    scope = Scope(BEGIN, END, CampaignId(campaign) if campaign else None, QueueName(queue) if queue else None)
    in_time = [row for row in given_rows if BEGIN <= row.record.started_at < END]
    chosen = [
        row for row in in_time if campaign in (None, row.record.campaign_id) and queue in (None, row.record.queue)
    ]
    assert named(inbound(connection, scope, TARGETS)) == slow_inbound([row.record for row in chosen])
    assert named(menus(connection, scope)) == slow_menus(in_time)
    dialled = [row for row in chosen if row.lead is not None]
    counted = sum(campaign in (None, of) for of, _ in listed)
    assert named(outbound(connection, scope, TARGETS)) == slow_outbound(dialled, counted)
    for agent in ("ann", "bob"):
        handled = [row.record for row in chosen if row.record.agent_id == agent]
        took = sum(each.talk_s + (each.wrap_up_s or 0.0) for each in handled)
        found = [each for each in agents(connection, scope) if each.subject == agent]
        expected = {f"calls {agent}": (len(handled), None), f"aht {agent}": (round(took, 6), len(handled))}
        assert named(found) == (expected if handled else {})
    for figure in all_figures(connection, scope, TARGETS):
        if figure.denominator is not None:
            whole = figure.numerator / figure.denominator if figure.denominator else None
            assert figure.value == whole
