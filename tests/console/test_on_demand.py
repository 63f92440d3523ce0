"""Commands that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from console.cli.on_demand import OnDemand, Part, group_of

made: list[str] = []


@pytest.fixture(autouse=True)
def nothing_made() -> None:
    made.clear()


def part(name: str) -> Callable[[], Part]:
    """What gives the command ``name``, which says its name; of ``"many"`` a group of two."""

    def one() -> None:
        """Say it."""
        typer.echo(f"this is {name}")

    def give() -> Part:
        made.append(name)
        if name != "many":
            return one
        several = typer.Typer(help="Several.")
        several.command("first")(one)
        several.command("second")(one)
        return several

    return give


PARTS = {name: part(name) for name in ("zebra", "many", "apple")}


def app() -> typer.Typer:
    found = typer.Typer(cls=group_of(PARTS), rich_markup_mode=None)

    @found.callback()
    def main() -> None:
        """All of it."""

    return found


@pytest.mark.parametrize(
    ("words", "said"),
    [(["zebra"], "this is zebra"), (["many", "second"], "this is many"), (["apple"], "this is apple")],
)
def test_only_what_is_asked_for_is_made(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app(), words)
    assert (result.exit_code, result.output.strip()) == (0, said)
    assert made == words[:1]


def test_the_help_shows_all_in_their_order() -> None:
    told = CliRunner().invoke(app(), ["--help"]).output
    assert told.index("zebra") < told.index("many") < told.index("apple")
    assert "Several." in told and "Say it." in told


def test_a_wrong_name_is_answered_by_the_like_ones_and_nothing_is_made() -> None:
    result = CliRunner().invoke(app(), ["aple"])
    assert result.exit_code == 2 and "'apple'" in result.output
    assert made == []


def test_they_are_a_mapping_like_any_other() -> None:
    commands = OnDemand(PARTS)
    assert (list(commands), len(commands), "apple" in list(commands)) == (["zebra", "many", "apple"], 3, True)
    assert made == []
    assert commands["apple"] is commands["apple"] and made == ["apple"]
    commands["other"] = commands["zebra"]
    del commands["apple"]
    assert list(commands) == ["zebra", "many", "other"] and commands["other"].name == "zebra"
    with pytest.raises(KeyError):
        commands["apple"]
