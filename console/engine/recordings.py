"""The folder of recordings: whether there is room in it, and what is deleted from it."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from functools import partial

from calls import log
from calls.clock import Clock
from calls.errors import RecordError, RecordingError
from calls.recordings import RecordingFiles
from calls.records import retention_marks, voicemail
from calls.records.voicemail import MessageState
from calls.records.writer import Writer
from calls.settings import RecordingSettings
from console.engine.tasks import Tasks
from console.engine.watch import RESERVE_BYTES

LOOK_S = 3600.0
"""How often what is too old is looked for."""

WHO = "keep_days"
"""Who deletes what is too old, for the audit."""


class RecordingKeeper:
    """See the module. The switch writes the files, under the names that we give."""

    def __init__(self, settings: RecordingSettings, writer: Writer, clock: Clock) -> None:
        self.files = RecordingFiles(settings.folder)
        self._keep_days = settings.keep_days
        self._writer = writer
        self._clock = clock

    def start(self, tasks: Tasks) -> None:
        """Delete what is too old, now and from now on."""
        if self._keep_days:
            tasks.start(self._look(), "recordings")

    def has_room(self) -> bool:
        """True where the folder is there, or could be made, and the disk has more than its reserve."""
        try:
            self.files.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.files.folder).free
        except OSError as problem:
            log.get().error("no recordings", folder=str(self.files.folder), problem=str(problem))
            return False
        if free < RESERVE_BYTES:
            log.get().error("no room for recordings", folder=str(self.files.folder), free_mb=free // 2**20)
            return False
        return True

    async def drop(self, name: str) -> None:
        """Delete a recording that is not wanted.

        Raises:
            RecordingError: it could not be deleted.
        """
        await asyncio.to_thread(self.files.delete, name)

    async def delete_old(self) -> int:
        """Delete what is too old, and mark the messages; how many recordings were deleted.

        Raises:
            RecordError: the store did not take it.
            RecordingError: the folder cannot be read.
        """
        now = self._clock.now()
        before = now - timedelta(days=self._keep_days)
        names = await asyncio.to_thread(lambda: list(self.files.older_than(before.timestamp())))
        deleted = 0
        for name in names:
            mark = partial(voicemail.set_state, message_id=name, state=MessageState.DELETED, who=WHO, now=now)
            await self._writer.run(mark)  # before the file: should we die between the two, it is found again
            try:
                deleted += await asyncio.to_thread(self.files.delete, name)
            except RecordingError as problem:  # the others are too old as well
                log.get().error("a recording is too old and cannot be deleted", problem=str(problem))
        if deleted:
            await self._writer.run(partial(retention_marks.add, kind="recordings", removed=deleted))
            log.get().info("recordings were deleted", count=deleted, older_than=before.isoformat(timespec="minutes"))
        await self._writer.run(partial(retention_marks.tell, kind="recordings", before=before, now=now))
        return deleted

    async def _look(self) -> None:
        while True:
            try:
                await self.delete_old()
            except (RecordError, RecordingError) as problem:
                log.get().error("old recordings were not deleted", problem=str(problem))
            await asyncio.sleep(LOOK_S)
