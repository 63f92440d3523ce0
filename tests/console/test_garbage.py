"""When the engine looks for garbage."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from console import main
from console.engine import garbage
from tests.virtual_time import run


class Knot:
    """Refers to itself, so only a look at all objects frees it once it is old."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The interpreter's own looks are as they were afterwards, and what was out of its sight is so again."""
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    yield
    gc.enable()
    gc.unfreeze()
    if frozen:
        gc.freeze()
    gc.set_threshold(*thresholds)


def generations_looked_at(objects: int) -> set[int]:
    """Which looks the interpreter takes by itself while so many objects come and stay."""
    seen: set[int] = set()

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.add(info["generation"])

    gc.callbacks.append(note)
    try:
        kept = [[number] for number in range(objects)]
    finally:
        gc.callbacks.remove(note)
    assert len(kept) == objects
    return seen


def test_all_objects_are_never_looked_at_while_calls_come() -> None:
    gc.set_threshold(700, 10, 10)
    gc.collect()
    gc.freeze()
    gc.collect()  # what other tests left no longer counts to what a look at all is put off for
    assert 2 in generations_looked_at(1_000_000), "by itself it would"
    gc.unfreeze()
    garbage.spare_callers()
    assert gc.get_freeze_count() > 10_000
    assert generations_looked_at(1_000_000) == {0, 1}


def freed_after_s(calls: list[int]) -> float:
    """When an old knot is freed, with ``calls[n]`` calls up in minute n; the last stays."""

    async def main() -> float:
        gc.disable()  # whatever comes is ours
        loop = asyncio.get_running_loop()
        minute = iter(calls)
        up = 0

        def calls_up() -> int:
            nonlocal up
            up = next(minute, up)
            return up

        knot = Knot()
        gc.collect()  # it is old now
        freed = asyncio.Event()
        weakref.finalize(knot, freed.set)
        del knot
        looking = loop.create_task(garbage.collect_in_quiet(calls_up))
        await freed.wait()
        looking.cancel()
        return loop.time()

    return run(main())


@pytest.mark.parametrize(
    ("calls", "after_s"),
    [([0], 60.0), ([garbage.FEW_CALLS], 60.0), ([900, 900, 3], 180.0), ([1000], 600.0)],
)
def test_garbage_waits_for_a_quiet_minute_and_no_longer_than_ten(calls: list[int], after_s: float) -> None:
    assert freed_after_s(calls) == pytest.approx(after_s, abs=1.0)


def test_what_a_command_imports_is_never_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(main, "run", lambda: seen.append(gc.isenabled()))
    gc.unfreeze()
    main.start()
    assert seen == [False]
    main.main()
    assert gc.isenabled() and gc.get_freeze_count() > 10_000


def test_a_command_within_another_process_leaves_its_looks_alone() -> None:
    before = gc.get_freeze_count()
    main.main()
    assert gc.isenabled() and gc.get_freeze_count() == before
