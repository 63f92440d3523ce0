"""What a question leaves out, as clauses of SQL."""

from __future__ import annotations

from collections.abc import Mapping

from calls.reports.question import Dimension, Question


def where(columns: Mapping[Dimension, str], question: Question) -> tuple[str, dict[str, str]]:
    """The clauses for these columns, each with its AND before it, and their values. The first signs of a flow's
    version will do, and of a cause its number."""
    clauses, values = [], {}
    for each, column in columns.items():
        name, value = f"of_{each.name.lower()}", question.filters[each]
        match each:
            case Dimension.VERSION:
                clauses.append(f" AND substr({column}, 1, length(:{name})) = :{name}")
            case Dimension.CAUSE:
                clauses.append(f" AND CAST({column} AS TEXT) = :{name}")
                value = value.split(" ")[0]
            case _:
                clauses.append(f" AND {column} = :{name}")
        values[name] = value
    return "".join(clauses), values
