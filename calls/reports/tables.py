"""Answers as tables for people and files: each figure in a row of its own, with how it came about."""

from __future__ import annotations

from calls.reports.question import Answer
from calls.reports.sheets import Cell, Kind, Sheet
from calls.reports.tongue import ENGLISH, Tongue

FIGURE: tuple[tuple[str, Kind], ...] = (
    ("figure", "text"),
    ("value", "real"),
    ("unit", "text"),
    ("numerator", "real"),
    ("denominator", "real"),
    ("definition", "text"),
)


def long(answer: Answer, title: str) -> Sheet:
    """The dimensions' values, then a figure with its unit, numerator, denominator and definition."""
    columns = (*_dimensions(answer), *FIGURE)
    rows: list[list[Cell]] = []
    for row in answer.rows:
        for each in row.figures:
            value = None if each.value is None else round(each.value, 6)
            below = None if each.denominator is None else round(float(each.denominator), 6)
            rows.append(
                [*row.key, each.name, value, each.unit, round(float(each.numerator), 6), below, each.definition]
            )
    return Sheet(title, columns, rows)


def _dimensions(answer: Answer) -> list[tuple[str, Kind]]:
    return [(each.name.lower(), "text") for each in answer.question.by]


def broad(answer: Answer, title: str, tongue: Tongue = ENGLISH) -> Sheet:
    """A row for each combination of the dimensions' values, a column for each figure's value: for people to read."""
    by = answer.question.by
    heads: list[tuple[str, Kind]] = [(tongue.dimension(each), "text") for each in by]
    figures: list[tuple[str, Kind]] = [(tongue.figure(each).title, "real") for each in answer.figures]
    return Sheet(
        title,
        (*heads, *figures),
        [[*map(tongue.key, by, row.key), *(each.value for each in row.figures)] for row in answer.rows],
    )
