"""``callwright accounts``: with no engine running, from the first account to the last token."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.accounts import store
from console.accounts.passwords import Hasher
from console.accounts.roles import RIGHTS, Right, Role
from console.main import app
from tests.console.served import install


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("accounts"), render=False)


def said(path: Path, *words: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["--settings", str(path), "accounts", *words])
    if status:
        assert result.exception is not None
        return str(result.exception)
    assert result.exit_code == 0, f"{result.output}{result.exception}"
    return result.output


def test_accounts_from_the_first_to_the_last(path: Path) -> None:
    made = said(path, "add", "Root", "--role", "administrator")
    password = made.split()[-1]
    with closing(sqlite3.connect(path.parent / "callwright.db")) as db:
        found = store.secrets_of(db, "root")
        assert found is not None and found.account.must_change
        assert Hasher().is_right(password, found.password)
    assert "agent" in said(path, "add", "Anna", "--role", "agent", "--agent", "anna")
    assert "there is an account" in said(path, "add", "ANNA", "--role", "agent", status=1)
    assert "no agent 'carl'" in said(path, "add", "Carl", "--role", "agent", "--agent", "carl", status=1)
    assert "no name of an account" in said(path, "add", "<b>", "--role", "agent", status=1)
    assert "supervisor" in said(path, "change", "anna", "--role", "supervisor")
    assert "last administrator" in said(path, "disable", "root", status=1)
    assert said(path, "password", "anna").split()[-1] != password
    assert "no second factor" in said(path, "no-second-factor", "anna")
    assert "was not locked" in said(path, "unlock", "anna")
    token = said(path, "token", "anna", "--for", "the wall", "--scope", "view", "--days", "1")
    secret = token.split()[-1]
    assert secret.startswith("cw_")
    with closing(sqlite3.connect(path.parent / "callwright.db")) as db:
        known = store.token_of(db, store.digest(secret), datetime.now(UTC))
        assert known is not None and known.account.name == "Anna"
    assert "no right to erase" in said(path, "token", "anna", "--for", "x", "--scope", "erase", status=1)
    listed = said(path, "list")
    assert "the wall" in listed and "supervisor" in listed and secret not in listed
    found_id = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", token)
    assert found_id is not None
    assert "counts no more" in said(path, "revoke", found_id[0])
    assert "disabled" in said(path, "disable", "anna")
    assert "supervisor" in said(path, "enable", "anna")


def test_the_document_says_who_may_do_what() -> None:
    text = (Path(__file__).parents[2] / "docs" / "console.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|(.*)\|$", text, re.MULTILINE)
    told = {right: [bool(cell.strip()) for cell in cells.split("|")] for right, cells in rows}
    assert told == {right.value: [right in RIGHTS[role] for role in Role] for right in Right}
