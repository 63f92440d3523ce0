from __future__ import annotations

import asyncio
import time

import pytest

from tests.virtual_time import LIMIT_S, Stalled, run


def test_hours_pass_in_no_time() -> None:
    async def main() -> float:
        await asyncio.sleep(3 * 3600.0)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run(main()) == pytest.approx(3 * 3600.0)
    assert time.monotonic() - began < 5.0


def test_timers_fire_in_their_order_at_their_time() -> None:
    async def main() -> list[tuple[str, float]]:
        seen: list[tuple[str, float]] = []

        async def note(name: str, after_s: float) -> None:
            await asyncio.sleep(after_s)
            seen.append((name, round(asyncio.get_running_loop().time(), 6)))

        await asyncio.gather(note("late", 2.5), note("soon", 0.25), note("middle", 1.0))
        return seen

    assert run(main()) == [("soon", 0.25), ("middle", 1.0), ("late", 2.5)]


def test_a_wait_for_nothing_is_an_error_and_no_hang() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stalled, match="no timer is set"):
        run(main())


def test_a_timer_that_starts_itself_again_is_an_error_and_no_hang() -> None:
    async def main() -> None:
        for _ in range(100):
            await asyncio.sleep(LIMIT_S / 10)

    with pytest.raises(Stalled, match="still running"):
        run(main())
