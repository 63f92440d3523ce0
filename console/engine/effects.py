"""What flows leave behind, written into the books: each effect in one transaction, before the caller is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

from calls import log, numbers
from calls.clock import Clock
from calls.errors import RecordError
from calls.ids import CallId
from calls.numbers import NumberProblem
from calls.people import do_not_call
from calls.records.writer import Writer
from ivr.commands import Commit, CommitFailed, Committed
from ivr.effects import OptOut

WITHIN_S = 5.0
"""How long a caller waits for the books: a longer silence is worse than an apology."""

NO_NUMBER = "no_number"
UNAVAILABLE = "unavailable"


class Effects:
    """Writes the effects of all calls."""

    def __init__(self, writer: Writer, clock: Clock, region: str | None, forbidden: Callable[[str], None]) -> None:
        """``region``: the country of numbers without one; ``forbidden`` hears of numbers never to be dialled."""
        self._writer = writer
        self._clock = clock
        self._region = region
        self._forbidden = forbidden

    async def commit(self, call_id: CallId, commit: Commit) -> Committed | CommitFailed:
        """Write it down. What fails is said by a word; it may still have been written where the store was late."""
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._commit(call_id, commit)
        except NumberProblem:
            return CommitFailed(NO_NUMBER)
        except (RecordError, TimeoutError) as problem:
            log.get().error("an effect of a call was not written", key=commit.key, problem=str(problem) or "late")
            return CommitFailed(UNAVAILABLE)

    async def _commit(self, call_id: CallId, commit: Commit) -> Committed | CommitFailed:
        effect = commit.effect
        match effect:
            case OptOut():
                await self._forbid(call_id, effect)
            case _:
                assert_never(effect)
        return Committed()

    async def _forbid(self, call_id: CallId, effect: OptOut) -> None:
        number = numbers.to_e164(effect.number, self._region)
        entry = do_not_call.Entry(number, "flow", f"asked for in call {call_id}", self._clock.now(), "the caller")
        await self._writer.run(lambda connection: do_not_call.add(connection, entry))
        self._forbidden(number)
