"""The engine's own health: what /livez, /readyz and /metrics say."""

from __future__ import annotations

import asyncio
import shutil
import zoneinfo
from collections.abc import Callable

from calls import log
from calls.clock import Clock
from calls.histogram import Histogram
from calls.records.writer import Writer
from calls.settings import Settings
from console.engine.tasks import Tasks

LOOK_S = 0.1
"""How often the loop's lag is measured: 600 times a minute, so that a percentile of a minute says something."""

DISK_S = 10.0
"""How often the disk is looked at."""

RESERVE_BYTES = 256 * 1024 * 1024
"""Below this nothing new is dialled: what is left is for the records of the calls that are up."""

BEHIND_S = 5.0
"""A store that is this far behind takes no new attempts."""

JUMP_S = 60.0
"""A time of day that is set by more, at once, pauses all campaigns: their calling hours were or are another's."""

ZONE = "America/New_York"
"""Any zone of the IANA database: where it is missing, no calling window can be judged."""


class Watch:
    """Looks at the loop, the store, the disk and the zones, and is told of the switches."""

    def __init__(
        self,
        settings: Settings,
        writer: Writer,
        clock: Clock,
        switches: tuple[str, ...],
        clock_jumped: Callable[[float], object],
    ) -> None:
        """``clock_jumped`` hears by how many seconds the time of day was set at once."""
        self.down = dict.fromkeys(switches, "not connected yet")
        """Why a switch cannot be reached; "": it can."""
        self.unsettled = set(switches)
        """The switches of which it is not known what was up there before the start."""
        self.draining = False
        self.loop_lag_s = 0.0
        self.loop_lags = Histogram()
        """Every lag that was measured."""
        self._folder = settings.engine.database.parent
        self._store_refuses = ""
        self._writer = writer
        self._clock = clock
        self._disk_low = ""
        self._clock_jumped = clock_jumped
        self._no_zones = "" if ZONE in zoneinfo.available_timezones() else "time zones (tzdata) are missing"

    def start(self, tasks: Tasks) -> None:
        """Look from now on."""
        tasks.start(self._look(), "watch")

    def store_said(self, problem: str) -> None:
        """What the store said of the last record: why it refused it, "" where it took it."""
        self._store_refuses = problem

    def not_ready(self) -> tuple[str, ...]:
        """Why nothing new may be dialled; empty: ready. The IVR serves all the same."""
        reasons = (
            *self._no_switch(),
            "the engine is being drained" if self.draining else "",
            f"the store is {self._writer.behind_s():.1f} s behind" if self._writer.behind_s() > BEHIND_S else "",
            self._store_refuses and f"the store takes no records: {self._store_refuses}",
            self._disk_low,
            self._no_zones,
        )
        return tuple(reason for reason in reasons if reason)

    @property
    def recovered(self) -> bool:
        """Whether of one switch at least it is known what was up there before the start."""
        return len(self.unsettled) < len(self.down)

    def _no_switch(self) -> list[str]:
        """Why no switch can be dialled by; empty: one can."""
        if any(not down and name not in self.unsettled for name, down in self.down.items()):
            return []
        several = len(self.down) > 1
        lost = [
            f"{f'switch {name}' if several else 'the switch'}: {down}" for name, down in self.down.items() if down
        ]
        return [*lost, *(["what was up before the start is not settled yet"] if self.unsettled else [])]

    async def _look(self) -> None:
        disk_due_s, ahead_s = 0.0, self._ahead_s()
        while True:
            before_s = self._clock.monotonic_s()
            if before_s >= disk_due_s:
                disk_due_s = before_s + DISK_S
                self._look_at_disk()
                before_s = self._clock.monotonic_s()
            await asyncio.sleep(LOOK_S)
            self.loop_lag_s = max(0.0, self._clock.monotonic_s() - before_s - LOOK_S)
            self.loop_lags.observe(self.loop_lag_s)
            ahead_s, before_ahead_s = self._ahead_s(), ahead_s
            if abs(ahead_s - before_ahead_s) > JUMP_S:
                log.get().error("the clock was set", by_s=round(ahead_s - before_ahead_s, 1))
                self._clock_jumped(ahead_s - before_ahead_s)

    def _ahead_s(self) -> float:
        """By how much the time of day is ahead of the monotonic clock, whose zero is anywhere."""
        return self._clock.now().timestamp() - self._clock.monotonic_s()

    def _look_at_disk(self) -> None:
        free = shutil.disk_usage(self._folder).free
        low = f"only {free // 2**20} MB of disk are free at {self._folder}" if free < RESERVE_BYTES else ""
        if low and not self._disk_low:
            log.get().error("disk low", problem=low)
        if self._disk_low and not low:
            self._writer.take_ballast()
        self._disk_low = low
