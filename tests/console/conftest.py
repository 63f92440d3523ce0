"""What the console's tests share: the log of each test, apart."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterator

import pytest
import typer.main
import typer.testing

from calls import log


class Logged:
    """What a test has logged, from info up."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def errors(self) -> list[dict[str, object]]:
        return [line for line in self.lines if line["level"] == "error"]


@pytest.fixture(autouse=True)
def logged() -> Iterator[Logged]:
    """Where the log of a test goes."""
    found = Logged()
    log.configure(found.stream, "info")
    yield found
    log.configure(io.StringIO(), "info")


@pytest.fixture(autouse=True, scope="session")
def commands_made_once() -> Iterator[None]:
    """typer makes all commands anew for each that is run, which is most of what a short one costs."""
    once = functools.cache(typer.main.get_command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", once)
        patch.setattr(typer.testing, "_get_command", once)
        yield
