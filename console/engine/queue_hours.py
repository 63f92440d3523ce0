"""Whether a queue takes callers now, and until when at least: its hours, and what supervisors have set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from calls.overrides import Override, OverrideState
from calls.settings import QueueSettings

LOOK_AGAIN_S = 60.0
"""An override takes hold of those who wait within this time."""

AHEAD = 60
"""Minutes in which the end of the hours is looked for: no music is held longer without a look."""

ALWAYS = float("inf")


class QueueHours:
    """The hours of all queues. ``overrides`` gives what supervisors have set, by name."""

    def __init__(self, overrides: Callable[[], Mapping[str, Override]]) -> None:
        self._overrides = overrides

    def open_s(self, queue: QueueSettings, at: datetime) -> float:
        """How many seconds the queue surely stays open; 0: it is closed."""
        if queue.override is None:
            return self._by_the_clock(queue, at)
        override = self._overrides().get(queue.override)
        if override is not None and override.holds(at):
            return LOOK_AGAIN_S if override.state is OverrideState.OPEN else 0.0
        return min(LOOK_AGAIN_S, self._by_the_clock(queue, at))

    def _by_the_clock(self, queue: QueueSettings, at: datetime) -> float:
        """Hours begin and end with a minute."""
        weekly = queue.weekly
        if weekly is None:
            return ALWAYS
        if not weekly.is_open(at):
            return 0.0
        minute = at.replace(second=0, microsecond=0)
        ends = (minute + timedelta(minutes=ahead) for ahead in range(1, AHEAD + 1))
        end = next((each for each in ends if not weekly.is_open(each)), minute + timedelta(minutes=AHEAD))
        return (end - at).total_seconds()
