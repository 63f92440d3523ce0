"""A transfer: another leg is dialled and joined to the caller, by the application ``bridge`` on the caller's channel.

The leg's id is ours, so that its own events tell what became of it: its answer, from which the whisper's time runs,
and its end, which has the cause. The talk begins with ``CHANNEL_BRIDGE`` and ends with the application.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from calls import log
from calls.switch.freeswitch import causes
from calls.switch.freeswitch.turn import MARGIN_S, Turn
from calls.switch.freeswitch.watchdog import SILENT_S
from calls.switch.port import Result, Transfer, TransferFailed, Transferred
from calls.wire.esl import Event
from calls.wire.esl_applications import Dial, SetMusic
from calls.wire.esl_commands import FilterCall
from calls.wire.esl_control import Kill, SetValues, Value

TAKES_S = 5.0
"""How long after the whisper the key may take that takes the call. Source: the port's ``Transfer``."""

SAFETY_S = 2
"""FreeSWITCH counts the ring time in whole seconds and may be up to one early: ours is the one that counts."""

_FAILURES = {1: "unavailable", 16: "no_answer", 17: "busy", 18: "no_answer", 19: "no_answer", 21: "refused"}
"""By the cause with which the leg ended; what is not here is ``unavailable``."""


@dataclass(slots=True)
class _Far:
    """The other leg, as its events tell."""

    leg_id: str
    answered_at: float | None = None
    bridged_at: float | None = None
    ended: bool = False
    cause: int | None = None

    def hear(self, event: Event, now: float) -> None:
        """An event of the caller's channel or of the leg."""
        ours = event.headers.get("Unique-ID") == self.leg_id
        match event.name:
            case "CHANNEL_ANSWER" if ours:
                self.answered_at = now
            case "CHANNEL_HANGUP_COMPLETE" if ours:
                self.ended, self.cause = True, causes.cause_of(event.headers)
            case "CHANNEL_BRIDGE" if self.leg_id in (
                event.headers.get("Other-Leg-Unique-ID"),
                event.headers.get("Bridge-B-Unique-ID"),
            ):
                self.bridged_at = now


async def transfer(turn: Turn, command: Transfer) -> Result:
    """Dial, talk, and what became of it."""
    around = turn.around
    clock = asyncio.get_running_loop().time
    endpoint = _endpoint(turn, command)
    if endpoint is None:
        log.get().error("no such destination or trunk in the settings", destination=command.destination)
        return TransferFailed("unavailable")
    files = turn.files(command.whisper)
    far = _Far(around.new_id())
    dial = Dial(
        endpoint,
        far.leg_id,
        math.ceil(command.ring_timeout_s) + SAFETY_S,
        whisper=tuple(file for file, _ in files),
        take_key=command.take_key,
    )
    turn.dials = True
    turn.hears = lambda event: far.hear(event, clock())
    await turn.say(FilterCall(far.leg_id))
    await turn.say(SetValues(turn.channel_id, ((Value.CONTINUE_ON_FAIL, "true"),)))
    await turn.execute(SetMusic(command.music), MARGIN_S)
    run = await turn.begin(dial)
    rings_until_s = clock() + command.ring_timeout_s
    whisper_s = sum(lasts_s for _, lasts_s in files) + TAKES_S
    declined = False
    while run.ended is None:
        state = (far.answered_at, far.bridged_at)
        until_s: float | None = rings_until_s
        if far.bridged_at is not None:
            turn.watch(command.talk_limit_s + SILENT_S)  # a talk needs nobody: it is not ended where we are silent
            until_s = far.bridged_at + command.talk_limit_s
        elif far.answered_at is not None:
            until_s = far.answered_at + whisper_s if command.take_key else None
        changed = await turn.until(
            lambda state=state: run.ended is not None or state != (far.answered_at, far.bridged_at),  # type: ignore[misc]
            until_s,
        )
        if not changed:
            declined = far.answered_at is not None and far.bridged_at is None
            await turn.say(Kill(far.leg_id, causes.NAMES[16 if far.answered_at is not None else 19]))
            await turn.until(lambda: run.ended is not None, clock() + MARGIN_S)
            break
    turn.watch(SILENT_S)
    ended = await turn.outcome(run, dial)
    if far.bridged_at is not None:
        return Transferred(max(0.0, clock() - far.bridged_at))
    if declined or (command.take_key and far.answered_at is not None):
        return TransferFailed("declined")
    cause = far.cause if far.ended else causes.number_of(ended.get("variable_originate_disposition"))
    return TransferFailed(_FAILURES.get(cause or 0, "unavailable"))


def _endpoint(turn: Turn, command: Transfer) -> str | None:
    """What is dialled; None where the settings have no such destination or trunk.

    Raises:
        CommandRefused: the number must never reach a dial string.
    """
    if not command.number:
        return turn.around.destinations.get(command.destination)
    trunk = turn.around.trunks.get(command.destination)
    return None if trunk is None else trunk(command.number)
