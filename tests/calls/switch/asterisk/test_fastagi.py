"""The FastAGI server: who is let in, and one command with one reply at a time."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network

import pytest
from pydantic import SecretStr

from calls.errors import CommandRefused, RemoteProtocolError, SwitchTimeout, SwitchUnavailable
from calls.switch.asterisk.fastagi import FastAgiServer, Limits
from calls.switch.asterisk.fastagi_connection import AgiConnection, Cut
from calls.wire import agi
from calls.wire.agi import Variable
from calls.wire.agi_replies import Reply
from tests.calls.switch.asterisk import agi_peer
from tests.calls.switch.asterisk.agi_peer import DEAD, TOKEN, connect, environment, request, serving, settled
from tests.calls.wire import agi_recordings


async def test_a_request_with_the_token_reaches_its_route() -> None:
    async with serving() as (server, requests):
        peer = await request(server, f"inbound?token={TOKEN}", "first", "second")
        connection = await requests.next()
        assert connection.environment.script == "inbound"
        assert connection.environment.arguments == ("first", "second")
        assert server.calls == 1 and server.waiting == 0
        requests.over.set()
        await peer.closed()
        await server.idle()
        assert server.calls == 0


async def test_the_dialplan_learns_that_the_engine_lives() -> None:
    async with serving(Limits(calls=1)) as (server, requests):
        await (await request(server, "alive?token=wrong")).closed()
        assert server.refused == {"token": 1}
        await request(server)
        await requests.next()
        await (await request(server, f"alive?token={TOKEN}")).closed()
        assert server.refused == {"token": 1}


@pytest.mark.parametrize(
    "script",
    [
        "inbound",
        "inbound?token=",
        "inbound?token=wrong",
        f"inbound?token={TOKEN}x",
        f"inbound?token={TOKEN[:-1]}",
        f"inbound?token={TOKEN}&token={TOKEN}",
        f"inbound?Token={TOKEN}",
        "inbound?token=%C3%28",
        f"{TOKEN}",
    ],
)
async def test_without_the_token_no_command_is_sent_and_nothing_is_looked_up(script: str) -> None:
    async with serving() as (server, requests):
        peer = await request(server, script)
        await peer.closed()
        assert server.refused == {"token": 1}
        assert requests.none() and server.calls == 0


async def test_who_has_no_token_does_not_learn_which_routes_there_are() -> None:
    async with serving() as (server, _):
        await (await request(server, "nowhere?token=wrong")).closed()
        assert server.refused == {"token": 1}
        await (await request(server, f"nowhere?token={TOKEN}")).closed()
        assert server.refused == {"token": 1, "route": 1}


async def test_an_address_that_is_not_allowed_is_not_even_read() -> None:
    server = FastAgiServer(SecretStr(TOKEN), (IPv4Network("192.0.2.0/24"),))
    await server.start(agi_peer.HOST, 0)
    try:
        await (await request(server)).closed()
        assert server.refused == {"address": 1} and server.waiting == 0
    finally:
        await agi_peer.close_all(server)


async def test_an_empty_token_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="token is empty"):
        FastAgiServer(SecretStr(""), agi_peer.LOOPBACK)


async def test_more_calls_than_allowed_are_closed_but_returning_calls_are_not() -> None:
    async with serving(Limits(calls=1)) as (server, requests):
        back = agi_peer.Requests()
        server.add_route("resume", back.serve, capped=False)
        first = await request(server)
        await requests.next()
        await (await request(server)).closed()
        assert server.refused == {"calls": 1}
        returning = await request(server, f"resume?token={TOKEN}", "call-1")
        assert (await back.next()).environment.arguments == ("call-1",)
        requests.over.set()
        back.over.set()
        await first.closed()
        await returning.closed()
        await server.idle()
        await request(server)
        await requests.next()


async def test_one_address_has_a_share_of_the_calls() -> None:
    async with serving(Limits(calls_per_address=1)) as (server, requests):
        await request(server)
        await requests.next()
        await (await request(server)).closed()
        assert server.refused == {"calls of one address": 1}


async def test_a_route_can_be_closed() -> None:
    async with serving() as (server, _):
        server.del_route("inbound")
        await (await request(server)).closed()
        assert server.refused == {"route": 1}


async def test_a_forged_end_of_the_environment_ends_the_connection() -> None:
    """The recorded attack, with the token in the right place: it must not matter that the PBX sent it."""
    recorded = agi_recordings.read("asterisk-16", "agi-hostile-number-blank-line").from_switch
    attack = recorded.replace(b"script: hostile\n", b"script: inbound?token=" + TOKEN.encode() + b"\n")
    for size in (len(attack), 1):
        async with serving() as (server, requests):
            peer = await connect(server)
            for at in range(0, len(attack), size):
                peer.say(attack[at : at + size])
            await peer.closed()
            assert server.refused == {"protocol": 1} and requests.none()


async def test_refusals_are_logged_once_in_a_while_with_their_count(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving() as (server, _):
        for _ in range(20):
            await (await request(server, "inbound?token=wrong")).closed()
        assert server.refused == {"token": 20}
    said = capsys.readouterr().out
    assert said.count("AGI request refused") == 1
    assert TOKEN not in said and "wrong" not in said and "4930111" not in said


async def test_commands_and_replies_take_turns() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        first = asyncio.ensure_future(connection.send(agi.Answer()))
        second = asyncio.ensure_future(connection.send(agi.WaitForDigit(4_000)))
        await peer.expect(b"ANSWER")
        assert not second.done() and connection.pending
        peer.say(b"200 result=0\n")
        assert await first == Reply(200, "0")
        await peer.expect(b"WAIT FOR DIGIT 4000", b"200 result=35\n")
        assert (await second).number == ord("#")


async def test_a_hangup_line_is_noted_and_never_a_reply() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        sent = asyncio.ensure_future(connection.send(agi.ChannelStatus()))
        await peer.expect(b"CHANNEL STATUS", b"HANGUP\n" + DEAD)
        assert (await sent).status == 511 and connection.hung_up
        peer.say(b"HANGUP\n")
        again = asyncio.ensure_future(connection.send(agi.GetVariable(Variable.HANGUP_CAUSE)))
        await peer.expect(b"GET VARIABLE HANGUPCAUSE", b"200 result=1 (16)\n")
        assert (await again).value == "16"


async def test_the_end_of_the_stream_fails_the_pending_command_at_once() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        sent = asyncio.ensure_future(connection.send(agi.WaitForDigit(60_000)))
        await peer.expect(b"WAIT FOR DIGIT 60000")
        peer.say(b"200 resu")
        await peer.close()
        with pytest.raises(SwitchUnavailable, match="closed by the switch"):
            async with asyncio.timeout(agi_peer.WITHIN_S):
                await sent
        assert connection.closed and connection.lost
        with pytest.raises(SwitchUnavailable):
            await connection.send(agi.Answer())


async def test_a_reply_that_does_not_come_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agi, "REPLY_MARGIN_S", 0.05)
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        with pytest.raises(SwitchTimeout):
            await connection.send(agi.Answer())
        await peer.expect(b"ANSWER")
        await peer.closed()
        assert connection.closed and not connection.lost
        with pytest.raises(SwitchUnavailable, match="no reply in time"):
            await connection.send(agi.Answer())


@pytest.mark.parametrize(
    "garbage", [b"what?\n", b"200 result=1 (forged value)\n", b"200 result=0\n200 result=0\n", b"\xff\n"]
)
async def test_a_stream_out_of_step_is_closed(garbage: bytes) -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        sent = asyncio.ensure_future(connection.send(agi.Answer()))
        await peer.expect(b"ANSWER", garbage)
        with pytest.raises(RemoteProtocolError):
            await sent
        await peer.closed()
        assert connection.closed and server.refused == {"protocol": 1}


async def test_a_refused_command_leaves_the_connection_as_it_was() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        with pytest.raises(CommandRefused):
            await connection.send(agi.StreamFile('/p/"', "", 1.0))
        sent = asyncio.ensure_future(connection.send(agi.Answer()))
        await peer.expect(b"ANSWER", b"200 result=0\n")
        await sent


async def test_who_waits_can_be_let_go_while_the_reply_stays_due() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        sent = asyncio.ensure_future(connection.send(agi.MusicOnHold("default", 300)))
        await peer.expect(b"EXEC MusicOnHold default,300")
        connection.cut()
        with pytest.raises(Cut):
            await sent
        assert connection.pending
        following = asyncio.ensure_future(connection.send(agi.Answer()))
        peer.say(b"200 result=-1\n")
        await peer.expect(b"ANSWER", b"200 result=0\n")
        assert (await following).data == "0"


async def test_a_cancelled_wait_does_not_shift_the_replies() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        sent = asyncio.ensure_future(connection.send(agi.WaitForDigit(1_000)))
        await peer.expect(b"WAIT FOR DIGIT 1000")
        sent.cancel()
        following = asyncio.ensure_future(connection.send(agi.ChannelStatus()))
        peer.say(b"200 result=49\n")
        await peer.expect(b"CHANNEL STATUS", b"200 result=6\n")
        assert (await following).data == "6"


async def test_stop_ends_the_endpoints_and_the_connections() -> None:
    ended = asyncio.Event()

    async def endless(connection: AgiConnection) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async with serving() as (server, _):
        server.add_route("endless", endless)
        served = await request(server, f"endless?token={TOKEN}")
        await settled(lambda: server.calls == 1)
        waits = await connect(server)
        waits.say(environment()[:40])
        await settled(lambda: server.waiting == 1)
        await server.stop()
        assert ended.is_set() and server.calls == 0
        await served.closed()
        await waits.closed()


async def test_each_turn_of_ours_is_measured() -> None:
    async with serving() as (server, requests):
        peer = await request(server)
        connection = await requests.next()
        for _ in range(3):
            sending = asyncio.create_task(connection.send(agi.Answer()))
            await peer.expect(b"ANSWER", b"200 result=0\n")
            await sending
        assert dict(server.turns.buckets())[float("inf")] == 3
        assert 0 < server.turns.sum_s < agi_peer.WITHIN_S
