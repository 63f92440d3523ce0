"""Who may come in, how the others are refused, and that a connection may end at any byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from uuid import uuid4

import pytest
from pydantic import SecretStr

from calls.errors import SwitchError, SwitchUnavailable
from calls.ids import BootId
from calls.switch.events import SwitchEvent, SwitchUp
from calls.switch.freeswitch.causes import NAMES, hung_up, name_of
from calls.switch.freeswitch.server import Limits, Server
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import Answer, CallChannel, EndedBy, Hangup, HungUp, Play, Result
from calls.wire.esl import Headers
from tests.calls.switch.freeswitch.fake_caller import Caller, Leave, Seen
from tests.calls.switch.freeswitch.fake_event_socket import CORE, FakeEventSocket
from tests.calls.switch.freeswitch.fake_freeswitch import FakeCall
from tests.calls.switch.freeswitch.world import (
    LONG,
    SHORT,
    TOKEN,
    Files,
    World,
    config_of,
    descriptors,
    soon,
    until,
    world,
)
from tests.console.held_time import held


async def answer_and_hang_up(channel: CallChannel) -> None:
    await channel.perform(Answer())
    await channel.perform(Hangup())


async def refused(made: World, token: str = TOKEN, mode: str = "async") -> Seen:
    seen = await made.freeswitch(token, mode).call()
    assert made.channels == []
    return seen


@pytest.mark.parametrize("token", ["", "wrong", f"{TOKEN}x", TOKEN[:-1], TOKEN.upper(), "\udcff"])
@held
async def test_without_the_token_a_call_is_refused_with_a_cause(token: str) -> None:
    async with world(answer_and_hang_up) as made:
        seen = await refused(made, token)
        assert seen.commands == ["connect", "sendmsg\ncall-command: hangup\nhangup-cause: CALL_REJECTED"]
        assert (seen.cause, seen.answered, seen.resumed) == ("CALL_REJECTED", False, False)
        assert made.server.refused["token"] == 1


@held
async def test_a_dialplan_without_async_is_refused_and_told() -> None:
    async with world(answer_and_hang_up) as made:
        seen = await refused(made, mode="static")
        assert (seen.cause, seen.answered) == ("NORMAL_TEMPORARY_FAILURE", False)
        assert made.server.refused["the dialplan's socket action lacks 'async full'"] == 1


@held
async def test_a_channel_whose_id_is_none_is_refused() -> None:
    async with world(answer_and_hang_up) as made:
        freeswitch = made.freeswitch()
        call = freeswitch.place()
        call.seen = replace(call.seen, uuid="id\nexit")
        seen = await call.run()
        assert made.channels == []
        assert (seen.cause, made.server.refused["channel id"]) == ("NORMAL_TEMPORARY_FAILURE", 1)


async def test_an_address_that_is_not_allowed_hears_nothing() -> None:
    async with FakeEventSocket() as event_socket:
        config = replace(config_of(event_socket), allow=(IPv4Network("10.0.0.0/8"),))
        switch = FreeSwitch(config, Files(), lambda: "id")
        await switch.start(lambda _: None, answer_and_hang_up)
        reader, writer = await asyncio.open_connection("127.0.0.1", switch.port)
        async with asyncio.timeout(20.0):
            assert await reader.read() == b""
        assert switch.server.refused["address"] == 1
        writer.close()
        await switch.stop()


async def test_idle_sockets_keep_no_call_out() -> None:
    async with world(answer_and_hang_up, Limits(waiting=5)) as made:
        idle = [await asyncio.open_connection("127.0.0.1", made.switch.port) for _ in range(8)]
        await until(lambda: made.server.refused["too many waiting"] == 3)
        assert (await made.freeswitch().call()).answered
        assert made.server.waiting <= 5
        for reader, _ in idle[:3]:
            async with asyncio.timeout(20.0):
                assert await reader.read() in (b"", b"connect\n\n"), "the oldest are closed"
        for _, writer in idle:
            writer.close()
        await made.settled()


def test_an_empty_token_is_no_token() -> None:
    with pytest.raises(ValueError, match="empty"):
        Server(("127.0.0.1", 0), SecretStr(""), (), Limits(), lambda _: None)


# --- the end at any byte ----------------------------------------------------------------------------------------


class Truncated(FakeCall):
    """A FreeSWITCH that dies after so many bytes."""

    left: int

    def say(self, data: bytes) -> None:
        if self.left <= 0:
            return
        super().say(data[: self.left])
        self.left -= len(data)
        if self.left <= 0:
            self.close()


@held
async def test_the_connection_may_end_at_any_byte() -> None:
    """Whatever was said before, the call's handler comes to its end, and nothing is left."""
    ends: list[Sequence[Result | SwitchError]] = []

    async def handler(channel: CallChannel) -> None:
        found: list[Result | SwitchError] = []
        for command in (Answer(), Play((SHORT,)), Play((SHORT,)), Hangup()):
            try:
                found.append(await soon(channel.perform(command)))
            except SwitchError as error:
                found.append(error)
        ends.append(found)

    async with world(handler) as made:
        files = descriptors()
        freeswitch = made.freeswitch()
        calls = []
        for index, left in enumerate([*range(1, 6_300, 700), *range(6_150, 6_700, 23), *range(7_000, 60_000, 2_500)]):
            call = Truncated(freeswitch, Caller(), f"{index:08x}-0000-4000-8000-000000000000")
            call.left = left
            calls.append(call)
        await asyncio.gather(*(call.run() for call in calls))
        await made.settled()
        await until(lambda: descriptors() <= files)
        told = sum(call.seen.commands != ["connect"] for call in calls)
        assert told <= len(ends) == len(made.channels) < len(calls), "every call that came in was handled"
        assert told > 10
        for found in ends:
            assert found[-1] in (HungUp(EndedBy.SWITCH), HungUp(EndedBy.US, 16)), found
        assert (await made.freeswitch().call(Caller())).answered


# --- the list of channels -----------------------------------------------------------------------------------------


@held
@pytest.mark.parametrize(("leaves", "how"), [(Leave(0.8), EndedBy.CALLER), (Leave(9.0), EndedBy.SWITCH)])
async def test_the_list_overtakes_the_end_of_a_call(leaves: Leave, how: EndedBy) -> None:
    """It has the channel no more before its own connection has told who ended it; of what nobody tells the switch
    has lost it."""
    found: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        made.switch._desk.reconcile(frozenset(), asyncio.get_running_loop().time() + 1.0)
        found.append(await channel.perform(Play((LONG,))))

    async with world(handler) as made:
        await made.freeswitch().call(Caller((leaves,)))
        await made.settled()
    assert [each.by for each in found if isinstance(each, HungUp)] == [how]


# --- causes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "ours", "how"),
    [
        (
            {"variable_sip_hangup_disposition": "recv_bye", "variable_hangup_cause_q850": "16"},
            None,
            (EndedBy.CALLER, 16),
        ),
        (
            {"variable_sip_hangup_disposition": "recv_bye", "variable_hangup_cause_q850": "16"},
            17,
            (EndedBy.CALLER, 16),
        ),
        (
            {"variable_sip_hangup_disposition": "recv_cancel", "variable_hangup_cause_q850": "487"},
            None,
            (EndedBy.CALLER, None),
        ),
        ({"variable_sip_hangup_disposition": "send_bye", "variable_hangup_cause_q850": "16"}, 17, (EndedBy.US, 17)),
        (
            {"variable_sip_hangup_disposition": "send_bye", "variable_hangup_cause_q850": "27"},
            None,
            (EndedBy.SWITCH, 27),
        ),
        ({"Hangup-Cause": "NORMAL_CLEARING", "variable_hangup_cause_q850": "16"}, None, (EndedBy.CALLER, 16)),
        ({"Hangup-Cause": "NORMAL_CLEARING"}, 16, (EndedBy.US, 16)),
        ({"Hangup-Cause": "SYSTEM_SHUTDOWN", "variable_hangup_cause_q850": "x"}, None, (EndedBy.SWITCH, None)),
        ({}, None, (EndedBy.SWITCH, None)),
    ],
)
def test_how_a_call_ended(headers: dict[str, str], ours: int | None, how: tuple[EndedBy, int | None]) -> None:
    assert hung_up(Headers(headers), ours) == HungUp(*how)


def test_every_cause_has_a_name() -> None:
    assert name_of(17) == "USER_BUSY"
    assert name_of(26) == NAMES[31] == "NORMAL_UNSPECIFIED"
    assert len(set(NAMES.values())) == len(NAMES)


async def test_a_port_that_is_busy_is_told_and_may_be_had_later() -> None:
    """As the engine does it: again and again, until it is free."""
    async with FakeEventSocket() as event_socket:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = int(other.getsockname()[1])
            switch = FreeSwitch(config_of(event_socket, port), Files(), lambda: str(uuid4()))
            events: list[SwitchEvent] = []
            made = World(switch, answer_and_hang_up, event_socket)
            for _ in range(2):
                with pytest.raises(SwitchUnavailable):
                    await switch.start(events.append, made.on_call)
                assert events == []
        await switch.start(events.append, made.on_call)
        assert events == [SwitchUp(BootId(CORE), frozenset())]
        seen = await made.freeswitch().call()
        assert (seen.answered, seen.by_caller) == (True, False)
        await switch.stop()
