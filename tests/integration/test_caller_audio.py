"""Callers who are heard on a real Asterisk, by every way that it has: what is heard, how soon, and what is left."""

from __future__ import annotations

import asyncio
import random
import socket
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from calls.errors import SwitchUnavailable
from calls.switch.asterisk import hearing_legs
from calls.switch.asterisk.audio_way import find_way
from calls.switch.asterisk.channel import AsteriskChannel
from calls.switch.events import SwitchUp
from calls.switch.hearing import RATE_HZ
from calls.switch.loopback.voice import said, words_in
from calls.switch.port import (
    CallChannel,
    Done,
    EndedBy,
    HungUp,
    Interrupted,
    NoInput,
    Play,
    StopGather,
    StopPrompts,
)
from console.demo.ports import free_port
from prompts.audio import Audio, encode
from prompts.formats import Format
from tests.conformance.hearing import loud_s
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.hearing_office import (
    DEADLINE_S,
    LATEST_S,
    LEFT,
    LEGS,
    LOUD,
    ONE,
    PROJECT,
    PROMPT,
    PROMPT_S,
    PROMPT_SOUND,
    SOON_S,
    WAYS,
    Caller,
    Office,
    heard_of,
    nobody,
    open_office,
    tell,
    until_loud,
)
from tests.integration.raw_wire import RawAmi

pytestmark = pytest.mark.asterisk


@pytest.fixture(params=WAYS)
async def live_office(request: pytest.FixtureRequest, start_asterisk: StartAsterisk, tmp_path: Path) -> Office:
    return await open_office(start_asterisk, tmp_path, str(request.param))


@pytest.fixture(params=LEGS)
async def office(request: pytest.FixtureRequest, start_asterisk: StartAsterisk, tmp_path: Path) -> Office:
    return await open_office(start_asterisk, tmp_path, str(request.param))


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
                last_s = loop.time()
                while loop.time() - last_s < 0.3:
                    await asyncio.sleep(0.02)
                    last_s = max(at_s for at_s, sound in caller.heard_at_s if sound == PROMPT_SOUND)
                stops_ms.append((last_s - heard_at) * 1_000)
                assert last_s - began < PROMPT_S - SOON_S, "it was stopped, and did not end"
                assert await channel.perform(StopGather()) == Done()
                assert await gather == Interrupted()

    await live_office.call(handler)
    await live_office.channels_are([])
    way = live_office.config.audio.wanted
    for what, times_ms in (("heard", opens_ms), ("a voice here", voices_ms), ("a prompt silent", stops_ms)):
        tell(f"{way}: {what} after {' '.join(f'{each:.0f}' for each in times_ms)} ms")
    assert len(voices_ms) == len(stops_ms) == 5


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
        assert loop.time() - left_s < LATEST_S, "until the next prompt, it would be for ever"
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
            await asyncio.wait_for(listening, LATEST_S)
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
            await asyncio.wait_for(until_loud(audio), LATEST_S)

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
