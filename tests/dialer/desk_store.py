"""A store with one campaign for tests of what agents say of calls: leads are dialled, answered and talked to."""

from __future__ import annotations

import itertools
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from calls.causes import Outcome
from calls.dispositions import DEFAULTS, Disposition
from calls.ids import AgentId, AttemptId, BootId, CallId, CampaignId, LeadId, QueueName
from calls.records import contacts
from calls.records.contacts import Begun, Contact, Given
from calls.records.database import open_writer
from calls.records.store import CallRecord, Direction
from calls.records.times import as_text
from calls.switch.port import Detected
from dialer import attempts, dispositions, roll
from dialer.attempts import Place
from dialer.campaign import Campaign
from dialer.events import BegunAttempt, Finish
from tests.dialer.conftest import LOOPBACK
from tests.dialer.world import START
from tests.fresh_store import fill, lay

BOOT = BootId("boot-1")
ANNA = AgentId("anna")
NUMBER = "+12025550100"


class DeskStore:
    """One list, one campaign, one agent."""

    def __init__(self, campaign: Campaign, *numbers: str, path: Path | None = None) -> None:
        """``path``: of a new database; None: one in memory."""
        if path is not None:
            lay(path)
            self.db = open_writer(path)
        else:
            self.db = sqlite3.connect(":memory:", isolation_level=None)
            fill(self.db)
        self.db.execute("PRAGMA foreign_keys = ON")
        self.campaign = campaign
        self.now = START
        self._ids = itertools.count(1)
        self.db.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', ?)", (as_text(START),))
        for number in numbers or (NUMBER,):
            self.db.execute(
                "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
                """ VALUES (?, 'l', ?, ?, '["America/New_York"]', ?)""",
                (f"lead{number}", number, number, as_text(START)),
            )
        roll.register(self.db, campaign, START)

    def dial(self) -> BegunAttempt:
        """Begin an attempt of the lead whose turn it is, which an agent then talks to."""
        begun = attempts.begin_attempts(
            self.db,
            self.campaign,
            1,
            self.now,
            Place("main", BOOT, LOOPBACK),
            lambda: AttemptId(f"a{next(self._ids)}"),
            {},
        )
        (attempt,) = begun.attempts
        return attempt

    def talk(self, attempt: BegunAttempt, required: bool = False) -> CallId:
        """The agent and the person hear each other."""
        call_id = CallId(attempt.attempt_id)
        begun = Begun(
            call_id,
            ANNA,
            attempt.number,
            QueueName("sales"),
            CampaignId(self.campaign.id),
            LeadId(attempt.lead_id),
            required,
            self.now,
        )
        contacts.begin(self.db, begun)
        return call_id

    def contact(self, call_id: CallId) -> Contact:
        found = contacts.contact(self.db, call_id, ANNA)
        assert found is not None
        return found

    def give(self, call_id: CallId, name: str, effects: Disposition | None = None, value: str | None = None) -> bool:
        given = Given(name, effects or DEFAULTS[name], f"said {name}", value, None if value is None else "EUR")
        return dispositions.give(self.db, self.contact(call_id), given, self.now)

    def close(self, call_id: CallId) -> None:
        dispositions.close(self.db, call_id, ANNA, self.now)

    def finish(self, attempt: BegunAttempt, agent_id: AgentId | None = ANNA) -> None:
        """The call ends, and its record is written."""
        finish = Finish(
            attempt_id=attempt.attempt_id,
            campaign=self.campaign,
            lead_id=attempt.lead_id,
            number=attempt.number,
            outcome=Outcome.ANSWERED,
            cause=16,
            sent=True,
            answered=True,
            abandoned=False,
            detected=Detected.NOT_ASKED,
            agent_id=agent_id,
            ring_s=1.0,
            connect_s=0.1,
            talk_s=3.0,
        )
        attempts.finish_attempt(self.db, finish, self.record(attempt, agent_id), (), self.now)

    def record(self, attempt: BegunAttempt, agent_id: AgentId | None) -> CallRecord:
        return CallRecord(
            call_id=CallId(attempt.attempt_id),
            direction=Direction.OUTBOUND,
            switch="main",
            boot_id=BOOT,
            channel="",
            caller="",
            called=attempt.number,
            started_at=self.now,
            answered_at=self.now,
            ended_at=self.now,
            duration_s=3.0,
            billed_s=3.0,
            campaign_id=CampaignId(self.campaign.id),
            lead_id=LeadId(attempt.lead_id),
            agent_id=agent_id,
            outcome=Outcome.ANSWERED,
        )

    def call(self, name: str, effects: Disposition | None = None, value: str | None = None) -> CallId:
        """A whole call of the lead whose turn it is, and what the agent says of it."""
        attempt = self.dial()
        call_id = self.talk(attempt)
        self.give(call_id, name, effects, value)
        self.finish(attempt)
        self.close(call_id)
        return call_id

    def later(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def lead(self, number: str = NUMBER) -> tuple[object, object]:
        row: tuple[object, object] = self.db.execute(
            "SELECT state, next_try_at FROM campaign_leads WHERE lead_id = ?", (f"lead{number}",)
        ).fetchone()
        return row

    def said(self, call_id: CallId) -> tuple[object, ...]:
        """What stands in the call's record."""
        row: tuple[object, ...] = self.db.execute(
            "SELECT disposition, disposition_note, disposition_machine, sale_value, sale_currency FROM calls"
            " WHERE call_id = ?",
            (call_id,),
        ).fetchone()
        return row

    def forbidden(self) -> list[str]:
        return [row[0] for row in self.db.execute("SELECT number FROM do_not_call")]
