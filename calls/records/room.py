"""How much may wait at once: taken at once where there is room, or waited for in the order of asking."""

from __future__ import annotations

import asyncio
from collections import deque


class Room:
    """Used from one event loop."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._called = 0
        """Who has been given a place and does not know it yet: nobody who comes now goes before them."""

    @property
    def full(self) -> bool:
        """Whether one who comes now has to wait."""
        return self._free <= 0 or self._called > 0 or bool(self._waiting)

    def take(self) -> bool:
        """Take a place, which is to be given back; False: there is none, and none was taken."""
        if self.full:
            return False
        self._free -= 1
        return True

    def squeeze_in(self) -> None:
        """Take a place whether there is one or not: one too many that is given back is nobody's."""
        self._free -= 1

    async def wait(self) -> None:
        """Take a place as soon as it is one's turn."""
        if self.take():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given one that nobody wants any more
                self._called -= 1
                self.give()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise
        self._called -= 1
        self._call()

    def give(self) -> None:
        """Give a place back: to who waits longest."""
        self._free += 1
        self._call()

    def _call(self) -> None:
        while self._free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._free -= 1
                self._called += 1
                turn.set_result(None)
