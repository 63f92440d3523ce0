"""A real FreeSWITCH that is killed under calls at every step, and callers who are none.

Run where ``CALLWRIGHT_TEST_ESL`` names one, see docs/conformance.md; it is killed only where
``CALLWRIGHT_TEST_ESL_START`` says how it is started anew. Where there is none, the fake one is killed in
tests/calls/switch/freeswitch/test_hazards.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from calls.causes import Outcome
from calls.ids import LegId
from calls.switch.events import LegAnswered, SwitchDown, SwitchUp
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.freeswitch.watchdog import SILENT_S
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    Done,
    EndedBy,
    Hangup,
    HungUp,
    NotConnected,
    Play,
    Prompt,
    Recorded,
    RecordEnd,
    Result,
    RingAgent,
    TalkEnded,
)
from console.demo.sipp import Callees, CallerScript, SippHome
from console.demo.sipp import call as place_call
from tests.calls.switch.freeswitch.test_talks import ENDS_AFTER_S
from tests.calls.switch.freeswitch.world import descriptors, greenlets
from tests.conformance.centre_to_kill import Centre, centre_at, channels, fake_place, real_place
from tests.conformance.engine import standing
from tests.conformance.freeswitch_real import ENGINE_PORT, VARIABLE, far_ends, find, open_real
from tests.conformance.real_premises import (
    AGENT,
    MESSAGE,
    STEPS,
    TALK,
    Stage,
    calls_at_each_step,
    ends_of,
    owner_of,
    until,
)
from tests.integration.conftest import Trees

START = "CALLWRIGHT_TEST_ESL_START"
"""A command that starts the same FreeSWITCH in the foreground."""

SHORT = Prompt("conformance.short", "en")
KNOCKS = 1_000
STAY = 5
"""Channels that stay when our process is killed: the talk's customer, the legs of three agents, and the lead's."""

HOSTILE = (
    "a%0AUnique-ID: forged%0AHangup-Cause: USER_BUSY",
    "b\u2028Event-Name: CHANNEL_HANGUP_COMPLETE",
    "c\u0085x",
)


def stage_of(exchange_switch: object) -> Stage:
    """The driver, with handlers of our own."""
    assert isinstance(exchange_switch, FreeSwitch)
    return Stage(exchange_switch)


if START in os.environ:

    async def _start_anew() -> None:
        """The same FreeSWITCH: it is nobody's child, and stays."""
        started = await asyncio.create_subprocess_exec(
            "setsid", "--fork", *shlex.split(os.environ[START]), stdout=asyncio.subprocess.DEVNULL
        )
        assert await started.wait() == 0

    async def test_a_freeswitch_that_is_killed_takes_its_calls_and_nothing_else(
        trees: Trees, callees: Callees
    ) -> None:
        real = await find(os.environ)
        with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            sipp = SippHome(trees.sipp, folder / "sipp")
            async with open_real(real, sipp, replace(callees, ring_ms=(500, 900)), folder) as opened:
                switch = opened.exchange.switch
                stage = stage_of(switch)
                stage.switch._handlers = (stage.events.append, stage.on_call)
                files, green = descriptors(), greenlets()
                async with calls_at_each_step(stage, real.sip_port, sipp, opened.exchange.phone) as attempt:
                    os.kill(owner_of(real.port), signal.SIGKILL)
                    await until(lambda: any(isinstance(each, SwitchDown) for each in stage.events), 10.0)
                    await until(lambda: stage.came_to.keys() >= STEPS.keys() - {TALK}, 10.0)
                await _start_anew()
                await until(lambda: isinstance(stage.events[-1], SwitchUp) or ends_of(stage, AGENT) == 1, 40.0)
                await until(lambda: ends_of(stage, AGENT) == ends_of(stage, LegId(attempt)) == 1, 20.0)
                await until(lambda: stage.switch.calls == 0)  # whether a talk goes on only FreeSWITCH can say
                gone = {called: stage.came_to[called] for called in STEPS}
                message = gone.pop(MESSAGE)
                assert isinstance(message, Recorded) and message.ended_by is RecordEnd.HANGUP
                assert set(gone.values()) == {HungUp(EndedBy.SWITCH)}, gone
                listing = json.loads(await real.api("show channels as json"))
                assert listing == {"row_count": 0}, "nobody is dialled again"
                await until(lambda: descriptors() <= files and greenlets() <= green, 10.0)

    async def test_a_freeswitch_that_is_killed_leaves_a_record_of_each_call(trees: Trees, callees: Callees) -> None:
        async with real_place(trees, callees) as place, centre_at(place) as centre:
            os.kill(owner_of(place.real.port), signal.SIGKILL)
            await _start_anew()
            await centre.says("settled")
            centre.check(Outcome.PBX_LOST)


if VARIABLE in os.environ:

    async def test_a_thousand_connections_that_close_leave_nothing(trees: Trees, callees: Callees) -> None:
        real = await find(os.environ)
        with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            sipp = SippHome(trees.sipp, folder / "sipp")
            async with open_real(real, sipp, callees, folder) as opened:
                stage = stage_of(opened.exchange.switch)
                done = asyncio.Event()

                async def serve(channel: CallChannel) -> None:
                    await channel.perform(Answer())
                    await channel.perform(Hangup())
                    done.set()

                stage.switch._handlers = (stage.events.append, serve)
                files, green = descriptors(), greenlets()
                for _ in range(KNOCKS):
                    with socket.create_connection(("127.0.0.1", ENGINE_PORT)):
                        pass
                server = stage.switch.server
                await until(lambda: server.waiting == 0, 20.0)
                caller = await place_call(sipp, "after", CallerScript("310"), sip_port=real.sip_port)
                await asyncio.wait_for(done.wait(), 10.0)
                assert await caller.wait(10.0)
                await caller.stop()
                await until(lambda: server.calls == server.connection_count == 0)
                await until(lambda: descriptors() <= files and greenlets() <= green, 10.0)

    async def test_an_agents_leg_that_ends_as_the_two_are_joined_leaves_the_customer_ours(
        trees: Trees, callees: Callees
    ) -> None:
        real = await find(os.environ)
        with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            sipp = SippHome(trees.sipp, folder / "sipp")
            async with open_real(real, sipp, callees, folder) as opened:
                stage = stage_of(opened.exchange.switch)
                came_to: list[tuple[Result, Result]] = []

                async def serve(channel: CallChannel) -> None:
                    await channel.perform(Answer())
                    for delay_s in ENDS_AFTER_S:
                        leg_id = LegId(f"agent-{uuid4().hex[:8]}")
                        await stage.switch.originate(RingAgent(leg_id, opened.exchange.phone, "", 20.0))
                        await until(lambda leg_id=leg_id: stage.told(LegAnswered, leg_id) == 1)  # type: ignore[misc]
                        connecting = asyncio.ensure_future(channel.perform(Connect(leg_id)))
                        await asyncio.sleep(delay_s)  # the moment is what is tried
                        await stage.switch.hang_up(leg_id)
                        came_to.append((await connecting, await channel.perform(Play((SHORT,)))))
                    await channel.perform(Hangup())

                stage.switch._handlers = (stage.events.append, serve)
                caller = await place_call(sipp, "joined", CallerScript("312"), sip_port=real.sip_port)
                assert await caller.wait(60.0)
                await caller.stop()
                assert len(came_to) == len(ENDS_AFTER_S)
                assert {talk for talk, _ in came_to} <= {NotConnected(), TalkEnded(EndedBy.AGENT)}
                assert {after for _, after in came_to} == {Done()}

    async def test_our_process_is_killed_and_only_talks_go_on(trees: Trees, callees: Callees) -> None:
        real = await find(os.environ)
        with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            sipp = SippHome(trees.sipp, folder / "sipp")
            async with AsyncExitStack() as stack:
                ports = await stack.enter_async_context(far_ends(sipp, callees))
                words = [str(each) for each in (folder, ports.carrier, ports.phone, ports.taker)]
                engine = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.conformance.killed_engine", *words, stdout=asyncio.subprocess.PIPE
                )
                try:
                    assert engine.stdout is not None
                    await _says(engine.stdout, b"agent\n")
                    for called in STEPS:
                        script = CallerScript(called, caller="+493055501", stays_s=60.0)
                        caller = await place_call(sipp, f"us{called}", script, sip_port=real.sip_port)
                        stack.push_async_callback(caller.stop)
                    await _says(engine.stdout, b"callers\n")
                finally:
                    engine.kill()
                    await engine.wait()
                left = await channels(real, lambda rows: len(rows) == 3)
                talk = {row["dest"]: row["uuid"] for row in left if row["direction"] == "inbound"}
                assert talk.keys() == {TALK} or talk.keys() == {"cw-back"}, "the talk goes on, and nobody else's call"
                outbound = [row["uuid"] for row in left if row["direction"] == "outbound"]
                assert sorted(outbound) == sorted((AGENT, f"att-{AGENT}")), "none dialled twice"
                await real.api(f"uuid_kill {AGENT}")
                await real.api(f"uuid_kill att-{AGENT}")
                assert await channels(real, lambda rows: not rows) == [], "who talked heard the sorry, and is let go"

    async def test_our_process_is_killed_and_the_next_one_has_a_record_of_each_call(
        trees: Trees, callees: Callees
    ) -> None:
        async with real_place(trees, callees) as place, centre_at(place) as centre:
            await _our_process_is_killed(centre)

    @pytest.mark.parametrize("says", [b"", b"connect\n\n"])
    async def test_an_engine_that_is_silent_keeps_nobody(trees: Trees, callees: Callees, says: bytes) -> None:
        """It takes the call and says no more: the caller hears the sorry, and is let go."""
        async with real_place(trees, callees) as place:
            silent: list[asyncio.StreamWriter] = []

            async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(says)
                silent.append(writer)

            server = await asyncio.start_server(take, "127.0.0.1", ENGINE_PORT)
            script = CallerScript("323", stays_s=SILENT_S + 30.0, answer_within_s=SILENT_S + 30.0)
            sipp = SippHome(trees.sipp, place.folder / "sipp")
            caller = await place_call(sipp, "kept", script, sip_port=place.real.sip_port)
            try:
                assert await caller.wait(SILENT_S + 30.0)
            finally:
                await caller.stop()
                for writer in silent:
                    writer.close()
                server.close()
            assert [event.event for event in caller.events][-2:] == ["answered", "ended_by_switch"]
            assert len(silent) == 1

    @pytest.mark.parametrize("caller_name", HOSTILE)
    async def test_a_hostile_name_is_a_name(trees: Trees, callees: Callees, caller_name: str) -> None:
        real = await find(os.environ)
        with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            sipp = SippHome(trees.sipp, folder / "sipp")
            async with open_real(real, sipp, callees, folder) as opened:
                stage = stage_of(opened.exchange.switch)
                seen: asyncio.Queue[CallChannel] = asyncio.Queue()
                ended: list[object] = []

                async def serve(channel: CallChannel) -> None:
                    await channel.perform(Answer())
                    seen.put_nowait(channel)
                    ended.append(await channel.perform(Hangup()))

                stage.switch._handlers = (stage.events.append, serve)
                await _invite(real.sip_port, caller_name)
                channel = await asyncio.wait_for(seen.get(), 10.0)
                assert channel.info.channel != "forged"
                assert "\n" not in channel.info.caller_name and channel.info.caller == "4930"
                await until(lambda: ended == [HungUp(EndedBy.US, 16)])


async def test_our_process_is_killed_on_the_fake_and_the_next_one_has_a_record_of_each_call(tmp_path: Path) -> None:
    async with fake_place(tmp_path) as (place, freeswitch), centre_at(place) as centre:
        await _our_process_is_killed(centre)
        assert freeswitch.event_socket is not None
        lead = centre.premises.called(standing.RINGING)
        dialled = [said for said in freeswitch.event_socket.said if lead in said]
        assert len(dialled) == 1, "nobody is dialled again"


async def _our_process_is_killed(centre: Centre) -> None:
    """At every step. FreeSWITCH goes on with the talk, agents' legs and the ringing lead, and the next process makes
    one record of each call."""
    await centre.kill()
    left = await centre.channels(STAY)
    assert len(left) == STAY, left
    await centre.start("again")
    await centre.says("ready")
    assert {row["uuid"] for row in await centre.channels(STAY)} == {row["uuid"] for row in left}, "none dialled twice"
    await centre.place.real.api("hupall")
    await centre.says("settled")
    centre.check(Outcome.LOST, talk=Outcome.ANSWERED, rings=Outcome.NO_ANSWER)


async def _says(stream: asyncio.StreamReader, line: bytes) -> None:
    """Returns when it has said so; what it logs is passed over."""
    async with asyncio.timeout(30.0):
        while (said := await stream.readline()) != line:
            assert said, "it has ended"


async def _invite(sip_port: int, name: str) -> None:
    """Call as somebody of that name, answer our own hang-up, and nothing more."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        port = sock.getsockname()[1]
        session = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        body = f"{session}m=audio {port + 1} RTP/AVP 0\r\n"
        to = f"<sip:311@127.0.0.1:{sip_port}>"

        def say(method: str, to: str, body: str = "") -> None:
            kind = "Content-Type: application/sdp\r\n" if body else ""
            head = (
                f"{method} sip:311@127.0.0.1:{sip_port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};"
                f'branch=z9hG4bK{uuid4().hex}\r\nFrom: "{name}" <sip:4930@127.0.0.1>;tag=t1\r\nTo: {to}\r\n'
                f"Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nContact: <sip:me@127.0.0.1:{port}>\r\n"
                f"Max-Forwards: 70\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
            )
            sock.sendto(head.encode(), ("127.0.0.1", sip_port))

        call_id = uuid4().hex
        say("INVITE", to, body)
        async with asyncio.timeout(20):
            while not (text := (await loop.sock_recv(sock, 65_535)).decode()).startswith("SIP/2.0 200"):
                assert text.startswith("SIP/2.0 1"), text
        say("ACK", text.partition("\nTo: ")[2].partition("\r")[0])
