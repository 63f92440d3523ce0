"""The engine's API asked within the loop of a test, with no socket: in held time too."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI

from console.engine.api import control
from console.engine.engine import Engine


async def ask(
    engine: Engine, path: str, json: dict[str, Any] | None = None, method: str = "POST", **query: str
) -> httpx.Response:
    """One request to the engine, under the name of a supervisor."""
    transport = httpx.ASGITransport(_api_of(engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
        return await client.request(
            method, path, json=json, params=query, headers={"X-Callwright-Who": "the supervisor"}
        )


def _api_of(engine: Engine) -> FastAPI:
    """The engine's API, made once for it: that takes as long as twenty requests."""
    api: FastAPI | None = vars(engine).get("api")
    if api is None:
        api = vars(engine)["api"] = control(engine)
    return api
