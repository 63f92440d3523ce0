"""An import goes down a floor or stays; heavy libraries stay behind their one adapter."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOOR = {"calls": 1, "prompts": 2, "dialplans": 2, "ivr": 3, "dialer": 4, "console": 5}
STRANGERS = {("ivr", "dialer"), ("dialer", "ivr"), ("prompts", "dialplans"), ("dialplans", "prompts")}
ONLY_IN = {
    "panoramisk": ("calls/switch/asterisk/",),
    "greenswitch": ("calls/switch/freeswitch/",),
    "gevent": ("calls/switch/freeswitch/",),
    "pyttsx3": ("prompts/",),
    "vosk": ("ivr/speech/engines/vosk.py",),
    "sounddevice": ("ivr/microphone.py",),
    "pocketsphinx": ("ivr/speech/engines/pocketsphinx.py",),
    "num2words": ("prompts/spoken/", "ivr/speech/"),
    "babel": ("prompts/spoken/",),
    "sqlite_utils": ("calls/records/",),
    "typer": ("console/",),
    "fastapi": ("console/",),
}


def modules() -> Iterator[Path]:
    for package in FLOOR:
        yield from sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top name of every import in ``path``, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom() if node.level == 0 and node.module:
                yield node.lineno, node.module
            case _:
                pass


def faults(path: Path) -> Iterator[str]:
    own = path.relative_to(ROOT)
    package = own.parts[0]
    for line, name in imports(path):
        top = name.split(".")[0]
        if top in FLOOR and top != package and FLOOR[top] > FLOOR[package]:
            yield f"{own}:{line}: {package} (floor {FLOOR[package]}) imports {name} (floor {FLOOR[top]})"
        if (package, top) in STRANGERS:
            yield f"{own}:{line}: {package} and {top} never import each other"
        if top in ONLY_IN and not str(own).startswith(ONLY_IN[top]):
            yield f"{own}:{line}: {top} is imported only by {ONLY_IN[top][0]}"
        if top == "tests":
            yield f"{own}:{line}: the product never imports its tests"


def test_there_is_something_to_check() -> None:
    assert len(list(modules())) > 20


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    assert list(faults(path)) == []


def test_a_climbing_import_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_floors.ROOT", tmp_path)
    bad = tmp_path / "calls" / "bad.py"
    bad.parent.mkdir()
    bad.write_text("def late() -> None:\n    import ivr.flow\n    from panoramisk import Manager\n")
    assert len(list(faults(bad))) == 2
