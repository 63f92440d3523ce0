"""Phones over a trunk: each has a line of it while it rings or is up, and is not rung where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from calls.agents.events import Pause
from calls.floor_settings import SupervisorSettings
from calls.ids import AgentId
from calls.settings import AgentSettings, Trunk
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from tests.console.asked import ask
from tests.console.held_time import held
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
    view = world.engine.dialled.core.view(world.engine.clock.monotonic_s())
    return next(each.in_use for each in view.trunks if each.name == "road")


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
