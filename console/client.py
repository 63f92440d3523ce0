"""The way to a running engine: its API on the Unix socket."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path

import httpx

from calls.errors import CallwrightError, UserError
from console.engine.status import Status
from console.operations import Done

TIMEOUT_S = 60.0
"""For the slowest answer: an import of a large file."""


class NoEngine(CallwrightError):
    """No engine listens on the socket."""


class EngineClient:
    """Asks the engine at ``socket``. A context manager."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            base_url="http://engine",
            timeout=TIMEOUT_S,
            headers={"X-Callwright-Who": getpass.getuser()},
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

    def send(self, path: str, data: bytes, query: Mapping[str, str]) -> dict[str, object]:
        """``POST`` a file; the answer's JSON object. Raises as :meth:`order`."""
        answer: dict[str, object] = self._ask("POST", path, content=data, params=dict(query)).json()
        return answer

    def tell(self, method: str, path: str, json: Mapping[str, object] | None = None) -> Done:
        """Any other request with a JSON body. Raises as :meth:`order`."""
        return Done.model_validate_json(self._ask(method, path, json=json).content)

    def _ask(self, method: str, path: str, **more: object) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **more)  # type: ignore[arg-type]  # httpx's own keywords
        except httpx.TransportError as problem:
            raise NoEngine(f"no engine answers at {self._socket} ({problem})") from problem
        if answer.is_error:
            raise UserError(_problem(answer))
        return answer


def _problem(answer: httpx.Response) -> str:
    """The engine's words, where it gave any."""
    try:
        body = answer.json()
    except ValueError:
        return f"the engine answered {answer.status_code}"
    if isinstance(body, dict) and isinstance(body.get("problem"), str):
        return str(body["problem"])
    return f"the engine answered {answer.status_code}: {body}"
