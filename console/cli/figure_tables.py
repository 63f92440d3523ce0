"""Figures for people to read in a terminal: by section, each with its unit and what it was made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from calls.records.figure import Figure, Number
from calls.reports.definitions import BY_NAME
from calls.reports.question import Answer
from calls.reports.targets import said

COLUMNS = ("figure", "value", "from", "definition")

Table = tuple[str, Sequence[str], list[list[str]]]
"""A title, columns and rows."""


def tables(title: str, figures: Sequence[Figure]) -> Iterator[Table]:
    """Those of all together by section, then those of each subject with a row a subject. What nothing was counted for
    has no value, and comes in a table of its own where everything else has been said."""
    whole = [each for each in figures if not each.subject]
    told = [each for each in whole if each.value is not None]
    for section, of_it in _by_section(told, title).items():
        yield section, COLUMNS, [[each.name, value(each), made_of(each), each.definition] for each in of_it]
    yield from _of_subjects([each for each in figures if each.subject], title)
    if len(told) < len(whole):
        rows = [[each.name, each.definition] for each in whole if each.value is None]
        yield "Without a value: nothing to divide by", ("figure", "definition"), rows


def broad(answer: Answer) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of an answer, a row for each combination of the dimensions' values; of one without dimensions
    a row for each figure."""
    if not answer.question.by:
        (only,) = answer.rows
        named = zip(answer.figures, only.figures, strict=True)
        return [*COLUMNS], [[of.title, value(each), made_of(each), each.definition] for of, each in named]
    columns = [each.name.lower() for each in answer.question.by] + [each.title for each in answer.figures]
    return columns, [[*map(str, row.key), *map(value, row.figures)] for row in answer.rows]


def value(figure: Figure) -> str:
    """A figure's value with its unit; - where it has none."""
    return "-" if figure.value is None else said(figure.value, figure.unit)


def made_of(figure: Figure) -> str:
    """Numerator and denominator; "" of a count, which is its own."""
    return "" if figure.denominator is None else f"{_short(figure.numerator)} / {_short(figure.denominator)}"


def _by_section(figures: Iterable[Figure], title: str) -> dict[str, list[Figure]]:
    found: dict[str, list[Figure]] = {}
    for each in figures:
        definition = BY_NAME.get(each.name)
        found.setdefault(definition.section.value.capitalize() if definition else title, []).append(each)
    return found


def _of_subjects(figures: Iterable[Figure], title: str) -> Iterator[Table]:
    """A table of each section, a row a subject. Figures of one subject stand together, and most are of its section:
    those of an agent have some of calls with them."""
    sections: dict[str, list[list[Figure]]] = {}
    for _, run in groupby(figures, key=lambda each: each.subject):
        of_it = list(run)
        by_section = _by_section(of_it, title)
        sections.setdefault(max(by_section, key=lambda each: len(by_section[each])), []).append(of_it)
    for section, subjects in sections.items():
        names = list(dict.fromkeys(each.name for of_it in subjects for each in of_it))
        rows = [[of_it[0].subject, *_row(of_it, names)] for of_it in subjects]
        yield f"{section}, one by one", ("of", *names), rows


def _row(figures: Iterable[Figure], names: Iterable[str]) -> list[str]:
    values = {each.name: value(each) for each in figures}
    return [values.get(name, "") for name in names]


def _short(number: Number) -> str:
    return f"{number:,.0f}" if number % 1 == 0 else f"{number:,.1f}"
