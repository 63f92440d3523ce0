"""A message that a caller leaves, and what plays it again.

``record`` ends by itself only after silence; a key, and the greatest length, are ours to tell: the key as an event,
as everywhere, the length by our clock, for FreeSWITCH counts whole seconds.
"""

from __future__ import annotations

import asyncio
import math

from calls import log
from calls.errors import CommandRefused, RecordingError, SwitchRefused
from calls.recordings import RecordingFiles
from calls.switch.freeswitch.ear import Ear
from calls.switch.freeswitch.turn import MARGIN_S, Cut, Turn
from calls.switch.port import Done, PlayRecording, Record, Recorded, RecordEnd, RecordingFailed, Result
from calls.wire import esl_applications
from calls.wire.esl import Headers

UNAVAILABLE = "unavailable"
SAFETY_S = 5
"""FreeSWITCH's own greatest length is this much behind ours."""


def file_of(recordings: RecordingFiles, name: str) -> str:
    """The path of the recording ``name``.

    Raises:
        CommandRefused: it is no recording's name.
    """
    try:
        return str(recordings.path(name))
    except RecordingError as problem:
        raise CommandRefused(str(problem)) from problem


async def record(turn: Turn, command: Record) -> Result:
    """Prompts, a beep, and what the caller says."""
    path = file_of(turn.around.recordings, command.name)
    files = turn.files(command.prompts)
    clock = asyncio.get_running_loop().time
    ear = turn.ear = Ear(bool(command.end_keys), True, frozenset(command.end_keys), prompts_left=len(files))
    for file, lasts_s in files:
        if ear.keys:
            break
        await turn.play(file, lasts_s)
    ear.keys.clear()
    if command.beep:
        await turn.execute(esl_applications.Beep(), MARGIN_S)
    ear.keys.clear()
    silence_s = max(1, round(command.silence_s))
    application = esl_applications.Record(path, math.ceil(command.longest_s) + SAFETY_S, silence_s)
    run = await turn.begin(application)
    began = clock()
    until_s = began + command.longest_s
    try:
        await turn.until(lambda: run.ended is not None or (run.begun and bool(ear.keys)), until_s)
        too_long = run.ended is None and not ear.keys
        await turn.end(run)
        ended = await turn.outcome(run, application)
    except Cut:
        if turn.interrupted or not run.begun:
            raise
        return Recorded(command.name, min(clock() - began, command.longest_s), RecordEnd.HANGUP)
    lasted_s = _lasted_s(ended, clock() - began)
    if ear.keys:
        return Recorded(command.name, lasted_s, RecordEnd.KEY)
    if too_long:
        return Recorded(command.name, lasted_s, RecordEnd.LONGEST)
    if ended.get("variable_silence_hits_exhausted") == "true":
        return Recorded(command.name, max(0.0, lasted_s - silence_s), RecordEnd.SILENCE)
    log.get().error("FreeSWITCH cannot write a recording", path=path)
    return RecordingFailed(UNAVAILABLE)


async def play_recording(turn: Turn, command: PlayRecording) -> Result:
    """Play a recording, whole."""
    path = file_of(turn.around.recordings, command.name)
    if turn.around.recordings.size(command.name) is None:
        return RecordingFailed(UNAVAILABLE)
    try:
        await turn.play(path, command.duration_s + MARGIN_S)
    except SwitchRefused as problem:
        log.get().error("FreeSWITCH cannot play a recording", path=path, problem=str(problem))
        return RecordingFailed(UNAVAILABLE)
    return Done()


def _lasted_s(ended: Headers, otherwise_s: float) -> float:
    said = ended.get("variable_record_ms")
    return int(said) / 1_000 if said.isascii() and said.isdecimal() and len(said) <= 9 else otherwise_s
