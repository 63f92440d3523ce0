"""People whom we call and who must be told that they are recorded: within the two seconds there is an agent, then the
announcement, then the recording, or none."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import cast

import pytest

from calls.clock import SystemClock
from calls.errors import SwitchTimeout
from calls.ids import BootId, CallId
from calls.records.database import open_readonly
from calls.records.durations import Phase
from calls.records.store import Direction, LiveCall
from calls.settings import QueueSettings
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import HangUp, Hear, Press, Step, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.port import (
    CallChannel,
    Done,
    Gather,
    Interrupted,
    Play,
    Prompt,
    Result,
    StopRecording,
    SwitchCommand,
)
from console.engine.recorder import CallRecorder
from console.engine.recording_notice import Notices
from console.reads import recordings
from dialer.proof.judge import judge
from dialer.proof.law import ALL_MUST_AGREE, TOLD_ON_IT, Law
from dialer.recording_law import ALL_AGREE, READ_ON, on_recording
from dialer.recording_notice import Notice, must_be_told
from tests.console.asked import ask
from tests.console.held_time import NOON, held
from tests.console.world import World, agent, world_in

NUMBER = "+12025550100"
TOLD = {"recording": '"announce"', "recording_announcement": '"system.recorded"'}


QUEUES = (QueueSettings(name="sales", max_wait_s=20, record="all"),)
MET = ["meet", "part"]


def house(folder: Path) -> AbstractAsyncContextManager[World]:
    return world_in(folder, agent("anna"), outside={"queues": QUEUES})


async def dialled(world: World, *steps: Step, **rules: str) -> str:
    """Dial one person, who does ``steps``, under these rules; the call's id, once it is over. In California, where
    nothing else is said: there the announcement need not be on the recording."""
    world.leads = world.leads or f"Phone,State\n{NUMBER},CA\n"
    world.switch.meet(NUMBER, Callee(answer_after_s=1.0, talk_s=12.0, steps=steps))
    await world.log_in("anna")
    tables = "\n[compliance]\n" + "".join(f"{key} = {value}\n" for key, value in rules.items())
    await world.campaign(NUMBER, tables=tables)
    await world.campaign_over()
    return world.record().call_id


def story(world: World, call_id: str) -> list[str]:
    """What the person met with, heard, and was recorded in."""
    seen = world.switch.diary.of(call_id, Seen.MEET, Seen.PART, Seen.PROMPT, Seen.RECORD)
    names = {Seen.MEET: "meet", Seen.PART: "part"}
    return [names.get(each.seen, each.detail.replace(call_id, "id")) for each in seen]


def kinds(world: World, call_id: str) -> list[str]:
    return [kind for kind in world.kinds(call_id) if kind.startswith("recording")]


def breaches(world: World) -> list[str]:
    with closing(open_readonly(world.engine.settings.engine.database)) as connection:
        return [each.rule for each in judge(connection, "autumn", world.engine.clock.now()).breaches]


@held
async def test_who_is_called_is_told_before_the_recording_begins(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call_id = await dialled(world, **TOLD)
        assert story(world, call_id) == [
            "meet",
            "part",
            "system.recorded en",
            "meet",
            "start id-talk-2",
            "stop",
            "part",
        ]
        assert kinds(world, call_id) == ["recording_announced", "recording_started"]
        record = world.record()
        assert (record.abandoned, record.recording, record.agent_id) == (False, f"{call_id}-talk-2", "anna")
        assert record.connect_s is not None and record.connect_s < 0.5, "the clock of the two seconds has stopped"
        assert world.kinds(call_id).count("agent_connected") == 1
        assert breaches(world) == []
        told = "DELETE FROM call_events WHERE kind = 'recording_announced'"
        await world.engine.writer.run(lambda db: db.execute(told).rowcount)
        assert breaches(world) == ["consent"]


@pytest.mark.parametrize("presses", [(Hear("system.recorded"), Press("9")), (Wait(2.0), Press("9"))])
@held
async def test_a_key_refuses_the_recording_and_the_talk_goes_on(tmp_path: Path, presses: tuple[Step, ...]) -> None:
    async with house(tmp_path) as world:
        call_id = await dialled(world, *presses, **TOLD, recording_refuse_key='"9"')
        assert story(world, call_id) == [
            "meet",
            "part",
            "system.recorded en",
            "system.not_recorded en",
            "meet",
            "part",
        ]
        assert kinds(world, call_id) == ["recording_refused"]
        assert (world.record().recording, world.record().agent_id) == (None, "anna")


@held
async def test_who_presses_nothing_is_recorded_after_a_moment(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call_id = await dialled(world, **TOLD, recording_refuse_key='"9"')
        assert kinds(world, call_id) == ["recording_announced", "recording_started"]


@held
async def test_a_wrong_key_cuts_nothing_off_for_good(tmp_path: Path) -> None:
    """The announcement is played once more; who cuts that off too has not heard it, and is not recorded."""
    async with house(tmp_path) as world:
        steps = (Hear("system.recorded"), Press("5"), Hear("system.recorded"), Press("5"))
        call_id = await dialled(world, *steps, **TOLD, recording_refuse_key='"9"')
        assert kinds(world, call_id) == ["recording_not_announced"]
        assert (world.record().recording, story(world, call_id).count("system.recorded en")) == (None, 2)


@held
async def test_who_hangs_up_in_the_announcement_is_not_recorded(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call_id = await dialled(world, Hear("system.recorded"), HangUp(), **TOLD)
        assert kinds(world, call_id) == ["recording_not_announced"]
        await world.until(lambda: world.state("anna") in ("wrap_up", "ready"))
        assert (world.record().recording, world.record().abandoned) == (None, False)


@held
async def test_an_agent_who_is_lost_in_the_announcement_leaves_the_person_to_the_next(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        world.switch.meet(NUMBER, Callee(answer_after_s=1.0, talk_s=20.0))
        await world.log_in("anna")
        await world.campaign(
            NUMBER, tables='\n[compliance]\nrecording = "announce"\nrecording_announcement = "a.b"\n'
        )
        await world.until(lambda: any(each.seen is Seen.PROMPT for each in world.switch.diary.entries))
        leg = world.engine.floor.view().agents[0].leg_id
        assert leg is not None
        world.switch.agent_hangs_up(leg)
        await world.campaign_over()
        assert world.record().agent_id == "anna"
        await world.until(lambda: world.state("anna") in ("ready", "paused"))


@pytest.mark.parametrize(("state", "told"), [("CA", True), ("TX", False), ("", True)])
@held
async def test_the_place_says_who_is_told(tmp_path: Path, state: str, told: bool) -> None:
    """In California all must agree, in Texas one; who is nowhere for sure is told."""
    async with house(tmp_path) as world:
        world.leads = f"Phone,State\n{NUMBER},{state}\n"
        call_id = await dialled(world, **{**TOLD, "recording": '"place"'})
        assert ("system.recorded en" in story(world, call_id)) is told
        assert world.record().recording is not None
        assert breaches(world) == []


@held
async def test_what_is_not_recorded_is_not_announced(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        call_id = await dialled(world, **TOLD)
        assert (story(world, call_id), kinds(world, call_id)) == (["meet", "part"], [])


@held
async def test_where_the_law_wants_it_the_announcement_is_on_the_recording(tmp_path: Path) -> None:
    """In Washington the recording begins before the announcement, and goes on through the talk."""
    async with house(tmp_path) as world:
        world.leads = f"Phone,State\n{NUMBER},WA\n"
        call_id = await dialled(world, **{**TOLD, "recording": '"place"'})
        assert story(world, call_id) == [
            "meet",
            "part",
            "start id-talk-2",
            "system.recorded en",
            "meet",
            "part",
        ]
        assert kinds(world, call_id) == ["recording_started", "recording_announced"]
        assert world.record().recording == f"{call_id}-talk-2"
        assert breaches(world) == []
        swap = "UPDATE call_events SET detail = json_remove(detail, '$.recording') WHERE kind = 'recording_announced'"
        await world.engine.writer.run(lambda db: db.execute(swap).rowcount)
        assert breaches(world) == ["consent"], "it was told, but not on the recording"


@held
async def test_a_recording_whose_announcement_is_refused_is_not_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        steps, key = (Hear("system.recorded"), Wait(0.3), Press("9")), {"recording_refuse_key": '"9"'}
        file = await recorded_on_it(world, *steps, talk_s=12.0, state="CT", **key)
        await world.campaign_over()
        call_id = world.record().call_id
        assert (file.name, file.exists(), world.record().recording) == (f"{call_id}-talk-2.wav", False, None)
        recorded = [each for each in story(world, call_id) if each.startswith(("start", "stop", "system"))]
        assert recorded == ["start id-talk-2", "system.recorded en", "stop", "system.not_recorded en"]
        assert kinds(world, call_id)[-1] == "recording_dropped"
        assert breaches(world) == []


@held
async def test_a_recording_that_holds_its_announcement_outlives_us_as_any_other(tmp_path: Path) -> None:
    """An engine that is stopped in the talk leaves the two of them, and what records them, as they are."""
    async with house(tmp_path) as world:
        world.leads = f"Phone,State\n{NUMBER},WA\n"
        world.switch.meet(NUMBER, Callee(answer_after_s=1.0, talk_s=30.0))
        await world.log_in("anna")
        await world.campaign(NUMBER, tables="\n[compliance]\n" + "".join(f"{k} = {v}\n" for k, v in TOLD.items()))
        await world.until(lambda: len([each for each in world.switch.diary.entries if each.seen is Seen.MEET]) == 2)
        await world.engine.stop()
        recorded = [each.detail for each in world.switch.diary.entries if each.seen is Seen.RECORD]
        assert len(recorded) == 1 and recorded[0].startswith("start ")
        await world.start()
        await world.campaign_over()
        assert world.record().agent_id == "anna"


async def recorded_on_it(world: World, *steps: Step, talk_s: float, state: str = "WA", **rules: str) -> Path:
    """Dial one person, who must be told on the recording; its file, once it begins. The switch leaves that to us."""
    world.leads = f"Phone,State\n{NUMBER},{state}\n"
    world.switch.meet(NUMBER, Callee(answer_after_s=1.0, talk_s=talk_s, steps=steps))
    await world.log_in("anna")
    lines = "".join(f"{key} = {value}\n" for key, value in {**TOLD, **rules}.items())
    await world.campaign(NUMBER, tables=f"\n[compliance]\n{lines}")
    await world.until(lambda: any(each.seen is Seen.RECORD for each in world.switch.diary.entries))
    (begun,) = [each.detail for each in world.switch.diary.entries if each.seen is Seen.RECORD]
    file = world.settings.recordings.folder / f"{begun.removeprefix('start ')}.wav"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"what was said")
    return file


def heard_out(world: World, call_id: str) -> bool:
    recorder = world.engine.books.recorder(CallId(call_id))
    return recorder is not None and recorder.recording is not None


@pytest.mark.parametrize(
    ("killed_after_s", "away_s", "kept"), [(0.2, 0.0, False), (0.2, 20.0, False), (0.0, 0.0, True), (0.0, 20.0, True)]
)
@held
async def test_a_crash_in_the_announcement_leaves_no_recording(
    tmp_path: Path, killed_after_s: float, away_s: float, kept: bool
) -> None:
    """Whether the call is still up when the engine is back, or over. One whose announcement was heard out stays, also
    where that was right before the crash: ``killed_after_s`` 0."""
    async with house(tmp_path) as world:
        file = await recorded_on_it(world, talk_s=12.0)
        other = file.with_name(f"{file.stem.removesuffix('-talk-2')}0-talk-1.wav")
        other.write_bytes(b"of another call")
        call_id = file.stem.removesuffix("-talk-2")
        await (asyncio.sleep(killed_after_s) if killed_after_s else world.until(lambda: heard_out(world, call_id)))
        await world.kill()
        await asyncio.sleep(away_s)
        await world.start()
        assert file.exists() is (kept or not away_s)
        await world.campaign_over()
        await world.until(lambda: file.exists() is kept)
        assert other.exists()
        call_id = world.record().call_id
        await world.until(lambda: ("recording_dropped" in world.kinds(call_id)) is not kept)
        assert breaches(world) == []


@pytest.mark.parametrize("attended", [False, True])
@held
async def test_what_is_recorded_after_a_transfer_holds_an_announcement_too(tmp_path: Path, attended: bool) -> None:
    """Handed on, the person meets the next agent in time, and is told again, on a new recording. Where the first
    agent asks before, the recording that holds the announcement goes on, and nobody is told twice."""
    async with world_in(tmp_path, agent("anna"), agent("ben"), outside={"queues": QUEUES}) as world:
        first = await recorded_on_it(world, talk_s=40.0)
        call_id = first.stem.removesuffix("-talk-2")
        await world.until(lambda: story(world, call_id)[-1] == "meet")
        await world.log_in("ben")
        order = {"agent": "ben", "attended": attended}
        assert (await ask(world.engine, "/v1/agents/anna/transfer", order)).status_code == 200
        await world.until(lambda: world.state("ben") == "talking")
        if attended:
            assert (await ask(world.engine, "/v1/agents/anna/transfer/complete")).status_code == 200
        await world.campaign_over()
        told = ["start id-talk-2", "system.recorded en", "meet", "part"]
        again = (
            ["mute", "unmute", "meet", "part"] if attended else ["stop", "meet", "part", "start id-talk-4", *told[1:]]
        )
        assert [each for each in story(world, call_id) if each != "stop" or not attended] == [*MET, *told, *again]
        announced = [each.detail for each in world.events(call_id) if each.kind == "recording_announced"]
        names = [first.stem] if attended else [first.stem, f"{call_id}-talk-4"]
        assert [each["recording"] for each in announced] == names
        assert (world.record().agent_id, world.record().recording) == ("ben", first.stem)
        with closing(open_readonly(world.settings.engine.database)) as connection:
            shown = recordings.of_call(connection, call_id)
        assert [each.name for each in shown] == names
        assert [each.why for each in shown[0].muted] == (["on hold"] if attended else [])
        last = "talks with ben" if attended else "heard that this is recorded"
        assert shown[-1].marks[-1].what == last
        assert breaches(world) == []


class Switch:
    """A call whose announcement ends so."""

    def __init__(self, ends: Result | Exception) -> None:
        self._ends = ends
        self.asked: list[SwitchCommand] = []

    async def perform(self, command: SwitchCommand) -> Result:
        self.asked.append(command)
        if not isinstance(command, Play | Gather):
            return Done()
        if isinstance(self._ends, Exception):
            raise self._ends
        return self._ends


@pytest.mark.parametrize(("ends", "key"), [(Interrupted(), "9"), (Interrupted(), ""), (SwitchTimeout("late"), "9")])
async def test_what_was_not_heard_out_is_no_announcement_and_its_recording_is_not_kept(
    ends: Result | Exception, key: str
) -> None:
    """Also where we hang up, or the switch fails."""
    dropped: list[str] = []

    async def drop(name: str) -> None:
        dropped.append(name)

    live = LiveCall(CallId("c1"), Direction.OUTBOUND, "loopback", BootId("b"), "c1", "100", NUMBER, NOON)
    recorder = CallRecorder(live, SystemClock(), Phase.TALK)
    recorder.untold = recorder.told_on_recording = True
    channel, notices = Switch(ends), Notices(lambda _: "c1-talk-2", drop)
    telling = notices.tell(cast(CallChannel, channel), recorder, Notice(Prompt("system.recorded", "en"), key))
    if isinstance(ends, Exception):
        with pytest.raises(SwitchTimeout):
            await telling
    else:
        assert await telling is None
    assert isinstance(channel.asked[-1], StopRecording)
    assert (recorder.untold, recorder.holds_notice, recorder.recording, dropped) == (True, "", None, ["c1-talk-2"])
    assert "recording_announced" not in [each.kind for each in recorder.unkept()]


def test_both_halves_know_the_same_states() -> None:
    assert sorted(ALL_MUST_AGREE.split()) == sorted(ALL_AGREE)
    assert TOLD_ON_IT.split() == [state for state, law in ALL_AGREE.items() if law.on_recording]


def test_every_state_says_where_its_law_was_read() -> None:
    for law in ALL_AGREE.values():
        assert law.statute and law.asks and law.read_in and law.read_on <= READ_ON
        assert "counsel" in law.note


@pytest.mark.parametrize(
    ("region", "on_it"),
    [("US-WA", True), ("US-CT", True), ("US-CA", False), ("US-TX", False), ("US", True), ("DE", False), ("", False)],
)
def test_where_the_notice_must_be_on_the_recording(region: str, on_it: bool) -> None:
    assert on_recording(region) is on_it
    rules = {"campaign": {"file": {"compliance": {"recording": "announce"}}}}
    assert Law(rules).must_hold_notice(region) is on_it


@pytest.mark.parametrize(
    ("rule", "region", "told"),
    [("any", "US-CA", False), ("consent", "US-CA", False), ("announce", "US-TX", True), ("place", "US-FL", True),
     ("place", "US-NY", False), ("place", "US", True), ("place", "DE", True), ("place", "", True)],
)  # fmt: skip
def test_who_must_be_told(rule: str, region: str, told: bool) -> None:
    assert must_be_told(rule, region) is told
    assert Law({"campaign": {"file": {"compliance": {"recording": rule}}}}).must_tell(region) is told
