"""A ``Gather`` on AGI that the caller's voice stops: in every place of it, and whenever the signal comes."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import SwitchRefused, SwitchUnavailable
from calls.recordings import RecordingFiles
from calls.switch.asterisk.channel_gather import Gathering
from calls.switch.asterisk.tape import Tape
from calls.switch.keys import SIGNAL
from calls.switch.port import (
    Done,
    Gather,
    Interrupted,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    StopGather,
    StopPrompts,
)
from calls.wire import agi
from calls.wire.agi_replies import Reply
from tests.calls.switch.asterisk.agi_call import MENU, WELCOME, Call, live_call, result
from tests.virtual_time import run

CHOICES = KeyPlan(frozenset({"1", "42"}))
ONE = Gather((WELCOME, MENU), CHOICES, 4.0, 2.0)
WHOLE = Gather((MENU,), CHOICES, 4.0, 2.0, barge_in=False)
WELCOME_S, MENU_S = 2.0, 3.0


class Channel:
    """An Asterisk's channel in virtual time: keys, the signal among them, end what AGI runs, or come when nothing
    does."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.spoken: list[tuple[bytes, float]] = []
        self.fails = ""
        self.written = 0
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    def press(self, key: str) -> None:
        self._keys.put_nowait(key)

    async def say(self, command: agi.Command) -> Reply:
        self.said.append(" ".join(command.words()))
        match command:
            case agi.StreamFile(_, escape, lasts_s, from_sample):
                began = now_s()
                key = await self._key(escape, lasts_s - from_sample / 8_000)
                return Reply(
                    200, str(ord(key)) if key else "0", endpos=from_sample + round((now_s() - began) * 8_000)
                )
            case agi.GetKey(_, timeout_ms, lasts_s):
                key = await self._key(agi.ALL_KEYS, lasts_s + timeout_ms / 1_000)
                return Reply(200, "" if key in ("#", None) else key or "", word="" if key else "timeout")
            case agi.ChannelStatus():
                return Reply(200, "6")
            case agi.WaitForDigit(timeout_ms):
                key = await self._key(agi.ALL_KEYS, timeout_ms / 1_000)
                return Reply(200, str(ord(key)) if key else "0")
            case agi.RecordFile(path, _, longest_ms, _):
                return await self._record(Path(f"{path}.wav"), longest_ms / 1_000)
            case _:
                raise AssertionError(command)

    async def _record(self, path: Path, longest_s: float) -> Reply:
        """Till a second of silence after what is spoken: for a second where nothing is."""
        word, lasts_s = self.spoken.pop(0) if self.spoken else (b"", 0.0)
        key = await self._key(agi.ALL_KEYS, min(lasts_s + 1.0, longest_s))
        if self.fails:
            return Reply(200, "-1", word=self.fails)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8_000, 0, "NONE", ""))
            file.writeframes(word)
        self.written += 1
        return Reply(200, str(ord(key)) if key else "-7", word="dtmf" if key else "timeout")

    async def _key(self, escape: str, within_s: float) -> str | None:
        try:
            async with asyncio.timeout(within_s):
                while (key := await self._keys.get()) not in escape:
                    pass
                return key
        except TimeoutError:
            return None


def now_s() -> float:
    return asyncio.get_running_loop().time()


Act = tuple[float, StopPrompts | StopGather | str]
"""When, in seconds from the beginning, and what: a stop, or a key that comes to the channel."""


def gathered(gather: Gather, *acts: Act) -> tuple[object, float, list[str]]:
    """What a gather came to, after how many seconds, and what was said to AGI."""

    async def main() -> tuple[object, float, list[str]]:
        channel = Channel()
        files = [("/welcome", WELCOME_S), ("/menu", MENU_S)][-len(gather.prompts) :] if gather.prompts else []
        gathering = Gathering(gather, files, channel.say, channel.say, lambda: None)
        for at_s, act in acts:
            asyncio.get_running_loop().call_later(at_s, do, gathering, channel, act)
        return await gathering.run(), round(now_s(), 3), channel.said

    def do(gathering: Gathering, channel: Channel, act: StopPrompts | StopGather | str) -> None:
        if isinstance(act, str):
            channel.press(act)
        elif gathering.hush() if isinstance(act, StopPrompts) else gathering.stop():
            channel.press(SIGNAL)

    return run(main())


TAPE = "heard-1"


async def at_once(work: Callable[[], bytes]) -> bytes:
    return work()


def taped(
    folder: Path, gather: Gather, channel: Channel, *acts: Act, read: bool = True
) -> tuple[object, float, bytes, list[str]]:
    """As ``gathered``, of a caller who is heard by recordings; what was heard is the third."""

    async def main() -> tuple[object, float, bytes, list[str]]:
        tape = Tape(RecordingFiles(folder), TAPE, at_once)
        files = [("/welcome", WELCOME_S), ("/menu", MENU_S)][-len(gather.prompts) :]
        gathering = Gathering(gather, files, channel.say, channel.say, lambda: tape)
        heard = bytearray()

        async def listen() -> None:
            while piece := await tape.read():
                heard.extend(piece)
                if piece.startswith(b"end"):
                    do(gathering, channel, StopGather())

        listening = asyncio.ensure_future(listen())
        for at_s, act in acts:
            asyncio.get_running_loop().call_later(at_s, do, gathering, channel, act)
        result = await gathering.run()
        tape.end()
        await listening
        return result, round(now_s(), 3), bytes(heard), [each.split(" ")[0] for each in channel.said]

    def do(gathering: Gathering, channel: Channel, act: StopPrompts | StopGather | str) -> None:
        if isinstance(act, str):
            channel.press(act)
        elif gathering.hush() if isinstance(act, StopPrompts) else gathering.stop():
            channel.press(SIGNAL)

    found = run(main())
    assert list(folder.iterdir()) == [], "no recording is left"
    return found


def test_who_is_heard_by_recordings_is_recorded_when_the_prompts_are_over(tmp_path: Path) -> None:
    channel = Channel()
    channel.spoken = [(b"", 0.0), (b"hello " * 100, 0.3), (b"end " * 100, 0.2)]
    result, after_s, heard, said = taped(tmp_path, ONE, channel)
    assert result == Interrupted()
    assert heard == b"hello " * 100 + b"end " * 100
    assert said == ["STREAM", "STREAM", "RECORD", "RECORD", "RECORD", "RECORD"]
    assert after_s == 8.5


def test_a_key_wins_while_the_caller_is_recorded(tmp_path: Path) -> None:
    channel = Channel()
    channel.spoken = [(b"hello " * 100, 2.0)]
    assert taped(tmp_path, ONE, channel, (6.0, "4"), (6.5, "2"))[:2] == (Match("42"), 6.5)
    assert taped(tmp_path, ONE, Channel(), (1.0, "1"))[:2] == (Match("1", barged_in=True), 1.0), "in a prompt"


def test_who_says_nothing_is_recorded_till_time_is_up(tmp_path: Path) -> None:
    result, after_s, heard, said = taped(tmp_path, ONE, Channel())
    assert (result, after_s, heard) == (NoInput(), 9.0, b"")
    assert said == ["STREAM", "STREAM", *["RECORD"] * 4]


@pytest.mark.parametrize("word", ["writefile", "waitfor"])
def test_a_switch_that_cannot_record_leaves_keys(tmp_path: Path, word: str) -> None:
    channel = Channel()
    channel.fails = word
    assert taped(tmp_path, ONE, channel, (6.2, "1"))[:2] == (Match("1"), 6.2)
    assert channel.said[3] == "CHANNEL STATUS" and channel.said[-1].startswith("WAIT FOR DIGIT")


def test_a_recording_that_is_not_to_be_read_leaves_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr("calls.switch.asterisk.tape.wave.open", nothing)
    channel = Channel()
    monkeypatch.setattr(channel, "_record", lambda path, longest_s: silent(path))
    assert taped(tmp_path, ONE, channel, (6.2, "1"))[:2] == (Match("1"), 6.2)


async def silent(path: Path) -> Reply:
    await asyncio.sleep(1.0)
    assert path.name == f"{TAPE}.wav"
    return Reply(200, "0", word="timeout")


def test_a_folder_that_is_not_shared_is_told(tmp_path: Path) -> None:
    with pytest.raises(SwitchUnavailable, match="must be one that Asterisk and the engine share"):
        Tape(RecordingFiles(tmp_path / "missing"), TAPE)


@pytest.mark.parametrize("at_s", [0.5, 2.5, 7.0])
def test_voice_stops_whichever_prompt_plays_and_time_begins_anew(at_s: float) -> None:
    assert gathered(ONE, (at_s, StopPrompts()))[:2] == (NoInput(), at_s + 4.0)
    assert gathered(ONE, (at_s, StopPrompts()), (at_s + 3.0, "1"))[:2] == (Match("1"), at_s + 3.0)


@pytest.mark.parametrize("at_s", [0.5, 2.5, 7.0])
def test_a_gather_ends_wherever_it_is(at_s: float) -> None:
    assert gathered(ONE, (at_s, StopGather()))[:2] == (Interrupted(), at_s)
    assert gathered(ONE, (0.3, StopPrompts()), (at_s, StopGather()))[1] == min(at_s, 4.3)
    assert gathered(Gather((), CHOICES, 9.0, 2.0), (at_s, StopGather()))[:2] == (Interrupted(), at_s)


def test_without_barge_in_only_the_end_ends_the_prompt() -> None:
    assert gathered(WHOLE, (1.0, StopPrompts()))[:2] == (NoInput(), 7.0)
    assert gathered(WHOLE, (1.0, StopGather()))[:2] == (Interrupted(), 1.0)
    assert gathered(WHOLE, (5.0, StopPrompts()))[:2] == (NoInput(), 9.0)
    assert gathered(WHOLE, (1.0, "1"), (1.5, "D"), (4.0, "1"))[:2] == (Match("1"), 4.0)


def test_a_key_that_was_first_wins() -> None:
    assert gathered(ONE, (1.0, "4"), (2.0, StopGather()))[:2] == (NoMatch("4", barged_in=True), 3.0)
    assert gathered(ONE, (1.0, "4"), (2.0, StopPrompts()), (2.5, "2"))[:2] == (Match("42", barged_in=True), 2.5)
    assert gathered(ONE, (1.0, "1"), (1.0, StopGather()))[:2] == (Match("1", barged_in=True), 1.0)


@pytest.mark.parametrize("at_s", [0.0, 0.5, 1.9, 2.0, 2.5, 4.9, 5.0, 7.0, 8.9])
@pytest.mark.parametrize("gather", [ONE, WHOLE])
def test_a_signal_that_nobody_meant_changes_nothing(gather: Gather, at_s: float) -> None:
    """A late one, or a caller's own key: every prompt plays whole and the time is what it was."""
    whole_s = gathered(gather)[1]
    assert gathered(gather, (at_s, "D"))[:2] == (NoInput(), whole_s)
    assert gathered(gather, (at_s, "D"), (at_s + 0.01, "D"), (8.95, "A"))[1] in (whole_s, 8.95)


def test_what_a_stray_signal_ended_goes_on_where_it_was() -> None:
    said = gathered(ONE, (0.5, "D"), (3.0, "D"), (8.0, "D"))[2]
    assert said == [
        f"STREAM FILE /welcome {agi.ALL_KEYS}",
        f"STREAM FILE /welcome {agi.ALL_KEYS} 4000",
        "GET DATA /menu 4000 1",
        f"STREAM FILE /menu {agi.ALL_KEYS} 8000",
        "WAIT FOR DIGIT 4000",
        "WAIT FOR DIGIT 1000",
    ]


@settings(max_examples=300)
@given(
    st.sampled_from([ONE, WHOLE, Gather((MENU,), CHOICES, 4.0, 2.0), Gather((), CHOICES, 4.0, 2.0)]),
    st.lists(st.tuples(st.floats(0, 12), st.sampled_from([StopPrompts(), StopGather(), "1", "4", "2", "9", "D"]))),
)
def test_whatever_comes_when_it_ends_as_it_should(gather: Gather, acts: list[Act]) -> None:
    came_to, after_s, _ = gathered(gather, *acts)
    keys = {act for _, act in acts if isinstance(act, str)}
    stops = [at_s for at_s, act in acts if act == StopGather()]
    if isinstance(came_to, Interrupted):
        assert any(abs(at_s - after_s) < 0.01 for at_s in stops)
    elif isinstance(came_to, Match | NoMatch):
        assert keys.issuperset(came_to.keys) and SIGNAL not in came_to.keys
    else:
        assert came_to == NoInput()
        assert all(at_s > after_s - 0.01 for at_s in stops)


# --- the channel ------------------------------------------------------------------------------------------------

MENU_LINE = b"GET DATA /prompts/en/menu 4000 1"
ONE_MENU = Gather((MENU,), CHOICES, 4.0, 2.0)


async def stop(call: Call, command: StopPrompts | StopGather) -> None:
    assert await result(call.start(command)) == Done()


async def test_ami_presses_the_key_and_agi_says_so() -> None:
    async with live_call() as call:
        done = call.start(ONE_MENU)
        await call.peer.expect(MENU_LINE)
        await stop(call, StopPrompts())
        assert call.control.asked == [("signal", call.channel.name)]
        call.peer.say(b"200 result=D\n")
        assert (await call.peer.heard()).startswith(b"WAIT FOR DIGIT ")
        await stop(call, StopGather())
        assert len(call.control.asked) == 2
        call.peer.say(b"200 result=68\n")
        assert await result(done) == Interrupted()


async def test_a_stop_where_nothing_gathers_presses_no_key() -> None:
    async with live_call() as call:
        await stop(call, StopGather())
        playing = call.start(Play((MENU,)))
        await call.peer.expect(b'STREAM FILE /prompts/en/menu ""')
        await stop(call, StopGather())
        await stop(call, StopPrompts())
        call.peer.say(b"200 result=0 endpos=1\n")
        assert await result(playing) == Done()
        assert call.control.asked == []


async def test_a_call_that_ends_has_no_channel_for_the_key() -> None:
    async with live_call() as call:
        done = call.start(ONE_MENU)
        await call.peer.expect(MENU_LINE)
        call.control.fault = SwitchRefused("PlayDTMF: Channel not found")
        await stop(call, StopGather())
        call.peer.say(b"200 result= (timeout)\n")
        assert await result(done) == Interrupted()


async def test_no_way_to_press_a_key_is_told_and_the_gather_goes_on() -> None:
    async with live_call() as call:
        done = call.start(ONE_MENU)
        await call.peer.expect(MENU_LINE)
        call.control.fault = SwitchUnavailable("not connected")
        with pytest.raises(SwitchUnavailable):
            await result(call.start(StopPrompts()))
        call.peer.say(b"200 result=1\n")
        assert await result(done) == Match("1", barged_in=True)
