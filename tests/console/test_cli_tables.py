"""Tables of the commands: at whatever width they are read, nothing of a cell is left out, and no word is cut."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from calls.records.figure import Figure, counted, ratio
from console.cli import figure_tables
from console.cli.fitting import UNBROKEN, Part, drawn, fitting, most_important, part

WORDS = st.text("abcdefghij_", min_size=1, max_size=14)
CELLS = st.lists(WORDS, max_size=6).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    names = draw(st.lists(WORDS, min_size=2, max_size=12, unique=True))
    row = st.lists(CELLS, min_size=len(names), max_size=len(names))
    return names, draw(st.lists(row, max_size=8))


def lines(shown: Part, width: int) -> list[str]:
    page = Console(file=io.StringIO(), width=width, highlight=False, no_color=True)
    page.print(drawn("", shown, width))
    assert isinstance(page.file, io.StringIO)
    return page.file.getvalue().splitlines()


@given(tables(), st.integers(60, 200))
def test_every_cell_is_there_once_beside_what_names_its_row(
    table: tuple[list[str], list[list[str]]], width: int
) -> None:
    columns, rows = table
    found: dict[tuple[int, str], str] = {}
    parts = fitting(columns, rows, width)
    if (
        len(parts) == 1
        and parts[0].columns[0] == columns[0]
        and len(parts[0].columns) == len(rows) + 1 != len(columns)
    ):
        assert list(parts[0].columns[1:]) == [row[0] for row in rows], "it is turned"
        assert [[*row[1:]] for row in parts[0].rows] == [
            [row[place] for row in rows] for place in range(1, len(columns))
        ]
        return
    for each in parts:
        assert each.columns[0] == columns[0] and [row[0] for row in each.rows] == [row[0] for row in rows]
        for place, name in enumerate(each.columns[1:], start=1):
            for number, row in enumerate(each.rows):
                assert (number, name) not in found
                found[number, name] = row[place]
    assert found == {(n, name): row[p] for n, row in enumerate(rows) for p, name in enumerate(columns) if p}


@given(tables(), st.integers(60, 200))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_cut(
    table: tuple[list[str], list[list[str]]], width: int
) -> None:
    for each in fitting(*table, width):
        assert each.width <= width
        text = lines(each, width)
        assert max(map(len, text)) <= width
        found = {word for line in text for word in line.replace("│", " ").replace("┃", " ").split()}
        assert {word for cells in (each.columns, *each.rows) for cell in cells for word in cell.split()} <= found


def test_a_word_longer_than_a_line_is_folded_and_whole() -> None:
    path = "/".join(["folder"] * 20)
    text = lines(part(("file",), [(path,)]), UNBROKEN + 4)
    assert "".join(line.strip("│ ") for line in text[3:-1]) == path


def test_room_is_divided_evenly_between_columns_of_sentences() -> None:
    sentence = " ".join(["word"] * 40)
    assert part(("key", "one", "two", "short"), [("a", sentence, sentence, "x" * 30)]).widths(120) == [3, 37, 37, 30]


def test_few_rows_of_many_figures_are_turned() -> None:
    names = ["agent", *(f"figure number {n}" for n in range(20))]
    (turned,) = fitting(names, [["ann", *map(str, range(20))], ["ben", *map(str, range(20))]], 80)
    assert turned.columns == ("agent", "ann", "ben") and turned.rows[3] == ("figure number 3", "3", "3")


@pytest.mark.parametrize(
    ("width", "columns"),
    [(40, ["at", "who"]), (60, ["at", "who", "outcome"]), (200, ["id", "at", "who", "outcome", "why"])],
)
def test_what_matters_most_is_kept_in_its_place(width: int, columns: list[str]) -> None:
    names = ("id", "at", "who", "outcome", "why")
    row = ("f" * 36, "2026-05-31 12:00:00", "+12025550100", "answered", "w" * 30)
    shown, others = most_important(names, [row], width, ("at", "who", "outcome"))
    assert list(shown.columns) == columns and others == [each for each in names if each not in columns]
    assert shown.rows == (tuple(row[names.index(each)] for each in columns),) and shown.width <= width


def test_figures_stand_by_section_with_their_units() -> None:
    def of_agent(name: str) -> list[Figure]:
        return [
            counted("handled", 3, "calls", "calls that an agent talked in", name),
            ratio("occupancy", 30.0, 40.0, "busy / there", subject=name),
            ratio("utilisation", 40.0, 40.0, "there / logged in", subject=name),
        ]

    figures = [
        counted("offered", 4, "calls", "calls that asked for an agent"),
        ratio("asa", 5.0, 4.0, "waits / answered", unit="s"),
        ratio("service_level", 0, 0, "in time / offered"),
        ratio("occupancy", 60.0, 80.0, "busy / there"),
        *of_agent("ann"),
        *of_agent("ben"),
    ]
    assert list(figure_tables.tables("Figures", figures)) == [
        (
            "Inbound",
            figure_tables.COLUMNS,
            [
                ["offered", "4", "", "calls that asked for an agent"],
                ["asa", "1.2 s", "5 / 4", "waits / answered"],
            ],
        ),
        ("Agents", figure_tables.COLUMNS, [["occupancy", "75.0%", "60 / 80", "busy / there"]]),
        (
            "Agents, one by one",
            ("of", "handled", "occupancy", "utilisation"),
            [["ann", "3", "75.0%", "100.0%"], ["ben", "3", "75.0%", "100.0%"]],
        ),
        ("Without a value: nothing to divide by", ("figure", "definition"), [["service_level", "in time / offered"]]),
    ]
