"""``callwright voicemail`` over an installation, without an engine and with one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calls.errors import UserError
from calls.ids import CallId
from calls.records import voicemail
from calls.records.voicemail import Message, MessageState
from calls.records.writer import write_once
from calls.settings import load
from tests.console.command_line import invoke
from tests.console.served import install, served

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def message(number: int) -> Message:
    return Message(
        f"c{number}-message-1", "sales", CallId(f"c{number}"), "box:1", "+49301", NOW, 3.5, MessageState.NEW, NOW
    )


def laid_out(folder: Path) -> Path:
    """An installation with three messages, of which the first two have their recordings."""
    path = install(folder)
    settings = load(path, {})
    settings.recordings.folder.mkdir(parents=True, exist_ok=True)
    for number in (1, 2):
        (settings.recordings.folder / f"c{number}-message-1.wav").write_bytes(b"RIFF")

    write_once(
        settings.engine.database, lambda db: [voicemail.add_message(db, message(number)) for number in (1, 2, 3)]
    )
    return path


@pytest.fixture(params=["store", "engine"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    installed = laid_out(tmp_path)
    if request.param == "store":
        yield installed
        return
    with served(installed):
        yield installed


def test_messages_are_listed_shown_heard_and_deleted(path: Path) -> None:
    listed = json.loads(invoke(path, "voicemail", "list", "--json"))
    assert [(each["message"], each["state"]) for each in listed] == [
        ("c1-message-1", "new"),
        ("c2-message-1", "new"),
        ("c3-message-1", "new"),
    ]
    assert json.loads(invoke(path, "voicemail", "list", "--mailbox", "desk", "--json")) == []
    shown = json.loads(invoke(path, "voicemail", "show", "c1-message-1", "--heard", "--json"))
    assert Path(shown["file"]).name == "c1-message-1.wav" and shown["bytes"] == 4
    assert json.loads(invoke(path, "voicemail", "show", "c3-message-1", "--json"))["file"] is None
    assert "is deleted" in invoke(path, "voicemail", "delete", "c2-message-1")
    assert "already" in invoke(path, "voicemail", "delete", "c2-message-1")
    assert not Path(shown["file"]).with_name("c2-message-1.wav").exists()
    assert "heard" in invoke(path, "voicemail", "list") and "c2" not in invoke(path, "voicemail", "list")
    assert "deleted" in invoke(path, "voicemail", "list", "--deleted")


@pytest.mark.parametrize("name", ["../../etc/passwd", "nobody", "a/b"])
def test_there_are_no_other_messages(path: Path, name: str) -> None:
    for command in ("show", "delete"):
        with pytest.raises(UserError, match=r"no message|no recording's id|HTTP 404|Not Found"):
            invoke(path, "voicemail", command, name)
