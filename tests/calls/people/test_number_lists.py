"""Lists of millions of numbers: built in pieces, looked into without being read, refused where they are damaged."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from calls.errors import LeadError, Location, RecordError
from calls.numbers import NumberProblem, to_e164
from calls.people import number_import
from calls.people.number_file import HEADER, MAGIC, NumberFile, opened
from calls.people.number_import import Built, build, drop_old
from calls.people.number_lists import NumberList, look, serve, standing
from tests.fresh_store import fill

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
MONTH = timedelta(days=31)


def made(folder: Path, text: str, region: str | None = "US", column: str | None = None) -> Built:
    return build(io.BytesIO(text.encode()), Location(Path("list.txt")), region, column, folder)


@pytest.mark.parametrize(
    ("text", "region", "column", "expected"),
    [
        ("2025550100\n2025550101\n", "US", None, ["+12025550100", "+12025550101"]),
        ("202,5550100\n(202) 555-0101\r\n1-202-555-0102", "US", None, [f"+1202555010{each}" for each in range(3)]),
        ("phone\n+1 202 555 0100\n", None, None, ["+12025550100"]),
        ("\ufeff+4930123456\n", None, None, ["+4930123456"]),
        ("030 123456\n30123456\n+442079460000\n", "DE", None, ["+4930123456", "+442079460000"]),
        ("0049 30 123456\n030 123457\n", "DE", None, ["+4930123456", "+4930123457"]),
        ("0043 1 2345678\n4312345679\n664123456\n", "AT", None, ["+4312345678", "+4312345679", "+43664123456"]),
        ("431234567890\n431234567891\n", "AT", None, ["+431234567890", "+431234567891"]),
        ("442079460000\n442079460001\n", "GB", None, ["+442079460000", "+442079460001"]),
        ("8 0152 45-09-11\n8 0152 45-09-12\n", "BY", None, ["+375152450911", "+375152450912"]),
        ('name,phone\nAnna,2025550100\n"B, C",2025550101\n', "US", "phone", ["+12025550100", "+12025550101"]),
        ("Anna,2025550100\n", "US", "2", ["+12025550100"]),
    ],
)
def test_numbers_are_read(
    tmp_path: Path, text: str, region: str | None, column: str | None, expected: list[str]
) -> None:
    built = made(tmp_path, text, region, column)
    found = NumberFile(built.path)
    assert built.path.stat().st_mode & 0o777 == 0o640
    assert (built.numbers, built.refused, found.count) == (len(expected), 0, len(expected))
    assert all(number in found for number in expected)


@pytest.mark.parametrize("spelled", ["E164", "NATIONAL", "INTERNATIONAL", "significant", "00", "code"])
def test_nobody_stands_in_a_list_under_another_number(spelled: str) -> None:
    """A number is read as leads are, or is refused and named: for an example of each country and kind."""
    wrong = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        plan = number_import._Plan(region, Location())
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.VOIP):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            if spelled in ("significant", "00", "code"):
                national = phonenumbers.national_significant_number(number)
                text = {"significant": national, "00": f"00{e164[1:]}", "code": e164[1:]}[spelled]
            else:
                text = phonenumbers.format_number(number, getattr(PhoneNumberFormat, spelled))
            try:
                expected = int(to_e164(text, region)[1:])
            except NumberProblem:
                expected = 0
            if plan.number(text.encode()) not in (expected, int(e164[1:]), 0):
                wrong.append((region, text, expected))
    assert wrong == []


def test_what_is_no_number_is_counted_and_named(tmp_path: Path) -> None:
    built = made(tmp_path, "2025550100\nnobody\n\n202555\n+12\n2025550100\n")
    assert (built.numbers, built.lines, built.refused) == (1, 6, 3)
    assert built.examples == [(2, "nobody"), (4, "202555"), (5, "+12")]


@pytest.mark.parametrize(
    ("text", "region", "column", "words"),
    [
        ("", "US", None, "there is no number in it"),
        ("2025550100\n", None, None, "there is no number in it"),
        ("2025550100\n", "XX", None, "XX is not a region"),
        ("name,phone\n", "US", None, "list.txt:1: several columns"),
        ("name,phone\nA,2025550100\n", "US", "number", "no column 'number': the header has 'name', 'phone'"),
    ],
)
def test_a_file_that_cannot_be_a_list_is_refused(
    tmp_path: Path, text: str, region: str | None, column: str | None, words: str
) -> None:
    with pytest.raises(LeadError, match=words):
        made(tmp_path, text, region, column)
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(2_000_000_000, 2_000_000_400), max_size=400), st.integers(1, 9), st.integers(1, 5))
def test_pieces_merge_to_the_sorted_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbers: list[int], piece: int, block: int
) -> None:
    monkeypatch.setattr(number_import, "PIECE", piece)
    monkeypatch.setattr(number_import, "BLOCK", block)
    monkeypatch.setattr(number_import, "READ_BYTES", 11 * piece)
    if not numbers:
        return
    built = made(tmp_path, "\n".join(map(str, numbers)))
    found = NumberFile(built.path)
    found.verify()
    assert found.count == len(set(numbers))
    inside = {number for number in range(1_999_999_999, 2_000_000_402) if f"+1{number}" in found}
    assert inside == set(numbers)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.from_regex(r"[2-9][0-9]{9}|1?[2-9][0-9]{2}[- ]?[0-9]{7}|[0-9]{0,12}x?", fullmatch=True)))
def test_lines_read_together_are_the_lines_read_one_by_one(tmp_path: Path, lines: list[str]) -> None:
    """Only lines that are all alike are read together: one odd line among them, and each is looked at."""
    usual = ["2025550100", "9995550100"]
    one_by_one = made(tmp_path, "\n".join([*usual, "+12025550100", *lines]) + "\n")
    if all(len(line) == 10 and line.isdigit() for line in lines):
        together = made(tmp_path, "\n".join([*usual, *lines]) + "\n")
        assert together.version == one_by_one.version
    alone = sum(made(tmp_path / "each", f"+12025550100\n{line}\n").refused for line in lines)
    assert one_by_one.refused == alone


def test_the_same_numbers_are_the_same_version(tmp_path: Path) -> None:
    one = made(tmp_path, "2025550100\n2025550101\n")
    assert made(tmp_path, "2025550101\n2025550100\n2025550100\n").path == one.path
    assert made(tmp_path, "2025550101\n").version != one.version


@pytest.mark.parametrize("damage", ["cut", "longer", "magic", "digest", "order", "empty"])
def test_a_damaged_file_is_found(tmp_path: Path, damage: str) -> None:
    path = made(tmp_path, "".join(f"20255501{each:02d}\n" for each in range(20))).path
    data = bytearray(path.read_bytes())
    match damage:
        case "cut":
            data = data[:-3]
        case "longer":
            data += b"\0" * 8
        case "magic":
            data[0] ^= 1
        case "digest":
            data[HEADER.size] ^= 1
        case "order":
            data[HEADER.size : HEADER.size + 16] = data[HEADER.size + 8 : HEADER.size + 16] * 2
        case _:
            data = bytearray()
    path.write_bytes(data)
    with pytest.raises(RecordError, match=r"damaged|cannot be read"):
        NumberFile(path).verify()


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    yield connection
    connection.close()


def served(db: sqlite3.Connection, built: Built, listed_at: datetime = NOW) -> NumberList:
    found = NumberList("national", built.version, built.path, built.numbers, listed_at, NOW, "ann", "a file")
    serve(db, found)
    return found


def test_a_new_version_takes_the_place_of_the_old(db: sqlite3.Connection, tmp_path: Path) -> None:
    served(db, made(tmp_path, "2025550100\n"))
    assert look(db, ["national"], "+12025550100", NOW, MONTH).on == ("national",)
    newer = served(db, made(tmp_path, "2025550101\n"))
    assert standing(db) == {"national": newer}
    assert look(db, ["national"], "+12025550100", NOW, MONTH).on == ()
    assert look(db, ["national"], "+12025550101", NOW, MONTH).on == ("national",)
    assert [row[0] for row in db.execute("SELECT what FROM rule_log")] == ["listed", "listed"]


def test_a_list_that_cannot_be_asked_says_why(db: sqlite3.Connection, tmp_path: Path) -> None:
    assert look(db, ["national"], "+12025550100", NOW, MONTH).unasked == (("national", "it was not imported"),)
    found = served(db, made(tmp_path, "2025550100\n"), NOW - timedelta(days=32))
    ((name, why),) = look(db, ["national"], "+12025550100", NOW, MONTH).unasked
    assert (name, why) == ("national", "it is of 2027-01-28: older than 31 days")
    assert look(db, ["national"], "+12025550100", NOW, None).on == ("national",)  # warned only
    opened.cache_clear()
    found.path.unlink()
    ((_, why),) = look(db, ["national"], "+12025550100", NOW, None).unasked
    assert "cannot be read" in why


def test_a_file_that_was_put_in_anothers_place_is_not_asked(db: sqlite3.Connection, tmp_path: Path) -> None:
    found = served(db, made(tmp_path, "2025550100\n"))
    made(tmp_path, "2025550101\n").path.replace(found.path)
    opened.cache_clear()
    ((_, why),) = look(db, ["national"], "+12025550100", NOW, None).unasked
    assert "another version" in why


@pytest.mark.parametrize("left", [0, 32, HEADER.size, HEADER.size + 8 * 40_000])
def test_a_file_that_is_cut_short_while_it_is_asked_is_asked_no_more(
    db: sqlite3.Connection, tmp_path: Path, left: int
) -> None:
    """Mapped into memory it killed the engine, with every call that was up."""
    numbers = [f"+1202{each:07d}" for each in range(5_000_000, 5_050_000)]
    found = served(db, made(tmp_path, "\n".join(numbers)))
    assert look(db, ["national"], numbers[45_000], NOW, None).on == ("national",)
    os.truncate(found.path, left)
    for _ in range(2):
        looked = look(db, ["national"], numbers[45_000], NOW, None)
        assert not looked.on and "it was cut short" in looked.unasked[0][1]
    opened.cache_clear()
    assert look(db, ["national"], numbers[45_000], NOW, None).unasked


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.sets(st.integers(10**9, 10**9 + 400), max_size=200), st.integers(1, 40), st.integers(1, 12))
def test_every_number_of_a_list_is_found_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: set[int], stride: int, page: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("calls.people.number_file.STRIDE", stride)
        patched.setattr("calls.people.number_file.PAGE", page)
        path = tmp_path / "list.numbers"
        data = array("Q", sorted(listed)).tobytes()
        path.write_bytes(HEADER.pack(MAGIC, len(listed), hashlib.sha256(data).digest()) + data)
        found = NumberFile(path)
        found.verify()
        assert {each for each in range(10**9 - 2, 10**9 + 403) if f"+{each}" in found} == listed


def test_old_versions_are_dropped_and_the_one_that_holds_never(tmp_path: Path) -> None:
    built = [made(tmp_path, f"202555010{each}\n") for each in range(5)]
    for age, each in enumerate(built):
        at = 1_000_000 + age

        os.utime(each.path, (at, at))
    drop_old(tmp_path, built[0].path)
    assert sorted(tmp_path.glob("*.numbers")) == sorted(each.path for each in (built[0], *built[2:]))
