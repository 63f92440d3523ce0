"""Scripts that are played side by side begin one after another."""

from __future__ import annotations

import asyncio

PACE_S = 0.05
"""From one to the next: what begins in the same moment, processes and connections, holds the others up by as much as
all of it takes together, and no script is about that."""


class Door:
    """Lets one through, and after a moment the next."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def go_through(self) -> None:
        """Return when it is this one's turn."""
        async with self._lock:
            await asyncio.sleep(PACE_S)
