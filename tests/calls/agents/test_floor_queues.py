"""Skills, overflow, and places of people who are to be called."""

from __future__ import annotations

import pytest

from calls.agents.actions import ConnectCall, ReachPerson, WaitExpired
from calls.agents.events import (
    CallGone,
    CallKind,
    CallWaiting,
    LegGone,
    LegUp,
    Overflow,
    Pause,
    Serves,
    TalkBegan,
    TalkOver,
    TalkPassed,
    Unpause,
)
from calls.agents.floor import PERSON_S
from calls.agents.roster import UnknownName
from calls.agents.states import AgentState
from calls.agents.view import Prospect
from calls.ids import AgentId, CallId, QueueName
from tests.calls.agents.floors import ANN, BEN, C1, C2, C3, C4, CAT, HELP, SALES, Bench, connected, leg

READY, RESERVED = AgentState.READY, AgentState.RESERVED


def german(call: CallId, level: int = 1, widen_after_s: float | None = None) -> CallWaiting:
    skills = frozenset({"german"})
    return CallWaiting(call, SALES, CallKind.INBOUND, skills=skills, level=level, widen_after_s=widen_after_s)


def place(call: CallId, since: float | None = None) -> CallWaiting:
    return CallWaiting(call, SALES, CallKind.INBOUND, max_wait_s=3600.0, since=since, virtual=True)


# --- skills -----------------------------------------------------------------------------------------------------


def test_a_skilled_caller_waits_for_an_agent_with_the_skill_while_others_are_served() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    assert connected(bench.tell(german(C1))) == []
    assert connected(bench.inbound(C2)) == [(C2, ANN)], "who needs no skill is not held up"
    bench.log_in(BEN)
    assert bench.state(BEN)[0] is RESERVED


def test_the_most_skilled_goes_before_the_longest_idle() -> None:
    bench = Bench(BEN, CAT)
    bench.log_in(BEN)
    bench.now = 5.0
    bench.log_in(CAT)
    bench.tell(german(C1))
    assert (bench.state(BEN)[0], bench.state(CAT)[0]) == (READY, RESERVED)


def test_a_lower_level_will_do_after_a_while_and_no_level_never() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.log_in(BEN)
    assert connected(bench.tell(german(C1, level=5, widen_after_s=30.0))) == []
    assert connected(bench.run_to(29.0)) == []
    assert connected(bench.run_to(30.0)) == [(C1, BEN)]
    bench.tell(german(C2, level=5))
    assert connected(bench.run_to(200.0)) == []


def test_a_dialled_call_goes_only_to_who_has_each_of_its_skills_at_its_level() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.log_in(BEN)
    levels = dict(bench.floor.view().agents[1].profile.skills)
    too_much = {skill: level + 1 for skill, level in levels.items()}
    assert connected(bench.tell(CallWaiting(C1, SALES, CallKind.DIALLED, needs=too_much))) == []
    assert connected(bench.tell(CallWaiting(C2, SALES, CallKind.DIALLED, needs=levels))) == [(C2, BEN)]


# --- overflow ---------------------------------------------------------------------------------------------------


def test_after_a_while_the_agents_of_another_queue_take_the_call_by_its_first_arrival() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    bench.tell(CallWaiting(C2, HELP, CallKind.INBOUND, max_wait_s=200.0, overflow=Overflow(60.0, SALES)))
    bench.now = 30.0
    bench.inbound(C3)
    assert bench.floor.prospect(C3, 30.0) == Prospect(1, None)
    bench.run_to(60.0)
    assert bench.floor.prospect(C3, 60.0) == Prospect(2, None), "who came first is first"
    (queue,) = (each for each in bench.floor.view().queues if each.name == SALES)
    assert (queue.overflowing, queue.waiting_inbound) == (1, 2)
    bench.tell(CallGone(C1))
    bench.run_to(70.0)
    assert bench.state(ANN)[0] is RESERVED
    assert bench.floor.prospect(C2, 70.0) is None, "an agent is reserved for it"
    assert bench.floor.prospect(C3, 70.0) == Prospect(1, None)


# --- places -----------------------------------------------------------------------------------------------------


def test_a_place_keeps_its_turn_and_the_person_is_connected_at_once() -> None:
    bench = Bench(BEN)
    bench.tell(place(C1))
    bench.now = 10.0
    bench.inbound(C2)
    bench.tell(CallWaiting(C3, SALES, CallKind.INBOUND, since=-100.0, virtual=True, max_wait_s=3600.0))
    assert [view.call_id for view in bench.floor.view().queues[0].waiting] == [C3, C1, C2]
    bench.log_in(BEN)
    assert bench.state(BEN)[0] is RESERVED
    bench.tell(CallGone(C3))
    assert bench.state(BEN)[0] is RESERVED, "the next place has the agent"
    actions = bench.tell(CallWaiting(C1, SALES, CallKind.DIALLED, max_wait_s=60.0))
    assert actions == [ConnectCall(C1, BEN, leg(1))]


def test_an_agent_is_asked_for_before_the_person_is_and_answers_the_phone_first() -> None:
    bench = Bench(CAT)
    bench.log_in(CAT)
    assert not [each for each in bench.tell(place(C1)) if isinstance(each, ReachPerson)]
    assert bench.tell(LegUp(CAT, leg(1))) == [ReachPerson(C1, CAT)]
    assert bench.tell(place(C1)) == [], "told twice"


def test_where_the_agent_is_lost_meanwhile_the_person_goes_to_the_next() -> None:
    bench = Bench(BEN, ANN)
    bench.log_in(BEN)
    bench.log_in(ANN)
    assert bench.tell(place(C1))[-1] == ReachPerson(C1, BEN)
    assert bench.tell(LegGone(BEN, leg(1)))[-1] == ReachPerson(C1, ANN)
    assert bench.tell(CallWaiting(C1, SALES, CallKind.DIALLED)) == [ConnectCall(C1, ANN, leg(2))]


def test_a_person_who_answers_when_no_agent_is_left_waits_first_of_all() -> None:
    bench = Bench(BEN)
    bench.log_in(BEN)
    bench.tell(place(C1))
    bench.tell(LegGone(BEN, leg(1)))
    bench.inbound(C2)
    assert connected(bench.tell(CallWaiting(C1, SALES, CallKind.DIALLED, max_wait_s=30.0))) == []
    assert bench.floor.prospect(C1, 0.0) == Prospect(1, None)
    assert WaitExpired(C1) in bench.run_to(31.0)


def test_an_agent_is_not_kept_for_ever_for_a_person_of_whom_nothing_is_heard() -> None:
    bench = Bench(BEN)
    bench.log_in(BEN)
    bench.tell(place(C1))
    bench.run_to(PERSON_S - 1.0)
    assert bench.state(BEN)[0] is RESERVED
    bench.run_to(PERSON_S)
    assert bench.state(BEN)[0] is not RESERVED


def test_a_place_whose_time_is_over_expires() -> None:
    bench = Bench(BEN)
    bench.tell(place(C1))
    assert bench.run_to(3600.0) == [WaitExpired(C1)]


def test_a_call_for_one_agent_waits_for_that_agent() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.log_in(BEN)
    bench.tell(Pause(BEN, "away"))
    assert bench.tell(CallWaiting(C1, SALES, CallKind.INBOUND, virtual=True, only=BEN)) == []
    actions = bench.tell(Unpause(BEN))
    assert [each for each in actions if isinstance(each, ReachPerson)] == [ReachPerson(C1, BEN)]


def test_a_person_on_the_line_is_not_left_waiting_for_one_agent() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(BEN)
    bench.tell(CallWaiting(C1, SALES, CallKind.INBOUND, virtual=True, only=BEN))
    bench.tell(LegGone(BEN, leg(1)))
    bench.tell(CallWaiting(C1, SALES, CallKind.DIALLED))
    bench.log_in(ANN)
    assert bench.state(ANN)[0] is AgentState.RESERVED


# --- one agent ----------------------------------------------------------------------------------------------------


def test_a_call_for_one_agent_is_taken_by_no_other() -> None:
    """Whatever queues that one serves; the others serve who comes after it."""
    bench = Bench(ANN, BEN, CAT)
    bench.log_in(BEN)
    assert connected(bench.tell(CallWaiting(C1, HELP, CallKind.INBOUND, only=ANN))) == []
    assert connected(bench.inbound(C2)) == [(C2, BEN)]
    bench.log_in(ANN)
    assert bench.state(ANN) == (RESERVED, "")
    with pytest.raises(UnknownName):
        bench.tell(CallWaiting(C3, HELP, CallKind.INBOUND, only=AgentId("zoe")))


# --- agents who dial --------------------------------------------------------------------------------------------


def lead(call: CallId, only: AgentId | None = None, keep_s: float | None = None) -> CallWaiting:
    return CallWaiting(
        call,
        SALES,
        CallKind.INBOUND,
        priority=-1000,
        max_wait_s=2.0,
        virtual=True,
        outward=True,
        only=only,
        keep_s=keep_s,
    )


def test_a_place_that_nobody_takes_is_over_soon_and_is_nowhere_shown() -> None:
    bench = Bench(ANN)
    bench.tell(lead(C1))
    assert all(queue.waiting == () for queue in bench.floor.view().queues)
    assert WaitExpired(C1) in bench.run_to(2.1)


def test_callers_go_before_an_agent_s_own_dials_and_who_answers_is_shown() -> None:
    def shown(bench: Bench) -> list[CallId]:
        return [call.call_id for queue in bench.floor.view().queues for call in queue.waiting]

    bench = Bench(ANN)
    bench.tell(lead(C1))
    bench.inbound(C2)
    bench.log_in(ANN)
    assert shown(bench) == [C2], "the caller has the agent"
    assert [each for each in bench.tell(CallGone(C2)) if isinstance(each, ReachPerson)] == [ReachPerson(C1, ANN)]
    assert shown(bench) == [], "a person who is dialled waits for nobody"
    assert connected(bench.tell(CallWaiting(C1, SALES, CallKind.DIALLED, max_wait_s=1.8))) == [(C1, ANN)]
    assert shown(bench) == [C1]


def test_who_waits_for_an_agent_is_told_as_far_as_the_agent_may_serve_them() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.tell(lead(C1))
    bench.tell(lead(C2))
    bench.tell(german(C3))
    assert bench.floor.waits_for(ANN) == (), "nobody asked for the one place, and the caller is another's"
    bench.inbound(C4)
    assert bench.floor.waits_for(ANN) == (C4,)


def test_an_agent_is_kept_for_as_long_as_is_asked() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.tell(lead(C1, keep_s=600.0))
    bench.run_to(500.0)
    assert bench.state(ANN)[0] is RESERVED
    bench.run_to(601.0)
    assert bench.state(ANN)[0] is not RESERVED


# --- an agent who asks another ------------------------------------------------------------------------------------


def asked(bench: Bench) -> None:
    """Ben talks to a caller, and Ann, who is asked, to Ben."""
    bench.log_in(BEN)
    bench.inbound(C1)
    bench.tell(TalkBegan(C1, BEN))
    bench.log_in(ANN)
    bench.tell(CallWaiting(C2, SALES, CallKind.INBOUND, only=ANN))
    bench.tell(TalkBegan(C2, ANN))


def test_who_was_asked_takes_the_call_and_the_other_is_free() -> None:
    bench = Bench(ANN, BEN)
    asked(bench)
    bench.tell(TalkPassed(C1, BEN, C2, ANN))
    assert (bench.state(BEN)[0], bench.state(ANN)[0]) == (READY, AgentState.TALKING)
    bench.tell(CallGone(C2))
    assert bench.state(ANN)[0] is AgentState.TALKING, "the question is over, the talk is not"
    bench.tell(TalkOver(C1, ANN))
    assert bench.state(ANN)[0] is AgentState.WRAP_UP


def test_who_has_gone_meanwhile_takes_nothing() -> None:
    bench = Bench(ANN, BEN)
    asked(bench)
    bench.tell(LegGone(ANN, leg(2)))
    bench.tell(TalkPassed(C1, BEN, C2, ANN))
    assert (bench.state(BEN)[0], bench.state(ANN)[0]) == (AgentState.TALKING, AgentState.WRAP_UP)


def test_the_call_passes_where_the_one_who_asked_has_gone() -> None:
    bench = Bench(ANN, BEN)
    asked(bench)
    bench.tell(LegGone(BEN, leg(1)))
    bench.tell(TalkPassed(C1, BEN, C2, ANN))
    bench.tell(TalkOver(C1, ANN))
    assert bench.state(ANN)[0] is AgentState.WRAP_UP


def test_an_agent_who_is_moved_takes_what_waits_there_and_no_more_of_the_old_queue() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    assert bench.inbound(C1, HELP) == []
    actions = bench.tell(Serves(ANN, frozenset({HELP})))
    assert connected(actions) == [(C1, ANN)]
    assert bench.floor.queues_of(ANN) == {HELP}
    assert bench.inbound(C2, SALES) == []
    for agent, queue in ((AgentId("nobody"), SALES), (ANN, QueueName("none"))):
        with pytest.raises(UnknownName):
            bench.tell(Serves(agent, frozenset({queue})))
    assert bench.floor.queues_of(ANN) == {HELP}
