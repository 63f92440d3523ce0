"""The floor: calls that lose their agent, a switch that goes, and a restart of ours."""

from __future__ import annotations

from calls.agents.actions import RingLeg, StateChanged
from calls.agents.events import (
    CallGone,
    ConnectFailed,
    LegGone,
    LegUp,
    LogIn,
    Pause,
    Restored,
    SwitchBack,
    SwitchLost,
    TalkBegan,
    TalkOver,
    Unpause,
    WrapUpDone,
)
from calls.agents.floor import CONNECT_S
from calls.agents.phone import RERING_AFTER_S, RING_S
from calls.agents.states import AgentState
from tests.calls.agents.floors import (
    ANN,
    BEN,
    C1,
    C2,
    C3,
    CAT,
    DAN,
    Bench,
    connected,
    dropped,
    leg,
    rung,
    states,
)

OUT, READY, RESERVED = AgentState.LOGGED_OUT, AgentState.READY, AgentState.RESERVED
TALKING, WRAP_UP, PAUSED = AgentState.TALKING, AgentState.WRAP_UP, AgentState.PAUSED


def test_no_answer_pauses_the_agent_and_the_next_one_is_rung_at_once() -> None:
    bench = Bench(CAT, DAN)
    bench.log_in(CAT)
    bench.now = 1.0
    bench.log_in(DAN)
    bench.inbound(C1)
    bench.inbound(C2)
    bench.tell(CallGone(C2))
    bench.tell(LegGone(DAN, leg(2)))
    actions = bench.run_to(1.0 + RING_S)
    assert dropped(actions) == [leg(1)]
    assert states(actions) == [(CAT, PAUSED, "no answer"), (DAN, RESERVED, "")]
    assert rung(actions) == [DAN]


def test_a_busy_phone_is_no_answer_too() -> None:
    bench = Bench(CAT)
    bench.log_in(CAT)
    bench.inbound(C1)
    assert states(bench.tell(LegGone(CAT, leg(1)))) == [(CAT, PAUSED, "no answer")]
    assert states(bench.tell(Unpause(CAT))) == [(CAT, READY, ""), (CAT, RESERVED, "")]


def test_a_call_that_lost_its_agent_stands_in_its_old_place() -> None:
    bench = Bench(CAT)
    bench.log_in(CAT)
    bench.inbound(C1)
    bench.now = 5.0
    bench.inbound(C2)
    bench.tell(LegGone(CAT, leg(1)))
    waiting = bench.floor.view().queues[0].waiting
    assert [(call.call_id, call.since) for call in waiting] == [(C1, 0.0), (C2, 5.0)]


def test_a_failed_connect_takes_the_next_agent_and_mends_the_leg() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.now = 100.0
    bench.log_in(BEN)
    bench.inbound(C1)
    actions = bench.tell(ConnectFailed(C1, ANN))
    assert dropped(actions) == [leg(1)]
    assert states(actions) == [(ANN, PAUSED, "leg lost"), (BEN, RESERVED, "")]
    assert connected(actions) == [(C1, BEN)]
    bench.tell(LegGone(ANN, leg(1)))
    assert bench.run_to(101.0) == [RingLeg(ANN, leg(3), RING_S)]
    assert states(bench.tell(LegUp(ANN, leg(3)))) == [(ANN, READY, "")]


def test_an_on_hook_agent_who_met_no_caller_is_paused() -> None:
    bench = Bench(CAT)
    bench.log_in(CAT)
    bench.inbound(C1)
    bench.tell(LegUp(CAT, leg(1)))
    actions = bench.tell(ConnectFailed(C1, CAT))
    assert dropped(actions) == [leg(1)]
    assert states(actions) == [(CAT, PAUSED, "connect failed")]


def test_a_connect_of_which_nothing_is_heard_counts_as_failed() -> None:
    bench = Bench(ANN, CAT)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.log_in(CAT)
    actions = bench.run_to(CONNECT_S)
    assert dropped(actions) == [leg(1)]
    assert states(actions)[-1] == (CAT, RESERVED, "")
    assert bench.tell(TalkBegan(C1, ANN)) == []


def test_a_leg_lost_before_the_talk_gives_the_call_to_the_next_agent() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.log_in(BEN)
    actions = bench.tell(LegGone(ANN, leg(1)))
    assert connected(actions) == [(C1, BEN)]
    assert bench.tell(ConnectFailed(C1, ANN)) == []


def test_an_agent_who_vanishes_while_talking_is_rung_again_during_wrap_up() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    bench.now = 60.0
    assert states(bench.tell(LegGone(ANN, leg(1)))) == [(ANN, WRAP_UP, "")]
    assert bench.tell(TalkOver(C1, ANN)) == []
    assert bench.run_to(61.0) == [RingLeg(ANN, leg(2), RING_S)]
    assert bench.tell(LegUp(ANN, leg(2))) == []
    assert states(bench.run_to(70.0)) == [(ANN, READY, "")]


def test_an_agent_whose_wrap_up_ends_without_a_leg_is_not_ready() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    bench.now = 60.0
    bench.tell(LegGone(ANN, leg(1)))
    assert states(bench.run_to(70.0)) == [(ANN, PAUSED, "leg lost")]
    assert bench.inbound(C2) == []
    assert connected(bench.tell(LegUp(ANN, leg(2)))) == [(C2, ANN)]


def test_a_leg_that_is_lost_again_and_again_logs_the_agent_out() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    for number in range(1, len(RERING_AFTER_S) + 1):
        assert (ANN, OUT, "no answer") not in states(bench.tell(LegGone(ANN, leg(number))))
        assert rung(bench.run_to(bench.now + RERING_AFTER_S[number - 1])) == [ANN]
        bench.tell(LegUp(ANN, leg(number + 1)))
    assert states(bench.tell(LegGone(ANN, leg(len(RERING_AFTER_S) + 1)))) == [(ANN, OUT, "no answer")]
    assert bench.run_to(1_000.0) == []


def test_a_leg_that_held_for_long_is_rung_again_soon() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    for number in range(1, 8):
        bench.now += 600.0
        assert states(bench.tell(LegGone(ANN, leg(number)))) == [(ANN, PAUSED, "leg lost")]
        assert rung(bench.run_to(bench.now + RERING_AFTER_S[0])) == [ANN]
        bench.tell(LegUp(ANN, leg(number + 1)))


def test_a_phone_may_ring_again_only_when_its_old_leg_is_gone() -> None:
    bench = Bench(DAN)
    bench.log_in(DAN)
    bench.inbound(C1)
    bench.tell(CallGone(C1))
    assert bench.inbound(C2) == []
    assert rung(bench.tell(LegGone(DAN, leg(1)))) == [DAN]


def test_nothing_is_given_out_while_the_switch_is_away() -> None:
    bench = Bench(ANN, CAT)
    bench.log_in(ANN)
    bench.log_in(CAT)
    bench.tell(Pause(ANN, "x"))
    bench.inbound(C1)
    actions = bench.tell(SwitchLost())
    assert dropped(actions) == [leg(2)]
    assert states(actions) == [(CAT, READY, "")]
    assert states(bench.tell(Unpause(ANN))) == [(ANN, READY, "")]
    assert bench.run_to(60.0) == []
    actions = bench.tell(SwitchBack(frozenset({leg(1)})))
    assert connected(actions) == [(C1, ANN)]


def test_legs_that_did_not_survive_the_switch_are_rung_again_at_once() -> None:
    bench = Bench(ANN, BEN)
    bench.log_in(ANN)
    bench.log_in(BEN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    bench.tell(SwitchLost())
    actions = bench.tell(SwitchBack(frozenset()))
    assert rung(actions) == [ANN, BEN]
    assert states(actions) == [(ANN, WRAP_UP, ""), (BEN, PAUSED, "leg lost")]


def test_a_talk_goes_on_while_the_switch_is_away() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    assert bench.tell(SwitchLost()) == []
    assert bench.tell(SwitchBack(frozenset({leg(1)}))) == []
    assert bench.state(ANN) == (TALKING, "")


def test_a_nailed_up_phone_is_not_rung_while_the_switch_is_away() -> None:
    bench = Bench(ANN)
    bench.tell(SwitchLost())
    assert bench.tell(LogIn(ANN)) == []
    assert bench.floor.next_timer() is None
    assert rung(bench.tell(SwitchBack(frozenset()))) == [ANN]


def test_a_leg_that_is_up_still_is_not_rung_again() -> None:
    bench = Bench(ANN)
    assert bench.tell(Restored(ANN, leg(77))) == [StateChanged(ANN, READY, "", 0.0, OUT, 0.0, None)]
    assert connected(bench.inbound(C1)) == [(C1, ANN)]
    assert rung(bench.tell(LegGone(ANN, leg(77)))) == []
    assert rung(bench.run_to(RERING_AFTER_S[0])) == [ANN]


def test_a_phone_that_rings_still_is_ready_once_it_is_answered() -> None:
    bench = Bench(ANN)
    assert bench.tell(Restored(ANN, leg(77), ringing=True)) == []
    assert connected(bench.inbound(C1)) == []
    actions = bench.tell(LegUp(ANN, leg(77)))
    assert states(actions)[0] == (ANN, READY, "")
    assert connected(actions) == [(C1, ANN)]


def test_a_phone_that_rings_still_for_too_long_is_rung_anew() -> None:
    bench = Bench(ANN)
    bench.tell(Restored(ANN, leg(77), ringing=True))
    assert dropped(bench.run_to(RING_S)) == [leg(77)]
    bench.tell(LegGone(ANN, leg(77)))
    assert rung(bench.run_to(RING_S + RERING_AFTER_S[0])) == [ANN]


def test_a_talk_that_goes_on_still_is_taken_over() -> None:
    bench = Bench(ANN, CAT)
    bench.inbound(C2)
    assert states(bench.tell(Restored(ANN, leg(77), C1))) == [(ANN, TALKING, "")]
    assert states(bench.tell(Restored(CAT, leg(78), C3))) == [(CAT, TALKING, "")]
    assert states(bench.tell(TalkOver(C1, ANN))) == [(ANN, WRAP_UP, "")]
    actions = bench.tell(CallGone(C3))
    assert dropped(actions) == [leg(78)]
    assert states(actions) == [(CAT, WRAP_UP, "")]
    assert connected(bench.tell(WrapUpDone(ANN))) == [(C2, ANN)]


def test_an_agent_whose_leg_is_gone_is_rung_again_after_a_restart() -> None:
    bench = Bench(ANN, CAT)
    assert rung(bench.tell(Restored(ANN))) == [ANN]
    assert states(bench.tell(Restored(CAT))) == [(CAT, READY, "")]


def test_an_on_hook_agent_keeps_no_leg_without_a_talk() -> None:
    bench = Bench(CAT)
    actions = bench.tell(Restored(CAT, leg(77)))
    assert dropped(actions) == [leg(77)]
    assert states(actions) == [(CAT, READY, "")]


def test_who_is_logged_in_already_is_not_taken_over() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    assert bench.tell(Restored(ANN, leg(77), C1)) == []


def test_one_talk_is_taken_over_by_one_agent() -> None:
    bench = Bench(ANN, BEN)
    bench.tell(Restored(ANN, leg(77), C1))
    assert states(bench.tell(Restored(BEN, leg(78), C1))) == [(BEN, READY, "")]


def test_a_call_that_waits_is_no_talk_to_take_over() -> None:
    bench = Bench(ANN)
    bench.inbound(C1)
    assert states(bench.tell(Restored(ANN, leg(77), C1))) == [(ANN, READY, ""), (ANN, RESERVED, "")]
