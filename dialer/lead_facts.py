"""What a list says of one lead, for who talks to them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from calls.ids import LeadId


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """A lead as its file had it: hostile text. ``fields``: its other columns, by the header's names."""

    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def facts(connection: sqlite3.Connection, lead_id: LeadId) -> LeadFacts:
    """What is known of the lead; nothing of one that is gone."""
    row = connection.execute("SELECT name, fields FROM leads WHERE lead_id = ?", (lead_id,)).fetchone()
    return LeadFacts() if row is None else LeadFacts(row[0], json.loads(row[1]))
