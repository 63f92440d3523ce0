"""An alarm rings once for each time that it was set to, at the last of them, however often it was moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from console.engine.alarm import Alarm
from tests.virtual_time import run


class LoopClock:
    """The running loop's time."""

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime(2027, 3, 1, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 12))), max_size=9))
def test_it_rings_at_the_time_that_was_set_last(moves: list[tuple[int, int | None]]) -> None:
    """``moves``: after how many seconds it is set, and to how many from then; None: never."""
    rung: list[float] = []

    async def main() -> list[float]:
        clock = LoopClock()
        began_s = clock.monotonic_s()
        alarm = Alarm(clock, lambda: rung.append(clock.monotonic_s() - began_s))
        expected: list[float] = []
        at, due = 0.0, None
        for after, to in moves:
            await asyncio.sleep(after + 0.25)
            at += after + 0.25
            if due is not None and due <= at:
                expected.append(due)
            due = None if to is None else at + to
            alarm.set(None if due is None else began_s + due)
        await asyncio.sleep(20)
        if due is not None:
            expected.append(due)
        alarm.set(clock.monotonic_s() + 1)
        alarm.cancel()
        await asyncio.sleep(20)
        return expected

    expected = run(main())
    assert [round(each, 3) for each in rung] == [round(each, 3) for each in expected]
