"""Room on the disk for the last records, where the disk itself fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from calls.records.ballast import Ballast


def test_a_disk_that_takes_and_removes_nothing_is_an_answer_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "posix_fallocate", fails)
    monkeypatch.setattr(Path, "unlink", fails)
    assert Ballast(tmp_path / "callwright.db", 1 << 20).take() is False
