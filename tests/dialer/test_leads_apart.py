"""Large files are read by a process of its own, which gives what reading them here gives and never stays behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from calls.errors import LeadError
from dialer.leads import apart
from dialer.leads.apart import How
from dialer.leads.file import Batch

HOW = How("leads.csv", "US", (("mobile", "Cell"),))
TEXT = "Phone,Cell,Name,Town\n" + "".join(
    f"{2122360000 + each},{'12' if each % 7 == 0 else ''},Lead {each},Köln\n" for each in range(900)
)


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LARGE_BYTES", 1)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that are begun; all are over in the end."""
    found: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def keep(*arguments: object, **more: object) -> subprocess.Popen[bytes]:
        found.append(begin(*arguments, **more))  # type: ignore[call-overload]  # as it was asked for
        return found[-1]

    monkeypatch.setattr(subprocess, "Popen", keep)
    yield found
    assert found
    assert all(each.returncode is not None for each in found)


def read(folder: Path, text: str, after: int = 0) -> list[Batch]:
    path = folder / "leads.csv"
    path.write_text(text, encoding="utf-8")
    with path.open("rb") as stream:
        return list(apart.batches(stream, HOW, HOW.leads(stream), after))


def test_the_process_gives_what_reading_gives(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    found = read(tmp_path, TEXT, after=300)
    with (tmp_path / "leads.csv").open("rb") as stream:
        assert found == list(HOW.leads(stream).batches(300))
    assert [batch.rows for batch in found] == [200, 200, 200, 1]
    assert len(started) == 1


def test_what_is_wrong_with_the_rest_of_a_file_is_told(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    with pytest.raises(LeadError, match=r"^leads.csv:\d+: a row is longer than"):
        read(tmp_path, TEXT + "x" * (1 << 20) + "\n")


def test_an_import_that_ends_early_ends_the_process(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(TEXT * 20, encoding="utf-8")
    with path.open("rb") as stream:
        reading = apart.batches(stream, HOW, HOW.leads(stream), 0)
        assert next(reading).rows == 200
        reading.close()


def test_a_process_that_dies_is_said_so(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(TEXT * 20, encoding="utf-8")
    with path.open("rb") as stream:
        reading = apart.batches(stream, HOW, HOW.leads(stream), 0)
        next(reading)
        os.kill(started[0].pid, 9)
        with pytest.raises(LeadError, match=r"it was killed: by the machine, .* import the file again to go on"):
            list(reading)


def test_a_file_that_takes_too_much_memory_is_said_so(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than the process has already: the first row is too much, as an endless one of another file would be."""
    monkeypatch.setattr(apart, "MEMORY_BYTES", 10 << 20)
    with pytest.raises(LeadError, match=r"^leads.csv: reading it takes more memory than the 10 MB that it may$"):
        read(tmp_path, TEXT * 20)


def test_ctrl_c_does_not_reach_the_process(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    """A terminal tells it to all in its foreground; whoever imports ends the process."""
    path = tmp_path / "leads.csv"
    path.write_text(TEXT * 20, encoding="utf-8")
    with path.open("rb") as stream:
        reading = apart.batches(stream, HOW, HOW.leads(stream), 0)
        next(reading)
        assert os.getsid(started[0].pid) == started[0].pid
        reading.close()


def test_a_module_that_lies_about_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pickle.py").write_text("raise SystemExit('not ours')\n", encoding="utf-8")
    assert sum(batch.rows for batch in read(tmp_path, TEXT)) == 900
