"""Accounts in the database: functions of a connection, those that change run inside a transaction of the writer."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from calls.errors import UserError
from calls.ids import AgentId
from calls.people import lockout
from calls.people.lockout import Limits, Side, Try
from calls.records.store import add_audit
from calls.records.times import as_text, as_time
from console.accounts.passwords import name_key
from console.accounts.roles import RIGHTS, Right, Role

LOCKS = "console:log-in"
"""Among those that count tries: no authenticator of the settings can have this name."""

LIMITS = Limits(by_account=5, by_caller=30, within_s=900.0, locked_s=900.0)
IDLE = timedelta(hours=2)
SESSION = timedelta(hours=12)
"""A session ends so long after its last use, and after its beginning: a shift."""

SEEN = timedelta(minutes=5)
"""How exactly the last use of a session is kept."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account, without its secrets."""

    account_id: str
    name: str
    role: Role
    agent_id: str | None
    must_change: bool
    has_second_factor: bool
    disabled: bool


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a log-in is judged by."""

    account: Account
    password: str
    totp: str | None
    totp_used: int


@dataclass(frozen=True, slots=True)
class Known:
    """Who asks: an account, with all the rights of its role or a token's share of them."""

    account: Account
    rights: frozenset[Right]
    token: str
    """SHA-256 of what was shown."""
    is_stale: bool = False
    """A session whose last use is to be kept anew."""


def digest(token: str) -> str:
    """What is kept of a session's or a program's token, which has 256 bits of randomness."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


_COLUMNS = "account_id, name, role, agent_id, must_change, totp IS NOT NULL, disabled_at IS NOT NULL"


def _account(row: sqlite3.Row | tuple[object, ...]) -> Account:
    account_id, name, role, agent_id, must_change, second, disabled = row
    return Account(
        str(account_id),
        str(name),
        Role(str(role)),
        None if agent_id is None else str(agent_id),
        bool(must_change),
        bool(second),
        bool(disabled),
    )


def accounts(connection: sqlite3.Connection) -> list[Account]:
    """All, by name."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM accounts ORDER BY name_key")
    return [_account(row) for row in rows]


def any_there(connection: sqlite3.Connection) -> bool:
    """Whether there is any account."""
    return connection.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is not None


def named(connection: sqlite3.Connection, name: str) -> Account:
    """
    Raises:
        UserError: there is none of this name.
    """
    found = connection.execute(f"SELECT {_COLUMNS} FROM accounts WHERE name_key = ?", (name_key(name),)).fetchone()
    if found is None:
        raise UserError(f"no account {name!r}")
    return _account(found)


def as_who(name: str) -> str:
    """How the audit and the engine's API spell the account ``name``: a header is ASCII."""
    return name.encode("ascii", "backslashreplace").decode("ascii")


def is_desk_of(connection: sqlite3.Connection, agent_id: AgentId, who: str) -> bool:
    """Whether ``who``, as :func:`as_who` spells it, is an account whose desk is that of ``agent_id``."""
    rows = connection.execute(
        "SELECT name FROM accounts WHERE agent_id = ? AND disabled_at IS NULL", (agent_id,)
    ).fetchall()
    return any(as_who(name) == who for (name,) in rows)


def secrets_of(connection: sqlite3.Connection, name: str) -> Secrets | None:
    """What a log-in of ``name`` is judged by; None: there is no such account, or it is disabled."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, password, totp, totp_used FROM accounts WHERE name_key = ? AND disabled_at IS NULL",
        (name_key(name),),
    ).fetchone()
    return None if row is None else Secrets(_account(row[:7]), row[7], row[8], row[9])


def add(
    connection: sqlite3.Connection, account: Account, password: str, who: str, now: datetime, *, first: bool = False
) -> None:
    """Add an account. ``password``: its hash. ``first``: only where there is none yet.

    Raises:
        UserError: there is one of this name, or any, where it is to be the first.
    """
    if first and any_there(connection):
        raise UserError("there are accounts already: log in")
    try:
        connection.execute(
            "INSERT INTO accounts (account_id, name, name_key, role, agent_id, password, must_change, created_at,"
            " changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account.account_id,
                account.name,
                name_key(account.name),
                account.role.value,
                account.agent_id,
                password,
                account.must_change,
                as_text(now),
                as_text(now),
            ),
        )
    except sqlite3.IntegrityError as problem:
        raise UserError(f"there is an account {account.name!r} already") from problem
    detail = {"account": account.name, "role": account.role.value, "agent": account.agent_id}
    add_audit(connection, now, who, "account.add", detail)


def change(
    connection: sqlite3.Connection,
    name: str,
    who: str,
    now: datetime,
    *,
    role: Role | None = None,
    agent_id: str | None = None,
    disabled: bool | None = None,
) -> Account:
    """Change what is given (``agent_id`` "": nobody's desk any more); its sessions end, and the tokens of one that is
    disabled.

    Raises:
        UserError: there is none of this name, or nobody could administrate any more.
    """
    found = named(connection, name)
    if role is not None:
        _set(connection, found, "role", role.value)
    if agent_id is not None:
        _set(connection, found, "agent_id", agent_id or None)
    if disabled is not None:
        _set(connection, found, "disabled_at", as_text(now) if disabled else None)
    _require_administrator(connection)
    _end_all(connection, found, tokens=bool(disabled))
    after = named(connection, name)
    _set(connection, found, "changed_at", as_text(now))
    detail = {"account": after.name, "role": after.role.value, "agent": after.agent_id, "disabled": after.disabled}
    add_audit(connection, now, who, "account.change", detail)
    return after


def set_password(
    connection: sqlite3.Connection, name: str, password: str, who: str, now: datetime, *, must_change: bool
) -> None:
    """Give the account another password, by its hash; its sessions end, and tries at the old one count no more."""
    found = named(connection, name)
    _set(connection, found, "password", password)
    _set(connection, found, "must_change", must_change)
    _set(connection, found, "changed_at", as_text(now))
    _end_all(connection, found)
    connection.execute(
        "DELETE FROM pin_tries WHERE authenticator = ? AND side = ? AND who = ?",
        (LOCKS, Side.ACCOUNT.value, name_key(name)),
    )
    add_audit(connection, now, who, "account.password", {"account": found.name, "must_change": must_change})


def set_second_factor(
    connection: sqlite3.Connection, name: str, secret: str | None, who: str, now: datetime, used: int = 0
) -> None:
    """Ask for codes of ``secret`` from now on, of a step after ``used``; None: for none any more."""
    found = named(connection, name)
    _set(connection, found, "totp", secret)
    _set(connection, found, "totp_used", used)
    _set(connection, found, "changed_at", as_text(now))
    add_audit(connection, now, who, "account.second_factor", {"account": found.name, "on": secret is not None})


# --- log-in -----------------------------------------------------------------------------------------------------


def begin(connection: sqlite3.Connection, name: str, address: str, now: datetime) -> datetime | None:
    """Count a try to log in, before it is judged. None: it may be judged; else when the lock ends."""
    until = lockout.begin(connection, Try(LOCKS, name_key(name), address), LIMITS, now)
    if until is not None and _just_locked(connection, name, now):
        add_audit(connection, now, address, "account.locked", {"account": name, "until": as_text(until)})
    return until


def right(connection: sqlite3.Connection, name: str, address: str) -> None:
    """The try that was counted last was right, and nobody logs in by it: a password that is asked for again."""
    lockout.succeeded(connection, Try(LOCKS, name_key(name), address))


def unlock(connection: sqlite3.Connection, name: str, who: str, now: datetime) -> bool:
    """Forget the wrong tries of an account's name; False: there were none. Callers' PINs are another matter."""
    removed = connection.execute(
        "DELETE FROM pin_tries WHERE authenticator = ? AND side = ? AND who = ?",
        (LOCKS, Side.ACCOUNT.value, name_key(name)),
    ).rowcount
    if removed:
        add_audit(connection, now, who, "account.unlock", {"account": name})
    return bool(removed)


def _just_locked(connection: sqlite3.Connection, name: str, now: datetime) -> bool:
    """Whether the try before this was judged: a lock is written down once."""
    row = connection.execute(
        "SELECT tries, locked_until FROM pin_tries WHERE authenticator = ? AND side = ? AND who = ?",
        (LOCKS, Side.ACCOUNT.value, name_key(name)),
    ).fetchone()
    return row is not None and row[1] == as_text(now + timedelta(seconds=LIMITS.locked_s))


def open_session(
    connection: sqlite3.Connection, name: str, token: str, address: str, step: int | None, now: datetime
) -> Account:
    """The try was right: keep the session of ``token``, by its digest. ``step`` of the code, which counts once.

    Raises:
        UserError: the account was disabled meanwhile, or the code has counted.
    """
    found = secrets_of(connection, name)
    if found is None or (found.totp is not None and (step is None or step <= found.totp_used)):
        raise UserError("the account was changed meanwhile: log in again")
    right(connection, name, address)
    if step is not None:
        _set(connection, found.account, "totp_used", step)
    connection.execute(
        "DELETE FROM account_sessions WHERE ends_at <= ? OR seen_at <= ?", (as_text(now), as_text(now - IDLE))
    )
    connection.execute(
        "INSERT INTO account_sessions (token, account_id, began_at, ends_at, seen_at, address)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (token, found.account.account_id, as_text(now), as_text(now + SESSION), as_text(now), address),
    )
    add_audit(connection, now, found.account.name, "account.log_in", {"address": address})
    return found.account


def session_of(connection: sqlite3.Connection, token: str, now: datetime) -> Known | None:
    """Who has the session of ``token``, by its digest; None: nobody, or it is over."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, seen_at FROM account_sessions JOIN accounts USING (account_id)"
        " WHERE token = ? AND ends_at > ? AND seen_at > ? AND disabled_at IS NULL",
        (token, as_text(now), as_text(now - IDLE)),
    ).fetchone()
    if row is None:
        return None
    account = _account(row[:7])
    return Known(account, RIGHTS[account.role], token, as_time(row[7]) <= now - SEEN)


def seen(connection: sqlite3.Connection, token: str, now: datetime) -> None:
    """The session is in use."""
    connection.execute("UPDATE account_sessions SET seen_at = ? WHERE token = ?", (as_text(now), token))


def close_session(connection: sqlite3.Connection, token: str) -> None:
    """The session ends; one that is not there ended before."""
    connection.execute("DELETE FROM account_sessions WHERE token = ?", (token,))


# --- tokens -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    """A program's token, without its secret."""

    token_id: str
    account: str
    name: str
    scopes: frozenset[Right]
    expires_at: datetime


def add_token(connection: sqlite3.Connection, token: Token, kept: str, who: str, now: datetime) -> None:
    """Let a program act for an account, within ``token.scopes``. ``kept``: the digest of its secret.

    Raises:
        UserError: there is no such account, or its role has not all of these rights.
    """
    found = named(connection, token.account)
    if beyond := sorted(token.scopes - RIGHTS[found.role]):
        raise UserError(f"{found.name} is {found.role.value}, who has no right to {', '.join(beyond)}")
    connection.execute(
        "INSERT INTO account_tokens (token_id, token, account_id, name, scopes, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            token.token_id,
            kept,
            found.account_id,
            token.name,
            json.dumps(sorted(token.scopes)),
            as_text(now),
            as_text(token.expires_at),
        ),
    )
    detail = {"account": found.name, "token": token.name, "scopes": sorted(token.scopes)}
    add_audit(connection, now, who, "account.token", detail)


def tokens(connection: sqlite3.Connection) -> list[Token]:
    """All, by account and name."""
    rows = connection.execute(
        "SELECT token_id, accounts.name, account_tokens.name, scopes, expires_at FROM account_tokens"
        " JOIN accounts USING (account_id) ORDER BY accounts.name_key, account_tokens.name"
    )
    return [
        Token(each, account, name, _scopes(scopes), as_time(until)) for each, account, name, scopes, until in rows
    ]


def revoke(connection: sqlite3.Connection, token_id: str, who: str, now: datetime) -> None:
    """
    Raises:
        UserError: there is no such token.
    """
    if not connection.execute("DELETE FROM account_tokens WHERE token_id = ?", (token_id,)).rowcount:
        raise UserError(f"no token {token_id!r}")
    add_audit(connection, now, who, "account.token_revoked", {"token": token_id})


def token_of(connection: sqlite3.Connection, token: str, now: datetime) -> Known | None:
    """Who has the token, by its digest, and with which of the account's rights; None: nobody, or it has expired."""
    row = connection.execute(
        f"SELECT {_qualified()}, scopes FROM account_tokens JOIN accounts USING (account_id)"
        " WHERE token = ? AND expires_at > ? AND disabled_at IS NULL",
        (token, as_text(now)),
    ).fetchone()
    if row is None:
        return None
    account = _account(row[:7])
    return Known(account, RIGHTS[account.role] & _scopes(row[7]), token)


def _qualified() -> str:
    return _COLUMNS.replace("name,", "accounts.name,", 1)


def _scopes(text: str) -> frozenset[Right]:
    kept: Iterable[str] = json.loads(text)
    return frozenset(right for right in Right if right.value in kept)


def _set(connection: sqlite3.Connection, account: Account, column: str, value: object) -> None:
    connection.execute(f"UPDATE accounts SET {column} = ? WHERE account_id = ?", (value, account.account_id))


def _end_all(connection: sqlite3.Connection, account: Account, *, tokens: bool = False) -> None:
    connection.execute("DELETE FROM account_sessions WHERE account_id = ?", (account.account_id,))
    if tokens:
        connection.execute("DELETE FROM account_tokens WHERE account_id = ?", (account.account_id,))


def _require_administrator(connection: sqlite3.Connection) -> None:
    left = connection.execute(
        "SELECT 1 FROM accounts WHERE role = ? AND disabled_at IS NULL LIMIT 1", (Role.ADMINISTRATOR.value,)
    ).fetchone()
    if left is None:
        raise UserError("the last administrator stays one: make another one first")
