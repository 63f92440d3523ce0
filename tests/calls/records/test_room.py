"""Places are given in the order of asking, each is given back once, and who leaves while waiting costs none."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from calls.records.room import Room
from tests.virtual_time import run


async def test_a_place_given_back_is_the_one_s_who_waits_longest() -> None:
    room = Room(1)
    assert room.take() and room.full and not room.take()
    order: list[int] = []

    async def ask(name: int) -> None:
        await room.wait()
        order.append(name)

    asking = [asyncio.ensure_future(ask(name)) for name in (1, 2)]
    await asyncio.sleep(0)
    room.give()
    assert not room.take(), "it is theirs who waited, not of one who comes now"
    await asking[0]
    room.give()
    await asking[1]
    room.give()
    assert order == [1, 2] and room.take() and not room.take()


async def test_nobody_goes_before_those_who_were_called_and_do_not_know_it_yet() -> None:
    """Several places come free at once, and somebody comes in the same turn of the loop."""
    room = Room(3)
    assert [room.take() for _ in range(3)] == [True] * 3
    order: list[str] = []

    async def ask(name: str) -> None:
        await room.wait()
        order.append(name)

    waits = asyncio.ensure_future(ask("waited"))
    await asyncio.sleep(0)
    for _ in range(3):
        room.give()
    assert room.full and not room.take()
    await asyncio.gather(waits, ask("late"), ask("later"))
    assert order == ["waited", "late", "later"] and not room.take()


async def test_the_place_of_one_who_was_called_and_leaves_is_the_next_one_s() -> None:
    room = Room(1)
    assert room.take()
    first, second = asyncio.ensure_future(room.wait()), asyncio.ensure_future(room.wait())
    await asyncio.sleep(0)
    room.give()
    first.cancel()
    await second
    assert first.cancelled() and not room.take()
    room.give()
    assert room.take()


async def test_who_squeezes_in_takes_nobody_s_turn_and_is_waited_for() -> None:
    room = Room(1)
    room.squeeze_in()
    room.squeeze_in()
    waits = asyncio.ensure_future(room.wait())
    await asyncio.sleep(0)
    room.give()
    await asyncio.sleep(0)
    assert not waits.done(), "one is there still who had no place"
    room.give()
    await waits
    room.give()
    assert room.take() and not room.take()


@given(st.integers(1, 3), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_there_are_never_more_than_there_are_places(places: int, askers: list[tuple[int, int, int]]) -> None:
    """Each asks at a time, has so much patience, and holds its place so long; all places are free at the end."""
    room, taken, most = Room(places), 0, 0

    async def ask(at: int, patience: int, holds: int) -> None:
        nonlocal taken, most
        await asyncio.sleep(at)
        try:
            async with asyncio.timeout(patience):
                await room.wait()
        except TimeoutError:
            return
        taken += 1
        most = max(most, taken)
        await asyncio.sleep(holds)
        taken -= 1
        room.give()

    async def main() -> None:
        await asyncio.gather(*(ask(*each) for each in askers))

    run(main())
    assert most <= places and taken == 0
    assert [room.take() for _ in range(places + 1)] == [True] * places + [False]
