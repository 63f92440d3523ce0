"""Recordings for who may hear them: looked through for their pictures, given out, each hearing written down before.

A picture is kept in memory only, and no longer than its file stays as it is: where a recording is erased or too old,
nothing of it is left beside it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from fastapi.responses import FileResponse

from calls import waveform
from calls.errors import RecordingError, UserError
from calls.ids import is_safe_id
from calls.recordings import RecordingFiles
from calls.waveform import Waveform
from console.accounts.store import Known
from console.cli.flows import texts_of
from console.reads import recordings, transcript
from console.reads.recordings import RecordingShown
from console.reads.transcript import Line
from console.reviewing import HeardOrder
from console.web.engine import EngineWay
from console.web.reads import Reads
from console.web.words import Words

KEPT = 200
"""Pictures, of some 4 kB each."""

ONE_HEARING = timedelta(minutes=10)
"""A browser asks for a recording piece by piece, and again where somebody looks for a place in it: pieces that are no
further apart are one hearing."""

HEARINGS = 10_000
"""That are remembered."""

NONE = "there is no recording of this call, or it is not kept any more"

MIDDLE, HIGH = 50.0, 46.0
LEAST = 0.6
"""Of a bar, so that silence is a line and no gap."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A recording with its picture; None: there is nothing to be drawn, which ``shown.problem`` explains."""

    shown: RecordingShown
    wave: Waveform | None


class Recordings:
    """See the module. For one event loop."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._engine: EngineWay = reads.engine
        self._now: Callable[[], datetime] = reads.now
        self._files = RecordingFiles(reads.settings.recordings.folder)
        self._waves: OrderedDict[tuple[str, int, int], Waveform] = OrderedDict()
        self._heard: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._one = asyncio.Lock()
        """One file is looked through at a time: who opens many pages takes the time of one thread."""

    async def of_call(self, call_id: str) -> list[Drawn]:
        """What was recorded of a call, with pictures.

        Raises:
            UserError: no such call has ended.
        """
        found = await self._reads.read(lambda db: recordings.of_call(db, call_id))
        return [await self._drawn(each) for each in found]

    async def transcript(self, call_id: str) -> tuple[Line, ...]:
        """What the flow said and heard in a call."""
        settings = self._reads.settings
        happened = await self._reads.read(lambda db: recordings.events(db, call_id))
        if not happened:
            return ()
        return await asyncio.to_thread(lambda: transcript.transcript(happened, texts_of(settings)))

    async def file(
        self, call_id: str, name: str, known: Known, what: Literal["hear", "download"], way: Literal["page", "api"]
    ) -> FileResponse:
        """The recording ``name`` of a call; "": its first one. Who takes it stands in the audit before it is given.

        Raises:
            UserError: there is none, or the engine did not write down who hears it.
            NoEngine: none is there to write it down.
        """
        found = await self._reads.read(lambda db: recordings.of_call(db, call_id))
        wanted = next((each.name for each in found if each.name == name or not name), None)
        if wanted is None:
            raise UserError(NONE)
        return await self._given(call_id, wanted, known, what, way)

    async def message(self, call_id: str, message_id: str, known: Known) -> FileResponse:
        """The recording of a message that was left in a call. Raises as :meth:`file`."""
        return await self._given(call_id, message_id, known, "hear", "page")

    async def _given(
        self, call_id: str, name: str, known: Known, what: Literal["hear", "download"], way: Literal["page", "api"]
    ) -> FileResponse:
        if not is_safe_id(name) or not self._files.size(name):
            raise UserError(NONE)
        await self._write_down(call_id, name, known, what, way)
        saved = f"{name}.wav" if what == "download" else None
        kept = {"Cache-Control": "no-store"}
        return FileResponse(self._files.path(name), media_type="audio/wav", headers=kept, filename=saved)

    async def _write_down(
        self, call_id: str, name: str, known: Known, what: Literal["hear", "download"], way: Literal["page", "api"]
    ) -> None:
        now, key = self._now(), (known.token, name)
        if what == "hear" and way == "page" and (last := self._heard.get(key)) is not None:
            if now - last < ONE_HEARING:
                self._remember(key, now)
                return
        path = f"/v1/calls/{quote(call_id, safe='')}/recordings/{name}/heard"
        await self._engine.tell("POST", path, HeardOrder(what=what, way=way), known.account.name)
        if what == "hear":
            self._remember(key, now)

    def _remember(self, key: tuple[str, str], now: datetime) -> None:
        self._heard[key] = now
        self._heard.move_to_end(key)
        if len(self._heard) > HEARINGS:
            self._heard.popitem(last=False)

    async def _drawn(self, shown: RecordingShown) -> Drawn:
        async with self._one:
            try:
                wave = await self._wave(shown.name)
            except RecordingError as problem:
                return Drawn(shown.model_copy(update={"problem": str(problem)}), None)
        return Drawn(recordings.measured(shown, wave), wave)

    async def _wave(self, name: str) -> Waveform:
        """
        Raises:
            RecordingError: it is not there, or no recording.
        """
        path = self._files.path(name)
        try:
            told = await asyncio.to_thread(path.stat)
        except OSError as problem:
            raise RecordingError("it is not kept any more") from problem
        key = (name, told.st_size, told.st_mtime_ns)
        if key not in self._waves:
            self._waves[key] = await asyncio.to_thread(waveform.read, path)
        self._waves.move_to_end(key)
        if len(self._waves) > KEPT:
            self._waves.popitem(last=False)
        return self._waves[key]


def bars(wave: Waveform) -> str:
    """The picture's path: a bar for each part, one wide, in a field of 100 in height."""
    drawn = []
    for at, peak in enumerate(wave.peaks):
        high = max(LEAST, HIGH * peak)
        drawn.append(f"M{at}.5 {MIDDLE - high:.1f}V{MIDDLE + high:.1f}")
    return "".join(drawn)


def marks(shown: RecordingShown, words: Words, names: Mapping[str, str]) -> list[tuple[float, str]]:
    """What happened in a recording and where nothing was recorded, by the time, in words. ``names``: of agents."""
    muted = [
        (each.from_s, words("recording.muted", until=clock(each.to_s), why=words.told(each.why, names)))
        for each in shown.muted
    ]
    return sorted(muted + [(each.at_s, words.told(each.what, names)) for each in shown.marks])


def clock(at_s: float) -> str:
    """Minutes and seconds."""
    return f"{int(at_s) // 60}:{int(at_s) % 60:02d}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line of the transcript is to be heard: seconds of the recording ``of``; "": it was not recorded."""

    of: str = ""
    from_s: float = 0.0
    until_s: float = 0.0


def places(lines: Sequence[Line], drawn: Iterable[Drawn]) -> list[Place]:
    """The place of each line, up to the next line or the end of its recording; of several recordings the first."""
    there = [each.shown for each in drawn if each.wave is not None and each.shown.began_s is not None]
    return [_place(line, following, there) for line, following in zip(lines, (*lines[1:], None), strict=False)]


def _place(line: Line, following: Line | None, there: Iterable[RecordingShown]) -> Place:
    for each in there:
        began_s, lasts_s = each.began_s or 0.0, each.duration_s or 0.0
        if began_s <= line.since_s <= began_s + lasts_s:
            end_s = began_s + lasts_s if following is None else min(following.since_s, began_s + lasts_s)
            return Place(each.name, round(line.since_s - began_s, 2), round(end_s - began_s, 2))
    return Place()
