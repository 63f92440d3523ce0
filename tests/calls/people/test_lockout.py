"""Locks against guessing: by account, by caller, over time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.people.lockout import Limits, Side, Try, begin, locks, succeeded, unlock
from calls.records.database import open_writer
from calls.records.migrations import migrate

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LIMITS = Limits(by_account=3, by_caller=5, within_s=3600, locked_s=1800)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    made = open_writer(tmp_path_factory.mktemp("lockout") / "callwright.db")
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def db(store: sqlite3.Connection) -> sqlite3.Connection:
    store.execute("DELETE FROM pin_tries")
    return store


def tried(account: str = "4711", caller: str = "+4930123") -> Try:
    return Try("customers", account, caller)


def test_an_account_is_locked_after_its_tries_whoever_calls(db: sqlite3.Connection) -> None:
    for number in range(3):
        assert begin(db, tried(caller=f"+49{number}"), LIMITS, later(number)) is None
    assert begin(db, tried(caller="+499"), LIMITS, later(3)) == later(1803)
    assert begin(db, tried(caller="+498"), LIMITS, later(1802.9)) == later(1803)
    assert begin(db, tried(account="4712", caller="+498"), LIMITS, later(4)) is None
    assert begin(db, tried(caller="+498"), LIMITS, later(1803)) is None


def test_a_caller_is_locked_whatever_the_account(db: sqlite3.Connection) -> None:
    for number in range(5):
        assert begin(db, tried(account=str(number)), LIMITS, NOON) is None
    assert begin(db, tried(account="9"), LIMITS, NOON) == later(1800)
    assert [(lock.side, lock.who) for lock in locks(db, NOON)] == [(Side.CALLER, "+4930123")]
    assert locks(db, later(1800)) == []


def test_a_caller_who_is_locked_locks_nobody(db: sqlite3.Connection) -> None:
    for number in range(6):
        begin(db, tried(account=str(number)), LIMITS, NOON)
    for _ in range(9):
        assert begin(db, tried(account="4711"), LIMITS, later(60)) == later(1800)
    assert [lock.side for lock in locks(db, later(61))] == [Side.CALLER]
    assert begin(db, tried(account="4711", caller="+49301"), LIMITS, later(62)) is None


def test_callers_without_a_number_are_not_one(db: sqlite3.Connection) -> None:
    for number in range(9):
        assert begin(db, tried(account=str(number), caller=""), LIMITS, NOON) is None


def test_tries_of_long_ago_are_forgotten(db: sqlite3.Connection) -> None:
    for second in (0, 1, 2, 3602, 3603, 3604):
        assert begin(db, tried(), LIMITS, later(second)) is None


def test_an_account_has_no_moment_at_which_two_windows_meet(db: sqlite3.Connection) -> None:
    """Three tries just before an hour is over since the first, and three just after it, would be six in a minute."""
    for second in (0, 3590, 3591):
        assert begin(db, tried(caller=""), LIMITS, later(second)) is None
    assert begin(db, tried(caller=""), LIMITS, later(3601)) == later(3601 + 1800)


def test_tries_of_a_caller_count_from_the_first(db: sqlite3.Connection) -> None:
    for second in (0, 10, 20, 30, 40, 3601):
        assert begin(db, tried(account=str(second)), LIMITS, later(second)) is None


def test_what_counts_no_more_is_not_kept(db: sqlite3.Connection) -> None:
    for number in range(4):
        begin(db, tried(account=str(number)), LIMITS, NOON)
    for _ in range(4):
        begin(db, tried(account="locked", caller=""), LIMITS, NOON)
    begin(db, tried(account="later", caller=""), LIMITS, later(1800))
    begin(db, tried(account="last", caller=""), LIMITS, later(3600))
    assert db.execute("SELECT who FROM pin_tries ORDER BY who").fetchall() == [("last",), ("later",)]


def test_a_right_one_begins_the_account_anew_and_does_not_count_for_the_caller(db: sqlite3.Connection) -> None:
    for number in range(4):
        for _ in range(2):
            assert begin(db, tried(caller=f"+49{number}"), LIMITS, NOON) is None
        succeeded(db, tried(caller=f"+49{number}"))
    for _ in range(9):
        assert begin(db, tried(account="mine", caller="+4"), LIMITS, NOON) is None
        succeeded(db, tried(account="mine", caller="+4"))
    rows = db.execute("SELECT side, tries FROM pin_tries").fetchall()
    assert rows == [("caller", 1)] * 4


def test_a_caller_wins_no_guesses_back_by_an_account_of_their_own(db: sqlite3.Connection) -> None:
    guesses = 0
    while begin(db, tried(account=str(guesses)), LIMITS, NOON) is None:
        guesses += 1
        if begin(db, tried(account="mine"), LIMITS, NOON) is None:
            succeeded(db, tried(account="mine"))
        assert guesses <= LIMITS.by_caller


def test_authenticators_are_apart_and_a_supervisor_unlocks(db: sqlite3.Connection) -> None:
    for _ in range(4):
        begin(db, tried(), LIMITS, NOON)
    assert begin(db, Try("others", "4711", ""), LIMITS, NOON) is None
    assert unlock(db, "4711", "supervisor", NOON) == 2
    assert begin(db, tried(), LIMITS, NOON) is None
    assert unlock(db, "nobody", "supervisor", NOON) == 0
    assert db.execute("SELECT count(*) FROM audit WHERE what = 'pin.unlock'").fetchone() == (1,)


guesses = st.lists(
    st.tuples(st.floats(0, 4000), st.sampled_from(["1", "2"]), st.sampled_from(["", "a", "b"])), max_size=60
)


@settings(max_examples=60)
@given(guesses=guesses)
def test_no_account_is_judged_more_often_than_its_limit_in_a_window(
    store: sqlite3.Connection, guesses: list[tuple[float, str, str]]
) -> None:
    store.execute("DELETE FROM pin_tries")
    judged: dict[str, list[float]] = {}
    for second, account, caller in sorted(guesses):
        if begin(store, Try("x", account, caller), LIMITS, later(second)) is None:
            judged.setdefault(account, []).append(second)
    for times in judged.values():
        for first, last in zip(times, times[LIMITS.by_account :], strict=False):
            assert last - first >= min(LIMITS.locked_s, LIMITS.within_s) - 1e-3
