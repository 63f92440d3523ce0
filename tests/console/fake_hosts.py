"""Servers of others without sockets: each answers as a test says, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from calls.errors import OutsideError, OutsideTooLate
from calls.outside import Access
from console.engine.outside import Answered, Host, Sent


@dataclass(frozen=True, slots=True)
class Late:
    """The answer comes after a while."""

    after_s: float
    said: Answered | OutsideError


Say = Callable[[Access, Sent], Answered | OutsideError | Late]


@dataclass(slots=True)
class FakeHosts:
    """What was asked, and how it is answered."""

    say: Say
    asked: list[Sent] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    closed: bool = False

    def host(self, at: Access) -> Host:
        """See ``console/engine/outside.py``."""
        return _FakeHost(self, at)

    async def close(self) -> None:
        """See ``console/engine/outside.py``."""
        self.closed = True


class _FakeHost:
    def __init__(self, all_of_them: FakeHosts, at: Access) -> None:
        self._all = all_of_them
        self._at = at

    async def ask(self, sent: Sent, deadline_s: float) -> Answered:
        self._all.asked.append(sent)
        self._all.at_once += 1
        self._all.most_at_once = max(self._all.most_at_once, self._all.at_once)
        try:
            said = self._all.say(self._at, sent)
            if isinstance(said, Late):
                await asyncio.sleep(min(said.after_s, deadline_s))
                said = said.said if said.after_s < deadline_s else OutsideTooLate("no answer in time")
        finally:
            self._all.at_once -= 1
        if isinstance(said, OutsideError):
            raise said
        return said
