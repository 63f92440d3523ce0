"""What people change of a campaign while it runs: validated as its file is, and kept beside it in the store.

A change holds until it is reset, or until the campaign is started with another text of its file. The functions of a
connection run inside a transaction of the writer, or read.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime

from calls.errors import CampaignError
from calls.ids import CampaignId
from calls.records.times import as_text
from calls.settings import Settings
from calls.toml_file import Document, checked, dotted
from dialer import campaign as campaigns
from dialer.campaign import Campaign, CampaignFile

Value = str | int | float | bool
Changes = Mapping[str, Value]

KEYS = (
    "pacing.mode", "pacing.ratio", "pacing.cap", "pacing.calls_per_minute", "max_lines", "priority", "weight"
)  # fmt: skip
"""What can be changed while a campaign runs."""

OF_A_MODE = ("pacing.ratio", "pacing.calls_per_minute")
"""Go with one mode only: another mode leaves them out."""


def read(pairs: Iterable[str]) -> dict[str, Value]:
    """The changes in words such as ``pacing.mode=power`` and ``max_lines=30``.

    Raises:
        CampaignError: one is none.
    """
    changes: dict[str, Value] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise CampaignError(f"{pair!r}: expected a key and a value such as max_lines=30")
        changes[key.strip()] = _value(text.strip())
    return changes


def _value(text: str) -> Value:
    """As TOML reads it; what is no number and no truth value is a text, with quotes or without."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, str | int | float | bool) else text


def changed(campaign: Campaign, changes: Changes) -> Campaign:
    """The campaign with ``changes``.

    Raises:
        CampaignError: one of them cannot be changed, or has no such value.
    """
    for key in changes:
        if key not in KEYS:
            raise CampaignError(f"{key} cannot be changed while it runs: expected one of {', '.join(KEYS)}")
    data = campaign.file.model_dump(mode="json", exclude_unset=True)
    pacing = dict(data.get("pacing", {}))
    if "pacing.mode" in changes and changes["pacing.mode"] != campaign.file.pacing.mode:
        pacing = {key: value for key, value in pacing.items() if f"pacing.{key}" not in OF_A_MODE}
    for key, value in changes.items():
        section, dot, name = key.partition(".")
        if dot:
            pacing[name] = value
        else:
            data[section] = value
    if pacing:
        data["pacing"] = pacing
    return campaign.model_copy(update={"file": checked(CampaignFile, Document(data), CampaignError)})


def require_fit(campaign: Campaign, settings: Settings) -> None:
    """Refuse what a file would be refused for.

    Raises:
        CampaignError: names the key, and what was expected.
    """
    for place, words in campaigns.faults(campaign.file, settings):
        raise CampaignError(f"campaign {campaign.id}: {dotted(place)}: {words}")


def merged(before: Changes, more: Changes) -> dict[str, Value]:
    """The changes after ``more`` of them: a mode leaves out what went with the one before."""
    kept = {key: value for key, value in before.items() if "pacing.mode" not in more or key not in OF_A_MODE}
    return kept | dict(more)


# --- the store --------------------------------------------------------------------------------------------------


def kept(connection: sqlite3.Connection, campaign_id: CampaignId) -> dict[str, Value]:
    """The changes that hold."""
    rows = connection.execute(
        "SELECT key, value FROM campaign_changes WHERE campaign_id = ? ORDER BY key", (campaign_id,)
    )
    return {row[0]: json.loads(row[1]) for row in rows}


def keep(connection: sqlite3.Connection, campaign_id: CampaignId, changes: Changes, who: str, now: datetime) -> None:
    """Let these changes hold, and no others."""
    clear(connection, campaign_id)
    connection.executemany(
        "INSERT INTO campaign_changes (campaign_id, key, value, changed_at, who) VALUES (?, ?, ?, ?, ?)",
        [(campaign_id, key, json.dumps(value), as_text(now), who) for key, value in changes.items()],
    )


def clear(connection: sqlite3.Connection, campaign_id: CampaignId) -> bool:
    """Let the file alone hold; True where there were changes."""
    return connection.execute("DELETE FROM campaign_changes WHERE campaign_id = ?", (campaign_id,)).rowcount > 0


def effective(connection: sqlite3.Connection, campaign: Campaign) -> Campaign:
    """The campaign as it runs: its file and the changes that hold.

    Raises:
        CampaignError: a change does not fit the file any more.
    """
    changes = kept(connection, campaign.campaign_id)
    return changed(campaign, changes) if changes else campaign
