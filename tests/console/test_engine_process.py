"""From an engine's start to its end as a process: what fails on the way leaves the store closed as it should."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from calls.clock import SystemClock
from calls.records.writer import write_once
from calls.settings import Settings
from calls.switch.loopback.switch import LoopbackSwitch
from console.engine import garbage, process
from console.engine.engine import Engine
from console.engine.recognition import Recognition
from console.engine.supervisor import Supervisor
from console.engine.tasks import each_of
from console.serving import Serving
from tests.console.served import free_port
from tests.console.world import Prompts, settings_in
from tests.fresh_store import lay


class Broken(Exception):
    """What the test breaks."""


async def breaks(*_: object) -> None:
    raise Broken


@pytest.fixture(autouse=True)
def own_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine's process spares its callers; this one is of all tests."""
    monkeypatch.setattr(garbage, "spare_callers", lambda: None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = settings_in(tmp_path, ())
    lay(found.engine.database)
    return found.model_copy(update={"engine": found.engine.model_copy(update={"http_port": free_port()})})


def engine_of(settings: Settings) -> Engine:
    switch = LoopbackSwitch(
        "main", Prompts(), trunks={"loop"}, destinations={}, phones={}, new_id=lambda: "id", draw=Random(1)
    )
    return Engine(settings, switch, {}, SystemClock(), lambda: "id", lambda: 0.5)


def is_closed(settings: Settings) -> bool:
    """Whether the store was given up, and its log is in the database."""
    log = Path(f"{settings.engine.database}-wal")
    closed = not log.exists() or log.stat().st_size == 0
    return closed and write_once(settings.engine.database, lambda db: db.execute("SELECT 1").fetchone()) == (1,)


async def test_an_engine_that_cannot_start_leaves_its_store_closed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it was that failed, and however late: here the recogniser, once the store was written to."""
    monkeypatch.setattr(Recognition, "start", breaks)
    with pytest.raises(Broken):
        await process._run(engine_of(settings), asyncio.Event(), Supervisor({}))
    assert is_closed(settings)


async def test_a_server_that_does_not_stop_keeps_nothing_else_from_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Serving.stop

    async def stops_and_breaks(serving: Serving) -> None:
        await stop(serving)
        raise Broken

    monkeypatch.setattr(Serving, "stop", stops_and_breaks)
    stopping = asyncio.Event()
    stopping.set()
    with pytest.raises(Broken):
        await process._run(engine_of(settings), stopping, Supervisor({}))
    assert is_closed(settings) and not settings.engine.socket.exists()


async def test_a_switch_that_cannot_be_left_keeps_the_store_from_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of(settings)
    await engine.start()
    monkeypatch.setattr(engine.switches, "stop", breaks)
    with pytest.raises(Broken):
        await engine.stop()
    assert is_closed(settings)


async def test_each_step_is_taken_whatever_became_of_those_before() -> None:
    taken: list[str] = []

    async def waits() -> None:
        taken.append("waits")

    with pytest.raises(Broken):
        await each_of(lambda: taken.append("first"), breaks, waits)
    assert taken == ["first", "waits"]
