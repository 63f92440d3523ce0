"""How the console's process reads: by connections that cannot write, in threads, beside the engine."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import TypeVar

from calls.errors import CallwrightError, RecordError
from calls.records.database import open_readonly, typed
from calls.settings import Settings
from console.engine.status import CampaignShown, Status
from console.web.engine import EngineWay

T = TypeVar("T")


class Reads:
    """What pages and the public API look things up by."""

    def __init__(self, settings: Settings, engine: EngineWay, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self.engine = engine
        self.now = now

    async def read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """What ``look`` finds.

        Raises:
            RecordError: there is no database, or it cannot be read.
            UserError: what was asked for is not there.
        """

        def work() -> T:
            return self._looked(open_readonly(self.settings.engine.database), look)

        return await asyncio.to_thread(work)

    async def read_if_any(self, look: Callable[[sqlite3.Connection | None], T]) -> T:
        """As :meth:`read`; ``look`` gets None where there is no database yet."""

        def work() -> T:
            try:
                connection = open_readonly(self.settings.engine.database)
            except RecordError:
                return look(None)
            return self._looked(connection, look)

        return await asyncio.to_thread(work)

    def _looked(self, connection: sqlite3.Connection, look: Callable[[sqlite3.Connection], T]) -> T:
        with closing(connection):
            try:
                return look(connection)
            except sqlite3.Error as problem:  # it is locked, damaged, or took longer than a statement may
                raise typed(problem, self.settings.engine.database) from problem

    async def status(self) -> tuple[Status | None, str]:
        """The engine at this moment; or None, and why not."""
        try:
            return Status.model_validate_json((await self.engine.ask("GET", "/v1/status")).content), ""
        except CallwrightError as problem:
            return None, str(problem)

    async def live_campaigns(self) -> dict[str, CampaignShown]:
        """The campaigns as the engine runs them, by id; none where no engine answers."""
        status, _ = await self.status()
        return {} if status is None else {each.id: each for each in status.campaigns}
