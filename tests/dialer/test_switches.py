"""A campaign over trunks of two switches: each is paced by its own agents, takes its turn, and fails alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.ids import AgentId, AttemptId, BootId, LeadId, QueueName
from calls.settings import Trunk
from dialer import events as ev
from dialer import routes
from dialer.campaign import Campaign
from dialer.core import DialerCore
from dialer.routes import Room, Route
from dialer.run import CampaignRun
from dialer.turns import BEHIND, Turns
from tests.dialer.conftest import LOOPBACK, SECOND, make_campaign

SALES = QueueName("sales")
EAST, WEST = "east", "west"
TRUNKS = tuple(
    Trunk.model_validate({**each.model_dump(), "switch": switch, "lines": 20, "calls_per_second": 20})
    for each, switch in ((LOOPBACK, EAST), (SECOND, WEST))
)
BOOTS = {EAST: BootId("east-1"), WEST: BootId("west-1")}


class Bench:
    """The core with a campaign over both switches; the store gives as many leads as it is asked for."""

    def __init__(self, campaign: Campaign, weights: dict[str, int] | None = None) -> None:
        self.campaign = campaign
        self.core = DialerCore(TRUNKS, settle_s=3.0, now=0.0, weights=weights)
        self.now = 100.0
        self.count = 0
        self.dialled: dict[AttemptId, str] = {}
        self.over: dict[AttemptId, Outcome] = {}
        self.asks: list[ev.BeginAttempts] = []
        for switch, boot in BOOTS.items():
            self.tell(ev.Recovered(boot, switch=switch))
        self.tell(ev.CampaignStarted(campaign))

    def tell(self, event: ev.Event, after_s: float = 0.0) -> None:
        self.now += after_s
        self._do(self.core.handle(event, self.now))

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self.core.next_timer()) is not None and due <= until:
            self.now = max(self.now, due)
            self._do(self.core.tick(self.now))
        self.now = until

    def agents(self, **ready: int) -> None:
        agents = [
            ev.FloorAgent(
                AgentId(f"{switch}{each}"), frozenset({SALES}), AgentState.READY, 0.0, free=True, switch=switch
            )
            for switch, count in ready.items()
            for each in range(count)
        ]
        self.tell(ev.AgentsChanged(tuple(agents)))

    def under_way(self) -> Counter[str]:
        return Counter(trunk for each, trunk in self.dialled.items() if each not in self.over)

    def reason(self) -> str:
        return self.core.view(self.now).campaigns[0].reason

    def _do(self, actions: list[ev.Action]) -> None:
        for action in actions:
            match action:
                case ev.BeginAttempts():
                    self.asks.append(action)
                    self.tell(ev.AttemptsBegun(self.campaign.campaign_id, self._begun(action)))
                case ev.PlaceCall(dial):
                    assert dial.attempt_id not in self.dialled, "dialled twice"
                    self.dialled[dial.attempt_id] = dial.trunk
                case ev.Finish():
                    assert action.attempt_id not in self.over, "ended twice"
                    self.over[action.attempt_id] = action.outcome
                case _:
                    pass

    def _begun(self, asked: ev.BeginAttempts) -> ev.Begun:
        """As the store does it, with the same arithmetic of rooms and shares."""
        rooms = {room.trunk.name: room.free for room in asked.rooms}
        shares = dict(asked.shares)
        attempts = []
        turns = {room.trunk.name: room.turn for room in asked.rooms}
        steps = {room.trunk.name: room.step for room in asked.rooms}
        owners = {room.trunk.name: room.trunk.switch or "" for room in asked.rooms}
        for _ in range(asked.up_to):
            open_ = [name for name in rooms if rooms[name] > 0 and shares.get(owners[name], 1) > 0]
            if not open_:
                break
            trunk = min(open_, key=lambda name: turns[name])
            rooms[trunk] -= 1
            turns[trunk] += steps[trunk]
            if owners[trunk] in shares:
                shares[owners[trunk]] -= 1
            self.count += 1
            attempts.append(
                ev.BegunAttempt(
                    AttemptId(f"a{self.count}"),
                    self.campaign.campaign_id,
                    LeadId(f"l{self.count}"),
                    f"+1202555{self.count:04d}",
                    trunk,
                    1,
                )
            )
        return ev.Begun(tuple(attempts), next_in_s=0.0)


@pytest.fixture
def both(tmp_path: Path) -> Bench:
    return Bench(make_campaign(tmp_path, trunk=None, trunks='["loop", "second"]'))


def test_each_switch_is_dialled_for_its_own_agents_only(both: Bench) -> None:
    both.agents(east=3, west=1)
    assert both.under_way() == {"loop": 3, "second": 1}
    both.run(2.0)
    assert both.under_way() == {"loop": 3, "second": 1}


def test_nobody_is_dialled_on_a_switch_without_agents(both: Bench) -> None:
    both.agents(east=2)
    both.run(5.0)
    assert both.under_way() == {"loop": 2}
    assert "west: no free agent" in both.reason()


def test_a_switch_that_is_down_takes_no_dials_and_the_other_goes_on(both: Bench) -> None:
    both.tell(ev.SwitchDown("connection lost", EAST))
    both.agents(east=2, west=2)
    both.run(2.0)
    assert both.under_way() == {"second": 2}
    assert "east: switch east down: connection lost" in both.reason()
    assert both.core.view(both.now).hold == ""
    both.tell(ev.SwitchUp(BOOTS[EAST], frozenset(), EAST))
    both.run(2.0)
    assert both.under_way() == {"second": 2}, "it settles first"
    both.run(2.0)
    assert both.under_way() == {"second": 2, "loop": 2}


def test_a_restart_ends_the_calls_of_that_switch_alone(both: Bench) -> None:
    both.agents(east=2, west=2)
    east = {each for each, trunk in both.dialled.items() if trunk == "loop"}
    both.tell(ev.SwitchDown("it died", EAST), 1.0)
    both.tell(ev.SwitchUp(BootId("east-2"), frozenset(), EAST), 5.0)
    assert both.over == dict.fromkeys(east, Outcome.PBX_LOST)
    assert both.under_way() == {"second": 2}
    both.run(4.0)
    assert both.under_way() == {"second": 2, "loop": 2}
    assert set(both.over) == east


def test_a_connection_that_was_lost_settles_by_what_that_switch_knows(both: Bench) -> None:
    both.agents(east=2, west=2)
    east = sorted(each for each, trunk in both.dialled.items() if trunk == "loop")
    both.tell(ev.SwitchDown("connection lost", EAST), 1.0)
    both.tell(ev.SwitchUp(BOOTS[EAST], frozenset({east[0]}), EAST), 5.0)
    both.run(3.0)
    assert both.over == {east[1]: Outcome.LOST}


def test_what_was_not_sent_when_its_switch_was_lost_is_given_back(both: Bench) -> None:
    both.core.handle(ev.AgentsChanged(), both.now)
    begun = ev.BegunAttempt(AttemptId("x"), both.campaign.campaign_id, LeadId("l"), "+12025559999", "loop", 1)
    both.tell(ev.SwitchDown("connection lost", EAST))
    both.agents(east=1, west=1)
    both.tell(ev.LegEnded(AttemptId("a1"), 17), 1.0)
    assert both.asks
    run = both.core._state.runs[both.campaign.campaign_id]
    run.asked = 1
    both.tell(ev.AttemptsBegun(both.campaign.campaign_id, ev.Begun((begun,), next_in_s=0.0)))
    assert both.over[AttemptId("x")] is Outcome.CANCELLED
    assert AttemptId("x") not in both.dialled


def test_with_all_switches_down_the_view_says_why_nothing_is_dialled(both: Bench) -> None:
    both.tell(ev.SwitchDown("one", EAST))
    both.tell(ev.SwitchDown("two", WEST))
    assert both.core.view(both.now).hold == "switch east down: one; switch west down: two"


def test_a_call_that_is_asked_for_goes_by_a_trunk_of_the_agents_switch(both: Bench) -> None:
    rooms = both.core.open_ways(both.campaign, both.now, WEST)
    assert [(room.trunk.name, room.free > 0) for room in rooms] == [("loop", False), ("second", True)]
    assert rooms[0].why == "trunk loop is of switch east, the agent is reached on west"
    both.tell(ev.SwitchDown("x", WEST))
    assert all(room.free == 0 for room in both.core.open_ways(both.campaign, both.now, WEST))


def test_the_abandoned_of_the_window_are_divided_and_never_counted_less(both: Bench) -> None:
    run = both.core._state.runs[both.campaign.campaign_id]
    run.recount(101, 3, both.now)
    assert [lane.window(both.now) for lane in run.lanes.values()] == [(50, 2), (50, 2)]


def test_what_was_learnt_goes_from_one_switch_to_two_and_back(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, "[pacing]\nmode = 'predictive'\n")
    one, both = {EAST: ("loop",)}, {EAST: ("loop",), WEST: ("second",)}
    run = CampaignRun(campaign, 0.0, one)
    learnt = run.learnt()
    assert learnt is not None and "predictive" in learnt
    run.renew(campaign, 1.0, both)
    kept = run.learnt()
    assert kept is not None and kept["by_switch"] == {EAST: learnt["predictive"], WEST: learnt["predictive"]}
    again = CampaignRun(campaign, 0.0, both)
    again.remember(kept)
    assert again.learnt() == kept
    run.renew(campaign, 2.0, one)
    assert run.learnt() == learnt


def test_a_broadcast_has_one_rate_over_all_switches(tmp_path: Path) -> None:
    pacing = '[pacing]\nmode = "broadcast"\ncalls_per_minute = 30\n'
    campaign = make_campaign(
        tmp_path,
        pacing,
        trunk=None,
        trunks='["loop", "second"]',
        queue=None,
        safe_harbour=None,
        flow='"news"',
        max_lines="100",
    )
    bench = Bench(campaign)
    bench.run(59.0)
    assert 25 <= len(bench.dialled) <= 30
    assert len(bench.under_way()) == 2, "and both have their part"


# --- turns ------------------------------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 200))
def test_calls_go_by_weight_among_equals(east: int, west: int, calls: int) -> None:
    turns = Turns({EAST: east, WEST: west})
    had: Counter[str] = Counter()
    for _ in range(calls):
        rooms = [Room(each, 99, turn=turns.at(each.switch or "")) for each in TRUNKS]
        found = routes.choose("+12025550001", rooms)
        assert isinstance(found, Route)
        had[found.trunk.switch or ""] += 1
        turns.take(found.trunk.switch or "")
    share = calls * east / (east + west)
    assert abs(had[EAST] - share) <= max(east, west)


def test_what_a_switch_missed_is_not_made_up_for() -> None:
    turns = Turns({})
    for _ in range(1000):
        turns.take(EAST)
    in_a_row = 0
    while turns.at(WEST) <= turns.at(EAST):
        turns.take(WEST)
        in_a_row += 1
    assert in_a_row <= BEHIND + 1


def test_cost_comes_before_a_turn() -> None:
    dear = Trunk.model_validate({**TRUNKS[1].model_dump(), "cost_a_minute": 1.0})
    found = routes.choose("+1202", [Room(TRUNKS[0], 1, turn=50.0), Room(dear, 1)])
    assert isinstance(found, Route) and found.trunk.name == "loop"
