"""Serves an HTTP application inside a running event loop, on a Unix socket or on TCP."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

STOP_S = 3.0
"""How long open requests may go on when the server stops."""

MESSAGE = 4096
"""Bytes: the longest message that is taken from a browser."""


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: signals belong to the process that runs several parts."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


def unix_socket(path: Path) -> socket.socket:
    """A listening socket at ``path`` that only its owner may use. A socket left by a crash is replaced.

    The caller holds the writer's lock, so that no other engine listens there.

    Raises:
        OSError: the folder does not exist or cannot be written, or there is another kind of file.
    """
    if path.exists() and not path.is_socket():
        raise FileExistsError(errno.EEXIST, "there is a file of this name, and it is no socket", str(path))
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(0o600)
    except OSError:
        listening.close()
        raise
    return listening


def tcp_socket(host: str, port: int) -> socket.socket:
    """A listening socket at ``host:port``.

    Raises:
        OSError: the port is taken, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


class Serving:
    """One application on one socket, from ``start`` to ``stop``."""

    def __init__(self, app: FastAPI, listening: socket.socket, *, sockets: bool = False) -> None:
        """``sockets``: WebSockets too, pinged every 20 s and not compressed: what is sent is short, and the same for
        many."""
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="websockets-sansio" if sockets else "none",
            ws_max_size=MESSAGE,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=int(STOP_S),
        )
        self._server = Server(config)
        self._socket = listening
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve from now on."""
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets=[self._socket]), name="http")

    async def stop(self) -> None:
        """Serve no longer; requests under way are finished."""
        if self._task is None:
            return
        self._server.should_exit = True
        await self._task
        self._socket.close()
