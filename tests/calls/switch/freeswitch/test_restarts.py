"""A FreeSWITCH that was started anew while we stayed: what of the two runs of it is believed."""

from __future__ import annotations

import asyncio
import json

from calls.switch.events import SwitchDown, SwitchUp
from calls.switch.port import Answer, CallChannel, Done, Hangup, Play, Result
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
