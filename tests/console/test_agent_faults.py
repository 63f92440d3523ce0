"""Agents whose phones fail, on a whole engine: callers reach the next one in time, and nobody is asked in vain."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.ids import LegId
from calls.settings import AgentSettings, QueueSettings
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from tests.console.held_time import held
from tests.console.world import World, agent, world_in

NEXT_S = 2.0
"""The next agent has the caller this soon, once the first is known to be lost."""

REROUTED_S = 30.0
"""And the caller has one this soon, whatever the first phone does."""


def leg_of(world: World, agent_id: str) -> LegId:
    leg = next(each.leg_id for each in world.engine.floor.view().agents if each.agent_id == agent_id)
    assert leg is not None
    return leg


def reason(world: World, agent_id: str) -> str:
    return next(each.reason for each in world.engine.floor.view().agents if each.agent_id == agent_id)


def call_in(world: World) -> LoopbackCall:
    """A caller who is in the queue in a moment."""
    return world.call(Hear("main.menu"), Press("2"))


async def talks_within(world: World, agent_id: str, within_s: float) -> None:
    await world.until(lambda: world.state(agent_id) == "talking", within_s=within_s)


PATIENT: dict[str, object] = {"queues": (QueueSettings(name="sales", max_wait_s=60),)}


@pytest.mark.parametrize(
    ("phone", "within_s"),
    [
        (AgentPhone(refuses_with=17), NEXT_S),
        (AgentPhone(refuses_with=21), NEXT_S),
        (AgentPhone(refuses_with=20), NEXT_S),
        (AgentPhone(answer_after_s=None), REROUTED_S),
        (AgentPhone(answer_after_s=25.0), REROUTED_S),
    ],
    ids=["busy", "rejects", "not registered", "nobody there", "too late"],
)
@held
async def test_an_on_hook_phone_that_is_not_answered(tmp_path: Path, phone: AgentPhone, within_s: float) -> None:
    people = (agent("anna", "on_hook"), agent("ben"))
    async with world_in(tmp_path, *people, phones={"anna": phone}, outside=PATIENT) as world:
        await world.log_in("anna")
        await asyncio.sleep(5.0)
        await world.log_in("ben")
        call = call_in(world)
        await talks_within(world, "ben", within_s)
        assert (world.state("anna"), reason(world, "anna")) == ("paused", "no answer")
        call.far_hangs_up()
        await world.settled()
        rung = [entry for entry in world.switch.diary.entries if entry.seen is Seen.INVITE]
        assert sum(entry.detail == "PJSIP/anna" for entry in rung) == 1, "is not asked again"
        assert (world.record().agent_id, world.record().outcome) == ("ben", Outcome.ANSWERED)


@held
async def test_a_phone_that_vanishes_while_its_agent_is_ready(tmp_path: Path) -> None:
    """The caller who comes then goes to the other; the phone is rung again."""
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await world.log_in("anna")
        await world.log_in("ben")
        world.switch.agent_hangs_up(leg_of(world, "anna"))
        await world.until(lambda: (world.state("anna"), reason(world, "anna")) == ("paused", "leg lost"))
        call_in(world)
        await talks_within(world, "ben", NEXT_S)
        await world.until(lambda: world.state("anna") == "ready", within_s=5.0)


@held
async def test_a_phone_that_fails_again_and_again_logs_its_agent_out(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        for _ in range(4):
            world.switch.agent_hangs_up(leg_of(world, "anna"))
            await world.until(lambda: world.state("anna") != "ready")
            await world.until(lambda: world.state("anna") in ("ready", "logged_out"), within_s=15.0)
        assert (world.state("anna"), reason(world, "anna")) == ("logged_out", "no answer")
        rows = world.rows("SELECT state, reason FROM agent_states WHERE state = 'logged_out' AND reason <> ''")
        assert rows == [("logged_out", "no answer")], "the reason is kept"


@pytest.mark.parametrize("mode", ["nailed_up", "on_hook"])
@held
async def test_a_phone_that_vanishes_in_the_talk(tmp_path: Path, mode: str) -> None:
    """The caller goes on in the flow, and the agent gets no caller before the phone is back."""
    async with world_in(tmp_path, agent("anna", mode)) as world:
        await world.log_in("anna")
        call = call_in(world)
        await talks_within(world, "anna", 5.0)
        world.switch.agent_hangs_up(leg_of(world, "anna"))
        await call.over()
        await world.settled()
        heard = [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.PROMPT)]
        assert "main.survey en" in heard and "talk_ended" in world.kinds(call.info.call_id)
        assert (world.record().outcome, world.record().agent_id) == (Outcome.ANSWERED, "anna")
        await world.until(lambda: world.state("anna") == "ready", within_s=10.0)


def two() -> tuple[AgentSettings, AgentSettings]:
    return agent("anna", "on_hook", auto_answer=True), agent("ben")


@held
async def test_a_dialled_person_is_not_made_to_wait_for_a_phone_that_fails(tmp_path: Path) -> None:
    """Two seconds are all there is: the next agent has the person, or the message plays in time."""
    phones = {"anna": AgentPhone(refuses_with=17)}
    async with world_in(tmp_path, *two(), phones=phones) as world:
        await world.log_in("anna", "ben")
        await world.campaign("+12025550100", "+12025550101")
        await world.until(lambda: world.state("ben") == "talking", within_s=30.0)
        await world.campaign_over()
        taken = [record for record in world.records() if record.agent_id == "ben"]
        assert taken and all(record.connect_s is not None and record.connect_s <= NEXT_S for record in taken)
