"""What a real Asterisk records: the caller's tone, through a talk too; and a muted stretch is silence."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from calls.ids import LegId
from calls.switch.events import LegAnswered, SwitchEvent
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    Done,
    EndedBy,
    Hangup,
    MuteRecording,
    Play,
    Record,
    Recorded,
    RecordEnd,
    RingAgent,
    StartRecording,
    TalkEnded,
)
from console.demo.sipp import Callees, CallerScript, Press, SippHome
from console.demo.sipp import call as place_call
from tests.conformance.asterisk import AsteriskExchange, open_exchange
from tests.conformance.vocabulary import LONG, SHORT
from tests.integration.conftest import Trees
from tests.integration.levels import levels, loud_s, samples, share_of, tone

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLER_HZ = 440.0
PROMPT_HZ = 4_000.0
PROMPT_SHARE = 0.01
"""The prompts' tone is softer than the caller: 1.6% of the power were seen, and next to nothing without it."""

DEADLINE_S = 40.0
TALK_S = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(trees: Trees, callees: Callees) -> AsyncIterator[AsteriskExchange]:
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sipp = SippHome(trees.sipp, folder / "sipp")
        async with open_exchange(trees.asterisk, sipp, replace(callees), folder) as opened:
            yield opened


async def test_the_callers_tone_is_recorded_and_a_muted_stretch_is_silent(
    exchange: AsteriskExchange, tmp_path: Path
) -> None:
    line = exchange.new_line()
    (called,) = line.called
    leg = LegId("leg-recording")
    up, over = asyncio.Event(), asyncio.Event()
    found: dict[str, object] = {}

    def on_event(event: SwitchEvent) -> None:
        if event == LegAnswered(leg):
            up.set()

    async def on_call(channel: CallChannel) -> None:
        try:
            found.update(await recorded_call(channel, leg))
        finally:
            over.set()

    await line.start(on_event, on_call)
    async with asyncio.timeout(DEADLINE_S):
        await line.originate(RingAgent(leg, "PJSIP/agent1", "+15550100099", 10.0))
        await up.wait()
        voice = tmp_path / "voice.ulaw"
        voice.write_bytes(tone(CALLER_HZ, 4.0))
        script = CallerScript(called, (Press(14.5, "#"),), voice=voice)
        caller = await place_call(exchange.sipp, "recorded", script, sip_port=exchange.pbx.ports.sip)
        await over.wait()
        assert await caller.wait(DEADLINE_S), caller.trouble
        await line.hang_up(leg)
    check_call(exchange.pbx.folder.parent / "recordings/whole.wav", found)
    check_message(exchange.pbx.folder.parent / "recordings/message.wav", found)


async def recorded_call(channel: CallChannel, leg: LegId) -> dict[str, object]:
    """Prompt, talk, a muted prompt, a prompt, and a message; what came of it."""
    clock = asyncio.get_running_loop().time
    assert await channel.perform(Answer()) == Done()
    assert await channel.perform(StartRecording("whole")) == Done()
    began = clock()
    assert await channel.perform(Play((SHORT,))) == Done()
    talk = asyncio.ensure_future(channel.perform(Connect(leg)))
    await asyncio.sleep(TALK_S)
    await channel.end_talk()
    assert await talk == TalkEnded(EndedBy.AGENT)
    muted_s = clock() - began
    assert await channel.perform(MuteRecording(True)) == Done()
    assert await channel.perform(Play((LONG,))) == Done()
    assert await channel.perform(MuteRecording(False)) == Done()
    unmuted_s = clock() - began
    assert await channel.perform(Play((SHORT,))) == Done()
    message = await channel.perform(Record("message", (SHORT,), 20.0, 5.0))
    lasted_s = clock() - began
    await channel.perform(Hangup())
    return {"message": message, "muted_s": muted_s, "unmuted_s": unmuted_s, "lasted_s": lasted_s}


def check_call(file: Path, found: dict[str, object]) -> None:
    """Loud, then silent while muted, then loud to the end; with both sides of the call in it."""
    heard = samples(file)
    muted_s, unmuted_s, lasted_s = (float(str(found[key])) for key in ("muted_s", "unmuted_s", "lasted_s"))
    assert abs(len(heard) / 8_000 - lasted_s) < 1.0
    first, *_, last = loud_s(heard)
    assert first[0] < 0.5 and abs(first[1] - muted_s) < 0.5, "loud through the talk, until it is muted"
    assert abs(last[0] - unmuted_s) < 0.5 and last[1] > lasted_s - 1.0, "loud again when it is no longer muted"
    between = levels(heard)[round(first[1] * 10) + 1 : round(last[0] * 10) - 1]
    assert len(between) > 30 and max(between) < 0.002, "silence while muted"
    prompt = heard[: round(0.8 * 8_000)]
    assert share_of(prompt, CALLER_HZ) > 0.9 and share_of(prompt, PROMPT_HZ) > PROMPT_SHARE, "both sides"
    talk = heard[round(1.3 * 8_000) : round((muted_s - 0.4) * 8_000)]
    assert share_of(talk, CALLER_HZ) > 0.9 and share_of(talk, PROMPT_HZ) < PROMPT_SHARE / 10, (
        "the caller's tone in the talk"
    )


def check_message(file: Path, found: dict[str, object]) -> None:
    """The caller's tone and nothing else, as long as the result said."""
    message = found["message"]
    assert isinstance(message, Recorded) and message.ended_by is RecordEnd.KEY
    heard = samples(file)
    assert abs(len(heard) / 8_000 - message.duration_s) < 0.1 and message.duration_s > 1.0
    assert share_of(heard, CALLER_HZ) > 0.9
    assert [stretch for stretch in loud_s(heard) if stretch[1] - stretch[0] > message.duration_s - 0.5]
