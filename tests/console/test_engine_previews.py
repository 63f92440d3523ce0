"""Agents who dial, on the whole engine: a lead is shown, or a number is given; the agent is always there first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from calls.agents.events import Pause
from calls.causes import Outcome
from calls.errors import UserError
from calls.ids import AgentId, CampaignId
from calls.people import do_not_call
from calls.switch.loopback.callers import Press
from calls.switch.loopback.diary import Seen
from console.agent_dials import DialOrder, PreviewShown
from console.engine import api
from dialer import events as ev
from tests.console.held_time import held
from tests.console.world import FLOW, World, agent, world_in

ANN, BOB = AgentId("ann"), AgentId("bob")
ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550111"
BUSY, SILENT = "+12025550105", "+12025550103"


def preview(**keys: object) -> str:
    """The tables of a campaign that shows leads."""
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    return f'[pacing]\nmode = "preview"\n\n[preview]\n{lines}'


MANUAL = '[pacing]\nmode = "manual"\n'


def invites(world: World) -> list[str]:
    return [entry.detail for entry in world.switch.diary.entries if entry.seen is Seen.INVITE and "+" in entry.detail]


def dialled(world: World) -> list[str]:
    """The numbers that were dialled, in order."""
    return [str(number) for (number,) in world.rows("SELECT number FROM attempts ORDER BY intended_at, rowid")]


def roll(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT number, state FROM campaign_leads JOIN leads USING (lead_id) ORDER BY position")


async def shown(world: World, who: AgentId) -> PreviewShown:
    """What the agent looks at, as soon as there is something."""

    def is_shown() -> bool:
        try:
            world.engine.previews.shown(who)
        except UserError:
            return False
        return True

    await world.until(is_shown, 20.0)
    return world.engine.previews.shown(who)


def looks_at_none(world: World, who: AgentId) -> bool:
    with pytest.raises(UserError, match="looks at no lead"):
        world.engine.previews.shown(who)
    return True


@held
async def test_a_lead_is_shown_dialled_and_talked_to(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, TWO, tables=preview())
        lead = await shown(world, ANN)
        assert (lead.number, lead.campaign, lead.tries, lead.left_s) == (ONE, "autumn", 0, None)
        assert world.state("ann") == "reserved" and world.engine.previews.view() == {ANN: lead.lead}
        await asyncio.sleep(120.0)
        assert invites(world) == [], "nobody but the agent says when"
        (queue,) = world.engine.floor.view().queues
        assert queue.waiting == (), "nobody waits"
        done = await world.engine.previews.dial(ANN)
        assert done.said.startswith(f"agent ann: {ONE} is dialled in call id-")
        assert looks_at_none(world, ANN) and world.engine.previews.view() == {}
        await world.until(lambda: world.state("ann") == "talking", 20.0)
        await world.until(lambda: world.state("ann") == "wrap_up", 60.0)
        assert (await shown(world, ANN)).number == TWO
        await world.until(lambda: len(world.records()) == 1, 10.0)
        record = world.record()
        assert (record.called, record.agent_id, record.outcome) == (ONE, "ann", Outcome.ANSWERED)
        assert record.connect_s is not None and record.connect_s < 0.5 and not record.abandoned
        ((decision,),) = world.rows("SELECT decision FROM attempts")
        why = json.loads(str(decision))
        assert (why["agent"], why["mode"]) == ("ann", "preview") and "do_not_call" in why["allowed_by"]


@held
async def test_a_lead_that_is_edited_is_shown_anew_and_a_removed_one_no_more(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, TWO, tables=preview())
        assert (await shown(world, ANN)).number == ONE
        transport = httpx.ASGITransport(api.control(world.engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as engine:
            path = "/v1/lists/autumn/leads/%2B12025550101"
            answer = await engine.patch(path, json={"numbers": [{"number": THREE}], "name": "Mill"})
            assert answer.status_code == 200, answer.text
            await world.until(lambda: ANN in world.engine.previews.view(), 20.0)
            lead = await shown(world, ANN)
            assert (lead.number, lead.name) == (THREE, "Mill")
            assert (await engine.delete(path)).status_code == 409, "it has another number now"
            assert (await engine.delete("/v1/lists/autumn/leads/%2B12025550111")).status_code == 200
            assert (await shown(world, ANN)).number == TWO
            assert (await world.engine.previews.dial(ANN)).said.startswith(f"agent ann: {TWO} is dialled")
            refused = await engine.delete("/v1/lists/autumn/leads/%2B12025550102")
            assert refused.status_code == 409 and "remove it when that is over" in refused.json()["problem"]
        await world.until(lambda: len(world.records()) == 1, 60.0)
        assert dialled(world) == [TWO]


@held
async def test_no_two_agents_have_the_same_lead_and_a_skipped_one_rests(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), agent("bob")) as world:
        await world.log_in("ann", "bob")
        await world.campaign(ONE, TWO, THREE, tables=preview(skipped_rest_s=600))
        first = {(await shown(world, who)).number for who in (ANN, BOB)}
        assert first == {ONE, TWO}
        skipped = await shown(world, ANN)
        done = await world.engine.previews.skip(ANN, "not at this hour")
        assert done.said == f"agent ann: lead {skipped.lead} is skipped"
        assert (await shown(world, ANN)).number == THREE
        ((actor, detail),) = world.rows("SELECT who, detail FROM audit WHERE what = 'preview.skip'")
        assert actor == "ann" and json.loads(str(detail))["reason"] == "not at this hour"
        await world.engine.previews.skip(ANN, "no")
        await asyncio.sleep(300.0)
        assert looks_at_none(world, ANN) and world.state("ann") == "ready"
        await asyncio.sleep(310.0)
        assert (await shown(world, ANN)).number == skipped.number


@pytest.mark.parametrize("auto", ["dial", "skip"])
@held
async def test_when_the_time_is_over(tmp_path: Path, auto: str) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, TWO, tables=preview(seconds=10, auto=auto))
        first = await shown(world, ANN)
        assert first.left_s is not None and 9.0 < first.left_s <= 10.0
        await asyncio.sleep(9.5)
        assert invites(world) == [] and world.engine.previews.shown(ANN).number == ONE
        await asyncio.sleep(1.0)
        if auto == "dial":
            assert dialled(world) == [ONE]
        else:
            assert dialled(world) == [] and world.engine.previews.shown(ANN).number == TWO


@held
async def test_who_is_busy_is_retried_by_the_file_and_the_agent_is_free(tmp_path: Path) -> None:
    tables = preview() + "[retries.busy]\nafter_s = 60\ntimes = 1\n"
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(BUSY, tables=tables)
        await shown(world, ANN)
        await world.engine.previews.dial(ANN)
        await world.until(lambda: world.state("ann") == "ready", 20.0)
        await asyncio.sleep(50.0)
        again = await shown(world, ANN)
        assert (again.number, again.tries, again.last_outcome) == (BUSY, 1, "busy")


@held
async def test_a_rule_that_came_up_meanwhile_refuses_with_its_name(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, TWO, tables=preview())
        await shown(world, ANN)
        await forbid(world, ONE)
        with pytest.raises(UserError, match="not dialled: the rule do_not_call refuses it for good"):
            await world.engine.previews.dial(ANN)
        assert (await shown(world, ANN)).number == TWO
        assert invites(world) == [] and roll(world)[0] == (ONE, "refused")


async def forbid(world: World, number: str) -> None:
    entry = do_not_call.Entry(number, "file", "", world.engine.clock.now(), "me")
    await world.engine.writer.run(lambda db: do_not_call.add(db, entry))


@held
async def test_a_caller_who_waits_has_the_agent_who_only_looks(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), agent("bob")) as world:
        await world.log_in("ann", "bob")
        await world.campaign(ONE, TWO, tables=preview())
        await shown(world, ANN)
        last = await shown(world, BOB)
        call = world.call(Press("2"))
        await world.until(lambda: world.state("bob") == "talking", 10.0)
        assert looks_at_none(world, BOB) and world.engine.previews.shown(ANN).number != last.number
        assert roll(world) == [(ONE, "new"), (TWO, "new")]
        call.far_hangs_up()
        assert (await shown(world, BOB)).number == last.number


@held
async def test_a_caller_whom_the_agent_cannot_serve_takes_no_lead_away(tmp_path: Path) -> None:
    flow = FLOW.replace("queue: sales, announce", "queue: sales, skills: [german], announce")
    assert flow != FLOW
    bob = agent("bob").model_copy(update={"skills": {"german": 3}})
    async with world_in(tmp_path, agent("ann"), bob, flow=flow) as world:
        await world.log_in("ann")
        await world.campaign(ONE, tables=preview())
        await shown(world, ANN)
        world.call(Press("2"))
        for _ in range(10):
            await asyncio.sleep(0.9)
            assert world.engine.previews.shown(ANN).number == ONE
            assert world.state("ann") == "reserved"


@held
async def test_who_may_look_on_keeps_leg_and_lead_for_hours(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, tables=preview())
        lead = (await shown(world, ANN)).lead
        legs = [each.leg_id for each in world.engine.floor.view().agents]
        await asyncio.sleep(2.5 * 3600.0)
        assert (await shown(world, ANN)).lead == lead
        assert [each.leg_id for each in world.engine.floor.view().agents] == legs


@held
async def test_who_leaves_leaves_the_lead(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, TWO, tables=preview())
        await shown(world, ANN)
        world.engine.floor.tell(Pause(ANN, "break"))
        await world.until(lambda: world.state("ann") == "paused", 5.0)
        assert looks_at_none(world, ANN), "who wants a break has no lead"
        assert roll(world) == [(ONE, "new"), (TWO, "new")]


@pytest.mark.parametrize("order", [ev.CampaignPaused, ev.CampaignStopped, ev.CampaignDraining])
@held
async def test_a_campaign_that_stops_takes_its_leads_back_within_a_second(
    tmp_path: Path, order: type[ev.CampaignPaused | ev.CampaignStopped | ev.CampaignDraining]
) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, tables=preview())
        await shown(world, ANN)
        world.engine.dialled.tell(order(CampaignId("autumn")))
        await asyncio.sleep(1.05)
        assert looks_at_none(world, ANN) and world.state("ann") == "ready"
        assert roll(world) == [(ONE, "new")]
        with pytest.raises(UserError, match="looks at no lead"):
            await world.engine.previews.dial(ANN)


@held
async def test_outside_its_schedule_a_campaign_shows_no_lead_and_says_why(tmp_path: Path) -> None:
    schedule = '[schedule]\ndays = {mon-fri = "09:00-12:01"}\n'
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, tables=f"{preview()}\n{schedule}")
        await shown(world, ANN)
        await asyncio.sleep(62.0)
        assert looks_at_none(world, ANN) and world.state("ann") == "ready"
        with pytest.raises(UserError, match="outside its schedule"):
            await world.engine.agent_dials.dial(ANN, DialOrder(number=TWO))
        assert dialled(world) == []


@held
async def test_an_engine_that_is_killed_gives_its_leads_back(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), agent("bob")) as world:
        await world.log_in("ann", "bob")
        await world.campaign(ONE, TWO, tables=preview())
        before = {(await shown(world, who)).number for who in (ANN, BOB)}
        await world.kill()
        await world.start()
        await world.until(lambda: world.campaign_state() == "running", 10.0)
        after = {(await shown(world, who)).number for who in (ANN, BOB)}
        assert before == after == {ONE, TWO}
        await world.engine.previews.dial(ANN)
        await world.until(lambda: world.state("ann") == "talking", 20.0)
        assert len(dialled(world)) == 1


@held
async def test_an_agent_whose_leg_is_lost_leaves_the_lead_to_the_next(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), agent("bob")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, tables=preview())
        await shown(world, ANN)
        await world.log_in("bob")
        await asyncio.sleep(1.0)
        assert looks_at_none(world, BOB)
        leg = next(each.leg_id for each in world.engine.floor.view().agents if each.agent_id == ANN)
        assert leg is not None
        await world.switch.hang_up(leg)
        assert (await shown(world, BOB)).number == ONE
        assert looks_at_none(world, ANN)


@held
async def test_a_phone_is_rung_before_the_lead_is_shown(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann", mode="on_hook")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, tables=preview())
        await shown(world, ANN)
        assert next(each.leg_id for each in world.engine.floor.view().agents) is not None
        await world.engine.previews.dial(ANN)
        await world.until(lambda: world.state("ann") == "talking", 20.0)


# --- by hand ------------------------------------------------------------------------------------------------------


async def by_hand(world: World, **order: str) -> str:
    return (await world.engine.agent_dials.dial(ANN, DialOrder.model_validate(order))).said


@held
async def test_a_number_by_hand_is_written_down_dialled_and_talked_to(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), agent("bob")) as world:
        await world.log_in("bob", "ann")
        await world.campaign(TWO, tables=MANUAL)
        await asyncio.sleep(5.0)
        assert invites(world) == [], "nothing is dialled by itself"
        said = await by_hand(world, number="+1 202 555 0101")
        assert said.startswith(f"agent ann: {ONE} is dialled in call ")
        assert dialled(world) == [ONE]
        await world.until(lambda: world.state("ann") == "talking", 20.0)
        assert world.state("bob") == "ready", "who asked has the call, not who waited longest"
        await world.until(lambda: len(world.records()) == 1, 60.0)
        record = world.record()
        assert (record.called, record.agent_id, record.outcome, record.abandoned) == (
            ONE, "ann", Outcome.ANSWERED, False,
        )  # fmt: skip
        assert record.lead_id is not None
        assert roll(world) == [(TWO, "new"), (ONE, "done")]


@held
async def test_agents_dial_no_service_that_costs_extra(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, tables=MANUAL)
        with pytest.raises(UserError, match="premium or shared-cost service"):
            await by_hand(world, number="+19005550123")
        assert dialled(world) == [] and roll(world) == [(ONE, "new")]


@held
async def test_a_lead_by_hand(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(ONE, TWO, tables=MANUAL)
        ((lead,),) = world.rows(f"SELECT lead_id FROM leads WHERE number = '{TWO}'")
        assert TWO in await by_hand(world, lead=str(lead), campaign="autumn")
        await world.until(lambda: world.state("ann") == "talking", 20.0)
        await world.until(lambda: world.state("ann") == "ready", 60.0)
        with pytest.raises(UserError, match="the rule not_on_the_roll refuses it for good"):
            await by_hand(world, lead="nobody")


@held
async def test_do_not_call_and_limits_refuse_by_hand_too_and_no_phone_rings(tmp_path: Path) -> None:
    tables = MANUAL + "[attempts]\nper_number = 1\n"
    async with world_in(tmp_path, agent("ann", mode="on_hook")) as world:
        await world.log_in("ann")
        await world.campaign(TWO, tables=tables)
        await forbid(world, ONE)
        with pytest.raises(UserError, match="the rule do_not_call refuses it for good"):
            await by_hand(world, number=ONE)
        await by_hand(world, number=BUSY)
        await world.until(lambda: world.state("ann") == "ready" and not world.open_calls(), 30.0)
        rings = len(world.switch.diary.entries)
        with pytest.raises(UserError, match="the rule attempts refuses it for good"):
            await by_hand(world, number=BUSY)
        assert len(world.switch.diary.entries) == rings
        assert dialled(world) == [BUSY]


@held
async def test_who_cannot_dial_is_told_why(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann")) as world:
        with pytest.raises(UserError, match="no campaign with mode"):
            await by_hand(world, number=ONE)
        await world.campaign(TWO, tables=MANUAL)
        with pytest.raises(UserError, match="agent ann is logged_out: only who is ready dials"):
            await by_hand(world, number=ONE)
        with pytest.raises(UserError, match="no campaign winter with mode"):
            await by_hand(world, number=ONE, campaign="winter")
        await world.log_in("ann")
        world.engine.dialled.tell(ev.CampaignPaused(CampaignId("autumn")))
        with pytest.raises(UserError, match="no campaign with mode"):
            await by_hand(world, number=ONE)
        assert invites(world) == []


@held
async def test_the_row_is_there_though_the_engine_dies_before_the_dial(tmp_path: Path) -> None:
    """Committed and never sent: the next run calls it lost, and nobody twice."""
    async with world_in(tmp_path, agent("ann")) as world:
        await world.log_in("ann")
        await world.campaign(TWO, tables=MANUAL)
        world.run.dead = True  # what is asked of the switch from now on does not reach it
        await by_hand(world, number=ONE)
        assert world.rows("SELECT state FROM attempts") == [("intent",)]
        await world.kill()
        await world.start()
        await world.until(lambda: world.rows("SELECT state FROM attempts") == [("done",)], 30.0)
        assert invites(world) == []
        assert world.rows("SELECT outcome FROM attempts") == [("lost",)]


@pytest.mark.parametrize(
    "given", [{}, {"number": ONE, "lead": "x"}, {"number": ""}, {"lead": "x", "more": "y"}, {"number": "1" * 50}]
)
def test_an_order_says_one_thing(given: Mapping[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        DialOrder.model_validate(given)
