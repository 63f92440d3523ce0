"""The floor as a picture that changes: what is sent whole once, and by its changes from then on. Pure.

A picture is ``{section: {id: record}}``, a record a flat JSON object. A change is the same with ``None`` where
something has gone; a record that has changed stands in it whole. Times are milliseconds since 1970 (UTC): how long a
state lasts is counted by who looks, and nothing is sent for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Record: TypeAlias = Mapping[str, object]
Picture: TypeAlias = Mapping[str, Mapping[str, Record]]
Changes: TypeAlias = Mapping[str, Mapping[str, Record | None]]


def changes(before: Picture, after: Picture) -> Changes:
    """What makes ``after`` of ``before``; empty where nothing has changed. A section that only one of them has counts
    as empty in the other."""
    found: dict[str, dict[str, Record | None]] = {}
    for section in before.keys() | after.keys():
        old, new = before.get(section, {}), after.get(section, {})
        if old == new:
            continue
        changed: dict[str, Record | None] = {key: each for key, each in new.items() if old.get(key) != each}
        changed |= dict.fromkeys(old.keys() - new.keys())
        found[section] = changed
    return found


def applied(picture: Picture, changed: Changes) -> Picture:
    """``picture`` after ``changed``. Sections that nothing is said of are shared, not copied."""
    after = dict(picture)
    for section, records in changed.items():
        kept = dict(picture.get(section, {}))
        for key, record in records.items():
            if record is None:
                kept.pop(key, None)
            else:
                kept[key] = record
        after[section] = kept
    return after


def merged(first: Changes, then: Changes) -> Changes:
    """Both, as one change: what was said last of each record."""
    found: dict[str, dict[str, Record | None]] = {section: dict(records) for section, records in first.items()}
    for section, records in then.items():
        found.setdefault(section, {}).update(records)
    return found


def only(picture: Changes, sections: Iterable[str]) -> Changes:
    """Those of its sections, of a picture or of changes."""
    return {section: picture[section] for section in sections if section in picture}


def packed(kind: str, seq: int, content: Changes, at_ms: int) -> bytes:
    """A message as it is sent: ``kind`` is "snapshot" or "delta"; each delta has one ``seq`` more.
    ``at_ms``: now, by which the receiver corrects its clock."""
    body = {"kind": kind, "seq": seq, "at": at_ms, "content": content}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
