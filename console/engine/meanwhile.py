"""What a caller hears while something is done for the call: first nothing, then prompts, then music."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from calls.switch.port import CallChannel, Hold, HungUp, Play, Prompt

T = TypeVar("T")

MOMENT_S = 0.3
"""What is done so soon is done without a word: a pause of this length is no silence to a caller."""

WAITING_MUSIC = "default"
"""What a caller hears where nobody says what else: nobody is left in silence."""

SLICE_S = 1.0
"""Music is played in slices, since only a Connect or a hang-up interrupts it: what is done waits for half of one."""


async def meanwhile(
    channel: CallChannel, work: Coroutine[object, object, T], prompts: tuple[Prompt, ...], music: str
) -> T | HungUp:
    """The result of ``work``, the caller never being in silence; ``HungUp`` where the caller left before that, and
    ``work`` is given up.

    Raises:
        SwitchError: the switch failed; the call's state is unknown.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=MOMENT_S)
        if not task.done() and prompts and isinstance(result := await channel.perform(Play(prompts)), HungUp):
            return result
        while not task.done():
            result = await channel.perform(Hold(SLICE_S, music))
            if isinstance(result, HungUp):
                return result
        return await task
    finally:
        task.cancel()
