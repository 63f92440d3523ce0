"""The public API: the engine's own routes at ``/api``, for those who have the right; and its OpenAPI document."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.background import BackgroundTask

from console.client import NoEngine
from console.web import api_reads, rights
from console.web.engine import EngineWay
from console.web.guard import SAFE, Refused, check_csrf, check_length, check_right, is_by_cookie, known_of
from console.web.reads import Reads

PASSED = ("content-type", "content-length", "accept")
"""The headers of a request that reach the engine."""

BODY_S = 30.0
"""How long an order may take to come; a file may take longer."""

SHOWN = ("content-type", "content-disposition", "content-length")
"""The headers of its answer that reach who asked."""


def add(app: FastAPI, engine: EngineWay, reads: Reads) -> None:
    """Add the routes."""
    own = api_reads.router(reads)
    app.include_router(own)

    @app.get("/api/openapi.json")
    async def openapi(request: Request) -> Response:
        known_of(request)
        answer = await engine.ask("GET", "/v1/openapi.json")
        read = get_openapi(title="", version="", routes=own.routes)
        return JSONResponse(document(answer.json(), read))

    @app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def pass_on(request: Request, path: str) -> Response:
        known = known_of(request)
        found = rights.find(request.method, f"/{path}")
        if found is None:
            return JSONResponse({"problem": f"there is no {request.method} /api/{path}"}, 404)
        check_right(known, found.right_for(known))
        if request.method not in SAFE and is_by_cookie(request):
            check_csrf(request, request.headers.get("x-csrf-token"))
        if found.need.longest is not None:
            check_length(request, found.need.longest)
        headers = {name: request.headers[name] for name in PASSED if name in request.headers}
        body = request.stream() if found.need.longest is None else await whole(request)
        raw = request.scope["raw_path"].decode("ascii").removeprefix("/api").partition("?")[0]
        try:
            answer = await engine.pass_on(
                request.method, raw, request.scope["query_string"], headers, body, known.account.name
            )
        except NoEngine as problem:
            return JSONResponse({"problem": str(problem)}, 503)
        except httpx.InvalidURL as problem:
            return JSONResponse({"problem": f"no path of the engine: {problem}"}, 404)
        shown = {name: answer.headers[name] for name in SHOWN if name in answer.headers}
        return StreamingResponse(
            answer.aiter_raw(), answer.status_code, shown, background=BackgroundTask(answer.aclose)
        )


async def whole(request: Request) -> bytes:
    """The body of an order, whose length was checked.

    Raises:
        Refused: it did not come in time.
    """
    try:
        async with asyncio.timeout(BODY_S):
            return await request.body()
    except TimeoutError as problem:
        raise Refused(408, f"the order did not come within {BODY_S:.0f} s") from problem


def document(engine_s: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's OpenAPI document as the public API's: what stands in :data:`console.web.rights.ROUTES`, with the
    rights that it takes, and the console's ``own`` routes."""
    paths: dict[str, dict[str, Any]] = {}
    for path, operations in engine_s["paths"].items():
        for method, operation in operations.items():
            need = rights.ROUTES.get((method.upper(), path))
            if need is not None:
                desk = " (of one's own desk: `desk`)" if need.own else ""
                shown = {
                    **operation,
                    "parameters": [each for each in operation.get("parameters", []) if each["in"] != "header"],
                    "description": f"Takes the right `{need.right.value}`{desk}.",
                    "security": [{"token": [need.right.value]}],
                }
                paths.setdefault(f"/api{path}", {})[method] = shown
    for path, operations in own["paths"].items():
        paths.setdefault(path, {}).update(operations)
    schemas = {**engine_s.get("components", {}).get("schemas", {}), **own.get("components", {}).get("schemas", {})}
    schemes = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        **engine_s,
        "info": {"title": "Callwright", "version": engine_s["info"]["version"]},
        "paths": paths,
        "components": {**engine_s.get("components", {}), "schemas": schemas, "securitySchemes": schemes},
    }
