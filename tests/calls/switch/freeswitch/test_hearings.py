"""Callers who are heard on FreeSWITCH: files that grow and have no name. In virtual time, with real files."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import wave
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest

from calls.errors import SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.recordings import RecordingFiles
from calls.switch.backlog import LONGEST_S, Backlog
from calls.switch.freeswitch.hearings import CLOCK_S, EVERY_S, LIMIT_S, LOOK_S, PACKET_S, Hearings
from calls.wire.esl_commands import Command, encode
from tests.calls.switch.freeswitch.world import descriptors
from tests.virtual_time import run

CHANNEL = "6bd2a74c-1111-4222-8333-444455556666"
MARK = "callwright-hear-dce7cc-"
PACKET = bytes(range(160)) * 2
"""20 ms."""

START = re.compile(r"api uuid_record (\S+) start (\S+) (\d+) \{(\S+)\}\n\n\Z")
STOP = re.compile(r"api uuid_record (\S+) stop (\S+)\n\n\Z")


class Writer:
    """FreeSWITCH, as far as it records: it makes the file, and writes to it packet by packet, whatever its name is
    now."""

    def __init__(self, rate_hz: int = 8_000) -> None:
        self.said: list[str] = []
        self.answer: Callable[[], Awaitable[None]] | None = None
        """Before the answer to ``start``, when the file is there."""
        self.writes = True
        self._rate_hz = rate_hz
        self._file: int | None = None

    async def ask(self, command: Command) -> str:
        said = encode(command).decode()
        self.said.append(said)
        if found := START.match(said):
            if self.writes:
                self._file = os.open(found[2], os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                os.write(self._file, self._head())
            if self.answer is not None:
                await self.answer()
        else:
            assert STOP.match(said), said
            self.close()
        return "+OK Success\n"

    def write(self, packets: int = 1) -> None:
        assert self._file is not None
        os.write(self._file, PACKET * packets)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _head(self) -> bytes:
        file = BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setparams((1, 2, self._rate_hz, 0, "NONE", ""))
            writer.writeframes(b"")
        return file.getvalue()


def hearings(folder: Path, *, wanted: bool = True, whose: str = "fs") -> Hearings:
    ids = itertools.count()
    return Hearings(RecordingFiles(folder), "callwright", whose, lambda: f"id-{next(ids)}", wanted=wanted)


async def heard(audio: Backlog) -> bytes:
    """All that can be read now, and that it was told that no more comes."""
    found = b""
    while piece := await audio.read():
        found += piece
    return found


def test_what_is_written_is_heard_within_ten_milliseconds_and_nothing_is_left(tmp_path: Path) -> None:
    async def main() -> None:
        writer, ours = Writer(), hearings(tmp_path)
        clock = asyncio.get_running_loop().time
        async with ours.hear(CHANNEL, writer.ask) as audio:
            assert os.listdir(tmp_path) == []
            for _ in range(3):
                writer.write()
                written_at = clock()
                assert await audio.read() == PACKET
                assert clock() - written_at <= EVERY_S
            assert (audio.live, audio.lost_s) == (True, 0.0)
        assert len(ours) == 0
        assert [bool(START.match(said)) for said in writer.said] == [True, False]
        assert await audio.read() == b""

    before = descriptors()
    run(main())
    assert descriptors() == before
    assert list(tmp_path.iterdir()) == []


def test_packets_that_come_evenly_are_heard_as_they_come(tmp_path: Path) -> None:
    """At whichever moment between two looks they begin: soon each is found by one look at it."""

    async def main(begins_s: float) -> None:
        writer, ours = Writer(), hearings(tmp_path)
        loop = asyncio.get_running_loop()
        async with ours.hear(CHANNEL, writer.ask) as audio:
            late_s = []
            await asyncio.sleep(begins_s)
            written_at = loop.time() - PACKET_S
            for _ in range(8):
                await asyncio.sleep(written_at + PACKET_S - loop.time())
                writer.write()
                written_at = loop.time()
                assert await audio.read() == PACKET
                late_s.append(loop.time() - written_at)
        assert max(late_s) <= EVERY_S and max(late_s[5:]) <= LOOK_S + CLOCK_S

    for begins_ms in range(0, 20, 3):
        run(main(begins_ms / 1_000))


def test_it_is_asked_for_what_the_caller_says_alone(tmp_path: Path) -> None:
    async def main() -> str:
        writer = Writer()
        async with hearings(tmp_path).hear(CHANNEL, writer.ask):
            return writer.said[0]

    found = START.match(run(main()))
    assert found is not None
    assert (found[1], found[2], found[3]) == (CHANNEL, f"{tmp_path}/{MARK}id0.wav", str(LIMIT_S))
    asked = found[4].split(",")
    assert {"RECORD_READ_ONLY=true", "RECORD_PRE_BUFFER_FRAMES=0", "enable_file_write_buffering=false"} <= {*asked}
    assert "RECORD_STEREO=false" in asked


def test_half_a_sample_waits_for_its_other_half(tmp_path: Path) -> None:
    async def main() -> None:
        writer = Writer()
        async with hearings(tmp_path).hear(CHANNEL, writer.ask) as audio:
            assert writer._file is not None
            os.write(writer._file, PACKET[:161])
            assert await audio.read() == PACKET[:160]
            os.write(writer._file, PACKET[161:])
            assert await audio.read() == PACKET[160:]

    run(main())


def test_a_reader_who_is_late_loses_the_oldest_and_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        writer, ours = Writer(), hearings(tmp_path)
        async with ours.hear(CHANNEL, writer.ask) as audio:
            writer.write(150)
            await asyncio.sleep(2 * EVERY_S)
            ours.over(CHANNEL)
            assert len(await heard(audio)) == LONGEST_S * 16_000
            assert audio.lost_s == pytest.approx(1.0)

    run(main())


def test_the_end_of_the_call_ends_it_behind_the_last_word(tmp_path: Path) -> None:
    async def main() -> None:
        writer, ours = Writer(), hearings(tmp_path)
        async with ours.hear(CHANNEL, writer.ask) as audio:
            writer.write(2)
            ours.over(CHANNEL)
            ours.over(CHANNEL)
            writer.write()
            assert await heard(audio) == PACKET * 2
            assert len(ours) == 0

    run(main())


def test_two_callers_and_one_caller_twice_are_heard_apart(tmp_path: Path) -> None:
    async def main() -> None:
        ours = hearings(tmp_path)
        writers = [Writer() for _ in range(3)]
        async with (
            ours.hear(CHANNEL, writers[0].ask) as first,
            ours.hear("another", writers[1].ask) as other,
            ours.hear(CHANNEL, writers[2].ask) as second,
        ):
            assert len(ours) == 3
            for packets, writer in enumerate(writers, start=1):
                writer.write(packets)
            ours.over(CHANNEL)
            assert [len(await heard(each)) for each in (first, second)] == [320, 960]
            assert await other.read() == PACKET * 2

    run(main())


def test_a_call_that_nobody_stops_hearing_is_let_go_at_its_limit(tmp_path: Path) -> None:
    async def main() -> float:
        ours, writer = hearings(tmp_path), Writer()
        async with ours.hear(CHANNEL, writer.ask) as audio:
            assert await heard(audio) == b""
            return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(LIMIT_S, abs=2 * EVERY_S)


def test_a_switch_that_records_elsewhere_is_told_with_the_folder(tmp_path: Path) -> None:
    async def main(folder: Path) -> None:
        writer = Writer()
        writer.writes = False
        async with hearings(folder).hear(CHANNEL, writer.ask):
            pytest.fail("nothing can be heard")

    with pytest.raises(SwitchUnavailable, match="No such file"):
        run(main(tmp_path))
    with pytest.raises(SwitchUnavailable, match="must be one that FreeSWITCH and the engine share"):
        run(main(tmp_path / "missing"))


@pytest.mark.parametrize("fault", [SwitchRefused("no"), SwitchUnavailable("away"), SwitchTimeout("late")])
def test_what_was_begun_and_not_answered_is_stopped_and_removed(tmp_path: Path, fault: Exception) -> None:
    async def refuse() -> None:
        raise fault

    async def main(writer: Writer) -> None:
        writer.answer = refuse
        async with hearings(tmp_path).hear(CHANNEL, writer.ask):
            pytest.fail("nothing can be heard")

    writer = Writer()
    with pytest.raises(SwitchUnavailable, match=str(fault)):
        run(main(writer))
    assert STOP.match(writer.said[-1])
    assert list(tmp_path.iterdir()) == []


def test_a_listener_who_is_gone_before_it_began_leaves_nothing(tmp_path: Path) -> None:
    async def main(writer: Writer) -> None:
        answered = asyncio.Event()

        async def wait() -> None:
            await answered.wait()

        async def listen() -> None:
            async with ours.hear(CHANNEL, writer.ask):
                pytest.fail("it was cancelled")

        ours = hearings(tmp_path)
        writer.answer = wait
        listening = asyncio.create_task(listen())
        await asyncio.sleep(0.005)
        listening.cancel()
        await asyncio.wait((listening,))
        await ours.stop()
        assert listening.cancelled()
        assert len(ours) == 0

    writer = Writer()
    run(main(writer))
    assert STOP.match(writer.said[-1])
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_an_end_and_no_noise(tmp_path: Path) -> None:
    async def main() -> None:
        writer = Writer(16_000)
        async with hearings(tmp_path).hear(CHANNEL, writer.ask) as audio:
            writer.write(5)
            assert await heard(audio) == b""

    run(main())


def test_a_stop_that_the_switch_never_answers_keeps_nobody(tmp_path: Path) -> None:
    async def main() -> float:
        writer, ours = Writer(), hearings(tmp_path)
        clock = asyncio.get_running_loop().time

        async def ask(command: Command) -> str:
            if STOP.match(encode(command).decode()):
                await asyncio.Event().wait()
            return await writer.ask(command)

        async with ours.hear(CHANNEL, ask):
            left_at = clock()
        taken_s = clock() - left_at
        await ours.stop()
        writer.close()
        return taken_s

    assert run(main()) <= 0.05 + EVERY_S


def test_what_a_killed_run_left_is_removed_and_recordings_are_kept(tmp_path: Path) -> None:
    for name in (f"{MARK}0123", "call-7-message", "other-hear-0123"):
        (tmp_path / f"{name}.wav").touch()

    async def main() -> None:
        hearings(tmp_path, wanted=False).clear()
        assert len(os.listdir(tmp_path)) == 3
        hearings(tmp_path).clear()

    run(main())
    assert {each.stem for each in tmp_path.iterdir()} == {"call-7-message", "other-hear-0123"}


def test_a_switch_that_starts_removes_nothing_that_another_one_is_about_to_hear(tmp_path: Path) -> None:
    """Two engines, or two switches of one, that share the folder and the context."""

    async def main() -> None:
        writer = Writer()

        async def another_starts() -> None:
            hearings(tmp_path, whose="fs-2").clear()

        writer.answer = another_starts  # the file has its name still
        async with hearings(tmp_path).hear(CHANNEL, writer.ask) as audio:
            writer.write()
            assert await audio.read() == PACKET

    run(main())


def test_nobody_is_heard_where_the_settings_say_so(tmp_path: Path) -> None:
    async def main() -> None:
        writer = Writer()
        async with hearings(tmp_path, wanted=False).hear(CHANNEL, writer.ask):
            pytest.fail("nobody is heard")

    with pytest.raises(SwitchUnavailable, match='audio = "none"'):
        run(main())
