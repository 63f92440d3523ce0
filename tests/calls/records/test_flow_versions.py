"""The history of a flow: what is kept, what is found, and where a rollback leads."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from calls.errors import FlowError
from calls.ids import FlowId
from calls.records.flow_versions import FlowVersion, How, before, find, history, keep, version_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MAIN = FlowId("main")
A, B, C = (version_of(text) for text in (b"a", b"b", b"c"))


def kept(connection: sqlite3.Connection, *texts: tuple[bytes, How]) -> list[bool]:
    return [
        keep(connection, MAIN, version_of(text), text, how, NOON + timedelta(seconds=second), "eve", "why")
        for second, (text, how) in enumerate(texts)
    ]


def test_a_version_is_the_beginning_of_the_digest() -> None:
    assert version_of(b"a") == hashlib.sha256(b"a").hexdigest()[:12]


def test_only_another_text_than_the_newest_is_kept(connection: sqlite3.Connection) -> None:
    texts = ((b"a", How.START), (b"a", How.RELOAD), (b"b\xff\0", How.PUBLISH), (b"a", How.ROLLBACK))
    assert kept(connection, *texts) == [True, False, True, True]
    assert history(connection, "main")[1] == FlowVersion(
        2, MAIN, version_of(b"b\xff\0"), b"b\xff\0", How.PUBLISH, NOON + timedelta(seconds=2), "eve", "why"
    )
    assert [each.version for each in history(connection, "main")] == [A, version_of(b"b\xff\0"), A]
    assert history(connection, "other") == []


def test_a_version_is_found_by_its_first_digits(connection: sqlite3.Connection) -> None:
    kept(connection, (b"a", How.START), (b"b", How.PUBLISH), (b"a", How.ROLLBACK))
    assert find(connection, "main", A[:4]).number == 3, "as it was kept last"
    assert find(connection, "main", B).source == b"b"
    for wrong in (A[:3], "", "0000", f"{A}0", "%"):
        with pytest.raises(
            FlowError, match=f"is (no|one of several) versions? of the flow main; there are: {A}, {B}$"
        ):
            find(connection, "main", wrong)
    with pytest.raises(FlowError, match="there are: none"):
        find(connection, "other", A)


def test_a_rollback_leads_to_what_took_calls_before(connection: sqlite3.Connection) -> None:
    with pytest.raises(FlowError, match="nothing to go back to"):
        before(connection, "main")
    kept(connection, (b"a", How.START))
    with pytest.raises(FlowError, match="no earlier version of the flow main"):
        before(connection, "main")
    kept(connection, (b"b", How.PUBLISH), (b"c", How.REPLACED), (b"b", How.PUBLISH))
    assert before(connection, "main").version == A, "c took no calls, and b is what takes them now"
    kept(connection, (b"a", How.ROLLBACK))
    assert before(connection, "main").version == B, "a rollback is taken back by another"
