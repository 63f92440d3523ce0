"""Calls on a real FreeSWITCH, one at each step that a call can be at: for what is killed under them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from calls.ids import AttemptId, LegId
from calls.switch.events import LegAnswered, LegEnded, SwitchEvent
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    DialAttempt,
    Gather,
    Hold,
    HungUp,
    KeyPlan,
    Play,
    Prompt,
    Record,
    Result,
    RingAgent,
    Transfer,
)
from console.demo.sipp import CallerScript, SippHome
from console.demo.sipp import call as place_call
from tests.conformance.freeswitch_real import TRUNK

LONG = Prompt("conformance.long", "en")
AGENT = LegId("agent-that-is-killed")
STAYS_S = 60.0
MESSAGE, TALK = "304", "307"

Step = Callable[[CallChannel], Awaitable[Result]]


async def _hears(channel: CallChannel) -> Result:
    async with channel.hear() as audio:
        while await audio.read():
            pass
    return await channel.perform(Hold(0.1))


STEPS: Mapping[str, Step] = {
    "301": lambda channel: channel.perform(Play((LONG,) * 10)),
    "302": lambda channel: channel.perform(Gather((), KeyPlan(frozenset({"1"})), 60.0, 60.0)),
    "303": lambda channel: channel.perform(Hold(60.0)),
    MESSAGE: lambda channel: channel.perform(Record(f"kill-{uuid4().hex[:8]}", (), 60.0, 50.0)),
    "305": lambda channel: channel.perform(Transfer("silent", 60.0)),
    "306": _hears,
    TALK: lambda channel: channel.perform(Connect(AGENT)),
}
"""By the number that is called: a prompt, a menu, on hold, a message, a ringing transfer, heard, and in a talk."""


@dataclass
class Stage:
    """A driver, whom it told what, and what each call came to."""

    switch: FreeSwitch
    events: list[SwitchEvent] = field(default_factory=list)
    came_to: dict[str, Result | BaseException] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    """The calls that have reached their step."""

    async def on_call(self, channel: CallChannel) -> None:
        """One call: to its step, and what came of it."""
        called = channel.info.called
        try:
            if channel.info.attempt_id is None:
                await channel.perform(Answer())
            asyncio.get_running_loop().call_later(0.5, self.there.add, called)
            self.came_to[called] = await STEPS.get(called, STEPS["301"])(channel)
            after = await channel.perform(Play((LONG,)))
            assert isinstance(after, HungUp), f"{called}: {after} after {self.came_to[called]}"
        except BaseException as fault:
            self.came_to[called] = fault
            raise

    def told(self, kind: type[SwitchEvent], leg_id: LegId) -> int:
        """How often such an event of the leg came."""
        return sum(isinstance(event, kind) and getattr(event, "leg_id", None) == leg_id for event in self.events)


@asynccontextmanager
async def calls_at_each_step(stage: Stage, sip_port: int, sipp: SippHome, phone: str) -> AsyncIterator[AttemptId]:
    """An agent's leg, an attempt that rings, and a caller at each step; the attempt's id."""
    attempt = AttemptId(f"att-{uuid4().hex[:12]}")
    await stage.switch.originate(RingAgent(AGENT, phone, "", 20.0))
    await until(lambda: stage.told(LegAnswered, AGENT) == 1)
    await stage.switch.originate(DialAttempt(attempt, "+15553010006", TRUNK, "+15550100000", 55.0))
    async with AsyncExitStack() as stack:
        for called in STEPS:
            script = CallerScript(called, caller="+493055501", stays_s=STAYS_S)
            caller = await place_call(sipp, f"kills{called}{uuid4().hex[:4]}", script, sip_port=sip_port)
            stack.push_async_callback(caller.stop)
        await until(lambda: stage.there >= STEPS.keys())
        yield attempt


async def until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until ``holds``, which another process makes true."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - the other process has no event of asyncio's to tell it by
            await asyncio.sleep(0.02)


def ends_of(stage: Stage, leg_id: LegId) -> int:
    """How often its end was told."""
    return stage.told(LegEnded, leg_id)


def owner_of(port: int) -> int:
    """The process that listens at ``port`` of 127.0.0.1.

    Raises:
        LookupError: none of ours does.
    """
    wanted = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        words = line.split()
        if words[1] == wanted and words[3] == "0A":
            return _holder_of(f"socket:[{words[9]}]")
    raise LookupError(f"nobody listens at {port}")


def _holder_of(socket: str) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(each.readlink()) == socket for each in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    raise LookupError(f"nobody of ours holds {socket}")
