"""The WebSocket of live pages: ``/live?topic=wall``, ``floor`` or ``desk``.

It passes on the engine's feed while anybody looks. Who is known is asked at the handshake, where no HTTP middleware
runs, and again every few seconds: a socket ends with its session, and when the account's role or desk change.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress

from fastapi import WebSocket, WebSocketDisconnect

from calls import log
from calls.errors import CallwrightError, RecordError
from console.accounts.store import Known
from console.picture import Picture, applied, changes
from console.web.engine import EngineWay
from console.web.guard import Guard, Refused, check_origin, is_by_cookie
from console.web.live_figures import Figures
from console.web.live_topics import Topic, Viewer, Wish, chooser, tokens_of, wish_of
from console.web.navigation import Entry
from console.web.site import Site

ENTRIES: tuple[Entry, ...] = ()

WALL_S = 0.25
"""A wall is told so often: four times a second."""

JUDGE_S = 2.0
"""How often it is asked whether who looks may still."""

BEAT_S = 5.0
"""A page hears something so often: one that hears nothing for longer takes the line for broken."""

AGAIN_S = 1.0
"""How soon the engine is tried again."""

MOST_OF_ONE = 100
"""Pages that may be open for one account: a wallboard's account may stand on many screens."""

MOST = 1000
"""Pages in all, each of which has up to :data:`console.web.live_topics.LONGEST_QUEUE` messages waiting."""

LOG_IN_AGAIN = 4401
NOT_FOR_YOU = 4403
TOO_MANY = 4429
"""Codes of a close, of those that are an application's own (RFC 6455, 7.4.2), after the statuses of HTTP."""

LONGEST_ASKED = 200


class Hub:
    """Everybody who looks, and the one line to the engine while there is anybody."""

    def __init__(self, engine: EngineWay, guard: Guard, figures: Figures, now_ms: Callable[[], int]) -> None:
        self._engine = engine
        self._guard = guard
        self._figures = figures
        self._now_ms = now_ms
        self._topics: dict[Wish, Topic] = {}
        self._open: Counter[str] = Counter()
        self._picture: Picture = {"engine": {"": {"away": "the console has just begun to look"}}}
        self._tasks: list[asyncio.Task[None]] = []
        guard.on_change.append(self._judge_now)
        self._judged = asyncio.Event()

    def _judge_now(self) -> None:
        self._judged.set()

    def full(self, account: str) -> str:
        """Why one more page of ``account`` may not look; "" where it may."""
        if self._open[account] >= MOST_OF_ONE:
            return f"this account has {MOST_OF_ONE} live pages open: close some"
        if self._open.total() >= MOST:
            return f"{MOST} live pages are open, which is all that the console serves"
        return ""

    def enter(self, wish: Wish, viewer: Viewer) -> Topic:
        """One more looks."""
        self._open[viewer.known.account.account_id] += 1
        topic = self._topics.get(wish)
        if topic is None:
            topic = self._topics[wish] = Topic(chooser(wish), self._now_ms)
            topic.begin(self._picture)
        topic.viewers.add(viewer)
        if not self._tasks:
            for work in (self._listen, self._tick, self._judge, self._count):
                self._tasks.append(asyncio.get_running_loop().create_task(work(), name=f"live {work.__name__}"))
        return topic

    def leave(self, wish: Wish, viewer: Viewer) -> None:
        """One looks no more; with the last one the line to the engine ends."""
        topic = self._topics[wish]
        topic.viewers.discard(viewer)
        self._open[viewer.known.account.account_id] -= 1
        self._open += Counter()  # whoever has none is kept no longer
        if not topic.viewers:
            del self._topics[wish]
        if not self._topics:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def _set(self, picture: Picture) -> None:
        """The floor is ``picture`` now."""
        changed = changes(self._picture, picture)
        self._picture = picture
        agents, engine = changed.get("agents", {}), "engine" in changed
        for wish, topic in self._topics.items():
            topic.take(changed)
            if wish.name == "desk" and (engine or wish.agent in agents):
                topic.flush()

    async def _listen(self) -> None:
        while True:
            try:
                async for line in self._engine.lines("/v1/feed"):
                    self._hear(line)
                problem = "the engine ended"
            except CallwrightError as trouble:
                problem = str(trouble)
            self._set({**self._picture, "engine": {"": {"away": problem}}})
            await asyncio.sleep(AGAIN_S)

    def _hear(self, line: str) -> None:
        message = json.loads(line)
        match message["kind"]:
            case "snapshot":
                counted = {section: self._picture.get(section, {}) for section in ("figures", "targets")}
                self._set({**message["content"], **counted})
            case "delta":
                self._set(applied(self._picture, message["content"]))
            case _:
                pass

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(WALL_S)
            for topic in self._topics.values():
                topic.flush()

    async def _count(self) -> None:
        while True:
            if any(wish.name != "desk" for wish in self._topics):
                try:
                    counted = await self._figures.count()
                except sqlite3.Error as problem:
                    log.get().warning("the wall's figures could not be counted", problem=str(problem))
                else:
                    self._set({**self._picture, **counted})
            await asyncio.sleep(self._figures.every_s)

    async def _judge(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(JUDGE_S):
                    await self._judged.wait()
            self._judged.clear()
            viewers = tokens_of(self._topics.values())
            try:
                found = await self._guard.still_known({token: group[0].known for token, group in viewers.items()})
            except (RecordError, sqlite3.Error) as problem:
                log.get().warning("who looks could not be asked for", problem=str(problem))
                continue
            for token, group in viewers.items():
                for viewer in group:
                    if not _same(found.get(token), viewer.known):
                        viewer.end(LOG_IN_AGAIN)


def _same(now: Known | None, then: Known) -> bool:
    """Whether somebody is who looked at first, with the same rights and desk."""
    return now is not None and (now.account, now.rights) == (then.account, then.rights)


def add(site: Site) -> None:
    """Add the route."""
    hub = Hub(
        site.engine,
        site.guard,
        Figures(site.settings, site.now),
        lambda: round(site.now().timestamp() * 1000),
    )

    @site.app.websocket("/live")
    async def live(socket: WebSocket, topic: str = "") -> None:
        try:
            if is_by_cookie(socket):
                check_origin(socket)
            known = await site.guard.known(socket)
        except (Refused, RecordError):
            await socket.close()  # before the handshake: the server answers 403
            return
        await socket.accept()
        wish = None if known is None else wish_of(topic, known)
        if known is None or wish is None:
            await socket.close(LOG_IN_AGAIN if known is None else NOT_FOR_YOU)
            return
        if why := hub.full(known.account.account_id):
            await socket.close(TOO_MANY, why)
            return
        viewer = Viewer(known)
        seen = hub.enter(wish, viewer)
        try:
            await _first_of(_send(socket, viewer, seen), _hear(socket, viewer))
        finally:
            hub.leave(wish, viewer)


async def _send(socket: WebSocket, viewer: Viewer, topic: Topic) -> None:
    """Send what there is, and a beat where there is nothing for long."""
    while True:
        try:
            async with asyncio.timeout(BEAT_S):
                message = await viewer.next(topic.whole)
        except TimeoutError:
            message = b'{"kind":"beat"}'
        if message is None:
            await socket.close(viewer.ended or LOG_IN_AGAIN)
            return
        await socket.send_bytes(message)


async def _hear(socket: WebSocket, viewer: Viewer) -> None:
    """A page says one thing only: that it wants the whole picture."""
    while True:
        said = await socket.receive()
        if said["type"] == "websocket.disconnect":
            return
        if (said.get("text") or "")[:LONGEST_ASKED] == "whole":
            viewer.ask_whole()


async def _first_of(*works: Coroutine[None, None, None]) -> None:
    """Until one of them has ended, and the others then too."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect | RuntimeError | OSError):
                raise ended
