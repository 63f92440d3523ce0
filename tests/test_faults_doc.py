"""Each test that the page of faults, or that of FreeSWITCH, names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(?:(tests/[a-z0-9_/]+\.py)::)?(test_[a-z0-9_]+)`")


PAGES = {"faults.md": 40, "freeswitch.md": 30}
"""How many tests each names at the least."""


def named(page: str) -> list[tuple[str, str]]:
    """File and test; a test without its file is in the one before it, of the same row."""
    found, file = [], ""
    for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            for given, test in NAMED.findall(line):
                file = given or file
                found.append((file, test))
            file = ""
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_is_there(page: str) -> None:
    missing = [
        f"{file}::{test}"
        for file, test in named(page)
        if not re.search(rf"def {test}\(", (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert len(named(page)) > PAGES[page] and missing == []
