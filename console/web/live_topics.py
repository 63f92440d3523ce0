"""What live pages are told: topics made of the engine's feed, each encoded once for all who look at it.

Walls and the floor are told four times a second, a desk at once. Who does not keep up loses what waited and is given
the whole picture again, so that nobody's slowness costs more than a bounded queue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from console.accounts.roles import Right
from console.accounts.store import Known
from console.picture import Changes, Picture, Record, applied, changes, merged, only, packed

WALL = ("engine", "switches", "queues", "agents", "campaigns", "trunks", "hours", "figures", "targets")
FLOOR = (*WALL, "calls", "supervisors", "flags")

LONGEST_QUEUE = 32
"""Messages that wait for a browser; a wall is told four a second, so it is eight seconds behind then."""


class Viewer:
    """One page that looks. ``ended``: the code of the close, once it is to be closed."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.ended: int | None = None
        self._waiting: deque[bytes] = deque()
        self._is_behind = True
        self._woken = asyncio.Event()

    def give(self, message: bytes) -> None:
        """One more message, in its turn."""
        if self._is_behind:
            return
        if len(self._waiting) >= LONGEST_QUEUE:
            self.ask_whole()
        else:
            self._waiting.append(message)
            self._woken.set()

    def ask_whole(self) -> None:
        """The whole picture, in the place of all that waits."""
        self._waiting.clear()
        self._is_behind = True
        self._woken.set()

    def end(self, code: int) -> None:
        """Let it be closed."""
        self.ended = code
        self._woken.set()

    async def next(self, whole: Callable[[], bytes]) -> bytes | None:
        """What is to be sent now; None: it is to be closed. ``whole`` gives the picture as it is."""
        while True:
            if self.ended is not None:
                return None
            if self._is_behind:
                self._is_behind = False
                return whole()
            if self._waiting:
                return self._waiting.popleft()
            self._woken.clear()
            await self._woken.wait()


class Topic:
    """One picture and all who look at it. ``choose``: its part of the whole floor's."""

    def __init__(self, choose: Callable[[Changes], Changes], now_ms: Callable[[], int]) -> None:
        self.viewers: set[Viewer] = set()
        self.picture: Picture = {}
        self._choose = choose
        self._now_ms = now_ms
        self._seq = 0
        self._pending: Changes = {}

    def begin(self, whole: Picture) -> None:
        """The floor as it is, when the first one looks."""
        self.picture = {section: dict(records) for section, records in self._chosen(whole).items()}
        self._pending = {}

    def take(self, changed: Changes) -> None:
        """Keep what has changed, for the next :meth:`flush`."""
        if mine := self._choose(changed):
            self._pending = merged(self._pending, mine)

    def flush(self) -> None:
        """Tell all who look what has changed since the last time; nothing, where it came to nothing."""
        if not self._pending:
            return
        after = applied(self.picture, self._pending)
        self._pending = {}
        if changed := changes(self.picture, after):
            self.picture = after
            self._seq += 1
            message = packed("delta", self._seq, changed, self._now_ms())
            for viewer in self.viewers:
                viewer.give(message)

    def whole(self) -> bytes:
        """The snapshot."""
        return packed("snapshot", self._seq, self.picture, self._now_ms())

    def _chosen(self, whole: Picture) -> Picture:
        found: dict[str, dict[str, object]] = {}
        for section, records in self._choose(whole).items():
            found[section] = {key: record for key, record in records.items() if record is not None}
        return found  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page asks to look at. ``agent``: whose desk."""

    name: str
    agent: str | None = None


def wish_of(topic: str, known: Known) -> Wish | None:
    """What an account may look at by the name that its page gave; None: not that."""
    agent = known.account.agent_id
    may = frozenset() if known.account.must_change else known.rights
    match topic:
        case "wall" if Right.VIEW in may:
            return Wish("wall")
        case "floor" if Right.FLOOR in may:
            return Wish("floor")
        case "desk" if Right.DESK in may and agent is not None:
            return Wish("desk", agent)
        case _:
            return None


def chooser(wish: Wish) -> Callable[[Changes], Changes]:
    """Its part of the floor's picture. A desk sees its own agent, the queues, and whether the engine is there."""
    match wish:
        case Wish("wall"):
            return lambda changed: only(changed, WALL)
        case Wish("floor"):
            return lambda changed: only(changed, FLOOR)
        case Wish(_, agent):
            return lambda changed: _desk(changed, agent or "")


def _desk(changed: Changes, agent: str) -> Changes:
    """Of the queues only how many wait, and of the engine only whether it is away: else each change of one agent
    would be told to all others."""
    found: dict[str, Mapping[str, Record | None]] = {}
    if agent in changed.get("agents", {}):
        found["agents"] = {agent: changed["agents"][agent]}
    for section, field in (("queues", "waiting"), ("engine", "away")):
        if section in changed:
            records = changed[section].items()
            found[section] = {key: None if each is None else {field: each.get(field)} for key, each in records}
    return found


def tokens_of(topics: Iterable[Topic]) -> dict[str, list[Viewer]]:
    """Who looks, by the digest of the session or the token."""
    found: dict[str, list[Viewer]] = {}
    for topic in topics:
        for viewer in topic.viewers:
            found.setdefault(viewer.known.token, []).append(viewer)
    return found
