"""Accounts: what is kept of them, who may log in, how long, and with which rights. Properties of the pure parts."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import UserError
from console.accounts import passwords, second_factor, store
from console.accounts.passwords import Hasher
from console.accounts.roles import RIGHTS, Right, Role
from console.accounts.store import Account, Known, Token
from tests.fresh_store import fill

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hasher() -> Hasher:
    return Hasher()


@pytest.fixture
def db() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    return connection


def add(db: sqlite3.Connection, name: str = "Anna", role: Role = Role.ADMINISTRATOR, **more: bool) -> Account:
    account = Account(name, name, role, None, False, False, False)
    store.add(db, account, "hash of " + name, "test", NOW, **more)
    return account


def let_in(db: sqlite3.Connection, name: str = "Anna", token: str = "t", now: datetime = NOW) -> None:
    assert store.begin(db, name, "192.0.2.1", now) is None
    store.open_session(db, name, token, "192.0.2.1", None, now)


def audited(db: sqlite3.Connection) -> list[str]:
    return [what for (what,) in db.execute("SELECT what FROM audit ORDER BY audit_id")]


# --- passwords and codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "12 to 200 letters"),
        ("x" * 201, "12 to 200 letters"),
        ("ANNA-and-more-words", "account's name"),
        ("abababababab", "different letters"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(password: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        passwords.check(password, "anna")


def test_a_good_one_is_taken() -> None:
    passwords.check(PASSWORD, "anna")


def test_only_the_right_password_is_right_however_it_is_typed(hasher: Hasher) -> None:
    kept = hasher.hash("Grüße an alle Welt")
    assert kept.startswith("$argon2id$") and "Welt" not in kept
    assert hasher.is_right("Gru\u0308\u00dfe an alle Welt", kept)
    assert not hasher.is_right("Grüße an alle welt", kept)
    assert not hasher.is_right("Grüße an alle Welt", None)


@given(st.integers(-3, 3), st.integers(0, 2**31))
def test_a_code_counts_around_its_step_and_once(off: int, at: int) -> None:
    secret = second_factor.new_secret()
    now = datetime.fromtimestamp(at + 1000, UTC)
    step = int(now.timestamp()) // second_factor.STEP_S + off
    code = pyotp.TOTP(secret).generate_otp(step)
    found = second_factor.step_of(secret, code, 0, now)
    if abs(off) <= second_factor.AROUND:
        assert found is not None
        assert second_factor.step_of(secret, code, found, now) is None or found < step
    else:
        assert found is None or found != step


def test_an_app_is_shown_whose_code_it_is() -> None:
    shown = second_factor.address(SECRET, "Anna B")
    assert shown == f"otpauth://totp/Callwright:Anna%20B?secret={SECRET}&issuer=Callwright"


# --- accounts ---------------------------------------------------------------------------------------------------


def test_names_are_told_apart_without_case(db: sqlite3.Connection) -> None:
    add(db, "Änne")
    with pytest.raises(UserError, match="already"):
        add(db, "A\u0308NNE")
    assert store.named(db, "äNNE").name == "Änne"


def test_the_first_account_is_made_once(db: sqlite3.Connection) -> None:
    add(db, first=True)
    with pytest.raises(UserError, match="already"):
        add(db, "Mallory", first=True)


def test_the_last_administrator_stays(db: sqlite3.Connection) -> None:
    add(db)
    add(db, "Ben", Role.MANAGER)
    for change in ({"role": Role.AGENT}, {"disabled": True}):
        with pytest.raises(UserError, match="last administrator"):
            store.change(db, "anna", "test", NOW, **change)
    store.change(db, "ben", "test", NOW, role=Role.ADMINISTRATOR)
    assert store.change(db, "anna", "test", NOW, role=Role.AGENT).role is Role.AGENT


def test_a_change_of_role_or_password_ends_the_sessions(db: sqlite3.Connection) -> None:
    add(db)
    add(db, "Ben", Role.ADMINISTRATOR)
    for change in (
        lambda: store.change(db, "ben", "test", NOW, role=Role.ADMINISTRATOR),
        lambda: store.set_password(db, "ben", "other", "test", NOW, must_change=True),
    ):
        let_in(db, "Ben")
        assert store.session_of(db, "t", NOW) is not None
        change()
        assert store.session_of(db, "t", NOW) is None


def test_who_is_disabled_is_let_in_no_more(db: sqlite3.Connection) -> None:
    add(db)
    add(db, "Ben", Role.ADMINISTRATOR)
    let_in(db, "Ben")
    store.add_token(db, Token("1", "ben", "x", frozenset({Right.VIEW}), NOW + timedelta(days=1)), "k", "test", NOW)
    store.change(db, "ben", "test", NOW, disabled=True)
    assert store.session_of(db, "t", NOW) is None and store.token_of(db, "k", NOW) is None
    assert store.secrets_of(db, "ben") is None
    with pytest.raises(UserError, match="log in again"):
        store.open_session(db, "ben", "t2", "", None, NOW)


def test_a_session_ends_after_a_shift_and_when_it_is_not_used(db: sqlite3.Connection) -> None:
    add(db)
    let_in(db)
    at = NOW
    while at < NOW + store.SESSION - timedelta(hours=1):
        at += timedelta(hours=1)
        known = store.session_of(db, "t", at)
        assert known is not None and known.is_stale
        store.seen(db, "t", at)
        again = store.session_of(db, "t", at)
        assert again is not None and not again.is_stale
    assert store.session_of(db, "t", NOW + store.SESSION) is None
    let_in(db, token="u")
    assert store.session_of(db, "u", NOW + store.IDLE) is None


def test_too_many_tries_lock_the_account_and_a_right_one_begins_anew(db: sqlite3.Connection) -> None:
    add(db)
    for _ in range(store.LIMITS.by_account - 1):
        assert store.begin(db, "ANNA", "192.0.2.1", NOW) is None
    let_in(db)
    for _ in range(store.LIMITS.by_account):
        assert store.begin(db, "anna", "192.0.2.1", NOW) is None
    locked = store.begin(db, "anna", "198.51.100.7", NOW)
    assert locked == NOW + timedelta(seconds=store.LIMITS.locked_s)
    assert store.begin(db, "anna", "198.51.100.7", NOW + timedelta(seconds=1)) is not None
    assert audited(db).count("account.locked") == 1
    assert store.begin(db, "anna", "198.51.100.7", NOW + timedelta(hours=1)) is None


def test_names_that_are_not_there_are_counted_too(db: sqlite3.Connection) -> None:
    for _ in range(store.LIMITS.by_account):
        assert store.begin(db, "nobody", "192.0.2.1", NOW) is None
    assert store.begin(db, "nobody", "192.0.2.1", NOW) is not None


def test_a_code_counts_once(db: sqlite3.Connection) -> None:
    add(db)
    store.set_second_factor(db, "anna", SECRET, "anna", NOW, used=7)
    for step in (None, 7):
        with pytest.raises(UserError, match="log in again"):
            store.open_session(db, "anna", "t", "", step, NOW)
    store.open_session(db, "anna", "t", "", 8, NOW)
    with pytest.raises(UserError, match="log in again"):
        store.open_session(db, "anna", "u", "", 8, NOW)


# --- rights -----------------------------------------------------------------------------------------------------


def test_a_token_has_no_more_than_its_account(db: sqlite3.Connection) -> None:
    add(db)
    add(db, "Ben", Role.QUALITY)
    until = NOW + timedelta(days=1)
    with pytest.raises(UserError, match="no right to erase"):
        store.add_token(db, Token("1", "ben", "x", frozenset({Right.ERASE}), until), "k", "test", NOW)
    store.add_token(db, Token("1", "ben", "x", frozenset({Right.REPORTS, Right.PEOPLE}), until), "k", "test", NOW)
    assert _rights(store.token_of(db, "k", NOW)) == {Right.REPORTS, Right.PEOPLE}
    store.change(db, "ben", "test", NOW, role=Role.AGENT)
    assert _rights(store.token_of(db, "k", NOW)) == set()
    assert store.token_of(db, "k", until) is None
    store.revoke(db, "1", "test", NOW)
    assert store.token_of(db, "k", NOW) is None
    with pytest.raises(UserError, match="no token"):
        store.revoke(db, "1", "test", NOW)


def _rights(known: Known | None) -> set[Right]:
    assert known is not None
    return set(known.rights)


def test_no_secret_is_kept_as_it_is(db: sqlite3.Connection, hasher: Hasher) -> None:
    add(db)
    store.set_password(db, "anna", hasher.hash(PASSWORD), "test", NOW, must_change=False)
    assert store.begin(db, "anna", "192.0.2.1", NOW) is None
    store.open_session(db, "anna", store.digest("the-browsers-word"), "192.0.2.1", None, NOW)
    dump = "\n".join(db.iterdump())
    assert PASSWORD not in dump and "the-browsers-word" not in dump


def test_only_administrators_see_to_the_system_and_erase() -> None:
    for right in (Right.SYSTEM, Right.ERASE):
        assert [role for role in Role if right in RIGHTS[role]] == [Role.ADMINISTRATOR]
