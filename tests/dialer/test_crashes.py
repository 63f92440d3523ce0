"""Crashes at every step: no person is dialled twice, each attempt has exactly one final record."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calls.errors import CampaignError
from dialer import events
from dialer.proof.judge import judge
from tests.dialer.actors import Crash
from tests.dialer.checker import broken
from tests.dialer.conftest import Worlds, make_world, numbers
from tests.dialer.world import World

LEADS = 30


@pytest.mark.parametrize("fuse", [*range(1, 40), 55, 77, 111, 150])
def test_the_engine_is_killed_at_each_step(worlds: Worlds, fuse: int) -> None:
    world = worlds(20, 2, detect_machine="true")
    world.start()
    world.fuse = fuse
    world.run(3600)
    assert world.finished
    assert any(entry.kind == "crash" for entry in world.log)
    assert broken(world, per_person=3, at_end=True) == []


ANSWERS: dict[str, tuple[str, dict[str, str | None]]] = {
    "message": ("", {"detect_machine": "true", "machine": '"message"', "machine_message": '"news"'}),
    "engine": ("", {"detect_machine": "true", "detector": '"engine"'}),
    "broadcast": ('[pacing]\nmode = "broadcast"\n', {"queue": None, "safe_harbour": None, "flow": '"offer"'}),
}


@pytest.mark.parametrize("fuse", [*range(5, 40, 3), 77, 150])
@pytest.mark.parametrize("how", ANSWERS)
def test_the_engine_is_killed_in_what_follows_an_answer(worlds: Worlds, how: str, fuse: int) -> None:
    tables, changed = ANSWERS[how]
    world = worlds(20, 2, tables, **changed)
    world.start()
    world.fuse = fuse
    world.run(3600)
    assert world.finished
    assert any(entry.kind == "crash" for entry in world.log)
    assert broken(world, per_person=3, at_end=True) == []


@pytest.mark.parametrize("at", [0.3, 1.2, 2.5, 4.5, 7.0])
def test_the_switch_is_killed(worlds: Worlds, at: float) -> None:
    world = worlds(20, 3)
    world.start()
    world.run(at)
    up = len(world.channels)
    world.kill_switch()
    world.run(3600)
    assert world.finished
    assert broken(world, per_person=3, at_end=True) == []
    lost = world.db.execute("SELECT count(*) FROM calls WHERE outcome = 'pbx_lost'").fetchone()[0]
    assert lost == up


def run_until(world: World, kind: str, times: int) -> None:
    """Let time pass until the outside has seen ``kind`` that often."""
    while sum(entry.kind == kind for entry in world.log) < times:
        assert not world.finished
        world.run(0.05)


def test_the_engine_is_killed_again_as_a_talk_that_outlived_it_ends(worlds: Worlds) -> None:
    world = worlds(1, 1)
    world.talk_s = lambda: 60.0  # type: ignore[method-assign]  # longer than the engine is away
    world.start()
    run_until(world, "connect", 1)
    world.crash()
    run_until(world, "arrive", 2)
    world.crash()
    world.run(3600)
    assert world.finished
    assert broken(world, per_person=3, at_end=True) == []


def test_the_engine_is_killed_as_it_hears_that_two_have_met(worlds: Worlds) -> None:
    world = worlds(1, 1)
    world.start()
    core = world.core
    assert core is not None
    handle = core.handle

    def dies(event: events.Event, now: float) -> list[events.Action]:
        if isinstance(event, events.Connected):
            raise Crash
        return handle(event, now)

    core.handle = dies  # type: ignore[method-assign]  # this life of it only
    world.run(3600)
    assert any(entry.kind == "crash" for entry in world.log)
    assert world.finished
    assert broken(world, per_person=3, at_end=True) == []


class Machine(RuleBasedStateMachine):
    """Anything happens at any time; the world goes on."""

    world: World

    @initialize(agents=st.integers(1, 4), detect=st.booleans())
    def begin(self, agents: int, detect: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.world = make_world(Path(folder), LEADS, agents, detect_machine="true" if detect else "false")
        self.world.start()

    @rule(for_s=st.sampled_from([0.01, 0.1, 0.3, 1.0, 1.6, 4.0, 10.0, 40.0]))
    def time_passes(self, for_s: float) -> None:
        self.world.run(for_s)

    @rule(steps=st.integers(1, 12))
    def engine_dies_soon(self, steps: int) -> None:
        self.world.fuse = steps

    @rule()
    def engine_dies(self) -> None:
        self.world.crash()

    @rule()
    def switch_dies(self) -> None:
        self.world.kill_switch()

    @rule()
    def switch_is_lost(self) -> None:
        self.world.lose_switch()

    @rule(lead=st.integers(0, LEADS - 1))
    def forbid(self, lead: int) -> None:
        self.world.forbid(numbers(LEADS)[lead])

    @rule(away=st.booleans())
    def agents_go_or_come(self, away: bool) -> None:
        self.world.set_agents_away(away)

    @rule(waiting=st.integers(0, 2))
    def inbound_calls(self, waiting: int) -> None:
        self.world.set_inbound(waiting)

    @precondition(lambda self: self.world.core is not None)
    @rule(kind=st.sampled_from(["pause", "resume", "drain", "stop", "start"]))
    def order(self, kind: str) -> None:
        campaign = self.world.campaign
        orders: dict[str, events.Event] = {
            "pause": events.CampaignPaused(campaign.campaign_id),
            "resume": events.CampaignResumed(campaign.campaign_id),
            "drain": events.CampaignDraining(campaign.campaign_id),
            "stop": events.CampaignStopped(campaign.campaign_id),
            "start": events.CampaignStarted(campaign),
        }
        try:
            self.world.tell(orders[kind])
        except CampaignError as refused:
            assert campaign.id in str(refused)

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "world"):
            assert broken(self.world, per_person=3) == []

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self._to_the_end()
            self.world.db.close()

    def _to_the_end(self) -> None:
        world = self.world
        world.fuse = None
        world.set_inbound(0)
        world.run(60)
        world.set_agents_away(False)
        if not world.finished:
            self.order("start")
        world.run(7200)
        assert world.finished
        assert broken(world, per_person=3, at_end=True) == []
        assert judge(world.db, world.campaign.id, world.wall).breaches == []


Machine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnythingAtAnyTime = Machine.TestCase
