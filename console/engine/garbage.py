"""When the interpreter looks for garbage: the long look comes at a moment that suits the callers.

CPython frees at once what nothing refers to, and looks for cycles besides. Its looks at young objects take some
milliseconds. The one at all objects takes 0.25 ms for each call that is up, a quarter of a second for a thousand, and
every caller waits meanwhile. By itself it comes whenever enough has been allocated, so it would come every few
seconds; here it comes in quiet minutes, and at the latest after ten. Cycles wait so long; a call leaves few.

Source: https://docs.python.org/3.11/library/gc.html#gc.set_threshold.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

NEVER = 2**31 - 1
"""So many looks at younger objects before a look at all: the most that the interpreter takes."""

LOOK_S = 60.0
FEW_CALLS = 50
"""With no more calls up a look at all objects takes as long as one at the young ones."""

LONGEST_S = 600.0
"""After this the look comes whatever is up."""


def spare_callers() -> None:
    """Look for garbage once; then take all that is there out of sight, for it stays, and never look at all objects by
    itself again: ``collect_in_quiet`` does."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)


async def collect_in_quiet(calls_up: Callable[[], int]) -> None:
    """Look at all objects once a minute while few calls are up, and at the latest after ten. Runs until cancelled."""
    since_s = 0.0
    while True:
        await asyncio.sleep(LOOK_S)
        since_s += LOOK_S
        if calls_up() <= FEW_CALLS or since_s >= LONGEST_S:
            gc.collect()
            since_s = 0.0
