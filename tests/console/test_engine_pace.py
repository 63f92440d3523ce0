"""The pace of a campaign while an engine runs it: modes, skills, schedules, changes, over a restart."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from calls.agents.events import LogIn, Pause
from calls.agents.view import FloorView
from calls.errors import CampaignError
from calls.ids import AgentId
from console import campaign_control
from console.campaign_show import CampaignDetail, detail
from console.campaign_why import decided_since
from dialer import control
from dialer import events as ev
from dialer.pacing import Predictive, Snapshot
from dialer.reasons import MOST_KINDS
from tests.console.held_time import held
from tests.console.world import World, agent, world_in

TALKS = [f"+120255501{each}0" for each in range(10)]
MORE = [f"+1{area}5550100" for area in (203, 205, 206, 207, 208, 209, 210, 212, 213, 214)]
PREDICTIVE = "{mode = 'predictive'}"


async def changed(world: World, **changes: control.Value) -> str:
    """As the API does it."""
    now, settings = world.engine.clock.now(), world.settings
    wanted = {key.replace("__", "."): value for key, value in changes.items()}
    campaign, done = await world.engine.writer.run(
        lambda db: campaign_control.change(db, "autumn", wanted, settings, "anna", now)
    )
    world.engine.dialled.tell(ev.CampaignRenewed(campaign))
    return done.said


async def shown(world: World) -> CampaignDetail:
    now = world.engine.clock.now()
    view = next(iter(world.engine.dialled.core.view(world.engine.clock.monotonic_s()).campaigns), None)
    return await world.engine.writer.run(lambda db: detail(db, "autumn", view, now))


@held
@pytest.mark.parametrize("pacing", ["{mode = 'power', ratio = 2}", PREDICTIVE])
async def test_a_list_is_dialled_to_its_end(tmp_path: Path, pacing: str) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await world.log_in("anna")
        await world.log_in("ben")
        await world.campaign(*TALKS, pacing=pacing)
        await world.campaign_over()
        found = await shown(world)
        assert sum(found.outcomes.values()) >= len(TALKS)
        assert found.leads_left == 0
        assert found.state == "finished"


@held
async def test_a_change_holds_at_once_and_over_a_restart(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(*TALKS)
        assert "pacing.mode = manual" in await changed(world, pacing__mode="manual", weight=5)
        found = await shown(world)
        assert found.reason.startswith("manual")
        assert (found.changes, found.weight) == ({"pacing.mode": "manual", "weight": 5}, 5)
        await world.engine.stop()
        await world.start()
        found = await shown(world)
        assert (found.state, found.pacing["mode"]) == ("running", "manual")
        kept = world.rows(
            "SELECT who, json_extract(detail, '$.changes.weight') FROM audit WHERE what = 'campaign.set'"
        )
        assert kept == [("anna", 5)]
        with pytest.raises(CampaignError, match="weight: expected a whole number"):
            await changed(world, weight=0)


@held
async def test_what_was_learnt_is_there_after_a_restart(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(*TALKS, pacing=PREDICTIVE)
        await asyncio.sleep(20.0)
        await world.engine.stop()
        await world.start()
        kept = json.loads(str(world.rows("SELECT state FROM pacing_states")[0][0]))
        assert kept["predictive"]["learnt"]["persons"] > 5.0
        learnt = world.engine.dialled.core.learnt()
        assert learnt["autumn"]["predictive"]["learnt"]["persons"] >= kept["predictive"]["learnt"]["persons"]  # type: ignore[index]


@held
async def test_a_campaign_begins_and_ends_by_its_schedule(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(*TALKS, *MORE, schedule="{days = {mon-sun = '12:01-12:02'}}")
        await asyncio.sleep(50.0)
        found = await shown(world)
        assert "outside its schedule: opens" in found.reason
        assert (found.outcomes, found.state) == ({}, "running")
        assert found.opens_at is not None
        await asyncio.sleep(25.0)
        assert (await shown(world)).outcomes != {}
        await asyncio.sleep(60.0)
        found = await shown(world)
        assert "outside its schedule: opens" in found.reason
        assert found.leads_left > 0


@held
async def test_the_policy_hears_of_announced_breaks_and_of_the_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, decide = list[Snapshot](), Predictive.decide

    def watched(policy: Predictive, snapshot: Snapshot) -> int:
        seen.append(snapshot)
        return decide(policy, snapshot)

    monkeypatch.setattr(Predictive, "decide", watched)
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await world.log_in("anna", "ben")
        world.engine.floor.tell(Pause(AgentId("ben"), "lunch", at := world.engine.clock.monotonic_s() + 30.0))
        await world.campaign(*TALKS, *MORE, pacing=PREDICTIVE, schedule="{zone = 'Asia/Kolkata'}")
        await asyncio.sleep(20.0)
        assert {each.leaving_at_s for each in seen if each.at_s > at - 25.0} == {(at,)}
        assert {each.local_hour for each in seen[2:]} == {17}, "the world's noon in UTC"
        assert [each.leaves_in_s for each in world.engine.status().agents if each.id == "ben"] != [None]
        await world.until(lambda: world.state("ben") == "paused")
        await world.campaign_over()
        assert seen[-1].leaving_at_s == ()


@held
async def test_an_agent_is_kept_for_each_dial(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await world.log_in("anna")
        await world.log_in("ben")
        await world.campaign(*TALKS[:4], pacing="{mode = 'zero-abandon'}")
        await world.until(lambda: world.state("anna") == "reserved")
        await asyncio.sleep(0.5)
        assert (world.state("anna"), world.state("ben")) == ("reserved", "reserved"), "while it rings"
        await world.campaign_over()
        found = await shown(world)
        assert found.outcomes == {"answered": 4}
        assert found.abandonment.abandoned == 0
        await world.until(lambda: (world.state("anna"), world.state("ben")) == ("ready", "ready"))


@held
async def test_who_is_not_reached_gives_the_agent_back(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign("+12025550105", "+12025550106", pacing="{mode = 'zero-abandon'}")
        await world.campaign_over()
        await world.until(lambda: world.state("anna") == "ready")
        assert (await shown(world)).outcomes == {"busy": 1, "no_answer": 1}


@held
async def test_while_there_are_only_callers_nobody_looks_at_the_whole_floor(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        looks = 0
        view = world.engine.floor.view

        def counted() -> FloorView:
            nonlocal looks
            looks += 1
            return view()

        world.engine.floor.view = counted  # type: ignore[method-assign]
        world.engine.dialled._view_floor = counted
        world.engine.floor.tell(LogIn(AgentId("anna")))
        await asyncio.sleep(5.0)
        assert looks == 0
        await world.campaign(*TALKS[:1])
        await world.campaign_over()
        assert looks > 0
        assert world.rows("SELECT outcome FROM attempts") == [("answered",)], "the agent of before is known"


@held
async def test_a_campaign_that_fits_no_more_holds_up_no_start(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.campaign(*TALKS[:1])
        await world.until(lambda: world.rows("SELECT state FROM campaigns") == [("running",)])
        await world.engine.stop()
        as_it_was = world.settings
        for without in ({"trunks": ()}, {"queues": (), "agents": ()}):
            world.settings = as_it_was.model_copy(update=without)
            await world.start()
            assert world.engine.status().not_ready == ()
            assert world.campaign_state() == "none"
            await world.engine.stop()
        world.settings = as_it_was
        await world.start()
        assert world.campaign_state() == "running", "the store has kept what it was"


@held
async def test_why_nothing_was_dialled_is_kept_too(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.campaign(*TALKS)
        await asyncio.sleep(5.0)
        await world.engine.pace.keep()
        await world.log_in("anna")
        await asyncio.sleep(10.0)
        await world.engine.pace.keep()
        now = world.engine.clock.now()
        found = await world.engine.writer.run(
            lambda db: decided_since(db, "autumn", now - timedelta(minutes=10), 100)
        )
        assert any("no free agent" in each.reason and not each.dials for each in found)
        assert any("free agents: 1" in each.reason and each.dials for each in found)
        assert all(each.from_at <= each.until_at <= now for each in found)
        assert len(found) <= 3 * (MOST_KINDS + 1)
        with pytest.raises(CampaignError, match="winter"):
            await world.engine.writer.run(lambda db: decided_since(db, "winter", now, 100))
