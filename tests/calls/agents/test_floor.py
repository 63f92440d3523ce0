from __future__ import annotations

import pytest

from calls.agents.actions import ConnectCall, DropLeg, RingLeg, StateChanged, WaitExpired
from calls.agents.events import (
    CallGone,
    CallKind,
    CallWaiting,
    ConnectFailed,
    FloorEvent,
    LegGone,
    LegUp,
    LogIn,
    LogOut,
    Pause,
    Restored,
    SwitchBack,
    SwitchLost,
    TalkBegan,
    TalkOver,
    Unpause,
    WrapUpDone,
    WrapUpExtended,
)
from calls.agents.floor import CONNECT_S
from calls.agents.phone import DROP_S, RERING_AFTER_S, RING_S, PhoneState
from calls.agents.roster import UnknownName
from calls.agents.states import TRANSITIONS, AgentState, IllegalTransition, check_transition
from calls.ids import AgentId, QueueName
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
    MAX_WAIT_S,
    SALES,
    WRAP_UP_MAX_S,
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


# --- logging in and out -----------------------------------------------------------------------------------------


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


# --- giving calls ------------------------------------------------------------------------------------------------


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


# --- calls that lose their agent ---------------------------------------------------------------------------------


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


# --- pauses and log-outs while there is a call ----------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "after"), [(Pause(ANN, "lunch"), (PAUSED, "lunch")), (LogOut(ANN), (OUT, ""))])
def test_leaving_while_talking_takes_effect_after_the_call(
    asked: Pause | LogOut, after: tuple[AgentState, str]
) -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    assert bench.tell(asked) == []
    assert states(bench.tell(TalkOver(C1, ANN))) == [(ANN, WRAP_UP, "")]
    assert states(bench.tell(WrapUpDone(ANN))) == [(ANN, *after)]


def test_a_wrap_up_is_made_longer_up_to_its_limit() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.talk(ANN, C1)
    assert bench.tell(WrapUpExtended(ANN, 60.0)) == [], "there is no wrap-up yet"
    bench.tell(TalkOver(C1, ANN))
    ends = bench.now + WRAP_UP_S
    bench.now += 1.0
    assert bench.tell(WrapUpExtended(ANN, 5.0)) == []
    assert bench.floor.view().agents[0].wrap_up_ends == ends + 5.0
    bench.tell(WrapUpExtended(ANN, 600.0))
    assert bench.floor.view().agents[0].wrap_up_ends == ends - WRAP_UP_S + WRAP_UP_MAX_S
    assert states(bench.run_to(ends + WRAP_UP_MAX_S)) == [(ANN, READY, "")]
    assert bench.floor.view().agents[0].wrap_up_ends is None


def test_a_log_out_while_talking_can_be_taken_back() -> None:
    bench = Bench(BEN)
    bench.log_in(BEN)
    bench.inbound(C1)
    bench.talk(BEN, C1)
    bench.tell(LogOut(BEN))
    bench.tell(LogIn(BEN))
    assert states(bench.tell(TalkOver(C1, BEN))) == [(BEN, READY, "")]


@pytest.mark.parametrize(("asked", "after"), [(Pause(CAT, "lunch"), (PAUSED, "lunch")), (LogOut(CAT), (OUT, ""))])
def test_leaving_while_the_phone_rings_gives_the_call_to_the_next(
    asked: Pause | LogOut, after: tuple[AgentState, str]
) -> None:
    bench = Bench(CAT, DAN)
    bench.log_in(CAT)
    bench.inbound(C1)
    bench.log_in(DAN)
    actions = bench.tell(asked)
    assert dropped(actions) == [leg(1)]
    assert states(actions) == [(CAT, *after), (DAN, RESERVED, "")]


def test_a_paused_agent_gets_no_calls_and_keeps_the_leg() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    assert states(bench.tell(Pause(ANN, "lunch"))) == [(ANN, PAUSED, "lunch")]
    assert bench.inbound(C1) == []
    assert states(bench.tell(Pause(ANN, "meeting"))) == [(ANN, PAUSED, "meeting")]
    assert connected(bench.tell(Unpause(ANN))) == [(C1, ANN)]


def test_an_announced_pause_begins_when_it_was_said_to() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    assert bench.tell(Pause(ANN, "lunch", bench.now + 600.0)) == []
    assert bench.floor.view().agents[0].leaves_at == bench.now + 600.0
    assert bench.floor.view().agents[0].is_free, "until then calls come"
    assert bench.run_to(bench.now + 599.0) == []
    assert states(bench.run_to(bench.now + 1.0)) == [(ANN, PAUSED, "lunch")]
    assert bench.floor.view().agents[0].leaves_at is None
    assert bench.floor.next_timer() is None


def test_an_announced_pause_waits_for_the_end_of_the_talk() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.inbound(C1)
    bench.tell(TalkBegan(C1, ANN))
    bench.tell(Pause(ANN, "lunch", bench.now + 60.0))
    assert bench.run_to(bench.now + 90.0) == []
    assert bench.floor.view().agents[0].wanted is PAUSED
    bench.tell(TalkOver(C1, ANN))
    assert (ANN, PAUSED, "lunch") in states(bench.run_to(bench.now + 60.0))


@pytest.mark.parametrize("taken_back", [Unpause(ANN), LogOut(ANN), Pause(ANN, "meeting")])
def test_what_the_agent_asks_for_later_takes_an_announced_pause_back(taken_back: FloorEvent) -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.tell(Pause(ANN, "lunch", bench.now + 600.0))
    bench.tell(taken_back)
    assert bench.floor.view().agents[0].leaves_at is None
    assert "lunch" not in [reason for _, _, reason in states(bench.run_to(bench.now + 1200.0))]


def test_a_paused_agents_lost_leg_is_rung_when_the_pause_ends() -> None:
    bench = Bench(ANN)
    bench.log_in(ANN)
    bench.tell(Pause(ANN, "lunch"))
    assert bench.tell(LegGone(ANN, leg(1))) == []
    assert bench.floor.next_timer() is None
    actions = bench.tell(Unpause(ANN))
    assert rung(actions) == [ANN]
    assert states(actions) == [(ANN, PAUSED, "leg lost")]
    assert states(bench.tell(LegUp(ANN, leg(2)))) == [(ANN, READY, "")]


def test_what_makes_no_sense_changes_nothing() -> None:
    bench = Bench(ANN)
    for event in (LogOut(ANN), Pause(ANN, "x"), Unpause(ANN), WrapUpDone(ANN), LegGone(ANN, leg(9))):
        assert bench.tell(event) == []
    for news in (TalkBegan(C1, ANN), TalkOver(C1, ANN), ConnectFailed(C1, ANN), CallGone(C1)):
        assert bench.tell(news) == []
    bench.log_in(ANN)
    assert bench.tell(LogIn(ANN)) == []
    assert bench.tell(LegUp(ANN, leg(1))) == []
    assert bench.state(ANN) == (READY, "")


def test_names_that_are_not_in_the_settings_are_refused() -> None:
    bench = Bench(ANN)
    with pytest.raises(UnknownName, match="no agent 'eve'"):
        bench.tell(LogIn(AgentId("eve")))
    with pytest.raises(UnknownName, match="no queue 'none'"):
        bench.tell(CallWaiting(C1, QueueName("none"), CallKind.INBOUND))


# --- the end of waiting ---------------------------------------------------------------------------------------------


def test_a_wait_ends_at_the_queues_limit() -> None:
    bench = Bench(ANN)
    bench.inbound(C1)
    assert bench.floor.next_timer() == MAX_WAIT_S
    assert bench.run_to(MAX_WAIT_S) == [WaitExpired(C1)]
    assert bench.floor.next_timer() is None
    bench.log_in(ANN)
    assert bench.state(ANN) == (READY, "")


def test_an_inbound_wait_does_not_end_while_a_phone_rings_for_it() -> None:
    bench = Bench(CAT)
    bench.inbound(C1)
    bench.now = MAX_WAIT_S - 1
    assert rung(bench.tell(LogIn(CAT))) == [CAT]
    actions = bench.run_to(MAX_WAIT_S - 1 + RING_S)
    assert actions[-1] == WaitExpired(C1)
    assert bench.now == MAX_WAIT_S - 1 + RING_S


def test_whose_phone_rings_out_at_the_limit_goes_to_the_next_agent() -> None:
    bench = Bench(CAT, ANN)
    bench.inbound(C1)
    bench.now = MAX_WAIT_S - RING_S
    assert rung(bench.tell(LogIn(CAT))) == [CAT]
    bench.log_in(ANN)
    actions = bench.run_to(MAX_WAIT_S)
    assert connected(actions) == [(C1, ANN)] and WaitExpired(C1) not in actions


def test_a_dialled_wait_ends_even_while_a_phone_rings_for_it() -> None:
    bench = Bench(DAN)
    bench.log_in(DAN)
    assert rung(bench.dialled(C1)) == [DAN]
    actions = bench.run_to(1.8)
    assert actions == [
        DropLeg(DAN, leg(1)),
        StateChanged(DAN, READY, "", 1.8, RESERVED, 1.8, None),
        WaitExpired(C1),
    ]


def test_a_dialled_wait_is_over_once_the_leg_is_up() -> None:
    bench = Bench(DAN)
    bench.log_in(DAN)
    bench.dialled(C1)
    bench.tell(LegUp(DAN, leg(1)))
    assert bench.run_to(1.8) == []
    assert states(bench.tell(TalkBegan(C1, DAN))) == [(DAN, TALKING, "")]


def test_a_dialled_call_that_lost_its_agent_has_no_more_time_than_before() -> None:
    bench = Bench(ANN, DAN)
    bench.log_in(ANN)
    bench.dialled(C1)
    bench.log_in(DAN)
    bench.now = 1.0
    assert rung(bench.tell(ConnectFailed(C1, ANN))) == [DAN]
    assert bench.run_to(1.8)[-1] == WaitExpired(C1)


def test_news_of_a_talk_that_was_not_asked_for_changes_nothing() -> None:
    bench = Bench(CAT)
    bench.log_in(CAT)
    bench.inbound(C1)
    assert bench.tell(TalkBegan(C1, CAT)) == []
    assert bench.tell(ConnectFailed(C1, CAT)) == []
    assert bench.state(CAT) == (RESERVED, "")


# --- the switch goes and comes --------------------------------------------------------------------------------------


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


# --- after a restart of ours ----------------------------------------------------------------------------------------


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


# --- what is shown --------------------------------------------------------------------------------------------------


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
