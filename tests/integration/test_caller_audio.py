"""Callers who are heard on a real Asterisk, by every way that it has: what is heard, how soon, and what is left."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from calls.errors import SwitchError, SwitchUnavailable
from calls.recordings import RecordingFiles
from calls.switch.asterisk import hearing_legs
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.audio_way import AudioConfig, find_way
from calls.switch.asterisk.channel import AsteriskChannel
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.asterisk.switch import AsteriskSwitch
from calls.switch.events import SwitchEvent, SwitchUp
from calls.switch.hearing import RATE_HZ, CallerAudio
from calls.switch.loopback.voice import said, words_in
from calls.switch.port import (
    Answer,
    CallChannel,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    KeyPlan,
    NoInput,
    Play,
    Prompt,
    StopGather,
    StopPrompts,
)
from console.demo.pbx import PrivateAsterisk
from console.demo.ports import LOOPBACK, free_media_ports, free_port
from prompts.audio import Audio, encode
from prompts.formats import Format
from tests.conformance.hearing import loud_s
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.raw_wire import RawAmi, SipCaller

pytestmark = pytest.mark.asterisk

LEGS = ("audiosocket", "rtp") if os.environ.get("CALLWRIGHT_TEST_ASTERISK", "16") == "22" else ("rtp",)
WAYS = (*LEGS, "eagi")
"""Those by which a caller is heard while a prompt plays; by legs of ours, or by the relay."""

FRAME = 160
SILENCE, LOUD = b"\xff" * FRAME, b"\x80\x00" * (FRAME // 2)
PROMPT = Prompt("prompt", "en")
PROMPT_S = 4.0
PROMPT_SOUND = bytes([0x9A, 0x1A]) * (FRAME // 2)
DEADLINE_S = 30.0
SOON_S = 1.0
"""Far more than any of these takes, on a machine that does other things too."""

ONE = Gather((PROMPT,), KeyPlan(frozenset({"1"})), 5.0, 2.0)
LEFT = "callwright-hear-00000000deadbeef"
PROJECT = Path(__file__).resolve().parents[2]
Handler = Callable[[CallChannel], Awaitable[None]]


def tell(line: str) -> None:
    """What was measured, for who looks at the output."""
    sys.stdout.write(f"{line}\n")


async def nobody(_: CallChannel) -> None:
    raise AssertionError("no call comes here")


@dataclass
class Files:
    """One prompt of four seconds."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "prompt.ulaw").write_bytes(PROMPT_SOUND * round(PROMPT_S * 50))

    def path(self, prompt: Prompt) -> Path:
        return self.folder / f"{prompt.key}.ulaw"

    def duration_s(self, prompt: Prompt) -> float:
        return PROMPT_S


class Caller(SipCaller):
    """A caller whose telephone sends a packet every 20 ms: what there is to say, else silence."""

    def __init__(self, pbx_port: int) -> None:
        super().__init__(pbx_port)
        self._sound = b""
        self.began_s = 0.0
        """When the first packet of what there was to say was sent."""
        self.sends = True

    def speak(self, sound: bytes) -> None:
        self._sound, self.began_s = sound, 0.0

    async def telephone(self) -> None:
        """Send, for ever."""
        loop = asyncio.get_running_loop()
        at_s = loop.time()
        while True:
            frame, self._sound = self._sound[:FRAME], self._sound[FRAME:]
            if frame and not self.began_s:
                self.began_s = loop.time()
            if self.sends:
                self.say(frame.ljust(FRAME, b"\xff"))
            at_s += 0.02
            await asyncio.sleep(at_s - loop.time())


@dataclass
class Office:
    """A switch on a running Asterisk: one call at a time, done with by a handler of the test's."""

    pbx: PrivateAsterisk
    config: AsteriskConfig
    files: Files
    events: list[SwitchEvent] = field(default_factory=list)

    @asynccontextmanager
    async def switch(self, handler: Handler, agi_port: int | None = None) -> AsyncIterator[AsteriskSwitch]:
        """A run of ours; one beside another has an AGI port of its own, at which nobody calls."""
        config = self.config if agi_port is None else replace(self.config, agi_port=agi_port)
        switch = AsteriskSwitch(config, self.files)
        await switch.start(self.events.append, handler)
        try:
            yield switch
        finally:
            await switch.stop()

    async def call(self, handler: Callable[[CallChannel, Caller], Awaitable[None]], *, sends: bool = True) -> None:
        """One caller rings in, and is served by ``handler``, whose faults are this test's."""
        came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def serve(channel: CallChannel) -> None:
            assert await channel.perform(Answer()) == Done()
            await caller.until_status(200)
            telephone = asyncio.ensure_future(caller.telephone())
            caller.sends = sends
            try:
                await handler(channel, caller)
            except (AssertionError, SwitchError, TimeoutError) as fault:
                came.set_exception(fault)
            else:
                came.set_result(None)
            finally:
                telephone.cancel()
                await channel.perform(Hangup())

        async with self.switch(serve), Caller(self.pbx.ports.sip) as caller:
            caller.invite("100")
            async with asyncio.timeout(DEADLINE_S):
                await came
                await caller.ended.wait()

    async def channels(self) -> list[str]:
        """What kinds of channels the PBX has."""
        rows = (await self.pbx.cli("core show channels concise")).splitlines()
        return sorted(row.split("/")[0] for row in rows if "!" in row)

    async def channels_are(self, kinds: list[str], within_s: float = SOON_S) -> float:
        """After how many seconds the PBX has these channels; it tells nobody, so it is asked again and again."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(within_s):
            while True:
                if await self.channels() == kinds:
                    return asyncio.get_running_loop().time() - began
                await asyncio.sleep(0.1)

    def open_ports(self) -> list[int]:
        """Those of the ports for audio that are in use."""
        return [port for port in self.config.audio.ports if not _free(port)]


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@pytest.fixture(params=WAYS)
async def live_office(request: pytest.FixtureRequest, start_asterisk: StartAsterisk, tmp_path: Path) -> Office:
    return await open_office(start_asterisk, tmp_path, str(request.param))


@pytest.fixture(params=LEGS)
async def office(request: pytest.FixtureRequest, start_asterisk: StartAsterisk, tmp_path: Path) -> Office:
    return await open_office(start_asterisk, tmp_path, str(request.param))


async def open_office(start_asterisk: StartAsterisk, folder: Path, way: str, **values: object) -> Office:
    agi_port = free_port(socket.SOCK_STREAM)
    pbx = await start_asterisk(agi_port=agi_port, **values)
    first, _ = free_media_ports(20, random.Random())
    config = AsteriskConfig(
        name="main",
        ami=AmiSettings(LOOPBACK, pbx.ports.ami, "callwright", SecretStr(SECRETS.ami_secret)),
        agi_host=LOOPBACK,
        agi_port=agi_port,
        agi_token=SecretStr(SECRETS.agi_token),
        agi_allow=(IPv4Network("127.0.0.0/8"),),
        trunks={},
        settle_s=0.1,
        sweep_s=60.0,
        audio=AudioConfig(way, ports=range(first, first + 10)),
        recordings=RecordingFiles(folder),
    )
    return Office(pbx, config, Files(folder))


async def heard_of(audio: CallerAudio) -> bytes:
    found = bytearray()
    while piece := await audio.read():
        found += piece
    return bytes(found)


async def until_loud(audio: CallerAudio) -> float:
    """When the first loud piece is here."""
    while piece := await audio.read():
        if np.abs(np.frombuffer(piece, dtype="<i2")).max() > 10_000:
            return asyncio.get_running_loop().time()
    raise AssertionError("nothing loud came")


async def test_every_word_comes_whole_and_the_prompt_does_not(live_office: Office) -> None:
    """The words are hidden in single samples: one that is lost or doubled would spoil them."""
    words = "transfer two hundred to my savings account"
    pcm = np.frombuffer(said(words, 3.0), dtype="<i2").astype(np.float32) / np.float32(32_768)
    spoken = encode(Audio(pcm, RATE_HZ), Format.ULAW)

    async def handler(channel: CallChannel, caller: Caller) -> None:
        async with channel.hear() as audio:
            listening = asyncio.ensure_future(heard_of(audio))
            assert await channel.perform(Play((PROMPT,))) == Done()
            caller.speak(spoken)
            assert await channel.perform(replace(ONE, prompts=(), first_key_timeout_s=4.0)) == NoInput()
        found = await listening
        assert words_in(found) == words
        ((begin_s, end_s),) = loud_s(found)
        assert begin_s > PROMPT_S - SOON_S and 2.8 < end_s - begin_s < 3.1
        assert audio.lost_s == 0.0

    await live_office.call(handler)
    await live_office.channels_are([])
    assert live_office.open_ports() == []


async def test_how_soon_a_voice_is_heard_and_stops_the_prompt(live_office: Office) -> None:
    voices_ms, stops_ms, opens_ms = [], [], []

    async def handler(channel: CallChannel, caller: Caller) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(5):
            began = loop.time()
            async with channel.hear() as audio:
                opens_ms.append((loop.time() - began) * 1_000)
                gather = asyncio.ensure_future(channel.perform(ONE))
                await asyncio.sleep(0.4)
                caller.speak(LOUD * 10)
                heard_at = await until_loud(audio)
                voices_ms.append((heard_at - caller.began_s) * 1_000)
                assert await channel.perform(StopPrompts()) == Done()
                await asyncio.sleep(0.3)
                last_s = max(at_s for at_s, sound in caller.heard_at_s if sound == PROMPT_SOUND)
                stops_ms.append((last_s - heard_at) * 1_000)
                assert await channel.perform(StopGather()) == Done()
                assert await gather == Interrupted()

    await live_office.call(handler)
    await live_office.channels_are([])
    way = live_office.config.audio.wanted
    for what, times_ms in (("heard", opens_ms), ("a voice here", voices_ms), ("a prompt silent", stops_ms)):
        tell(f"{way}: {what} after {' '.join(f'{each:.0f}' for each in times_ms)} ms")
    assert max(voices_ms) < SOON_S * 1_000 and max(stops_ms) < SOON_S * 1_000


async def test_a_key_and_a_voice_at_the_same_moment(live_office: Office) -> None:
    """Twenty times, the key from 60 ms before the voice's end to 60 ms after it: one of the two ends the gather, no
    later gather ends by what is left, and prompts play whole."""
    came_to: list[str] = []
    chance = random.Random(3)
    short = replace(ONE, prompts=(PROMPT, PROMPT), first_key_timeout_s=0.5)

    async def handler(channel: CallChannel, _: Caller) -> None:
        assert isinstance(channel, AsteriskChannel)
        async with RawAmi(live_office.pbx.ports.ami, "callwright", SECRETS.ami_secret) as ami:
            for _turn in range(20):
                gather = asyncio.ensure_future(channel.perform(replace(short, first_key_timeout_s=5.0)))
                await asyncio.sleep(0.15)
                offset_s = chance.uniform(-0.06, 0.06)
                loop = asyncio.get_running_loop()
                press = {"Action": "PlayDTMF", "Channel": channel.name, "Digit": "1", "Receive": "true"}
                loop.call_later(0.07 + offset_s, partial(ami.send, **press))
                await asyncio.sleep(0.07)
                assert await channel.perform(StopGather()) == Done()
                came_to.append(type(await gather).__name__)
                await asyncio.sleep(0.2)
            began = asyncio.get_running_loop().time()
            assert await channel.perform(short) == NoInput()
            assert asyncio.get_running_loop().time() - began > 2 * PROMPT_S

    await live_office.call(handler)
    assert set(came_to) == {"Match", "Interrupted"}, came_to


async def test_fifty_times_in_a_call_nothing_is_left(live_office: Office) -> None:
    async def handler(channel: CallChannel, caller: Caller) -> None:
        for turn in range(50):
            async with channel.hear() as audio:
                if turn % 10 == 0:
                    caller.speak(LOUD * 5)
                    await until_loud(audio)
        assert await live_office.channels() == ["PJSIP"]

    await live_office.call(handler)
    await live_office.channels_are([])
    assert live_office.open_ports() == []


async def test_a_telephone_that_sends_nothing_gives_nothing_and_its_call_goes_on(live_office: Office) -> None:
    """Its leg ends only with the next prompt, and nobody waits for that."""

    async def handler(channel: CallChannel, caller: Caller) -> None:
        loop = asyncio.get_running_loop()
        async with channel.hear() as audio:
            listening = asyncio.ensure_future(heard_of(audio))
            assert await channel.perform(replace(ONE, first_key_timeout_s=0.5)) == NoInput()
            left_s = loop.time()
        assert loop.time() - left_s < SOON_S / 2
        assert loud_s(await listening) == []
        assert await channel.perform(Play((PROMPT,))) == Done()
        await live_office.channels_are(["PJSIP"])

    await live_office.call(handler, sends=False)
    await live_office.channels_are([])


async def test_the_caller_leaves_while_being_heard(live_office: Office) -> None:
    async def handler(channel: CallChannel, caller: Caller) -> None:
        async with channel.hear() as audio:
            listening = asyncio.ensure_future(heard_of(audio))
            gather = asyncio.ensure_future(channel.perform(ONE))
            await asyncio.sleep(0.5)
            caller.hang_up()
            ended = await gather
            assert isinstance(ended, HungUp) and ended.by is EndedBy.CALLER
            await asyncio.wait_for(listening, SOON_S)
        caller.ended.set()

    await live_office.call(handler)
    await live_office.channels_are([])
    assert live_office.open_ports() == []


async def test_legs_that_hear_are_nobody_s_calls_and_leave_no_record(office: Office) -> None:
    async def handler(channel: CallChannel, caller: Caller) -> None:
        async with channel.hear():
            office.events.clear()
            async with office.switch(nobody, agi_port=0):  # another run of ours finds it
                pass
            (up,) = [event for event in office.events if isinstance(event, SwitchUp)]
            assert {
                name for name in up.live if "hear" in name or name.startswith(("Unicast", "AudioSocket"))
            } == set()
            assert channel.info.channel in up.live

    await office.call(handler)
    await office.channels_are([])
    with office.pbx.cdr.open(encoding="utf-8") as file:
        assert len(file.readlines()) == 1, "one call, one record"


async def test_what_a_run_of_ours_left_is_hung_up_by_the_next(office: Office) -> None:
    async with RawAmi(office.pbx.ports.ami, "callwright", SECRETS.ami_secret) as ami:

        async def handler(channel: CallChannel, _: Caller) -> None:
            after = len(ami.received)
            ami.send(
                Action="Originate",
                ActionID="left",
                ChannelId=LEFT,
                Channel=f"UnicastRTP/127.0.0.1:{free_port(socket.SOCK_DGRAM)}/c(ulaw)",
                Context="callwright-hear",
                Exten="s",
                Priority="1",
                Variable=f"CW_HEARS={channel.info.channel}",
                Async="true",
            )
            await ami.until(rb"Event: ChanSpyStart", after)
            async with office.switch(nobody, agi_port=0):
                await ami.until(
                    rb"Event: Hangup\r\n(?:[^\r]+\r\n)*?Uniqueid: callwright-hear-00000000deadbeef", after
                )

        await office.call(handler)


@pytest.mark.parametrize("way", LEGS)
async def test_who_is_listened_to_is_heard_beyond_the_limit(
    way: str, start_asterisk: StartAsterisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_legs, "RENEW_S", 1.0)
    office = await open_office(start_asterisk, tmp_path, way, hear_limit_s=2)

    async def handler(channel: CallChannel, caller: Caller) -> None:
        async with channel.hear() as audio:
            await asyncio.sleep(3.5)
            caller.speak(LOUD * 5)
            await asyncio.wait_for(until_loud(audio), SOON_S)

    await office.call(handler)


@pytest.mark.parametrize("way", LEGS)
async def test_an_engine_that_is_killed_leaves_no_leg_beyond_its_limit(
    way: str, start_asterisk: StartAsterisk, tmp_path: Path
) -> None:
    """The caller's call goes on, in the fallback, for longer than the limit."""
    limit_s = 3
    (tmp_path / "sorry.ulaw").write_bytes(PROMPT_SOUND * 50 * 20)
    office = await open_office(start_asterisk, tmp_path, way, hear_limit_s=limit_s, sorry=tmp_path / "sorry")
    first = office.config.audio.ports[0]
    engine = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.hearing_engine"),
        *(str(office.pbx.ports.ami), str(office.config.agi_port), way, str(first)),
        stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT,
    )
    try:
        await says(engine, b"up\n")
        async with Caller(office.pbx.ports.sip) as caller:
            caller.invite("100")
            await says(engine, b"heard\n")
            assert len(await office.channels()) == 2
            engine.kill()
            await engine.wait()
            took_s = await office.channels_are(["PJSIP"], limit_s + 2.0)
            tell(f"{way}: the leg was gone {took_s:.1f} s after the engine's death")
            caller.hang_up()
    finally:
        if engine.returncode is None:
            engine.kill()
            await engine.wait()
    await office.channels_are([], 5.0)


async def says(engine: asyncio.subprocess.Process, word: bytes) -> None:
    """Returns when the engine has said it."""
    assert engine.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        while (line := await engine.stdout.readline()) != word:
            assert line, "the engine ended"


async def test_a_way_that_this_switch_has_not_is_told(start_asterisk: StartAsterisk, tmp_path: Path) -> None:
    office = await open_office(start_asterisk, tmp_path, "none")

    async def handler(channel: CallChannel, _: Caller) -> None:
        with pytest.raises(SwitchUnavailable, match="the settings say"):
            async with channel.hear():
                pass

    await office.call(handler)


async def test_without_a_word_in_the_settings_it_is_the_better_way(
    start_asterisk: StartAsterisk, tmp_path: Path
) -> None:
    office = await open_office(start_asterisk, tmp_path, "auto")
    assert (await find_way(office.config.ami, "auto")).way.value == LEGS[0]

    async def handler(channel: CallChannel, _: Caller) -> None:
        async with channel.hear():
            kinds = await office.channels()
        assert kinds == sorted(["PJSIP", "AudioSocket" if "audiosocket" in LEGS else "UnicastRTP"])

    await office.call(handler)


async def test_a_switch_that_does_not_tell_what_it_has_is_asked_for_rtp(
    start_asterisk: StartAsterisk, tmp_path: Path
) -> None:
    office = await open_office(start_asterisk, tmp_path, "auto")
    assert "Unloaded" in await office.pbx.cli("module unload func_module.so")
    assert (await find_way(office.config.ami, "auto")).way.value == "rtp"
    await office.pbx.cli("module load func_module.so")
    for module, way in (("chan_rtp", "eagi"), ("app_senddtmf", "record")):
        assert "Unloaded" in await office.pbx.cli(f"module unload {module}.so")
        if module == "chan_rtp" and "audiosocket" in LEGS:
            assert "Unloaded" in await office.pbx.cli("module unload chan_audiosocket.so")
        choice = await find_way(office.config.ami, "auto")
        assert choice.way.value == way and f"load {module}.so" in choice.better.replace("or ", "load ")
    with pytest.raises(SwitchUnavailable, match=r"has not loaded app_senddtmf\.so"):
        await find_way(office.config.ami, "eagi")
