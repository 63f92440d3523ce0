"""One source of look-ups, a server or a database: what it says to some arguments, or why it says nothing."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol
from urllib.parse import quote

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from calls.errors import OutsideError, OutsideRefused, OutsideTooLate, RecordError
from calls.outside import PLACEHOLDER, LookupSettings, placeholders
from calls.records.database import open_readonly
from console.engine.outside import Answered, Host, Sent
from ivr.values import Value, in_words

FAILED, MISSING, REFUSED, TIMEOUT = "failed", "missing", "refused", "timeout"

AGAIN_AFTER_S = 0.2
"""The first wait before a server is asked once more; the next is twice that, spread by chance."""
AGAIN = frozenset({429, 500, 502, 503, 504})
GONE = frozenset({404, 410})
FORBIDDEN = frozenset({401, 403, 407, 511})

MAX_ROW_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """What the source says: JSON with exact numbers, or a row by its columns. ``size``: bytes."""

    said: object = field(repr=False)
    size: int


@dataclass(frozen=True, slots=True)
class NotFound:
    """It says nothing. ``reason``: one of the four words. ``why`` is for the log and names no argument."""

    reason: str
    why: str = ""


class _AskAgain(Exception):
    """Something that may be otherwise in a moment."""

    def __init__(self, outcome: NotFound) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


class Source(Protocol):
    """A server or a database."""

    async def ask(self, arguments: Mapping[str, Value]) -> Found | NotFound:
        """What it says; the deadline is whoever asks's."""


class ServerSource:
    """A server."""

    def __init__(self, at: LookupSettings, host: Host) -> None:
        self._at = at
        self._host = host

    async def ask(self, arguments: Mapping[str, Value]) -> Found | NotFound:
        """See :class:`Source`. Asked again where that may help."""
        texts = {name: in_words(value) for name, value in arguments.items()}
        in_url = placeholders(self._at.url or "")
        if any(texts.get(name, "") in ("", ".", "..") for name in in_url):
            return NotFound(MISSING, "an argument is empty")  # it would ask for something else: the whole list
        sent = _request(self._at, texts, in_url)
        trying = AsyncRetrying(
            stop=stop_after_attempt(1 + self._at.retries),
            wait=wait_random_exponential(multiplier=AGAIN_AFTER_S, max=1.0),
            retry=retry_if_exception_type(_AskAgain),
            reraise=True,
        )
        try:
            return await trying(self._once, sent)
        except _AskAgain as problem:
            return problem.outcome

    async def _once(self, sent: Sent) -> Found | NotFound:
        try:
            answer = await self._host.ask(sent, self._at.deadline_s)
        except OutsideRefused as problem:
            return NotFound(REFUSED, str(problem))
        except OutsideTooLate as problem:
            return NotFound(TIMEOUT, str(problem))
        except OutsideError as problem:
            raise _AskAgain(NotFound(FAILED, str(problem))) from problem
        if answer.status in AGAIN:
            raise _AskAgain(NotFound(FAILED, f"status {answer.status}"))
        return _read(answer)


def _request(at: LookupSettings, texts: Mapping[str, str], in_url: list[str]) -> Sent:
    url = PLACEHOLDER.sub(lambda place: quote(texts[place[1]], safe=""), at.url or "")
    if at.method == "GET":
        return Sent("GET", url, headers={"Accept": "application/json"})
    body = json.dumps({name: text for name, text in texts.items() if name not in in_url})
    return Sent("POST", url, body.encode(), {"Accept": "application/json", "Content-Type": "application/json"})


def _read(answer: Answered) -> Found | NotFound:
    status = answer.status
    if status in GONE or status == 204:
        return NotFound(MISSING)
    if status in FORBIDDEN or 300 <= status <= 399:
        return NotFound(REFUSED, f"status {status}")
    if not 200 <= status <= 299:
        return NotFound(FAILED, f"status {status}")
    try:
        said = json.loads(answer.body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError) as problem:
        return NotFound(FAILED, f"no JSON: {type(problem).__name__}")
    return NotFound(MISSING) if said is None else Found(said, len(answer.body))


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


class DatabaseSource:
    """An SQLite database, opened for reading only for each question, off the event loop."""

    def __init__(self, at: LookupSettings, threads: Executor) -> None:
        self._at = at
        self._threads = threads

    async def ask(self, arguments: Mapping[str, Value]) -> Found | NotFound:
        """See :class:`Source`."""
        bound = {name: _bound(value) for name, value in arguments.items()}
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, bound)

    def _ask(self, bound: Mapping[str, str | int | None]) -> Found | NotFound:
        if self._at.database is None or self._at.sql is None:
            raise AssertionError("a source of the settings is a server or a database")
        try:
            connection = open_readonly(self._at.database, self._at.deadline_s)
        except RecordError as problem:
            return NotFound(FAILED, str(problem))
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW_BYTES)
            row = connection.execute(self._at.sql, bound).fetchone()
        except sqlite3.Error as problem:
            late = getattr(problem, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT
            return NotFound(TIMEOUT if late else FAILED, type(problem).__name__ if late else str(problem))
        finally:
            connection.close()
        if row is None:
            return NotFound(MISSING)
        said = {column: row[column] for column in row.keys()}
        return Found(said, sum(len(str(value)) for value in said.values()))


def _bound(value: Value) -> str | int | None:
    """A value as SQLite binds it; a decimal number as it is written."""
    return in_words(value) if isinstance(value, Decimal) else value
