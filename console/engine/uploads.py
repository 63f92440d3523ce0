"""Files that come with a request: on the disk, never in memory, and gone when they have been read."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import Request

from calls.errors import LeadError
from console.engine.engine import Engine

MAX_BYTES = 4 << 30
"""Of one file."""

CHUNK = 1 << 20

RESERVE_BYTES = 256 << 20
"""Left free for the records of calls, whatever comes in."""


@asynccontextmanager
async def received(engine: Engine, request: Request) -> AsyncIterator[BinaryIO]:
    """The request's body in a file beside the database, which has room for what is imported into it; only its owner
    may read it, and it has no name.

    Raises:
        LeadError: it is too large, or the disk has no room for it.
    """
    folder = engine.settings.engine.database.parent
    with cast(BinaryIO, tempfile.TemporaryFile(dir=folder, prefix="import-")) as kept:
        size, waiting = 0, bytearray()
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_BYTES:
                raise LeadError(f"larger than {MAX_BYTES} bytes: import it in parts")
            waiting += chunk
            if len(waiting) >= CHUNK:
                await asyncio.to_thread(_keep, kept, bytes(waiting), folder)
                waiting.clear()
        await asyncio.to_thread(_keep, kept, bytes(waiting), folder)
        kept.seek(0)
        yield kept


def _keep(kept: BinaryIO, some: bytes, folder: Path) -> None:
    if shutil.disk_usage(folder).free < RESERVE_BYTES + len(some):
        raise LeadError("the disk has no room for this file beside the records of calls")
    kept.write(some)
