"""The engine on FreeSWITCH's driver: what its conformance scripts do not show."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count
from pathlib import Path

from calls.causes import Outcome
from calls.records import store
from calls.records.database import open_readonly
from calls.records.store import CallRecord
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import EndedBy
from console.engine.engine import Engine
from tests.calls.switch.freeswitch.fake_caller import Caller
from tests.calls.switch.freeswitch.fake_event_socket import FakeEventSocket
from tests.calls.switch.freeswitch.traffic import held_for
from tests.conformance.engine import standing
from tests.conformance.engine.parts import BYE
from tests.conformance.engine.play import Bench, open_bench
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.vocabulary import FlowScript, Record, about
from tests.conformance.freeswitch import PHONE, SLACK_S, fake, new_switch, open_fake
from tests.conformance.loopback import CreepingClock
from tests.conformance.vocabulary import Act
from tests.console.held_time import HeldTimeLoop, held

DEADLINE_S = 20.0

NOT_FOUND = FlowScript(
    "not-found",
    "A file that FreeSWITCH does not find is a fault of ours, and the caller hears an apology.",
    "lost: {say: [conformance.long], next: bye}" + BYE,
    (),
    "answer | play long | play system.sorry | hangup 16",
    """
    node_entered lost type=say
    fault error=SwitchRefused: FreeSWITCH: playback of /var/lib/pbx/prompts/en/conformance.long.wav: FILE NOT FOUND
    hung_up lost by=us
    node_left lost exit=hung_up
    outcome lost outcome=hung_up
    """,
    Record(Outcome.FAILED, EndedBy.US, "lost", menu_s=about(1.0)),
)


def held_loop() -> HeldTimeLoop:
    """The loop that runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HeldTimeLoop)
    return loop


@held
async def test_a_file_that_is_not_found_ends_with_an_apology(tmp_path: Path) -> None:
    async with open_fake(tmp_path) as exchange:
        freeswitch = exchange.freeswitch
        freeswitch.durations = {file: s for file, s in freeswitch.durations.items() if "long" not in file}
        premises = Premises([NOT_FOUND], tmp_path)
        line = exchange.new_line([premises.called(NOT_FOUND)])
        clock, ids = CreepingClock(held_loop()), count(1)
        bench = Bench(premises, line, exchange.ring_in, SLACK_S, clock, lambda: f"engine-{next(ids)}")
        writer = bench.engine.writer
        held_loop().hold_while(lambda: writer.behind_s() > 0)
        async with open_bench(bench):
            await bench.play(NOT_FOUND)
        (call,) = freeswitch.calls
        assert [Path(file).name for file in call.seen.played] == ["system.sorry.wav"]


async def running(premises: Premises, switch: FreeSwitch, name: str) -> Engine:
    """An engine that is ready. ``name``: what its ids begin with."""
    ids = count(1)
    engine = Engine(
        premises.settings,
        switch,
        premises.flows,
        CreepingClock(held_loop()),
        lambda: f"{name}-{next(ids)}",
        draw=lambda: 0.5,
    )
    held_loop().hold_while(lambda: engine.writer.behind_s() > 0)
    await engine.start()
    async with asyncio.timeout(DEADLINE_S):
        while engine.watch.not_ready():  # noqa: ASYNC110 - readiness is a state that is asked for
            await asyncio.sleep(0.01)
    return engine


@held
async def test_a_call_that_was_up_when_the_engine_ended_goes_to_the_dialplan_and_is_lost(tmp_path: Path) -> None:
    """Lost by us: that FreeSWITCH does not say which run it is does not make it the switch that went."""
    flow = "stay: {say: [conformance.long], next: stay2}\nstay2: {hangup: []}"
    script = FlowScript("stays", "", flow, (), "", "", Record(Outcome.LOST, None))
    premises = Premises([script], tmp_path)
    with held_for(held_loop()) as traffic:
        async with FakeEventSocket(traffic) as event_socket:
            freeswitch = fake(event_socket, traffic)
            switch = new_switch(event_socket, tmp_path)
            engine = await running(premises, switch, "first")
            freeswitch.port = switch.port
            call = freeswitch.place(Caller(called=premises.called(script)))
            calling = asyncio.ensure_future(call.run())
            async with asyncio.timeout(DEADLINE_S):
                while not call.seen.played:  # noqa: ASYNC110 - the fake tells nobody
                    await asyncio.sleep(0.01)
                await engine.stop()
                assert (await calling).resumed
            second = await running(premises, new_switch(event_socket, tmp_path), "second")
            await second.books.all_written()
            await second.stop()
    record = recorded(premises, call.seen.uuid)
    assert (record.outcome, record.ended_by, record.flow) == (Outcome.LOST, None, "stays")


@held
async def test_a_freeswitch_that_is_killed_leaves_a_record_of_each_call(tmp_path: Path) -> None:
    """At each step of a call, beside a lead that rings; and nobody is dialled twice."""
    premises, ids = Premises(standing.SCRIPTS, tmp_path), count(1)
    with held_for(held_loop()) as traffic:
        async with FakeEventSocket(traffic) as event_socket:
            freeswitch = fake(event_socket, traffic)
            switch = new_switch(event_socket, tmp_path, [standing.RINGING.name])
            clock = CreepingClock(held_loop())
            phone = standing.OnePhone(switch, PHONE)
            bench = Bench(premises, phone, nobody_rings_in, SLACK_S, clock, lambda: f"engine-{next(ids)}")
            writer = bench.engine.writer
            held_loop().hold_while(lambda: writer.behind_s() > 0)
            async with open_bench(bench):
                freeswitch.port = switch.port
                await bench._start_campaign(standing.RINGING, premises.called(standing.RINGING))
                callers = [Caller(called=premises.called(script)) for script in standing.STANDING]
                calling = [asyncio.ensure_future(freeswitch.call(caller)) for caller in callers]
                await standing.until(lambda: standing.all_stand(bench, premises))
                await freeswitch.die()
                await asyncio.gather(*calling)
                event_socket.core = "22222222-0f8c-431b-843f-5e1463dcb27e"
                await event_socket.listen()
                await standing.until(lambda: standing.is_settled(premises))
            await freeswitch.stop()
            dialled = [each for each in event_socket.said if premises.called(standing.RINGING) in each]
    how_many, outcomes = standing.records(premises)
    called = [premises.called(script) for script in standing.SCRIPTS]
    assert how_many == Counter([*called, f"attempt {called[-1]}"])
    assert set(outcomes.values()) == {Outcome.PBX_LOST}
    assert len(dialled) == 1, "nobody is dialled again"


async def nobody_rings_in(called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
    """The callers of these tests are the fake's own."""
    raise AssertionError(called)


def recorded(premises: Premises, channel: str) -> CallRecord:
    """The record of the only call."""
    connection = open_readonly(premises.settings.engine.database)
    try:
        ((call_id,),) = connection.execute("SELECT call_id FROM calls WHERE channel = ?", (channel,)).fetchall()
        found = store.call_record(connection, call_id)
    finally:
        connection.close()
    assert found is not None
    return found
