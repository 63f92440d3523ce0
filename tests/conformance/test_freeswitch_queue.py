"""Callers wait in FreeSWITCH's own queue while the engine is away, and nobody else does.

Where ``CALLWRIGHT_TEST_ESL`` names a real FreeSWITCH whose configuration folder is on this machine, the files are
installed there, read by it, and taken out again; see docs/conformance.md. What its dialplan decides is walked through
in every run.
"""

from __future__ import annotations

import asyncio
import csv
import os
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from calls.ids import LegId
from calls.switch.events import CallConnected, LegAnswered
from calls.switch.port import Answer, CallChannel, Connect, Hold, RingAgent
from console.demo.sipp import Callees, CallerScript, SippHome
from console.demo.sipp import call as place_call
from dialplans import install
from dialplans.callcenter import FallbackAgent, FallbackQueue
from dialplans.freeswitch import FreeSwitchIncludes, render
from tests.conformance.centre_to_kill import channels, real_place
from tests.conformance.freeswitch_real import ENGINE_PORT, TOKEN, VARIABLE, Real, Tones, new_driver
from tests.conformance.real_premises import Stage, until
from tests.conformance.vocabulary import SHORT
from tests.dialplans.test_freeswitch import DIALPLAN, VALUES
from tests.integration.conftest import Trees

QUEUE = FallbackQueue("sales", (FallbackAgent("anna", "user/anna", 0),), 300)
PLACE = f"{QUEUE.name}@callwright"
ENGINE = "socket"
SAID = ("playback", "callcenter", "hangup", "park", ENGINE)

SORRY = f"playback {VALUES.sorry}"
WAITS, SERVED = f"callcenter {PLACE}", "hangup NORMAL_CLEARING"
SENT_AWAY = "hangup NORMAL_TEMPORARY_FAILURE"

CALLER: Mapping[str, str] = {"direction": "inbound"}
AGENT: Mapping[str, str] = {"direction": "inbound", "sip_authorized": "true"}
DIALLED: Mapping[str, str] = {"direction": "outbound"}


def walk(to: str, variables: Mapping[str, str], *, cc_cause: str = "") -> list[str]:
    """What a channel hears and where it is that comes to ``to`` while nobody is at the engine's socket; ``cc_cause``:
    what ``mod_callcenter`` leaves behind."""
    (context,) = ElementTree.fromstring(render(replace(VALUES, queue=QUEUE))[DIALPLAN]).iter("context")
    known, met = dict(variables), []
    place: str | None = to
    while place is not None:
        actions, place = _actions(context, known | {"destination_number": place}), None
        for application, data in actions:
            if application in SAID:
                met.append(f"{application} {data}".removesuffix(" 127.0.0.1:8084 async full"))
            if application == "callcenter":
                known["cc_cause"] = cc_cause
            if application == "transfer":
                place = data.split()[0]
    return met


def _actions(context: ElementTree.Element, known: Mapping[str, str]) -> list[tuple[str, str]]:
    """Those of the first extension of which all conditions hold. Source: mod_dialplan_xml.c."""
    for extension in context.iter("extension"):
        conditions = list(extension.iter("condition"))
        if all(_holds(each, known) for each in conditions):
            return [(each.get("application", ""), each.get("data", "")) for each in extension.iter("action")]
    raise AssertionError(f"no extension takes {known}")


def _holds(condition: ElementTree.Element, known: Mapping[str, str]) -> bool:
    name = condition.get("field", "").removeprefix("${").removesuffix("}")
    return re.search(condition.get("expression", ""), known.get(name, "")) is not None


@pytest.mark.parametrize(
    ("to", "who", "cc_cause", "expected"),
    [
        ("+4930123", CALLER, "answered", [ENGINE, SORRY, WAITS, SERVED]),
        ("500", CALLER, "cancel", [ENGINE, SORRY, WAITS, SORRY, SENT_AWAY]),
        ("cw-back", CALLER, "answered", [ENGINE, SORRY, WAITS, SERVED]),
        ("cw-lost", CALLER, "answered", [SORRY, WAITS, SERVED]),
        ("cw-lost", DIALLED, "answered", [SORRY, WAITS, SERVED]),
        ("cw-dialled", DIALLED, "answered", [ENGINE, SORRY, SENT_AWAY]),
        ("*91", AGENT, "answered", [ENGINE, SORRY, SENT_AWAY]),
        ("cw-agent", DIALLED, "answered", ["park "]),
    ],
)
def test_who_waits_in_freeswitchs_queue_while_nobody_is_at_the_engines_socket(
    to: str, who: Mapping[str, str], cc_cause: str, expected: list[str]
) -> None:
    assert walk(to, who, cc_cause=cc_cause) == expected


if VARIABLE in os.environ:

    async def test_callers_are_served_by_freeswitchs_own_queue_while_the_engine_is_away(
        trees: Trees, callees: Callees
    ) -> None:
        async with real_place(trees, callees) as place, AsyncExitStack() as stack:
            real, phone = place.real, place.ports.phone_of(place.real)
            sipp = SippHome(trees.sipp, place.folder / "sipp")
            await _install(stack, real, phone, Tones(place.folder / "prompts").path(SHORT))
            stack.push_async_callback(real.api, "hupall")

            first = await place_call(sipp, "first", CallerScript("320"), sip_port=real.sip_port)
            stack.push_async_callback(first.stop)
            waits = await _served(real)

            stage = Stage(new_driver(real, place.ports, place.folder))
            came: list[str] = []

            async def serve(channel: CallChannel) -> None:
                came.append(channel.info.called)
                await channel.perform(Answer())
                await channel.perform(Connect(LEG) if channel.info.called == "322" else Hold(60.0))

            await stage.switch.start(stage.events.append, serve)
            second = await place_call(sipp, "second", CallerScript("321"), sip_port=real.sip_port)
            stack.push_async_callback(second.stop)
            await until(lambda: came == ["321"])
            assert await _served(real) == waits, "who waits there stays there"
            await real.api(f"uuid_kill {await _agents_leg(real)}")
            assert await first.wait(20.0), "who was served is hung up"
            assert first.events[-1].event == "ended_by_switch"

            await stage.switch.originate(RingAgent(LEG, phone, "", 20.0))
            await until(lambda: stage.told(LegAnswered, LEG) == 1)
            third = await place_call(sipp, "third", CallerScript("322"), sip_port=real.sip_port)
            stack.push_async_callback(third.stop)
            await until(lambda: any(isinstance(event, CallConnected) for event in stage.events))
            await stage.switch.stop()  # the talk goes on
            await real.api(f"uuid_kill {LEG}")
            await _served(real)


LEG = LegId("agent-of-the-engine")


async def _install(stack: AsyncExitStack, real: Real, phone: str, sorry: Path) -> None:
    """Our files in its configuration, with one agent at ``phone``; they are taken out again at the end."""
    agent = FallbackAgent("anna", phone, 0)
    values = FreeSwitchIncludes(
        token=TOKEN,
        password=real.password,
        sorry=sorry,
        port=ENGINE_PORT,
        esl_port=real.port,
        queue=replace(QUEUE, agents=(agent,)),
    )
    folder = Path(await real.api("global_getvar conf_dir"))
    install.apply(install.plan_freeswitch(folder, render(values)))

    async def take_out() -> None:
        install.uninstall(install.plan_uninstall(folder))
        await _read(real)

    stack.push_async_callback(take_out)
    await _read(real)


async def _read(real: Real) -> None:
    for command in ("reloadxml", "reload mod_callcenter"):
        assert "+OK" in (said := await real.api(command)), said


async def _served(real: Real) -> str:
    """The channel of the caller whom the queue has joined to its agent, as soon as there is one."""
    async with asyncio.timeout(20.0):
        while True:  # the switch tells nobody: it is asked again
            listed = (await real.api(f"callcenter_config queue list members {PLACE}")).splitlines()
            members = csv.DictReader(listed, delimiter="|")
            served = [each["session_uuid"] for each in members if each["state"] == "Answered"]
            if served:
                return served[0]
            await asyncio.sleep(0.1)


async def _agents_leg(real: Real) -> str:
    rows = await channels(real, lambda rows: any(row["direction"] == "outbound" for row in rows))
    (leg,) = [row["uuid"] for row in rows if row["direction"] == "outbound"]
    return leg
