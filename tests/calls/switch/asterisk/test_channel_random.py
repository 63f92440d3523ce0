"""Random calls: whatever the caller does and whenever, each command has one result, and every call ends."""

from __future__ import annotations

import asyncio
import random

import pytest

from calls.ids import LegId
from calls.switch.port import (
    Answer,
    Connect,
    Done,
    EndedBy,
    Gather,
    Hangup,
    Hold,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    NotConnected,
    Play,
    Result,
    SwitchCommand,
    TalkEnded,
    Transfer,
    TransferFailed,
    Transferred,
)
from tests.calls.switch.asterisk.agi_call import MENU, WELCOME, Call, live_call, result
from tests.calls.switch.asterisk.agi_peer import DEAD, Peer

LEG = LegId("leg-7")
PLAN = KeyPlan(frozenset({"1", "#"}), frozenset({3}))
COMMANDS: list[SwitchCommand] = [
    Answer(),
    Play((WELCOME, MENU)),
    Gather((MENU,), PLAN, 4.0, 2.0),
    Gather((WELCOME, MENU), PLAN, 4.0, 2.0, barge_in=False),
    Hold(0.001),
    Transfer("sales", 20.0),
    Connect(LEG),
]
INTERRUPTING: list[SwitchCommand] = [Connect(LEG), Hangup(17)]
ALLOWED: dict[type[object], tuple[type[object], ...]] = {
    Answer: (Done,),
    Play: (Done,),
    Gather: (Match, NoMatch, NoInput),
    Hold: (Done,),
    Transfer: (Transferred, TransferFailed),
    Connect: (TalkEnded, NotConnected),
    Hangup: (),
}


class Asterisk:
    """A switch whose caller keys, hangs up and finds destinations busy as the dice say."""

    def __init__(self, call: Call, dice: random.Random) -> None:
        self._call = call
        self._dice = dice
        self._dead = False
        self._redirected = False
        call.control.on_redirect = self._redirect
        self._server = asyncio.ensure_future(self.serve(call.peer))
        self._others: list[asyncio.Task[None]] = []

    async def serve(self, peer: Peer) -> None:
        """Answers each command of one connection; ends with it."""
        while line := await peer.heard():
            if not self._dead and self._dice.random() < 0.08:
                self._dead = True
                if self._dice.random() < 0.5:
                    peer.say(b"HANGUP\n")
            peer.say(self._reply(line.decode()))

    async def stop(self) -> None:
        for task in [self._server, *self._others]:
            task.cancel()
        await asyncio.wait([self._server, *self._others])

    def _redirect(self) -> None:
        self._others.append(asyncio.ensure_future(self._room()))

    async def _room(self) -> None:
        """The customer's way through the room and back, or the end of the call."""
        await self._server
        if self._dice.random() < 0.3:
            self._call.channel.left(EndedBy.CALLER, 16)
            return
        met = self._dice.random() < 0.7
        if met and self._dice.random() < 0.8:
            self._call.channel.joined(LEG)
        peer = await self._call.come_back("ENDMARKED" if met else "NO_AGENT")
        self._server = asyncio.ensure_future(self.serve(peer))

    def _reply(self, line: str) -> bytes:
        verb = " ".join(line.split()[:2])
        match verb:
            case "SET VARIABLE":
                return b"200 result=1\n"
            case "GET VARIABLE":
                return self._variable(line.split()[2])
            case "EXEC Hangup":
                self._dead = True
                return b"200 result=-1\n"
        if self._dead:
            return DEAD if verb == "CHANNEL STATUS" or self._dice.random() < 0.5 else b"200 result=-1\nHANGUP\n"
        match verb:
            case "CHANNEL STATUS":
                return b"200 result=6\n"
            case "GET DATA":
                return self._dice.choice(
                    [b"200 result=1\n", b"200 result=\n", b"200 result= (timeout)\n", b"200 result=9\n"]
                )
            case "WAIT FOR":
                return b"200 result=%d\n" % self._dice.choice([0, 49, 50, 35])
            case "STREAM FILE":
                return b"200 result=0 endpos=13562\n"
        return b"200 result=0\n"

    def _variable(self, name: str) -> bytes:
        match name:
            case "DIALSTATUS":
                return b"200 result=1 (%s)\n" % self._dice.choice([b"ANSWER", b"BUSY", b"NOANSWER", b"CHANUNAVAIL"])
            case "HANGUPCAUSE":
                return self._dice.choice([b"200 result=1 (16)\n", b"200 result=1 (0)\n", b"200 result=0\n"])
        return b"200 result=1 (5)\n"


async def step(call: Call, dice: random.Random) -> list[tuple[SwitchCommand, Result]]:
    """One command, sometimes with another that interrupts it."""
    command: SwitchCommand = dice.choice(COMMANDS)
    pending = call.start(command)
    if isinstance(command, Connect) or dice.random() < 0.8:
        return [(command, await result(pending))]
    for _ in range(dice.randrange(6)):
        await asyncio.sleep(0)
    second = dice.choice(INTERRUPTING)
    interrupting = call.start(second)
    return [(command, await result(pending)), (second, await result(interrupting))]


@pytest.mark.parametrize("seed", range(120))
async def test_a_random_call(seed: int) -> None:
    dice = random.Random(seed)
    async with live_call() as call:
        switch = Asterisk(call, dice)
        ended: Result | None = None
        for _ in range(12):
            for command, said in await step(call, dice):
                if ended is not None:
                    assert said == ended
                elif isinstance(said, HungUp):
                    ended = said
                elif isinstance(said, Interrupted):
                    assert not isinstance(command, Hangup)
                else:
                    assert isinstance(said, ALLOWED[type(command)]), (command, said)
        last = await result(call.channel.perform(Hangup()))
        assert isinstance(last, HungUp) and last == (ended or HungUp(EndedBy.US, 16))
        assert await result(call.channel.perform(Answer())) == last
        await switch.stop()
