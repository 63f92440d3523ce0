"""Sessions: each node gives the commands that it should, and what is out of order ends well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

import pytest

from calls.switch.port import (
    Answer,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    Prompt,
    Transfer,
    TransferFailed,
    Transferred,
)
from ivr.commands import (
    AgentConnected,
    AgentOffered,
    Command,
    Enqueue,
    NobodyThere,
    QueueClosed,
    QueueFull,
    QueueResult,
    Result,
    Served,
    WaitExpired,
)
from ivr.flow import Flow
from ivr.nodes.base import Exit, NodeModel, Visit
from ivr.session import MAX_STEPS, Context, Finished, Session
from ivr.trail import Kind
from ivr.turn import Turn
from tests.ivr.conftest import SMALL, Make, at

PLAN = KeyPlan(frozenset({"1", "2", "42", "200", "201"}))
SORRY = Play((Prompt("system.sorry", "en"),))


def prompts(*keys: str) -> tuple[Prompt, ...]:
    return tuple(Prompt(key, "en") for key in keys)


def ask(*keys: str) -> Gather:
    return Gather(prompts(*keys), PLAN, first_key_timeout_s=5.0, next_key_timeout_s=2.0, barge_in=True)


def started(flow: Flow, *results: Result) -> tuple[Session, Command | Finished]:
    """A session of an answered call after ``results``, one a second, and what it gave last."""
    session = Session(flow)
    step = session.start(Context(answered=True), at(0))
    for second, result in enumerate(results, start=1):
        step = session.resume(result, at(second))
    return session, step


def from_node(flow: Flow, node: str, *results: Result) -> tuple[Session, Command | Finished]:
    return started(replace(flow, start=node), *results)


def kinds(session: Session) -> list[str]:
    return [event.kind.value for event in session.trail]


def details(session: Session, kind: Kind) -> list[dict[str, object]]:
    return [dict(event.detail) for event in session.trail if event.kind is kind]


def test_a_call_is_answered_first(small: Flow) -> None:
    session = Session(small)
    assert session.start(Context(), at(0)) == Answer()
    assert session.resume(Done(), at(1)) == ask("main.menu")


def test_a_dialled_call_is_answered_already(small: Flow) -> None:
    assert started(small)[1] == ask("main.menu")


def test_a_key_leads_on(small: Flow) -> None:
    session, step = started(small, Match("1", barged_in=True))
    assert step == Play(prompts("main.info", "main.more"))
    assert details(session, Kind.CHOICE) == [{"node": "menu", "keys": "1", "to": "info", "barged_in": True}]


def test_several_keys_lead_on(small: Flow) -> None:
    assert started(small, Match("42"))[1] == Transfer("alice", 15.0)


def test_say_goes_on(small: Flow) -> None:
    assert started(small, Match("1"), Done())[1] == ask("main.menu")


def test_an_extension_leads_to_its_node(small: Flow) -> None:
    session, step = started(small, Match("201"))
    assert step == Transfer("alice", 15.0)
    assert details(session, Kind.DIRECT_DIAL) == [{"node": "menu", "keys": "201", "to": "alice", "barged_in": False}]


def test_silences_escalate_and_end_in_failed(small: Flow) -> None:
    session, step = started(small, NoInput())
    assert step == ask("main.silent_1", "main.menu")
    assert session.resume(NoInput(), at(2)) == ask("main.silent_2", "main.menu")
    assert session.resume(NoInput(), at(3)) == Transfer("alice", 15.0)
    assert [each["left"] for each in details(session, Kind.NOINPUT)] == [2, 1, 0]


def test_wrong_keys_are_counted_apart_from_silences(small: Flow) -> None:
    session, step = started(small, NoInput(), NoInput(), NoMatch("*"))
    assert step == ask("main.wrong_1", "main.menu")
    assert session.resume(NoMatch("#"), at(9)) == Transfer("alice", 15.0)
    assert [each["keys"] for each in details(session, Kind.NOMATCH)] == ["*", "#"]


def test_a_misdialled_extension_costs_one_try(small: Flow) -> None:
    session, step = started(small, NoMatch("3"))
    assert step == Gather((), KeyPlan(frozenset(), frozenset({2})), 2.0, 2.0)
    assert session.resume(Match("45"), at(2)) == ask("main.wrong_1", "main.menu")
    assert [each["keys"] for each in details(session, Kind.NOMATCH)] == ["345"]


@pytest.mark.parametrize(("rest", "keys"), [(NoInput(), "3"), (NoMatch("4"), "34")])
def test_a_wrong_key_alone_is_a_wrong_key(small: Flow, rest: Result, keys: str) -> None:
    session, step = started(small, NoMatch("3"), rest)
    assert step == ask("main.wrong_1", "main.menu")
    assert [each["keys"] for each in details(session, Kind.NOMATCH)] == [keys]


@pytest.mark.parametrize("keys", ["20", "300", "3*", "*"])
def test_no_rest_is_waited_for_where_none_can_come(small: Flow, keys: str) -> None:
    """``20`` timed out, ``300`` is whole, ``*`` is in no extension."""
    assert started(small, NoMatch(keys))[1] == ask("main.wrong_1", "main.menu")


def test_a_menu_without_direct_dial_takes_its_keys_only(make: Make) -> None:
    flow = make(SMALL.replace("direct_dial: true", "barge_in: false"))
    _, step = started(flow)
    assert step == Gather(prompts("main.menu"), KeyPlan(frozenset({"1", "2", "42"})), 5.0, 2.0, barge_in=False)


def test_a_key_goes_before_an_extension(make: Make) -> None:
    flow = make(SMALL.replace('"42": alice', '"200": info'))
    assert started(flow, Match("200"))[1] == Play(prompts("main.info", "main.more"))


def test_the_tries_may_be_none(make: Make) -> None:
    flow = make(SMALL.replace("[main.silent_1, main.silent_2]", "[]"))
    assert started(flow, NoInput())[1] == Transfer("alice", 15.0)


@pytest.mark.parametrize(("hours_later", "open_"), [(0, True), (4.9, True), (5.1, False), (24 * 5, False)])
def test_hours_by_the_zone(small: Flow, hours_later: float, open_: bool) -> None:
    session = Session(replace(small, start="hours"))
    step = session.start(Context(answered=True), at(hours_later * 3600))
    assert isinstance(step, Enqueue if open_ else Play)
    way = "open" if open_ else "closed"
    assert details(session, Kind.HOURS) == [{"node": "hours", "way": way, "overridden": False}]


ENQUEUE = Enqueue("sales", 5, 90.0, "jazz", (), 30.0, ("queue.hold_on",))


def test_what_is_not_written_has_its_default(make: Make) -> None:
    flow = make(
        "language: en\nstart: queue\nnodes:\n  queue: {queue: q, failed: transfer}\n"
        "  transfer: {transfer: t, failed: bye}\n  bye: {hangup: []}\n"
    )
    session, step = started(flow)
    assert step == Enqueue("q", 0, None, None, (), 60.0)
    assert session.resume(WaitExpired(), at(1)) == Transfer("t", 20.0)
    assert session.resume(TransferFailed("busy"), at(2)) == Hangup()
    assert session.resume(HungUp(EndedBy.US), at(3)) == Finished("completed", "bye", 2.0, 1.0, 0.0)


def test_the_queue_is_asked_as_written(small: Flow) -> None:
    assert from_node(small, "support")[1] == ENQUEUE


@pytest.mark.parametrize(
    ("result", "step", "reason"),
    [
        (WaitExpired(), Play(prompts("main.goodbye")), "timeout"),
        (NobodyThere(), Transfer("alice", 15.0), "nobody"),
        (QueueClosed(), Play(prompts("main.goodbye")), "closed"),
        (QueueFull(), Play(prompts("main.goodbye")), "full"),
    ],
)
def test_the_queue_s_branches(small: Flow, result: QueueResult, step: Command, reason: str) -> None:
    session, given = from_node(small, "support", result)
    assert given == step
    assert details(session, Kind.QUEUE_LEFT) == [
        {"node": "support", "queue": "sales", "reason": reason, "wait_s": 1.0}
    ]


def test_after_the_talk_the_call_goes_on(small: Flow) -> None:
    session, step = from_node(small, "support", Served(0.75))
    assert step == Play(prompts("main.goodbye"))
    finished = session.hangup(at(4))
    assert (finished.menu_s, finished.wait_s, finished.talk_s) == (3.0, 0.25, 0.75)


def test_without_next_the_talk_is_the_end(make: Make) -> None:
    flow = make(SMALL.replace("    next: goodbye\n", ""))
    session, step = from_node(flow, "support", Served(5.0))
    assert step == Hangup()
    assert session.resume(HungUp(EndedBy.US), at(9)).__class__ is Finished
    assert details(session, Kind.OUTCOME)[0]["outcome"] == "served"


def test_a_caller_who_leaves_the_queue_has_abandoned(small: Flow) -> None:
    session, _ = from_node(small, "support")
    assert session.notify(AgentOffered("ann"), at(2)) is None
    finished = session.resume(HungUp(EndedBy.CALLER, 16), at(3))
    assert finished == Finished("abandoned", "support", menu_s=0.0, wait_s=3.0, talk_s=0.0)
    assert details(session, Kind.AGENT_OFFERED) == [{"node": "support", "agent": "ann"}]


def test_a_caller_who_ends_the_talk_was_served(small: Flow) -> None:
    session, _ = from_node(small, "support")
    session.notify(AgentConnected("ann"), at(2))
    session.notify(AgentConnected("ann"), at(3))
    assert session.hangup(at(12)) == Finished("served", "support", menu_s=0.0, wait_s=2.0, talk_s=10.0)
    assert details(session, Kind.AGENT_CONNECTED) == [{"node": "support", "agent": "ann", "wait_s": 2.0}]


def test_a_transfer_that_fails_has_its_branch(small: Flow) -> None:
    session, step = from_node(small, "alice", TransferFailed("busy"))
    assert step == Play(prompts("main.goodbye"))
    assert details(session, Kind.TRANSFER_FAILED) == [{"node": "alice", "destination": "alice", "reason": "busy"}]


def test_a_transfer_that_is_over_ends_the_call(small: Flow) -> None:
    session, step = from_node(small, "alice", Transferred(0.5))
    assert step == Hangup()
    assert session.resume(HungUp(EndedBy.US), at(2)) == Finished("transferred", "alice", 1.5, 0.0, 0.5)


def test_a_transfer_may_lead_on(make: Make) -> None:
    flow = make(SMALL.replace("failed: goodbye}", "failed: goodbye, next: menu}"))
    assert from_node(flow, "alice", Transferred(0.5))[1] == ask("main.menu")


def test_who_hangs_up_in_a_transfer(small: Flow) -> None:
    session, _ = from_node(small, "alice")
    assert session.hangup(at(5)).outcome == "left_in_transfer"


def test_goodbye_then_the_end(small: Flow) -> None:
    session, step = from_node(small, "goodbye", Done())
    assert step == Hangup()
    assert session.resume(HungUp(EndedBy.US), at(3)) == Finished("informed", "goodbye", 3.0, 0.0, 0.0)


def test_who_hangs_up_during_the_goodbye_has_not_dropped_off(small: Flow) -> None:
    session, _ = from_node(small, "goodbye")
    assert session.hangup(at(1)).outcome == "informed"


def test_a_hangup_without_a_word(make: Make) -> None:
    assert from_node(make(SMALL.replace("[main.goodbye]", "[]")), "goodbye")[1] == Hangup()


def test_who_hangs_up_in_a_menu_has_dropped_off(small: Flow) -> None:
    session, _ = started(small)
    assert session.hangup(at(7)) == Finished("hung_up", "menu", 7.0, 0.0, 0.0)
    assert kinds(session)[-3:] == ["hung_up", "node_left", "outcome"]


def test_the_end_is_the_end(small: Flow) -> None:
    session, _ = started(small)
    finished = session.hangup(at(1))
    length = len(session.trail)
    assert session.resume(Done(), at(2)) is finished
    assert session.hangup(at(3)) is finished
    assert session.notify(AgentOffered("ann"), at(4)) is None
    assert len(session.trail) == length


def test_a_hangup_that_was_not_confirmed_is_the_end_too(small: Flow) -> None:
    session, _ = from_node(small, "goodbye", Done())
    assert isinstance(session.resume(Interrupted(), at(3)), Finished)


def test_a_session_is_started_once_and_first(small: Flow) -> None:
    session = Session(small)
    with pytest.raises(RuntimeError):
        session.resume(Done(), at(0))
    session.start(Context(), at(0))
    with pytest.raises(RuntimeError):
        session.start(Context(), at(0))


def test_the_monotonic_clock_never_runs_backwards(small: Flow) -> None:
    session, _ = started(small)
    session.resume(NoInput(), at(-60))
    assert all(event.since_s >= 0 for event in session.trail)


def test_the_trail_of_a_call(small: Flow) -> None:
    session, _ = started(small, Match("1"), Done(), Match("2"), Served(1.0), Done(), HungUp(EndedBy.US))
    assert kinds(session) == [
        "flow_started",
        *("node_entered", "choice", "node_left"),
        *("node_entered", "node_left"),
        *("node_entered", "choice", "node_left"),
        *("node_entered", "queue_entered", "queue_served", "node_left"),
        *("node_entered", "node_left"),
        *("hung_up", "outcome"),
    ]
    assert details(session, Kind.NODE_LEFT)[0] == {"node": "menu", "exit": "keys.1", "took_s": 1.0}


def test_the_trail_s_seconds_are_to_the_millisecond(small: Flow) -> None:
    session = Session(small)
    session.start(Context(answered=True), at(0))
    session.resume(Match("1"), at(1.23456))
    assert details(session, Kind.NODE_LEFT)[0]["took_s"] == 1.235


class Broken(NodeModel):
    """A node with a bug."""

    kind: ClassVar[str] = "broken"
    when: str

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        yield from ()

    def visit(self, turn: Turn) -> Visit:
        if self.when == "at once":
            raise ZeroDivisionError("at once")
        try:
            yield Play(())
        finally:
            if self.when == "when it is closed":
                raise OSError("when it is closed")
        if self.when == "later":
            raise KeyError("later")
        return None  # type: ignore[return-value] # the bug


@pytest.mark.parametrize("when", ["at once", "later", "no way out"])
def test_a_node_that_raises_ends_in_an_apology(small: Flow, when: str) -> None:
    nodes = MappingProxyType({**small.nodes, "info": Broken(when=when)})
    session, step = started(replace(small, nodes=nodes), Match("1"))
    if when != "at once":
        step = session.resume(Done(), at(2))
    assert step == SORRY
    assert session.resume(Done(), at(5)) == Hangup()
    assert isinstance(session.resume(HungUp(EndedBy.US), at(6)), Finished)
    fault = details(session, Kind.FAULT)[0]
    assert "Traceback" in str(fault["traceback"])
    assert details(session, Kind.OUTCOME)[0]["outcome"] == "fault"
    assert details(session, Kind.NODE_LEFT)[-1]["exit"] == "fault"
    assert kinds(session).count("node_left") == kinds(session).count("node_entered")


def test_a_node_that_raises_while_it_is_closed_keeps_no_call_from_its_end(small: Flow) -> None:
    nodes = MappingProxyType({**small.nodes, "info": Broken(when="when it is closed")})
    session, _ = started(replace(small, nodes=nodes), Match("1"))
    assert session.hangup(at(2)).outcome == "hung_up"
    assert details(session, Kind.FAULT)[0]["error"] == "OSError: when it is closed"
    assert kinds(session).count("node_left") == kinds(session).count("node_entered")


@pytest.mark.parametrize("when", ["at once", "later", "no way out"])
def test_after_the_apology_the_call_goes_on_where_the_flow_says(small: Flow, when: str) -> None:
    nodes = MappingProxyType({**small.nodes, "info": Broken(when=when)})
    session, step = started(replace(small, nodes=nodes, fault="support"), Match("1"))
    if when != "at once":
        step = session.resume(Done(), at(2))
    assert step == SORRY
    assert isinstance(session.resume(Done(), at(5)), Enqueue)
    assert session.node == "support"
    assert session.resume(Served(30.0), at(45)) == Play(prompts("main.goodbye"))
    assert session.resume(Done(), at(46)) == Hangup()
    finished = session.resume(HungUp(EndedBy.US), at(47))
    assert isinstance(finished, Finished)
    assert (finished.outcome, finished.talk_s, finished.last_node) == ("fault", 30.0, "goodbye")


def test_a_second_fault_ends_the_call(small: Flow) -> None:
    nodes = MappingProxyType({**small.nodes, "info": Broken(when="at once")})
    session, step = started(replace(small, nodes=nodes, fault="info"), Match("1"))
    assert step == SORRY
    assert session.resume(Done(), at(2)) == SORRY
    assert session.resume(Done(), at(4)) == Hangup()
    assert len(details(session, Kind.FAULT)) == 2


def test_a_call_that_went_on_for_too_long_ends_whatever_the_flow_says(small: Flow) -> None:
    session, step = started(replace(small, fault="support"))
    second = 0
    while step != SORRY:
        second += 1
        step = session.resume(Match("1") if isinstance(step, Gather) else Done(), at(second))
    assert session.resume(Done(), at(second)) == Hangup()


def test_a_result_that_does_not_fit_its_command_ends_in_an_apology(small: Flow) -> None:
    for node in ("menu", "info", "support", "alice", "goodbye"):
        session, step = from_node(small, node, Interrupted())
        assert step == SORRY
        assert "ended in Interrupted" in str(details(session, Kind.FAULT)[0]["error"])


def test_a_flow_that_starts_nowhere_ends_in_an_apology(small: Flow) -> None:
    assert from_node(small, "nowhere")[1] == SORRY


def test_who_hangs_up_during_the_apology_was_failed_by_us(small: Flow) -> None:
    session, _ = from_node(small, "nowhere")
    assert session.hangup(at(1)).outcome == "fault"


def test_a_caller_who_goes_round_is_stopped(small: Flow) -> None:
    session, step = started(small)
    results = 0
    while step != SORRY:
        step = session.resume(Match("1") if isinstance(step, Gather) else Done(), at(results))
        results += 1
    assert MAX_STEPS / 3 < results <= MAX_STEPS
    assert session.resume(Done(), at(results)) == Hangup()
    assert details(session, Kind.STEP_LIMIT)[0]["steps"] == MAX_STEPS + 1


def test_a_round_without_commands_is_stopped(small: Flow) -> None:
    """``check`` refuses such a flow; the session does not rest on it."""
    hours = small.nodes["hours"].model_copy(update={"open": "hours", "closed": "hours"})
    assert from_node(replace(small, nodes={"hours": hours}), "hours")[1] == SORRY
