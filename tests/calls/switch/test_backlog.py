"""What waits for a reader who is late, and what does not."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from calls.switch.backlog import LONGEST_S, Backlog
from calls.switch.hearing import RATE_HZ, CallerAudio
from tests.virtual_time import run

PIECE = bytes(320)


def piece(number: int) -> bytes:
    return number.to_bytes(2, "big") * 160


async def rest_of(audio: CallerAudio) -> list[bytes]:
    found: list[bytes] = []
    while read := await audio.read():
        found.append(read)
    return found


def test_pieces_are_read_in_order_and_the_end_for_ever() -> None:
    async def main() -> None:
        backlog = Backlog()
        backlog.put(piece(1))
        backlog.put(piece(2))
        backlog.end()
        backlog.put(piece(3))
        assert await rest_of(backlog) == [piece(1), piece(2)]
        assert [await backlog.read(), await backlog.read()] == [b"", b""]
        assert backlog.lost_s == 0.0

    run(main())


def test_who_reads_first_waits_for_the_piece_or_the_end() -> None:
    async def main() -> None:
        backlog = Backlog()
        reading = asyncio.ensure_future(backlog.read())
        await asyncio.sleep(1.0)
        assert not reading.done()
        backlog.put(PIECE)
        assert await reading == PIECE
        reading = asyncio.ensure_future(backlog.read())
        await asyncio.sleep(1.0)
        backlog.end()
        assert await reading == b""

    run(main())


@given(st.integers(0, 300), st.floats(0, 10))
def test_of_more_than_two_seconds_the_oldest_is_dropped_and_counted(count: int, lost_s: float) -> None:
    async def main() -> None:
        backlog = Backlog()
        for number in range(count):
            backlog.put(piece(number))
        backlog.lost(lost_s)
        backlog.end()
        kept = min(count, round(LONGEST_S / 0.02))
        assert await rest_of(backlog) == [piece(number) for number in range(count - kept, count)]
        assert abs(backlog.lost_s - lost_s - 0.02 * (count - kept)) <= 1 / RATE_HZ

    run(main())
