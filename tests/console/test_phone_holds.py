"""Agents who put their caller on hold by their phone's own key: as at the desk, and the way back."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from calls.floor_settings import FeatureCodes
from calls.ids import AgentId
from calls.settings import QueueSettings
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import CallerScript, Hear, Press
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.legs import AgentLeg
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.test_consults import met
from tests.console.test_hold import of_hold
from tests.console.world import World, adds_up, agent, world_in

QUEUES = (QueueSettings(name="sales", max_wait_s=20, record="all"), QueueSettings(name="help", max_wait_s=15))


def house(folder: Path) -> AbstractAsyncContextManager[World]:
    codes = FeatureCodes(transfers={"1": "agent ben"})
    return world_in(folder, agent("anna"), agent("ben"), outside={"queues": QUEUES, "feature_codes": codes})


async def talk(world: World) -> LoopbackCall:
    await world.log_in("anna")
    call = world.call(Hear("main.menu"), Press("2"))
    await world.until(lambda: world.state("anna") == "talking")
    return call


def key(world: World, *, is_held: bool, agent_id: str = "anna", has_music: bool = False) -> None:
    """The hold key of the agent's phone is pressed."""
    (view,) = [each for each in world.engine.floor.view().agents if each.agent_id == agent_id]
    assert view.leg_id is not None
    leg = world.switch.agent_leg(view.leg_id)
    assert isinstance(leg, AgentLeg)
    leg.presses_hold(held=is_held, has_music=has_music)


async def on_hold(world: World) -> None:
    await world.until(lambda: bool(world.engine.consults.on_hold()))


async def talks(world: World) -> None:
    await world.until(lambda: world.engine.meetings.of_agent(AgentId("anna")) is not None)


async def dial(world: World, code: str) -> list[str]:
    """A code on a second line of Anna's phone, the first one being on hold meanwhile; the prompts that are heard."""
    call = world.switch.place_call(CallerScript(code, (), caller="", endpoint="PJSIP/anna"))
    await call.over()
    heard = world.switch.diary.of(call.info.call_id, Seen.PROMPT)
    return [entry.detail.split()[0].removeprefix("system.agent_") for entry in heard]


@held
async def test_the_record_has_the_hold_of_a_phones_own_key(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        await asyncio.sleep(10.0)
        key(world, is_held=True)
        key(world, is_held=True)  # told twice
        await on_hold(world)
        assert met(world, call) == ["meet anna", "part anna"], "the caller hears the queue's music"
        await asyncio.sleep(20.0)
        key(world, is_held=False)
        await talks(world)
        await asyncio.sleep(5.0)
        call.far_hangs_up()
        await world.settled()
        record = world.record()
        assert record.hold_s == pytest.approx(20.0, abs=0.5)
        assert record.talk_s == pytest.approx(15.0, abs=0.5)
        assert adds_up(record)
        assert of_hold(world, call) == ["talk_ended", "hold_began", "hold_ended"]


@held
async def test_a_key_that_is_pressed_twice_in_a_moment_leaves_nobody_on_hold(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        key(world, is_held=True)
        key(world, is_held=False)
        await asyncio.sleep(1.0)
        key(world, is_held=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        key(world, is_held=False)
        await asyncio.sleep(2.0)
        await talks(world)
        assert (world.engine.consults.on_hold(), call.is_over) == ({}, False)


@held
async def test_a_phone_that_talks_to_nobody_may_be_held(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        await world.log_in("anna")
        key(world, is_held=True)
        await asyncio.sleep(1.0)
        key(world, is_held=False)
        assert world.state("anna") == "ready"


@held
async def test_a_code_on_a_second_line_finds_the_talk(tmp_path: Path) -> None:
    """The phone holds the first line while the second one is dialled: the caller comes back for the order."""
    async with house(tmp_path) as world:
        call = await talk(world)
        key(world, is_held=True)
        await on_hold(world)
        assert await dial(world, "*97") == ["recording_paused"]
        await talks(world)
        key(world, is_held=False)
        assert await dial(world, "*98") == ["recording_resumed"]
        await world.log_in("ben")
        key(world, is_held=True)
        await on_hold(world)
        assert await dial(world, "*991") == ["handed_on"]
        await world.until(lambda: world.state("ben") == "talking")
        assert (world.state("anna"), call.is_over) == ("wrap_up", False)


@held
async def test_who_is_asked_meanwhile_is_not_left_by_the_key(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        await talk(world)
        await world.log_in("ben")
        key(world, is_held=True)
        await on_hold(world)
        answer = await ask(world.engine, "/v1/agents/anna/transfer", {"agent": "ben", "attended": True})
        assert answer.status_code == 200, answer.text
        await world.until(lambda: world.state("ben") == "talking")
        key(world, is_held=False)
        await asyncio.sleep(1.0)
        assert world.state("ben") == "talking", "the two talk on, the caller hears music"
        assert (await ask(world.engine, "/v1/agents/anna/transfer/complete")).status_code == 200
        await world.until(lambda: world.state("anna") == "wrap_up")


@held
async def test_a_switch_that_plays_music_by_itself_keeps_the_two_together(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        await asyncio.sleep(10.0)
        for _ in range(2):
            key(world, is_held=True, has_music=True)
            key(world, is_held=True, has_music=True)
            await world.until(lambda: [each.phase for each in world.engine.status().calls] == ["hold"])
            await asyncio.sleep(10.0)
            key(world, is_held=False, has_music=True)
            await world.until(lambda: [each.phase for each in world.engine.status().calls] == ["talk"])
        key(world, is_held=True, has_music=True)
        await asyncio.sleep(5.0)
        call.far_hangs_up()
        await world.settled()
        record = world.record()
        assert record.hold_s == pytest.approx(25.0, abs=0.5)
        assert record.talk_s == pytest.approx(10.0, abs=0.5)
        assert adds_up(record)
        assert met(world, call)[0] == "meet anna" and len(met(world, call)) == 2, "never parted before the end"
        assert of_hold(world, call)[:2] == ["hold_began", "hold_ended"]
