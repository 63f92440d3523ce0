"""A whole engine on two switches: homes, weights, one that is lost, dies or comes later, and a restart of ours."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from calls.agents import events as ag
from calls.causes import Outcome
from calls.errors import UserError
from calls.ids import AgentId, CallId
from calls.settings import AgentSettings
from calls.switch.events import EventHandler
from calls.switch.loopback.callers import HangUp, Press, Wait
from calls.switch.port import CallHandler, Seat
from console.engine.metrics import exposition
from console.engine.transfers import Target, To
from tests.console.held_time import held
from tests.console.two_switches import EAST, WEST, TwoWorld, at_home, two

TALKS = [f"+12025550{index:02d}0" for index in range(60)]
"""People who answer after a second and talk for three."""

ANN, BEN = AgentId("ann"), AgentId("ben")


@asynccontextmanager
async def both(folder: Path, *agents: AgentSettings, weights: tuple[int, int] = (1, 1)) -> AsyncIterator[TwoWorld]:
    world = TwoWorld(folder, two(folder, agents or (at_home(EAST, "ann"), at_home(WEST, "ben")), weights))
    await world.start()
    try:
        yield world
    finally:
        await world.engine.stop()
        world.close()


def engine_calls(world: TwoWorld) -> Counter[str]:
    return Counter(each.switch for each in world.engine.status().calls)


@held
async def test_calls_and_agents_meet_on_their_own_switch_only(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        await world.over_both(*TALKS[:8])
        await world.campaign_over()
        assert world.by_switch() == {(EAST, "answered"): 4, (WEST, "answered"): 4}
        homes = {(each.switch, each.agent_id) for each in world.records()}
        assert homes == {(EAST, "ann"), (WEST, "ben")}
        assert sorted(world.invited(EAST) + world.invited(WEST)) == TALKS[:8]


@held
async def test_nobody_is_dialled_where_no_agent_is(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ben")
        await world.over_both(*TALKS[:5])
        await world.campaign_over()
        assert world.by_switch() == {(WEST, "answered"): 5}
        assert not any(each.abandoned for each in world.records())


@held
async def test_a_broadcast_goes_by_the_weights_of_the_switches(tmp_path: Path) -> None:
    async with both(tmp_path, weights=(3, 1)) as world:
        (tmp_path / "news.yaml").write_text("language: en\nstart: bye\nnodes: {bye: {hangup: [system.goodbye]}}\n")
        world.load_flows()
        campaign = '[pacing]\nmode = "broadcast"\n'
        await world.campaign(
            *TALKS[:24], tables=campaign, flow='"main"', queue=None, trunk=None, trunks='["loop", "second"]',
            max_lines="4", safe_harbour=None, caller_id='"+12025550100"',
        )  # fmt: skip
        await world.campaign_over()
        assert (len(world.invited(EAST)), len(world.invited(WEST))) == (18, 6)


@held
async def test_a_switch_that_dies_ends_its_own_calls_and_takes_dials_again_when_it_is_back(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        await world.over_both(*TALKS[:20])
        await world.until(lambda: (world.state("ann"), world.state("ben")) == ("talking", "talking"))
        talks = {each.agent: each.call_id for each in world.engine.status().calls}
        world.both[EAST].crash()
        await asyncio.sleep(0.1)
        status = world.engine.status()
        assert not status.not_ready and not status.hold, "the other dials on"
        shown = {each.name: each for each in status.switches}
        assert (bool(shown[EAST].down), shown[WEST].down) == (True, "")
        assert talks["ben"] in {each.call_id for each in status.calls}
        before, of_the_other = len(world.invited(EAST)), len(world.invited(WEST))
        await asyncio.sleep(8.0)
        assert len(world.invited(EAST)) == before, "and this one takes none"
        went_on = len(world.invited(WEST))
        world.both[EAST].reconnect()
        await world.until(lambda: world.state("ann") == "ready")
        await world.campaign_over()
        assert len(world.invited(EAST)) > before
        assert went_on > of_the_other
        everybody = world.invited(EAST) + world.invited(WEST)
        assert Counter(everybody) == dict.fromkeys(TALKS[:20], 1), "nobody was dialled twice"
        assert Counter(each.called for each in world.records()) == dict.fromkeys(TALKS[:20], 1)
        assert world.by_switch()[EAST, "pbx_lost"] == 1
        assert world.by_switch()[WEST, "pbx_lost"] == 0
        assert world.open_calls() == []


@held
async def test_a_restart_of_ours_finds_what_is_up_on_each_switch_by_its_own_run(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        await world.over_both(*TALKS[:6])
        await world.until(lambda: (world.state("ann"), world.state("ben")) == ("talking", "talking"))
        await world.kill()
        world.both[WEST].crash()
        world.both[WEST].reconnect()
        await world.start()
        assert world.state("ann") == "talking", "her call has gone on"
        await world.until(lambda: world.state("ben") == "ready")
        await world.campaign_over()
        assert Counter(world.invited(EAST) + world.invited(WEST)) == dict.fromkeys(TALKS[:6], 1)
        assert Counter(each.called for each in world.records()) == dict.fromkeys(TALKS[:6], 1)
        lost = [each for each in world.records() if each.outcome is Outcome.PBX_LOST]
        assert [each.switch for each in lost] == [WEST]
        assert world.rows("SELECT count(*) FROM attempts WHERE state <> 'done'") == [(0,)]


@held
async def test_a_switch_that_comes_later_is_settled_then_and_the_other_does_not_wait(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        await world.over_both(*TALKS[:6])
        await world.until(lambda: (world.state("ann"), world.state("ben")) == ("talking", "talking"))
        await world.kill()
        west = world.both[WEST]
        engine = world.make_engine()
        start = west.start
        gate = asyncio.Event()

        async def late(on_event: EventHandler, on_call: CallHandler) -> None:
            await gate.wait()
            await start(on_event, on_call)

        west.start = late  # type: ignore[method-assign]
        await engine.start()
        await world.until(lambda: not engine.watch.not_ready())
        assert engine.watch.unsettled == {WEST}
        with pytest.raises(UserError, match="switch west, where ben is reached, is not there yet"):
            engine.require_settled(BEN)
        engine.require_settled(ANN)
        assert [row[0] for row in world.rows("SELECT switch FROM attempts WHERE state <> 'done'")].count(WEST) == 1
        await world.until(lambda: world.state("ann") == "ready")
        gate.set()
        await world.until(lambda: not engine.watch.unsettled)
        await world.until(lambda: world.state("ben") == "ready")
        await world.campaign_over()
        assert Counter(each.called for each in world.records()) == dict.fromkeys(TALKS[:6], 1)
        assert Counter(world.invited(EAST) + world.invited(WEST)) == dict.fromkeys(TALKS[:6], 1)


@held
async def test_agents_of_a_switch_that_is_not_there_are_kept_over_another_start(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        await world.kill()
        west = world.both[WEST]
        start = west.start

        async def never(on_event: EventHandler, on_call: CallHandler) -> None:
            await asyncio.Event().wait()

        west.start = never  # type: ignore[method-assign]
        engine = world.make_engine()
        await engine.start()
        await world.until(lambda: engine.watch.unsettled == {WEST})
        await asyncio.sleep(300)
        engine.floor.tell(ag.Pause(AgentId("ann"), "lunch"))
        engine.floor.tell(ag.Unpause(AgentId("ann")))
        await world.settled()
        await world.kill()
        west.start = start  # type: ignore[method-assign]
        await world.start()
        await world.until(lambda: (world.state("ann"), world.state("ben")) == ("ready", "ready"))
        ready = world.rows("SELECT max(duration_s) < 60 FROM agent_states WHERE state = 'ready' AND agent_id = 'ben'")
        assert ready == [(1,)], "not until the run after it was last seen: nobody knows of that time"
        assert world.rows("SELECT agent_id, count(*) FROM agent_states WHERE duration_s IS NULL GROUP BY 1") == [
            ("ann", 1),
            ("ben", 1),
        ]


@held
async def test_what_was_left_on_a_switch_that_the_settings_lost_is_over(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        await world.over_both(*TALKS[:2])
        await world.until(lambda: (world.state("ann"), world.state("ben")) == ("talking", "talking"))
        await world.kill()
        now = world.settings
        world.settings = now.model_copy(
            update={
                "switches": now.switches[:1],
                "trunks": now.trunks[:1],
                "agents": now.agents[:1],
            }
        )
        west = world.both.pop(WEST)
        await world.start()
        await world.until(lambda: world.rows("SELECT count(*) FROM attempts WHERE state <> 'done'") == [(0,)])
        await world.settled()
        assert world.by_switch() == {(EAST, "answered"): 1, (WEST, "lost"): 1}
        await west.stop()


# --- callers ------------------------------------------------------------------------------------------------------


@held
async def test_callers_of_each_switch_wait_for_its_own_agents(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ben")
        west = world.call_on(WEST, Wait(1.0), Press("2"), Wait(8.0), HangUp())
        east = world.call_on(EAST, Wait(1.0), Press("2"), Wait(8.0), HangUp())
        await west.over()
        await east.over()
        await world.settled()
        found = {each.switch: each for each in world.records()}
        assert found[WEST].agent_id == "ben"
        assert found[EAST].agent_id is None
        assert "nobody" in str(world.events(found[EAST].call_id)), "in the east nobody is there, and that is said"


@held
async def test_a_switch_that_is_lost_leaves_the_callers_of_the_other_alone(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        call = world.call_on(WEST, Wait(1.0), Press("2"), Wait(8.0), HangUp())
        await world.until(lambda: world.state("ben") == "talking")
        world.both[EAST].disconnect()
        await call.over()
        world.both[EAST].reconnect()
        await world.settled()
        assert world.record().outcome is Outcome.ANSWERED
        await world.until(lambda: world.state("ann") == "ready")


@held
async def test_nobody_is_handed_on_to_where_the_call_is_not(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ann", "ben")
        call = world.call_on(WEST, Wait(1.0), Press("2"), Wait(20.0), HangUp())
        await world.until(lambda: world.state("ben") == "talking")
        engine = world.engine
        with pytest.raises(UserError, match="ann is reached on switch east, the caller is on west"):
            await engine.transfers.order(BEN, Target(To.AGENT, "ann"), "me")
        await engine.transfers.order(BEN, Target(To.DESTINATION, "boss"), "me")
        await call.over()
        await world.settled()
        events = world.events(world.record().call_id)
        failed = [each.detail for each in events if each.kind == "transfer_failed"]
        assert failed == [{"to": "destination", "reason": "unavailable"}], "boss is dialled from the east alone"


@held
async def test_a_flow_that_transfers_where_the_switch_cannot_goes_on(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        east = world.call_on(EAST, Wait(1.0), Press("3"), Wait(20.0), HangUp())
        west = world.call_on(WEST, Wait(1.0), Press("3"), Wait(20.0), HangUp())
        await east.over()
        await west.over()
        await world.settled()
        talked = {each.switch: each.talk_s for each in world.records()}
        assert talked[EAST] > 0 and talked[WEST] == 0
        assert {each.outcome for each in world.records()} == {Outcome.ANSWERED}


@held
async def test_a_supervisor_hears_the_talks_of_the_own_switch(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        await world.log_in("ben")
        call = world.call_on(WEST, Wait(1.0), Press("2"), Wait(10.0), HangUp())
        await world.until(lambda: world.state("ben") == "talking")
        (talk,) = world.engine.status().calls
        with pytest.raises(UserError, match="the phone of sue is on switch east, the talk on west"):
            await world.engine.supervision.supervise(CallId(talk.call_id), "sue", Seat.LISTEN, "me")
        await call.over()
        await world.settled()


# --- shown --------------------------------------------------------------------------------------------------------


@held
async def test_each_switch_is_shown_and_counted(tmp_path: Path) -> None:
    async with both(tmp_path, weights=(2, 1)) as world:
        await world.log_in("ann", "ben")
        call = world.call_on(WEST, Wait(1.0), Press("2"), Wait(10.0), HangUp())
        await world.until(lambda: world.state("ben") == "talking")
        world.both[EAST].disconnect("pulled")
        await asyncio.sleep(0.1)
        status = world.engine.status()
        assert [(each.name, each.weight, each.down, each.calls) for each in status.switches] == [
            (EAST, 2, "pulled", 0),
            (WEST, 1, "", 1),
        ]
        assert len({each.boot for each in status.switches}) == 2
        assert engine_calls(world) == {WEST: 1}
        assert {each.id: each.switch for each in status.agents} == {"ann": EAST, "ben": WEST}
        assert {each.name: each.switch for each in status.trunks} == {"loop": EAST, "second": WEST}
        text = exposition(world.engine)[0].decode()
        assert 'callwright_switch_up{switch="east"} 0.0' in text
        assert 'callwright_switch_dials{switch="west"} 1.0' in text
        assert 'callwright_switch_calls{switch="west"} 1.0' in text
        await call.over()
        world.both[EAST].reconnect()
        await world.settled()


@held
async def test_an_agent_logs_in_only_where_the_switch_is(tmp_path: Path) -> None:
    async with both(tmp_path) as world:
        world.both[EAST].disconnect("pulled")
        await asyncio.sleep(0.1)
        world.engine.floor.tell(ag.LogIn(ANN))
        await asyncio.sleep(5.0)
        assert world.state("ann") == "logged_out"
        world.both[EAST].reconnect()
        await world.until(lambda: world.state("ann") == "ready")
