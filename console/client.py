"""The way to a running engine: its API on the Unix socket."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import httpx
from pydantic import BaseModel

from calls.errors import CallwrightError, UserError
from calls.text import printable
from console.engine.status import Status
from console.operations import Done

Shape = TypeVar("Shape", bound=BaseModel)

TIMEOUT_S = 60.0
"""For the slowest answer but that of an import."""

CHUNK = 1 << 18


def who() -> str:
    """Who asks, for the audit: the log-in name in ASCII, or the number of a user who has none."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not be in the list of users
        return f"uid {os.getuid()}"
    return printable(name).encode("ascii", "backslashreplace").decode("ascii")


class NoEngine(CallwrightError):
    """No engine listens on the socket."""


class EngineClient:
    """Asks the engine on the Unix socket at ``path``. A context manager."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._socket = path
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(
                uds=str(path), verify=False
            ),  # no certificates to be read for a socket of files
            base_url="http://engine",
            timeout=timeout_s,
            headers={"X-Callwright-Who": who()},
        )

    def __enter__(self) -> EngineClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def status(self) -> Status:
        """The engine at this moment.

        Raises:
            NoEngine: none listens.
        """
        return Status.model_validate_json(self._ask("GET", "/v1/status").content)

    def order(self, path: str, query: Mapping[str, str] | None = None) -> Done:
        """``POST`` to ``path``: what was done.

        Raises:
            NoEngine: none listens.
            UserError: the engine refused; its words.
        """
        return Done.model_validate_json(self._ask("POST", path, params=dict(query or {})).content)

    def read(self, path: str, shape: type[Shape]) -> Shape:
        """What ``GET`` of ``path`` shows. Raises as :meth:`order`."""
        return shape.model_validate_json(self._ask("GET", path).content)

    def send(self, path: str, data: bytes, query: Mapping[str, str]) -> dict[str, object]:
        """``POST`` a file; the answer's JSON object. Raises as :meth:`order`."""
        answer: dict[str, object] = self._ask("POST", path, content=data, params=dict(query)).json()
        return answer

    def look(self, path: str, query: Mapping[str, str]) -> object:
        """``GET`` of ``path``: the answer's JSON. Raises as :meth:`order`."""
        return self._ask("GET", path, params=dict(query)).json()

    def upload(self, path: str, stream: BinaryIO, query: Mapping[str, str]) -> dict[str, object]:
        """``POST`` a file of any size, which is not held in memory, however long the answer takes; its JSON object.
        Raises as :meth:`order`."""
        chunks = iter(partial(stream.read, CHUNK), b"")
        patient = httpx.Timeout(TIMEOUT_S, read=None)
        answer: dict[str, object] = self._ask(
            "POST", path, content=chunks, params=dict(query), timeout=patient
        ).json()
        return answer

    def tell(self, method: str, path: str, json: Mapping[str, object]) -> Done:
        """Any other request with a JSON body. Raises as :meth:`order`."""
        return Done.model_validate_json(self._ask(method, path, json=json).content)

    def remove(self, path: str, query: Mapping[str, str]) -> Done:
        """``DELETE`` ``path``: what was done. Raises as :meth:`order`."""
        return Done.model_validate_json(self._ask("DELETE", path, params=dict(query)).content)

    def _ask(self, method: str, path: str, **more: object) -> httpx.Response:
        self._require_engine()
        try:
            answer = self._http.request(method, path, **more)  # type: ignore[arg-type]  # httpx's own keywords
        except httpx.ConnectError as problem:
            raise NoEngine(f"no engine answers at {self._socket} ({problem})") from problem
        except httpx.TransportError as problem:
            raise CallwrightError(
                f"the engine at {self._socket} gave no answer ({problem or type(problem).__name__}): what was asked"
                " may be done or not"
            ) from problem
        if answer.is_error:
            raise UserError(_problem(answer))
        return answer

    def _require_engine(self) -> None:
        """Look whether somebody listens. The HTTP library loses its socket where nobody does (httpcore 1.0.9)."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self._socket))
            except OSError as problem:
                raise NoEngine(f"no engine answers at {self._socket} ({problem.strerror})") from problem


def _problem(answer: httpx.Response) -> str:
    """The engine's words, where it gave any."""
    try:
        body = answer.json()
    except ValueError:
        return f"the engine answered {answer.status_code}"
    if isinstance(body, dict) and isinstance(body.get("problem"), str):
        return str(body["problem"])
    return f"the engine answered {answer.status_code}: {body}"
