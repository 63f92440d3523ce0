"""Tables as files: CSV, XLSX, JSON, HTML and Parquet."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from calls.errors import UserError
from calls.reports import page

Kind = Literal["text", "integer", "real"]
Cell = str | int | float | bool | None

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for the beginning of a formula. Source: OWASP, CSV injection."""

MISSING = r"\N"
"""What stands for NULL on the way to Parquet; a text that is just this comes out as NULL too."""

READ = (
    "header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '\\N',"
    " allow_quoted_nulls = false"
)
"""How DuckDB reads the rows."""

SHEET_NAME = 31
"""How long a worksheet's name may be in XLSX."""


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    HTML = "html"
    PARQUET = "parquet"


MEDIA: Mapping[Format, str] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
    Format.HTML: "text/html; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its columns with their kinds, and rows of as many cells."""

    title: str
    columns: tuple[tuple[str, Kind], ...]
    rows: Sequence[Sequence[Cell]]

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [name for name, _ in self.columns]


def write(sheet: Sheet, how: Format) -> bytes:
    """The table as a file.

    Raises:
        UserError: Parquet without its library.
    """
    match how:
        case Format.CSV:
            return as_csv(sheet).encode("utf-8")
        case Format.XLSX:
            return _as_xlsx(sheet)
        case Format.JSON:
            rows = [dict(zip(sheet.names, row, strict=True)) for row in sheet.rows]
            return json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8")
        case Format.HTML:
            return page.whole(sheet.title, "", [as_html(sheet)]).encode("utf-8")
        case Format.PARQUET:
            return as_parquet(sheet.columns, sheet.rows)


def as_csv(sheet: Sheet) -> str:
    """CSV (RFC 4180) that no spreadsheet takes for formulas."""
    return csv_rows([sheet.names, *sheet.rows])


def csv_rows(rows: Iterable[Sequence[Cell]]) -> str:
    """Some rows of such CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(each) for each in row] for row in rows)
    return text.getvalue()


def as_html(sheet: Sheet, say: Callable[[str], str] = str) -> str:
    """The table alone, as a part of a page; ``say``: the language of its numbers."""
    return page.table(sheet.names, [kind != "text" for _, kind in sheet.columns], sheet.rows, say)


def safe_cell(value: Cell) -> Cell:
    """A value as a cell of CSV that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _as_xlsx(sheet: Sheet) -> bytes:
    """Texts are written as texts: what begins like a formula is none."""
    from openpyxl import Workbook  # every process of ours knows of sheets, few write one
    from openpyxl.cell import WriteOnlyCell

    def cell(value: Cell) -> object:
        if not isinstance(value, str):
            return value
        text = WriteOnlyCell(page)
        text.value = "".join(sign for sign in value if sign >= " " or sign in "\t\n")
        text.data_type = "s"
        return text

    book = Workbook(write_only=True)
    page = book.create_sheet(_sheet_name(sheet.title))
    page.freeze_panes = "A2"
    for row in ([*sheet.names], *sheet.rows):
        page.append([cell(value) for value in row])
    text = io.BytesIO()
    book.save(text)
    return text.getvalue()


def _sheet_name(title: str) -> str:
    kept = "".join(" " if sign in r"[]:*?/\'" else sign for sign in title)
    return kept[:SHEET_NAME].strip() or "Report"


def as_parquet(columns: Sequence[tuple[str, Kind]], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as a file of Parquet. They are taken one after the other and go through a file: as many as there are.

    Raises:
        UserError: its library is missing.
    """
    try:
        import duckdb
    except ImportError as problem:
        raise UserError("Parquet needs DuckDB: pip install 'callwright[parquet]'") from problem
    kinds = {"text": "VARCHAR", "integer": "BIGINT", "real": "DOUBLE"}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "rows.csv", Path(folder) / "rows.parquet"
        with source.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([MISSING if value is None else value for value in each] for each in rows)
        typed = ", ".join(f"{_quoted(name)}: '{kinds[kind]}'" for name, kind in columns)
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * FROM read_csv({_quoted(str(source))}, columns = {{{typed}}}, {READ}))"
                f" TO {_quoted(str(target))} (FORMAT parquet)"
            )
        return target.read_bytes()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
