"""Breaches of each kind, to be put into the records of a run that kept its rules."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta

from calls.ids import CampaignId
from calls.people import consents, do_not_call, reassigned
from calls.people.consents import Consent, ConsentKind
from calls.people.do_not_call import Entry
from calls.people.reassigned import Answer, Asked
from calls.records.store import add_audit
from tests.dialer.world import START

LISTED = "+12025559999"
CAMPAIGN = CampaignId("autumn")

Spoil = Callable[[sqlite3.Connection, str], None]
"""Puts a breach into the records of the attempt that is named."""


def sql(*statements: str) -> Spoil:
    def spoil(db: sqlite3.Connection, attempt: str) -> None:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            db.execute(statement, {"a": attempt})

    return spoil


def number_of(db: sqlite3.Connection, attempt: str) -> str:
    return str(db.execute("SELECT number FROM attempts WHERE attempt_id = ?", (attempt,)).fetchone()[0])


SEEN = "UPDATE attempts SET rules_seq = (SELECT max(seq) FROM rule_log)"
"""As if all that is in the log had been there before every attempt."""


def forbidden(subject: Callable[[str], str], campaign_id: CampaignId | None = None) -> Spoil:
    def spoil(db: sqlite3.Connection, attempt: str) -> None:
        entry = Entry(subject(number_of(db, attempt)), "test", "", START, "me", campaign_id=campaign_id)
        do_not_call.add(db, entry)
        db.execute(SEEN)

    return spoil


def withdrawn(db: sqlite3.Connection, attempt: str) -> None:
    assert consents.withdraw(db, number_of(db, attempt), ConsentKind.CALLS, START, "me", "")
    db.execute(SEEN)


def given_too_late(db: sqlite3.Connection, attempt: str) -> None:
    """Taken back, and then an older consent comes from some list."""
    number = number_of(db, attempt)
    assert consents.withdraw(db, number, ConsentKind.CALLS, START, "me", "")
    older = Consent(number, ConsentKind.CALLS, START - timedelta(hours=2), "another form")
    assert consents.give(db, [older], START, "me") == 1
    db.execute(SEEN)


def given_up(db: sqlite3.Connection, attempt: str) -> None:
    """Known before that the number has another owner, who never agreed to anything."""
    answer = Asked(number_of(db, attempt), date(2025, 1, 1), Answer.YES, START - timedelta(hours=1))
    assert reassigned.keep(db, [answer], START, "me") == 1
    db.execute(SEEN)


def demanding(key: str, value: str) -> Spoil:
    """As if the campaign had demanded that from the first."""
    return sql(
        "DROP TRIGGER campaign_versions_are_never_changed",
        f"UPDATE campaign_versions SET rules = json_set(rules, '$.campaign.file.compliance.{key}', {value})",
    )


def hidden_order(db: sqlite3.Connection, attempt: str) -> None:
    """Forbidden long before, and the log says that it came after the attempt."""
    do_not_call.add(db, Entry(number_of(db, attempt), "test", "", START, "me"))


def again(after: str) -> Spoil:
    """A second attempt of the person of an attempt, ``after`` its own begin."""
    return sql(
        "CREATE TEMP TABLE copied AS SELECT * FROM attempts WHERE attempt_id = :a",
        "UPDATE copied SET attempt_id = attempt_id || '-again',"
        f" intended_at = strftime('%Y-%m-%dT%H:%M:%f', intended_at, '{after}') || '000+00:00',"
        f" ended_at = strftime('%Y-%m-%dT%H:%M:%f', ended_at, '{after}') || '000+00:00',"
        " rules_seq = (SELECT max(rules_seq) FROM attempts)",
        "INSERT INTO attempts SELECT * FROM copied",
        "DROP TABLE copied",
        "CREATE TEMP TABLE copied AS SELECT * FROM calls WHERE call_id = :a",
        "UPDATE copied SET call_id = call_id || '-again',"
        " started_at = (SELECT intended_at FROM attempts WHERE attempt_id = :a || '-again'),"
        " answered_at = CASE WHEN answered_at IS NULL THEN NULL"
        " ELSE (SELECT ended_at FROM attempts WHERE attempt_id = :a || '-again') END,"
        " ended_at = (SELECT ended_at FROM attempts WHERE attempt_id = :a || '-again')",
        "INSERT INTO calls SELECT * FROM copied",
        "DROP TABLE copied",
    )


def called(change: str) -> Spoil:
    return sql(f"UPDATE calls SET {change} WHERE call_id = :a")


def attempted(change: str) -> Spoil:
    return sql(f"UPDATE attempts SET {change} WHERE attempt_id = :a")


def ordered(what: str, when: str, until: str = "") -> Spoil:
    """An order two seconds before the attempt was dialled, and another that ends it after ``until``."""

    def spoil(db: sqlite3.Connection, attempt: str) -> None:
        (at,) = db.execute(f"SELECT {when} FROM calls WHERE call_id = ?", (attempt,)).fetchone()
        said = (datetime.fromisoformat(at) - timedelta(seconds=2), "me", f"campaign.{what}", {"campaign": CAMPAIGN})
        add_audit(db, *said)
        if until:
            add_audit(db, said[0] + timedelta(seconds=7), "me", "campaign.resume", said[3])

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(db: sqlite3.Connection, attempt: str) -> None:
        for each in spoils:
            each(db, attempt)

    return spoil


def beside(after: str = "+0.2 seconds", lines: int = 99, rate: float = 99, until: str = "+60 seconds") -> Spoil:
    """A leg that is no attempt goes out by the attempt's trunk, ``after`` it was dialled, and is up until then."""

    def moved(by: str) -> str:
        return f"strftime('%Y-%m-%dT%H:%M:%f', started_at, '{by}') || '000+00:00'"

    return sql(
        "INSERT INTO trunk_lines"
        f" SELECT 'line-1', 'call-1', 'handed_on', attempts.trunk, {lines}, {rate}, {moved(after)}, {moved(after)},"
        f" {moved(until)} FROM calls JOIN attempts ON attempt_id = call_id WHERE call_id = :a"
    )


def forbidden_meanwhile(at: str, then: str = "talk_s = talk_s") -> Spoil:
    return sql(
        f"INSERT INTO rule_log (what, subject, at) SELECT 'forbidden', number, {at} FROM attempts"
        " WHERE attempt_id = :a",
        f"UPDATE calls SET {then} WHERE call_id = :a",
    )


ANY, TALKED, RANG = "1", "calls.outcome = 'answered'", "calls.outcome = 'no_answer'"
LASTED = "julianday(calls.ended_at) - julianday(calls.started_at) > 2.0 / 86400.0"
"""It has its line still when another leg comes a moment later, though ends are written late."""

BREACHES: dict[str, tuple[str, str, Spoil]] = {
    "forbidden before": ("I1", ANY, forbidden(lambda number: number)),
    "its beginning forbidden before": ("I1", ANY, forbidden(lambda number: f"{number[:6]}*")),
    "forbidden to the campaign": ("I1", ANY, forbidden(lambda number: number, CAMPAIGN)),
    "an order that cannot be": ("I1", ANY, hidden_order),
    "changes unseen": ("I1", ANY, attempted("rules_seq = 0")),
    "on the national list": ("I1", ANY, attempted(f"number = '{LISTED}'")),
    "no consent": ("consent", ANY, attempted("number = '+12025558888'")),
    "consent taken back": ("consent", ANY, withdrawn),
    "recorded without consent": ("consent", TALKED, called("recording = 'a-talk-1'")),
    "consent older than when it was taken back": ("consent", ANY, given_too_late),
    "a number that was given up": ("reassigned_number", ANY, given_up),
    "nobody asked whose number it is": ("reassigned_number", ANY, demanding("reassigned_within_days", "30")),
    "less attested than was wanted": ("attestation", ANY, demanding("attestation", "'B'")),
    "night where the person is": ("I2", ANY, attempted("zones = '[\"America/New_York\"]'")),
    "night in one zone of two": ("I2", ANY, attempted('zones = \'["Europe/London", "America/New_York"]\'')),
    "no zone": ("I2", ANY, attempted("zones = '[]'")),
    "begun at night": ("I2", ANY, attempted("intended_at = '2027-03-01T03:00:00.000000+00:00'")),
    "dialled at night": ("I2", ANY, called("started_at = '2027-03-01T21:00:00.000000+00:00'")),
    "a holiday": ("I2", ANY, attempted("intended_at = '2026-12-25T12:00:00.000000+00:00'")),
    "called a fourth time": (
        "I3",
        "1 = (SELECT count(*) = 3 FROM attempts AS others WHERE others.number = attempts.number)",
        again("+1 hours"),
    ),
    "two calls at a time": ("I4", f"{TALKED} AND talk_s >= 3", again("+2 seconds")),
    "never over": ("I4", "calls.outcome = 'busy' AND try_number = 1", attempted("ended_at = NULL")),
    "no lock-out": (
        "cool_down",
        "calls.outcome = 'busy' AND try_number = 1",
        sql(
            "UPDATE attempts SET outcome = 'abandoned' WHERE attempt_id = :a",
            "UPDATE calls SET outcome = 'abandoned', abandoned = 1 WHERE call_id = :a",
        ),
    ),
    "a late agent": ("I5", TALKED, called("connect_s = 2.1")),
    "nobody": ("I5", TALKED, called("connect_s = NULL, agent_id = NULL, abandoned = 1, outcome = 'abandoned'")),
    "not counted": ("I5", TALKED, called("outcome = 'abandoned'")),
    "one of forty abandoned": ("I5", TALKED, called("abandoned = 1")),
    "no record": ("I7", ANY, sql("DELETE FROM calls WHERE call_id = :a")),
    "another outcome": ("I7", ANY, called("outcome = 'rejected'")),
    "recorded late": (
        "I7",
        ANY,
        attempted("ended_at = strftime('%Y-%m-%dT%H:%M:%f', ended_at, '+61 seconds') || '000+00:00'"),
    ),
    "no attempt": ("I7", ANY, sql("DELETE FROM attempts WHERE attempt_id = :a")),
    "open, with a record": ("I7", ANY, attempted("state = 'intent'")),
    "open for ever": (
        "I8",
        ANY,
        sql(
            "DELETE FROM calls WHERE call_id = :a",
            "UPDATE attempts SET state = 'live', ended_at = NULL,"
            " intended_at = '2027-03-01T09:17:00.000000+00:00' WHERE attempt_id = :a",
        ),
    ),
    "too much billed": ("I9", ANY, called("billed_s = 1, duration_s = 0")),
    "less than nothing": ("I9", ANY, called("billed_s = -1")),
    "backwards": ("I9", ANY, called("ended_at = '2027-03-01T09:00:00.000000+00:00'")),
    "another zone": ("I9", ANY, called("ended_at = replace(ended_at, '+00:00', '+01:00')")),
    "rang too short": ("ring", RANG, called("ring_s = 14.9")),
    "hung up at once": (
        "ring",
        RANG,
        sql(
            "UPDATE calls SET outcome = 'cancelled', ring_s = 1 WHERE call_id = :a",
            "UPDATE attempts SET outcome = 'cancelled' WHERE attempt_id = :a",
        ),
    ),
    "a call more than the trunk has lines": (
        "I6",
        ANY,
        sql(
            "UPDATE calls SET ended_at = '2027-03-01T12:00:00.000000+00:00'",
            "UPDATE attempts SET decision = json_set(decision, '$.trunk.lines', 1) WHERE attempt_id = :a",
            "UPDATE calls SET started_at = '2027-03-01T11:00:00.000000+00:00' WHERE call_id = :a",
        ),
    ),
    "too many calls in one second": (
        "I6",
        ANY,
        sql("UPDATE calls SET started_at = (SELECT started_at FROM calls WHERE call_id = :a)"),
    ),
    "a number that calls are handed on to leaves no line": ("I6", LASTED, beside(lines=1)),
    "a number that calls are handed on to leaves none of the second's": ("I6", ANY, beside(rate=1)),
    "no line for whom calls are handed on to": (
        "I6",
        ANY,
        both(beside("-0.5 seconds"), attempted("decision = json_set(decision, '$.trunk.lines', 1)")),
    ),
    "no call a second for whom calls are handed on to": (
        "I6",
        ANY,
        both(beside("-0.5 seconds"), attempted("decision = json_set(decision, '$.trunk.calls_per_second', 1)")),
    ),
    "an agent with two customers": (
        "I10",
        TALKED,
        sql(
            "UPDATE calls SET agent_id = (SELECT agent_id FROM calls WHERE call_id = :a), talk_s = 30,"
            " ended_at = (SELECT ended_at FROM calls WHERE call_id = :a) WHERE outcome = 'answered'"
        ),
    ),
    "an agent with a caller too": (
        "I10",
        TALKED,
        sql(
            "CREATE TEMP TABLE copied AS SELECT * FROM calls WHERE call_id = :a",
            "UPDATE copied SET call_id = 'caller', campaign_id = NULL, direction = 'inbound'",
            "INSERT INTO calls SELECT * FROM copied",
            "DROP TABLE copied",
            "UPDATE calls SET talk_s = 5 WHERE call_id = :a",
            "INSERT INTO call_events SELECT 'caller', 1, started_at, 0, 'agent_connected',"
            " json_object('agent', agent_id) FROM calls WHERE call_id = :a",
            "INSERT INTO call_events SELECT 'caller', 2, '2027-03-01T20:00:00.000000+00:00', 0, 'ended', '{}'",
        ),
    ),
    "dialled while it was paused": ("I11", ANY, ordered("pause", "started_at")),
    "dialled after it was stopped": ("I11", ANY, ordered("stop", "started_at")),
    "dialled before it went on": ("I11", ANY, ordered("drain", "started_at", "+5 seconds")),
    "rang on for who was forbidden": ("I11", RANG, forbidden_meanwhile("intended_at")),
    "dialled who was forbidden": (
        "I11",
        ANY,
        forbidden_meanwhile(
            "intended_at", "started_at = strftime('%Y-%m-%dT%H:%M:%f', started_at, '+3 seconds') || '000+00:00'"
        ),
    ),
    "another number shown": ("caller_id", ANY, called("caller = '+12025550999'")),
    "no number shown": ("caller_id", ANY, called("caller = ''")),
}
