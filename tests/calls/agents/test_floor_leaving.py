"""The floor: agents who leave while there is a call, and callers whose wait ends."""

from __future__ import annotations

import pytest

from calls.agents.actions import DropLeg, StateChanged, WaitExpired
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
    TalkBegan,
    TalkOver,
    Unpause,
    WrapUpDone,
    WrapUpExtended,
)
from calls.agents.phone import RING_S
from calls.agents.roster import UnknownName
from calls.agents.states import AgentState
from calls.ids import AgentId, QueueName
from tests.calls.agents.floors import (
    ANN,
    BEN,
    C1,
    CAT,
    DAN,
    MAX_WAIT_S,
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
