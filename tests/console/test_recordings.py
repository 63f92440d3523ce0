"""What was recorded of a call, where it is silent and why, and what was said to its flow: by events of real calls."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from calls.errors import UserError
from calls.records.database import open_readonly
from calls.switch.loopback.callers import HangUp, Hear, Press, Speak, Wait
from calls.switch.port import Prompt
from calls.waveform import Waveform
from console.reads import recordings
from console.reads.recordings import Happened, RecordingShown
from console.reads.transcript import Line, Speaker, transcript
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.test_talk_recording import PAYS, house, order, talk
from tests.console.world import World
from tests.ivr.test_payment import CANARY, EXPIRY


def shown(world: World, call_id: str) -> list[RecordingShown]:
    with closing(open_readonly(world.settings.engine.database)) as connection:
        return recordings.of_call(connection, call_id)


def said(world: World, call_id: str) -> list[tuple[str, str]]:
    with closing(open_readonly(world.settings.engine.database)) as connection:
        happened = recordings.events(connection, call_id)
    return [(line.who.value, line.text) for line in transcript(happened, lambda prompt: prompt.key)]


@held
async def test_a_talks_recording_says_whose_it_is_and_where_it_was_paused(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        await asyncio.sleep(2.0)
        await order(world, "pause")
        await asyncio.sleep(3.0)
        await order(world, "resume")
        path = f"/v1/calls/{call.info.call_id}/supervise"
        await ask(world.engine, path, {"supervisor": "eve", "mode": "listen"})
        await world.until(lambda: "supervised" in world.kinds(call.info.call_id))
        await ask(world.engine, "/v1/agents/anna/end-call")
        await world.until(lambda: world.state("anna") == "ready")
        call.far_hangs_up()
        await world.settled()
        (found,) = shown(world, call.info.call_id)
        assert (found.name, found.kind, found.agent) == (f"{call.info.call_id}-talk-1", "talk", "anna")
        (muted,) = found.muted
        assert (round(muted.from_s), round(muted.to_s), muted.why) == (2, 5, "paused by the supervisor")
        assert "eve: listen" in [each.what for each in found.marks]
        assert said(world, call.info.call_id)[:2] == [("flow", "main.menu"), ("caller", "(presses 2)")]
        assert ("note", "Agent anna comes: what the two say is not written down.") in said(world, call.info.call_id)


@held
async def test_a_card_is_silent_in_the_calls_recording_and_nowhere_in_the_transcript(tmp_path: Path) -> None:
    async with house(tmp_path, flow=PAYS) as world:
        await world.log_in("anna")
        call = world.call(Hear("x.card"), Press(f"{CANARY}#"), Hear("x.expiry"), Press(EXPIRY), Wait(1.0), HangUp())
        await world.until(lambda: world.state("anna") == "talking")
        await ask(world.engine, "/v1/agents/anna/end-call")
        await call.over()
        await world.settled()
        (found,) = shown(world, call.info.call_id)
        assert (found.name, found.kind, found.agent) == (f"{call.info.call_id}-call-1", "call", None)
        (muted,) = found.muted
        assert muted.why == "a card number is taken"
        assert muted.to_s == pytest.approx(world.record().duration_s - (found.began_s or 0.0), abs=0.02)
        assert [each.what for each in found.marks][:2] == ["talks with anna", "the talk with anna is over"]
        lines = said(world, call.info.call_id)
        assert lines.count(("flow", "(asks for a secret)")) == 3
        assert CANARY not in str(lines) and EXPIRY not in str(lines)


@held
async def test_a_message_is_among_the_recordings_and_no_call_is_made_up(tmp_path: Path) -> None:
    flow = "language: en\nstart: b\nnodes:\n  b: {voicemail: sales, failed: n, next: n}\n  n: {hangup: [main.no]}\n"
    async with house(tmp_path, flow=flow) as world:
        call = world.call(Hear("system.voicemail", whole=True), Speak(5.0), HangUp())
        await call.over()
        await world.settled()
        (found,) = shown(world, call.info.call_id)
        assert (found.name, found.kind) == (f"{call.info.call_id}-message-1", "message")
        with pytest.raises(UserError, match="no call 'other' has ended"):
            shown(world, "other")


def test_nothing_is_placed_behind_the_end_of_a_file() -> None:
    """A disk that filled: the recording is shorter than the talk."""
    muted = recordings.Stretch(from_s=1.0, to_s=9.0, why="paused")
    late = recordings.Stretch(from_s=7.0, to_s=9.0, why="paused")
    marks = (recordings.Mark(at_s=1.0, what="x"), recordings.Mark(at_s=8.0, what="y"))
    told = RecordingShown(
        name="r",
        kind="talk",
        agent="anna",
        began_s=0.0,
        duration_s=None,
        muted=(muted, late),
        marks=marks,
        problem="",
    )
    found = recordings.measured(told, Waveform(5.0, ()))
    assert (found.duration_s, [each.to_s for each in found.muted], len(found.marks)) == (5.0, [5.0], 1)


def event(since_s: float, kind: str, **detail: object) -> Happened:
    return Happened(since_s, kind, detail)


def test_what_was_heard_by_voice_is_written_as_it_was_understood() -> None:
    prompt = {"key": "main.menu", "language": "en"}
    happened = [
        event(0.0, "exchange", v=1, context={}),
        event(2.0, "exchange", command={"Listen": {"gather": {"prompts": [prompt]}}}, result={}),
        event(2.0, "choice", keys="", by="speech", words="sales", confidence=0.91, sure=False),
        event(3.0, "nomatch", keys="", by="speech", words="bananas", value=""),
        event(4.0, "collected", digits="", length=4),
        event(5.0, "said", into="name", words="Ann Lee", confidence=0.5),
        event(6.0, "noinput", count=1),
    ]

    def text(of: Prompt) -> str:
        return f"<{of.key}>"

    assert transcript(happened, text) == (
        Line(since_s=0.0, who=Speaker.FLOW, text="<main.menu>"),
        Line(since_s=2.0, who=Speaker.CALLER, text="sales", confidence=0.91, unsure=True),
        Line(since_s=3.0, who=Speaker.CALLER, text="bananas (fits nothing that was asked for)"),
        Line(since_s=4.0, who=Speaker.CALLER, text="(4 secret digits)"),
        Line(since_s=5.0, who=Speaker.CALLER, text="Ann Lee", confidence=0.5),
        Line(since_s=6.0, who=Speaker.CALLER, text="(says and presses nothing)"),
    )
