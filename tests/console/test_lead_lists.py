"""Imports and whole lists through the writer: what is committed when, what is done in steps, and the commands."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from typer.testing import CliRunner

from calls.causes import Outcome
from calls.errors import LeadError, RecordError, UserError
from calls.records import lead_totals
from calls.records.database import open_readonly
from calls.records.times import as_text
from calls.records.writer import Writer
from console import imports, lead_lists, main, operations
from console.imports import Import, Reading
from console.lead_lists import Recycling
from dialer import roll
from dialer.leads import lists
from dialer.leads.report import ImportReport
from tests.console.served import install, served
from tests.dialer.conftest import make_campaign

T = TypeVar("T")
NOW = datetime(2027, 3, 1, 17, tzinfo=UTC)


def rows(count: int, first: int = 0) -> bytes:
    return ("Phone,Name\n" + "".join(f"{2122360000 + first + each},Lead\n" for each in range(count))).encode()


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    made = Writer(tmp_path / "calls.db")
    made.start()
    yield made
    kept = await made.run(lead_totals_of)
    await made.run(lead_totals.recount)
    assert kept == await made.run(lead_totals_of), "the roll-ups are what the rows add up to"
    await made.close()


def lead_totals_of(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in connection.execute(f"SELECT * FROM {cube.table}")] for cube in lead_totals.CUBES]


def read(writer: Writer, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(open_readonly(writer.path)) as connection:
        return [tuple(row) for row in connection.execute(statement, values)]


async def load(writes: operations.Writes, raw: bytes, to: str = "autumn") -> ImportReport:
    given = Import(list=to, file="a.csv", region="US")
    return await imports.import_leads(writes, io.BytesIO(raw), given, "me", NOW)


class Fails:
    """A writer that fails once at a write."""

    def __init__(self, writer: Writer, at: int) -> None:
        self.writer, self.left = writer, at

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self.left -= 1
        if self.left == 0:
            raise RecordError("the disk is full")
        return await self.writer.run(work)


async def test_an_import_that_fails_goes_on_where_it_was(writer: Writer) -> None:
    with pytest.raises(RecordError, match="the disk is full"):
        await load(Fails(writer, 4), rows(1000))
    assert read(writer, "SELECT count(*) FROM leads") == [(400,)]
    assert read(writer, "SELECT upto, ended_at, round(share, 1) FROM imports")[0][:2] == (401, None)
    found = await load(writer, rows(1000))
    assert (found.resumed_after, found.counts.imported, found.counts.upto) == (401, 1000, 1001)
    assert read(writer, "SELECT count(*), count(DISTINCT number) FROM leads") == [(1000, 1000)]
    assert "went on behind row 401" in str(found)
    again = await load(writer, rows(1000))
    assert (again.counts.imported, again.counts.known, again.resumed_after) == (0, 1000, 0)


async def test_calls_are_recorded_between_the_batches_of_an_import(writer: Writer) -> None:
    importing = asyncio.create_task(load(writer, rows(5000)))
    seen = []
    while not importing.done():
        seen.append(await writer.run(lambda db: db.execute("SELECT count(*) FROM leads").fetchone()[0]))
    await importing
    assert len(set(seen)) > 5, "others came between"


async def test_a_preview_counts_and_writes_nothing(writer: Writer) -> None:
    raw = rows(5) + b"2122360001,Again\n12,Short\n12,Short\n"
    found = imports.preview(io.BytesIO(raw), Reading(file="a.csv", region="US"))
    assert (found.rows, found.good, found.without_zone) == (8, 5, 0)
    assert found.refused == {
        "no country's numbering plan has such a number": 2,
        "the same number as an earlier row": 1,
    }
    assert found.columns == {"number": "Phone", "name": "Name"}
    assert [sample["Phone"] for sample in found.samples] == ["2122360000", "2122360001", "2122360002"]
    assert read(writer, "SELECT count(*) FROM lists") == [(0,)]


async def test_a_list_is_moved_in_steps(writer: Writer, tmp_path: Path) -> None:
    await load(writer, rows(450))
    await load(writer, rows(1), "b")
    campaign = make_campaign(tmp_path, list='"b"')
    await operations.register(writer, campaign, "me", NOW)
    done = await lead_lists.move(writer, "autumn", "b", "me", NOW)
    assert done.said.startswith("449 leads moved from autumn to b")
    assert read(writer, "SELECT lists.name, count(*) FROM leads JOIN lists USING (list_id) GROUP BY 1") == [
        ("autumn", 1),
        ("b", 450),
    ]
    with closing(open_readonly(writer.path)) as connection:
        assert roll.progress(connection, campaign.campaign_id) == {"new": 450}
    with pytest.raises(LeadError, match="no list c"):
        await lead_lists.move(writer, "b", "c", "me", NOW)
    with pytest.raises(LeadError, match="stand in list b already"):
        await lead_lists.move(writer, "b", "b", "me", NOW)


async def test_moved_leads_leave_campaigns_that_do_not_dial_the_list(writer: Writer, tmp_path: Path) -> None:
    await load(writer, rows(3))
    await load(writer, rows(1, 500), "b")
    campaign = make_campaign(tmp_path)
    await operations.register(writer, campaign, "me", NOW)
    await writer.run(lambda db: db.execute("UPDATE campaign_leads SET state = 'dialling' WHERE position = 2"))
    await lead_lists.move(writer, "autumn", "b", "me", NOW)
    with closing(open_readonly(writer.path)) as connection:
        assert roll.progress(connection, campaign.campaign_id) == {"dialling": 1}


async def test_a_list_is_removed_but_for_what_records_lead_to(writer: Writer, tmp_path: Path) -> None:
    await load(writer, rows(450))
    campaign = make_campaign(tmp_path)
    await operations.register(writer, campaign, "me", NOW)
    await writer.run(_dialled)
    done = await lead_lists.remove(writer, "autumn", "me", NOW)
    assert done.said.startswith("449 leads of autumn removed")
    assert read(writer, "SELECT number FROM leads") == [("+12122360007",)]
    (view,) = read_lists(writer)
    assert (view.closed, view.leads) == (True, 1)
    await load(writer, rows(5), "b")
    await lead_lists.remove(writer, "b", "me", NOW)
    assert [each.name for each in read_lists(writer)] == ["autumn"]


def _dialled(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
        " trunk, state, intended_at, outcome) SELECT 'a', 'autumn', lead_id, person_key, number, 1, '', '', '',"
        " 'done', ?, 'no_answer' FROM leads WHERE number = '+12122360007'",
        (as_text(NOW - timedelta(days=3)),),
    )


def read_lists(writer: Writer) -> list[lists.ListView]:
    with closing(open_readonly(writer.path)) as connection:
        return lists.overview(connection)


async def test_leads_that_are_done_are_recycled_by_outcome_and_age(writer: Writer, tmp_path: Path) -> None:
    await load(writer, rows(1200))
    campaign = make_campaign(tmp_path)
    await operations.register(writer, campaign, "me", NOW)
    await writer.run(_dialled)
    await writer.run(lambda db: db.execute("UPDATE campaign_leads SET state = 'done', last_outcome = 'no_answer'"))
    await writer.run(
        lambda db: db.execute("UPDATE campaign_leads SET last_outcome = 'answered' WHERE position % 2 = 0")
    )
    four_days = Recycling(outcomes=(Outcome.NO_ANSWER,), older_than="4d")
    await lead_lists.recycle(writer, "autumn", four_days, "me", NOW)
    states = "SELECT state, count(*) FROM campaign_leads GROUP BY state ORDER BY state"
    dialled_on_an_even_place = read(writer, "SELECT count(*) FROM leads WHERE rowid % 2 = 0 AND number LIKE '%0007'")
    taken = 600 if dialled_on_an_even_place == [(1,)] else 599
    assert read(writer, states) == [("done", 1200 - taken), ("retry", taken)]
    done = await lead_lists.recycle(writer, "autumn", Recycling(outcomes=(Outcome.ANSWERED,)), "me", NOW)
    assert done.said.startswith("600 leads of campaign autumn are dialled again")
    for bad in (Recycling(outcomes=(Outcome.BUSY,), older_than="2 days"), Recycling(outcomes=(Outcome.BUSY,))):
        with pytest.raises(UserError, match=r"expected an age|was not started"):
            await lead_lists.recycle(writer, "spring" if bad.older_than == "0m" else "autumn", bad, "me", NOW)


# --- commands ---------------------------------------------------------------------------------------------------


def invoke(path: Path, *words: str) -> str:
    result = CliRunner().invoke(main.app, ["--settings", str(path), *words], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.mark.parametrize("with_engine", [False, True], ids=["alone", "engine"])
def test_the_commands(tmp_path: Path, with_engine: bool) -> None:
    path = install(tmp_path)
    if with_engine:
        with served(path):
            follow_the_commands(path, tmp_path)
    else:
        follow_the_commands(path, tmp_path)


def follow_the_commands(path: Path, folder: Path) -> None:
    file = folder / "spring.csv"
    file.write_bytes(rows(30) + b"12,Short\n=2,Formula\n")
    shown = invoke(path, "leads", "preview", str(file), "--region", "US")
    assert "32 rows: 30 can be imported" in shown and "2122360002" in shown
    assert json.loads(invoke(path, "leads", "preview", str(file), "--region", "US", "--json"))["good"] == 30
    said = invoke(path, "leads", "import", str(file), "--list", "spring", "--region", "US", "--map", "name=")
    assert "30 imported, 0 in the list already, 2 refused (number from 'Phone')" in said
    refused = (folder / "spring.csv.refused.csv").read_text(encoding="utf-8").splitlines()
    assert refused[0] == "row,reason" and [line.split(",")[0] for line in refused[1:]] == ["32", "33"]
    again = folder / "again.csv"
    again.write_bytes(rows(31))
    words = ("leads", "import", str(again), "--list", "more", "--region", "US", "--skip-known", "--json")
    assert json.loads(invoke(path, *words))["known"] == 30
    assert {each["name"]: each["leads"] for each in json.loads(invoke(path, "leads", "lists", "--json"))} == {
        "more": 1,
        "spring": 30,
    }
    assert json.loads(invoke(path, "leads", "hours", "spring", "--json"))[9]["attempts"] == 0
    assert len(invoke(path, "leads", "hours", "spring", "--csv").splitlines()) == 25
    with pytest.raises(LeadError, match="campaign autumn was not started"):
        invoke(path, "leads", "hours", "spring", "--campaign", "autumn")
    results = folder / "results.csv"
    assert invoke(path, "leads", "export", "spring", str(results)) == f"{results}: 30 rows\n"
    header, first, *_ = results.read_text(encoding="utf-8").splitlines()
    assert header.startswith("number,kind,") and first.startswith("'+12122360000,") and header.endswith(",Name")
    assert stat.S_IMODE(results.stat().st_mode) == 0o600, "it is full of people's numbers"
    lines = folder / "results.jsonl"
    invoke(path, "leads", "export", "spring", str(lines), "--campaign", "autumn")
    objects = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    first_said = objects[0]
    assert (first_said["number"], first_said["Name"], first_said["campaign"]) == ("+12122360000", "Lead", None)
    assert len(objects) == 30
    with pytest.raises(UserError, match="cannot be written"):
        invoke(path, "leads", "export", "spring", str(folder / "no" / "where.csv"))
    assert "1 leads moved from more to spring" in invoke(path, "leads", "move", "more", "spring")
    assert "is closed" in invoke(path, "leads", "close", "spring")
    assert json.loads(invoke(path, "leads", "show", "spring", "--json"))["view"]["closed"] is True
    assert "31 leads, closed" in invoke(path, "leads", "show", "spring")
    assert "is open" in invoke(path, "leads", "open", "spring")
    added = ("leads", "add", "(212) 236-9999", "--list", "spring", "--region", "US")
    own = ("--name", "Late, Ltd", "--time-zone", "America/Denver", "--priority", "7", "--field", "Town=Aspen")
    assert invoke(path, *added, *own) == "(212) 236-9999 is in list spring\n"
    assert invoke(path, *added) == "(212) 236-9999 is in list spring already\n"
    with pytest.raises(UserError, match="12: "):
        invoke(path, "leads", "add", "12", "--list", "spring")
    with pytest.raises(UserError, match="expected NAME=TEXT"):
        invoke(path, *added, "--field", "name=x")
    invoke(path, "leads", "export", "spring", str(lines))
    last = json.loads(lines.read_text(encoding="utf-8").splitlines()[-1])
    told = [last[each] for each in ("number", "name", "time zones", "priority", "Town")]
    assert told == ["+12122369999", "Late, Ltd", "America/Denver", 7, "Aspen"]
    mend_one(path)
    assert "31 leads of spring removed" in invoke(path, "leads", "remove", "spring", "--yes")
    with pytest.raises(UserError, match="campaign autumn was not started"):
        invoke(path, "leads", "recycle", "--campaign", "autumn", "--outcome", "busy")


def mend_one(path: Path) -> None:
    """The lead that was added last."""
    of = ("--list", "spring")
    edit = ("leads", "edit", "+12122369999", *of)
    changed = invoke(path, *edit, "--number", "(312) 555-0140", "--region", "US", "--add", "work=+12025550160")
    assert changed == "changed of a lead of list spring: its numbers\n", "the zone was named when it was added"
    edit = ("leads", "edit", "+13125550140", *of)
    changed = invoke(path, *edit, "--kind", "mobile", "--drop", "+12025550160", "--time-zone", "", "--field", "Town=")
    assert changed == "changed of a lead of list spring: its numbers, its time zone, its field Town\n"
    assert "nothing was changed" in invoke(path, *edit, "--name", "Late, Ltd")
    shown = json.loads(invoke(path, "leads", "show", "spring", "--number", "+13125550140", "--json"))
    assert shown["numbers"] == [
        {"number": "+13125550140", "kind": "mobile", "time_zones": ["America/Chicago"]},
    ]
    assert (shown["name"], shown["priority"], shown["fields"]) == ("Late, Ltd", 7, {})
    assert "Late, Ltd, list spring, priority 7" in invoke(path, "leads", "show", "spring", "--number", "+13125550140")
    for words, problem in (
        (("--drop", "+13125550140"), "a lead has a number"),
        (("--drop", "+12025550160"), "the lead has no such number"),
        (("--add", "fax=+12025550160"), "expected KIND=NUMBER"),
        (("--number", "12"), "is no number"),
        (("--field", "Town"), "such as Town=London"),
        (("--priority", "5000"), "from -1000 to 1000"),
    ):
        with pytest.raises(UserError, match=problem):
            invoke(path, *edit, *words)
    removed = invoke(path, "leads", "remove", "spring", "--number", "+13125550140", "--yes")
    assert removed == "a lead is removed from list spring: it was never dialled\n"
    with pytest.raises(UserError, match="no lead of list spring has the number"):
        invoke(path, "leads", "remove", "spring", "--number", "+13125550140", "--yes")


def test_the_api_takes_a_file_and_gives_what_was_refused(tmp_path: Path) -> None:
    with (
        served(install(tmp_path)) as running,
        httpx.Client(
            transport=httpx.HTTPTransport(uds=str(running.settings.engine.socket), verify=False),
            base_url="http://engine",
            timeout=30,
        ) as http,
    ):
        query = {"list": "spring", "file": "a.csv", "region": "US"}
        content = (chunk for chunk in (b"Phone\n", b"2122360001\n1", b"2\n"))
        found = http.post("/v1/leads", params=query, content=content).json()
        refused = http.get(f"/v1/imports/{found['import']}/refused").json()
        assert [(each["row"], each["reason"]) for each in refused] == [
            (3, "no country's numbering plan has such a number")
        ]
        preview = http.post("/v1/leads/preview", params={"file": "a.csv"}, content=b"Phone\n+12122360001\n").json()
        assert (preview["good"], preview["columns"]) == (1, {"number": "Phone"})
        assert [each["name"] for each in http.get("/v1/lists").json()] == ["spring"]
        assert http.get("/v1/lists/spring").json()["view"]["leads"] == 1
        assert http.get("/v1/lists/other").status_code == 409
        hours = http.get("/v1/lists/spring/hours").json()
        assert [each["hour"] for each in hours] == list(range(24))
        assert http.get("/v1/lists/other/hours").status_code == 409
