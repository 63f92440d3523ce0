"""The checker finds what it is for: a run in which all is well, then each promise broken by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.checker import Evidence, Limits, broken, sip_calls

SCHEMA = Path(__file__).resolve().parents[2] / "calls/records/first.sql"
BEGAN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LIMITS = Limits(lines=2, calls_per_second=2)
PERSON, BUSY = "+49301200000", "+49301200015"
ATTEMPT = "INSERT INTO attempts VALUES (?, 'c', ?, ?, ?, 1, 'main', 'boot', 'carrier', ?, ?, ?, ?, 16, '{}')"


def utc(after_s: float) -> str:
    """As the store writes it."""
    return (BEGAN + timedelta(seconds=after_s)).isoformat()


@dataclass
class Run:
    """A run made by hand: one person who was talked to, one who was busy."""

    folder: Path
    db: sqlite3.Connection

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.folder / "callees.messages", self.folder / "db", self.folder / "Master.csv")

    def sip(self, after_s: float, call: str, number: str, line: str, *, sent: bool = False, method: str = "") -> None:
        """A message in SIPp's trace, in SIPp's own local time."""
        at = (BEGAN + timedelta(seconds=after_s)).astimezone().replace(tzinfo=None).isoformat(" ", "microseconds")
        way = "UDP message sent (99 bytes):" if sent else "UDP message received [99] bytes :"
        sequence = f"{method or line.split()[0]}"
        text = f"{line}\r\nTo: <sip:{number}@127.0.0.1>\r\nCall-ID: {call}\r\nCSeq: 7 {sequence}\r\n\r\n"
        with self.evidence.messages.open("a", newline="", encoding="utf-8") as file:
            file.write(f"{'-' * 47} {at}\n{way}\n\n{text}\n")

    def invite(self, after_s: float, call: str, number: str) -> None:
        self.sip(after_s, call, number, f"INVITE sip:{number}@127.0.0.1:5060 SIP/2.0")

    def record(self, call_id: str, number: str, outcome: str, begin_s: float, end_s: float, billed_s: float) -> None:
        """An attempt with its record, and Asterisk's."""
        lead = f"lead-{call_id}"
        self.db.execute(
            "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
            " VALUES (?, 'l', ?, ?, '[]', '')",
            (lead, call_id, call_id),
        )
        row = (call_id, lead, call_id, number, "done", utc(begin_s), utc(end_s), outcome)
        self.db.execute(ATTEMPT, row)
        self.db.execute(
            "INSERT INTO calls (call_id, direction, switch, boot_id, channel, caller, called, started_at, ended_at,"
            " duration_s, billed_s, outcome) VALUES (?, 'outbound', 'main', 'b', '', '', ?, ?, ?, ?, ?, ?)",
            (call_id, number, utc(begin_s), utc(end_s), end_s - begin_s, billed_s, outcome),
        )
        self.db.commit()
        with (self.folder / "Master.csv").open("a", encoding="utf-8") as file:
            cells = [""] * 5 + ["PJSIP/carrier-0001"] + [""] * 10 + [call_id, "", call_id, "1"]
            file.write(",".join(f'"{cell}"' for cell in cells) + "\n")

    def talk(self, agent: str, call_id: str, begin_s: float, end_s: float) -> None:
        """Agent and customer hear each other."""
        query = "INSERT INTO call_events VALUES (?, ?, ?, 0, ?, json_object('agent', ?))"
        self.db.execute(query, (call_id, 1, utc(begin_s), "agent_connected", agent))
        self.db.execute(query, (call_id, 2, utc(end_s), "talk_ended", agent))
        self.db.execute("UPDATE calls SET agent_id = ? WHERE call_id = ?", (agent, call_id))
        self.db.commit()

    def change(self, statement: str) -> None:
        self.db.execute(statement)
        self.db.commit()

    def broken(
        self, limits: Limits = LIMITS, faults: tuple[float, ...] = (), crashes: tuple[float, ...] = ()
    ) -> list[str]:
        return broken(replace(self.evidence, faults=faults, crashes=crashes), limits)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    db = sqlite3.connect(tmp_path / "db")
    db.executescript(SCHEMA.read_text(encoding="utf-8"))
    made = Run(tmp_path, db)
    made.invite(0.0, "a", PERSON)
    made.invite(0.5, "a", PERSON)  # a retransmission
    made.sip(1.0, "a", PERSON, "SIP/2.0 200 OK", sent=True, method="INVITE")
    made.sip(4.0, "a", PERSON, f"BYE sip:{PERSON}@127.0.0.1 SIP/2.0")
    made.record("one", PERSON, "answered", 0.0, 4.0, 3.0)
    made.talk("anna", "one", 1.2, 4.0)
    made.invite(2.0, "b", BUSY)
    made.sip(2.1, "b", BUSY, "SIP/2.0 486 Busy Here", sent=True, method="INVITE")
    made.record("two", BUSY, "busy", 2.0, 2.2, 0.0)
    yield made
    db.close()


def test_all_is_well(run: Run) -> None:
    assert run.broken() == []
    person, busy = sip_calls(run.evidence.messages)
    assert (person.number, person.status, person.ended_by_callee) == (PERSON, 200, False)
    assert person.answered is not None and person.ended is not None
    assert person.ended - person.answered == pytest.approx(3.0) and busy.status == 486


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"INSERT INTO do_not_call VALUES ('{BUSY}', '', '', '{utc(-5)}', '')", "I1"),
        (f"INSERT INTO do_not_call VALUES ('{BUSY}', '', '', '{utc(0.5)}', '')", "I11"),
        ("DELETE FROM calls WHERE call_id = 'two'", "I7"),
        ("DELETE FROM attempts WHERE attempt_id = 'two'", "I7"),
        ("UPDATE calls SET outcome = 'no_answer' WHERE call_id = 'two'", "the callee says busy"),
        ("UPDATE calls SET outcome = 'no_answer' WHERE call_id = 'two'", "I7"),
        ("UPDATE calls SET outcome = 'lost' WHERE call_id = 'two'", "nothing was killed"),
        ("UPDATE attempts SET decision = '{\"sent\":false}' WHERE attempt_id = 'two'", "attempts that were sent"),
        ("UPDATE attempts SET decision = '{\"sent\":false}' WHERE attempt_id = 'two'", "was never sent"),
        ("UPDATE calls SET billed_s = 1 WHERE call_id = 'one'", "I9"),
        ("UPDATE calls SET ended_at = '2026-03-01T13:00:04' WHERE call_id = 'one'", "I9"),
        ("UPDATE attempts SET state = 'live' WHERE attempt_id = 'one'", "I8"),
        (f"UPDATE attempts SET ended_at = '{utc(200)}' WHERE attempt_id = 'one'", "I8"),
        ("UPDATE attempts SET attempt_id = 'three' WHERE attempt_id = 'two'", "no attempt of ours"),
        (f"UPDATE attempts SET number = '{PERSON}' WHERE attempt_id = 'two'", "I3"),
        ("INSERT INTO live_calls VALUES ('x', 'inbound', '', '', '', '', '', NULL, NULL, NULL, NULL, '')", "I7"),
    ],
)
def test_a_store_that_lies(run: Run, statement: str, found: str) -> None:
    run.change(statement)
    assert any(found in each for each in run.broken()), run.broken()


def test_somebody_dialled_twice(run: Run) -> None:
    run.invite(3.0, "c", PERSON)
    found = run.broken()
    assert any("I3" in each for each in found) and any("I4" in each for each in found)
    assert any("I7" in each and "dialled 2 times" in each for each in found)


def test_a_line_is_free_once_its_call_is_cancelled_or_the_person_who_crossed_that_is_hung_up_on(run: Run) -> None:
    for call, crossed in (("c", False), ("d", True)):
        run.invite(5.0, call, BUSY)
        run.sip(6.0, call, BUSY, f"CANCEL sip:{BUSY}@127.0.0.1 SIP/2.0")
        status = "200 OK" if crossed else "487 Request Terminated"
        run.sip(6.5, call, BUSY, f"SIP/2.0 {status}", sent=True, method="INVITE")
    run.sip(7.0, "d", BUSY, f"BYE sip:{BUSY}@127.0.0.1 SIP/2.0")
    *_, cancelled, crossing = sip_calls(run.evidence.messages)
    assert cancelled.ended is not None and crossing.ended is not None
    assert (cancelled.ended - cancelled.begun, crossing.ended - crossing.begun) == pytest.approx((1.0, 2.0))


def test_too_many_at_once_and_in_a_second(run: Run) -> None:
    assert run.broken(replace(LIMITS, lines=1)) == ["I6: 2 calls at once on 1 lines, for 100 ms in all"]
    run.invite(2.5, "c", "+49301200025")
    assert not any("INVITEs in the second" in each for each in run.broken())
    run.invite(2.99, "d", "+49301200035")
    assert any("I6: 3 INVITEs in the second" in each for each in run.broken())


def test_two_customers_of_one_agent(run: Run) -> None:
    run.talk("anna", "two", 2.05, 2.2)
    assert any("I10" in each for each in run.broken())


def test_a_loss_is_believed_only_where_something_was_killed(run: Run) -> None:
    run.change("UPDATE calls SET outcome = 'lost' WHERE call_id = 'two'")
    run.change("UPDATE attempts SET outcome = 'lost' WHERE attempt_id = 'two'")
    assert run.broken(faults=((BEGAN + timedelta(seconds=2.1)).timestamp(),)) == []
    assert run.broken(faults=((BEGAN + timedelta(seconds=3.5)).timestamp(),)) != []


def test_who_was_answered_by_nobody_while_something_was_killed_is_abandoned(run: Run) -> None:
    killed = ((BEGAN + timedelta(seconds=2.0)).timestamp(),)
    assert run.broken(faults=killed) == []
    run.change("UPDATE calls SET agent_id = NULL WHERE call_id = 'one'")
    assert any("the callee says abandoned" in each for each in run.broken(faults=killed))
    for table, key in (("calls", "call_id"), ("attempts", "attempt_id")):
        run.change(f"UPDATE {table} SET outcome = 'abandoned' WHERE {key} = 'one'")
    assert run.broken(faults=killed) == []
    assert run.broken() != [], "nothing was killed"


def told(run: Run, call_id: str, after_s: float) -> None:
    """The call, abandoned: its callee heard the message and no agent."""
    for table, key in (("calls", "call_id"), ("attempts", "attempt_id")):
        run.change(f"UPDATE {table} SET outcome = 'abandoned' WHERE {key} = '{call_id}'")
    run.change(f"UPDATE calls SET agent_id = NULL, abandoned = 1 WHERE call_id = '{call_id}'")
    run.change(f"DELETE FROM call_events WHERE call_id = '{call_id}'")
    run.change(f"INSERT INTO call_events VALUES ('{call_id}', 1, '{utc(after_s)}', 0, 'safe_harbour', '{{}}')")


def test_who_answers_meets_an_agent_or_the_message_in_time(run: Run) -> None:
    allowing = replace(LIMITS, cap=1.0)
    run.change(f"UPDATE call_events SET at = '{utc(2.9)}' WHERE kind = 'agent_connected'")
    assert run.broken(allowing) == []
    run.change("UPDATE calls SET abandoned = 1")
    assert any("is abandoned, and met an agent in time" in each for each in run.broken(allowing))
    run.change("UPDATE calls SET abandoned = 0")
    run.change(f"UPDATE call_events SET at = '{utc(3.1)}' WHERE kind = 'agent_connected'")
    assert any("after 2.10 s" in each for each in run.broken(allowing))
    told(run, "one", 2.8)
    assert run.broken(allowing) == []
    run.change("UPDATE calls SET abandoned = 0")
    assert any("heard the message only" in each for each in run.broken(allowing))
    run.change("DELETE FROM call_events")
    assert any("stayed 3.00 s, and met nobody" in each for each in run.broken(allowing))


def test_more_are_abandoned_than_may_be(run: Run) -> None:
    told(run, "one", 2.8)
    assert any(
        "1 of 1 who answered were abandoned, 3.0% allowed" in each for each in run.broken(replace(LIMITS, cap=0.03))
    )


def test_a_call_ends_with_its_switch(run: Run) -> None:
    run.invite(2.05, "c", "+49301200025")
    assert any("calls at once" in each for each in run.broken())
    crash = (BEGAN + timedelta(seconds=2.01)).timestamp()
    assert not any("calls at once" in each for each in run.broken(crashes=(crash,)))


def test_asterisk_has_no_record(run: Run) -> None:
    (run.folder / "Master.csv").write_text("", encoding="utf-8")
    assert sum("no record of Asterisk's" in each for each in run.broken()) == 2
