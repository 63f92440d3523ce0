"""Trunks and shown numbers in the store: room per trunk, another trunk after congestion, one number a person."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.ids import AttemptId, LeadId
from calls.records.times import as_text
from calls.settings import Trunk
from dialer import attempts, recovery
from dialer.attempts import Place
from dialer.compliance import Refused
from dialer.events import Begun
from dialer.routes import Room
from dialer.routing import congested
from tests.dialer.conftest import LOOPBACK, SECOND, make_campaign
from tests.dialer.test_attempts import PLACE, Store
from tests.dialer.world import START

US = tuple(f"+12025550{index:03d}" for index in range(100, 140))
TABLES = """
[retries.congestion]
after_s = 600
times = 1
[attempts]
per_day = 4
"""
BUSY = """
[retries.busy]
after_s = 60
times = 2
"""
POOL = '["+12025550100", "+12025550101", "+12125550100"]'


class TwoTrunks(Store):
    """A campaign on two trunks."""

    def on(self, up_to: int, *rooms: Room, now: datetime = START) -> Begun:
        decision = {"reason": "test"}
        return attempts.begin_attempts(self.db, self.campaign, up_to, now, PLACE, self.new_id, decision, rooms)

    def new_id(self) -> AttemptId:
        return AttemptId(f"a{next(self.ids)}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TwoTrunks]:
    made = TwoTrunks(make_campaign(tmp_path, TABLES, trunk=None, trunks='["loop", "second"]'))
    yield made
    made.db.close()


def trunks(begun: Begun) -> list[str]:
    return [each.trunk for each in begun.attempts]


def test_calls_go_over_the_first_trunk_until_it_is_full_and_then_over_the_next(store: TwoTrunks) -> None:
    store.add(*US[:6])
    assert trunks(store.on(5, Room(LOOPBACK, 2), Room(SECOND, 9))) == ["loop", "loop", "second", "second", "second"]
    assert trunks(store.on(5, Room(LOOPBACK, 0), Room(SECOND, 9))) == [], "three lines are open on it"
    assert store.db.execute("SELECT DISTINCT trunk FROM attempts ORDER BY 1").fetchall() == [("loop",), ("second",)]


@given(st.integers(0, 12), st.integers(0, 6), st.integers(0, 30), st.integers(0, 4))
def test_no_trunk_ever_has_more_than_its_room(first: int, second: int, wanted: int, open_before: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        campaign = make_campaign(Path(folder), trunk=None, trunks='["loop", "second"]')
    made = TwoTrunks(campaign)
    try:
        made.add(*US)
        made.on(open_before, Room(SECOND, open_before))
        begun = trunks(made.on(wanted, Room(LOOPBACK, first), Room(SECOND, second)))
        assert begun.count("loop") <= min(first, LOOPBACK.lines)
        assert begun.count("second") <= max(0, min(second, SECOND.lines - min(open_before, SECOND.lines)))
        room = min(first, LOOPBACK.lines) + max(0, min(second, SECOND.lines - min(open_before, SECOND.lines)))
        assert len(begun) == min(wanted, room)
    finally:
        made.db.close()


def test_a_number_that_no_trunk_carries_is_refused_for_good(store: TwoTrunks) -> None:
    german = Trunk(**{**LOOPBACK.model_dump(), "prefixes": ("+49",)})
    store.add(US[0])
    begun = store.on(1, Room(german, 5))
    assert (begun.attempts, begun.refused) == ((), {"route": 1})
    assert store.db.execute("SELECT rule, until_at FROM refusals").fetchall() == [("route", None)]
    assert store.lead(US[0])[0] == "refused"


def test_a_lead_whose_trunk_has_no_room_is_passed_by_and_waits(store: TwoTrunks) -> None:
    german = Trunk(**{**SECOND.model_dump(), "prefixes": ("+49",)})
    american = Trunk(**{**LOOPBACK.model_dump(), "prefixes": ("+1",)})
    store.add("+493023125000", zones='["Europe/Berlin"]')
    store.add(US[0])
    rooms = Room(american, 5), Room(german, 0, "trunk second is congested: rests 3.0 s")
    begun = store.on(2, *rooms)
    assert [each.number for each in begun.attempts] == [US[0]]
    assert begun.waits_for == "trunk second is congested: rests 3.0 s" and not begun.refused
    assert store.lead("+493023125000")[:2] == ("retry", 0)
    later = START + timedelta(seconds=20)
    assert trunks(store.on(2, rooms[0], replace(rooms[1], free=1), now=later)) == ["second"]


def test_congestion_of_one_trunk_has_the_lead_dialled_over_another_at_once(store: TwoTrunks) -> None:
    store.add(US[0])
    rooms = Room(LOOPBACK, 5), Room(SECOND, 5)
    [first] = store.on(1, *rooms).attempts
    store.end(first, Outcome.CONGESTION)
    [second] = store.on(1, *rooms).attempts
    assert (first.trunk, second.trunk, second.try_number) == ("loop", "second", 2)
    store.end(second, Outcome.CONGESTION)
    assert store.on(1, *rooms).attempts == (), "both were congested: now the campaign's own rest"
    later = START + timedelta(seconds=600)
    [third] = store.on(1, *rooms, now=later).attempts
    assert third.trunk == "loop", "never twice in a row on the same"
    store.end(third, Outcome.CONGESTION, later)
    [fourth] = store.on(1, *rooms, now=later).attempts
    assert fourth.trunk == "second"
    store.end(fourth, Outcome.CONGESTION, later)
    assert store.lead(US[0])[0] == "done", "twice over all trunks: the retries are used up"


def test_a_restart_while_a_trunk_is_congested_takes_no_try_from_the_lead(store: TwoTrunks) -> None:
    """Once only the run that had begun an attempt knew how many trunks carry its number."""
    store.add(US[0])
    rooms = Room(LOOPBACK, 5), Room(SECOND, 5)
    now = START
    for _ in range(2):
        for expected in ("loop", "second"):
            [begun] = store.on(1, *rooms, now=now).attempts
            [kept] = recovery.recover(store.db, "main", PLACE.boot, frozenset({begun.attempt_id}), now).still_up
            assert kept.begun.trunk == expected
            store.end(kept.begun, Outcome.CONGESTION, now)
        now += timedelta(seconds=600)
    assert store.lead(US[0])[:2] == ("done", 4)


@pytest.mark.parametrize(
    ("tried", "times", "trunks"),
    [
        ("", 0, ""),
        ("1A2", 0, "A"),
        ("1A2 1B2", 1, ""),
        ("1A2 1B2 1A2", 1, "A"),
        ("1A2 1B2 2A1", 2, ""),
        ("2A1 1A2", 1, "A"),
        ("1A2 2A1", 2, ""),
        ("1A2 2A2", 1, "A"),
        ("1A2 1busy 1A2", 0, "A"),
        ("1A3 1B3", 0, "AB"),
        ("1A3 1B3 1C3", 1, ""),
        ("1A3 1B3 1A3", 1, "A"),
        ("1A1 1A1", 2, ""),
    ],
)
def test_each_number_of_a_lead_is_congested_by_itself(store: TwoTrunks, tried: str, times: int, trunks: str) -> None:
    """``tried``: the number's place, the trunk, and how many carry it; or the number and another outcome."""
    store.add(US[0])
    for index, each in enumerate(tried.split()):
        busy = each.endswith("busy")
        store.db.execute(
            "INSERT INTO attempts (attempt_id, campaign_id, lead_id, person_key, number, try_number, switch, boot_id,"
            " trunk, state, intended_at, outcome, decision) VALUES (?, ?, ?, ?, ?, 1, 's', 'b', ?, 'done', ?, ?, ?)",
            (
                f"t{index}", store.campaign.id, f"lead{US[0]}", US[0], US[int(each[0])], "A" if busy else each[1],
                as_text(START + timedelta(seconds=index)), "busy" if busy else "congestion",
                f'{{"carriers": {1 if busy else each[2]}}}',
            ),
        )  # fmt: skip
    found = congested(store.db, store.campaign.campaign_id, LeadId(f"lead{US[0]}"))
    assert (found.times, "".join(found.trunks)) == (times, trunks)
    if trunks:
        assert "".join(found.turned_away(found.number)) == trunks
    assert found.turned_away("+4930123456") == ()


def test_a_congested_lead_waits_for_the_other_trunk_and_not_for_the_same(store: TwoTrunks) -> None:
    store.add(US[0])
    [first] = store.on(1, Room(LOOPBACK, 5), Room(SECOND, 5)).attempts
    store.end(first, Outcome.CONGESTION)
    waits = store.on(1, Room(LOOPBACK, 5), Room(SECOND, 0, "trunk second is full"))
    assert (waits.attempts, waits.waits_for) == ((), "trunk second is full")
    soon = START + timedelta(seconds=1)
    assert trunks(store.on(1, Room(LOOPBACK, 5), Room(SECOND, 1), now=soon)) == ["second"]


def test_where_one_trunk_alone_carries_the_number_congestion_is_what_the_campaign_says(store: TwoTrunks) -> None:
    store.add(US[0])
    abroad = Room(Trunk(**{**SECOND.model_dump(), "prefixes": ("+49",)}), 5)
    [first] = store.on(1, Room(LOOPBACK, 5), abroad).attempts
    store.end(first, Outcome.CONGESTION)
    assert store.on(1, Room(LOOPBACK, 5), abroad).attempts == ()
    assert trunks(store.on(1, Room(LOOPBACK, 5), abroad, now=START + timedelta(seconds=600))) == ["loop"]


def test_a_call_that_is_asked_for_takes_a_trunk_with_a_line_that_carries_it(store: TwoTrunks) -> None:
    german = Trunk(**{**SECOND.model_dump(), "prefixes": ("+49",)})
    rooms = Room(Trunk(**{**LOOPBACK.model_dump(), "prefixes": ("+1",)}), 10), Room(german, 3)
    place, later = replace(PLACE, rooms=rooms), START + timedelta(seconds=2)
    found = [attempts.way_out(store.db, place, number, later) for number in ("+493023125000", US[0], "+33142345678")]
    names = [each.trunk.name if isinstance(each, Place) else each for each in found]
    assert names == ["second", "loop", Refused("route", None)]
    store.add(*US[:3])
    store.on(3, Room(SECOND, 3))
    assert attempts.way_out(store.db, place, "+493023125000", later) == Refused("trunk_full", later)
    assert attempts.way_out(store.db, replace(PLACE, trunk=SECOND), US[9], later) == Refused("trunk_full", later)


def test_a_pool_is_shown_alike_and_to_each_person_the_same(tmp_path: Path) -> None:
    made = TwoTrunks(make_campaign(tmp_path, BUSY, caller_id=None, caller_ids=POOL))
    made.add(*US[:6])
    begun = made.begin(6).attempts
    assert [each.caller_id for each in begun] == ["+12025550100", "+12025550101"] * 3
    assert made.db.execute("SELECT caller_id FROM attempts ORDER BY rowid").fetchall() == [
        (each.caller_id,) for each in begun
    ]
    made.end(begun[1], Outcome.BUSY)
    [again] = made.begin(1, START + timedelta(seconds=60)).attempts
    assert (again.lead_id, again.caller_id) == (begun[1].lead_id, "+12025550101")
    shown = dict(made.db.execute("SELECT caller_id, times FROM caller_ids_shown").fetchall())
    assert shown == {"+12025550100": 3, "+12025550101": 4}
    made.db.close()


def test_what_was_shown_is_known_after_a_restart(tmp_path: Path) -> None:
    made = TwoTrunks(make_campaign(tmp_path, caller_id=None, caller_ids=POOL))
    made.add(*US[:2])
    begun = made.begin(2).attempts
    live = frozenset({str(begun[1].attempt_id)})
    found = recovery.recover(made.db, "main", PLACE.boot, live, START)
    assert [each.begun.caller_id for each in found.still_up] == ["+12025550101"]
    lost = made.db.execute("SELECT caller FROM calls WHERE call_id = ?", (begun[0].attempt_id,)).fetchone()
    assert lost == ("+12025550100",)
    made.db.close()
