"""Each test that the page of faults names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(?:(tests/[a-z0-9_/]+\.py)::)?(test_[a-z0-9_]+)`")


def named() -> list[tuple[str, str]]:
    """File and test; a test without its file is in the one before it, of the same row."""
    found, file = [], ""
    for line in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            for given, test in NAMED.findall(line):
                file = given or file
                found.append((file, test))
            file = ""
    return found


def test_every_test_that_is_named_is_there() -> None:
    missing = [
        f"{file}::{test}"
        for file, test in named()
        if not re.search(rf"def {test}\(", (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert len(named()) > 40 and missing == []
