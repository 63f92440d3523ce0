"""Attempts in the store: who is next, what is refused, what a lead becomes, and that nothing ends twice."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from calls.causes import Outcome
from calls.errors import CampaignError
from calls.ids import AgentId, AttemptId, BootId, CallId
from calls.people import consents, do_not_call
from calls.people.consents import Consent, ConsentKind
from calls.records.store import CallRecord, Direction, LiveCall, begin_call, call_events
from calls.records.times import as_text
from calls.records.writer import Writer
from calls.switch.port import Detected
from dialer import attempts, recovery, roll
from dialer.attempts import Place
from dialer.campaign import Campaign
from dialer.compliance import Allowed
from dialer.events import Begun, BegunAttempt, CampaignState, Finish
from dialer.run import END_UNSEEN
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.world import START
from tests.fresh_store import fill

BOOT = BootId("boot-1")
PLACE = Place("main", BOOT, LOOPBACK)
RULES = """
[retries.busy]
after_s = 600
times = 2
[retries.lost]
after_s = 60
times = 1
"""


T = TypeVar("T")


class Store:
    """A database with one list and one campaign on it."""

    def __init__(self, campaign: Campaign) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("PRAGMA foreign_keys = ON")
        fill(self.db)
        self.campaign = campaign
        self.db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', ?)", (as_text(START),))
        self.ids = itertools.count(1)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """As a writer."""
        return work(self.db)

    def add(self, *numbers: str, priority: int = 0, zones: str = '["America/New_York"]') -> None:
        for number in numbers:
            self.db.execute(
                "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, priority, imported_at)"
                " VALUES (?, 'l', ?, ?, ?, ?, ?)",
                (f"lead{number}", number, number, zones, priority, as_text(START)),
            )
        roll.register(self.db, self.campaign, START)

    def begin(self, up_to: int, now: datetime = START, place: Place = PLACE) -> Begun:
        new_id: Callable[[], AttemptId] = lambda: AttemptId(f"a{next(self.ids)}")  # noqa: E731
        return attempts.begin_attempts(self.db, self.campaign, up_to, now, place, new_id, {"reason": "test"})

    def end(
        self,
        begun: BegunAttempt,
        outcome: Outcome,
        now: datetime = START,
        *,
        sent: bool = True,
        answered: bool = False,
    ) -> bool:
        finish = Finish(
            attempt_id=begun.attempt_id,
            campaign=self.campaign,
            lead_id=begun.lead_id,
            number=begun.number,
            outcome=outcome,
            cause=17,
            sent=sent,
            answered=answered,
            abandoned=False,
            detected=Detected.NOT_ASKED,
            agent_id=None,
            ring_s=1.0,
            connect_s=None,
            talk_s=0.0,
        )
        record = CallRecord(
            call_id=CallId(begun.attempt_id),
            direction=Direction.OUTBOUND,
            switch="main",
            boot_id=BOOT,
            channel="",
            caller="",
            called=begun.number,
            started_at=now,
            ended_at=now,
            duration_s=1.0,
            billed_s=0.0,
            outcome=outcome,
        )
        return attempts.finish_attempt(self.db, finish, record, (), now)

    def lead(self, number: str) -> tuple[object, ...]:
        row: tuple[object, ...] = self.db.execute(
            "SELECT state, tries, next_try_at, last_outcome FROM campaign_leads WHERE lead_id = ?", (f"lead{number}",)
        ).fetchone()
        return row

    def count(self, table: str) -> int:
        return int(self.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(make_campaign(tmp_path, RULES))
    yield made
    made.db.close()


A, B, C, D = (f"+120255501{index:02d}" for index in range(4))


def numbers(begun: Begun) -> list[str]:
    return [each.number for each in begun.attempts]


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def test_an_attempt_stands_in_the_store_before_it_is_dialled(store: Store) -> None:
    store.add(A)
    begun = store.begin(1)
    assert numbers(begun) == [A]
    row = store.db.execute(
        "SELECT attempt_id, state, switch, boot_id, trunk, try_number, intended_at, decision FROM attempts"
    ).fetchone()
    assert row[:7] == ("a1", "intent", "main", "boot-1", "loop", 1, as_text(START))
    assert json.loads(row[7])["reason"] == "test"
    assert "calling_hours" in json.loads(row[7])["allowed_by"]
    assert store.lead(A) == ("dialling", 1, None, None)


def test_who_is_next(store: Store) -> None:
    store.add(A, B)
    store.add(C, priority=9)
    first = store.begin(1)
    assert numbers(first) == [C]
    assert numbers(store.begin(1)) == [A]  # the order of import
    store.end(first.attempts[0], Outcome.BUSY)
    assert numbers(store.begin(9, minutes(9))) == [B]
    store.add(D, priority=9)
    assert numbers(store.begin(1, minutes(10))) == [C]  # due again goes before new, of the same priority
    assert numbers(store.begin(1, minutes(10))) == [D]


def test_when_the_next_is_due(store: Store) -> None:
    store.add(A, B)
    assert store.begin(0) == Begun(next_in_s=0.0)
    begun = store.begin(2)
    assert (begun.next_in_s, begun.exhausted) == (None, False)
    store.end(begun.attempts[0], Outcome.BUSY)
    assert store.begin(0, minutes(4)).next_in_s == 360.0
    store.end(begun.attempts[1], Outcome.REJECTED)
    store.db.execute("UPDATE campaign_leads SET state = 'done'")
    assert store.begin(5) == Begun(exhausted=True)


@pytest.mark.parametrize(
    ("outcome", "state"), [(Outcome.ANSWERED, "done"), (Outcome.BUSY, "retry"), (Outcome.NO_ANSWER, "done")]
)
def test_a_leads_next_state_is_by_outcome(store: Store, outcome: Outcome, state: str) -> None:
    store.add(A)
    store.end(store.begin(1).attempts[0], outcome, minutes(1))
    expected_at = as_text(minutes(11)) if state == "retry" else None
    assert store.lead(A) == (state, 1, expected_at, outcome.value)


def test_an_outcome_is_dialled_again_so_often_and_no_more(store: Store) -> None:
    store.add(A)
    for round_ in range(3):
        begun = store.begin(1, minutes(20 * round_))
        assert numbers(begun) == [A]
        assert begun.attempts[0].try_number == round_ + 1
        store.end(begun.attempts[0], Outcome.BUSY, minutes(20 * round_))
    assert store.lead(A)[0] == "done"


def test_an_attempt_ends_once(store: Store) -> None:
    store.add(A)
    begun = store.begin(1).attempts[0]
    assert store.end(begun, Outcome.BUSY) is True
    assert store.end(begun, Outcome.ANSWERED) is False
    assert store.db.execute("SELECT outcome FROM calls").fetchall() == [("busy",)]
    assert store.lead(A)[3] == "busy"
    attempts.mark_live(store.db, begun.attempt_id)
    assert store.db.execute("SELECT state FROM attempts").fetchone() == ("done",)


def test_what_was_never_sent_does_not_count(store: Store) -> None:
    store.add(A)
    for _ in range(5):
        begun = store.begin(1)
        assert numbers(begun) == [A]
        assert begun.attempts[0].try_number == 1
        store.end(begun.attempts[0], Outcome.CANCELLED, sent=False)
    assert store.lead(A)[:2] == ("retry", 0)
    assert store.count("calls") == 5


def test_a_number_that_was_forbidden_is_refused_and_the_next_one_goes(store: Store) -> None:
    store.add(A, B)
    do_not_call.add(store.db, do_not_call.Entry(A, "test", "", START, "test"))
    begun = store.begin(1)
    assert numbers(begun) == [B]
    assert begun.refused == {"do_not_call": 1}
    assert store.lead(A)[0] == "refused"
    assert store.db.execute("SELECT rule, until_at FROM refusals").fetchall() == [("do_not_call", None)]
    store.db.execute("DELETE FROM do_not_call")
    roll.register(store.db, store.campaign, START)  # a new start asks again
    assert numbers(store.begin(1)) == [A]


def test_outside_the_hours_a_lead_waits_for_them(tmp_path: Path) -> None:
    store = Store(make_campaign(tmp_path, RULES, preset='"canada"'))
    store.add(A, zones='["America/Los_Angeles"]')
    store.add(B, zones="[]")
    begun = store.begin(2)  # nine in the morning of UTC: one at night in Los Angeles
    assert numbers(begun) == []
    assert begun.refused == {"calling_hours": 1, "time_zone": 1}
    assert begun.next_in_s == 8 * 3600
    assert store.lead(B)[0] == "refused"
    assert numbers(store.begin(2, START + timedelta(hours=8))) == [A]
    store.db.close()


def test_a_person_with_an_open_attempt_is_not_dialled_by_another_campaign(store: Store, tmp_path: Path) -> None:
    store.add(A)
    store.begin(1)
    store.campaign = make_campaign(tmp_path, campaign_id="winter", name='"Winter"')
    roll.register(store.db, store.campaign, START)
    begun = store.begin(1)
    assert numbers(begun) == []
    assert begun.refused == {"open_attempt": 1}
    assert begun.next_in_s == 60.0


def test_the_index_over_open_attempts_refuses_and_does_not_crash(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if every rule were blind, a person has one open attempt."""
    store.add(A)
    store.begin(1)
    store.db.execute("UPDATE campaign_leads SET state = 'new'")
    monkeypatch.setattr("dialer.compliance.check", lambda *_: Allowed(()))
    begun = store.begin(1)
    assert numbers(begun) == []
    assert begun.refused == {"open_attempt": 1}
    assert store.count("attempts") == 1


def test_an_id_that_was_used_is_our_bug_and_no_refusal(store: Store) -> None:
    store.add(A, B)
    store.begin(1)
    store.ids = itertools.count(1)
    with pytest.raises(sqlite3.IntegrityError, match=r"attempts\.attempt_id"):
        store.begin(1)


def test_the_trunks_lines_hold_over_restarts(store: Store) -> None:
    store.add(*(f"+120255501{index:02d}" for index in range(15)))
    assert len(store.begin(6).attempts) == 6
    begun = store.begin(9)
    assert len(begun.attempts) == 4
    assert begun.next_in_s == attempts.TRUNK_REST_S
    assert store.begin(9).attempts == ()


def test_limits_count_attempts_of_all_campaigns(store: Store, tmp_path: Path) -> None:
    store.campaign = make_campaign(tmp_path, RULES + "[attempts]\nper_day = 2\n")
    store.add(A)
    for round_ in range(2):
        store.end(store.begin(1, minutes(20 * round_)).attempts[0], Outcome.BUSY, minutes(20 * round_))
    begun = store.begin(1, minutes(60))
    assert begun.refused == {"attempts": 1}
    assert begun.next_in_s == 23 * 3600


# --- recovery ---------------------------------------------------------------------------------------------------


def test_recovery_ends_what_nobody_knows(store: Store) -> None:
    store.add(A, B, C)
    up, gone, talked = store.begin(3).attempts
    attempts.mark_live(store.db, talked.attempt_id)
    begin_call(
        store.db,
        LiveCall(CallId(talked.attempt_id), Direction.OUTBOUND, "main", BOOT, "ch", "", talked.number, START),
    )
    found = recovery.recover(store.db, "main", BOOT, frozenset({up.attempt_id}), minutes(1))
    assert [each.begun for each in found.still_up] == [replace(up, stratum="")]
    assert not found.still_up[0].answered
    assert found.lost == (gone.attempt_id, talked.attempt_id)
    rows = store.db.execute("SELECT call_id, outcome, channel FROM calls ORDER BY call_id").fetchall()
    assert rows == [(gone.attempt_id, "lost", ""), (talked.attempt_id, "lost", "ch")]
    assert store.count("live_calls") == 0
    assert store.lead(B) == ("retry", 1, as_text(minutes(2)), "lost")  # a minute later, never at once
    assert store.lead(C) == ("done", 1, None, "lost")  # was answered: not called again
    assert store.lead(A)[0] == "dialling"
    again = recovery.recover(store.db, "main", BOOT, frozenset({up.attempt_id}), minutes(1))
    assert again.lost == ()


def test_what_recovery_does_not_know_counts_as_abandoned(store: Store) -> None:
    """Unless an agent was noted: each may have been answered while nobody of us was there."""
    store.add(A, B, C)
    unheard, alone, talked = store.begin(3).attempts
    for each, agent_id in ((alone, None), (talked, AgentId("anna"))):
        attempts.mark_live(store.db, each.attempt_id)
        begin_call(
            store.db,
            LiveCall(
                *(CallId(each.attempt_id), Direction.OUTBOUND, "main", BOOT, "ch", "", each.number, START),
                campaign_id=store.campaign.campaign_id,
                agent_id=agent_id,
            ),
        )
    recovery.recover(store.db, "main", BOOT, frozenset(), minutes(1))
    rows = store.db.execute("SELECT call_id, outcome, abandoned FROM calls ORDER BY call_id").fetchall()
    assert rows == [
        (unheard.attempt_id, "lost", 1),
        (alone.attempt_id, "lost", 1),
        (talked.attempt_id, "lost", 0),
    ]
    (unsure,), (left,) = (call_events(store.db, CallId(each.attempt_id)) for each in (unheard, alone))
    assert (unsure.kind, unsure.detail["because"]) == ("doubt", END_UNSEEN)
    assert str(left.detail["because"]).startswith("answered, and ended")
    assert call_events(store.db, CallId(talked.attempt_id)) == []
    assert roll.abandonment(store.db, store.campaign, minutes(1)) == (2, 2)


def test_recovery_tells_who_talks_and_since_when_it_was_dialled(store: Store) -> None:
    store.add(A)
    attempt = store.begin(1).attempts[0]
    attempts.mark_live(store.db, attempt.attempt_id)
    begin_call(
        store.db,
        LiveCall(
            *(CallId(attempt.attempt_id), Direction.OUTBOUND, "main", BOOT, "ch", "", A, START),
            agent_id=AgentId("anna"),
        ),
    )
    (up,) = recovery.recover(store.db, "main", BOOT, frozenset({attempt.attempt_id}), minutes(1)).still_up
    assert (up.answered, up.agent_id, up.intended_at) == (True, "anna", START)


def test_who_agreed_to_be_recorded_is_known_at_the_dial_and_after_a_restart(tmp_path: Path) -> None:
    store = Store(make_campaign(tmp_path, RULES + '[compliance]\nrecording = "consent"\n'))
    store.add(A)
    store.add(B)
    consents.give(store.db, [Consent(A, ConsentKind.RECORDING, minutes(-1), "a form")], START, "me")
    begun = store.begin(2).attempts
    ids = frozenset(each.attempt_id for each in begun)
    up = [each.begun for each in recovery.recover(store.db, "main", BOOT, ids, minutes(1)).still_up]
    for found in (begun, up):
        assert {each.number: each.may_record for each in found} == {A: True, B: False}
    store.db.close()


@pytest.mark.parametrize(("switch", "boot", "outcome"), [("main", "boot-2", "pbx_lost"), ("other", "boot-1", "lost")])
def test_an_id_that_lives_on_another_run_or_switch_is_not_ours(
    store: Store, switch: str, boot: str, outcome: str
) -> None:
    store.add(A)
    attempt = store.begin(1).attempts[0]
    found = recovery.recover(store.db, switch, BootId(boot), frozenset({attempt.attempt_id}), minutes(1))
    assert found.lost == (attempt.attempt_id,)
    assert store.db.execute("SELECT outcome FROM calls").fetchall() == [(outcome,)]


def test_recovery_does_without_a_campaign_that_it_cannot_read(store: Store) -> None:
    store.add(A)
    attempt = store.begin(1).attempts[0]
    store.db.execute("UPDATE campaigns SET settings = '{}'")
    found = recovery.recover(store.db, "main", BOOT, frozenset({attempt.attempt_id}), minutes(1))
    assert found.lost == (attempt.attempt_id,)
    assert store.lead(A)[0] == "done"


# --- the roll ---------------------------------------------------------------------------------------------------


def test_a_campaign_needs_its_list_and_a_name_of_its_own(store: Store, tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="no list spring: import it first"):
        roll.register(store.db, make_campaign(tmp_path, campaign_id="spring", **{"list": '"spring"'}), START)
    store.add(A)
    with pytest.raises(CampaignError, match="the name 'Autumn' belongs to campaign autumn"):
        roll.register(store.db, make_campaign(tmp_path, campaign_id="other"), START)


def test_a_campaigns_state_and_file_are_kept(store: Store) -> None:
    store.add(A, B)
    assert roll.states(store.db) == {store.campaign.campaign_id: CampaignState.STOPPED}
    roll.set_state(store.db, store.campaign.campaign_id, CampaignState.RUNNING, START)
    roll.register(store.db, store.campaign, START)
    assert roll.states(store.db) == {store.campaign.campaign_id: CampaignState.RUNNING}
    assert roll.stored(store.db, store.campaign.campaign_id) == store.campaign
    assert roll.progress(store.db, store.campaign.campaign_id) == {"new": 2}


def test_abandonment_is_counted_in_the_presets_window(tmp_path: Path) -> None:
    store = Store(make_campaign(tmp_path, RULES, preset='"uk-strict"', ring_timeout_s="15"))
    roll_rows = [
        ("answered", 0, 1.0),
        ("abandoned", 1, 2.0),
        ("abandoned", 1, 25.0),
        ("machine", 0, 1.0),
        ("busy", 0, 1.0),
    ]
    for index, (outcome, abandoned, hours_ago) in enumerate(roll_rows):
        at = as_text(START - timedelta(hours=hours_ago))
        answered_at = None if outcome == "busy" else at
        store.db.execute(
            "INSERT INTO calls"
            " (call_id, direction, switch, boot_id, channel, caller, called, campaign_id, started_at, answered_at,"
            " ended_at, duration_s, billed_s, outcome, abandoned, agent_id)"
            " VALUES (?, 'outbound', 'main', 'b', '', '', '', 'autumn', ?, ?, ?, 1, 1, ?, ?, ?)",
            (f"c{index}", at, answered_at, at, outcome, abandoned, "ann" if outcome == "answered" else None),
        )
    assert roll.abandonment(store.db, store.campaign, START) == (2, 1)
    store.db.close()


# --- through the real writer ------------------------------------------------------------------------------------


async def test_begun_attempts_are_on_the_disk(tmp_path: Path, campaign: Campaign) -> None:
    writer = Writer(tmp_path / "callwright.db")
    writer.start()
    try:
        await writer.run(
            lambda db: db.execute(
                "INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', ?)", (as_text(START),)
            )
        )
        await writer.run(
            lambda db: db.execute(
                "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
                " VALUES ('lead', 'l', ?, ?, '[]', ?)",
                (A, A, as_text(START)),
            )
        )
        await writer.run(lambda db: roll.register(db, campaign, START))
        begun = await attempts.begin(writer, campaign, 5, START, PLACE, lambda: AttemptId("a1"), {})
        assert numbers(begun) == [A]
        reader = sqlite3.connect(f"file:{tmp_path / 'callwright.db'}?mode=ro", uri=True)
        assert reader.execute("SELECT attempt_id, state FROM attempts").fetchall() == [("a1", "intent")]
        reader.close()
    finally:
        await writer.close()
