"""An installation that holds all that can be held of a person, planted so that its traces are found."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from calls.causes import Outcome
from calls.dispositions import Disposition, Recycle
from calls.ids import BootId, CallId, LeadId, QueueName
from calls.people import blocked, callbacks, consents, do_not_call, reassigned, scrub
from calls.people.blocked import Blocked, Flagged
from calls.people.callbacks import Booking
from calls.people.consents import Consent, ConsentKind
from calls.people.reassigned import Asked
from calls.records import answers, contacts, outbox, payments, reviews, store, surveys, voicemail
from calls.records.contacts import Given
from calls.records.outbox import Message
from calls.records.payments import PaymentAsked
from calls.records.published import Event, subscribe
from calls.records.store import CallEvent, CallRecord, Direction, LiveCall
from calls.records.surveys import Answer
from calls.records.times import as_text
from calls.records.voicemail import Message as Voicemail
from calls.records.voicemail import MessageState
from calls.scorecards import Scorecard, ScoreQuestion, score
from calls.settings import Engine, Prompts, QueueSettings, RecordingSettings, Settings
from console import people
from console.people import EraseOrder
from dialer import attempts, roll
from dialer.attempts import Place
from dialer.leads import people as handles
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.desk_store import ANNA, BOOT, DeskStore

NUMBER, SECOND, OTHER = "+12025550142", "+12025550143", "+12025550177"
NAME, TOWN, CUSTOMER = "Zebediah Quux", "Canarytown", "K-4711-canary"
PERSON = "+12025550110"
"""Talks on the loopback switch."""

TRACES = (NUMBER[2:], SECOND[2:], NAME, TOWN, CUSTOMER, "canary")
"""None of these is found anywhere after the erasure; without the country's code, as callers come."""

TABLES = "[attempts]\nper_number = 2\nper_person = 2\nper_day = 40\n"
AGAIN = Disposition(label="Again", recycle=Recycle(after_s=60, times=40))


class Held:
    """A database and folders that hold a person, and another who stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(
            engine=Engine(database=folder / "callwright.db", region="US"),
            queues=(QueueSettings(name="sales"),),
            trunks=(LOOPBACK,),
            recordings=RecordingSettings(folder=folder / "recordings"),
            prompts=Prompts(cache=folder / "cache"),
        )
        for name in ("recordings", "cache/live"):
            (folder / name).mkdir(parents=True)
        (folder / "cache" / "live" / "a.wav").write_bytes(b"canary")
        campaign = make_campaign(folder, TABLES)
        self.store = DeskStore(campaign, NUMBER, OTHER, path=self.settings.engine.database)
        self.db = self.store.db
        self._ids = itertools.count(1)
        self.lead = LeadId(f"lead{NUMBER}")
        self.db.execute(
            "UPDATE leads SET name = ?, fields = ? WHERE lead_id = ?",
            (NAME, json.dumps({"Town": TOWN, "Tel": NUMBER}), self.lead),
        )
        self.db.execute("UPDATE leads SET name = 'Ann Stays' WHERE number = ?", (OTHER,))
        self.db.execute("UPDATE campaign_leads SET state = 'done' WHERE lead_id = ?", (f"lead{OTHER}",))
        self.db.execute(
            "INSERT INTO lead_numbers (lead_id, position, kind, number, time_zones) VALUES (?, 2, 'work', ?, '[]')",
            (self.lead, SECOND),
        )
        handles.join(self.db, [NUMBER, SECOND], CUSTOMER)
        subscribe(self.db, [("crm", event) for event in Event])

    # --- what a person leaves behind --------------------------------------------------------------------------

    def dialled(self) -> None:
        """The lead is dialled and talks, where its rules allow it."""
        self.store.later(60)
        self.db.execute(
            "UPDATE campaign_leads SET state = 'retry', next_try_at = NULL WHERE state <> 'new' AND lead_id = ?",
            (self.lead,),
        )
        place, campaign = Place("main", BOOT, LOOPBACK), self.store.campaign
        new_id = partial(self._id, "attempt")
        begun = attempts.begin_attempts(self.db, campaign, 1, self.store.now, place, new_id, {})  # type: ignore[arg-type]
        for attempt in begun.attempts:
            call_id = self.store.talk(attempt)
            given_ = Given("again", AGAIN, f"{NAME} of {TOWN}, {attempt.number}")
            contacts.give(self.db, call_id, ANNA, given_, self.store.now)
            answers.keep(self.db, call_id, ANNA, {"where": TOWN}, self.store.now)
            self.store.finish(attempt)
            self.store.close(call_id)
            talk = reviews.talk(self.db, call_id)
            assert talk is not None
            card, answers_ = Scorecard(name="card", questions=(ScoreQuestion(name="q", ask="Kind?"),)), {"q": "yes"}
            reviews.put(
                self.db, talk, card, answers_, score(card, answers_), f"kind to {NAME}", False, "eve", self.store.now
            )

    def rings(self, caller: str = "2025550142") -> CallId:
        """The person calls, as a carrier gives the number, and says things in a flow."""
        call_id = CallId(self._id("call"))
        now = self.store.later(5)
        live = LiveCall(call_id, Direction.INBOUND, "main", BootId("b"), f"PJSIP/{caller}-1", caller, "100", now)
        store.begin_call(self.db, live)
        self._record(call_id, "call")
        events = [
            CallEvent(now, 0.0, "collected", {"digits": NUMBER, "said": f"my name is {NAME}"}),
            CallEvent(now, 1.0, "recording", {"recording": f"rec-{call_id}"}),
        ]
        self._record(f"rec-{call_id}", "event")
        store.finish_call(self.db, self._final(live, f"{call_id}"), events)
        outbox.put(self.db, Message(f"{call_id}:x", "crm", call_id, "n", json.dumps({"who": NAME})), now)
        blocked.flag(self.db, "k", Flagged(call_id, caller, f"{NAME} shouts", now))
        return call_id

    def leaves_a_message(self) -> None:
        call_id = self.rings("+12025550143")
        message_id = self._id("message")
        self._record(message_id, "message")
        now = self.store.now
        left = Voicemail(message_id, "office", call_id, "k", SECOND, now, 2.0, MessageState.NEW, now)
        voicemail.add_message(self.db, left)

    def agrees(self) -> None:
        now = self.store.later(1)
        consents.give(self.db, [Consent(NUMBER, ConsentKind.CALLS, now, "form", f"signed by {NAME}")], now, "me")

    def number_is_looked_up(self) -> None:
        now = self.store.later(1)
        answer = Asked(NUMBER, now.date() - timedelta(days=90), reassigned.Answer.NO, now, "answers.csv")
        reassigned.keep(self.db, [answer], now, "me")

    def is_promised_a_call(self) -> None:
        now = self.store.later(1)
        callbacks.promise(
            self.db,
            Booking(
                CallId(self._id("call")),
                "k",
                NUMBER,
                QueueName("sales"),
                now,
                now,
                True,
                now + timedelta(days=1),
                now + timedelta(days=2),
                3,
                600.0,
                agent_id=ANNA,
                note=f"{NAME} wants lamps",
            ),
        )

    def is_forbidden(self) -> None:
        now = self.store.later(1)
        do_not_call.add(self.db, do_not_call.Entry(NUMBER, "console", f"{NAME} asked", now, "me", proof=TOWN))

    def is_blocked(self) -> None:
        blocked.add(self.db, Blocked(NUMBER, f"{NAME} shouts", None, self.store.later(1), "me"))

    def is_asked_in_a_flow(self) -> None:
        """A survey, a card, a number of the person's choice, a PIN, a reference number."""
        call_id = self.rings()
        now = self.store.now
        answer = Answer("main", "ask", "office", "How was it?", "csat", 5, None)
        surveys.add_answers(self.db, call_id, "k", [answer], now)
        payments.begin(self.db, PaymentAsked(f"pay-{call_id}", call_id, "gate", "12.50", "EUR", now))
        self.db.execute(
            "INSERT INTO toll_calls (call_id, number, country, began_at, minutes, price)"
            " VALUES (?, ?, 'US', ?, 1, '1')",
            (call_id, SECOND, as_text(now)),
        )
        self.db.execute(
            "INSERT INTO pin_tries VALUES ('bank', 'caller', ?, 1, ?, NULL) ON CONFLICT DO NOTHING",
            (NUMBER, as_text(now)),
        )
        outbox.issue_reference(self.db, call_id, "k", now)

    def is_refused(self) -> None:
        """By a rule of the campaign, and in an import."""
        at = as_text(self.store.later(1))
        self.db.execute(
            "INSERT INTO refusals VALUES (?, ?, 'calling_hours', NULL, ?, ?, 1) ON CONFLICT DO NOTHING",
            (self.store.campaign.id, self.lead, at, at),
        )
        import_id = self._id("import")
        self.db.execute(
            "INSERT INTO imports (import_id, list_id, file, digest, options, began_at)"
            " VALUES (?, 'l', 'a', '', '{}', ?)",
            (import_id, at),
        )
        self.db.execute(
            "INSERT INTO import_refusals (import_id, row, reason) VALUES (?, 2, ?)", (import_id, f"{NAME}, {NUMBER}")
        )

    def is_forbidden_by_many(self) -> None:
        """An agent, one campaign, and then the person."""
        now = self.store.later(1)
        entry = do_not_call.Entry(NUMBER, do_not_call.AGENT, "disposition of call c", now, "anna", proof=TOWN)
        do_not_call.add(self.db, entry)
        do_not_call.add(self.db, replace(entry, source="caller", reason=f"{NAME} asked"))
        do_not_call.add(self.db, replace(entry, source="console", campaign_id=self.store.campaign.campaign_id))

    def is_spoken_of(self) -> None:
        """A supervisor writes of the person where nobody is asked about."""
        store.add_audit(
            self.db, self.store.later(1), "me", "note", {"text": f"ask {NAME} at {NUMBER}, 0012025550142"}
        )

    # --- and after --------------------------------------------------------------------------------------------

    def erase(self, who: str = NUMBER) -> str:
        order = EraseOrder(reason=f"asked by {NAME}, {NUMBER}")
        self.db.execute("BEGIN IMMEDIATE")
        try:
            done = people.erase_at_once(self.db, self.settings, who, order, "boss", self.store.later(1))
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        return done.said

    def traces(self) -> list[str]:
        """Where something of the person is found, in every file, the database closed."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = []
        for path in (each for each in self.folder.rglob("*") if each.is_file() and each.suffix != ".toml"):
            data = path.read_bytes()
            found += [f"{path.name}: {trace}" for trace in TRACES if trace.encode() in data]
        return found

    def others(self) -> list[tuple[object, ...]]:
        """What is held of the other person."""
        rows = self.db.execute("SELECT lead_id, number, name, person_key FROM leads WHERE number = ?", (OTHER,))
        return [tuple(row) for row in rows]

    def verdicts(self) -> dict[str, int]:
        """Import the number anew, and try to dial it: the rules that refuse."""
        self.db.execute(
            "INSERT INTO leads (lead_id, list_id, person_key, number, name, time_zones, imported_at)"
            """ VALUES (?, 'l', ?, ?, ?, '["America/New_York"]', ?)""",
            (self._id("lead"), handles.key_of(self.db, NUMBER), NUMBER, NAME, as_text(self.store.now)),
        )
        self.db.execute("DELETE FROM campaign_leads WHERE lead_id = ?", (f"lead{OTHER}",))
        roll.register(self.db, self.store.campaign, self.store.now)
        place, new_id = Place("main", BOOT, LOOPBACK), partial(self._id, "attempt")
        now = self.store.later(60)
        begun = attempts.begin_attempts(self.db, self.store.campaign, 5, now, place, new_id, {})  # type: ignore[arg-type]
        return {**begun.refused, "dialled": len(begun.attempts)}

    def _id(self, kind: str) -> str:
        return f"{kind}-{next(self._ids)}"

    def _record(self, name: str, what: str) -> None:
        (self.settings.recordings.folder / f"{name}.wav").write_bytes(f"RIFF canary {what}".encode())

    def _final(self, live: LiveCall, recording: str) -> CallRecord:
        return CallRecord(
            call_id=live.call_id,
            direction=live.direction,
            switch=live.switch,
            boot_id=live.boot_id,
            channel=live.channel,
            caller=live.caller,
            called=live.called,
            started_at=live.started_at,
            ended_at=live.started_at,
            duration_s=1.0,
            billed_s=1.0,
            outcome=Outcome.ANSWERED,
            recording=recording,
        )


LEAVES: dict[str, Callable[[Held], object]] = {
    "dialled": Held.dialled,
    "rings": Held.rings,
    "message": Held.leaves_a_message,
    "agrees": Held.agrees,
    "looked up": Held.number_is_looked_up,
    "promised": Held.is_promised_a_call,
    "forbidden by many": Held.is_forbidden_by_many,
    "forbidden": Held.is_forbidden,
    "blocked": Held.is_blocked,
    "spoken of": Held.is_spoken_of,
    "in a flow": Held.is_asked_in_a_flow,
    "refused": Held.is_refused,
}

NOBODYS = {
    "account_sessions", "account_tokens", "accounts", "agent_legs", "agent_queues", "agent_states",
    "agent_time_totals", "agent_totals", "alerts", "announced_pauses", "answer_hours", "arm_totals", "attempt_totals",
    "call_totals", "caller_ids_shown", "campaign_changes", "campaign_lists", "ending_totals", "erasures", "imports",
    "lead_totals", "link_totals", "node_totals", "notices", "overrides", "pacing_decisions", "pacing_states",
    "path_totals", "report_schedules", "retention_marks", "roll_totals", "switch_boots", "trunk_lines", "way_totals",
    "webhook_events", "work_shifts", *scrub.KEPT,
}  # fmt: skip
"""Tables in which nothing of a person can stand."""

TRAILS = ("node_totals", "path_totals", "link_totals", "way_totals", "arm_totals")
TOTALS = (
    *("call_totals", "agent_totals", "ending_totals", "attempt_totals", *TRAILS),
    *("agent_time_totals", "lead_totals", "roll_totals"),
)
"""What reports add up; of trails is what those tables hold."""

WHILE_IT_LASTS = {"live_calls"}
"""Who is on the line is not erased before the call is over."""


def everything(held: Held) -> None:
    for leave in LEAVES.values():
        leave(held)


def dumped(held: Held, table: str) -> str:
    """All that stands in a table."""
    return repr([tuple(row) for row in held.db.execute(f'SELECT * FROM "{table}"')])
