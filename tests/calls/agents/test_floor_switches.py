"""Agents on two switches: who may take which call, and one switch that is lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from calls.agents.actions import ConnectCall, RingLeg
from calls.agents.events import CallGone, CallKind, CallWaiting, LegUp, LogIn, SwitchBack, SwitchLost, TalkBegan
from calls.agents.floor import Floor
from calls.agents.states import AgentState
from calls.ids import AgentId, CallId
from tests.calls.agents.floors import ANN, BEN, C1, C2, CAT, PROFILES, QUEUES, SALES, Bench, connected, leg, rung

EAST, WEST = "east", "west"


class Two(Bench):
    """Ann and Cat in the east, Ben in the west."""

    def __init__(self) -> None:
        numbers = count(1)
        homes = {ANN: EAST, BEN: WEST, CAT: EAST}
        profiles = [replace(PROFILES[agent], switch=home) for agent, home in homes.items()]
        self.floor = Floor(profiles, QUEUES, 0.0, lambda: leg(next(numbers)))
        self.now = 0.0


def waits(call_id: CallId, *switches: str, only: AgentId | None = None) -> CallWaiting:
    return CallWaiting(call_id, SALES, CallKind.INBOUND, switches=frozenset(switches), only=only)


def test_a_call_goes_to_agents_of_its_own_switch_only() -> None:
    bench = Two()
    bench.log_in(ANN)
    assert connected(bench.tell(waits(C1, WEST))) == []
    assert connected(bench.tell(waits(C2, EAST))) == [(C2, ANN)]
    bench.tell(LogIn(BEN))
    assert connected(bench.tell(LegUp(BEN, leg(2)))) == [(C1, BEN)]


def test_a_call_for_one_agent_waits_in_vain_where_that_one_is_elsewhere() -> None:
    bench = Two()
    bench.log_in(ANN)
    assert connected(bench.tell(waits(C1, WEST, only=ANN))) == []
    assert bench.floor.waits_for(ANN) == ()


def test_a_switch_that_is_lost_takes_its_own_agents_only() -> None:
    bench = Two()
    bench.log_in(ANN)
    bench.log_in(BEN)
    bench.tell(SwitchLost(EAST))
    assert connected(bench.tell(waits(C1))) == [(C1, BEN)], "whoever can be reached takes what may go anywhere"
    assert connected(bench.tell(waits(C2, EAST))) == []
    assert bench.state(ANN) == (AgentState.READY, "")
    assert connected(bench.tell(SwitchBack(frozenset({leg(1)}), EAST))) == [(C2, ANN)]


def test_no_phone_of_a_lost_switch_is_rung_until_it_is_back() -> None:
    bench = Two()
    bench.tell(SwitchLost(EAST))
    assert rung(bench.tell(LogIn(ANN))) == []
    assert rung(bench.tell(LogIn(BEN))) == [BEN]
    bench.run_to(60.0)
    assert rung(bench.tell(SwitchBack(frozenset(), EAST))) == [ANN]


def test_the_queue_says_where_its_agents_are_and_its_callers_wait() -> None:
    bench = Two()
    bench.log_in(ANN)
    bench.tell(waits(C1, WEST))
    sales = next(each for each in bench.floor.view().queues if each.name == SALES)
    assert dict(sales.logged_in_on) == {EAST: 1}
    assert sales.inbound_on == {WEST}
    bench.tell(waits(C2))
    bench.tell(CallGone(C1))
    sales = next(each for each in bench.floor.view().queues if each.name == SALES)
    assert sales.waiting_inbound == 0 and sales.inbound_on == frozenset()


def test_the_place_of_a_call_counts_those_of_its_own_switch() -> None:
    bench = Two()
    bench.tell(waits(C1, WEST))
    bench.tell(waits(C2, EAST))
    found = bench.floor.prospect(C2, 0.0)
    assert found is not None and found.position == 1


STEPS = st.lists(
    st.one_of(
        st.sampled_from([SwitchLost(EAST), SwitchLost(WEST), SwitchBack(frozenset(), EAST)]),
        st.sampled_from([SwitchBack(frozenset(), WEST), LogIn(ANN), LogIn(BEN), LogIn(CAT)]),
        st.builds(lambda number: waits(CallId(f"x{number}"), (EAST, WEST)[number % 2]), st.integers(1, 6)),
        st.builds(lambda number: CallGone(CallId(f"x{number}")), st.integers(1, 6)),
        st.floats(0.1, 30.0),
    ),
    max_size=30,
)


@given(STEPS)
def test_no_call_ever_goes_to_an_agent_elsewhere_and_no_lost_switch_rings(steps: list[object]) -> None:
    bench, lost, home = Two(), set[str](), {ANN: EAST, BEN: WEST, CAT: EAST}
    at: dict[CallId, str] = {}
    for step in steps:
        if isinstance(step, float):
            actions = bench.run_to(bench.now + step)
        else:
            match step:
                case SwitchLost(switch):
                    lost.add(switch)
                case SwitchBack(_, switch):
                    lost.discard(switch)
                case CallWaiting(call_id=call_id, switches=switches) if call_id not in at:
                    (at[call_id],) = switches
                case CallGone(call_id):
                    at.pop(call_id, None)
            actions = bench.tell(step)  # type: ignore[arg-type]
        for action in actions:
            match action:
                case RingLeg(agent_id, leg_id, _):
                    assert home[agent_id] not in lost
                    bench.tell(LegUp(agent_id, leg_id))
                case ConnectCall(call_id, agent_id, _):
                    assert call_id not in at or at[call_id] == home[agent_id]
                    bench.tell(TalkBegan(call_id, agent_id))
