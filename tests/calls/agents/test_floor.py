"""The floor: agents who log in and out, and who is given which call."""

from __future__ import annotations

import pytest

from calls.agents.actions import ConnectCall, DropLeg, RingLeg, StateChanged
from calls.agents.events import (
    CallGone,
    LegGone,
    LegUp,
    LogIn,
    LogOut,
    TalkBegan,
    TalkOver,
)
from calls.agents.phone import DROP_S, RERING_AFTER_S, RING_S, PhoneState
from calls.agents.states import TRANSITIONS, AgentState, IllegalTransition, check_transition
from tests.calls.agents.floors import (
    ANN,
    BEN,
    C1,
    C2,
    C3,
    C4,
    CAT,
    DAN,
    HELP,
    SALES,
    WRAP_UP_S,
    Bench,
    connected,
    dropped,
    leg,
    rung,
    states,
)

OUT, READY, RESERVED = AgentState.LOGGED_OUT, AgentState.READY, AgentState.RESERVED
TALKING, WRAP_UP, PAUSED = AgentState.TALKING, AgentState.WRAP_UP, AgentState.PAUSED


def test_a_nailed_up_agent_is_ready_when_the_phone_is_answered() -> None:
    bench = Bench(ANN)
    assert bench.tell(LogIn(ANN)) == [RingLeg(ANN, leg(1), RING_S)]
    assert bench.state(ANN) == (OUT, "")
    bench.now = 4.0
    assert bench.tell(LegUp(ANN, leg(1))) == [StateChanged(ANN, READY, "", 4.0, OUT, 4.0, None)]


def test_an_on_hook_agent_is_ready_at_once_without_a_leg() -> None:
    bench = Bench(CAT)
    assert bench.tell(LogIn(CAT)) == [StateChanged(CAT, READY, "", 0.0, OUT, 0.0, None)]


def test_logging_out_ends_the_leg() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.now = 60.0
    assert bench.tell(LogOut(ANN)) == [
        DropLeg(ANN, leg(1)),
        StateChanged(ANN, OUT, "", 60.0, READY, 60.0, None),
    ]
    assert bench.tell(LegGone(ANN, leg(1))) == []


def test_a_log_in_that_is_not_answered_is_tried_again_and_then_given_up() -> None:
    bench = Bench(ANN)
    bench.tell(LogIn(ANN))
    actions = bench.run_to(200.0)
    assert rung(actions) == [ANN] * len(RERING_AFTER_S)
    assert dropped(actions) == [leg(number) for number in range(1, len(RERING_AFTER_S) + 2)]
    assert states(actions) == [(ANN, OUT, "no answer")]
    assert bench.floor.next_timer() is None
    assert rung(bench.tell(LogIn(ANN))) == [ANN]


def test_a_phone_answered_after_the_log_out_is_dropped() -> None:
    bench = Bench(ANN)
    bench.tell(LogIn(ANN))
    assert bench.tell(LogOut(ANN)) == [DropLeg(ANN, leg(1))]
    assert bench.tell(LegUp(ANN, leg(1))) == [DropLeg(ANN, leg(1))]
    assert bench.state(ANN) == (OUT, "")


def test_logging_in_again_at_once_waits_for_the_old_leg_to_go() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.tell(LogOut(ANN))
    assert bench.tell(LogIn(ANN)) == []
    assert bench.tell(LegGone(ANN, leg(1))) == [RingLeg(ANN, leg(2), RING_S)]


def test_the_end_of_a_dropped_leg_that_nobody_tells_is_not_waited_for_for_ever() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.tell(LogOut(ANN))
    bench.tell(LogIn(ANN))
    assert bench.run_to(DROP_S) == [RingLeg(ANN, leg(2), RING_S)]


def test_a_nailed_up_agent_is_connected_at_once() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    assert bench.inbound(C1) == [
        StateChanged(ANN, RESERVED, "", 0.0, READY, 0.0, C1),
        ConnectCall(C1, ANN, leg(1)),
    ]
    bench.now = 0.1
    assert bench.tell(TalkBegan(C1, ANN)) == [StateChanged(ANN, TALKING, "", 0.1, RESERVED, 0.1, C1)]
    bench.now = 30.1
    assert bench.tell(TalkOver(C1, ANN)) == [StateChanged(ANN, WRAP_UP, "", 30.1, TALKING, 30.0, C1)]
    assert bench.floor.next_timer() == 30.1 + WRAP_UP_S
    assert states(bench.run_to(50.0)) == [(ANN, READY, "")]


def test_an_on_hook_agent_is_rung_first_and_the_leg_ends_with_the_talk() -> None:
    bench = Bench(CAT)
    bench.log_in(CAT)
    assert bench.inbound(C1) == [
        StateChanged(CAT, RESERVED, "", 0.0, READY, 0.0, C1),
        RingLeg(CAT, leg(1), RING_S),
    ]
    bench.now = 3.0
    assert bench.tell(LegUp(CAT, leg(1))) == [ConnectCall(C1, CAT, leg(1))]
    bench.tell(TalkBegan(C1, CAT))
    bench.now = 9.0
    assert bench.tell(TalkOver(C1, CAT)) == [
        DropLeg(CAT, leg(1)),
        StateChanged(CAT, WRAP_UP, "", 9.0, TALKING, 6.0, C1),
    ]


def test_an_on_hook_agent_who_hangs_up_ends_the_talk() -> None:
    bench = Bench(CAT)
    bench.log_in(CAT)
    bench.inbound(C1)
    bench.talk(CAT, C1)
    assert states(bench.tell(LegGone(CAT, leg(1)))) == [(CAT, WRAP_UP, "")]
    assert bench.tell(TalkOver(C1, CAT)) == []


def test_the_longest_idle_agent_is_first() -> None:
    bench = Bench(ANN, BEN, DAN)
    for now, agent in ((1.0, BEN), (2.0, DAN), (3.0, ANN)):
        bench.now = now
        bench.log_in(agent)
    assert states(bench.inbound(C1))[0][0] == BEN
    assert states(bench.inbound(C2))[0][0] == DAN
    assert states(bench.inbound(C3))[0][0] == ANN


def test_a_reservation_that_came_to_nothing_keeps_the_agents_turn() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.now = 1.0
    bench.log_in(BEN)
    bench.inbound(C1)
    bench.now = 2.0
    assert states(bench.tell(CallGone(C1))) == [(ANN, READY, "")]
    assert connected(bench.inbound(C2)) == [(C2, ANN)]


def test_agents_get_calls_of_their_own_queues_only() -> None:
    bench = Bench(ANN, CAT)
    bench.log_in(ANN)
    assert bench.inbound(C1, HELP) == []
    bench.log_in(CAT)
    assert bench.state(CAT) == (RESERVED, "")
    assert bench.state(ANN) == (READY, "")


def test_calls_are_served_by_kind_then_priority_then_arrival() -> None:
    bench = Bench(BEN)
    for now, call, priority in ((1.0, C1, 0), (2.0, C2, 0), (3.0, C3, 5)):
        bench.now = now
        bench.inbound(call, priority=priority)
    bench.dialled(C4)
    waiting = bench.floor.view().queues[0].waiting
    assert [(call.call_id, call.position) for call in waiting] == [(C4, 1), (C3, 2), (C1, 3), (C2, 4)]
    served = []
    bench.tell(LogIn(BEN))
    actions = bench.tell(LegUp(BEN, leg(1)))
    for _ in range(4):
        ((call, _agent),) = connected(actions)
        served.append(call)
        bench.talk(BEN, call)
        actions = bench.tell(TalkOver(call, BEN))
    assert served == [C4, C3, C1, C2]


def test_a_dialled_person_goes_to_a_quick_agent_only() -> None:
    bench = Bench(CAT, DAN)
    bench.log_in(CAT)
    assert bench.dialled(C1) == []
    bench.log_in(DAN)
    assert bench.state(DAN) == (RESERVED, "")
    assert bench.state(CAT) == (READY, "")


def test_a_call_waits_in_one_place_only() -> None:
    bench = Bench(ANN, BEN)
    bench.inbound(C1)
    assert bench.inbound(C1) == []
    bench.log_in(ANN)
    assert bench.inbound(C1) == []
    bench.log_in(BEN)
    assert bench.state(BEN) == (READY, "")


def test_a_call_that_comes_back_from_its_talk_waits_again() -> None:
    bench = Bench(ANN, CAT)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    bench.log_in(CAT)
    assert states(bench.inbound(C1)) == [(ANN, WRAP_UP, ""), (CAT, RESERVED, "")]


def test_the_view_shows_agents_and_queues() -> None:
    bench = Bench(ANN, CAT, DAN)
    for agent in (ANN, CAT, DAN):
        bench.log_in(agent)
    bench.inbound(C1, HELP)
    bench.inbound(C2, HELP)
    view = bench.floor.view()
    ann, cat, _ = view.agents
    assert (ann.state, ann.phone, ann.leg_id, ann.call_id) == (READY, PhoneState.UP, leg(1), None)
    assert (cat.state, cat.phone, cat.call_id, cat.wanted) == (RESERVED, PhoneState.RINGING, C1, READY)
    sales, help_ = view.queues
    assert (sales.name, sales.logged_in, sales.free, sales.free_for_dialled) == (SALES, 3, 2, 2)
    assert (help_.logged_in, help_.free, help_.free_for_dialled, help_.waiting_inbound) == (1, 0, 0, 1)
    assert [(call.call_id, call.position, call.agent_id) for call in help_.waiting] == [(C1, 1, CAT), (C2, 2, None)]


def test_the_table_has_every_state_and_refuses_the_rest() -> None:
    assert set(TRANSITIONS) == set(AgentState)
    with pytest.raises(IllegalTransition, match="ready -> talking"):
        check_transition(READY, TALKING)
