"""Several files take their places, all or none: with a fault at each step, and cut off at each step."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from console.placing import JOURNAL, finish_left, place

OLD = {"a.yaml": b"old a \xff", "b.yaml": b"old b"}
NEW = {"a.yaml": b"new a", "b.yaml": b"new b", "c.yaml": b"new c"}


class Cut(BaseException):
    """The process ends here."""


def folder(tmp_path: Path) -> list[tuple[Path, Path]]:
    """A folder with two old files and three new ones; the moves."""
    for name, data in OLD.items():
        (tmp_path / name).write_bytes(data)
    for name, data in NEW.items():
        (tmp_path / f".{name}.new").write_bytes(data)
    return [(tmp_path / f".{name}.new", tmp_path / name) for name in NEW]


def found(tmp_path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.suffix == ".yaml"}


def failing(at: int, problem: BaseException) -> Callable[[Path, Path], None]:
    """A replace that fails at its ``at``-th call, and works else."""
    replace, calls = os.replace, iter(range(100))

    def fail(new: Path, target: Path) -> None:
        if next(calls) == at:
            raise problem
        replace(new, target)

    return fail


def test_all_take_their_places(tmp_path: Path) -> None:
    place(tmp_path, folder(tmp_path))
    assert found(tmp_path) == NEW and not (tmp_path / JOURNAL).exists()
    assert finish_left(tmp_path) == ()


@pytest.mark.parametrize("at", range(4))
def test_where_one_cannot_none_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    moves = folder(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", failing(at, OSError(30, "Read-only file system")))
        with pytest.raises(OSError, match="Read-only"):
            place(tmp_path, moves)
    assert found(tmp_path) == OLD
    assert not (tmp_path / JOURNAL).exists() and finish_left(tmp_path) == ()


@pytest.mark.parametrize("at", range(1, 4))
def test_what_is_cut_off_is_ended_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    moves = folder(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", failing(at, Cut()))
        patched.setattr(Path, "unlink", _killed)
        with pytest.raises(Cut):
            place(tmp_path, moves)
    assert (tmp_path / JOURNAL).exists()
    assert len(finish_left(tmp_path)) == 4 - at
    assert found(tmp_path) == NEW and not (tmp_path / JOURNAL).exists()


def _killed(*_: object, **__: object) -> None:
    """Who is killed tidies nothing up."""
