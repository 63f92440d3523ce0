"""``/v1/downloads``: the console's process writes down who takes what is known of people, before it gives it out."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Header

from console import downloads
from console.downloads import DownloadOrder
from console.engine.engine import Engine
from console.operations import Done

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """The route."""

    @app.post("/v1/downloads")
    async def write_down(order: DownloadOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: downloads.write_down(db, order, who, now))
