"""What a caller says as one stream that keeps the time: where a telephone sends nothing, silence is made up for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES, CallerAudio

QUIET_S = 0.25
"""A telephone that sends nothing for so long is silent. Drivers fill shorter gaps with silence themselves."""

STEP_S = 0.1
"""In pieces of this the silence of such a telephone is made up for."""


async def unbroken(audio: CallerAudio) -> AsyncGenerator[bytes, None]:
    """Piece by piece, until no more comes."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    given_s = 0.0
    while True:
        until_s = max(began_s + given_s + QUIET_S, loop.time() + STEP_S)
        try:
            async with asyncio.timeout_at(until_s):
                piece = await audio.read()
        except TimeoutError:
            piece = bytes(round((loop.time() - began_s - given_s) * RATE_HZ) * SAMPLE_BYTES)
        else:
            if not piece:
                return
        given_s += len(piece) / SAMPLE_BYTES / RATE_HZ
        yield piece
