"""Writes docs/commands.md: the help of every command, as the code gives it.

python -m tests.console.commands_doc
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import typer
from typer.core import TyperGroup
from typer.main import get_command

from console.main import app

made = cache(get_command)
"""typer makes all commands anew each time, in 80 ms."""

TARGET = Path(__file__).resolve().parents[2] / "docs" / "commands.md"

WIDTH = 96
"""Of the help's lines, whatever terminal writes them."""

HEAD = """\
# Commands

This file is written by `python -m tests.console.commands_doc` from the commands themselves; a test fails where it is
not what they say.

Every command takes its settings from `--settings`, else from the variable `CALLWRIGHT_SETTINGS`, else from
`callwright.toml` in the current folder. With no settings file the defaults hold. Exit status: 0 where it was done,
78 where the settings are wrong, and for `engine` the flows and prompts too (a supervisor need not try again), 2 where
the command line is, 1 for all else. A message says file, line and key, and what was expected.

Commands that change something ask the running engine. With none running, `dnc`, `consent`, `hours`, `pins`,
`voicemail`, `leads`, `people`, `callbacks`, `agents correct`, `campaign` (but not its `start`), `webhooks` and those
of `ivr` take the writer's lock and do it themselves; what only a running engine can do says so.
"""


def commands(group: typer.Context) -> Iterator[typer.Context]:
    """``group`` and everything below it, in the order of the help."""
    yield group
    command = group.command
    if isinstance(command, TyperGroup):
        for name in command.list_commands(group):
            found = command.get_command(group, name)
            assert found is not None
            yield from commands(
                typer.Context(found, parent=group, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
            )


def root() -> typer.Context:
    """The command itself."""
    return typer.Context(made(app), info_name="callwright", terminal_width=WIDTH, max_content_width=WIDTH)


def text() -> str:
    """The whole document."""
    parts = [HEAD]
    for context in commands(root()):
        lines = [line.rstrip() for line in context.get_help().splitlines()]
        parts.append(f"## {context.command_path}\n\n```text\n" + "\n".join(lines).strip("\n") + "\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
