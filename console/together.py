"""``callwright up``: engine and console, each a process of its own, and this one that holds them together.

It serves nothing, so nothing of what they serve with is imported here: that took a second of CPU.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from calls.errors import CallwrightError
from console.parent import leash


async def run(path: Path | None) -> None:
    """Engine and console as two processes; where one ends, so does the other. SIGTERM drains the engine first.

    Raises:
        CallwrightError: the engine ended by itself.
    """
    stopping = asyncio.Queue[None]()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.put_nowait, None)
    render = await _child(path, "prompts", "render")
    if await _ends_first(stopping, render):
        if render.returncode:
            raise CallwrightError("the prompts could not be rendered")
    else:
        await _end(stopping, render)
        return
    engine, console = await _child(path, "engine"), await _child(path, "console")
    by_itself = await _ends_first(stopping, engine, console)
    for child in (engine, console):
        await _end(stopping, child)
    if by_itself or engine.returncode:
        raise CallwrightError(f"the engine ended with {engine.returncode}, the console with {console.returncode}")


async def _ends_first(stopping: asyncio.Queue[None], *children: asyncio.subprocess.Process) -> bool:
    """True where a child has ended before we were asked to stop."""
    asked = asyncio.ensure_future(stopping.get())
    ends = {asyncio.ensure_future(child.wait()) for child in children}
    try:
        done, _ = await asyncio.wait({asked, *ends}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (asked, *ends):
            task.cancel()
        await asyncio.gather(asked, *ends, return_exceptions=True)
    return asked not in done


async def _end(stopping: asyncio.Queue[None], child: asyncio.subprocess.Process) -> None:
    """Ask ``child`` to end, once more for each time that we are asked, and wait until it has."""
    while child.returncode is None:
        child.send_signal(signal.SIGTERM)
        await _ends_first(stopping, child)


async def _child(path: Path | None, *command: str) -> asyncio.subprocess.Process:
    """A command of ours that ends with us, of a group of its own: a Ctrl-C reaches it through us only."""
    settings = () if path is None else ("--settings", str(path))
    with leash() as more:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.main", *settings, *command, start_new_session=True, **more
        )
