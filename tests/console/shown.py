"""The command lines that README.md, docs/*.md and the samples' README.md show."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import typer
from typer.core import TyperGroup

from tests.console.commands_doc import root

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "docs" / "samples"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), SAMPLES / "README.md"]

LINE = re.compile(
    r"^(?: {4}|\$ |)(?:sudo |runuser -u callwright -- )?(callwright [a-z].*)$|`(callwright [a-z][^`]*)`", re.MULTILINE
)
"""A line of its own in a block, or a piece of a sentence."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A command line and the document that it stands in."""

    document: str
    line: str

    @property
    def words(self) -> list[str]:
        """What follows ``callwright``, without a comment and without ``>`` and its file, which are the shell's."""
        words = shlex.split(self.line, comments=True)[1:]
        return words[: words.index(">")] if ">" in words else words

    @property
    def name(self) -> str:
        """``leads import`` of ``callwright leads import a.csv``."""
        context, _ = command(self)
        return context.command_path.removeprefix("callwright").strip()

    @property
    def is_spoken_of(self) -> bool:
        """Named in a sentence without what it needs, a group or a command: nobody is meant to type it so."""
        context, words = command(self)
        needs = isinstance(context.command, TyperGroup) or any(each.required for each in context.command.params)
        return needs and not words

    def __str__(self) -> str:
        return f"{self.document}: {self.line}"


def shown_in(path: Path) -> list[Shown]:
    """Every command line of one document, in its order."""
    found = LINE.finditer(path.read_text(encoding="utf-8"))
    return [Shown(path.name, " ".join((match[1] or match[2]).split("\n"))) for match in found]


def shown() -> list[Shown]:
    """Every command line of all documents."""
    return [each for path in DOCUMENTS for each in shown_in(path)]


@cache
def command(line: Shown) -> tuple[typer.Context, tuple[str, ...]]:
    """The command that a line runs, and the words that it is given."""
    context, words = root(), line.words
    while isinstance(context.command, TyperGroup) and words and not words[0].startswith("-"):
        found = context.command.get_command(context, words[0])
        assert found is not None, str(line)
        context = type(context)(found, parent=context, info_name=words.pop(0))
    return context, tuple(words)


def example(path: Path, language: str, begins: str) -> str:
    """The one example in ``language`` that begins so."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    found = [block for block in blocks if block.startswith(begins)]
    assert found, f"{path.name} shows no {language} that begins with {begins!r}"
    return found[0]
