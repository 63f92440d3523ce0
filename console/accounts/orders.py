"""What people change of accounts: the same functions for the running engine and for a command without one.

Passwords are hashed by whoever has them: no order holds one, so that none comes into a log.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import uuid
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.errors import UserError
from calls.settings import Settings
from console.accounts import store
from console.accounts.roles import Right, Role
from console.accounts.store import Account, Token
from console.moments import Moment
from console.operations import Done

Hash = Annotated[str, Field(pattern=r"^\$argon2id\$[\x21-\x7e]{1,500}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NAME = re.compile(r"[^\W_](?:[\w .@'-]{0,38}[\w])?")
"""Letters and digits of any script, and what stands in people's names and addresses."""

LONGEST_TOKEN = timedelta(days=366)


class Order(BaseModel):
    """One order."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AddOrder(Order):
    """An account that is to be there. ``first``: only where there is none yet."""

    name: str
    role: Role
    password: Hash
    agent: str | None = None
    must_change: bool = True
    first: bool = False


class ChangeOrder(Order):
    """What is to be changed; None: as it is. ``agent`` "": nobody's desk."""

    role: Role | None = None
    agent: str | None = None
    disabled: bool | None = None


class PasswordOrder(Order):
    """Another password."""

    password: Hash
    must_change: bool = True


class SecondFactorOrder(Order):
    """The secret of which codes are asked for, and the step of the code that showed that its owner has it; None: no
    second factor any more."""

    secret: Annotated[str, Field(pattern=r"^[A-Z2-7]{32}$")] | None
    step: int = 0


class TryOrder(Order):
    """Somebody who tries to log in."""

    name: Annotated[str, Field(max_length=200)]
    address: Annotated[str, Field(max_length=100)]


class SessionOrder(Order):
    """A try that was right. ``step``: of the second factor's code."""

    name: Annotated[str, Field(max_length=200)]
    token: Digest
    address: Annotated[str, Field(max_length=100)]
    step: int | None = None


class TokenOrder(Order):
    """A program's token, by the digest of its secret."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    token: Digest
    scopes: Annotated[frozenset[Right], Field(min_length=1)]
    expires_at: Moment


class Tried(BaseModel):
    """Whether a try may be judged: not before ``locked_until``."""

    locked_until: datetime | None


def new_token(prefix: str = "") -> str:
    """What a browser or a program shows: 256 bits of randomness."""
    return prefix + secrets.token_urlsafe(32)


def add(connection: sqlite3.Connection, order: AddOrder, settings: Settings, who: str, now: datetime) -> Done:
    """
    Raises:
        UserError: the name is none or taken, or there is no such agent.
    """
    if not NAME.fullmatch(order.name):
        raise UserError(f"{order.name!a} is no name of an account: up to 40 letters and digits, with . @ ' - between")
    agent = _agent(settings, order.agent)
    account = Account(str(uuid.uuid4()), order.name, order.role, agent, order.must_change, False, False)
    store.add(connection, account, order.password, who, now, first=order.first)
    return Done(said=f"account {order.name}: {order.role.value}")


def change(
    connection: sqlite3.Connection, name: str, order: ChangeOrder, settings: Settings, who: str, now: datetime
) -> Done:
    """
    Raises:
        UserError: there is no such account or agent, or nobody could administrate any more.
    """
    agent = order.agent if order.agent == "" else _agent(settings, order.agent)
    after = store.change(connection, name, who, now, role=order.role, agent_id=agent, disabled=order.disabled)
    return Done(said=f"account {after.name}: {'disabled' if after.disabled else after.role.value}")


def set_password(connection: sqlite3.Connection, name: str, order: PasswordOrder, who: str, now: datetime) -> Done:
    """
    Raises:
        UserError: there is no such account.
    """
    store.set_password(connection, name, order.password, who, now, must_change=order.must_change)
    return Done(said=f"account {name}: another password")


def set_second_factor(
    connection: sqlite3.Connection, name: str, order: SecondFactorOrder, who: str, now: datetime
) -> Done:
    """
    Raises:
        UserError: there is no such account.
    """
    store.set_second_factor(connection, name, order.secret, who, now, order.step)
    return Done(said=f"account {name}: {'a second factor' if order.secret else 'no second factor'}")


def add_token(connection: sqlite3.Connection, account: str, order: TokenOrder, who: str, now: datetime) -> Done:
    """
    Raises:
        UserError: there is no such account, its role has not these rights, or the token is over or lasts too long.
    """
    if not now < order.expires_at <= now + LONGEST_TOKEN:
        raise UserError(f"a token lasts up to {LONGEST_TOKEN.days} days")
    token = Token(str(uuid.uuid4()), account, order.name, order.scopes, order.expires_at)
    store.add_token(connection, token, order.token, who, now)
    return Done(said=f"token {token.token_id} of {account}: {', '.join(sorted(order.scopes))}")


def revoke(connection: sqlite3.Connection, token_id: str, who: str, now: datetime) -> Done:
    """
    Raises:
        UserError: there is no such token.
    """
    store.revoke(connection, token_id, who, now)
    return Done(said=f"token {token_id}: counts no more")


def _agent(settings: Settings, agent: str | None) -> str | None:
    known = [each.id for each in settings.agents]
    if agent is not None and agent not in known:
        raise UserError(f"no agent {agent!r} in the settings: there are {', '.join(known) or 'none'}")
    return agent
