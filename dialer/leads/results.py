"""What became of the leads of a list, for whoever takes them elsewhere: a row a lead and campaign that has it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from calls.ids import ListId
from dialer.leads.lists import find

PAGE = 2000
"""Leads in one look: some 50 ms, so that no reader is in the writer's way for long."""

COLUMNS = (
    "number", "kind", "other numbers", "name", "place", "time zones", "priority", "imported at", "campaign",
    "lead state", "tries", "last outcome", "last number", "last dialled at", "disposition", "agent", "talk s",
    "next try at", "refused by",
)  # fmt: skip
"""Before those of the files. None is one that an import would take for something else."""

# By their order of time SQLite would look for a lead's attempts among all of the campaign.
_ROWS = """
SELECT l.row, l.number, l.kind,
    coalesce((SELECT group_concat(number, ' ') FROM lead_numbers WHERE lead_id = l.lead_id), ''),
    l.name, l.region, l.time_zones, l.priority, l.imported_at, r.campaign_id,
    iif(l.removed_at IS NOT NULL, 'removed', iif(r.excluded AND r.state IN ('new', 'retry'), 'excluded', r.state)),
    r.tries, r.last_outcome,
    a.number, a.intended_at,
    (SELECT disposition FROM calls WHERE campaign_id = r.campaign_id AND lead_id = l.lead_id
        AND disposition IS NOT NULL ORDER BY ended_at DESC LIMIT 1),
    c.agent_id, round(c.talk_s, 1), r.next_try_at,
    iif(r.state = 'refused', (SELECT group_concat(rule, ' ') FROM refusals
        WHERE campaign_id = r.campaign_id AND lead_id = l.lead_id), NULL),
    l.fields
FROM (SELECT rowid AS row, * FROM leads WHERE list_id = :list AND rowid > :after ORDER BY rowid LIMIT :most) AS l
LEFT JOIN campaign_leads AS r ON r.lead_id = l.lead_id AND (:campaign IS NULL OR r.campaign_id = :campaign)
LEFT JOIN attempts AS a ON a.attempt_id = (
    SELECT attempt_id FROM attempts INDEXED BY attempts_by_lead
    WHERE lead_id = l.lead_id AND campaign_id = r.campaign_id AND NOT unsent
    ORDER BY intended_at DESC LIMIT 1
)
LEFT JOIN calls AS c ON c.call_id = a.attempt_id
ORDER BY l.row, r.campaign_id
"""

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, each of as many cells as there are columns. ``after``: for the next page; None: it was the last."""

    rows: tuple[tuple[Cell, ...], ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class Results:
    """Of one list. ``campaign``: of this one alone; None: of all. ``fields``: the columns of the list's files that
    were kept as they are."""

    list_id: ListId
    campaign: str | None
    fields: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns; one of a file that is called as one of ours says that it is the file's."""
        return COLUMNS + tuple(f"{each} (file)" if each in COLUMNS else each for each in self.fields)

    def page(self, connection: sqlite3.Connection, after: int = 0, most: int = PAGE) -> Page:
        """The leads behind row ``after``, in the order of their import."""
        given = {"list": self.list_id, "campaign": self.campaign, "after": after, "most": most}
        found = connection.execute(_ROWS, given).fetchall()
        leads = {row[0] for row in found}
        return Page(tuple(map(self._row, found)), max(leads) if len(leads) == most else None)

    def pages(self, connection: sqlite3.Connection) -> Iterator[Page]:
        """All of it."""
        after: int | None = 0
        while after is not None:
            page = self.page(connection, after)
            yield page
            after = page.after

    def _row(self, row: sqlite3.Row) -> tuple[Cell, ...]:
        _, *cells, fields = row
        cells[5] = " ".join(json.loads(cells[5]))
        kept = json.loads(fields)
        return (*cells, *(kept.get(each) for each in self.fields))


def results(connection: sqlite3.Connection, name: str, campaign: str | None = None) -> Results:
    """What is asked of a list.

    Raises:
        LeadError: there is no such list.
    """
    list_id = find(connection, name)
    keys = connection.execute(
        "SELECT DISTINCT field.key FROM leads, json_each(leads.fields) AS field WHERE list_id = ? ORDER BY 1",
        (list_id,),
    )
    return Results(list_id, campaign, tuple(row[0] for row in keys))
