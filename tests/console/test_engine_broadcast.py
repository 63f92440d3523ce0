"""Broadcasts on the whole engine: who answers is led into a flow, and from there to an agent or off the list."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from calls.agents import events as ag
from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import AgentId
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import HangUp, Hear, Press, Step, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.port import EndedBy
from console import imports, operations
from console.imports import Import
from dialer import campaign as campaigns
from dialer import events as ev
from dialer.campaign import Campaign
from tests.console.held_time import held
from tests.console.world import World, adds_up, agent, settings_in, world_in

MAIN = "language: en\nstart: bye\nnodes:\n  bye: {hangup: [main.bye]}\n"

PRESS_ONE = """\
language: en
variables: {lead_name: "", lead_home_town: "nowhere"}
start: offer
nodes:
  offer: {menu: [news.offer], keys: {"1": keep, "9": stop}, first_key: 2s, noinput: [], failed: bye}
  keep: {branch: {'lead_name + lead_home_town == "AnnaSpringfield"': sales}, otherwise: bye}
  sales: {queue: sales, failed: bye, nobody: nobody, timeout: bye, closed: bye, next: bye}
  nobody: {hangup: [news.nobody], outcome: nobody}
  stop: {opt_out: call.customer, failed: bye, next: stopped}
  stopped: {hangup: [news.stopped], outcome: stopped}
  bye: {hangup: [system.goodbye]}
"""

CAMPAIGN = """\
name = "News"
list = "news"
flow = "press-one"
trunk = "loop"
caller_id = "+12025550199"
preset = "demo"
max_lines = 10
ring_timeout_s = 4
{more}
[pacing]
mode = "broadcast"
"""

LEADS = 'Phone,Name,Home town\n{number},"Ann\u2028a",Springfield\n'

PERSON, MACHINE = "+12025550100", "+12025550104"


def person(world: World, *steps: Step, number: str = PERSON) -> str:
    world.switch.meet(number, Callee(answer_after_s=1.0, talk_s=60.0, steps=steps))
    return number


@asynccontextmanager
async def broadcasting(folder: Path, more: str = "") -> AsyncIterator[World]:
    """A world with the flow and the campaign, and an agent who is not there."""
    (folder / "press-one.yaml").write_text(PRESS_ONE, encoding="utf-8")
    (folder / "news.toml").write_text(CAMPAIGN.format(more=more), encoding="utf-8")
    async with world_in(folder, agent("anna"), flow=MAIN) as world:
        yield world


async def broadcast(world: World, number: str) -> Campaign:
    engine = world.engine
    now = engine.clock.now()
    given = Import(list="news", file="news.csv")
    await imports.import_leads(engine.writer, io.BytesIO(LEADS.format(number=number).encode()), given, "me", now)
    campaign = campaigns.load(world.folder / "news.toml", world.settings)
    started = await operations.register(engine.writer, campaign, "me", now)
    engine.dialled.tell(ev.CampaignStarted(campaign, started.answered, started.abandoned))
    return campaign


@held
async def test_who_presses_one_talks_to_an_agent(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        await world.log_in("anna")
        number = person(world, Hear("news.offer"), Press("1"), Wait(5.0), HangUp())
        await broadcast(world, number)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.ended_by, record.agent_id) == (Outcome.ANSWERED, EndedBy.CALLER, "anna")
        assert (record.campaign_id, record.flow, record.queue) == ("news", "press-one", "sales")
        assert (record.called, record.caller, record.last_node) == (PERSON, "+12025550199", "sales")
        assert record.lead_id is not None and record.flow_version is not None
        assert record.connect_s == pytest.approx(0.0, abs=0.05)
        assert record.talk_s == pytest.approx(5.0, abs=0.1)
        assert adds_up(record) and not record.abandoned
        answered, offered = world.switch.diary.of(record.call_id, Seen.ANSWER, Seen.PROMPT)[1:3]
        assert offered.detail == "news.offer en"
        assert offered.at - answered.at < 0.1
        assert {"dialled", "arrived", "node_entered", "queue_served", "ended"} <= set(world.kinds(record.call_id))
        assert world.rows("SELECT state, outcome FROM attempts") == [("done", "answered")]


@held
async def test_the_flow_knows_the_lead(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        await world.log_in("anna")
        number = person(world, Hear("news.offer"), Press("1"), Wait(3.0), HangUp())
        await broadcast(world, number)
        await world.campaign_over()
        (branch,) = [e.detail for e in world.events(world.record().call_id) if e.kind == "branch"]
        assert branch["to"] == "sales"


@held
async def test_who_presses_nine_is_never_called_again(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        await broadcast(world, person(world, Hear("news.offer"), Press("9")))
        await world.campaign_over()
        assert world.rows("SELECT number, source FROM do_not_call") == [(PERSON, "flow")]
        assert world.record().last_node == "stopped"
        assert world.record().outcome is Outcome.ANSWERED


@held
async def test_the_key_counts_where_the_switch_does_not_say_whom_we_had_dialled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is for a call that a run of ours before this one had dialled."""
    told = vars(LoopbackCall)["info"].fget
    monkeypatch.setattr(LoopbackCall, "info", property(lambda call: replace(told(call), caller="", called="")))
    async with broadcasting(tmp_path) as world:
        await broadcast(world, person(world, Hear("news.offer"), Press("9")))
        await world.campaign_over()
        assert world.rows("SELECT number FROM do_not_call") == [(PERSON,)]


@held
async def test_a_queue_that_nobody_serves_has_a_way_out(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        await broadcast(world, person(world, Hear("news.offer"), Press("1")))
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.last_node, record.abandoned) == (Outcome.ANSWERED, "nobody", False)


@held
async def test_who_leaves_the_queue_has_abandoned(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        await world.log_in("anna")
        world.engine.floor.tell(ag.Pause(AgentId("anna"), "away"))
        await world.until(lambda: world.state("anna") == "paused")
        await broadcast(world, person(world, Hear("news.offer"), Press("1"), Wait(7.0), HangUp()))
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.queue) == (Outcome.ABANDONED, True, "sales")
        assert record.wait_s == pytest.approx(7.0, abs=0.2)
        assert world.rows("SELECT outcome FROM attempts") == [("abandoned",)]


@held
async def test_who_hears_all_and_presses_nothing_is_answered(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        await broadcast(world, person(world))
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.ended_by, record.abandoned) == (Outcome.ANSWERED, EndedBy.US, False)


@held
async def test_a_machine_is_left_a_message_and_no_flow(tmp_path: Path) -> None:
    more = 'detect_machine = true\nmachine = "message"\nmachine_message = "news.left"'
    async with broadcasting(tmp_path, more) as world:
        await broadcast(world, MACHINE)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.flow) == (Outcome.MACHINE, None)
        assert [each.detail for each in world.switch.diary.of(record.call_id, Seen.PROMPT)] == ["news.left en"]


@held
async def test_the_flow_of_a_running_campaign_may_be_gone_after_a_restart(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        number = person(world)
        world.engine.watch.store_said("no room on the disk")  # nothing is dialled yet
        await broadcast(world, number)
        await asyncio.sleep(1.0)
        await world.engine.stop()
        (tmp_path / "news.toml").unlink()
        world.load_flows()
        await world.start()
        await world.campaign_over()
        record = world.record()
        prompts = [each.detail for each in world.switch.diary.of(record.call_id, Seen.PROMPT)]
        assert prompts == ["system.sorry en"]
        assert (record.outcome, record.ended_by) == (Outcome.ANSWERED, EndedBy.US)


@held
async def test_a_crash_leaves_who_was_in_the_flow_counted_as_abandoned(tmp_path: Path) -> None:
    """Nobody knows what they heard of it, and no agent is known to have come."""
    async with broadcasting(tmp_path) as world:
        await broadcast(world, person(world))
        await world.until(lambda: world.engine.status().campaigns[0].in_flow == 1)
        await world.kill()
        await world.start()
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.agent_id) == (Outcome.ABANDONED, True, None)
        assert "doubt" in world.kinds(record.call_id)
        assert len(world.rows("SELECT * FROM attempts")) == 1


@held
async def test_a_crash_leaves_a_talk_out_of_the_flow_to_its_people(tmp_path: Path) -> None:
    async with broadcasting(tmp_path) as world:
        await world.log_in("anna")
        await broadcast(world, person(world, Hear("news.offer"), Press("1"), Wait(8.0), HangUp()))
        await world.until(lambda: world.state("anna") == "talking")
        await asyncio.sleep(1.0)
        await world.kill()
        await world.start()
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.agent_id) == (Outcome.ANSWERED, False, "anna")
        assert record.talk_s == pytest.approx(8.0, abs=0.3)


def test_a_flow_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, [agent("anna")])
    path = tmp_path / "news.toml"
    path.write_text(CAMPAIGN.format(more=""), encoding="utf-8")
    with pytest.raises(CampaignError, match=r"no flow press-one: there is no file press-one\.yaml") as problem:
        operations.check_campaign(path, settings)
    assert problem.value.where.line == 3
