"""The message for a person whom no agent reached in time, and the key by which they are never called again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable

from calls import log
from calls.clock import Clock
from calls.errors import RecordError
from calls.people import do_not_call
from calls.records.writer import Writer
from calls.switch.port import CallChannel, Gather, HungUp, KeyPlan, Match, NoMatch, Play, Prompt
from console.engine.recorder import CallRecorder
from console.engine.tasks import Tasks
from dialer.answered import OPTED_OUT
from ivr.flow import SORRY

SOURCE = "safe-harbour message"
"""Where an entry of the do-not-call list came from."""

KEY_WITHIN_S = 5.0
"""So long after the message its key still counts: people look for the keys of a mobile telephone."""

PLAYS = 2
"""A wrong key cuts the message off; then it is played once more from its beginning."""

LISTENS = 6
"""So many more times the key is listened for in silence after wrong ones: who finds the right one at last is heard,
and nobody who presses on and on holds the line for longer than the core lets a message last."""

WITHIN_S = 5.0
"""So long the person waits until it is written down; it is written all the same where the store takes longer."""

AGAIN_S = 1.0
"""A refused write is tried again after this: the wish is never dropped."""


class SafeHarbour:
    """Plays the message of every campaign."""

    def __init__(self, writer: Writer, tasks: Tasks, clock: Clock, forbidden: Callable[[str], None]) -> None:
        """``forbidden`` hears of numbers never to be dialled."""
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._forbidden = forbidden
        self._writing: set[asyncio.Task[None]] = set()

    async def all_written(self) -> None:
        """Returns when no opt-out is left to be written."""
        while self._writing:
            await asyncio.wait(self._writing)

    async def play(self, channel: CallChannel, recorder: CallRecorder, prompt: Prompt, key: str) -> HungUp | None:
        """Play the message; with a ``key``, let it be pressed. How the call ended, None where it is still up.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        recorder.note("safe_harbour", {"prompt": prompt.key} | ({"opt_out_key": key} if key else {}))
        if not key:
            result = await channel.perform(Play((prompt,)))
            return result if isinstance(result, HungUp) else None
        plan = KeyPlan(frozenset({key}))
        for turn in range(PLAYS + LISTENS):
            prompts = (prompt,) if turn < PLAYS else ()
            result = await channel.perform(Gather(prompts, plan, KEY_WITHIN_S, KEY_WITHIN_S))
            if not isinstance(result, NoMatch):
                break
        if isinstance(result, Match):
            done = await self._opt_out(recorder, key)
            result = await channel.perform(Play((Prompt(OPTED_OUT if done else SORRY, prompt.language),)))
        return result if isinstance(result, HungUp) else None

    async def _opt_out(self, recorder: CallRecorder, key: str) -> bool:
        """Put the number on the list; whether it stands there by now."""
        live = recorder.live
        reason = f"pressed {key} in call {live.call_id}"
        entry = do_not_call.Entry(live.called, SOURCE, reason, self._clock.now(), "the person called")
        writing = self._tasks.start(self._write(entry), f"opt-out in {live.call_id}")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        try:
            async with asyncio.timeout(WITHIN_S):
                await asyncio.shield(writing)
        except TimeoutError:
            recorder.note("opted_out", {"failed": "late"})
            return False
        recorder.note("opted_out", {"failed": None})
        return True

    async def _write(self, entry: do_not_call.Entry) -> None:
        while True:
            try:
                await self._writer.run(lambda connection: do_not_call.add(connection, entry))
            except (RecordError, sqlite3.OperationalError) as problem:
                log.get().error("an opt-out could not be written yet", problem=str(problem))
                await asyncio.sleep(AGAIN_S)
            else:
                self._forbidden(entry.number)
                return
