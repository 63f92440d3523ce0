"""Figures of sales and dispositions, held against a slow recomputation in Python."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.ids import AgentId
from calls.records import store
from calls.records.figure import Figure, Scope
from calls.records.sales_figures import sales
from calls.switch.port import EndedBy
from tests.calls.records.scratch import taken_back
from tests.calls.records.test_figures import BEGIN, DAY, END, call

SAID = st.tuples(
    st.sampled_from([None, "anna", "ben"]),
    st.sampled_from([None, "none", "sold", "no"]),
    st.decimals(0, 10_000, places=2).map(str),
    st.sampled_from(["EUR", "CHF"]),
)


def write(connection: sqlite3.Connection, said: list[tuple[str | None, str | None, str, str]]) -> None:
    for number, (agent, disposition, value, currency) in enumerate(said):
        record = call(f"c{number}", agent=agent, talk_s=60.0, queue="sales")
        store.finish_call(connection, replace(record, ended_by=EndedBy.CALLER))
        sold = disposition == "sold"
        connection.execute(
            "UPDATE calls SET disposition = ?, sale_value = ?, sale_currency = ? WHERE call_id = ?",
            (disposition, value if sold else None, currency if sold else None, f"c{number}"),
        )


def named(figures: list[Figure], name: str) -> dict[str, Figure]:
    return {figure.subject: figure for figure in figures if figure.name == name}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SAID, max_size=30))
def test_they_are_those_of_the_calls(
    connection: sqlite3.Connection, said: list[tuple[str | None, str | None, str, str]]
) -> None:
    with taken_back(connection):
        write(connection, said)
        figures = sales(connection, DAY)
        talked = [each for each in said if each[0] is not None]
        given_ = Counter(each[1] for each in talked if each[1] is not None)
        if not given_:
            assert figures == []
            return
        sold = [each for each in talked if each[1] == "sold"]
        conversion = named(figures, "conversion")[""]
        assert (conversion.numerator, conversion.denominator) == (len(sold), len(talked))
        per_hour = named(figures, "sales_per_handling_hour")[""]
        assert per_hour.denominator == pytest.approx(len(talked) / 60)
        counts = {name: figure.value for name, figure in named(figures, "dispositions").items()}
        assert counts == {str(name): float(count) for name, count in given_.items()}
        assert named(figures, "dispositions_missing")[""].numerator == given_["none"]
        for currency, figure in named(figures, "sold").items():
            exact = sum((Decimal(each[2]) for each in sold if each[3] == currency), Decimal(0))
            assert Fraction(figure.numerator) == Fraction(float(exact)) and figure.unit == currency
        for agent, figure in named(figures, "agent_sales").items():
            assert figure.denominator == sum(each[0] == agent for each in talked)


def test_they_are_of_the_scope(connection: sqlite3.Connection) -> None:
    write(connection, [("anna", "sold", "5.00", "EUR")])
    assert sales(connection, DAY) != []
    assert sales(connection, Scope(END, END)) == sales(connection, replace(DAY, queue="help")) == []  # type: ignore[arg-type]
    assert AgentId("anna") in named(sales(connection, Scope(BEGIN, END)), "agent_sales")
