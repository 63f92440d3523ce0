"""The benchmark of records runs and writes what it counts."""

from __future__ import annotations

from pathlib import Path

from calls.records.backup import check
from tests.bench.records import measure


def test_the_benchmark_writes_every_record_that_it_counts(tmp_path: Path) -> None:
    result = measure(tmp_path, together=400, alone=20, rounds=1)
    assert result.ratio > 0
    assert check(tmp_path / "together-0" / "calls.db").calls == 400
    assert check(tmp_path / "alone-0" / "calls.db").calls == 20
