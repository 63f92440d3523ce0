"""The console in a thread of this process, on its own port, started and stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from calls.settings import Settings
from console.serving import Serving, tcp_socket
from console.web import app as web

DEADLINE_S = 20.0


class Console:
    """The console of an installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.url = f"http://127.0.0.1:{settings.console.http_port}"
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = lambda: None

    def start(self) -> None:
        """Return when it serves."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="console", daemon=True)
        self._thread.start()
        assert ready.wait(DEADLINE_S)

    def stop(self) -> None:
        """Return when it has gone."""
        assert self._thread is not None
        self._stop()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()

    async def _serve(self, ready: threading.Event) -> None:
        at = self._settings.console
        app = web.build(self._settings)
        serving = Serving(app, tcp_socket(at.http_host, at.http_port), sockets=True)
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        await serving.start()
        ready.set()
        await stopping.wait()
        await serving.stop()
        await web.close(app)


@contextmanager
def console(settings: Settings) -> Iterator[Console]:
    """A running console."""
    found = Console(settings)
    found.start()
    try:
        yield found
    finally:
        found.stop()
