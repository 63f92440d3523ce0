"""Legs that are no attempts, on the lines and the calls per second of trunks: numbers and destinations that calls are
handed on to, and phones. Each line stands in the store: a run of ours that comes after a crash counts it until it is
known to be free, and whoever proves what a trunk had finds it there.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from calls.clock import Clock
from calls.errors import CommandRefused, NotSent, SwitchError, SwitchRefused
from calls.ids import CallId
from calls.records import trunk_lines as kept
from calls.records.trunk_lines import Kind, OpenLine
from calls.switch.port import CallChannel, Done, Hold, Result, Transfer, TransferFailed
from console.engine.meanwhile import WAITING_MUSIC, meanwhile
from dialer.core import DialerCore
from dialer.dialling import ASKED_LIMIT_S

CLOCK_S = 0.001
"""Waited longer by this, so that no rounding of the clock makes it ask in vain for ever."""

Keep = Callable[[Callable[[sqlite3.Connection], object], str, Callable[[object], None] | None], None]
"""Writes what must not be lost: see :meth:`console.engine.books.Books.keep`."""

PLAN_S = 1.0
"""A store that does not take what is planned by then does not keep a caller waiting."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trunk, from ``taken_s`` of the engine's clock until it is given back."""

    trunk: str
    taken_s: float
    line_id: str


@dataclass(slots=True)
class Wanted:
    """Who wants a line: a call, or a phone's leg. ``planned``: the line that the store has of it already;
    taking it uses that up."""

    holder: str
    kind: Kind = Kind.HANDED_ON
    planned: str = ""
    trunk: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Who wanted a line did not wait for it: what the wait gave instead."""

    result: Result


def may_be_up(problem: SwitchError) -> bool:
    """Whether a command that failed so may have done what it says all the same."""
    return not isinstance(problem, CommandRefused | NotSent | SwitchRefused)


class Waiting(Protocol):
    """How one waits for a line. Each gives with what whoever wanted it has left meanwhile, None: they are there."""

    async def until(self, for_s: float) -> Left | None:
        """For a line that is free then."""

    async def written(self, planning: Coroutine[object, object, None]) -> Left | None:
        """For the store, which is told first."""


class Asleep:
    """With nothing in hand: whoever wants the line no more cancels the task."""

    async def until(self, for_s: float) -> None:
        await asyncio.sleep(for_s)

    async def written(self, planning: Coroutine[object, object, None]) -> None:
        await planning


ASLEEP = Asleep()


@dataclass(frozen=True, slots=True)
class Held:
    """With a caller, who hears music."""

    channel: CallChannel
    music: str

    async def until(self, for_s: float) -> Left | None:
        result = await self.channel.perform(Hold(for_s, self.music) if self.music else Hold(for_s))
        return None if isinstance(result, Done) else Left(result)

    async def written(self, planning: Coroutine[object, object, None]) -> Left | None:
        left = await meanwhile(self.channel, planning, (), self.music or WAITING_MUSIC)
        return None if left is None else Left(left)


class LinesBeside:
    """Of one engine. A trunk's limits hold for these legs and for attempts together."""

    def __init__(
        self,
        core: DialerCore,
        clock: Clock,
        changed: Callable[[], None],
        keep: Keep,
        new_id: Callable[[], str],
        tell_end: Callable[[CallChannel], None],
    ) -> None:
        """``changed`` lets the dialer look again at what it may dial. ``tell_end``: the end of this call, whose
        handler is about to fail, is to be told to :meth:`over`."""
        self._core = core
        self._clock = clock
        self._changed = changed
        self._keep = keep
        self._new_id = new_id
        self._tell_end = tell_end
        self._left: dict[str, list[Line]] = {}
        """Lines by holder that are free when that is known to be gone: of a run before this one, and those whose
        leg nobody knows to be up or not."""
        self._phones: dict[str, str] = {}
        """Those holders that are phones' legs, with their switches."""

    # --- before a leg goes out ----------------------------------------------------------------------------------

    def plan(self, connection: sqlite3.Connection, holder: str, trunk: str, kind: Kind = Kind.HANDED_ON) -> Wanted:
        """Note within a transaction that a leg will go out by the trunk, so that a crash does not lose it. It is to
        be taken or dropped."""
        wanted = Wanted(holder, kind, self._new_id(), trunk)
        kept.plan(connection, wanted.planned, holder, kind, self._core.trunk(trunk), self._clock.now())
        return wanted

    async def planned(self, holder: str, trunk: str, kind: Kind = Kind.HANDED_ON) -> Wanted:
        """The same in a transaction of its own. A store that is slow keeps nobody waiting for long."""
        wanted = Wanted(holder, kind)
        await self._plan_by(trunk, wanted)
        return wanted

    async def _plan_by(self, trunk: str, wanted: Wanted) -> None:
        """Note that the leg will go out by this trunk and by no other, and return once that is written."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line_id = wanted.planned = wanted.planned or self._new_id()
        wanted.trunk = trunk
        holder, kind, of, now = wanted.holder, wanted.kind, self._core.trunk(trunk), self._clock.now()

        def done(_: object) -> None:
            if not written.done():
                written.set_result(None)

        self._keep(lambda db: kept.plan(db, line_id, holder, kind, of, now), f"line of {holder}", done)
        await asyncio.wait({written}, timeout=PLAN_S)

    def drop(self, wanted: Wanted) -> None:
        """No line is wanted any more; what was planned and never taken is forgotten."""
        line_id, wanted.planned = wanted.planned, ""
        if line_id:
            self._keep(lambda db: kept.forget(db, line_id), f"line {line_id}", None)

    async def take(self, trunks: Sequence[str], wanted: Wanted, waiting: Waiting = ASLEEP) -> Line | Left | None:
        """A line of the first of ``trunks`` that has one, those whose carrier was congested last; it is to be given
        back once. It is in the store as planned by that trunk before it is given, so before a leg can go out by it.

        None: all are full, or have no call a second to spare for as long as one waits for it. Where ``waiting`` finds
        that the one who wants the line has left, it says with what, and none is taken.
        """
        until = self._clock.monotonic_s() + ASKED_LIMIT_S
        while (found := self._best(trunks, until)) is not None:
            free_at, trunk = found
            now = self._clock.monotonic_s()
            is_planned = wanted.planned and wanted.trunk == trunk
            if is_planned and free_at <= now:
                return self._taken(trunk, wanted, now)
            left = None
            try:
                with self._core.waiting_for(trunk):
                    if is_planned:
                        left = await waiting.until(free_at - now + CLOCK_S)
                    else:
                        left = await waiting.written(self._plan_by(trunk, wanted))
            finally:
                self._changed()
            if left is not None:
                return left
        return None

    def _taken(self, trunk: str, wanted: Wanted, now: float) -> Line:
        """When it went out is written without a wait, so that what is counted for this second goes out in it."""
        self._core.take_line(trunk, now)
        line_id, wanted.planned = wanted.planned, ""
        holder, kind, of, at = wanted.holder, wanted.kind, self._core.trunk(trunk), self._clock.now()
        self._keep(lambda db: kept.place(db, line_id, holder, kind, of, at), f"line of {holder}", None)
        return Line(trunk, now, line_id)

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

    # --- transfers ----------------------------------------------------------------------------------------------

    async def dial(self, channel: CallChannel, ways: Mapping[str, Transfer], wanted: Wanted) -> Result:
        """Transfer the caller by the first trunk that takes the call; ``ways``: the command for each. While a line is
        waited for, or the store, the caller is held: for who leaves then nobody is dialled.

        Raises:
            SwitchError: see :meth:`calls.switch.port.CallChannel.perform`.
        """
        left = dict(ways)
        result: Result = TransferFailed("unavailable")
        try:
            while left and result == TransferFailed("unavailable"):
                music = next(iter(left.values())).music
                line = await self.take(tuple(left), wanted, Held(channel, music))
                if line is None:
                    break
                if isinstance(line, Left):
                    return line.result
                result = await self._perform(channel, left.pop(line.trunk), line)
        finally:
            self.drop(wanted)
        return result

    async def _perform(self, channel: CallChannel, command: Transfer, line: Line) -> Result:
        """Where nobody knows what became of the command its leg may be up, for as long as the caller's channel is:
        the line is held until that is known to be gone. One who is cancelled leaves it to the next run of ours."""
        try:
            result = await channel.perform(command)
        except SwitchError as problem:
            if may_be_up(problem):
                self._left.setdefault(channel.info.call_id, []).append(line)
                self._tell_end(channel)
            else:
                self.give_back(line)
            raise
        self.give_back(line)
        return result

    # --- what a run before this one left ------------------------------------------------------------------------

    def recover(self, lines: Iterable[OpenLine]) -> None:
        """At a start: these count until their holders are known to be gone, if the settings still have the trunk."""
        for each in lines:
            line = Line(each.trunk, self._clock.monotonic_s(), each.line_id)
            if self._core.has_trunk(each.trunk):
                self._core.take_line(each.trunk, None)
                self._left.setdefault(each.holder, []).append(line)
                if each.kind is Kind.PHONE:
                    self._phones[each.holder] = self._core.switch_of(each.trunk)
            else:
                self._free(line)

    @property
    def left(self) -> frozenset[CallId]:
        """The calls among them."""
        return frozenset(CallId(each) for each in self._left.keys() - self._phones.keys())

    def phones_left(self, switch: str) -> frozenset[str]:
        """The phones' legs among them that are on a switch."""
        return frozenset(holder for holder, on in self._phones.items() if on == switch)

    def over(self, holder: str) -> None:
        """The holder is gone, and with it whatever leg had its lines. One that has none changes nothing."""
        self._phones.pop(holder, None)
        for line in self._left.pop(holder, ()):
            self.give_back(line)

    # --- afterwards ---------------------------------------------------------------------------------------------

    def give_back(self, line: Line) -> None:
        """The leg has gone, or was never there."""
        self._core.give_line_back(line.trunk)
        self._free(line)
        self._changed()

    def _free(self, line: Line) -> None:
        now = self._clock.now()
        self._keep(lambda db: kept.free(db, line.line_id, now), f"line {line.line_id}", None)

    def carried(self, line: Line) -> None:
        """The far end was heard: the trunk works."""
        self._core.line_carried(line.trunk, line.taken_s)

    def congested(self, line: Line) -> None:
        """The trunk's carrier took no call."""
        self._core.line_congested(line.trunk, line.taken_s, self._clock.monotonic_s())
