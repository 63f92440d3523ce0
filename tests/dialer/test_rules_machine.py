"""Anything people and campaigns can do to the store, in any order, killed at any statement: I1 to I4 hold.

Two campaigns by different laws share people; what holds is asked of the proof, which shares no code with the store,
and of a few words here.
"""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calls.causes import Outcome
from calls.ids import AttemptId, BootId, CallId, CampaignId
from calls.people import consents, do_not_call
from calls.people.consents import Consent, ConsentKind
from calls.people.do_not_call import Entry
from calls.records.store import CallRecord, Direction
from calls.records.times import as_text, as_time
from calls.switch.port import Detected
from dialer import attempts, recovery, roll
from dialer.attempts import Place
from dialer.campaign import Campaign
from dialer.events import BegunAttempt, Finish
from dialer.proof.judge import judge
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.world import START
from tests.fresh_store import fill

PEOPLE = [f"+4930231250{index:02d}" for index in range(3)]
ZONES = ('["Europe/Berlin"]', '["Europe/Berlin", "Europe/London"]', '["Asia/Tokyo"]', "[]")
RETRIES = "".join(
    f"[retries.{outcome}]\nafter_s = 60\ntimes = 50\n" for outcome in ("busy", "no_answer", "abandoned", "lost")
)
OWN = "[attempts]\nper_number = 4\nper_person = 4\nper_day = 3\n"
CAMPAIGNS = {
    "autumn": {"preset": '"germany"'},
    "winter": {"preset": '"uk-strict"', "name": '"Winter"'},
}
ENDS = (Outcome.BUSY, Outcome.NO_ANSWER, Outcome.ANSWERED, Outcome.ABANDONED, Outcome.UNALLOCATED)
PLACE = Place("main", BootId("boot"), LOOPBACK)
JUDGED = {"I1", "I2", "I3", "I4", "consent", "cool_down"}


class Killed(Exception):
    """The engine is killed here."""


class Fused(sqlite3.Connection):
    """Kills the engine at one of the statements to come."""

    fuse: int | None = None

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.fuse = None
                raise Killed
        return super().execute(*arguments)


class Rules(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.db: Fused = sqlite3.connect(":memory:", isolation_level=None, factory=Fused)
        self.db.execute("PRAGMA foreign_keys = ON")
        fill(self.db)
        self.now = START + timedelta(hours=3)
        self.ids = itertools.count(1)
        self.open: dict[AttemptId, tuple[BegunAttempt, Campaign]] = {}
        self.campaigns = {
            name: make_campaign(Path(self.folder.name), OWN + RETRIES, campaign_id=name, **changed)
            for name, changed in CAMPAIGNS.items()
        }

    @initialize(zones=st.lists(st.sampled_from(ZONES[:2]), min_size=len(PEOPLE), max_size=len(PEOPLE)))
    def fill(self, zones: list[str]) -> None:
        at = as_text(START)
        self.db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', ?)", (at,))
        for number, zone in zip(PEOPLE, zones, strict=True):
            self.db.execute(
                "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
                " VALUES (?1, 'l', ?1, ?1, ?2, ?3)",
                (number, zone, at),
            )
        for campaign in self.campaigns.values():
            roll.register(self.db, campaign, START)

    @contextmanager
    def transaction(self, fuse: int | None) -> Iterator[list[bool]]:
        """All or nothing; gives whether it was committed."""
        committed = [False]
        self.db.execute("BEGIN IMMEDIATE")
        self.db.fuse = fuse
        try:
            yield committed
        except Killed:
            self.db.execute("ROLLBACK")
            return
        finally:
            self.db.fuse = None
        self.db.execute("COMMIT")
        committed[0] = True

    # --- what may happen --------------------------------------------------------------------------------------

    FUSES = st.none() | st.integers(0, 40)

    @rule(name=st.sampled_from(sorted(CAMPAIGNS)), up_to=st.integers(1, 4), fuse=FUSES)
    def begin(self, name: str, up_to: int, fuse: int | None) -> None:
        campaign = self.campaigns[name]
        new_id: Callable[[], AttemptId] = lambda: AttemptId(f"a{next(self.ids)}")  # noqa: E731
        begun = None
        with self.transaction(fuse) as committed:
            begun = attempts.begin_attempts(self.db, campaign, up_to, self.now, PLACE, new_id, {})
        if committed[0] and begun is not None:
            self.open |= {each.attempt_id: (each, campaign) for each in begun.attempts}

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 10), outcome=st.sampled_from(ENDS), sent=st.booleans(), fuse=FUSES)
    def finish(self, which: int, outcome: Outcome, sent: bool, fuse: int | None) -> None:
        begun, campaign = list(self.open.values())[which % len(self.open)]
        outcome = outcome if sent else Outcome.CANCELLED
        answered = outcome in (Outcome.ANSWERED, Outcome.ABANDONED)
        finish = Finish(
            attempt_id=begun.attempt_id, campaign=campaign, lead_id=begun.lead_id, number=begun.number,
            outcome=outcome, cause=17, sent=sent, answered=answered, abandoned=outcome is Outcome.ABANDONED,
            detected=Detected.NOT_ASKED, agent_id=None, ring_s=1.0, connect_s=None, talk_s=0.0,
        )  # fmt: skip
        with self.transaction(fuse) as committed:
            attempts.finish_attempt(self.db, finish, self.record(begun, outcome), (), self.now)
        if committed[0]:
            del self.open[begun.attempt_id]

    def record(self, begun: BegunAttempt, outcome: Outcome) -> CallRecord:
        row = self.db.execute("SELECT intended_at FROM attempts WHERE attempt_id = ?", (begun.attempt_id,)).fetchone()
        return CallRecord(
            call_id=CallId(begun.attempt_id), direction=Direction.OUTBOUND, switch="main", boot_id=BootId("boot"),
            channel="", caller="", called=begun.number, started_at=as_time(row[0]), ended_at=self.now,
            duration_s=1.0, billed_s=0.0, outcome=outcome, campaign_id=begun.campaign_id,
            abandoned=outcome is Outcome.ABANDONED,
        )  # fmt: skip

    @rule(fuse=FUSES)
    def engine_starts_anew(self, fuse: int | None) -> None:
        with self.transaction(fuse) as committed:
            recovery.recover(self.db, "main", BootId("boot"), frozenset(), self.now)
        if committed[0]:
            self.open.clear()

    @rule(
        person=st.sampled_from(PEOPLE),
        size=st.integers(8, 13),
        hours=st.none() | st.integers(1, 40),
        one=st.booleans(),
    )
    def forbid(self, person: str, size: int, hours: int | None, one: bool) -> None:
        number = person if size == len(person) else f"{person[:size]}*"
        until = None if hours is None else self.now + timedelta(hours=hours)
        campaign_id = CampaignId("autumn") if one else None
        with self.transaction(None):
            do_not_call.add(self.db, Entry(number, "test", "", self.now, "me", until, campaign_id=campaign_id))

    @rule(which=st.integers(0, 10))
    def allow(self, which: int) -> None:
        entries = do_not_call.entries(self.db)
        if entries:
            entry = entries[which % len(entries)]
            with self.transaction(None):
                do_not_call.remove(
                    self.db, entry.number, at=self.now, who="me", reason="", campaign_id=entry.campaign_id
                )

    @rule(name=st.sampled_from(sorted(CAMPAIGNS)), outcomes=st.lists(st.sampled_from(ENDS), min_size=1, max_size=5))
    def whole_calls(self, name: str, outcomes: list[Outcome]) -> None:
        """One after another, each some minutes long, whoever is due."""
        for outcome in outcomes:
            self.recycle(name, None)
            self.begin(name, 1, None)
            if self.open:
                self.finish(len(self.open) - 1, outcome, True, None)
            self.now += timedelta(minutes=6)

    @rule(person=st.sampled_from(PEOPLE), name=st.sampled_from(sorted(CAMPAIGNS)))
    def agree_and_take_back(self, person: str, name: str) -> None:
        self.agree(person)
        self.now += timedelta(minutes=1)
        self.take_back(person)
        self.recycle(name, None)
        self.begin(name, len(PEOPLE), None)

    @rule(person=st.sampled_from(PEOPLE))
    def agree(self, person: str) -> None:
        with self.transaction(None):
            consents.give(self.db, [Consent(person, ConsentKind.CALLS, self.now, "a form")], self.now, "me")

    @rule(person=st.sampled_from(PEOPLE))
    def take_back(self, person: str) -> None:
        with self.transaction(None):
            consents.withdraw(self.db, person, ConsentKind.CALLS, self.now, "me", "")

    @rule(name=st.sampled_from(sorted(CAMPAIGNS)), fuse=FUSES)
    def recycle(self, name: str, fuse: int | None) -> None:
        """Every lead is put back to the beginning, however often it was dialled."""
        with self.transaction(fuse):
            self.db.execute(
                "UPDATE campaign_leads SET state = 'new', tries = 0, next_try_at = NULL"
                " WHERE campaign_id = ? AND state <> 'dialling'",
                (name,),
            )

    @rule(person=st.sampled_from(PEOPLE), zones=st.sampled_from(ZONES))
    def move(self, person: str, zones: str) -> None:
        with self.transaction(None):
            self.db.execute("UPDATE leads SET time_zones = ? WHERE number = ?", (zones, person))

    @rule(hours=st.sampled_from((0.02, 0.5, 3.0, 9.0, 25.0, 73.0)))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    # --- what holds -------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_broken(self) -> None:
        for name in self.campaigns:
            verdict = judge(self.db, name, self.now)
            assert [each for each in verdict.breaches if each.rule in JUDGED] == []

    @invariant()
    def a_person_has_one_attempt_at_a_time_and_three_a_day(self) -> None:
        rows = self.db.execute(
            "SELECT person_key, intended_at, state FROM attempts WHERE json_extract(decision, '$.sent') IS NOT 0"
        ).fetchall()
        for person in PEOPLE:
            mine = [(as_time(at), state) for who, at, state in rows if who == person]
            assert sum(state != "done" for _, state in mine) <= 1
            for at, _ in mine:
                assert sum(at - timedelta(days=1) < other <= at for other, _ in mine) <= 3

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()


Rules.TestCase.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRulesWhateverHappens = Rules.TestCase


def test_the_machine_gets_people_dialled() -> None:
    """What never dials would break nothing."""
    machine = Rules()
    machine.fill([ZONES[0]] * len(PEOPLE))
    machine.begin("autumn", 3, None)
    assert len(machine.open) == 3
    machine.begin("winter", 4, None)
    assert len(machine.open) == 3  # they are dialled already
    machine.engine_starts_anew(3)
    assert len(machine.open) == 3  # killed in it
    machine.engine_starts_anew(None)
    assert not machine.open
    machine.whole_calls("autumn", [Outcome.BUSY] * 5)
    assert machine.db.execute("SELECT count(*) FROM attempts").fetchone()[0] == 8
    machine.teardown()
