"""The overrides of opening hours while the engine runs: kept in the store, and told to every call under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from calls import log
from calls.clock import Clock
from calls.overrides import Override
from calls.records import overrides as kept
from calls.records.writer import Writer


class OpeningHours:
    """The one owner of the overrides."""

    def __init__(self, writer: Writer, clock: Clock, changed: Callable[[Mapping[str, Override]], None]) -> None:
        """``changed`` hears of all that are set, after each change."""
        self._writer = writer
        self._clock = clock
        self._changed = changed
        self._overrides: dict[str, Override] = {}

    @property
    def overrides(self) -> Mapping[str, Override]:
        """All that are set, by name."""
        return dict(self._overrides)

    async def load(self) -> None:
        """Take over what the store has.

        Raises:
            RecordError: it cannot be read.
        """
        self._overrides = await self._writer.run_alone(kept.overrides)

    async def set(self, name: str, override: Override, who: str) -> None:
        """Set one; calls under way go by it from now on.

        Raises:
            RecordError: the store refuses; nothing has changed.
        """
        now = self._clock.now()
        await self._writer.run(lambda connection: kept.set_override(connection, name, override, who, now))
        self._overrides[name] = override
        log.get().info("opening hours overridden", name=name, state=override.state.value, who=who)
        self._changed(self.overrides)

    async def clear(self, name: str, who: str) -> bool:
        """Let the clock decide again; False where nothing was set.

        Raises:
            RecordError: the store refuses; nothing has changed.
        """
        now = self._clock.now()
        cleared = await self._writer.run(lambda connection: kept.clear_override(connection, name, who, now))
        self._overrides.pop(name, None)
        self._changed(self.overrides)
        return cleared
