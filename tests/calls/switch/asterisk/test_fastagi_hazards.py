"""One regression test for each line of panoramisk's FastAGI hazards that concerns us.

The library itself is shown to have the hazard where that takes no time, so that a release without it is noticed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import pytest
from panoramisk.fast_agi import Application
from panoramisk.utils import parse_agi_result

from calls.errors import CommandRefused, SwitchUnavailable
from calls.switch.asterisk.fastagi import Limits
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.wire import agi
from tests.calls.switch.asterisk.agi_peer import DEAD, TOKEN, connect, environment, request, serving, settled

PROBES = 1_000
MOST_SHARE = 0.5
"""A loop that spins takes all that it gets; one that waits takes next to nothing."""


def open_files() -> int:
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


async def share_of_the_processor(for_s: float) -> float:
    """How much of it this process takes while it has nothing to do, whatever others take."""
    began_s, took_s = time.monotonic(), time.process_time()
    await asyncio.sleep(for_s)
    return (time.process_time() - took_s) / (time.monotonic() - began_s)


async def test_1_connect_and_close_a_thousand_times_leaves_the_server_serving() -> None:
    async with serving() as (server, requests):
        files, tasks = open_files(), len(asyncio.all_tasks())
        for count in range(PROBES):
            peer = await connect(server)
            if count % 3 == 1:
                peer.say(environment()[:100])
            await peer.close()
        await settled(lambda: server.waiting == 0)
        gc.collect()
        assert len(asyncio.all_tasks()) == tasks
        assert open_files() <= files + 2
        assert await share_of_the_processor(0.2) < MOST_SHARE, "nothing spins"
        peer = await request(server)
        connection = await requests.next()
        sent = asyncio.ensure_future(connection.send(agi.Answer()))
        await peer.expect(b"ANSWER", b"200 result=0\n")
        await sent


async def test_1_panoramisk_spins_on_such_a_probe() -> None:
    reader = asyncio.StreamReader()
    reader.feed_eof()
    reads = 0

    class Counting:
        async def read(self, size: int) -> bytes:
            nonlocal reads
            reads += 1
            if reads > 1_000:
                raise ConnectionAbortedError
            return await reader.read(size)

    with pytest.raises(ConnectionAbortedError):
        await Application(loop=asyncio.get_running_loop()).handler(Counting(), None)


async def test_1_a_header_without_an_end_is_cut_off_by_its_size() -> None:
    async with serving() as (server, requests):
        peer = await connect(server)
        peer.say(b"agi_network: yes\n" + b"agi_x: y\n" * 10_000)
        await peer.closed()
        assert server.refused == {"protocol": 1} and requests.none()


async def test_1_a_slow_header_is_cut_off_by_the_clock() -> None:
    async with serving(Limits(header_s=0.1)) as (server, requests):
        began = time.monotonic()
        idle, slow = await connect(server), await connect(server)
        slow.say(environment()[:-1])
        await idle.closed()
        await slow.closed()
        assert 0.05 < time.monotonic() - began
        assert server.refused == {"slow": 2} and server.waiting == 0 and requests.none()


async def test_1_the_header_deadline_is_five_seconds() -> None:
    assert Limits().header_s == 5.0


async def test_1_idle_sockets_never_keep_a_call_out() -> None:
    async with serving(Limits(waiting=20, waiting_per_address=10)) as (server, requests):
        idle = [await connect(server) for _ in range(50)]
        await settled(lambda: server.waiting == 10 and server.refused["too many waiting"] == 40)
        await idle[0].closed()  # the one that has waited longest
        await request(server)
        await requests.next()


async def test_1_the_waiting_of_all_addresses_together_is_capped() -> None:
    async with serving(Limits(waiting=5, waiting_per_address=100)) as (server, _):
        _idle = [await connect(server) for _ in range(12)]
        await settled(lambda: server.waiting == 5 and server.refused["too many waiting"] == 7)


async def test_2_a_hangup_line_does_not_shift_the_replies() -> None:
    assert "error" in parse_agi_result("HANGUP")  # panoramisk: the reply to whatever was asked
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        for command, line, reply in (
            (agi.WaitForDigit(8_000), b"WAIT FOR DIGIT 8000", b"200 result=-1\n"),
            (agi.ChannelStatus(), b"CHANNEL STATUS", b"HANGUP\n" + DEAD),
            (agi.Hangup(), b"HANGUP", DEAD),
        ):
            sent = asyncio.ensure_future(connection.send(command))
            await peer.expect(line, reply)
            assert (await sent).status == (511 if reply.endswith(DEAD) else 200)


async def test_3_the_end_of_the_stream_is_no_value_error() -> None:
    with pytest.raises(ValueError):
        parse_agi_result("")
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        sent = asyncio.ensure_future(connection.send(agi.Answer()))
        await peer.expect(b"ANSWER")
        await peer.close()
        with pytest.raises(SwitchUnavailable):
            await sent


def test_4_a_line_feed_never_reaches_the_wire() -> None:
    with pytest.raises(CommandRefused):
        agi.encode(agi.StreamFile("/p/a\nEXEC System id", "", 1.0))


async def test_5_a_plain_function_is_refused_with_its_name() -> None:
    async with serving() as (server, _):

        def plain(connection: AgiConnection) -> None: ...

        with pytest.raises(TypeError, match="'plain' is no coroutine function"):
            server.add_route("plain", plain)  # type: ignore[arg-type]


async def test_6_a_query_string_does_not_break_the_route() -> None:
    async with serving() as (server, requests):
        await request(server, f"inbound?token={TOKEN}&campaign=a%26b")
        assert (await requests.next()).environment.query.endswith("campaign=a%26b")


async def test_6_a_cancelled_endpoint_is_cancelled_and_no_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        await requests.next()
        tasks = [task for task in asyncio.all_tasks() if task.get_name() == "agi inbound"]
        assert len(tasks) == 1
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        await peer.closed()
    assert "exception" not in caplog.text.lower()


async def test_6_an_endpoint_that_raises_is_logged_and_the_server_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(connection: AgiConnection) -> None:
        raise KeyError("a bug")

    async with serving() as (server, requests):
        server.add_route("broken", broken)
        await (await request(server, f"broken?token={TOKEN}")).closed()
        assert "KeyError" in caplog.text and TOKEN not in caplog.text and "4930111" not in caplog.text
        await request(server)
        await requests.next()


async def test_13_a_reply_means_what_it_says() -> None:
    """A timeout keeps its word, a value "hangup" is a value, 511 is a dead channel, 520 is one reply."""
    assert parse_agi_result("200 result= (timeout)")["result"] == ("", "")
    usage = b"520-Invalid command syntax.  Proper usage follows:\nAny text\nof lines.\n520 End of proper usage.\n"
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        said = []
        for command, reply in (
            (agi.GetKey("/p/a", 100, 0.1), b"200 result= (timeout)\n"),
            (agi.GetVariable(agi.Variable.CALL), b"200 result=1 (hangup)\n"),
            (agi.ChannelStatus(), DEAD),
            (agi.Answer(), usage),
            (agi.Answer(), b"200 result=0\n"),
        ):
            sent = asyncio.ensure_future(connection.send(command))
            await peer.heard()
            peer.say(reply)
            said.append(await sent)
        assert said[0].word == "timeout" and said[1].value == "hangup" and not connection.hung_up
        assert [reply.status for reply in said] == [200, 200, 511, 520, 200]


async def test_13_two_callers_of_one_connection_never_mix_their_replies() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        sent = [asyncio.ensure_future(connection.send(agi.WaitForDigit(1_000 + n))) for n in range(20)]
        for n in range(20):
            await peer.expect(f"WAIT FOR DIGIT {1_000 + n}".encode(), f"200 result={48 + n % 10}\n".encode())
        assert [(await reply).number for reply in sent] == [48 + n % 10 for n in range(20)]
