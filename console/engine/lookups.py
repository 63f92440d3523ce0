"""Look-ups of calls: each source with its deadline, its memory and its breaker."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from calls import log
from calls.breaker import Breaker
from calls.clock import Clock
from calls.outside import LookupSettings
from console.engine.outside import Hosts
from console.engine.sources import FAILED, TIMEOUT, DatabaseSource, Found, NotFound, ServerSource, Source
from ivr import value_path
from ivr.commands import LookedUp, Lookup, LookupFailed
from ivr.values import BadValue, Value, in_words

FAILURES = 5
HOLD_S = 30.0
"""After so many failures in a row a source is left alone for so long: callers are not kept waiting in vain, and a
server that recovers is not flooded."""

THREADS = 4
"""Databases are asked in threads of their own; a slow one keeps the others' from few calls only."""

GRACE_S = 0.2
"""How much longer than the deadline an answer is awaited: the source itself gives up first and says why."""

MOST_KEPT = 1_000
MOST_KEPT_BYTES = 4 * 1024 * 1024
"""The memory of one source: answers, and bytes of them."""


class Lookups:
    """Asks the sources of the settings."""

    def __init__(self, lookups: Sequence[LookupSettings], hosts: Hosts, clock: Clock) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "lookup") if any(each.database for each in lookups) else None
        self._sources = {at.name: _Asked(at, self._source(at, hosts), clock) for at in lookups}
        self.results: Counter[tuple[str, str]] = Counter()
        """How often a source was asked since the start, by its name and what came of it."""

    async def ask(self, lookup: Lookup) -> LookedUp | LookupFailed:
        """What the source says to a call's question. Never raises for what a source does."""
        found = await self._sources[lookup.source].ask(lookup.arguments)
        taken = _taken(lookup, found) if isinstance(found, Found) else found
        if isinstance(taken, LookedUp):
            self.results[lookup.source, "found"] += 1
            return taken
        if taken.why:
            log.get().warning("a look-up failed", lookup=lookup.source, reason=taken.reason, why=taken.why)
        self.results[lookup.source, taken.reason] += 1
        return LookupFailed(taken.reason)

    def held_off(self) -> Mapping[str, bool]:
        """Which sources are left alone now, after too many failures."""
        return {name: asked.is_held_off() for name, asked in self._sources.items()}

    def close(self) -> None:
        """Ask nothing more. A question under way in a thread ends by its own deadline."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _source(self, at: LookupSettings, hosts: Hosts) -> Source:
        if at.database is not None and self._threads is not None:
            return DatabaseSource(at, self._threads)
        return ServerSource(at, hosts.host(at))


def _taken(lookup: Lookup, found: Found) -> LookedUp | NotFound:
    values: dict[str, Value] = {}
    for name, path in lookup.into.items():
        try:
            values[name] = value_path.parse(path).value_in(found.said)
        except BadValue as problem:
            return NotFound(FAILED, f"{path}: {problem}")
    return LookedUp(values)


class _Asked:
    """One source with its deadline, memory and breaker."""

    def __init__(self, at: LookupSettings, source: Source, clock: Clock) -> None:
        self._at = at
        self._source = source
        self._clock = clock
        self._breaker = Breaker(failures=FAILURES, hold_s=HOLD_S)
        self._kept: OrderedDict[tuple[tuple[str, str], ...], tuple[float, Found]] = OrderedDict()
        self._kept_bytes = 0

    def is_held_off(self) -> bool:
        """True while it is left alone."""
        return not self._breaker.allows(self._clock.monotonic_s())

    async def ask(self, arguments: Mapping[str, Value]) -> Found | NotFound:
        """What it says, or said a short while ago."""
        key = tuple(sorted((name, f"{type(value).__name__}:{in_words(value)}") for name, value in arguments.items()))
        if (known := self._recall(key)) is not None:
            return known
        if self.is_held_off():
            return NotFound(FAILED)
        try:
            async with asyncio.timeout(self._at.deadline_s + GRACE_S):
                found = await self._source.ask(arguments)
        except TimeoutError:
            found = NotFound(TIMEOUT, "no answer within the deadline")
        if isinstance(found, NotFound) and found.reason in (FAILED, TIMEOUT):
            self._breaker.failed(self._clock.monotonic_s())
            if self.is_held_off():
                log.get().error("a source is left alone for a while", lookup=self._at.name, for_s=HOLD_S)
        else:
            self._breaker.succeeded()
        if isinstance(found, Found):
            self._keep(key, found)
        return found

    def _recall(self, key: tuple[tuple[str, str], ...]) -> Found | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[0] <= self._clock.monotonic_s():
            self._forget(key)
            return None
        return kept[1]

    def _keep(self, key: tuple[tuple[str, str], ...], found: Found) -> None:
        if not self._at.cache_s or found.size > MOST_KEPT_BYTES:
            return
        if key in self._kept:
            self._forget(key)
        self._kept[key] = (self._clock.monotonic_s() + self._at.cache_s, found)
        self._kept_bytes += found.size
        while len(self._kept) > MOST_KEPT or self._kept_bytes > MOST_KEPT_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[tuple[str, str], ...]) -> None:
        _, found = self._kept.pop(key)
        self._kept_bytes -= found.size
