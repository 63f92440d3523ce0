"""A FreeSWITCH that was started anew while we stayed: what of the two runs of it is believed."""

from __future__ import annotations

import asyncio
import json

import pytest

from calls.errors import SwitchUnavailable
from calls.ids import AttemptId, LegId
from calls.switch.events import SwitchDown, SwitchUp
from calls.switch.port import Answer, CallChannel, DialAttempt, Done, Hangup, Play, Result
from tests.calls.switch.freeswitch.fake_event_socket import CORE
from tests.calls.switch.freeswitch.world import SHORT, soon, until, world

BEFORE = "11111111-0f8c-431b-843f-5e1463dcb27e"
"""The run of the switch before the one of which the fake's calls are."""


async def test_a_caller_of_the_new_run_who_came_before_the_event_socket_stays() -> None:
    arrived, back = asyncio.Event(), asyncio.Event()
    results: list[Result] = []

    async def handler(channel: CallChannel) -> None:
        results.append(await channel.perform(Answer()))
        arrived.set()
        await back.wait()
        results.append(await soon(channel.perform(Play((SHORT,)))))
        await channel.perform(Hangup())

    async with world(handler, first_core=BEFORE) as made:
        await made.event_socket.die()
        await until(lambda: any(isinstance(event, SwitchDown) for event in made.events))
        made.event_socket.core = CORE
        call = made.freeswitch().place()
        calling = asyncio.create_task(call.run())
        await until(arrived.is_set)
        made.event_socket.channels = json.dumps({"rows": [{"uuid": call.seen.uuid, "callstate": "ACTIVE"}]})
        await made.event_socket.listen()
        await until(lambda: isinstance(made.events[-1], SwitchUp))
        back.set()
        seen = await calling
    assert results == [Done(), Done()]
    assert not seen.resumed


async def nobody(channel: CallChannel) -> None:
    raise AssertionError(channel)


def attempt() -> DialAttempt:
    return DialAttempt(AttemptId("att-1"), "+15550100001", "carrier", "+15550100000", 20.0)


async def test_nobody_is_dialled_on_a_new_run_before_it_was_compared() -> None:
    async with world(nobody, first_core=BEFORE) as made:
        await made.event_socket.die()
        await until(lambda: any(isinstance(event, SwitchDown) for event in made.events))
        made.event_socket.core, made.event_socket.lists = CORE, False
        made.event_socket.said.clear()
        await made.event_socket.listen()
        await until(lambda: "api show channels as json" in made.event_socket.said)
        with pytest.raises(SwitchUnavailable, match="nothing was sent"):
            await made.switch.originate(attempt())
        assert not any(each.startswith("bgapi") for each in made.event_socket.said)


async def test_a_leg_to_be_ended_that_was_born_in_an_outage_is_ended_behind_it() -> None:
    kill = "api uuid_kill att-1 NORMAL_CLEARING"
    async with world(nobody) as made:
        made.event_socket.api = lambda command: "-ERR No such channel!\n"
        await made.switch.originate(attempt())
        await made.switch.hang_up(LegId("att-1"))
        await made.event_socket.die()
        await until(lambda: any(isinstance(event, SwitchDown) for event in made.events))
        assert made.event_socket.said.count(kill) == 1
        made.event_socket.channels = json.dumps({"rows": [{"uuid": "att-1", "callstate": "RINGING"}]})
        await made.event_socket.listen()
        await until(lambda: made.event_socket.said.count(kill) == 2)
