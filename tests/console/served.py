"""A running engine on the loopback switch with its real sockets, in a thread, over a small installation."""

from __future__ import annotations

import asyncio
import os
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random, SystemRandom

from calls.clock import SystemClock
from calls.settings import Settings, load
from calls.switch.loopback.switch import LoopbackSwitch
from console import building
from console.engine import api
from console.engine.engine import Engine
from console.serving import Serving, tcp_socket, unix_socket
from prompts.library import PromptLibrary
from tests.console.hummed import hum
from tests.fresh_store import lay

DEADLINE_S = 20.0
NO_VARIABLES: Mapping[str, str] = {}

SETTINGS = """\
flows = "flows"
campaigns = "campaigns"

[engine]
database = "callwright.db"
socket = "{socket}"
http_port = {http_port}
settle_s = 0.1
drain_s = 2.0

[console]
http_port = {console_port}

[switch]
kind = "loopback"

[prompts]
texts = "texts"
cache = "cache"

[[trunks]]
name = "loop"
dial = "PJSIP/{{number}}@callees"
lines = 5
calls_per_second = 10
loopback_only = true

{queues}
[[agents]]
id = "anna"
name = "Anna <b>[red]"
endpoint = "PJSIP/anna"
mode = "nailed_up"
queues = ["sales"]

[[inbound]]
called = "100"
flow = "main"
"""

FLOW = """\
language: en
start: menu
nodes:
  menu:
    menu: [main.menu]
    keys: {"1": hours, "2": sales}
    first_key: 1s
    failed: sales
  hours: {say: [main.hours], next: bye}
  sales: {queue: sales, failed: bye, next: bye}
  bye: {hangup: [system.goodbye]}
"""

TEXTS = """\
main.menu: One or two.
main.hours: Always.
system.goodbye: Bye.
system.sorry: Sorry.
system.noinput: Nothing.
system.nomatch: No such choice.
system.safe_harbour: We called.
"""

CAMPAIGN = """\
name = "Autumn"
list = "autumn"
queue = "sales"
trunk = "loop"
caller_id = "+12025550100"
preset = "demo"
max_lines = 2
ring_timeout_s = 2
safe_harbour = "system.safe_harbour"
"""


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment, and that no connection is given by itself: Linux
    gives those from 32768 up (ip(7), ip_local_port_range), so that one of them may be taken a moment later."""
    while True:
        with suppress(OSError), tcp_socket("127.0.0.1", SystemRandom().randrange(20_000, 32_000)) as found:
            port: int = found.getsockname()[1]
            return port


def install(folder: Path, *, render: bool = True, queues: Iterable[str] = ("sales",), more: str = "") -> Path:
    """An installation in ``folder``; its settings file. ``more``: further tables of it."""
    for name in ("flows", "texts", "campaigns"):
        (folder / name).mkdir()
    (folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "texts" / "en.yaml").write_text(TEXTS, encoding="utf-8")
    (folder / "campaigns" / "autumn.toml").write_text(CAMPAIGN, encoding="utf-8")
    path = folder / "callwright.toml"
    named = "".join(f'[[queues]]\nname = "{each}"\n\n' for each in queues)
    text = SETTINGS.format(socket=folder / "e.sock", http_port=free_port(), console_port=free_port(), queues=named)
    path.write_text(text + more, encoding="utf-8")
    if render:
        hum(load(path, {}).prompts)
    return path


class Served:
    """See the module. Its engine is used from other threads by HTTP only, or within :meth:`run`."""

    def __init__(self, path: Path, env: Mapping[str, str]) -> None:
        self.path = path
        self.settings: Settings = load(path, env)
        self.engine: Engine
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._stop: asyncio.Event
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._main, name="engine")

    def start(self) -> None:
        """Return when the engine is ready."""
        lay(self.settings.engine.database)
        self._thread.start()
        assert self._ready.wait(DEADLINE_S), "the engine does not become ready"
        if self._failed:
            raise self._failed[0]

    def close(self) -> None:
        """Return when the engine has gone."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()

    def do(self, what: str) -> None:
        """Set or unset what the engine believes of itself: ``drain``, ``open``, ``unsettle`` or ``settle``."""
        done = threading.Event()

        def change() -> None:
            watch = self.engine.watch
            watch.draining = {"drain": True, "open": False}.get(what, watch.draining)
            if what in ("unsettle", "settle"):
                watch.unsettled = set(watch.down) if what == "unsettle" else set()
            done.set()

        self._loop.call_soon_threadsafe(change)
        assert done.wait(DEADLINE_S)

    def wait(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Return when ``work()`` has ended on the engine's loop."""
        asyncio.run_coroutine_threadsafe(work(), self._loop).result(DEADLINE_S)

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as problem:
            self._failed.append(problem)
            self._ready.set()
            raise

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        settings = self.settings
        library = PromptLibrary(settings.prompts)
        switch = LoopbackSwitch(
            "main", library, trunks=["loop"], destinations={}, phones={}, new_id=_new_id, draw=Random(1)
        )
        flows = building.load_flows(settings, building.known(settings, library))
        self.engine = engine = Engine(settings, switch, flows, SystemClock(), _new_id, Random(1).random)
        await engine.start()
        served = [
            Serving(api.control(engine), unix_socket(settings.engine.socket)),
            Serving(api.probes(engine), tcp_socket(settings.engine.http_host, settings.engine.http_port)),
        ]
        for each in served:
            await each.start()
        while engine.watch.not_ready():  # noqa: ASYNC110 - readiness is a state that is asked for
            await asyncio.sleep(0.01)
        self._ready.set()
        await self._stop.wait()
        for each in served:
            await each.stop()
        await engine.stop()
        settings.engine.socket.unlink()


def _new_id() -> str:
    return str(uuid.uuid4())


@contextmanager
def served(path: Path, env: Mapping[str, str] = NO_VARIABLES) -> Iterator[Served]:
    """A running engine over the installation of ``path``. ``env``: the variables that its settings know of."""
    found = Served(path, env)
    found.start()
    try:
        yield found
    finally:
        found.close()


def environment(path: Path) -> dict[str, str]:
    """The environment of a command over the installation of ``path``."""
    return {**os.environ, "CALLWRIGHT_SETTINGS": str(path), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
