"""Files of reports: formulas, kinds, NULL and odd texts, and what is hidden of persons."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reports.personal import masked, without_persons
from calls.reports.sheets import Cell, Format, Kind, Sheet, write

COLUMNS: tuple[tuple[str, Kind], ...] = (("queue", "text"), ("caller", "text"), ("calls", "integer"), ("asa", "real"))
ROWS: list[list[Cell]] = [["sales", "+4930123456789", 3, 4.5], ["=1+1", "", 0, None], [None, 'a "b",\nc', -2, -0.5]]
SHEET = Sheet("In/bound: by [queue]", COLUMNS, ROWS)


def test_csv_holds_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(write(SHEET, Format.CSV).decode())))
    assert rows[0] == ["queue", "caller", "calls", "asa"]
    assert rows[1] == ["sales", "'+4930123456789", "3", "4.5"]
    assert rows[2] == ["'=1+1", "", "0", ""]
    assert rows[3] == ["", 'a "b",\nc', "-2", "-0.5"]


def test_json_keeps_kinds_and_nothing() -> None:
    assert json.loads(write(SHEET, Format.JSON)) == [
        dict(zip(("queue", "caller", "calls", "asa"), row, strict=True)) for row in ROWS
    ]


def test_xlsx_holds_texts_where_texts_were() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write(SHEET, Format.XLSX)))
    page = book.active
    assert page is not None and "/" not in page.title
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    assert cells[1:] == [["sales", "+4930123456789", 3, 4.5], ["=1+1", None, 0, None], [None, 'a "b",\nc', -2, -0.5]]
    assert page["A3"].data_type == "s"


def parquet(sheet: Sheet, folder: Path) -> list[tuple[object, ...]]:
    path = folder / "rows.parquet"
    path.write_bytes(write(sheet, Format.PARQUET))
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT * FROM '{path}'").fetchall()


def test_parquet_keeps_kinds_and_nothing(tmp_path: Path) -> None:
    assert parquet(SHEET, tmp_path) == [tuple(row) for row in ROWS]
    assert parquet(Sheet("empty", SHEET.columns, []), tmp_path) == []


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(TEXTS, st.integers(-(2**63), 2**63 - 1)), max_size=8))
def test_no_text_opens_as_a_formula(rows: list[tuple[str, int]]) -> None:
    sheet = Sheet("t", (("a", "text"), ("b", "integer")), rows)
    found = list(csv.reader(io.StringIO(write(sheet, Format.CSV).decode(), newline="")))[1:]
    assert [row[0].removeprefix("'") for row in found] == [text.removeprefix("'") for text, _ in rows]
    assert not any(row[0].startswith(("=", "+", "-", "@", "\t", "\r")) for row in found)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+4930123456789", "+493012345****"), ("110", "***"), ("", ""), ("anna", "***"), ("12345678", "***")],
)
def test_a_number_is_shown_without_its_last_digits(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_only_columns_about_persons_are_masked() -> None:
    rows = without_persons(SHEET).rows
    assert [list(row) for row in rows] == [
        ["sales", "+493012345****", 3, 4.5],
        ["=1+1", "", 0, None],
        [None, "***", -2, -0.5],
    ]
    channel = Sheet("", (("channel", "text"),), [["sofia/external/+4930123456789@carrier"]])
    assert without_persons(channel).rows == [["***"]], "FreeSWITCH and chan_local name channels so"
