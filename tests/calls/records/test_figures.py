"""Figures of a scope, by hand on a small day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.ids import AgentId, BootId, CallId, CampaignId, FlowId, QueueName
from calls.records import store
from calls.records.figure import Figure, Scope
from calls.records.store import CallEvent, CallRecord, Direction
from calls.records.times import as_text
from calls.reports.definitions import BY_NAME, USUAL, Section, Targets
from calls.reports.of_scope import all_figures
from calls.switch.port import Detected, EndedBy

BEGIN = datetime(2025, 6, 2, tzinfo=UTC)
END = BEGIN + timedelta(days=1)
DAY = Scope(BEGIN, END)


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
        "INSERT INTO campaigns VALUES (?1, ?1, 'l', '{}', 'running', 'x', 'x', NULL, NULL) ON CONFLICT DO NOTHING",
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


def of(connection: sqlite3.Connection, scope: Scope, section: Section, targets: Targets = USUAL) -> list[Figure]:
    """Those of a section among all figures of the scope, without those of agents and nodes."""
    found = all_figures(connection, scope, targets)
    return [each for each in found if BY_NAME[each.name].section is section and not each.subject]


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
    found = named(of(small_day, DAY, Section.INBOUND))
    assert found == {
        "offered": (7, None),
        "answered": (4, None),
        "abandoned": (2, None),
        "service_level": (3, 6),
        "service_level_of_answered": (3, 4),
        "service_level_of_offered": (3, 7),
        "abandonment": (2, 7),
        "abandonment_adjusted": (1, 6),
        "asa": (44.5, 4),
        "wait_to_10": (2, 4),
        "wait_to_20": (1, 4),
        "wait_to_60": (1, 4),
        "wait_to_120": (0, 4),
        "wait_to_300": (0, 4),
        "wait_over_300": (0, 4),
        "wait_p95": (4, 4),
        "held": (0, 4),
        "hold": (0, 0),
        "hold_share": (0, 260),
        "aht": (260.0, 4),
        "handled": (4, None),
        "transfers": (0, 4),
        "fcr": (0, 0),
    }


def test_one_queue_alone(small_day: sqlite3.Connection) -> None:
    found = named(of(small_day, Scope(BEGIN, END, queue=QueueName("help")), Section.INBOUND))
    assert (found["offered"], found["service_level"], found["abandonment"]) == ((1, None), (1, 1), (0, 1))


def test_other_targets(small_day: sqlite3.Connection) -> None:
    found = named(of(small_day, DAY, Section.INBOUND, Targets(service_level_s=4.0, short_abandon_s=4.9)))
    assert found["service_level"] == (2, 7)  # 4.9 s is not under 4.9 s


def test_menus_by_hand(connection: sqlite3.Connection) -> None:
    def walk(name: str, nodes: list[str], by: EndedBy, word: str, agent: str | None = None) -> None:
        events = [CallEvent(BEGIN, 0.0, "node_entered", {"node": node, "type": "menu"}) for node in nodes]
        events.append(CallEvent(BEGIN, 0.0, "hung_up", {"node": nodes[-1], "by": by.value, "cause": 16}))
        if agent:
            events.append(CallEvent(BEGIN, 0.0, "queue_entered", {"queue": "sales"}))
        events.append(CallEvent(BEGIN, 0.0, "outcome", {"outcome": word}))
        store.finish_call(connection, call(name, agent=agent), events)

    walk("a", ["main"], EndedBy.CALLER, "hung_up")
    walk("b", ["main", "sub", "main"], EndedBy.CALLER, "hung_up")
    walk("c", ["main", "sub"], EndedBy.US, "completed")
    walk("d", ["main", "queue"], EndedBy.CALLER, "served", agent="ann")
    walk("e", ["main", "bye"], EndedBy.CALLER, "completed")  # left during the goodbye: that is no drop-off
    assert named(of(connection, DAY, Section.FLOWS)) == {
        "entered": (5, None),
        "containment_technical": (4, 5),
        "containment_functional": (2, 5),
        "drop_off": (2, 5),
    }
    found = [each for each in all_figures(connection, DAY) if each.name == "node_drop_off"]
    assert named(found) == {
        "node_drop_off main/main": (2, 6),
        "node_drop_off main/queue": (0, 1),
        "node_drop_off main/sub": (0, 2),
        "node_drop_off main/bye": (0, 1),
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
    found = named(of(connection, Scope(BEGIN, END, CampaignId("k")), Section.OUTBOUND))
    assert found == {
        "attempts": (7, None),
        "answer_rate_of_attempts": (5, 7),
        "contact_rate_of_attempts": (2, 7),
        "right_party_rate_of_attempts": (2, 7),
        "leads_dialled": (5, None),
        "answer_rate_of_leads": (5, 5),
        "contact_rate_of_leads": (2, 5),
        "right_party_rate_of_leads": (2, 5),
        "penetration_in_time": (5, 7),
        "saturation_in_time": (7, 7),
        "abandonment_us": (2, 4),
        "dials_per_shared_hour": (7, 0),
        "time_to_connect": (2.9, 2),
        "time_to_connect_p95": (2, 2),
        "agent_wait_dialled": (0, 0),
        "agent_wait_dialled_p95": (0, 0),
        "attempts_per_contact": (7, 2),
        "machine_share": (1, 5),
        "conversion_of_contacts": (0, 2),
    }
    nobody = of(connection, Scope(BEGIN, END, CampaignId("other")), Section.OUTBOUND)
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
    found = named(each for each in all_figures(small_day, DAY) if each.subject and each.numerator)
    assert found == {
        "time_ready ann": (45.0, None),
        "time_reserved ann": (5.0, None),
        "time_talking ann": (60.0, None),
        "time_wrap_up ann": (10.0, None),
        "time_paused ann": (120.0, None),
        "time_paused ann: lunch": (100.0, None),
        "time_paused ann: no answer": (20.0, None),
        "time_logged_out ann": (85980.0, None),
        "handled ann": (2, None),
        "handling_time ann": (190.0, 2),
        "handled bob": (2, None),
        "handling_time bob": (70.0, 2),
        "occupancy ann": (70.0, 120.0),
        "utilisation ann": (120.0, 240.0),
        "agent_wait ann": (35.0, 1),
        "agent_wait_p95 ann": (1, 1),
    }
    whole = named(of(small_day, DAY, Section.AGENTS))
    assert (whole["occupancy"], whole["utilisation"]) == ((70.0, 120.0), (120.0, 240.0))


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
    found = all_figures(connection, Scope(BEGIN, END, now=now))
    assert value(found, "time_talking", "ann") == pytest.approx(talked_s, abs=1e-3)
    assert value(found, "occupancy") == pytest.approx(talked_s / (talked_s + 60.0), abs=1e-6)


def test_a_caller_who_left_before_the_answer_was_in_no_flow(connection: sqlite3.Connection) -> None:
    node = CallEvent(BEGIN, 0.0, "node_entered", {"node": "main"})
    left = CallEvent(BEGIN, 0.0, "hung_up", {"node": "main", "by": "caller"})
    store.finish_call(connection, call("c1", outcome=Outcome.CANCELLED), [node, left])
    store.finish_call(connection, call("c2"), [node, left])
    found = all_figures(connection, DAY)
    assert value(found, "entered") == 1.0 and value(found, "entries", "main/main") == 1.0
    assert value(found, "offered") == 0.0


def test_an_empty_day_has_no_values_and_no_errors(connection: sqlite3.Connection) -> None:
    for figure in all_figures(connection, DAY):
        assert figure.value in (None, 0.0)
        assert figure.definition


def test_machines_by_hand(connection: sqlite3.Connection) -> None:
    answered, machine = Outcome.ANSWERED, Outcome.MACHINE

    def add(
        name: str,
        said: Detected | None,
        agent: str | None,
        outcome: Outcome,
        marked: bool = False,
        left: str = "",
    ) -> None:
        record = call(name, direction=Direction.OUTBOUND, agent=agent, outcome=outcome, abandoned=name == "9")
        events = [CallEvent(record.started_at, 1.0, "message_left", {"played": left})] if left else []
        store.finish_call(connection, replace(record, detected=said, called=f"+1202555{name:0>4}"), events)
        connection.execute("UPDATE calls SET disposition_machine = ? WHERE call_id = ?", (int(marked), name))

    add("1", Detected.HUMAN, "ann", answered)
    add("2", Detected.UNSURE, "ann", answered, marked=True)
    add("3", None, "ann", answered)
    add("4", Detected.MACHINE, "ann", answered)  # machine = "person": a person after all
    add("5", Detected.MACHINE, "bob", answered, marked=True)
    add("6", Detected.MACHINE, None, machine, left="whole")
    add("7", Detected.MACHINE, None, machine, left="cut")
    add("8", Detected.MACHINE, None, machine)
    add("9", None, None, Outcome.ABANDONED)
    for name, hour in (("7", 15), ("8", 40)):  # the second one is too late
        store.finish_call(connection, replace(call(f"back-{name}", hour=hour), caller=f"+1202555{name:0>4}"))
    assert named(of(connection, DAY, Section.MACHINES)) == {
        "machines_detected": (5, None),
        "machines_by_agents": (2, None),
        "machines_missed": (1, 2),
        "people_taken_for_machines": (1, 2),
        "messages_cut": (1, 2),
        "machines_called_back": (1, 3),
        "abandonment_uk": (0.6, 3.6),
    }


def test_switches_by_hand(connection: sqlite3.Connection) -> None:
    out, lost, pbx_lost = Direction.OUTBOUND, Outcome.LOST, Outcome.PBX_LOST
    for switch, record in (
        ("east", call("1")),
        ("east", call("2", direction=out)),
        ("west", call("3", direction=out, outcome=pbx_lost)),
        ("west", call("4", outcome=lost)),
        ("west", call("5")),
    ):
        store.finish_call(connection, replace(record, switch=switch))
    assert named(each for each in all_figures(connection, DAY) if each.name.startswith("switch_")) == {
        "switch_calls east": (2, None),
        "switch_dialled east": (1, None),
        "switch_lost east": (0, 2),
        "switch_calls west": (3, None),
        "switch_dialled west": (1, None),
        "switch_lost west": (2, 3),
    }
