"""Recordings, messages and surveys on the whole engine: what stands in the books and in the folder afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from calls.errors import RecordingError
from calls.recordings import RecordingFiles
from calls.records.database import open_readonly
from calls.records.figure import Scope
from calls.reports.of_scope import all_figures
from calls.switch.loopback.callers import HangUp, Hear, Press, Speak, Wait
from calls.switch.loopback.diary import Seen
from console.engine import recordings
from tests.console.held_time import held
from tests.console.world import LONG_AGO, LONG_AHEAD, World, agent, world_in

BOX = """\
language: en
start: box
nodes:
  box: {voicemail: sales, failed: no, next: yes}
  yes: {hangup: [main.yes], outcome: kept}
  no: {hangup: [main.no], outcome: none}
"""

AFTER_THE_TALK = """\
language: en
start: record
nodes:
  record: {record: start, failed: sales, next: sales}
  sales: {queue: sales, failed: bye, next: ask}
  ask:
    survey:
      - {id: agent, kind: csat, ask: [main.agent]}
      - {id: recommend, kind: nps, ask: [main.recommend]}
      - {id: words, kind: spoken, ask: [main.words]}
    name: support
    failed: bye
    next: bye
  bye: {hangup: [system.goodbye]}
"""


def messages(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT mailbox, caller, round(duration_s, 1), state FROM voicemail")


@held
async def test_a_message_is_in_the_books_before_the_caller_is_told(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=BOX) as world:
        call = world.call(
            Hear("system.voicemail", whole=True), Speak(5.0), Press("#"), Hear("system.voicemail_review"), Press("1"),
            Hear("system.voicemail_sent"), HangUp(),
        )  # fmt: skip
        await call.over()
        await world.settled()
        assert messages(world) == [("sales", "+4930555010", 5.0, "new")]
        (told,) = [event for event in world.events(call.info.call_id) if event.kind == "voicemail"]
        assert told.detail["recording"] == f"{call.info.call_id}-message-1"


@pytest.mark.parametrize(("speaks_s", "kept"), [(5.0, True), (0.6, False)])
@held
async def test_who_just_hangs_up_has_left_a_message_of_more_than_a_second(
    tmp_path: Path, speaks_s: float, kept: bool
) -> None:
    async with world_in(tmp_path, flow=BOX) as world:
        call = world.call(Hear("system.voicemail", whole=True), Speak(speaks_s), HangUp())
        await call.over()
        await world.settled()
        assert messages(world) == ([("sales", "+4930555010", 5.0, "new")] if kept else [])
        record = world.record()
        assert record.ended_by is not None and record.ended_by.value == "caller"


@held
async def test_who_hangs_up_at_the_choices_has_left_one_too(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=BOX) as world:
        await world.call(
            Hear("system.voicemail", whole=True), Speak(5.0), Press("#"), Hear("system.voicemail_review"), HangUp()
        ).over()
        await world.settled()
        assert messages(world) == [("sales", "+4930555010", 5.0, "new")]


@held
async def test_nothing_is_recorded_when_the_disk_is_at_its_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "RESERVE_BYTES", 2**62)
    async with world_in(tmp_path, flow=BOX) as world:
        call = world.call(Hear("main.no"), HangUp())
        await call.over()
        await world.settled()
        assert messages(world) == []
        (told,) = [event for event in world.events(call.info.call_id) if event.kind == "voicemail"]
        assert told.detail["failed"] == "disk"
        assert world.switch.diary.of(call.info.call_id, Seen.RECORD) == []


@held
async def test_a_survey_follows_the_talk_of_a_recorded_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ann"), flow=AFTER_THE_TALK) as world:
        await world.log_in("ann")
        call = world.call(Hear("main.agent", whole=True), Press("5"), Hear("main.recommend", whole=True), Press("1#"),
                          Hear("main.words", whole=True), Speak(4.0), HangUp())  # fmt: skip
        await world.until(lambda: world.state("ann") == "talking")
        channel = world.engine.meetings.channel_of(next(iter(world.engine.floor.view().agents)).agent_id)
        assert channel is not None
        await channel.end_talk()
        await call.over()
        await world.settled()
        record = world.record()
        assert record.agent_id == "ann" and record.recording == f"{call.info.call_id}-call-1"
        rows = world.rows("SELECT flow, node, survey, question, kind, value, recording FROM survey_answers")
        spoken = f"{call.info.call_id}-answer-2"
        assert rows == [
            ("main", "ask", "support", "agent", "csat", 5, None),
            ("main", "ask", "support", "recommend", "nps", 1, None),
            ("main", "ask", "support", "words", "spoken", None, spoken),
        ]
        figures = found_figures(world)
        assert figures["csat", "support/agent"] == (1.0, 1, 1)
        assert figures["nps", "support/recommend"] == (-1.0, -1, 1)
        assert figures["response_rate", "support/words"] == (1.0, 1, 1)


@held
async def test_answers_before_a_hang_up_are_kept_and_what_was_not_answered_counts_as_asked(tmp_path: Path) -> None:
    flow = AFTER_THE_TALK.replace("start: record", "start: ask")
    async with world_in(tmp_path, flow=flow) as world:
        await world.call(Hear("main.agent"), Press("3"), Hear("main.recommend"), HangUp()).over()
        await world.call(Wait(0.2), HangUp()).over()
        await world.settled()
        rows = world.rows("SELECT question, value FROM survey_answers ORDER BY call_id, position")
        assert rows == [("agent", 3), ("recommend", None), ("agent", None)]
        figures = found_figures(world)
        assert figures["csat", "support/agent"] == (0.0, 0, 1)
        assert figures["response_rate", "support/agent"] == (0.5, 1, 2)
        assert figures["nps", "support/recommend"] == (None, 0, 0)


def found_figures(world: World) -> dict[tuple[str, str], tuple[float | None, float, float | None]]:
    connection = open_readonly(world.settings.engine.database)
    try:
        found = all_figures(connection, Scope(LONG_AGO, LONG_AHEAD))
    finally:
        connection.close()
    return {(each.name, each.subject): (each.value, each.numerator, each.denominator) for each in found}


@held
async def test_what_is_too_old_is_deleted_and_its_message_marked(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=BOX) as world:
        call = world.call(Hear("system.voicemail", whole=True), Speak(5.0), HangUp())
        await call.over()
        await world.settled()
        keeper = recordings.RecordingKeeper(
            world.settings.recordings.model_copy(update={"keep_days": 30}), world.engine.writer, world.engine.clock
        )
        now_s = world.engine.clock.now().timestamp()
        for name, age_days in ((f"{call.info.call_id}-message-1", 31), ("other-call-1", 31), ("young-call-1", 29)):
            path = keeper.files.path(name)
            path.write_bytes(b"RIFF")
            os.utime(path, (now_s - age_days * 86_400, now_s - age_days * 86_400))
        assert await keeper.delete_old() == 2
        assert [path.stem for path in keeper.files.folder.iterdir()] == ["young-call-1"]
        assert [row[3] for row in messages(world)] == ["deleted"]
        assert await keeper.delete_old() == 0


@held
async def test_one_that_cannot_be_deleted_keeps_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world_in(tmp_path, flow=BOX) as world:
        keeper = recordings.RecordingKeeper(
            world.settings.recordings.model_copy(update={"keep_days": 30}), world.engine.writer, world.engine.clock
        )
        assert keeper.has_room()
        old_s = world.engine.clock.now().timestamp() - 31 * 86_400
        for name in ("a-call-1", "b-call-1"):
            keeper.files.path(name).write_bytes(b"RIFF")
            os.utime(keeper.files.path(name), (old_s, old_s))
        delete = RecordingFiles.delete

        def refused(files: RecordingFiles, name: str) -> bool:
            if name == "a-call-1":
                raise RecordingError("a-call-1.wav cannot be deleted: Operation not permitted")
            return delete(files, name)

        monkeypatch.setattr(RecordingFiles, "delete", refused)
        assert await keeper.delete_old() == 1
        assert [path.stem for path in keeper.files.folder.iterdir()] == ["a-call-1"]
