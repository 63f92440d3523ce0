"""Imports of files of leads: the same for the running engine and for a command without one."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from calls.records.store import add_audit
from console.operations import Writes
from dialer.leads import apart, store
from dialer.leads.apart import How
from dialer.leads.columns import parse_map
from dialer.leads.file import LeadFile
from dialer.leads.report import ImportReport
from dialer.leads.seen import Seen

CHUNK = 1 << 20

SAMPLES = 3
"""Rows that a preview shows."""


class Reading(BaseModel):
    """How a file of leads is to be read. ``file`` is its name, for messages; ``map``: ``KIND=COLUMN,...``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    region: str | None = None
    map: str | None = None


class Import(Reading):
    """How a file of leads is to be read, and where to."""

    list: str
    skip_known: bool = False
    """Leave out people who stand in any list."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would make of a file."""

    kind: str
    columns: dict[str, str]
    """What we know, by the name of its column."""
    other_columns: tuple[str, ...]
    """Kept with each lead as they are."""
    samples: tuple[dict[str, str], ...]
    """The first rows, as they stand in the file."""
    rows: int
    good: int
    without_zone: int
    refused: dict[str, int]
    """How many rows for each reason, the most first."""

    def as_json(self) -> dict[str, object]:
        """The preview as JSON values."""
        return {
            "kind": self.kind,
            "columns": self.columns,
            "other_columns": self.other_columns,
            "samples": self.samples,
            "rows": self.rows,
            "good": self.good,
            "without_zone": self.without_zone,
            "refused": self.refused,
        }


async def import_leads(writes: Writes, stream: BinaryIO, given: Import, who: str, now: datetime) -> ImportReport:
    """Import a file in batches, each committed with how far it is, so that calls are recorded in between; the next
    batch is read while one is written. The same file again goes on where it was cut off, or changes nothing.

    Raises:
        LeadError: the file cannot be read at all, or is being imported already.
    """
    digest = await asyncio.to_thread(_digest, stream)
    leads = await asyncio.to_thread(open_leads, stream, given)
    options = json.dumps(given.model_dump(include={"region", "map", "skip_known"}), sort_keys=True)
    begin = partial(
        store.begin,
        list_name=given.list,
        file=Path(given.file).name,
        digest=digest,
        options=options,
        skip_known=given.skip_known,
        now=now,
        new_id=lambda: str(uuid.uuid4()),
    )
    running = await writes.run(begin)
    resumed_after = running.counts.upto
    batches = apart.batches(stream, _how(given), leads, resumed_after)
    reading = asyncio.create_task(asyncio.to_thread(next, batches, None), name="read leads")
    try:
        while (batch := await reading) is not None:
            reading = asyncio.create_task(asyncio.to_thread(next, batches, None), name="read leads")
            running = await writes.run(partial(store.store_batch, running=running, batch=batch, now=now))
    finally:
        if not reading.done():  # the thread reads on in the file, which the caller closes
            await asyncio.wait([reading])
        await asyncio.to_thread(batches.close)
    counts = {"list": given.list, "imported": running.counts.imported, "refused": running.counts.refused}
    await writes.run(partial(store.end, running=running, now=now))
    await writes.run(lambda db: add_audit(db, now, who, "leads.import", counts))
    return await writes.run(partial(store.report, running=running, leads=leads, resumed_after=resumed_after))


def report_as_json(report: ImportReport) -> str:
    """The report of an import, as the API gives it."""
    return json.dumps(report.as_json() | {"said": str(report)})


def open_leads(stream: BinaryIO, given: Reading) -> LeadFile:
    """The leads in a file.

    Raises:
        LeadError: it cannot be read, or has not the columns.
    """
    return _how(given).leads(stream)


def _how(given: Reading) -> How:
    return How(given.file, given.region, parse_map([given.map]) if given.map else ())


def sample(leads: LeadFile) -> tuple[dict[str, str], ...]:
    """The first rows as they stand in the file; the table is read up by that."""
    first = [row.cells for row in itertools.islice(leads.table.rows(), SAMPLES)]
    leads.table.close()
    return tuple(dict(zip(leads.table.header, cells, strict=False)) for cells in first)


def preview(stream: BinaryIO, given: Reading) -> Preview:
    """What an import would make of the file, with every row looked at and nothing written.

    Raises:
        LeadError: the file cannot be read at all.
    """
    leads = open_leads(stream, given)
    header, samples = leads.table.header, sample(leads)
    reasons: Counter[str] = Counter()
    rows = good = without_zone = 0
    with Seen() as seen:
        for batch in open_leads(stream, given).batches():
            rows += batch.rows
            reasons.update(each.reason for each in batch.refused)
            for lead in batch.leads:
                if seen.before(lead.numbers[0].number):
                    reasons["the same number as an earlier row"] += 1
                    continue
                good += 1
                without_zone += not lead.numbers[0].time_zones
    used = {name for names in leads.named.values() for name in names.split(", ")}
    others = tuple(name for name in header if name and name not in used)
    return Preview(
        leads.table.kind, leads.named, others, samples, rows, good, without_zone, dict(reasons.most_common())
    )


def _digest(stream: BinaryIO) -> str:
    """The file's SHA-256."""
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
