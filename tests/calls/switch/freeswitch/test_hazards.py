"""One test for each thing that greenswitch 0.0.19 does wrong on an outbound socket, against our own server.

What concerns its inbound client (reconnecting, the login, the deadlines) is in test_esl_client.py. Hostile bytes are
the codec's: tests/calls/wire/test_esl.py.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable

import gevent.monkey
import gevent.socket
import pytest
import structlog.testing

from calls.errors import CommandRefused, SwitchError, SwitchUnavailable
from calls.switch.freeswitch import esl_socket
from calls.switch.freeswitch.bridge import MOST_BATCHES, Bridge
from calls.switch.freeswitch.hub import HubThread
from calls.switch.freeswitch.server import Limits
from calls.switch.freeswitch.session import Session
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import Answer, CallChannel, Done, EndedBy, Hangup, HungUp, Play, Result
from calls.wire.esl import ApiReply, Frame
from tests.calls.switch.freeswitch.fake_caller import Caller, Leave
from tests.calls.switch.freeswitch.fake_event_socket import FakeEventSocket
from tests.calls.switch.freeswitch.fake_freeswitch import FakeCall
from tests.calls.switch.freeswitch.world import (
    LONG,
    SHORT,
    Files,
    World,
    config_of,
    descriptors,
    greenlets,
    soon,
    until,
    world,
)
from tests.console.held_time import held


async def answer_and_hang_up(channel: CallChannel) -> None:
    await channel.perform(Answer())
    await channel.perform(Hangup())


async def still_serves(made: World) -> None:
    """A good call is served as if nothing had been."""
    made.handler = answer_and_hang_up
    seen = await made.freeswitch().call()
    assert (seen.answered, seen.cause, seen.by_caller) == (True, "NORMAL_CLEARING", False)


async def while_it_plays(do: Callable[[FakeCall], object]) -> tuple[list[Result | SwitchError], FakeCall]:
    """What a long prompt and the command after it come to when ``do`` happens to its call; and nothing is left."""
    calls: list[FakeCall] = []
    found: list[Result | SwitchError] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        asyncio.get_running_loop().call_later(0.1, do, calls[0])
        for prompt in (LONG, SHORT):
            try:
                found.append(await soon(channel.perform(Play((prompt,)))))
            except SwitchError as error:
                found.append(error)

    async with world(handler) as made:
        calls.append(made.freeswitch().place(Caller((Leave(0.8),))))
        await calls[0].run()
        await made.settled()
        await still_serves(made)
    return found, calls[0]


# --- 1, 2: the end of the stream --------------------------------------------------------------------------------


@held
async def test_1_freeswitch_dies() -> None:
    found, _ = await while_it_plays(lambda call: call.die())
    assert found == [HungUp(EndedBy.SWITCH)] * 2


@held
async def test_2_the_stream_ends_within_a_body() -> None:
    def cut(call: FakeCall) -> None:
        call.say(b"Content-Type: text/event-plain\nContent-Length: 5000\n\nEvent-Name: DT")
        call.close()

    found, _ = await while_it_plays(cut)
    assert found == [HungUp(EndedBy.SWITCH)] * 2


# --- 3: bytes that end greenswitch's reader ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\n\n\n",
        b"Content-Type: text/event-plain\nContent-Length: 32\n\nEvent-Name: CUSTOM\nx: %ff\n\xfe\xfd: x\n",
        b'Content-Type: text/event-json\nContent-Length: 23\n\n{"Event-Name":"CUSTOM"}',
    ],
)
@held
async def test_3_what_is_strange_and_no_fault(data: bytes) -> None:
    found, call = await while_it_plays(lambda call: call.say(data))
    assert found == [HungUp(EndedBy.CALLER, 16)] * 2
    assert call.seen.by_caller


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: command/reply\nReply-Text: +OK\n\n",
        b"Content-Type: api/response\nContent-Length: 1\n\nx",
        b"Content-Type: auth/request\n\n",
        b"Content-Type: text/event-plain\nContent-Length: -1\n\n",
        b"junk\n\n",
    ],
)
@held
async def test_3_what_nobody_asked_for_ends_the_connection_and_is_told(data: bytes) -> None:
    found, call = await while_it_plays(lambda call: call.say(data))
    assert all(isinstance(each, SwitchError) for each in found)
    assert call.seen.resumed, "the dialplan has the call again"


# --- 4: deadlines -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dripping", [False, True])
async def test_4_a_silent_peer_is_closed(dripping: bool) -> None:
    """Bytes that come one by one do not put the deadline off."""
    async with world(answer_and_hang_up, Limits(reply_s=0.3)) as made:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.switch.port)
        assert await reader.readuntil(b"\n\n") == b"connect\n\n"

        async def drip() -> None:
            while dripping:
                writer.write(b"x")
                await asyncio.sleep(0.05)

        task = asyncio.ensure_future(drip())
        async with asyncio.timeout(20.0):
            try:
                assert await reader.read() == b""
            except ConnectionResetError:
                assert dripping, "with bytes unread it is a reset"
        task.cancel()
        writer.close()
        await made.settled()
        assert made.server.refused["handshake"] == 1
        assert made.channels == []


async def test_4_a_peer_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(esl_socket, "WRITE_S", 0.2)
    hub = HubThread("test")
    await hub.start()
    ours, theirs = socket.socketpair()
    told: list[SwitchError] = []

    class Up:
        def hand_up(self, frames: list[Frame]) -> None:
            raise AssertionError(frames)

        def hand_up_end(self, fault: SwitchError) -> None:
            told.append(fault)

    def run() -> bool:
        session = unstarted_session(ours)
        session.hand_over(Up())
        session.put(b"x" * 10_000_000)
        session.serve()
        session.stop()
        return session.connected

    try:
        assert await hub.call(run, 5.0) is False
    finally:
        await hub.stop()
        theirs.close()
    assert "nothing was written for 0.2 s" in str(told[0])
    assert len(told) == 1


def unstarted_session(sock: socket.socket) -> Session:
    """A session on a socket of the machine's own, for the hub's thread."""

    class Plain(gevent.socket.socket):  # type: ignore[misc]  # gevent has no types
        def setsockopt(self, *_: object) -> None:
            """A pair has no TCP options."""

    return Session(("127.0.0.1", 0), Plain(fileno=sock.detach()), 1.0)


# --- 5: forged headers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Zoë\nUnique-ID: forged\nvariable_cw_token: x", "ZoëUnique-ID: forgedvariable_cw_token: x"),
        ("Eve\n\nContent-Type: command/reply\nReply-Text: +OK\n\n", "EveContent-Type: command/replyReply-Text: +OK"),
        ("a%0AHangup-Cause: USER_BUSY", "a%0AHangup-Cause: USER_BUSY"),
        ("a\u2028Unique-ID: forged\u2029b\u0085c", "aUnique-ID: forgedbc"),
        ("\x1b[31mred\x07\x00", "[31mred"),
        ("latin \udce9", "latin \ufffd"),
        ("x" * 300, "x" * 80),
        ("", ""),
    ],
)
@held
async def test_5_a_hostile_name_is_a_name(name: str, told: str) -> None:
    async with world(answer_and_hang_up) as made:
        seen = await made.freeswitch().call(Caller(name=name, number="49\nUnique-ID: forged", called="80;84"))
        info = made.channels[0].info
        assert (info.caller_name, info.channel) == (told, seen.uuid)
        assert (info.caller, info.called) == ("", ""), "no number, so none is told"
        assert (seen.answered, seen.cause) == (True, "NORMAL_CLEARING")
        if len(name) > 1:
            assert not any(name in command for command in seen.commands), "never back on a wire"


@held
async def test_5_what_is_told_of_an_ordinary_caller() -> None:
    async with world(answer_and_hang_up) as made:
        seen = await made.freeswitch().call()
    info = made.channels[0].info
    assert (info.caller, info.caller_name, info.called) == ("4930111", "Alice Caller", "8084")
    assert (info.switch, info.channel, info.attempt_id) == ("fs", seen.uuid, None)
    assert info.boot == "992959f5-0f8c-431b-843f-5e1463dcb27e", "the core's own id, as it was recorded"


# --- 7: a second command in an argument -------------------------------------------------------------------------


async def test_7_greenswitchs_own_methods_say_nothing_but_connect() -> None:
    hub = HubThread("test")
    await hub.start()
    ours, theirs = socket.socketpair()

    def run() -> None:
        session = unstarted_session(ours)
        for say in (
            lambda: session.send("api status\n\nexit"),
            lambda: session.call_command("playback", "/a.wav\n\nexit"),
            lambda: session.hangup("X\nexecute-app-name: system"),
        ):
            with pytest.raises(CommandRefused):
                say()
        session.stop()

    try:
        await hub.call(run, 5.0)
        theirs.settimeout(5.0)
        assert theirs.recv(100) == b"", "nothing was said"
    finally:
        await hub.stop()
        theirs.close()


# --- 10, 11: the door -------------------------------------------------------------------------------------------


@held
async def test_10_the_limit_is_the_limit() -> None:
    go = asyncio.Event()

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        await go.wait()

    async with world(handler, Limits(calls=10)) as made:
        freeswitch = made.freeswitch()
        calls = [asyncio.ensure_future(freeswitch.call()) for _ in range(30)]
        await until(lambda: sum(call.done() for call in calls) == 20)
        refused = [call.result() for call in calls if call.done()]
        assert {(seen.cause, seen.answered) for seen in refused} == {("SWITCH_CONGESTION", False)}
        assert all(seen.commands[0] == "connect" and not seen.resumed for seen in refused), "never by closing"
        assert made.server.calls == len(made.channels) == 10
        go.set()
        served = await asyncio.gather(*calls)
        assert sum(seen.answered for seen in served) == 10
        await made.settled()
        await still_serves(made)


async def test_10_a_thousand_connects_that_close() -> None:
    async with world(answer_and_hang_up) as made:
        await still_serves(made)
        await made.settled()
        files, green = descriptors(), greenlets()

        async def knock() -> None:
            _, writer = await asyncio.open_connection("127.0.0.1", made.switch.port)
            writer.close()
            await writer.wait_closed()

        for _ in range(40):
            await asyncio.gather(*(knock() for _ in range(25)))
        await until(lambda: made.server.refused["handshake"] + made.server.refused["gone"] == 1_000)
        await made.settled()
        await until(lambda: descriptors() <= files)
        assert greenlets() == green
        await still_serves(made)


@held
async def test_10_calls_whose_handlers_raise_leak_nothing() -> None:
    async def handler(channel: CallChannel) -> None:
        raise ValueError("a bug of ours")

    async with world(handler) as made:
        await made.freeswitch().call()
        await made.settled()
        files, green = descriptors(), greenlets()
        freeswitch = made.freeswitch()
        with structlog.testing.capture_logs() as lines:
            assert all(seen.resumed for seen in await asyncio.gather(*(freeswitch.call() for _ in range(50))))
        assert [line["event"] for line in lines] == ["the call's handler failed"] * 50
        await made.settled()
        await until(lambda: descriptors() <= files)
        assert greenlets() == green


async def test_10_stopping_leaves_nothing() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Play((LONG,)))

    threads = threading.active_count()
    files, green = descriptors(), greenlets()
    async with world(handler, settles=False) as made:
        freeswitch = made.freeswitch()
        calls = [asyncio.ensure_future(freeswitch.call()) for _ in range(5)]
        _, silent = await asyncio.open_connection("127.0.0.1", made.switch.port)
        await until(lambda: made.server.calls == 5 and made.server.waiting == 1)
    assert all(seen.resumed for seen in await asyncio.gather(*calls))
    silent.close()
    await until(lambda: descriptors() <= files)
    assert (threading.active_count(), greenlets()) == (threads, green)


async def test_11_accepting_does_not_wait_for_a_poll() -> None:
    """20 connections one after another: at 100 ms between two polls they took 1 s on average. Ten times at the most:
    a machine with other work is late, but not each time."""

    async def took_s(port: int) -> float:
        began = asyncio.get_running_loop().time()
        for _ in range(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await reader.readuntil(b"\n\n") == b"connect\n\n"
            writer.close()
        return asyncio.get_running_loop().time() - began

    async with world(answer_and_hang_up) as made:
        took = [await took_s(made.switch.port)]
        while took[-1] >= 0.6 and len(took) < 10:
            took.append(await took_s(made.switch.port))
        assert took[-1] < 0.6, took


@held
async def test_11_an_error_of_accept_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.switch.freeswitch.server.ACCEPT_PAUSE_S", 0.01)

    class Exhausted:
        """A listening socket for which there were no descriptors, three times."""

        def __init__(self, real: gevent.socket.socket) -> None:
            self.real = real
            self.left = 3

        def accept(self) -> object:
            if self.left:
                self.left -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return self.real.accept()

        def close(self) -> None:
            self.real.close()

    async with world(answer_and_hang_up) as made:
        made.server.server = Exhausted(made.server.server)
        await still_serves(made)
        await still_serves(made)
        assert made.server.refused["accept"] == 3


async def test_11_a_busy_port_is_an_error() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    files, threads = descriptors(), threading.active_count()
    config = config_of(FakeEventSocket(), port=taken.getsockname()[1])
    with pytest.raises(SwitchUnavailable, match="cannot be listened for"):
        await FreeSwitch(config, Files(), lambda: "id").start(lambda _: None, answer_and_hang_up)
    await until(lambda: (descriptors(), threading.active_count()) == (files, threads))
    taken.close()


# --- 12: queues -------------------------------------------------------------------------------------------------


async def test_12_asyncio_that_lags_stops_the_reader_and_loses_nothing() -> None:
    hub = HubThread("test")
    await hub.start()
    got: list[Frame] = []
    done = asyncio.Event()

    class Receiver:
        def received(self, frames: list[Frame]) -> None:
            got.extend(frames)
            if len(got) == 500:
                done.set()

        def lost(self, fault: SwitchError) -> None:
            raise AssertionError(fault)

    class Writer:
        def put(self, data: bytes) -> None:
            raise AssertionError(data)

        def finish(self) -> None:
            raise AssertionError

    bridge = Bridge(hub, asyncio.get_running_loop(), Writer())
    bridge.bind(Receiver())
    last, full = threading.Event(), threading.Event()
    handed: list[int] = []

    def read() -> None:
        for index in range(500):
            handed.append(index)
            if index == MOST_BATCHES - 1:
                last.set()
            if index == MOST_BATCHES:
                full.set()
            bridge.hand_up([ApiReply(str(index))])

    reading = asyncio.ensure_future(hub.call(read, 30.0))
    await asyncio.sleep(0)  # it is posted
    assert last.wait(20.0)
    assert not full.wait(0.3), "the event loop is blocked here: the reader may not go on for ever"
    assert len(handed) == MOST_BATCHES
    with structlog.testing.capture_logs() as lines:
        await reading
        async with asyncio.timeout(20.0):
            await done.wait()
    assert any(line["event"].startswith("freeswitch was left unread") for line in lines), "loudly"
    await hub.stop()
    assert got == [ApiReply(str(index)) for index in range(500)]


@held
async def test_12_a_slow_handler_holds_up_nobody_else() -> None:
    go = asyncio.Event()

    async def handler(channel: CallChannel) -> None:
        assert await channel.perform(Answer()) == Done()
        if channel.info.called == "1":
            await go.wait()

    async with world(handler) as made:
        freeswitch = made.freeswitch()
        slow = [asyncio.ensure_future(freeswitch.call(Caller(called="1"))) for _ in range(20)]
        await until(lambda: len(made.channels) == 20)
        async with asyncio.timeout(20.0):
            assert (await freeswitch.call(Caller(called="2"))).answered
        go.set()
        await asyncio.gather(*slow)


# --- 14: no monkey-patching -------------------------------------------------------------------------------------


async def test_14_nothing_is_patched() -> None:
    async with world(answer_and_hang_up) as made:
        await still_serves(made)
        assert not gevent.monkey.saved
        assert socket.socket is not gevent.socket.socket
        assert threading.current_thread() is threading.main_thread()
