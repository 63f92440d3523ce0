"""Agents who put their caller on hold: what the caller hears, how it ends, and what the record says of it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.records.database import open_readonly
from calls.settings import QueueSettings, RecordingSettings
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from calls.switch.port import EndedBy
from console.engine import consults, talk_recording
from console.reads import recordings
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.test_consults import answered, met
from tests.console.world import World, adds_up, agent, world_in

QUEUES = (QueueSettings(name="sales", max_wait_s=20, record="all"), QueueSettings(name="help", max_wait_s=15))


def house(folder: Path) -> AbstractAsyncContextManager[World]:
    return world_in(folder, agent("anna"), agent("ben"), outside={"queues": QUEUES})


async def tell(world: World, what: str, agent_id: str = "anna", **body: object) -> tuple[int, str]:
    answer = await ask(world.engine, f"/v1/agents/{agent_id}/{what}", body or None)
    return answer.status_code, str(answer.json().get("said") or answer.json().get("problem"))


async def on_hold(world: World) -> LoopbackCall:
    """A caller whom Anna has put on hold."""
    await world.log_in("anna")
    assert await tell(world, "hold") == (409, "agent anna talks to nobody")
    assert await tell(world, "take-back") == (409, "agent anna: nobody is on hold")
    call = world.call(Hear("main.menu"), Press("2"))
    await world.until(lambda: world.state("anna") == "talking")
    await asyncio.sleep(10.0)
    assert await tell(world, "hold") == (200, "agent anna: the caller is on hold")
    await world.until(lambda: bool(world.engine.consults.on_hold()))
    return call


def of_hold(world: World, call: LoopbackCall) -> list[str]:
    return [kind for kind in world.kinds(call.info.call_id) if kind.startswith(("hold", "talk_"))]


@held
async def test_a_caller_on_hold_is_taken_back(tmp_path: Path) -> None:
    """The hold has a time of its own, which is no talk; the agent talks throughout."""
    async with house(tmp_path) as world:
        call = await on_hold(world)
        (shown,) = [each for each in world.engine.status().agents if each.id == "anna"]
        assert (shown.state, shown.asks, met(world, call)) == ("talking", "", ["meet anna", "part anna"])
        assert [each.phase for each in world.engine.status().calls] == ["hold"]
        await asyncio.sleep(30.0)
        assert (world.state("anna"), shown.held_s is not None) == ("talking", True)
        assert await tell(world, "take-back") == (200, "agent anna: takes the caller back")
        await world.until(lambda: met(world, call)[-1] == "meet anna" and len(met(world, call)) == 3)
        assert (await tell(world, "take-back"))[1] == "agent anna: nobody is on hold"
        await asyncio.sleep(5.0)
        call.far_hangs_up()
        await world.until(lambda: world.state("anna") == "wrap_up")
        await world.settled()
        record = world.record()
        assert (record.agent_id, record.outcome) == ("anna", Outcome.ANSWERED)
        assert record.hold_s == pytest.approx(30.0, abs=0.5)
        assert record.talk_s == pytest.approx(15.0, abs=0.5)
        assert adds_up(record)
        assert of_hold(world, call) == ["talk_ended", "hold_began", "hold_ended"]
        (over,) = [each for each in world.events(call.info.call_id) if each.kind == "hold_ended"]
        assert over.detail == {"agent": "anna", "hold_s": pytest.approx(record.hold_s, abs=0.002)}


@held
async def test_a_talk_that_is_recorded_goes_on_in_a_recording_of_its_own(tmp_path: Path) -> None:
    """No second draw of the share, and nothing of the hold."""
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await tell(world, "take-back")
        await world.until(lambda: len(met(world, call)) == 3)
        told = [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.RECORD)]
        name = f"{call.info.call_id}-talk-"
        assert told == [f"start {name}1", "stop", f"start {name}2"]
        assert await tell(world, "recording/pause") == (200, "agent anna: the recording is paused, for 300 s at most")
        assert (await tell(world, "hold"))[1].endswith("the recording is paused: take it up again, and then hold")


@held
async def test_no_more_talks_of_a_call_are_recorded_than_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must be deleted is found by its name: see :meth:`calls.recordings.RecordingFiles.of_talks`."""
    monkeypatch.setattr(talk_recording, "MOST_TALKS", 1)
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await tell(world, "take-back")
        await world.until(lambda: len(met(world, call)) == 3)
        told = [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.RECORD)]
        assert told == [f"start {call.info.call_id}-talk-1", "stop"]


@held
async def test_an_agent_whose_phone_goes_leaves_the_caller_to_the_next(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await world.log_in("ben")
        leg = next(each.leg_id for each in world.engine.floor.view().agents if each.agent_id == "anna")
        assert leg is not None
        world.switch.agent_hangs_up(leg)
        await answered(world)
        await world.until(lambda: met(world, call)[-1] == "meet ben")
        call.far_hangs_up()
        await world.settled()
        record = world.record()
        assert (record.agent_id, record.outcome, adds_up(record)) == ("ben", Outcome.ANSWERED, True)
        assert of_hold(world, call)[:3] == ["talk_ended", "hold_began", "hold_ended"]


@held
async def test_an_agent_whose_phone_went_as_the_hold_was_ordered_holds_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the leg was told, that of the talk not yet: nobody would tell of it again."""
    async with house(tmp_path) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        monkeypatch.setattr(world.engine.floor, "agent_of", lambda leg_id: None)
        assert (await tell(world, "hold"))[0] == 200
        await world.until(lambda: len(met(world, call)) == 3, within_s=10.0)


@held
async def test_a_caller_who_hangs_up_on_hold_is_counted_to_the_end(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await asyncio.sleep(20.0)
        call.far_hangs_up()
        await world.until(lambda: world.state("anna") == "wrap_up", within_s=1.0)
        await world.settled()
        record = world.record()
        assert (record.ended_by, record.outcome) == (EndedBy.CALLER, Outcome.ANSWERED)
        assert record.hold_s == pytest.approx(20.0, abs=0.5)
        assert adds_up(record)


@held
async def test_a_caller_on_hold_comes_back_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consults, "LONGEST_S", 40.0)
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await world.until(lambda: len(met(world, call)) == 3, within_s=41.0)
        assert (met(world, call)[-1], world.state("anna")) == ("meet anna", "talking")


@held
async def test_somebody_is_asked_about_a_caller_on_hold(tmp_path: Path) -> None:
    """Without a word to the caller in between; the time on hold goes on."""
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await world.log_in("ben")
        refused = await tell(world, "transfer", agent="ben")
        assert refused == (409, "agent anna: the caller is on hold: take the caller back, or ask first")
        assert (await tell(world, "transfer/complete"))[1] == "agent anna asks nobody"
        assert await tell(world, "transfer", agent="ben", attended=True) == (200, "agent anna: asks agent ben")
        await answered(world)
        assert (await tell(world, "transfer/complete"))[0] == 200
        await world.until(lambda: met(world, call)[-1] == "meet ben")
        call.far_hangs_up()
        await world.settled()
        assert (world.record().agent_id, adds_up(world.record())) == ("ben", True)
        assert world.record().hold_s is not None


RECORDED = """\
language: en
start: record
nodes:
  record: {record: start, failed: sales, next: sales}
  sales: {queue: sales, failed: bye, next: bye}
  bye: {hangup: [system.goodbye]}
"""


@pytest.mark.parametrize(("on_hold", "muted"), [("mute", ["mute", "unmute"]), ("record", [])])
@held
async def test_the_recording_of_a_whole_call_is_mute_on_hold(tmp_path: Path, on_hold: str, muted: list[str]) -> None:
    tapes = RecordingSettings.model_validate({"folder": tmp_path / "tapes", "on_hold": on_hold})
    async with world_in(tmp_path, agent("anna"), flow=RECORDED, outside={"recordings": tapes}) as world:
        await world.log_in("anna")
        call = world.call()
        await world.until(lambda: world.state("anna") == "talking")
        assert (await tell(world, "hold"))[0] == 200
        await world.until(lambda: bool(world.engine.consults.on_hold()))
        await asyncio.sleep(30.0)
        await tell(world, "take-back")
        await world.until(lambda: len(met(world, call)) == 3)
        told = [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.RECORD)]
        assert told == [f"start {call.info.call_id}-call-1", *muted]
        call.far_hangs_up()
        await world.settled()
        with closing(open_readonly(world.settings.engine.database)) as connection:
            (found,) = recordings.of_call(connection, call.info.call_id)
        silent = [(round(each.to_s - each.from_s), each.why) for each in found.muted]
        assert silent == ([(30, "on hold")] if muted else [])
        assert [each.what for each in found.marks if "hold" in each.what] == ["on hold", "on hold no longer"]


@held
async def test_an_agent_whose_caller_was_on_hold_is_free_after_a_restart(tmp_path: Path) -> None:
    """The caller is wherever the switch leads those whose engine is away: nothing brings the two together again. That
    the hold began is known however soon the engine died."""
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await world.kill()
        await asyncio.sleep(20.0)
        await world.start()
        assert world.state("anna") == "ready"
        assert (await tell(world, "end-call"))[1] == "agent anna talks to nobody"
        call.far_hangs_up()
        await world.settled()
        record = world.record()
        assert (record.agent_id, record.outcome, adds_up(record)) == ("anna", Outcome.ANSWERED, True)
        assert record.talk_s == pytest.approx(10.0, abs=1.0)
        assert record.hold_s is not None and record.hold_s >= 20.0
        assert world.state("anna") == "ready"


@held
async def test_who_was_taken_back_right_before_a_crash_talks_on(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await on_hold(world)
        await asyncio.sleep(20.0)
        await tell(world, "take-back")
        await world.until(lambda: len(met(world, call)) == 3)
        await world.kill()
        await asyncio.sleep(20.0)
        await world.start()
        assert (world.state("anna"), len(met(world, call))) == ("talking", 3)
        call.far_hangs_up()
        await world.settled()
        record = world.record()
        assert (record.agent_id, record.outcome, adds_up(record)) == ("anna", Outcome.ANSWERED, True)
        assert of_hold(world, call) == ["talk_ended", "hold_began", "hold_ended"]
        assert world.state("anna") == "wrap_up"
