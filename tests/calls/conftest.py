"""What the tests of settings stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.secrets import write_secrets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_secrets(tmp_path / "secrets.toml")
    return tmp_path
