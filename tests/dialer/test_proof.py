"""A run that kept its rules is never accused; each kind of breach that is put into its records is found."""

from __future__ import annotations

import ast
import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.errors import Location
from calls.ids import AgentId
from calls.people import consents, do_not_call, erased, number_lists
from calls.people.consents import Consent, ConsentKind
from calls.people.do_not_call import Entry
from calls.people.number_import import build
from calls.people.number_lists import NumberList
from calls.records import trunk_lines
from calls.records.times import as_text, as_time
from dialer import proof
from dialer.abandonment import Tally, counted
from dialer.presets import PRESETS, Denominator
from dialer.proof.abandoned import Share
from dialer.proof.finding import Verdict
from dialer.proof.judge import judge
from dialer.proof.law import Law
from dialer.versions import rules_of
from tests.dialer.actors import Agent
from tests.dialer.breaches import (
    BREACHES,
    CAMPAIGN,
    LISTED,
    SEEN,
    Spoil,
    attempted,
    beside,
    both,
    number_of,
)
from tests.dialer.conftest import LOOPBACK, make_campaign, numbers
from tests.dialer.world import START, World

TABLES = """
[retries.busy]
after_s = 20
times = 2
[attempts]
per_person = 3
per_number = 3
per_day = 3
[compliance]
do_not_call = ["national"]
consent = "calls"
recording = "consent"
"""
LEADS = numbers(40)


def finished(folder: Path) -> World:
    """A run by the strictest rules there are, in which nothing went wrong, to its end."""
    campaign = make_campaign(folder, TABLES, preset='"uk-strict"')
    world = World(campaign, LOOPBACK, [Agent(AgentId(f"agent{index}")) for index in range(4)])
    world.add_leads(LEADS, '["Europe/London"]')
    built = build(io.BytesIO(f"{LISTED}\n".encode()), Location(), None, None, folder / "national")
    given = NumberList("national", built.version, built.path, built.numbers, START, START, "me", "a file")
    number_lists.serve(world.db, given)
    agreed = [Consent(number, ConsentKind.CALLS, START - timedelta(days=1), "a form") for number in LEADS]
    consents.give(world.db, agreed, START, "me")
    world.start()
    world.run(1800)
    assert world.finished
    return world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = finished(tmp_path_factory.mktemp("proof"))
    yield made
    made.db.close()


@pytest.fixture
def db(world: World) -> Iterator[sqlite3.Connection]:
    """A copy of the run's records, to be spoilt."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    world.db.backup(copy)
    yield copy
    copy.close()


def judged(db: sqlite3.Connection, world: World) -> Verdict:
    return judge(db, CAMPAIGN, world.wall + timedelta(hours=1))


def test_a_run_that_kept_its_rules_is_not_accused(db: sqlite3.Connection, world: World) -> None:
    verdict = judged(db, world)
    assert (verdict.breaches, verdict.unproved) == ([], [])
    assert verdict.attempts > len(LEADS)
    outcomes = {row[0] for row in db.execute("SELECT DISTINCT outcome FROM attempts")}
    assert {"answered", "busy", "no_answer", "congestion", "unallocated"} <= outcomes


# --- breaches ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", BREACHES)
def test_every_breach_is_found(db: sqlite3.Connection, world: World, what: str) -> None:
    rule, where, spoil = BREACHES[what]
    attempts = possible(db, where)
    assert attempts, f"nothing in the run to spoil: {where}"
    spoil(db, attempts[0])
    assert rule in {each.rule for each in judged(db, world).breaches}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(what=st.sampled_from(sorted(BREACHES)), which=st.integers(0, 1000))
def test_a_breach_is_found_wherever_it_is(world: World, what: str, which: int) -> None:
    rule, where, spoil = BREACHES[what]
    copy = sqlite3.connect(":memory:", isolation_level=None)
    world.db.backup(copy)
    try:
        attempts = possible(copy, where)
        if what == "changes unseen":
            attempts = attempts[1:]
        spoil(copy, attempts[which % len(attempts)])
        assert rule in {each.rule for each in judged(copy, world).breaches}
    finally:
        copy.close()


def possible(db: sqlite3.Connection, where: str) -> list[str]:
    rows = db.execute(
        "SELECT attempt_id FROM attempts JOIN calls ON call_id = attempt_id"
        f" WHERE json_extract(decision, '$.sent') IS NOT 0 AND {where} ORDER BY attempts.rowid"
    )
    return [str(row[0]) for row in rows]


@pytest.mark.parametrize("with_key", [True, False])
def test_a_person_who_was_erased_and_came_again_is_one_person(
    world: World, tmp_path: Path, *, with_key: bool
) -> None:
    db = sqlite3.connect(tmp_path / "erased.db", isolation_level=None)
    world.db.backup(db)
    rule, where, spoil = BREACHES["called a fourth time"]
    attempt = possible(db, where)[0]
    spoil(db, attempt)
    number = number_of(db, attempt)
    erased.make_key(db, tmp_path / "erased.db", b"k" * erased.KEY_BYTES)
    token = erased.token(db, number)
    erased.keep(db, [token], world.wall)
    before = "person_key = :n AND attempt_id NOT LIKE '%-again'"
    db.execute(f"UPDATE attempts SET number = :t, person_key = :t WHERE {before}", {"n": number, "t": token})
    for table in ("consents", "rule_log"):
        db.execute(f"DROP TRIGGER IF EXISTS {table}_is_never_changed")
    db.execute("UPDATE rule_log SET subject = ? WHERE subject = ?", (token, number))
    if not with_key:
        erased.key_path(tmp_path / "erased.db").unlink()
    verdict = judged(db, world)
    found = {(each.rule, each.attempt_id) for each in verdict.breaches}
    assert ((rule, f"{attempt}-again") in found) is with_key
    assert bool([each for each in verdict.unproved if each.rule == "I3"]) is not with_key
    db.close()


# --- what is lawful, and looks odd ------------------------------------------------------------------------------


FULL = attempted("decision = json_set(decision, '$.trunk.lines', 1)")


@pytest.mark.parametrize(
    "kept",
    [
        beside("-9 seconds", 1, 1, "-5 seconds"),
        beside("+0 seconds"),
        beside("-0.5 seconds"),
        both(beside("-9 seconds", 1, 1, "-0.1 seconds"), FULL),
        both(beside("-9 seconds", 1, 1, "+0.5 seconds"), FULL),
    ],
)
def test_a_leg_beside_the_attempts_that_has_room_accuses_nobody(
    db: sqlite3.Connection, world: World, kept: Spoil
) -> None:
    """It was over before, or as nearly as it is written down, or it had room."""
    (attempt,) = db.execute("SELECT call_id FROM calls ORDER BY started_at, call_id LIMIT 1").fetchone()
    kept(db, attempt)
    verdict = judged(db, world)
    assert (verdict.breaches, verdict.unproved) == ([], [])


def test_legs_without_the_campaign_are_not_its_breach(db: sqlite3.Connection, world: World) -> None:
    """More of them than there is room for, when no call of the campaign is up: it could not help it."""
    (attempt,) = db.execute("SELECT call_id FROM calls ORDER BY started_at, call_id LIMIT 1").fetchone()
    for _ in range(3):
        beside("-2 hours", 1, 1, "-1 hours")(db, attempt)
        db.execute("UPDATE trunk_lines SET line_id = line_id || '-'")
    db.execute("UPDATE trunk_lines SET placed_at = NULL WHERE line_id = 'line-1-'")
    verdict = judged(db, world)
    assert (verdict.breaches, verdict.unproved) == ([], [])


def test_a_leg_that_a_crash_left_in_doubt_is_said(db: sqlite3.Connection, world: World) -> None:
    (attempt,) = db.execute("SELECT call_id FROM calls ORDER BY started_at, call_id LIMIT 1").fetchone()
    beside("+0 seconds", 1, 1)(db, attempt)
    db.execute("UPDATE trunk_lines SET placed_at = NULL")
    verdict = judged(db, world)
    assert verdict.breaches == [] and [each.rule for each in verdict.unproved] == ["I6"]


def test_legs_that_were_deleted_for_their_age_are_said(db: sqlite3.Connection, world: World) -> None:
    """Who had room with those that are kept may have had none with those that are not; a later campaign had."""
    (attempt, at) = db.execute(
        "SELECT call_id, started_at FROM calls ORDER BY started_at, call_id LIMIT 1"
    ).fetchone()
    for hours, unproved in ((-1, []), (1, ["I6"])):
        beside("-9 hours", 1, 1, "-3 hours")(db, attempt)
        assert trunk_lines.delete(db, as_time(at) + timedelta(hours=hours)) == 1
        verdict = judged(db, world)
        assert verdict.breaches == [] and [each.rule for each in verdict.unproved] == unproved


def test_who_was_forbidden_while_it_rang_may_be_hung_up_at_once(db: sqlite3.Connection, world: World) -> None:
    _, where, spoil = BREACHES["hung up at once"]
    attempt = possible(db, where)[0]
    spoil(db, attempt)
    db.execute(
        "INSERT INTO rule_log (what, subject, at) SELECT 'forbidden', number, intended_at FROM attempts"
        " WHERE attempt_id = ?",
        (attempt,),
    )
    assert judged(db, world).breaches == []


def test_an_entry_that_came_after_or_had_run_out_accuses_nobody(db: sqlite3.Connection, world: World) -> None:
    for number in LEADS:
        do_not_call.add(db, Entry(number, "test", "", world.wall, "me"))
        db.execute(
            "INSERT INTO rule_log (what, subject, at, until_at) VALUES ('forbidden', ?, ?, ?)",
            (f"{number[:-1]}*", as_text(START), as_text(START)),
        )
    assert judged(db, world).breaches == []


def test_what_is_not_kept_is_said_and_accuses_nobody(db: sqlite3.Connection, world: World) -> None:
    count = judged(db, world).attempts
    db.execute("UPDATE attempts SET rules_seq = NULL, zones = NULL, version = NULL")
    verdict = judged(db, world)
    assert verdict.breaches == []
    assert len([each for each in verdict.unproved if each.rule == "I1"]) == count
    db.execute("UPDATE attempts SET version = (SELECT version FROM campaign_versions)")
    assert {each.rule for each in judged(db, world).unproved} == {"I1", "I2"}


def test_a_list_whose_version_is_gone_is_said(db: sqlite3.Connection, world: World) -> None:
    db.executescript("DROP TRIGGER rule_log_is_never_changed; UPDATE rule_log SET detail = 'gone /nowhere'")
    verdict = judged(db, world)
    assert verdict.breaches == [] and {each.rule for each in verdict.unproved} == {"I1"}


def test_abandoned_calls_are_judged_by_the_month(db: sqlite3.Connection, world: World) -> None:
    db.executescript(
        "DROP TRIGGER campaign_versions_are_never_changed;"
        "UPDATE campaign_versions SET rules = json_set(rules, '$.preset.cap_window', json('{\"zone\": \"UTC\"}'),"
        " '$.preset.abandonment_cap', 0.05)"
    )
    assert judged(db, world).breaches == []
    db.execute("UPDATE calls SET abandoned = 1, connect_s = 1.9 WHERE outcome = 'answered'")
    (breach,) = [each for each in judged(db, world).breaches if not each.attempt_id]
    assert breach.evidence.startswith("2027-03: ") and breach.evidence.endswith("100.00%, 5.00% allowed")


def test_the_uks_estimate_leaves_out_machines_that_agents_found() -> None:
    share = Share(abandoned=10, connected=90, talked=80, machines=20)
    assert share.rate("uk_estimate") == pytest.approx(8 / 88)
    assert share.rate("answered_by_person") == pytest.approx(10 / 100)
    assert Share().rate("uk_estimate") == 0.0


@given(*[st.integers(0, 60)] * 4)
def test_two_formulas_of_the_share_agree(abandoned: int, talked: int, left: int, machines: int) -> None:
    """The dialler's, in whole calls and rounded up, is never below the proof's, and by less than a call above."""
    share = Share(abandoned, talked + left, talked, machines)
    tally = Tally(abandoned + talked + left + machines, abandoned, talked + machines, machines)
    for denominator in Denominator:
        whole, count = counted(tally, denominator)
        mine = share.rate(denominator.value)
        theirs = count / whole if whole else 0.0
        assert mine <= theirs + 1e-9
        assert not whole or theirs - mine < 1.0 / whole + 1e-9


def test_a_person_who_was_erased_is_judged_by_the_hash(db: sqlite3.Connection, world: World) -> None:
    """As an erasure leaves the records: the same hash wherever the number stood. The key is not there, so nobody can
    say who came again."""
    number, token = LEADS[5], "erased:0123456789abcdef"
    db.executescript("DROP TRIGGER rule_log_is_never_changed")
    for place in ("attempts.number", "attempts.person_key", "calls.called", "rule_log.subject", "consents.number"):
        table, column = place.split(".")
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (token, number))
    verdict = judged(db, world)
    assert verdict.breaches == [] and {each.rule for each in verdict.unproved} == {"I1", "I3"}
    db.execute("INSERT INTO rule_log (what, subject, at) VALUES ('forbidden', ?, ?)", (token, as_text(START)))
    db.execute(SEEN)
    assert {each.rule for each in judged(db, world).breaches} == {"I1"}


def test_the_proof_shares_no_code_with_what_it_judges() -> None:
    folder = Path(proof.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                top = node.module.split(".")[0]
                assert top not in ("calls", "console", "ivr") and (top != "dialer" or "proof" in node.module), path


def test_every_preset_can_be_read_by_the_proof(tmp_path: Path) -> None:
    """A field of a preset that the proof does not know would be a rule that nobody proves."""
    known = {
        "name", "hours", "holidays", "min_ring_s", "abandonment_cap", "cap_window", "denominator",
        "machine_detection", "limits", "cool_downs", "consents", "mobile_consent", "prerecorded_consent",
        "reserve_agent", "loopback_only", "message_opt_out", "attestation",
    }  # fmt: skip
    for name in PRESETS:
        rules = json.loads(rules_of(make_campaign(tmp_path, preset=f'"{name}"', opt_out_key='"9"')))
        law = Law(rules)
        assert set(law.preset) == known
        assert list(law.limits()) and isinstance(law.consents(), set) and list(law.pauses()) is not None
