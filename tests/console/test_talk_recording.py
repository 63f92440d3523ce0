"""Talks that are recorded: which of them, and what of them not."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from calls.errors import UserError
from calls.floor_settings import SupervisorSettings
from calls.ids import AgentId
from calls.recording_rule import share_of
from calls.settings import QueueSettings, RecordingSettings
from calls.switch.events import CallConnected
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import CallerScript, Hear, Press, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import MuteRecording, Result, SwitchCommand
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.test_engine_payments import CARDS, PAYING
from tests.console.world import FLOW, World, agent, world_in

PAYS = PAYING.replace("start: pay", "start: tape").replace(
    "nodes:",
    "nodes:\n  tape: {record: start, failed: failed, next: sales}"
    "\n  sales: {queue: sales, failed: failed, next: pay}",
)
"""The whole call is recorded; from the talk the caller goes on to key a card."""


def house(
    folder: Path, record: str = "all", flow: str = FLOW, **more: AgentPhone
) -> AbstractAsyncContextManager[World]:
    own: dict[str, object] = {
        "queues": (QueueSettings(name="sales", max_wait_s=20, record=record),),
        "supervisors": (SupervisorSettings(id="eve", name="Eve", endpoint="PJSIP/eve", announce=False),),
        "recordings": RecordingSettings(folder=folder / "recordings", pause_limit_s=30),
        "payment_gateways": (CARDS,),
    }
    return world_in(folder, agent("anna", wrap_up_s=0), phones=more, flow=flow, outside=own)


async def talk(world: World) -> LoopbackCall:
    if world.state("anna") == "logged_out":
        await world.log_in("anna")
    call = world.call(Hear("main.menu"), Press("2"))
    await world.until(lambda: world.state("anna") == "talking")
    return call


def told(world: World, call: LoopbackCall) -> list[str]:
    """What the switch did about recordings of the call."""
    return [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.RECORD)]


async def order(world: World, what: str) -> tuple[int, str]:
    answer = await ask(world.engine, f"/v1/agents/anna/recording/{what}")
    return answer.status_code, str(answer.json().get("said") or answer.json().get("problem"))


@held
async def test_a_talk_is_recorded_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        name = f"{call.info.call_id}-talk-1"
        assert told(world, call) == [f"start {name}"]
        await ask(world.engine, "/v1/agents/anna/end-call")
        await world.until(lambda: world.state("anna") == "ready")
        assert told(world, call) == [f"start {name}", "stop"]
        call.far_hangs_up()
        await world.settled()
        assert world.record().recording == name
        assert "recording_started" in world.kinds(call.info.call_id)


@held
async def test_a_recording_that_the_switch_refused_is_named_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.switch.loopback.call.CallConnected", partial(CallConnected, recorded=False))
    async with house(tmp_path) as world:
        call = await talk(world)
        call.far_hangs_up()
        await world.settled()
        assert world.record().recording is None
        kinds = world.kinds(call.info.call_id)
        assert "recording_refused" in kinds and "recording_started" not in kinds


@held
async def test_nothing_is_recorded_where_the_queue_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, "off") as world:
        call = await talk(world)
        call.far_hangs_up()
        await world.settled()
        assert (told(world, call), world.record().recording) == ([], None)


@held
async def test_a_share_of_talks_is_recorded(tmp_path: Path) -> None:
    async with house(tmp_path, "50%") as world:
        for _ in range(30):
            call = await talk(world)
            call.far_hangs_up()
            await world.until(lambda: world.state("anna") == "ready")
        await world.settled()
        kept = sum(record.recording is not None for record in world.records())
        assert 8 <= kept <= 22, f"{kept} of 30"


@held
async def test_a_campaign_has_a_rule_of_its_own(tmp_path: Path) -> None:
    async with house(tmp_path, "off") as world:
        await world.log_in("anna")
        await world.campaign("+12025550100", record='"all"')
        await world.campaign_over()
        (record,) = world.records()
        assert record.recording == f"{record.call_id}-talk-1"


@held
async def test_an_agent_pauses_and_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        assert await order(world, "pause") == (200, "agent anna: the recording is paused, for 30 s at most")
        assert (await order(world, "pause"))[1] == "agent anna: the recording is paused already"
        assert await order(world, "resume") == (200, "agent anna: the recording goes on")
        assert told(world, call)[1:] == ["mute", "unmute"]
        status, said = await order(world, "resume")
        assert (status, said) == (409, "agent anna: no recording is paused")
        call.far_hangs_up()
        await world.settled()
        events = {event.kind: event.detail for event in world.events(call.info.call_id)}
        assert events["recording_paused"] == {"agent": "anna", "who": "the supervisor"}
        assert events["recording_resumed"] == {"agent": "anna", "who": "the supervisor"}


@held
async def test_a_pause_that_is_forgotten_ends(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        await order(world, "pause")
        await world.until(lambda: told(world, call)[-1] == "unmute", within_s=31.0)
        call.far_hangs_up()
        await world.settled()
        events = {event.kind: event.detail for event in world.events(call.info.call_id)}
        assert events["recording_resumed"] == {"agent": "anna", "who": "its limit"}


@held
async def test_a_pause_ends_with_its_talk(tmp_path: Path) -> None:
    """The next talk is recorded, with no pause in it."""
    async with house(tmp_path) as world:
        first = await talk(world)
        await order(world, "pause")
        first.far_hangs_up()
        await world.until(lambda: world.state("anna") == "ready")
        second = await talk(world)
        assert told(world, second) == [f"start {second.info.call_id}-talk-1"]
        assert (await order(world, "resume"))[0] == 409


@held
async def test_a_pause_that_ends_with_its_talk_does_not_undo_the_flows_own(tmp_path: Path) -> None:
    async with house(tmp_path, flow=PAYS) as world:
        await world.log_in("anna")
        call = world.call(Hear("x.card"), Wait(60.0))
        await world.until(lambda: world.state("anna") == "talking")
        await order(world, "pause")
        await ask(world.engine, "/v1/agents/anna/end-call")
        await world.until(lambda: bool(world.switch.diary.of(call.info.call_id, Seen.PROMPT)))
        (shown,) = world.engine.books.open_calls
        assert told(world, call)[1:] == ["mute", "unmute", "mute"], "the card's digits are recorded"
        assert shown.masked
        call.far_hangs_up()


@held
async def test_the_end_of_one_pause_does_not_undo_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent takes the recording up in the moment in which the pause's limit comes, and pauses it again."""
    at_once = LoopbackCall.perform

    async def slowly(call: LoopbackCall, command: SwitchCommand) -> Result:
        result = await at_once(call, command)
        if isinstance(command, MuteRecording):
            await asyncio.sleep(0.1)
        return result

    monkeypatch.setattr(LoopbackCall, "perform", slowly)
    async with house(tmp_path) as world:
        call = await talk(world)
        talks = world.engine.talk_recordings
        anna = AgentId("anna")
        await talks.pause(anna, "anna")
        talks._too_long(anna)
        await asyncio.sleep(0.05)
        resuming = asyncio.create_task(talks.resume(anna, "anna"))
        await asyncio.sleep(0.07)
        assert "paused, for" in await talks.pause(anna, "anna")
        with contextlib.suppress(UserError):
            await resuming
        assert told(world, call)[-1] == "mute", "the agent was told that it is paused"
        (shown,) = world.engine.books.open_calls
        assert shown.masked
        call.far_hangs_up()


@held
async def test_supervisors_hear_nothing_while_it_is_paused(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        path = f"/v1/calls/{call.info.call_id}/supervise"
        listen = {"supervisor": "eve", "mode": "listen"}
        await ask(world.engine, path, listen)

        def seats() -> list[str]:
            return [entry.detail.split()[0] for entry in world.switch.diary.entries if entry.seen is Seen.SEAT]

        await world.until(lambda: seats() == ["listen"])
        await order(world, "pause")
        assert seats() == ["listen", "own"], "before the agent hears that it is paused"
        assert (await ask(world.engine, path, listen)).status_code == 409
        await order(world, "resume")
        assert seats() == ["listen", "own", "listen"]


@held
async def test_who_talks_to_nobody_pauses_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        assert await order(world, "pause") == (409, "agent anna talks to nobody")


@held
async def test_an_agent_pauses_by_the_phone(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        heard: list[str] = []
        for code in ("*97", "*98", "*98"):
            dialled = world.switch.place_call(CallerScript(code, caller="", endpoint="PJSIP/anna"))
            await dialled.over()
            entries = world.switch.diary.of(dialled.info.call_id, Seen.PROMPT)
            heard += [entry.detail.split()[0].removeprefix("system.agent_") for entry in entries]
        assert heard == ["recording_paused", "recording_resumed", "no_code"]
        assert told(world, call)[1:] == ["mute", "unmute"]


@pytest.mark.parametrize(("rule", "share"), [("off", 0.0), ("all", 1.0), ("25%", 0.25), ("99%", 0.99)])
def test_a_rule_is_a_share(rule: str, share: float) -> None:
    assert share_of(rule) == share
    assert QueueSettings(name="sales", record=rule).record == rule


@pytest.mark.parametrize("rule", ["0%", "100%", "-1%", "some", "1.5%", "٣%", ""])
def test_another_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="record"):
        QueueSettings(name="sales", record=rule)
