"""A FreeSWITCH that was started anew while we stayed: what of the two runs of it is believed."""

from __future__ import annotations

import asyncio
import json

import pytest

from calls.errors import SwitchTimeout, SwitchUnavailable
from calls.ids import AttemptId, CallId, LegId
from calls.switch.events import CallConnected, CallLost, SwitchDown, SwitchUp
from calls.switch.port import Answer, CallChannel, Connect, DialAttempt, Done, Hangup, Play, Result
from tests.calls.switch.freeswitch.fake_caller import Caller
from tests.calls.switch.freeswitch.fake_event_socket import CORE
from tests.calls.switch.freeswitch.fake_freeswitch import FakeCall
from tests.calls.switch.freeswitch.world import LONG, SHORT, soon, until, world
from tests.console.held_time import held

AGENT = LegId("agent-1")
ATTEMPT = AttemptId("att-1")

BEFORE = "11111111-0f8c-431b-843f-5e1463dcb27e"
"""The run of the switch before the one of which the fake's calls are."""


@held
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


@held
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


@held
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


@held
async def test_a_leg_that_was_to_be_ended_in_an_outage_is_ended_behind_it() -> None:
    async with world(nobody) as made:
        await made.switch.originate(attempt())
        await made.event_socket.die()
        await until(lambda: any(isinstance(event, SwitchDown) for event in made.events))
        with pytest.raises(SwitchUnavailable):
            await made.switch.hang_up(LegId("att-1"))
        made.event_socket.channels = json.dumps({"rows": [{"uuid": "att-1", "callstate": "RINGING"}]})
        await made.event_socket.listen()
        await until(lambda: made.event_socket.said.count("api uuid_kill att-1 NORMAL_CLEARING") == 1)


@held
async def test_a_talk_goes_on_where_we_are_stopped() -> None:
    calls: list[FakeCall] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        await channel.perform(Connect(AGENT))

    async with world(handler, settles=False) as made:
        freeswitch = made.freeswitch()
        freeswitch.seat_agent(AGENT)
        calls.append(freeswitch.place())
        calling = asyncio.create_task(calls[0].run())
        await until(lambda: any(isinstance(event, CallConnected) for event in made.events))
        await made.switch.stop()
        assert not any("uuid_kill" in said for said in made.event_socket.said)
        assert not calls[0].seen.cause, "the customer talks on"
        calls[0].leave()
        await calling
    assert calls[0].seen.by_caller


@held
async def test_a_call_that_does_not_talk_is_given_back_where_we_are_stopped() -> None:
    began = asyncio.Event()

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        began.set()
        await channel.perform(Play((LONG,)))

    async with world(handler, settles=False) as made:
        calling = asyncio.create_task(made.freeswitch().call())
        await began.wait()
        await made.switch.stop()
        assert (await calling).resumed, "its dialplan speaks"


@held
async def test_the_end_of_a_call_whose_handler_failed_is_told() -> None:
    """Nobody holds it any more, and what it had dialled may be up until then."""
    failed: list[CallId] = []

    async def handler(channel: CallChannel) -> None:
        calls = {channel.info.call_id: channel.info.channel}
        asyncio.get_running_loop().call_soon(lambda: made.switch.adopt(frozenset(), calls))
        failed.append(channel.info.call_id)
        raise SwitchTimeout("no answer")

    async with world(handler) as made:
        await made.freeswitch().call()
        await until(lambda: [each.call_id for each in made.events if isinstance(each, CallLost)] == failed != [])


async def answered(channel: CallChannel) -> None:
    """One call."""
    assert channel.info.attempt_id == ATTEMPT
    assert await channel.perform(Answer()) == Done()
    await channel.perform(Hangup())


@held
async def test_an_attempt_of_the_run_before_that_answers_is_a_call() -> None:
    async with world(answered) as made:
        made.event_socket.channels = json.dumps({"rows": [{"uuid": ATTEMPT, "callstate": "ACTIVE"}]})
        made.switch.adopt(frozenset((LegId(ATTEMPT),)), {})
        seen = await made.freeswitch().place(Caller(uuid=ATTEMPT, route="dialled")).run()
    assert (seen.cause, seen.resumed) == ("NORMAL_CLEARING", False)
    assert [channel.info.call_id for channel in made.channels] == [CallId(ATTEMPT)]


@held
async def test_an_attempt_that_answers_before_we_know_of_it_waits_for_that() -> None:
    async with world(answered) as made:
        made.event_socket.channels = json.dumps({"rows": [{"uuid": ATTEMPT, "callstate": "ACTIVE"}]})
        calling = asyncio.create_task(made.freeswitch().place(Caller(uuid=ATTEMPT, route="dialled")).run())
        await until(lambda: made.server.calls == 1)
        assert made.channels == []
        made.switch.adopt(frozenset((LegId(ATTEMPT),)), {})
        seen = await calling
    assert (seen.cause, seen.resumed) == ("NORMAL_CLEARING", False)
    assert len(made.channels) == 1


@held
async def test_an_answered_leg_of_nobody_is_hung_up() -> None:
    async with world(nobody) as made:
        made.switch.adopt(frozenset(), {})
        seen = await made.freeswitch().place(Caller(uuid=ATTEMPT, route="dialled")).run()
    assert (seen.cause, seen.resumed) == ("NORMAL_CLEARING", False)


@held
async def test_a_leg_that_ends_before_it_is_known_is_nobodys() -> None:
    async with world(nobody) as made:
        call = made.freeswitch().place(Caller(uuid=ATTEMPT, route="dialled"))
        calling = asyncio.create_task(call.run())
        await until(lambda: made.server.calls == 1)
        call.leave()
        await calling
        await until(lambda: made.server.calls == 0)
        made.switch.adopt(frozenset((LegId(ATTEMPT),)), {})
    assert made.channels == []
