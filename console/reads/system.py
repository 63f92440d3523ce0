"""What administrators look at: accounts and tokens, the audit, and the settings without their secrets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field

from calls.people import lockout
from calls.records.times import as_text
from calls.settings import Settings
from console.accounts import store
from console.accounts.passwords import name_key
from console.moments import Moment


class AccountShown(BaseModel):
    """An account, without its secrets. ``locked_until``: guessed too often; None: it may log in."""

    model_config = ConfigDict(frozen=True)
    name: str
    role: str
    agent: str | None
    second_factor: bool
    must_change: bool
    disabled: bool
    locked_until: datetime | None
    sessions: int
    """In which it is logged in now."""


class TokenShown(BaseModel):
    """A program's token, without its secret."""

    model_config = ConfigDict(frozen=True)
    id: str
    account: str
    purpose: str
    scopes: tuple[str, ...]
    expires_at: datetime


class AuditSearch(BaseModel):
    """Which changes: ``[begin, end)``, by whom, of which kind (``campaign`` is all of its kinds). ``before``: the
    ``next`` of the page before."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    begin: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None
    who: Annotated[str, Field(max_length=100)] = ""
    what: Annotated[str, Field(max_length=100)] = ""
    before: Annotated[int | None, Field(ge=1, le=2**62)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class ChangeShown(BaseModel):
    """One change."""

    model_config = ConfigDict(frozen=True)
    id: int
    at: datetime
    who: str
    what: str
    detail: Mapping[str, object]


class AuditPage(BaseModel):
    """One page, the newest first; ``next``: for ``before``, None: there are no more."""

    model_config = ConfigDict(frozen=True)
    changes: tuple[ChangeShown, ...]
    next: int | None


def accounts(connection: sqlite3.Connection, now: datetime) -> list[AccountShown]:
    """All accounts by name."""
    locked = {
        each.who: each.until
        for each in lockout.locks(connection, now)
        if each.authenticator == store.LOCKS and each.side is lockout.Side.ACCOUNT
    }
    sessions = dict(
        connection.execute(
            "SELECT account_id, count(*) FROM account_sessions WHERE ends_at > ? AND seen_at > ? GROUP BY account_id",
            (as_text(now), as_text(now - store.IDLE)),
        ).fetchall()
    )
    return [
        AccountShown(
            name=each.name,
            role=each.role.value,
            agent=each.agent_id,
            second_factor=each.has_second_factor,
            must_change=each.must_change,
            disabled=each.disabled,
            locked_until=locked.get(name_key(each.name)),
            sessions=sessions.get(each.account_id, 0),
        )
        for each in store.accounts(connection)
    ]


def tokens(connection: sqlite3.Connection) -> list[TokenShown]:
    """All tokens of programs by account and purpose."""
    return [
        TokenShown(
            id=each.token_id,
            account=each.account,
            purpose=each.name,
            scopes=tuple(sorted(each.scopes)),
            expires_at=each.expires_at,
        )
        for each in store.tokens(connection)
    ]


def changes(connection: sqlite3.Connection, wanted: AuditSearch) -> AuditPage:
    """One page of the audit, the newest first."""
    rows = connection.execute(
        "SELECT audit_id, at, who, what, detail FROM audit WHERE (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at < ?2)"
        " AND (?3 = '' OR who = ?3) AND (?4 = '' OR what = ?4 OR substr(what, 1, length(?4) + 1) = ?4 || '.')"
        " AND (?5 IS NULL OR audit_id < ?5) ORDER BY audit_id DESC LIMIT ?6",
        (
            None if wanted.begin is None else as_text(wanted.begin),
            None if wanted.end is None else as_text(wanted.end),
            wanted.who,
            wanted.what,
            wanted.before,
            wanted.limit + 1,
        ),
    ).fetchall()
    shown = tuple(
        ChangeShown(id=row[0], at=row[1], who=row[2], what=row[3], detail=json.loads(row[4]))
        for row in rows[: wanted.limit]
    )
    return AuditPage(changes=shown, next=shown[-1].id if len(rows) > wanted.limit else None)


def settings_shown(settings: Settings) -> dict[str, object]:
    """The settings as JSON values: secrets are left out whole, and so are the queries of addresses and the values of
    headers and of other packages' options, in which people may have written tokens."""
    shown = settings.model_dump(mode="json", exclude={"secrets"})
    return {key: _without_tokens(value) for key, value in shown.items()}


HIDDEN = "..."
OPAQUE = frozenset({"headers", "synthesizer_options"})
"""Tables of which only the names are shown."""


def _without_tokens(value: object) -> object:
    match value:
        case str() if value.startswith(("http://", "https://")):
            parts = urlsplit(value)
            return urlunsplit((parts.scheme, parts.netloc, parts.path, HIDDEN, "")) if parts.query else value
        case dict():
            return {key: _of(key, each) for key, each in value.items()}
        case list():
            return [_without_tokens(each) for each in value]
        case _:
            return value


def _of(key: str, value: object) -> object:
    if key in OPAQUE and isinstance(value, dict):
        return dict.fromkeys(value, HIDDEN)
    return _without_tokens(value)
