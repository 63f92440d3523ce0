"""A call whose engine is silent is sent on, and one in a talk is not."""

from __future__ import annotations

import asyncio

import pytest

from calls.ids import LegId
from calls.switch.freeswitch.watchdog import RENEW_S, SILENT_S, Watchdog
from calls.switch.port import Answer, CallChannel, Connect, EndedBy, Play, TalkEnded, Transfer, Transferred
from calls.wire.esl_applications import MAX_S
from calls.wire.esl_commands import Command, encode
from tests.calls.switch.freeswitch.fake_far_end import FarEnd
from tests.calls.switch.freeswitch.fake_freeswitch import FakeCall
from tests.calls.switch.freeswitch.world import SHORT, soon, world
from tests.console.held_time import held
from tests.virtual_time import run

CALL = "6bd2a74c-1111-4222-8333-444455556666"
AGENT = LegId("agent-1")


def of_the_watchdog(commands: list[str]) -> list[str]:
    """What was said to it, in short: how long, or "off"."""
    found = [each.removeprefix("api ").split() for each in commands]
    return ["off" if each[0] == "sched_del" else each[1] for each in found if each[0] in ("sched_api", "sched_del")]


@pytest.mark.parametrize(("silent_s", "said"), [(SILENT_S, f"+{SILENT_S}"), (10.0**9, f"+{MAX_S}")])
def test_it_is_put_off_while_we_live_and_no_longer(silent_s: float, said: str) -> None:
    async def main() -> list[str]:
        sent: list[Command] = []
        watchdog = Watchdog(CALL, "callwright", sent.append)
        watchdog.watch(silent_s)
        await asyncio.sleep(2 * RENEW_S + 1)
        watchdog.rest()
        await asyncio.sleep(5 * RENEW_S)
        return [encode(each).decode().strip() for each in sent]

    commands = run(main())
    assert of_the_watchdog(commands) == ["off", said] * 3
    assert commands[0] == f"api sched_del cw-{CALL}"
    assert commands[1] == f"api sched_api {said} cw-{CALL} uuid_transfer {CALL} cw-lost XML callwright"


def test_it_is_put_off_in_time() -> None:
    assert 2 * RENEW_S < SILENT_S


@held
async def test_a_call_is_watched_from_its_beginning_and_not_in_a_talk() -> None:
    calls: list[FakeCall] = []

    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        asyncio.get_running_loop().call_later(0.2, calls[0].drop_leg)
        assert await soon(channel.perform(Connect(AGENT))) == TalkEnded(EndedBy.AGENT)
        await channel.perform(Play((SHORT,)))

    async with world(handler) as made:
        freeswitch = made.freeswitch()
        freeswitch.seat_agent(AGENT)
        calls.append(freeswitch.place())
        seen = await calls[0].run()
    assert of_the_watchdog(seen.commands) == ["off", "+60", "off", "off", "+60"]
    bridged = next(at for at, said in enumerate(seen.commands) if said.startswith("api uuid_bridge "))
    assert of_the_watchdog(seen.commands[:bridged]) == ["off", "+60", "off"], "in the talk it is not watched"


@held
async def test_a_transfers_talk_is_watched_for_longer() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        talked = await soon(channel.perform(Transfer("desk", 5.0, talk_limit_s=600.0)))
        assert isinstance(talked, Transferred)
        await channel.perform(Play((SHORT,)))

    async with world(handler) as made:
        freeswitch = made.freeswitch()
        freeswitch.answers["user/desk"] = FarEnd(0.1, 0.3)
        seen = await freeswitch.call()
    assert of_the_watchdog(seen.commands) == ["off", "+60", "off", "+660", "off", "+60"]


@held
async def test_a_leg_that_is_gone_leaves_the_call_watched() -> None:
    async def handler(channel: CallChannel) -> None:
        await channel.perform(Answer())
        await soon(channel.perform(Connect(AGENT)))
        await channel.perform(Play((SHORT,)))

    async with world(handler) as made:
        seen = await made.freeswitch().call()
    assert of_the_watchdog(seen.commands) == ["off", "+60", "off", "off", "+60"]
