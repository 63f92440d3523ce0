"""Files of leads of every kind: what is taken from them, what is refused, and that an import goes on where it was."""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
import zipfile
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.errors import LeadError, Location
from dialer.leads import places, store, xlsx, xlsx_archive
from dialer.leads.columns import parse_map, places_of
from dialer.leads.file import LeadFile, NewLead
from dialer.leads.report import RefusedRow
from dialer.leads.seen import Seen
from dialer.leads.store import Import
from dialer.leads.table import open_table
from tests.dialer.world import START
from tests.fresh_store import fill

WHERE = Location(Path("leads"))
EAST, WEST = "America/New_York", "America/Los_Angeles"


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    fill(connection)
    yield connection
    connection.close()


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    for row in rows:
        sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def read(raw: bytes | str, columns: str = "", region: str | None = "US") -> tuple[list[NewLead], list[RefusedRow]]:
    content = raw.encode() if isinstance(raw, str) else raw
    given_ = parse_map([columns]) if columns else ()
    leads = LeadFile(open_table(io.BytesIO(content), WHERE), WHERE, region, given_)
    batches = list(leads.batches(size=3))
    return [lead for batch in batches for lead in batch.leads], [each for batch in batches for each in batch.refused]


def lead(raw: bytes | str, columns: str = "") -> NewLead:
    (found,), refused = read(raw, columns)
    assert not refused
    return found


# --- kinds of files ---------------------------------------------------------------------------------------------


def test_a_workbook_is_read_as_people_see_it() -> None:
    raw = workbook(
        ("Phone", "Name", "Owes", None),
        (2025550101, "Ann", 12.5),
        ("(202) 555-0102", None, 7.0),
        (None, None, None),
        (2025550103, "Bob", True),
        (2025550104, "Eve", 1, None, "beyond"),
    )
    leads, refused = read(raw)
    assert [(each.row, each.numbers[0].number, each.name, json.loads(each.fields)) for each in leads] == [
        (2, "+12025550101", "Ann", {"Owes": "12.5"}),
        (3, "+12025550102", "", {"Owes": "7"}),
        (5, "+12025550103", "Bob", {"Owes": "true"}),
    ]
    assert refused == [RefusedRow(6, "has more cells than the header")]


def test_json_lines_are_read_with_keys_that_come_late() -> None:
    raw = '{"phone": "2025550101"}\n\n{"phone": 2025550102, "name": "Ann", "town": null, "vip": true}\n'
    raw += '{"phone": ["x"]}\n[1]\n{"phone\n'
    leads, refused = read(raw)
    assert [(each.row, each.numbers[0].number, each.name, json.loads(each.fields)) for each in leads] == [
        (1, "+12025550101", "", {}),
        (3, "+12025550102", "Ann", {"vip": "true"}),
    ]
    assert [(each.row, each.reason.split(":")[0]) for each in refused] == [
        (4, "'phone' holds a list or an object"),
        (5, "the line is no JSON object"),
        (6, "the line is no JSON"),
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (workbook(), "there is no header"),
        (workbook(("Name",)), "no column with a telephone number"),
        (workbook(("Phone",), (1,))[:-30] + b"x" * 30, "."),
        (b"PK\x03\x04" + b"x" * 90, "."),
        (b'{"name": 1}\n', "no column with a telephone number"),
        (b'{"\\ud800 phone": 1, "phone": 2}\n', "half a character"),
        (b"{\n", "no line holds a JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(raw: bytes, words: str) -> None:
    with pytest.raises(LeadError, match=words):
        read(raw)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_UNPACKED", 1000)
    with pytest.raises(LeadError, match="unpacks to too much"):
        read(workbook(("Phone",), *((2025550100,) for _ in range(500))))


def with_sheet(rows_xml: str) -> bytes:
    """A workbook whose first sheet has these rows."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            made = f"{sheet}{rows_xml}</sheetData></worksheet>".encode()
            new.writestr(name, made if name.startswith("xl/worksheets/") else old.read(name))
    return out.getvalue()


def inline(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = with_sheet(f'<row r="1">{inline("phone")}</row><row r="2">{inline("0" * (1 << 20))}</row>')
    read(bomb)
    monkeypatch.setattr(xlsx, "SMALL", 1 << 19)
    with pytest.raises(LeadError, match="unpacks to too much"):
        read(bomb)


CELLS = "<c/>" * (5 << 20)
"""Cells of 20 MB, which become a gigabyte of objects where all are held: within every bound of the whole workbook."""


def test_a_first_row_that_is_all_of_the_sheet_is_refused() -> None:
    with pytest.raises(LeadError, match="unpacks to too much"):
        read(with_sheet(f'<row r="1">{inline("phone")}{CELLS}</row>'))


def test_a_later_row_that_is_all_of_the_sheet_is_the_last() -> None:
    head = f'<row r="1">{inline("phone")}</row><row r="2">{inline("2025550101")}</row>'
    (found,), (refused,) = read(with_sheet(f'{head}<row r="3">{CELLS}</row>'))
    assert found.row == 2 and refused.row == 3 and "too much at once" in refused.reason


def test_another_part_that_is_all_of_the_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            styles = name == "xl/styles.xml"
            new.writestr(
                name, old.read(name).replace(b"</styleSheet>", b" " * (20 << 20)) if styles else old.read(name)
            )
    with pytest.raises(LeadError, match="unpacks to too much"):
        read(out.getvalue())


def test_a_long_sheet_of_small_rows_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that does not say its size, which is not gone through for that."""
    monkeypatch.setattr(xlsx_archive, "MAX_ROW", 1 << 17)
    monkeypatch.setattr(xlsx_archive, "MAX_PART", 1 << 17)
    rows = "".join(f'<row r="{row}">{inline(f"202555{row:04d}")}</row>' for row in range(2, 7000))
    leads, refused = read(with_sheet(f'<row r="1">{inline("phone")}</row>{rows}'))
    assert (len(leads), refused) == (6998, [])


def test_a_row_that_names_a_number_without_end_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS", 1000)
    far = with_sheet(f'<row r="1">{inline("phone")}</row><row r="999999999999">{inline("2025550101")}</row>')
    leads, (refused,) = read(far)
    assert not leads and (refused.row, refused.reason[:33]) == (1001, "a workbook has no more than 1,000")


@pytest.mark.parametrize("row", ["," * (1 << 20), '"\n",' * (1 << 18)])
def test_a_row_without_end_is_not_held(row: str) -> None:
    with pytest.raises(LeadError, match=r"a row is longer than \d+ characters"):
        read(f"phone,name\n2025550101,{row}\n")


@pytest.mark.parametrize("raw", ["phone,{0}\n2025550101,x\n", '{{"phone": "2025550101", "{0}": "x"}}\n'])
def test_the_name_of_a_column_is_kept_with_each_lead_and_so_is_short(raw: str) -> None:
    read(raw.format("n" * 200))
    with pytest.raises(LeadError, match="the name of a column is longer than 200 characters"):
        read(raw.format("n" * 201))


def damaged(raw: bytes, places_: list[tuple[int, int]]) -> bytes:
    """The workbook with some bytes of its sheet changed, packed again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = bytearray(old.read(name))
            for place, value in places_:
                content[place % len(content)] = value
            new.writestr(name, bytes(content))
    return out.getvalue()


WORKBOOK = workbook(("Phone", "Name"), (2025550101, "Ann"), (2025550102, "Bob"))


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=4), st.booleans())
def test_any_damage_to_a_workbook_is_refused_or_reported(places_: list[tuple[int, int]], packed: bool) -> None:
    raw = bytearray(WORKBOOK)
    if packed:
        for place, value in places_:
            raw[place % len(raw)] = value
    content = bytes(raw) if packed else damaged(WORKBOOK, places_)
    try:
        read(content)
    except LeadError:
        pass


STARTS = st.sampled_from([b"", b"PK\x03\x04", b'{"phone": "', b"phone,name\n", b"\xff\xfe", b"\xef\xbb\xbf{"])


@settings(max_examples=400)
@given(STARTS, st.binary(max_size=200), st.sampled_from(["", "mobile=name", "person=phone,number="]))
def test_any_bytes_are_read_or_refused(start: bytes, raw: bytes, columns: str) -> None:
    try:
        read(start + raw, columns)
    except LeadError:
        pass


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(st.dictionaries(st.sampled_from(["phone", "mobile", "state", "zip", "x", "\ud800"]), VALUES)))
def test_any_json_lines(rows: list[dict[str, object]]) -> None:
    raw = "".join(json.dumps(row) + "\n" for row in rows)
    try:
        leads, refused = read(raw)
    except LeadError:
        return
    assert {each.row for each in leads} | {each.row for each in refused} <= set(range(1, len(rows) + 1))
    "".join(each.fields for each in leads).encode()


# --- columns and numbers ----------------------------------------------------------------------------------------


def test_numbers_are_taken_by_kind_in_the_order_of_the_file() -> None:
    found = lead("Name,Work Phone,Cell,Phone 2\nAnn,2025550101,2025550102,2025550101\n")
    assert [(each.kind.value, each.number) for each in found.numbers] == [
        ("work", "+12025550101"),
        ("mobile", "+12025550102"),
    ]


def test_a_number_of_several_that_is_none_is_left_out_and_reported() -> None:
    leads, refused = read("Phone,Mobile\n12,2025550102\n12,\n,\n2025550104,\n")
    assert [(each.row, [number.number for number in each.numbers]) for each in leads] == [
        (2, ["+12025550102"]),
        (5, ["+12025550104"]),
    ]
    assert [(each.row, each.left_out) for each in refused] == [(2, True), (3, False)]
    assert refused[0].reason.startswith("'Phone' left out: no country's")


def test_columns_are_given() -> None:
    found = lead("a,b,phone\n2025550101,C7,2025550102\n", "mobile=a,person=b,number=")
    assert [each.number for each in found.numbers] == ["+12025550101"]
    assert (found.person, json.loads(found.fields)) == ("C7", {"b": "C7", "phone": "2025550102"})
    for text, words in (
        ("phone=a", "expected KIND=COLUMN with a kind of number, mobile"),
        ("number", "expected KIND=COLUMN"),
        ("number=z", "no column 'z'"),
        ("number=a,name=a", "one column is named for two things"),
    ):
        with pytest.raises(LeadError, match=words):
            read("a,b,phone\n1,2,3\n", text)


@given(st.lists(st.sampled_from(["phone", "cell", "name", "tz", "zip", "x", ""]), max_size=9))
def test_a_column_is_never_taken_twice(header: list[str]) -> None:
    try:
        found = places_of(tuple(header), (), WHERE)
    except LeadError:
        assert not {"phone", "cell"} & set(header)
        return
    taken = [place for _, place in found.numbers] + list(found.singles.values())
    assert len(set(taken)) == len(taken)


# --- where people are -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "cells", "zones", "region"),
    [
        ("", "", (EAST,), "US"),
        ("tz", "Europe/Berlin", ("Europe/Berlin",), "US"),
        ("state", "NY", (EAST,), "US-NY"),
        ("state", "New York", (EAST,), "US-NY"),
        ("state", "California", tuple(sorted((EAST, WEST))), "US-CA"),
        ("state", "Bavaria", (EAST,), "US"),
        ("zip", "10001-1234", (EAST,), "US"),
        ("zip", "94103", tuple(sorted((EAST, WEST))), "US"),
        ("zip", "xxxxx", (EAST,), "US"),
        ("state,zip", "CA,10001", (EAST,), "US-CA"),
        ("country,zip", "CA,m5v 3l9", tuple(sorted((EAST, "America/Toronto"))), "CA"),
        ("country,zip", "DE,10001", (EAST,), "DE"),
    ],
)
def test_zones_by_number_state_and_postcode(columns: str, cells: str, zones: tuple[str, ...], region: str) -> None:
    """A Washington number (202). Where place and number have no zone in common, hours must be open in all of both."""
    found = lead(f"phone,{columns}\n2025550101,{cells}\n" if columns else "phone\n2025550101\n")
    assert (found.numbers[0].time_zones, found.region) == (zones, region)


@pytest.mark.parametrize("zone", ["EST", "MST", "UTC", "GMT", "Etc/GMT+5", "Factory"])
def test_an_offset_is_no_place(zone: str) -> None:
    """In summer New York is an hour ahead of EST: people would be called until ten at night."""
    leads, (refused,) = read(f"phone,tz\n2025550101,{zone}\n")
    assert not leads and "knows no summer time" in refused.reason


def test_a_state_and_a_postcode_that_disagree_count_both() -> None:
    assert set(lead("phone,state,zip\n800 234 5678,CA,10001\n").numbers[0].time_zones) == {EAST, WEST}
    assert lead("phone,state,zip\n800 234 5678,TX,79901\n").numbers[0].time_zones == ("America/Denver",)


def test_a_toll_free_number_is_narrowed_to_its_state() -> None:
    assert len(lead("phone\n800 234 5678\n").numbers[0].time_zones) > 10
    assert lead("phone,state\n800 234 5678,TX\n").numbers[0].time_zones == ("America/Chicago", "America/Denver")


ZONES = st.sets(st.sampled_from("abcd")).map(lambda found: tuple(sorted(found)))


@given(ZONES, ZONES)
def test_a_place_never_widens_to_none(of_number: tuple[str, ...], of_place: tuple[str, ...]) -> None:
    found = places.narrowed(of_number, of_place)
    assert bool(found) == bool(of_number or of_place)
    assert set(found) <= {*of_number, *of_place}
    if set(of_number) & set(of_place):
        assert set(found) == set(of_number) & set(of_place)
    elif of_number and of_place:
        assert set(found) == {*of_number, *of_place}


def test_every_states_zones_exist() -> None:
    for states in places.STATES.values():
        for zones in states.values():
            assert zones and all(zoneinfo.ZoneInfo(zone) for zone in zones)


# --- into the store ---------------------------------------------------------------------------------------------


def rows(count: int) -> str:
    """Every seventh row is bad, every fifth the same as the first."""
    lines = []
    for index in range(count):
        number = "12" if index % 7 == 6 else str(2122360000 + (0 if index % 5 == 4 else index))
        lines.append(f"{number},Lead {index}\n")
    return "phone,name\n" + "".join(lines)


def run(
    database: sqlite3.Connection, text: str, *, stop_after: int | None = None, skip_known: bool = False
) -> Import:
    """Import in batches of ten, and be cut off after so many."""
    leads = LeadFile(open_table(io.BytesIO(text.encode()), WHERE), WHERE, "US")
    ids = itertools.count(database.total_changes)
    begun = store.begin(database, "autumn", "a.csv", str(hash(text)), "", skip_known, START, lambda: f"id{next(ids)}")
    for number, batch in enumerate(leads.batches(begun.counts.upto, 10)):
        if number == stop_after:
            return begun
        begun = store.store_batch(database, begun, batch, START)
    store.end(database, begun, START)
    return begun


def content(database: sqlite3.Connection) -> list[tuple[object, ...]]:
    refused = database.execute("SELECT row, reason FROM import_refusals ORDER BY row").fetchall()
    return [*database.execute("SELECT number, name, file_row FROM leads ORDER BY number"), *refused]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cuts=st.lists(st.integers(0, 2), max_size=3))
def test_an_import_that_was_cut_off_goes_on_where_it_was(database: sqlite3.Connection, cuts: list[int]) -> None:
    text = rows(65)
    database.execute("BEGIN")
    whole = run(database, text)
    expected = content(database)
    database.execute("ROLLBACK")
    database.execute("BEGIN")
    for cut in cuts:
        run(database, text, stop_after=cut)
    again = run(database, text)
    assert again.counts == whole.counts
    assert content(database) == expected
    assert database.execute("SELECT count(*) FROM imports").fetchone()[0] == 1
    database.execute("ROLLBACK")


def test_the_same_file_again_is_known_and_nothing_changes(database: sqlite3.Connection) -> None:
    run(database, rows(30))
    before = content(database)
    again = run(database, rows(30))
    assert (again.counts.imported, again.counts.known + again.counts.refused) == (0, 30)
    leads = [row for row in before if len(row) == 3]
    assert [row for row in content(database) if len(row) == 3] == leads


def test_two_imports_of_one_file_do_not_mix(database: sqlite3.Connection) -> None:
    text = rows(30)
    leads = LeadFile(open_table(io.BytesIO(text.encode()), WHERE), WHERE, "US")
    begun = run(database, text, stop_after=0)
    run(database, text, stop_after=1)
    with pytest.raises(LeadError, match="is being imported into the list by somebody else"):
        store.store_batch(database, begun, next(leads.batches(0, 10)), START)


def test_several_numbers_and_people_go_in(database: sqlite3.Connection) -> None:
    run(database, "phone,mobile,customer id\n2025550101,2025550102,C1\n2025550103,,C1\n2025550104,2025550102,\n")
    assert {row[0] for row in database.execute("SELECT person_key FROM leads")} == {"+12025550101"}
    found = database.execute("SELECT kind, number, position FROM lead_numbers ORDER BY lead_id").fetchall()
    assert found == [("mobile", "+12025550102", 2)] * 2


def test_people_of_any_list_are_left_out_where_that_is_asked_for(database: sqlite3.Connection) -> None:
    run(database, "phone,mobile\n2025550101,2025550102\n")
    database.execute("UPDATE lists SET name = 'old'")
    again = run(database, "phone\n2025550102\n2025550103\n2025550101\n", skip_known=True)
    assert (again.counts.imported, again.counts.known) == (1, 2)


def test_persons_who_are_both_being_dialled_refuse_the_row_that_would_join_them(database: sqlite3.Connection) -> None:
    run(database, "phone\n2025550101\n2025550102\n")
    database.execute("PRAGMA foreign_keys = OFF")
    for number in ("+12025550101", "+12025550102"):
        database.execute(
            "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
            " trunk, state, intended_at) VALUES (?, 'c', 'l', ?, ?, 1, '', '', '', 'live', '')",
            (number, number, number),
        )
    text = "phone,mobile\n2025550103,2025550104\n2025550105,2025550101\n2025550106,2025550101\n"
    joined = run(database, text + "2025550107,2025550102\n" + "2025550108,2025550106\n")
    assert joined.counts.refused == 0
    both = "work,phone,mobile\n2025550109,2025550101,2025550102\n"
    refused = run(database, both)
    assert (refused.counts.imported, refused.counts.refused) == (0, 1)
    assert database.execute("SELECT count(*) FROM leads WHERE number = '+12025550109'").fetchone()[0] == 0


@given(st.lists(st.integers(100, 130)))
def test_what_came_before_is_known(numbers: list[int]) -> None:
    with Seen() as seen:
        for place, number in enumerate(numbers):
            assert seen.before(f"+{number}") is (number in numbers[:place])
