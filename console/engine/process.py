"""The engine as a process: from settings to SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import uuid
from functools import partial

from calls import log
from calls.clock import SystemClock
from calls.errors import Location, PromptError, SettingsError
from calls.records.progress import to_log
from calls.settings import Settings, require_named_secrets
from console import building, publishing
from console.engine import api, garbage
from console.engine.engine import WRITE_S, Engine
from console.engine.supervisor import Supervisor
from console.engine.voice import LiveVoice
from console.serving import STOP_S, Serving, tcp_socket, unix_socket
from dialer.callbacks import require_possible
from prompts.library import PromptLibrary

END_S = WRITE_S + 2 * STOP_S + 10.0
"""How long an engine takes to end at most, once it is drained: a store that takes no record, servers that are slow to
stop. A supervisor gives it so much more than ``drain_s``."""


async def run(settings: Settings) -> None:
    """Run the engine until SIGTERM or SIGINT; then drain it. A second signal ends the drain.

    Raises:
        UserError: settings, flows or prompts cannot be used.
        RecordError: the database is not for us.
    """
    require_named_secrets(settings)
    require_possible(settings)
    library = PromptLibrary(settings.prompts)
    _require_prompts(library)
    publishing.finish_left(settings)
    flows = building.load_flows(settings, building.known(settings, library))
    switch = building.build_switches(settings, library)
    voice = LiveVoice()
    draw = random.Random().random
    ids, clock = (lambda: str(uuid.uuid4())), SystemClock()
    engine = Engine(settings, switch, flows, clock, ids, draw, voice, prompt_s=library.duration_s)
    stopping = _signals()
    supervisor = Supervisor(os.environ)
    async with voice.running(library, partial(building.synthesizer, settings.prompts)):
        await _run(engine, stopping, supervisor)


async def _run(engine: Engine, stopping: asyncio.Event, supervisor: Supervisor) -> None:
    settings = engine.settings

    def starting(line: str) -> None:
        to_log(line)
        supervisor.starting()

    await engine.start(starting)
    async with contextlib.AsyncExitStack() as stack:  # each is stopped whatever becomes of the others
        stack.callback(settings.engine.socket.unlink, missing_ok=True)
        stack.push_async_callback(engine.stop)
        for serving in await _serve(engine):
            stack.push_async_callback(serving.stop)
        garbage.spare_callers()
        engine.tasks.start(garbage.collect_in_quiet(lambda: len(engine.books.open_calls)), "garbage")
        log.get().info("engine started", switches=engine.switches.names, database=str(settings.engine.database))
        supervisor.ready()
        if supervisor.interval_s is not None:
            engine.tasks.start(_show_life(supervisor, supervisor.interval_s), "watchdog")
        await stopping.wait()
        supervisor.stopping(settings.engine.drain_s + END_S)
        stopping.clear()
        await _drain(engine, stopping)
    log.get().info("engine stopped")


async def _show_life(supervisor: Supervisor, interval_s: float) -> None:
    while True:
        supervisor.alive()
        await asyncio.sleep(interval_s)


async def _drain(engine: Engine, again: asyncio.Event) -> None:
    log.get().info("draining", calls=len(engine.books.open_calls))
    drain = asyncio.ensure_future(engine.drain())
    hurry = asyncio.ensure_future(again.wait())
    await asyncio.wait({drain, hurry}, return_when=asyncio.FIRST_COMPLETED)
    for task in (drain, hurry):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await drain


async def _serve(engine: Engine) -> list[Serving]:
    at = engine.settings.engine
    try:
        with contextlib.ExitStack() as opened:  # the one is closed where the other cannot be had
            control = opened.enter_context(unix_socket(at.socket))
            probes = opened.enter_context(tcp_socket(at.http_host, at.http_port))
            opened.pop_all()
        served = [Serving(api.control(engine), control), Serving(api.probes(engine), probes)]
    except OSError as problem:
        raise SettingsError(
            f"cannot listen at {at.socket} and {at.http_host}:{at.http_port}: {problem.strerror}",
            Location(key="engine"),
        ) from problem
    for serving in served:
        await serving.start()
    return served


def _signals() -> asyncio.Event:
    """Set at each SIGTERM and SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


def _require_prompts(library: PromptLibrary) -> None:
    """A missing prompt is found now, not by a caller."""
    missing = library.missing()
    if missing:
        first = ", ".join(f"{prompt.key} ({prompt.language})" for prompt in missing[:3])
        raise PromptError(f"{len(missing)} prompts are not rendered ({first} ...): run callwright prompts render")
