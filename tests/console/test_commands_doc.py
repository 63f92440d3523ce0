"""docs/commands.md is what the commands say of themselves."""

from __future__ import annotations

import pytest

from tests.console.commands_doc import TARGET, WIDTH, commands, root, text


def test_the_document_is_what_the_code_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `python -m tests.console.commands_doc` where this fails."""
    assert list(commands(root()))  # all are loaded: a terminal that is made now would keep this width for other tests
    monkeypatch.setenv("COLUMNS", "40")
    assert TARGET.read_text(encoding="utf-8") == text()


def test_every_command_and_every_option_has_its_help() -> None:
    for context in commands(root()):
        assert context.command.help, context.command_path
        for parameter in context.command.params:
            assert getattr(parameter, "help", None), f"{context.command_path} {parameter.name}"


def test_the_lines_are_short() -> None:
    assert max(map(len, text().splitlines())) <= max(WIDTH, 120)
