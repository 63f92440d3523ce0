"""Reports over a year's ten million calls: how long those of the last 30 days take, live tiles, and bytes a call.

``python -m tests.bench reports`` takes the last 40 days of such a year, 1.1 million calls; ``python -m
tests.bench.reports 365 FOLDER`` the whole of it, and asks again where FOLDER has the database already. The calls are
made by SQL from their numbers alone: the same ones each time. Trails and agents' states are made for the last 35 days
only. Then each section is asked by every way in which it can be grouped (:mod:`tests.bench.report_ways`).
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from calls.records import again, agent_time, agent_waits, lead_totals, path_totals, reached, totals
from calls.records.database import open_readonly, open_writer
from calls.records.figure import Scope
from calls.records.migrations import migrate
from calls.reports.asking import ask
from calls.reports.definitions import Section, of_section
from calls.reports.of_scope import figures_of
from calls.reports.question import Dimension, Question
from console.web import desk_page, live_figures
from tests.bench import report_ways

CALLS_A_DAY = 27_400
"""Ten million a year."""

LEADS_A_DAY = 2_740
"""A million a year."""

TRAIL_DAYS = 35

CAP_S = 600.0
"""Of one statement: on a machine that is busy with other things none is to be interrupted."""
PRAGMAS = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "foreign_keys = OFF",
    "secure_delete = OFF",
    "cache_size = -3000000",
    "temp_store = MEMORY",
)
"""Of the connection that makes the calls: no log, and keys in no order find their place in memory."""

END = datetime(2026, 6, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")

CALLS = """
INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, flow, campaign_id, lead_id, queue,
    agent_id, started_at, answered_at, ended_at, ring_s, menu_s, wait_s, talk_s, wrap_up_s, duration_s, billed_s,
    outcome, cause, ended_by, detected, abandoned, connect_s, last_node, flow_version, disposition, sale_value,
    sale_currency, contained, flow_outcome)
WITH RECURSIVE numbers(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM numbers WHERE i < :last - 1),
drawn AS (
    SELECT i, (i * 2654435761 + 12345) % 4294967296 AS a, (i * 2246822519 + 777) % 4294967291 AS b,
           (i * 3266489917 + 99) % 4294967279 AS c FROM numbers
),
kinds AS (
    SELECT *, b % 100 < 40 AS inbound, c % 100 AS p,
           :begin + (i / :a_day) * 86400 + 25200 + (i % :a_day) * 43200 / :a_day
               AS at FROM drawn
),
made AS (
    SELECT *, CASE WHEN inbound THEN p >= 35 ELSE 0 END AS offered,
           CASE WHEN inbound THEN p >= 41 ELSE p < 29 END AS handled,
           strftime('%Y-%m-%dT%H:%M:%S', at, 'unixepoch') AS stamp,
           (a / 64) % 45 + 0.25 AS wait, (a / 128) % 240 + 20.5 AS talk FROM kinds
)
SELECT printf('%08x-%04x-4%03x-8%03x-%012x', a, b % 65536, c % 4096, i % 4096, i),
    iif(inbound, 'inbound', 'outbound'),
    'main', '20260101-boot', printf('1780000000.%d', i),
    iif(inbound, printf('+49301%07d', a % 3000000), '+493099900'),
    iif(inbound, '+493088800', printf('+49301%07d', a % 3000000)), iif(inbound, 'main', NULL),
    iif(inbound, NULL, printf('campaign-%d', b % 8)), iif(inbound, NULL, printf('lead-%07d', a % 1000000)),
    iif(offered, printf('queue-%d', b % 5), NULL), iif(handled, printf('agent-%03d', c % 100), NULL),
    stamp || '.250000+00:00', iif(inbound OR p < 45, stamp || '.750000+00:00', NULL),
    stamp || '.950000+00:00', 4.5, iif(inbound, 21.5, 0.0), iif(offered, wait, NULL), iif(handled, talk, 0.0),
    iif(handled, 12.5, NULL), 300.0, 280.0,
    CASE WHEN inbound THEN iif(offered AND NOT handled, 'abandoned', 'answered') WHEN p < 29 THEN 'answered'
         WHEN p < 30 THEN 'abandoned' WHEN p < 45 THEN 'machine' WHEN p < 85 THEN 'no_answer' ELSE 'busy' END,
    16, 'caller', iif(inbound OR p >= 45, NULL, iif(p < 30, 'human', 'machine')),
    (inbound AND offered AND NOT handled) OR (NOT inbound AND p = 29), iif(NOT inbound AND handled, 0.4, NULL),
    iif(inbound, 'menu', NULL), iif(inbound, 'a1b2c3d4e5f6', NULL), iif(handled, iif(c % 10 = 0, 'sale', 'no'), NULL),
    iif(handled AND c % 10 = 0, '49.90', NULL), iif(handled AND c % 10 = 0, 'EUR', NULL),
    iif(inbound, NOT offered, NULL), iif(inbound, iif(offered, 'served', iif(a % 3, 'completed', 'hung_up')), NULL)
FROM made
"""

ATTEMPTS = """
INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id, trunk, state,
    intended_at, ended_at, outcome, cause, decision, caller_id, list_id)
SELECT call_id, campaign_id, lead_id, '+49301' || substr(lead_id, 6), called, 1, switch, boot_id, 'carrier', 'done',
    started_at, ended_at, outcome, cause,
    '{"why": "forecast 3.2 of 4 ready", "allowed_by": ["window", "daily", "dnc"], "carriers": 1}',
    caller,
    printf('list-%d', CAST(substr(lead_id, 6) AS INTEGER) % 20)
FROM calls WHERE direction = 'outbound'
"""

LEADS = """
INSERT INTO leads (lead_id, list_id, person_key, number, name, time_zones, fields, imported_at, region)
WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < :leads - 1)
SELECT printf('lead-%07d', i), printf('list-%d', i % 20), printf('+49301%07d', i), printf('+49301%07d', i),
    'Jo Example', '["Europe/Berlin"]', '{"town": "Berlin"}', strftime('%Y-%m-%dT%H:%M:%S',
    :begin + (i * 2654435761 % 4294967296) % (:days * 86400), 'unixepoch') || '.000000+00:00', 'DE'
FROM numbers
"""

ROLL = """
INSERT INTO campaign_leads (campaign_id, lead_id, state, list_id)
SELECT printf('campaign-%d', rowid % 8), lead_id, 'done', list_id FROM leads
"""

CALLBACKS = """
INSERT INTO callbacks (call_id, key, number, queue, asked_at, waiting_since, appointment, window_begin, window_end,
    due_at, tries, max_tries, retry_after_s, state, ended_at)
SELECT call_id, 'visit', caller, queue, started_at, started_at, 0, started_at, ended_at, started_at, 1, 3, 600.0,
    iif(rowid % 5, 'reached', 'closed'), ended_at
FROM calls WHERE direction = 'inbound' AND queue IS NOT NULL AND rowid % 50 = 0
"""

EVENTS = """
INSERT INTO call_events (call_id, seq, at, since_s, kind, detail)
SELECT call_id, kinds.column1, started_at, kinds.column1 * 3.5, kinds.column2, kinds.column3
FROM (VALUES (1, 'flow_started', '{"flow": "main", "version": "a1b2c3d4e5f6"}'),
             (2, 'node_entered', '{"node": "menu", "type": "menu"}'),
             (3, 'choice', '{"node": "menu", "keys": "1", "to": "sales", "by": "keys"}'),
             (4, 'node_left', '{"node": "menu", "exit": "keys.1", "took_s": 8.25}'),
             (5, 'node_entered', '{"node": "sales", "type": "queue"}'),
             (6, 'hung_up', '{"node": "sales", "by": "caller", "cause": 16}'),
             (7, 'outcome', '{"outcome": "served", "menu_s": 21.5}')) AS kinds
JOIN (SELECT call_id, started_at FROM calls WHERE direction = 'inbound' AND started_at >= :since ORDER BY call_id)
"""

NODES = """
INSERT INTO node_totals SELECT CAST(strftime('%s', started_at) AS INTEGER) / 900, 'main', 'a1b2c3d4e5f6',
    nodes.column1, count(*), count(*) * 8.25, 0, 0, 0, 0, count(*), count(*), 0, count(*), 0.0, 0
FROM calls, (VALUES ('menu'), ('sales'), ('help'), ('hours'), ('goodbye')) AS nodes
WHERE direction = 'inbound' GROUP BY 1, 4
"""

STATES = """
INSERT INTO agent_states (agent_id, since_at, state, reason, duration_s)
WITH RECURSIVE slots(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM slots WHERE n < :slots - 1)
SELECT printf('agent-%03d', agent.value), strftime('%Y-%m-%dT%H:%M:%S', :begin + (n / 432) * 86400 + 25200
    + (n % 432) * 100, 'unixepoch') || '.000000+00:00',
    CASE n % 4 WHEN 0 THEN 'ready' WHEN 1 THEN 'reserved' WHEN 2 THEN 'talking' ELSE 'wrap_up' END, '', 100.0
FROM slots, json_each(:agents) AS agent ORDER BY 1, 2
"""

TALKED = """
WITH talks AS (
    SELECT agent_id, since_at, row_number() OVER (PARTITION BY agent_id ORDER BY since_at) AS place
    FROM agent_states WHERE state = 'talking'
), taken AS (
    SELECT agent_id, call_id, row_number() OVER (PARTITION BY agent_id ORDER BY started_at) AS place
    FROM calls WHERE agent_id IS NOT NULL AND started_at >= :since
)
UPDATE agent_states SET call_id = found.call_id
FROM (SELECT agent_id, since_at, call_id FROM talks JOIN taken USING (agent_id, place)) AS found
WHERE agent_states.agent_id = found.agent_id AND agent_states.since_at = found.since_at
"""
"""Each talk is about the next one of its agent's calls."""


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds of each report, the best of some rounds, and of the first one, for which nothing of the database was in
    memory; bytes of the database by table. ``built_s``: 0 where it was there; ``upgrade_s``: until it had this
    release's schema."""

    calls: int
    took_s: dict[str, float]
    cold_s: dict[str, float]
    tiles_s: float
    tiles_cold_s: float
    bytes_by_table: dict[str, int]
    built_s: float
    ways: report_ways.Ways
    upgrade_s: float = 0.0

    @property
    def slowest(self) -> str:
        """The report that took longest."""
        return max(self.took_s, key=lambda name: self.took_s[name])

    @property
    def bytes_a_call(self) -> float:
        """Of the whole database."""
        return sum(self.bytes_by_table.values()) / self.calls


def build(path: Path, days: int) -> None:
    """A database with the calls of the ``days`` before :data:`END`. The roll-ups are counted from the rows: what the
    triggers write is the same, says tests/calls/records/test_totals.py."""
    begin = int((END - timedelta(days=days)).timestamp())
    with closing(open_writer(path)) as connection:
        migrate(connection)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        kept = _put_aside(connection)
        connection.execute("BEGIN IMMEDIATE")
        for day in range(days):
            span = {"first": day * CALLS_A_DAY, "last": (day + 1) * CALLS_A_DAY}
            connection.execute(CALLS, span | {"begin": begin, "a_day": CALLS_A_DAY})
        connection.execute(ATTEMPTS)
        reached.recount(connection)
        reached.recount_connected(connection)
        connection.execute(LEADS, {"begin": begin, "days": days, "leads": LEADS_A_DAY * days})
        connection.execute(ROLL)
        connection.execute(CALLBACKS)
        since = END - timedelta(days=min(days, TRAIL_DAYS))
        connection.execute(EVENTS, {"since": since.isoformat(timespec="microseconds")})
        connection.execute(NODES)
        slots = 432 * min(days, TRAIL_DAYS)
        agents = str(list(range(100)))
        connection.execute(STATES, {"begin": int(since.timestamp()), "slots": slots, "agents": agents})
        connection.execute(TALKED, {"since": since.isoformat(timespec="microseconds")})
        for sql in kept["index"]:
            connection.execute(sql)
        report_ways.ask_and_review(connection, since.isoformat(timespec="microseconds"))
        agent_time.recount(connection)
        agent_waits.recount(connection)
        agent_waits.recount_dialled(connection)
        agent_waits.recount_calls(connection)
        again.recount(connection)
        totals.recount(connection)
        lead_totals.recount(connection)
        path_totals.recount(connection)
        for sql in kept["trigger"]:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL")


def _put_aside(connection: sqlite3.Connection) -> Mapping[str, list[str]]:
    """Drop the triggers and indexes of the tables that are filled; the statements that make them again."""
    kept: dict[str, list[str]] = {"index": [], "trigger": []}
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
        " AND tbl_name IN ('calls', 'attempts', 'leads', 'campaign_leads')"
    ).fetchall()
    for kind, name, sql in rows:
        connection.execute(f"DROP {kind} {name}")
        kept[kind].append(sql)
    return kept


def questions() -> dict[str, Question]:
    """What is asked of the last 30 days: each section by each of its dimensions, whole days of the house's zone."""
    begin = (END - timedelta(days=30)).astimezone(ZONE).replace(hour=0)
    asked: dict[str, tuple[Section, tuple[Dimension, ...]]] = {
        "inbound by day": (Section.INBOUND, (Dimension.DAY,)),
        "inbound by queue and 15 minutes": (Section.INBOUND, (Dimension.QUEUE, Dimension.QUARTER)),
        "inbound by agent and day": (Section.INBOUND, (Dimension.AGENT, Dimension.DAY)),
        "flows by day": (Section.FLOWS, (Dimension.FLOW, Dimension.DAY)),
        "outbound by campaign and day": (Section.OUTBOUND, (Dimension.CAMPAIGN, Dimension.DAY)),
        "outbound by list": (Section.OUTBOUND, (Dimension.LIST,)),
        "machines by campaign": (Section.MACHINES, (Dimension.CAMPAIGN,)),
        "sales by agent": (Section.SALES, (Dimension.AGENT,)),
        "agents by day": (Section.AGENTS, (Dimension.AGENT, Dimension.DAY)),
        "nodes by day": (Section.NODES, (Dimension.NODE, Dimension.DAY)),
        "endings by disposition": (Section.ENDINGS, (Dimension.DISPOSITION,)),
        "callbacks by queue and day": (Section.CALLBACKS, (Dimension.QUEUE, Dimension.DAY)),
        "leads by list": (Section.LEADS, (Dimension.LIST,)),
        "leads by campaign": (Section.LEADS, (Dimension.CAMPAIGN,)),
        "sales by campaign and day": (Section.SALES, (Dimension.CAMPAIGN, Dimension.DAY)),
    }
    return {
        name: Question(begin, END, of_section(section, by_campaign=Dimension.CAMPAIGN in by), ZONE, by)
        for name, (section, by) in asked.items()
    }


def tiles(connection: sqlite3.Connection) -> None:
    """What a wallboard asks of the records every five seconds, and all desks together every twenty."""
    now = END - timedelta(hours=4, minutes=7)
    figures_of(connection, Scope(now - live_figures.WINDOW, now, now=now), live_figures.ON_THE_WALL)
    desk_page.of_agents(connection, Scope(now - desk_page.SHIFT, now, now=now))


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of the fastest round: what else runs on the machine makes the others slower."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def cold(path: Path) -> None:
    """Have the system forget what it keeps of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(path: Path, asked: Callable[[sqlite3.Connection], object]) -> tuple[float, float]:
    """Seconds of the best of three, and of the first with nothing in memory."""

    def work() -> None:
        with closing(open_readonly(path, CAP_S)) as connection:
            asked(connection)

    cold(path)
    first_s = best(work, 1)
    return best(work), first_s


def _say(step: str) -> None:
    sys.stderr.write(f"{step}\n")


def measure(folder: Path, days: int = 40) -> Result:
    """Build the database in ``folder``, or take the one that is there, and ask."""
    path = folder / "reports.db"
    began = time.perf_counter()
    is_new = not path.exists()
    if is_new:
        build(path, days)
    else:
        with closing(open_writer(path)) as connection:
            migrate(connection, told=_say)
            since = END - timedelta(days=min(days, TRAIL_DAYS))
            report_ways.ask_and_review(connection, since.isoformat(timespec="microseconds"))
    ready_s = time.perf_counter() - began
    times = {name: timed(path, partial(ask, question=question)) for name, question in questions().items()}
    tiles_s, tiles_cold_s = timed(path, tiles)
    with closing(open_readonly(path, CAP_S)) as connection:
        any_question = next(iter(questions().values()))
        ways = report_ways.took(connection, any_question, lambda work: best(work, 2))
        calls = connection.execute("SELECT sum(calls) FROM call_totals").fetchone()[0]
        sizes = dict(
            tuple(row)
            for row in connection.execute(
                "SELECT coalesce(tbl_name, stat.name), sum(pgsize) FROM dbstat AS stat"
                " LEFT JOIN sqlite_master AS known ON known.name = stat.name WHERE stat.aggregate = TRUE GROUP BY 1"
            )
        )
    return Result(
        calls=calls,
        took_s={name: warm_s for name, (warm_s, _) in times.items()},
        cold_s={name: cold_s for name, (_, cold_s) in times.items()},
        tiles_s=tiles_s,
        tiles_cold_s=tiles_cold_s,
        bytes_by_table=sizes,
        built_s=ready_s if is_new else 0.0,
        ways=ways,
        upgrade_s=0.0 if is_new else ready_s,
    )


def report(found: Result) -> list[str]:
    """The result in some lines."""
    made = f"made in {found.built_s:.0f} s" if found.built_s else f"brought to this schema in {found.upgrade_s:.0f} s"
    lines = [f"{found.calls:,} calls, {made}; in memory, and from the disk"]
    lines += [
        f"  {name:34} {seconds * 1e3:8.0f} ms {found.cold_s[name] * 1e3:8.0f} ms"
        for name, seconds in found.took_s.items()
    ]
    lines.append(f"  {'live tiles and desks':34} {found.tiles_s * 1e3:8.1f} ms {found.tiles_cold_s * 1e3:8.0f} ms")
    lines += report_ways.told(found.ways)
    for name, size in sorted(found.bytes_by_table.items(), key=lambda each: -each[1])[:9]:
        lines.append(f"  {name:34} {size / found.calls:8.0f} bytes a call")
    return [*lines, f"  {'all tables and indexes':34} {found.bytes_a_call:8.0f} bytes a call"]


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(measure(Path(sys.argv[2]), int(sys.argv[1])))) + "\n")
