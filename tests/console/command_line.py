"""Commands as somebody gives them, within the process, and a call that reports have."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calls.causes import Outcome
from calls.ids import BootId, CallId
from calls.records.store import CallRecord, Direction
from console import main

CALL = CallRecord(
    call_id=CallId("call-1"),
    direction=Direction.INBOUND,
    switch="main",
    boot_id=BootId("b"),
    channel="c",
    caller="+4930555",
    called="=100",
    started_at=datetime(2026, 1, 5, 12, tzinfo=UTC),
    ended_at=datetime(2026, 1, 5, 12, 1, tzinfo=UTC),
    duration_s=60.0,
    billed_s=60.0,
    outcome=Outcome.ANSWERED,
    talk_s=60.0,
)


def invoke(path: Path, *words: str, status: int = 0, keys: str | None = None) -> str:
    """What a command prints; our own errors as its entry point prints them."""
    result = CliRunner().invoke(main.app, ["--settings", str(path), *words], input=keys, env={"COLUMNS": "200"})
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.output


def process(path: Path, *words: str, status: int) -> str:
    """The one line that the entry point prints on standard error, and the status that it ends with."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(said), pytest.raises(SystemExit) as ended:
        patch.setattr(sys, "argv", ["callwright", *words])
        patch.setenv("CALLWRIGHT_SETTINGS", str(path))
        main.run()
    assert ended.value.code == status, said.getvalue()
    (line,) = said.getvalue().splitlines()
    assert line.startswith("callwright: ")
    return line


def write_other(path: Path, folder: Path) -> Path:
    """Another text for the flow ``main``, in another folder."""
    other = folder / "main.yaml"
    text = (path.parent / "flows" / "main.yaml").read_text(encoding="utf-8")
    other.write_text(text.replace("first_key: 1s", "first_key: 2s"), encoding="utf-8")
    return other
