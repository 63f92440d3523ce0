"""Phones over a trunk: each has a line of it while it rings or is up, and is not rung where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from random import Random

import pytest

from calls.agents.events import Pause
from calls.floor_settings import SupervisorSettings
from calls.ids import AgentId
from calls.records.database import open_readonly
from calls.settings import AgentSettings, Trunk
from calls.switch.loopback.callers import HangUp, Hear, Press, Wait
from calls.switch.loopback.diary import Entry, Seen
from calls.switch.loopback.phones import AgentPhone
from dialer.proof.lines import judged
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.two_switches import EAST, WEST, TwoWorld, at_home, two
from tests.console.world import World, agent, world_in

ROAD = Trunk(name="road", dial="PJSIP/{number}@road", lines=1, calls_per_second=5, loopback_only=True)


def afar(agent_id: str, mode: str = "nailed_up") -> AgentSettings:
    """An agent whose phone is reached over the trunk."""
    return agent(agent_id, mode).model_copy(update={"trunk": "road"})


def house(
    folder: Path, *agents: AgentSettings, phones: Mapping[str, AgentPhone] | None = None, **outside: object
) -> AbstractAsyncContextManager[World]:
    loop = Trunk(name="loop", dial="PJSIP/{number}@callees", lines=9, calls_per_second=20, loopback_only=True)
    return world_in(folder, *agents, phones=dict(phones or {}), outside={"trunks": (loop, ROAD)} | outside)


def in_use(world: World) -> int:
    return lines_in_use(world)["road"]


def lines_in_use(world: World) -> dict[str, int]:
    """Of each trunk."""
    view = world.engine.dialled.core.view(world.engine.clock.monotonic_s())
    return {each.name: each.in_use for each in view.trunks}


@held
async def test_a_leg_that_stays_has_its_line_until_it_goes(tmp_path: Path) -> None:
    async with house(tmp_path, afar("anna"), agent("ben")) as world:
        await world.log_in("anna", "ben")
        assert in_use(world) == 1, "one is at home"
        (leg,) = [each.leg_id for each in world.engine.floor.view().agents if each.agent_id == "anna"]
        assert leg is not None
        world.switch.agent_hangs_up(leg)
        await world.until(lambda: in_use(world) == 0)
        rows = "SELECT kind, holder, placed_at IS NOT NULL, freed_at IS NOT NULL FROM trunk_lines"
        await world.until(lambda: world.rows(rows) == [("phone", leg, 1, 1)])


@pytest.mark.parametrize("phone", [AgentPhone(refuses_with=17), AgentPhone(refuses_with=34), AgentPhone(None)])
@held
async def test_a_phone_that_is_rung_for_a_call_gives_its_line_back(tmp_path: Path, phone: AgentPhone) -> None:
    """Refused, congested, or never answered: the next agent has the caller, at home."""
    async with house(tmp_path, afar("anna", "on_hook"), agent("ben", "on_hook"), phones={"anna": phone}) as world:
        await world.log_in("anna")
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: bool(world.rows("SELECT 1 FROM trunk_lines")))
        await world.log_in("ben")
        await world.until(lambda: world.state("ben") == "talking")
        assert in_use(world) == 0


@held
async def test_a_phone_whose_trunk_is_full_is_not_rung_and_another_has_the_caller(tmp_path: Path) -> None:
    async with house(tmp_path, afar("anna"), afar("ben", "on_hook"), agent("carl", "on_hook")) as world:
        await world.log_in("ben")
        await world.log_in("anna")
        await world.log_in("carl")
        world.engine.floor.tell(Pause(AgentId("anna"), "away"))
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("carl") == "talking")
        rung = {each.detail for each in world.switch.diary.entries if each.seen is Seen.INVITE}
        assert "PJSIP/ben" not in rung and in_use(world) == 1


@held
async def test_a_phone_that_outlives_the_engine_has_its_line_still(tmp_path: Path) -> None:
    """One that hung up while no engine ran has none."""
    async with house(tmp_path, afar("anna"), trunks=(ROAD.model_copy(update={"lines": 2}),)) as world:
        await world.log_in("anna")
        await world.until(lambda: world.engine.writer.behind_s() == 0)
        (leg,) = [each.leg_id for each in world.engine.floor.view().agents]
        assert leg is not None
        await world.kill()
        await world.start()
        await world.until(lambda: world.state("anna") == "ready")
        assert in_use(world) == 1
        await world.kill()
        world.switch.agent_hangs_up(leg)
        await world.start()
        assert in_use(world) == 0


def crowded(entries: Iterable[Entry], trunk: Trunk, theirs: Callable[[str], bool]) -> list[str]:
    """Where the legs of the trunk, by their ids, were more than its lines or its calls a second, in words."""
    up: set[str] = set()
    placed: list[float] = []
    found = []
    for each in entries:
        if each.seen is Seen.INVITE and theirs(each.who):
            up.add(each.who)
            placed = [*(at for at in placed if each.at - at < 1.0), each.at]
            if len(up) > trunk.lines or len(placed) > trunk.calls_per_second:
                found.append(f"{trunk.name}: {len(up)} up, {len(placed)} in the second before {each.at}")
        elif each.seen in (Seen.HANG_UP, Seen.CANCEL, Seen.REFUSE):
            up.discard(each.who)
    return found


@held
async def test_phones_and_campaigns_share_the_lines_of_two_switches(tmp_path: Path) -> None:
    """Agents whose phones are rung for each call, over the trunk of their switch, beside a campaign over both."""
    draw = Random(1)
    agents = [at_home(EAST, "ann"), at_home(WEST, "bob")]
    for home, road, names in ((EAST, "loop", ("eve", "eli")), (WEST, "second", ("wim", "wen"))):
        agents += [at_home(home, each, "on_hook").model_copy(update={"trunk": road}) for each in names]
    settings = two(tmp_path, agents)
    narrow = {trunk.name: trunk.model_copy(update={"lines": 2, "calls_per_second": 2}) for trunk in settings.trunks}
    world = TwoWorld(tmp_path, settings.model_copy(update={"trunks": tuple(narrow.values())}))
    await world.start()
    await world.log_in(*(each.id for each in agents))
    campaign = await world.over_both(*(f"+120255501{each:02d}" for each in range(8)))
    for _ in range(8):
        await asyncio.sleep(draw.uniform(0.0, 3.0))
        talk = (Hear("main.menu"), Press("2"), Wait(draw.uniform(1.0, 12.0)), HangUp())
        world.call_on(draw.choice((EAST, WEST)), *talk)
    assert (await ask(world.engine, f"/v1/campaigns/{campaign.id}/stop", {})).status_code == 200
    await world.until(lambda: not world.engine.books.open_calls, within_s=60.0, every_s=0.5)
    await world.until(lambda: lines_in_use(world) == {"loop": 0, "second": 0})
    attempts = {str(each): str(road) for each, road in world.rows("SELECT attempt_id, trunk FROM attempts")}
    phones = {str(leg): str(trunk) for leg, trunk in world.rows("SELECT holder, trunk FROM trunk_lines")}
    assert attempts and phones, "there was something to share"
    over = attempts | phones
    east = crowded(world.both[EAST].diary.entries, narrow["loop"], lambda leg: over.get(leg) == "loop")
    west = crowded(world.both[WEST].diary.entries, narrow["second"], lambda leg: over.get(leg) == "second")
    assert east == [] and west == []
    with closing(open_readonly(world.settings.engine.database)) as connection:
        assert list(judged(connection, campaign.id)) == []
    for switch in world.both.values():
        switch.crash()
    await world.engine.stop()
    world.close()


@held
async def test_a_supervisor_who_hears_a_talk_from_afar_has_a_line(tmp_path: Path) -> None:
    eve = SupervisorSettings(id="eve", name="Eve", endpoint="PJSIP/eve", trunk="road")
    async with house(tmp_path, agent("anna"), supervisors=(eve,)) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        answer = await ask(
            world.engine, f"/v1/calls/{call.info.call_id}/supervise", {"supervisor": "eve", "mode": "listen"}
        )
        assert answer.status_code == 200, answer.text
        assert in_use(world) == 1
        call.far_hangs_up()
        await world.until(lambda: in_use(world) == 0)
