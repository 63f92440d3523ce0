"""Transfers to numbers of callers' choice: judged by the rules, counted in the store, and dialled."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from calls import hours, log, toll
from calls.clock import Clock
from calls.errors import RecordError, SwitchError
from calls.ids import CallId
from calls.places import supervisors_place
from calls.records import toll as kept
from calls.records import trunk_lines
from calls.records.writer import Writer
from calls.settings import Settings
from calls.switch.port import CallChannel, HungUp, Result, Transfer, TransferFailed, Transferred
from calls.toll import Allowed, Refused, TollRule, TollRules, Used
from console.engine.lines_beside import LinesBeside, Wanted, may_be_up
from console.engine.meanwhile import WAITING_MUSIC, meanwhile
from dialer import routes
from ivr.commands import TransferRefused


def rules_of(settings: Settings) -> TollRules:
    """The rules of ``[transfer]``."""
    given = settings.transfer
    return TollRules(
        countries=frozenset(given.countries),
        region=settings.engine.region,
        concurrent=given.concurrent,
        longest_minutes=given.longest_minutes,
        minutes_a_day=given.minutes_a_day,
        spend_a_day=_exact(given.spend_a_day),
        price_a_minute=_exact(given.price_a_minute),
        prices={country: _exact(price) for country, price in given.prices.items()},
        hours=None if given.hours is None else hours.parse(given.hours, given.zone),
    )


def _exact(price: float) -> Decimal:
    return Decimal(str(price))


@dataclass(frozen=True, slots=True)
class Lease:
    """One call that may be dialled: all that it may cost is taken until :meth:`Tolls.give_back`."""

    allowed: Allowed
    trunks: tuple[str, ...]
    """By which, one after the other where the one before takes no call; none: no trunk of the call's switch carries
    the number."""
    toll_id: int
    wanted: Wanted


class Tolls:
    """The one place that lets a number of somebody's choice be dialled."""

    def __init__(
        self,
        settings: Settings,
        writer: Writer,
        clock: Clock,
        lines: LinesBeside,
    ) -> None:
        self._rules = rules_of(settings)
        known = {trunk.name: trunk for trunk in settings.trunks}
        self._trunks = [known[name] for name in settings.transfer.ways]
        self._led_over = {(each.name, each.switch): each.trunk for each in settings.destinations if each.trunk}
        self._led_over |= {
            (supervisors_place(each.id), each.switch): each.trunk for each in settings.supervisors if each.trunk
        }
        self._zone = ZoneInfo(settings.transfer.zone)
        self._writer = writer
        self._clock = clock
        self.lines = lines
        self._up = 0
        """Calls up, those of a run before this one among them."""
        self._left: dict[CallId, list[int]] = {}
        """The tolls of those, and of transfers that may be up: by the call that was joined to them."""

    async def recover(self) -> None:
        """At a start: what a run before this one had dialled for others counts until it is known to be over.

        Raises:
            RecordError: the store cannot be read.
        """
        tolls, lines = await self._writer.run(lambda db: (kept.still_open(db), trunk_lines.still_open(db)))
        for call_id, toll_id in tolls:
            self._left.setdefault(call_id, []).append(toll_id)
            self._up += 1
        self.lines.recover(lines)

    @property
    def left(self) -> frozenset[CallId]:
        """The calls of which :meth:`recover` found some, or whose transfer nobody knows the end of."""
        return frozenset(self._left)

    async def call_over(self, call_id: CallId) -> None:
        """Such a call has ended, and with it whoever was dialled for it; how long that was nobody
        knows, and all that was taken stays so."""
        over, now = self._left.pop(call_id, []), self._clock.now()
        self._up -= len(over)
        try:
            await self._writer.run(lambda db: kept.leave(db, over, now))
        except RecordError as problem:
            log.get().error("a transfer's end was not written: the next start counts it too", problem=str(problem))

    async def transfer(self, channel: CallChannel, command: Transfer) -> Result | TransferRefused:
        """Dial ``command.number``, a text as the flow has it, if it may be dialled. What was refused is told by its
        rule.

        Raises:
            SwitchError: see :meth:`calls.switch.port.CallChannel.perform`.
        """
        taking = asyncio.ensure_future(self.take(channel.info.call_id, command.number, channel.info.switch))
        try:
            lease = await meanwhile(channel, _of(taking), (), command.music or WAITING_MUSIC)
            if isinstance(lease, HungUp):
                await self._let_go(taking)
                return lease
        except RecordError:
            return TransferFailed("unavailable")
        except SwitchError:
            await self._let_go(taking)
            raise
        finally:
            taking.cancel()
        if isinstance(lease, Refused):
            return TransferRefused(lease.rule.value)
        return await self._dialled(channel, command, lease)

    async def _let_go(self, taking: asyncio.Future[Lease | Refused]) -> None:
        """Nobody is dialled: what is taken all the same is given back."""
        try:
            lease = await taking
        except RecordError:
            return
        if isinstance(lease, Lease):
            await self.give_back(lease, 0.0)

    def trunk_to(self, destination: str, switch: str) -> str:
        """The trunk over which a destination or a supervisor's phone of the switch is reached; "": over none."""
        return self._led_over.get((destination, switch), "")

    async def take(self, call_id: CallId, number: str, switch: str) -> Lease | Refused:
        """Let ``number`` be dialled for a call on ``switch``, if it may be; each lease is to be given back once.

        Raises:
            RecordError: it could not be counted, and must not be dialled.
        """
        others, self._up = self._up, self._up + 1
        lease: Lease | Refused | None = None
        try:
            lease = await self._writer.run(lambda db: self._begin(db, call_id, number, switch, others))
        except RecordError as problem:
            log.get().error("a transfer could not be counted, and is not dialled", problem=str(problem))
            raise
        finally:
            if not isinstance(lease, Lease):
                self._up -= 1
        if isinstance(lease, Refused):
            log.get().warning("a transfer was refused", rule=lease.rule.value)
        return lease

    async def give_back(self, lease: Lease, talk_s: float | None) -> None:
        """The call has ended after ``talk_s`` seconds; None: nobody knows, and all of it stays taken."""
        self._up -= 1
        self.lines.drop(lease.wanted)
        if talk_s is None:
            return
        now, minutes = self._clock.now(), min(lease.allowed.minutes, toll.started_minutes(talk_s))
        try:
            await self._writer.run(lambda db: kept.end(db, lease.toll_id, minutes, now))
        except RecordError as problem:
            log.get().error("a transfer's end was not written: its whole length stays taken", problem=str(problem))

    async def refusal(self, number: str) -> TollRule | None:
        """The rule that forbids dialling ``number`` now; None: none does.

        Raises:
            RecordError: what is taken of the day is not known.
        """

        def look(connection: sqlite3.Connection) -> TollRule | None:
            now = self._clock.now()
            judged = toll.judge(number, self._rules, self._used(connection, now, self._up), now)
            return judged.rule if isinstance(judged, Refused) else None

        return await self._writer.run(look)

    def _ways(self, number: str, switch: str) -> tuple[str, ...]:
        """The trunks of the switch that carry the number: longest prefix first, then the cheapest, then as named."""
        carrying = [
            (-len(prefix), trunk.cost_a_minute, trunk.name)
            for trunk in self._trunks
            if trunk.switch == switch and (prefix := routes.prefix_of(trunk, number)) is not None
        ]
        if not carrying:
            log.get().warning("no trunk of transfers carries the number on this switch", switch=switch)
        return tuple(name for _, _, name in sorted(carrying, key=lambda each: each[:2]))

    def _begin(
        self, connection: sqlite3.Connection, call_id: CallId, number: str, switch: str, others: int
    ) -> Refused | Lease:
        now = self._clock.now()
        judged = toll.judge(number, self._rules, self._used(connection, now, others), now)
        if isinstance(judged, Refused):
            return judged
        ways = self._ways(judged.number, switch)
        wanted = self.lines.plan(connection, call_id, ways[0]) if ways else Wanted(call_id)
        return Lease(judged, ways, kept.begin(connection, call_id, judged, now), wanted)

    def _used(self, connection: sqlite3.Connection, now: datetime, others: int) -> Used:
        """What is taken of this day of the settings' zone."""
        midnight = datetime.combine(now.astimezone(self._zone).date(), time(), self._zone)
        return kept.used_since(connection, midnight, others)

    async def _dialled(self, channel: CallChannel, command: Transfer, lease: Lease) -> Result:
        began_s, allowed = self._clock.monotonic_s(), lease.allowed
        dialled = replace(command, number=allowed.number, talk_limit_s=allowed.minutes * 60.0)
        ways = {each: replace(dialled, destination=each) for each in lease.trunks}
        try:
            result = await self.lines.dial(channel, ways, lease.wanted)
        except SwitchError as problem:
            if may_be_up(problem):  # it counts on until the call is known to be over
                self._left.setdefault(channel.info.call_id, []).append(lease.toll_id)
            else:
                await self.give_back(lease, None)
            raise
        match result:
            case Transferred(lasted_s):
                talk_s = lasted_s
            case HungUp():
                talk_s = self._clock.monotonic_s() - began_s  # the switch does not say: ringing counts too
            case _:
                talk_s = 0.0
        await self.give_back(lease, talk_s)
        return result


async def _of(taking: asyncio.Future[Lease | Refused]) -> Lease | Refused:
    """What is being taken; whoever waits no longer for it does not end it."""
    return await asyncio.shield(taking)
