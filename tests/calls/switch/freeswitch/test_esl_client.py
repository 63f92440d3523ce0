"""The event socket's client against a scripted one: logins, reconnecting, silence, restarts; and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from calls.errors import NotSent, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import BootId
from calls.switch.freeswitch import connection as connection_module
from calls.switch.freeswitch.esl_client import Client, EslClient, EslSettings, retry_delay_s
from calls.switch.freeswitch.hub import HubThread
from calls.wire.esl import Event
from calls.wire.esl_commands import EventName
from calls.wire.esl_control import Kill, ShowChannels
from tests.calls.switch.freeswitch.fake_event_socket import CORE, PASSWORD, REJECTION, FakeEventSocket, plain_event
from tests.calls.switch.freeswitch.world import descriptors, greenlets, until

QUICK = EslSettings(
    host="127.0.0.1",
    port=0,
    password=SecretStr(PASSWORD),
    connect_timeout_s=2.0,
    ping_interval_s=0.1,
    retry_first_s=0.01,
    retry_most_s=0.05,
)
WANTED = (EventName.HANGUP_COMPLETE, EventName.JOB)


@dataclass
class Seen:
    """What the client told."""

    events: list[Event] = field(default_factory=list)
    ups: list[BootId] = field(default_factory=list)
    downs: list[str] = field(default_factory=list)
    on_up: Callable[[BootId], Awaitable[None]] | None = None

    async def up(self, boot: BootId) -> None:
        if self.on_up is not None:
            await self.on_up(boot)
        self.ups.append(boot)


@dataclass
class World:
    switch: FakeEventSocket
    seen: Seen
    client: EslClient
    hub: HubThread


@asynccontextmanager
async def world(settings: EslSettings = QUICK, *, starts: bool = True) -> AsyncIterator[World]:
    seen = Seen()
    hub = HubThread("esl test")
    await hub.start()
    async with FakeEventSocket() as switch:
        client = EslClient(
            replace(settings, port=switch.port),
            Client(WANTED, seen.events.append, seen.up, seen.downs.append, random=lambda: 0.5),
        )
        try:
            if starts:
                await client.start(hub)
            yield World(switch, seen, client, hub)
        finally:
            await client.stop()
            await hub.stop()


async def test_it_logs_in_twice_and_asks_for_what_is_wanted() -> None:
    async with world() as made:
        assert made.seen.ups == [BootId(CORE)]
        assert made.switch.taken == 2
        assert "event plain CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB" in made.switch.commands
        assert [len(each.asked) for each in made.switch.listeners] == [0, 2], "commands and events are apart"


async def test_events_come_in_order() -> None:
    async with world() as made:
        for number in range(500):
            made.switch.tell("BACKGROUND_JOB", {"Job-UUID": str(number)}, "+OK\n")
        await until(lambda: len(made.seen.events) == 500)
        assert [event.headers.get("Job-UUID") for event in made.seen.events] == [str(each) for each in range(500)]
        assert made.seen.events[0].body == "+OK\n"


async def test_an_answer_and_a_no() -> None:
    async with world() as made:
        made.switch.api = lambda command: (
            '{"row_count":0}' if command.startswith("show") else "-ERR No such channel!\n"
        )
        assert await made.client.ask(ShowChannels()) == '{"row_count":0}'
        with pytest.raises(SwitchRefused, match="No such channel"):
            await made.client.ask(Kill("a-1", "NORMAL_CLEARING"))


@pytest.mark.parametrize(
    ("how", "match"),
    [
        (lambda switch: setattr(switch, "password", "another"), "refused the password"),
        (lambda switch: setattr(switch, "greeting", REJECTION), "apply-inbound-acl"),
    ],
)
async def test_who_is_refused_is_told_and_nothing_goes_on(how: Callable[[FakeEventSocket], None], match: str) -> None:
    async with world(starts=False) as made:
        how(made.switch)
        with pytest.raises(SwitchRefused, match=match):
            await made.client.start(made.hub)
        taken = made.switch.taken
        await asyncio.sleep(0.2)
        assert made.switch.taken == taken


@pytest.mark.parametrize(
    "how",
    [
        lambda switch: setattr(switch, "greeting", b""),
        lambda switch: setattr(switch, "login_answer", b""),
        lambda switch: setattr(switch, "greeting", b"SSH-2.0-OpenSSH\n\n"),
        lambda switch: setattr(switch, "greeting", b"Content-Type: auth/request\nContent-Length: -1\n\n"),
    ],
)
async def test_4_a_peer_that_is_silent_or_no_freeswitch(how: Callable[[FakeEventSocket], None]) -> None:
    before = descriptors()
    async with world(replace(QUICK, connect_timeout_s=0.3), starts=False) as made:
        how(made.switch)
        with pytest.raises(SwitchTimeout, match="not up within"):
            await made.client.start(made.hub)
    await until(lambda: descriptors() <= before)
    await until(lambda: greenlets() == 0)


async def test_1_a_switch_that_dies_is_found_and_what_waits_fails() -> None:
    async with world() as made:
        made.switch.listeners[0].mute = True
        asked = asyncio.ensure_future(made.client.ask(ShowChannels()))
        await until(lambda: "api show channels as json" in made.switch.commands)
        await made.switch.die()
        with pytest.raises(SwitchUnavailable):
            await asked
        await until(lambda: len(made.seen.downs) == 1)
        with pytest.raises(NotSent):
            await made.client.ask(ShowChannels())
        made.switch.core = "another-core-1"
        await made.switch.listen()
        await until(lambda: made.seen.ups == [BootId(CORE), BootId("another-core-1")])
        await until(lambda: sum(bool(each.asked) for each in made.switch.listeners) == 1)


@pytest.mark.parametrize("which", [0, 1])
async def test_a_frozen_connection_is_given_up_and_made_anew(which: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "REPLY_S", 0.2)
    async with world() as made:
        made.switch.listeners[which].mute = True
        await until(lambda: len(made.seen.ups) == 2)
        assert "no sign of life" in made.seen.downs[0]


async def test_2_an_end_within_a_body() -> None:
    async with world() as made:
        events = made.switch.listeners[1]
        events.say(b"Content-Length: 5000\nContent-Type: text/event-plain\n\nEvent-Name: CHANNEL_H")
        await asyncio.sleep(0)
        events.line.close()
        await until(lambda: len(made.seen.ups) == 2)
        assert made.seen.events == []


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: text/event-plain\nContent-Length: 2147483648\n\n",
        b"Content-Type: api/response\nContent-Length: 3\n\n+OK",
        b"no colon\n\n",
    ],
)
async def test_3_bytes_that_are_not_the_protocol_end_the_connection(data: bytes) -> None:
    async with world() as made:
        made.switch.listeners[1].say(data)
        await until(lambda: len(made.seen.ups) == 2)


async def test_5_a_callers_name_forges_no_event() -> None:
    async with world() as made:
        name = "x\nUnique-ID: forged\n\nContent-Type: text/event-plain"
        values = {"Unique-ID": "true-1", "Caller-Caller-ID-Name": name}
        made.switch.listeners[1].say(plain_event("CHANNEL_HANGUP_COMPLETE", values))
        await until(lambda: len(made.seen.events) == 1)
        assert made.seen.events[0].headers.get("Unique-ID") == "true-1"
        assert made.seen.events[0].headers.get("Caller-Caller-ID-Name") == name


async def test_12_a_flood_is_held_back_and_lost_nowhere() -> None:
    async with world(replace(QUICK, ping_interval_s=60.0)) as made:
        event = plain_event("CHANNEL_HANGUP_COMPLETE", {f"variable_{each}": "x" * 40 for each in range(60)})
        events = made.switch.listeners[1]
        for _ in range(40):
            events.say(event * 100)
            await events.line.drain()
        await until(lambda: len(made.seen.events) == 4_000)


async def test_a_reconciling_that_fails_is_done_again() -> None:
    async with world(starts=False) as made:
        fails = [True, True]

        async def on_up(boot: BootId) -> None:
            if fails:
                fails.pop()
                raise SwitchTimeout("the list did not come")

        made.seen.on_up = on_up
        await made.client.start(made.hub)
        assert len(made.seen.ups) == 1
        assert len(made.seen.downs) == 2


async def test_reconnecting_leaves_nothing_behind() -> None:
    async with world() as made:
        await until(lambda: greenlets() <= 4)
        before, alive = descriptors(), greenlets()
        for times in range(20):
            made.switch.listeners[times % 2].line.abort()
            await until(lambda times=times: len(made.seen.ups) == times + 2)  # type: ignore[misc]
        await until(lambda: descriptors() <= before)
        await until(lambda: greenlets() <= alive)


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_the_pause_grows_and_has_a_limit(failures: int, random: float) -> None:
    delay = retry_delay_s(QUICK, failures, random)
    assert QUICK.retry_first_s / 2 <= delay <= QUICK.retry_most_s
    assert delay <= retry_delay_s(QUICK, failures + 1, random)
