"""Legs that are no attempts, on the lines and the calls per second of trunks: numbers that calls are handed on to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from calls.clock import Clock
from calls.switch.port import CallChannel, Done, Hold, Result, Transfer, TransferFailed
from dialer.core import DialerCore
from dialer.dialling import ASKED_LIMIT_S

CLOCK_S = 0.001
"""Waited longer by this, so that no rounding of the clock makes it ask in vain for ever."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trunk, from ``taken_s`` of the engine's clock until it is given back."""

    trunk: str
    taken_s: float


@dataclass(frozen=True, slots=True)
class Left:
    """Who wanted a line did not wait for it: what the wait gave instead."""

    result: Result


async def asleep(for_s: float) -> None:
    """Wait for a line with nothing in hand: whoever wants it no more cancels the task."""
    await asyncio.sleep(for_s)


async def _held(channel: CallChannel, music: str, for_s: float) -> Left | None:
    """Let the caller wait; how that ended where it was not by time."""
    result = await channel.perform(Hold(for_s, music) if music else Hold(for_s))
    return None if isinstance(result, Done) else Left(result)


class LinesBeside:
    """Of one engine. A trunk's limits hold for these legs and for attempts together."""

    def __init__(self, core: DialerCore, clock: Clock, changed: Callable[[], None]) -> None:
        """``changed`` lets the dialer look again at what it may dial."""
        self._core = core
        self._clock = clock
        self._changed = changed

    async def take(
        self, trunks: Sequence[str], wait: Callable[[float], Awaitable[Left | None]] = asleep
    ) -> Line | Left | None:
        """A line of the first of ``trunks`` that has one, those whose carrier was congested last; it is to be given
        back once.

        None: all are full, or have no call a second to spare for as long as one waits for it. ``wait`` waits so many
        seconds; where it finds that the one who wants the line has left, it says with what, and none is taken.
        """
        until = self._clock.monotonic_s() + ASKED_LIMIT_S
        while (found := self._best(trunks, until)) is not None:
            free_at, trunk = found
            now = self._clock.monotonic_s()
            if free_at <= now:
                self._core.take_line(trunk, now)
                return Line(trunk, now)
            try:
                with self._core.waiting_for(trunk):
                    left = await wait(free_at - now + CLOCK_S)
            finally:
                self._changed()
            if left is not None:
                return left
        return None

    async def dial(
        self, channel: CallChannel, ways: Mapping[str, Transfer], taken: Callable[[str], None] = lambda trunk: None
    ) -> Result:
        """Transfer the caller by the first trunk that takes the call; ``ways``: the command for each. While a line is
        waited for the caller is held: for who leaves then nobody is dialled. ``taken`` is told each trunk before.

        Raises:
            SwitchError: see :meth:`calls.switch.port.CallChannel.perform`.
        """
        left = dict(ways)
        result: Result = TransferFailed("unavailable")
        while left and result == TransferFailed("unavailable"):
            music = next(iter(left.values())).music
            line = await self.take(tuple(left), partial(_held, channel, music))
            if line is None:
                break
            if isinstance(line, Left):
                return line.result
            taken(line.trunk)
            try:
                result = await channel.perform(left.pop(line.trunk))
            finally:
                self.give_back(line)
        return result

    def _best(self, trunks: Sequence[str], until: float) -> tuple[float, str] | None:
        """From when on which trunk has a line."""
        now = self._clock.monotonic_s()
        found = []
        for index, trunk in enumerate(trunks):
            free_at = self._core.line_free_at(trunk, now)
            if free_at is not None and free_at <= until:
                found.append((self._core.rests(trunk, now), max(now, free_at), index))
        if not found:
            return None
        _, free_at, index = min(found)
        return free_at, trunks[index]

    def adopt(self, trunk: str) -> Line | None:
        """A leg of a run before this one has a line, if the settings still have the trunk."""
        if not self._core.has_trunk(trunk):
            return None
        self._core.take_line(trunk, None)
        return Line(trunk, self._clock.monotonic_s())

    def give_back(self, line: Line) -> None:
        """The leg has gone, or was never there."""
        self._core.give_line_back(line.trunk)
        self._changed()

    def carried(self, line: Line) -> None:
        """The far end was heard: the trunk works."""
        self._core.line_carried(line.trunk, line.taken_s)

    def congested(self, line: Line) -> None:
        """The trunk's carrier took no call."""
        self._core.line_congested(line.trunk, line.taken_s, self._clock.monotonic_s())
