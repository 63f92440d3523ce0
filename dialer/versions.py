"""The rules of a campaign as they were, by their digest: what an attempt was begun under outlives every edit.

A version is the campaign's file and its preset, as JSON that needs nothing of this code to be understood.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import fields
from datetime import date, datetime, timedelta
from enum import Enum
from functools import lru_cache

from calls.records.store import add_audit
from calls.records.times import as_text
from dialer.campaign import Campaign
from dialer.presets import Preset

DIGEST_LETTERS = 16
"""Of the SHA-256, in hexadecimal: enough to tell the versions of one campaign apart."""

NOT_RULES = ("sources",)
"""What a preset says about itself."""


def rules_of(campaign: Campaign) -> str:
    """The rules as JSON, the same text for the same rules. Times are seconds."""
    preset = {name: value for name, value in _plain_fields(campaign.preset).items() if name not in NOT_RULES}
    return json.dumps({"campaign": campaign.model_dump(mode="json"), "preset": preset}, sort_keys=True)


def keep(connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> str:
    """The version of the campaign's rules, kept if it is new."""
    version = _version(_Same(campaign))
    known = connection.execute(
        "SELECT 1 FROM campaign_versions WHERE campaign_id = ? AND version = ?", (campaign.id, version)
    ).fetchone()
    if known is None:
        connection.execute(
            "INSERT INTO campaign_versions (campaign_id, version, rules, first_at) VALUES (?, ?, ?, ?)",
            (campaign.id, version, rules_of(campaign), as_text(now)),
        )
    return version


class _Same:
    """A campaign as what it is, not as what it says: each attempt asks for the version, and what it says is long."""

    __slots__ = ("campaign",)

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign

    def __hash__(self) -> int:
        return id(self.campaign)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.campaign is other.campaign


@lru_cache(maxsize=256)
def _version(same: _Same) -> str:
    """Of a campaign, which never changes once it is made."""
    return hashlib.sha256(rules_of(same.campaign).encode()).hexdigest()[:DIGEST_LETTERS]


def audit_change(
    connection: sqlite3.Connection, before: str | None, campaign: Campaign, who: str, now: datetime
) -> None:
    """Write what changed against ``before``, the rules that held until now; nothing where nothing did."""
    old = _flat(json.loads(before)) if before else {}
    new = _flat(json.loads(rules_of(campaign)))
    changed = {key: [old.get(key), new.get(key)] for key in sorted({*old, *new}) if old.get(key) != new.get(key)}
    if before is None:
        add_audit(connection, now, who, "campaign.new", {"campaign": campaign.id, "settings": new})
    elif changed:
        add_audit(connection, now, who, "campaign.change", {"campaign": campaign.id, "changed": changed})


def newest(connection: sqlite3.Connection, campaign_id: str) -> str | None:
    """The rules that were kept for the campaign last; None: none were."""
    row = connection.execute(
        "SELECT rules FROM campaign_versions JOIN campaigns USING (campaign_id, version) WHERE campaign_id = ?",
        (campaign_id,),
    ).fetchone()
    return None if row is None else str(row[0])


def _flat(value: object, place: str = "") -> dict[str, object]:
    """The leaves of a JSON object by their dotted places."""
    if isinstance(value, dict) and value:
        found: dict[str, object] = {}
        for key, inner in value.items():
            found |= _flat(inner, f"{place}.{key}".removeprefix("."))
        return found
    return {place: value}


def _plain_fields(value: Preset) -> dict[str, object]:
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case timedelta():
            return value.total_seconds()
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(each) for each in value]
        case None | str() | bool() | int() | float():
            return value
        case _ if hasattr(value, "items"):
            return {key: _plain(inner) for key, inner in value.items()}
        case _:
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}  # type: ignore[arg-type]
