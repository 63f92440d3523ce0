"""Commands that are made when they are asked for: to import all of them takes longer than most take to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

Part = typer.Typer | Callable[..., None]
"""A group, or the function of one command."""


class OnDemand(MutableMapping[str, Any]):
    """Commands by their names, in the order of the help. ``parts``: what gives the part that each is made of."""

    def __init__(self, parts: Mapping[str, Callable[[], Part]]) -> None:
        self._parts = dict(parts)
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _command(name, self._parts[name]())
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._parts[name], self._made[name] = typer.Typer, command

    def __delitem__(self, name: str) -> None:
        del self._parts[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def group_of(parts: Mapping[str, Callable[[], Part]]) -> type[TyperGroup]:
    """What typer makes the command of, with these below it."""

    class Group(TyperGroup):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self.commands = OnDemand(parts)

        def list_commands(self, ctx: Any) -> list[str]:
            return list(self.commands)

    return Group


def _command(name: str, part: Part) -> Any:
    if isinstance(part, typer.Typer):
        found: Any = get_group(part)
        found.name = name
        return found
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(name)(part)
    return get_command(alone)
