"""Lists of leads from CSV: what is read, what is refused and why, and that the same again changes nothing."""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import LeadError, Location
from dialer import roll
from dialer.leads.file import LeadFile
from dialer.leads.report import Counts, ImportReport
from dialer.leads.store import begin, end, import_leads, refusals, store_batch
from dialer.leads.table import open_table
from tests.dialer.conftest import make_campaign
from tests.dialer.world import START
from tests.fresh_store import fill

WHERE = Location(Path("leads.csv"))


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    fill(connection)
    yield connection
    connection.close()


def ids() -> Callable[[], str]:
    count = itertools.count(1)
    return lambda: f"id{next(count)}"


def load(
    database: sqlite3.Connection,
    content: str | bytes,
    *,
    region: str | None = "US",
    columns: tuple[tuple[str, str], ...] = (),
    new_id: Callable[[], str] | None = None,
) -> ImportReport:
    raw = content.encode() if isinstance(content, str) else content
    leads = LeadFile(open_table(io.BytesIO(raw), WHERE), WHERE, region, columns)
    return import_leads(database, leads, "autumn", START, new_id or ids())


def stored(database: sqlite3.Connection) -> list[tuple[object, ...]]:
    return database.execute("SELECT number, name, time_zones, priority, fields FROM leads ORDER BY rowid").fetchall()


def test_a_list_is_imported(database: sqlite3.Connection) -> None:
    text = (
        "Phone,Name,Time Zone,Priority,Shop\n"
        "(202) 555-0101,Corner Bakery,,5,north\n"
        "+44 20 7946 0123,Corner Books,Europe/London,,\n"
    )
    report = load(database, text)
    assert report.counts == Counts(upto=3, rows=2, imported=2)
    assert report.columns == {"number": "Phone", "name": "Name", "time_zone": "Time Zone", "priority": "Priority"}
    assert stored(database) == [
        ("+12025550101", "Corner Bakery", '["America/New_York"]', 5, '{"Shop": "north"}'),
        ("+442079460123", "Corner Books", '["Europe/London"]', 0, "{}"),
    ]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8"),
        lambda text: text.replace(",", ";").encode("utf-8"),
        lambda text: text.replace(",", "\t").encode("utf-8"),
    ],
    ids=["utf-8", "utf-8 mark", "utf-16 le", "utf-16 be", "crlf", "semicolon", "tab"],
)
def test_encodings_and_delimiters(database: sqlite3.Connection, encode: Callable[[str], bytes]) -> None:
    load(database, encode("Größe,Telefon,Name\n3,202-555-0101,Bäckerei Süd\n"))
    assert stored(database) == [("+12025550101", "Bäckerei Süd", '["America/New_York"]', 0, '{"Größe": "3"}')]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("phone\n2025550101\nB\xe4cker\n".encode("latin-1"), "leads.csv:3: is not UTF-8 all through"),
        ("phone\n2025550101\n".encode("utf-16-le"), "looks like UTF-16 without its byte order mark"),
        ("phone\n2025550101\n".encode("utf-32"), "is UTF-32"),
        (b"\xff\xfea\x00b", "is not UTF-16 all through"),
        (b"", "there is no header"),
        (b"name,shop\nCorner Bakery,north\n", "no column with a telephone number: the header has 'name', 'shop'"),
        (b"2025550101\n2025550102\n", "no column with a telephone number"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(database: sqlite3.Connection, raw: bytes, words: str) -> None:
    with pytest.raises(LeadError) as problem:
        load(database, raw)
    assert words in str(problem.value)
    assert stored(database) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("12,short,", "no country's numbering plan has such a number"),
        ("112,emergency,", "emergency numbers are never dialled"),
        (",nobody,", "the number is empty"),
        ("=2025550101,formula,", "a number has only digits"),
        ("2025550101&PJSIP/evil,dial string,", "a number has only digits"),
        ("202 555 0100,again,", "the same number as row 2"),
        ("2025550102,too,many,cells", "has 4 cells, and the header has 3"),
        ("2025550102", "has 1 cells, and the header has 3"),
        ("2025550102,nul\0l,", "holds a NUL byte"),
        ("2025550102,bell\x07,", "column 'name' holds the control character U+0007"),
        ("2025550102,x,Mars/Base", "no time zone 'Mars/Base'"),
        ('2025550102,"a"b,', "a quote is not closed"),
        ("2025550102," + "x" * 201 + ",", "the name is longer than 200"),
    ],
)
def test_a_bad_row_is_reported_and_the_others_go_in(database: sqlite3.Connection, row: str, words: str) -> None:
    text = f"phone,name,tz\n2025550100,first,\n{row}\n2025550109,last,\n"
    report = load(database, text)
    assert report.counts.imported == 2
    assert [each.row for each in report.first_refused] == [3]
    assert words in report.first_refused[0].reason
    assert "row 3: " in str(report)
    assert json.loads(json.dumps(report.as_json()))["refused"][0]["row"] == 3


def test_what_looks_like_a_formula_stays_text(database: sqlite3.Connection) -> None:
    load(database, 'phone,name,note\n2025550101,"=HYPERLINK(""x"")",@cmd\n')
    assert stored(database)[0][1] == '=HYPERLINK("x")'
    assert stored(database)[0][4] == '{"note": "@cmd"}'


def test_an_open_quote_is_reported_with_the_lines_it_ate(database: sqlite3.Connection) -> None:
    report = load(database, 'phone,name\n2025550101,ok\n2025550102,"open\n2025550103,eaten\n')
    assert report.counts.imported == 1
    assert "lines 3-" in report.first_refused[0].reason


def test_the_same_again_changes_nothing(database: sqlite3.Connection) -> None:
    text = "phone,name\n2025550101,one\n12,bad\n2025550102,two\n"
    new_id = ids()
    load(database, text, new_id=new_id)
    before = [database.execute(f"SELECT * FROM {table}").fetchall() for table in ("lists", "leads")]
    report = load(database, text.replace(",one", ",changed"), new_id=new_id)
    assert (report.counts.imported, report.counts.known, report.counts.refused) == (0, 2, 1)
    assert [database.execute(f"SELECT * FROM {table}").fetchall() for table in ("lists", "leads")] == before


def test_columns_are_named(database: sqlite3.Connection) -> None:
    columns = (("number", "private"), ("name", "phone"))
    report = load(database, "phone,private\nCorner,2025550101\n", columns=columns)
    assert report.columns == {"number": "private", "name": "phone"}
    assert stored(database)[0][:2] == ("+12025550101", "Corner")
    with pytest.raises(LeadError, match="no column 'work': the header has 'phone', 'private'"):
        load(database, "phone,private\nCorner,2025550101\n", columns=(("number", "work"),))
    with pytest.raises(LeadError, match="one column is named for two things"):
        load(database, "phone\n2025550101\n", columns=(("number", "phone"), ("name", "phone")))


def test_without_a_region_a_national_number_is_refused(database: sqlite3.Connection) -> None:
    report = load(database, "phone\n2025550101\n+12025550102\n", region=None)
    assert report.counts.imported == 1
    assert [each.row for each in report.first_refused] == [2]


def test_a_lists_name_is_safe(database: sqlite3.Connection) -> None:
    leads = LeadFile(open_table(io.BytesIO(b"phone\n+12025550102\n"), WHERE), WHERE)
    with pytest.raises(LeadError, match="a list's name has"):
        import_leads(database, leads, "autumn; DROP", START, ids())


def test_new_leads_join_the_campaigns_of_their_list(database: sqlite3.Connection, tmp_path: Path) -> None:
    new_id = ids()
    load(database, "phone\n2025550101\n", new_id=new_id)
    campaign = make_campaign(tmp_path)
    roll.register(database, campaign, START)
    assert roll.progress(database, campaign.campaign_id) == {"new": 1}
    load(database, "phone\n2025550101\n2025550102\n2025550103\n", new_id=new_id)
    assert roll.progress(database, campaign.campaign_id) == {"new": 3}


def test_ten_thousand_rows_with_five_in_a_hundred_bad(database: sqlite3.Connection) -> None:
    bad = itertools.cycle(["12,bad", "2025550\0101,nul", "=1+1,formula", "2122360000,double", '2025550101,"a"b'])
    rows = [next(bad) if index % 20 == 7 else f"{2122360000 + index},Lead {index}" for index in range(10_000)]
    began = time.perf_counter()
    report = load(database, "\ufeffphone,name\r\n" + "\r\n".join(rows) + "\r\n")
    assert time.perf_counter() - began < 10
    assert (report.counts.rows, report.counts.imported, report.counts.refused) == (10_000, 9_500, 500)
    refused = {each.row for each in refusals(database, report.import_id)}
    assert refused == {index + 2 for index in range(10_000) if index % 20 == 7}
    assert database.execute("SELECT count(*) FROM leads").fetchone()[0] == 9_500


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        leads = LeadFile(open_table(io.BytesIO(b"phone,name\n" + raw), WHERE), WHERE, "US")
    except LeadError:
        return
    for batch in leads.batches():
        assert len(batch.leads) + len(batch.refused) == batch.rows


NUMBERS = st.sampled_from(["", *(f"202555010{each}" for each in range(6))])
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from(["", "", "C1", "C2"])), max_size=25)


@given(earlier=ROWS, rows=ROWS, skip_known=st.booleans(), size=st.integers(2, 30))
def test_rows_that_go_in_together_are_as_if_each_had_gone_in_alone(
    earlier: list[tuple[str, str, str]], rows: list[tuple[str, str, str]], skip_known: bool, size: int
) -> None:
    def stored_by(size: int) -> tuple[list[object], ...]:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        fill(connection)
        new_id = ids()
        for list_name, some, rows_at_once in (("before", earlier, 1), ("autumn", rows, size)):
            text = "Phone,Mobile,Customer id\n" + "".join(",".join(row) + "\n" for row in some)
            leads = LeadFile(open_table(io.BytesIO(text.encode()), WHERE), WHERE, "US")
            running = begin(connection, list_name, "", "", "", skip_known, START, new_id)
            for batch in leads.batches(size=rows_at_once):
                running = store_batch(connection, running, batch, START)
            end(connection, running, START)
        found = [
            connection.execute(each).fetchall()
            for each in (
                "SELECT * FROM leads ORDER BY rowid",
                "SELECT * FROM lead_numbers ORDER BY lead_id, position",
                "SELECT * FROM person_handles ORDER BY handle",
                "SELECT import_id, row, reason FROM import_refusals ORDER BY import_id, row, reason",
                "SELECT import_id, upto, rows, imported, known, refused, left_out, without_zone FROM imports",
            )
        ]
        connection.close()
        return tuple(found)

    assert stored_by(size) == stored_by(1)
