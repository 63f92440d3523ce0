"""How far a campaign is, held to a slow count in plain Python from the raw records; and its pictures."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings

from calls.causes import Outcome
from calls.ids import LeadId
from calls.reports.curves import curves, funnel
from calls.reports.progress import Point, progress
from tests.calls.records.raw_days import Day, days, write
from tests.calls.records.scratch import taken_back
from tests.calls.reports.slow import Seen, seen

BERLIN = ZoneInfo("Europe/Berlin")
ROLL = 3
"""Leads on the roll of the campaign ``k``."""


def met(each: Seen) -> bool:
    return each.handled and not each.machine


def right(each: Seen) -> bool:
    return met(each) and not (each.said and each.said[2])


def slow_funnel(attempts: list[Seen]) -> tuple[int, ...]:
    def person(each: Seen) -> bool:
        answered = each.day.outcomes[each.call.call_id] in (Outcome.ANSWERED, Outcome.ABANDONED)
        return met(each) or ((answered or each.call.abandoned) and not each.machine)

    tests = (lambda _: True, person, met, right, lambda each: right(each) and each.sold)
    return (ROLL, *(len({each.call.lead_id for each in attempts if holds(each)}) for holds in tests))


def slow_by_attempt(attempts: list[Seen]) -> list[tuple[int, int]]:
    by_lead: dict[LeadId | None, list[Seen]] = {}
    for each in attempts:
        by_lead.setdefault(each.call.lead_id, []).append(each)
    most = max(map(len, by_lead.values()), default=0)
    return [
        (
            sum(len(mine) >= number for mine in by_lead.values()),
            sum(any(met(each) for each in mine[:number]) for mine in by_lead.values()),
        )
        for number in range(1, most + 1)
    ]


@given(days())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_progress_is_what_the_raw_records_say(connection: sqlite3.Connection, day: Day) -> None:
    with taken_back(connection):
        write(connection, day)
        found = progress(connection, "k", BERLIN)
    mine = [each for each in seen(day) if each.call.campaign_id == "k" and each.call.call_id not in day.unsent]
    mine.sort(key=lambda each: (each.call.started_at, each.call.call_id))
    assert (found.roll, found.attempts) == (ROLL, len(mine))
    assert found.funnel == slow_funnel(mine)
    assert sorted(found.funnel, reverse=True) == list(found.funnel), "no stage is larger than the one before"
    assert [(each.tried, each.met) for each in found.by_attempt] == slow_by_attempt(mine)
    slots = {"%Y-%m-%d": 10, "%Y-%m-%dT%H:00": 16}
    for each in found.by_time:
        form = next(form for form, length in slots.items() if length == len(each.label[:16]))
        until = [one for one in mine if one.call.started_at.astimezone(BERLIN).strftime(form) <= each.label[:16]]
        assert each.tried == len({one.call.lead_id for one in until})
        assert each.met == len({one.call.lead_id for one in until if met(one)})
    assert bool(found.by_time) is bool(mine)


def test_curves_over_a_short_time_go_by_the_hour_and_have_no_gap(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'l', 'x')")
    connection.execute("INSERT INTO campaigns VALUES ('k', 'k', 'l', '{}', 'running', 'x', 'x', NULL, NULL)")
    begin = datetime(2025, 6, 2, 22, 30, tzinfo=UTC)
    for number, after in enumerate((0, 0, 60, 200)):
        at = begin + timedelta(minutes=after)
        lead = f"p{min(number, 2)}"
        connection.execute(
            "INSERT OR IGNORE INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
            " VALUES (?1, 'l', ?1, ?1, '[]', 'x')",
            (lead,),
        )
        connection.execute(
            "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
            " trunk, state, intended_at, list_id) VALUES (?, 'k', ?, ?, '', 1, 'm', 'b', 't', 'done', ?, 'l')",
            (f"a{number}", lead, f"x{number}", at.isoformat(timespec="microseconds")),
        )
    found = progress(connection, "k", BERLIN)
    assert found.by_time == tuple(
        Point(f"2025-06-03T0{hour}:00+02:00", tried, 0) for hour, tried in enumerate((2, 3, 3, 3))
    )
    assert found.by_attempt == (Point("1", 3, 0), Point("2", 1, 0))
    assert found.share(3) is None, "there is nobody on the roll"
    later = progress(connection, "k", BERLIN, begin=begin + timedelta(hours=1), list_id="l")
    assert (later.attempts, later.funnel[1]) == (2, 1)
    assert found.sheet("k").rows[0] == ("attempt", "1", "tried", 3, 0, None)
    assert found.sheet("k").rows[-1] == ("funnel", "sold", "leads", 0, 0, None)
    connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('m', 'm', 'x')")
    connection.execute("UPDATE leads SET list_id = 'm' WHERE lead_id = 'p0'")
    connection.execute(
        "INSERT INTO campaign_leads (campaign_id, lead_id, state, list_id)"
        " SELECT 'k', lead_id, 'done', list_id FROM leads"
    )
    left, came = (progress(connection, "k", BERLIN, list_id=each) for each in ("l", "m"))
    assert (left.funnel[:2], left.attempts) == ((2, 3), 4), "it was dialled from the list in which it was then"
    assert (came.funnel[:2], came.attempts) == ((1, 0), 0)


def test_pictures_tell_lines_apart_by_dashes_and_stages_by_their_shares() -> None:
    drawn = curves("<t>", ["1", "2"], (("Dialled", (0.5, 0.25)), ("Met", (0.1, 0.2)))).svg
    assert {"curve0", "curve1"} <= set(re.findall(r'<polyline class="(\w+)"', drawn)) and "<t>" not in drawn
    assert "2: Met 20%" in drawn
    more = curves("t", ["1"], (("Dialled", (1.6,)),)).svg
    assert all(float(each) > 0 for each in re.findall(r'cy="([0-9.-]+)"', more)) and "1: Dialled 160%" in more
    moved = funnel("f", (("Leads", 10), ("Dialled", 20))).svg
    assert re.findall(r'class="series0"[^>]*width="([0-9.]+)"', moved) == ["210.0", "420.0"], "leads left the roll"
    stages = funnel("f", (("Leads", 1000), ("Dialled", 500), ("Sold", 0), ("None", 0))).svg
    bars = [float(each) for each in re.findall(r'class="series0"[^>]*width="([0-9.]+)"', stages)]
    assert bars == [420.0, 210.0, 1.0, 1.0]
    assert "Dialled: 500 \N{MIDDLE DOT} 50.0% (50.0%)" in stages and "Sold: 0 \N{MIDDLE DOT} 0.0% (0.0%)" in stages
