"""The flows that take calls, and how they change while calls are up: a call keeps the text that it began with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from calls import log
from calls.clock import Clock
from calls.errors import FlowError, Location
from calls.ids import FlowId
from calls.records.flow_versions import How
from calls.records.writer import Writer
from calls.settings import Settings
from console import publishing
from console.engine.books import Books
from console.operations import Done
from ivr.check import Draft
from ivr.flow import Flow


class LiveFlows:
    """The flows of a running engine. One change at a time."""

    def __init__(
        self, settings: Settings, flows: Mapping[FlowId, Flow], writer: Writer, books: Books, clock: Clock
    ) -> None:
        self._settings = settings
        self._flows = dict(flows)
        self._writer = writer
        self._books = books
        self._clock = clock
        self._changing = asyncio.Lock()

    def __getitem__(self, flow_id: FlowId) -> Flow:
        """The flow that a new call takes."""
        return self._flows[flow_id]

    def get(self, flow_id: FlowId) -> Flow | None:
        """The flow that a new call takes; None where there is none of this id."""
        return self._flows.get(flow_id)

    async def require(self, flow_id: FlowId, who: str, note: str) -> None:
        """See to it that calls can take the flow: one that is only in the folder yet takes them from now on.

        Raises:
            FlowError: there is none, or it has an error.
        """
        async with self._changing:
            if flow_id in self._flows:
                return
            path = self._settings.flows / f"{flow_id}.yaml"
            source = await asyncio.to_thread(publishing.read, path)
            if source is None:
                raise FlowError("there is no such flow", Location(path))
            await self._change((Draft(path, source),), How.PUBLISH, who, note)

    async def keep_found(self) -> None:
        """Keep what the engine starts with, where it is new."""
        flows, now = tuple(self._flows.values()), self._clock.now()
        await self._writer.run(lambda db: publishing.keep_found(db, flows, now))

    async def publish(self, texts: Sequence[Draft], who: str, note: str) -> Done:
        """Let ``texts`` take new calls, all of them or none.

        Raises:
            FlowError: one cannot be used. Nothing has changed.
        """
        async with self._changing:
            return await self._change(texts, How.PUBLISH, who, note)

    async def reload(self, who: str, note: str) -> Done:
        """Let the files in the folder take new calls as they are now. Raises as :meth:`publish`."""
        async with self._changing:
            texts = await asyncio.to_thread(publishing.on_disk, self._settings)
            return await self._change(texts, How.RELOAD, who, note)

    async def roll_back(self, flow: str, version: str | None, who: str, note: str) -> Done:
        """Let an earlier text take new calls: that of ``version``, or the one before the newest. Raises as
        :meth:`publish`."""
        async with self._changing:
            text = await self._writer.run(lambda db: publishing.rolled_back(db, self._settings, flow, version))
            return await self._change((text,), How.ROLLBACK, who, note)

    async def _change(self, texts: Sequence[Draft], how: How, who: str, note: str) -> Done:
        live = None if how is How.RELOAD else dict(self._flows)
        with contextlib.ExitStack() as stack:
            preparing = publishing.prepared(self._settings, texts, how, live)
            change = await asyncio.to_thread(stack.enter_context, preparing)  # slow: other calls go on meanwhile
            now = self._clock.now()
            changed = await self._writer.run(lambda db: change.keep(db, who, now, note))
            await asyncio.to_thread(change.place)
            self._flows.update(change.flows)
        log.get().info("flows changed", how=how.value, who=who, flows=[flow.id for flow in changed])
        return Done(said=change.said(changed, f"takes new calls{self._elder(change.flows)}"))

    def _elder(self, flows: Mapping[FlowId, Flow]) -> str:
        """How many calls are still up in older versions, in words."""
        live = [call.live for call in self._books.open_calls if call.live.flow in flows]
        elder = sum(each.flow_version != flows[each.flow].version for each in live if each.flow is not None)
        return f"; {elder} under way keep theirs" if elder else ""
