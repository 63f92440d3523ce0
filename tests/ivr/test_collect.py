"""Collecting digits: what is taken, what is asked again, and that of a secret nothing is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.switch.port import Done, Gather, Hangup, KeyPlan, Match, NoInput, NoMatch, Play, Prompt
from ivr.check import check
from ivr.commands import Command, Result
from ivr.nodes.digits import Lengths, lengths, luhn, mod97, pattern
from ivr.session import Context, Finished, Session
from ivr.trail import Kind
from tests.ivr.conftest import NOTHING_KNOWN, Make, Write, at

HEAD = "language: en\nvariables: {order: none}\nstart: ask\nnodes:\n"
END = "  good: {branch: {order == '4711': yes_}, otherwise: no}\n  yes_: {hangup: [x.yes]}\n  no: {hangup: [x.no]}\n"
PLAIN = "  ask: {collect: [x.ask], into: order, length: 4, failed: no, next: good}\n"
READ = (
    "  ask:\n    collect: [x.ask]\n    into: order\n    length: 4\n    read_back: [x.said]\n    nomatch: [x.wrong]\n"
    "    failed: no\n    next: good\n"
)


def asked(*keys: str, plan: KeyPlan | None = None) -> Gather:
    prompts = tuple(Prompt(key, "en") for key in keys)
    return Gather(prompts, plan or KeyPlan(frozenset(), frozenset({4})), 7.0, 4.0, True)


ASKED = asked("x.ask")
CONFIRM = asked("x.said", "system.confirm", plan=KeyPlan(frozenset({"1", "2"})))


def run(make: Make, node: str, *results: Result) -> tuple[Session, list[Command | Finished]]:
    session = Session(make(HEAD + node + END))
    steps = [session.start(Context(answered=True), at(0))]
    steps += [session.resume(result, at(second)) for second, result in enumerate(results, start=1)]
    return session, steps


def said(key: str) -> Play:
    return Play((Prompt(f"x.{key}", "en"),))


def test_digits_are_taken(make: Make) -> None:
    session, steps = run(make, PLAIN, Match("4711"))
    assert steps == [ASKED, said("yes")]
    assert [dict(event.detail) for event in session.trail if event.kind is Kind.COLLECTED] == [
        {"node": "ask", "into": "order", "digits": "4711", "length": 4}
    ]


def test_silence_and_wrong_entries_are_counted_apart_and_lead_out_at_last(make: Make) -> None:
    silent, wrong = asked("system.noinput", "x.ask"), asked("system.nomatch", "x.ask")
    assert run(make, PLAIN, NoInput(), NoInput())[1] == [ASKED, silent, said("no")]
    three = (NoMatch("47"), NoMatch("*"), NoInput(), NoMatch("4"))
    assert run(make, PLAIN, *three)[1] == [ASKED, wrong, wrong, silent, said("no")]


@pytest.mark.parametrize(
    ("options", "good", "bad"),
    [
        ('length: "2-5"', "47", "4"),
        ('length: "2-5"', "47111", "471111"),
        ('length: 4, pattern: "[1-9][0-9]{3}"', "1000", "0999"),
        ('length: "4-6", pattern: "47?[12]{2,3}"', "4112", "4773"),
        ("length: 16, check_digit: luhn", "4111111111111111", "4111111111111112"),
        ("length: 8, check_digit: mod97", "12345676", "12345677"),
    ],
)
def test_what_an_entry_must_be(make: Make, options: str, good: str, bad: str) -> None:
    node = f"  ask: {{collect: [x.ask], into: order, {options}, nomatch: [], failed: no, next: yes_}}\n"
    assert run(make, node, Match(good))[1][-1] == said("yes")
    assert run(make, node, Match(bad))[1][-1] == said("no")


def test_an_entry_is_said_again_and_accepted(make: Make) -> None:
    assert run(make, READ, Match("4711"), Match("1"))[1] == [ASKED, CONFIRM, said("yes")]


def test_an_entry_is_refused_and_keyed_anew(make: Make) -> None:
    session, steps = run(make, READ, Match("4712"), Match("2"), Match("4711"), Match("1"))
    assert steps == [ASKED, CONFIRM, asked("x.wrong", "x.ask"), CONFIRM, said("yes")]
    problems = [event.detail["problem"] for event in session.trail if event.kind is Kind.NOT_COLLECTED]
    assert problems == ["refused"]


@pytest.mark.parametrize("result", [NoInput(), NoMatch("7")])
def test_who_does_not_say_whether_it_is_right_is_asked_once_more(make: Make, result: Result) -> None:
    assert run(make, READ, Match("4711"), result, Match("1"))[1] == [ASKED, CONFIRM, CONFIRM, said("yes")]
    assert run(make, READ, Match("4711"), result, result)[1][-1] == asked("x.wrong", "x.ask")


def test_what_was_refused_at_last_is_not_in_the_variable(make: Make) -> None:
    node = READ.replace("    failed: no", "    failed: good").replace("[x.wrong]", "[]")
    assert run(make, node, Match("4711"), Match("2"))[1][-1] == said("no")


def test_nothing_is_kept_of_a_secret(make: Make) -> None:
    node = READ.replace("    failed: no", "    secret: true\n    failed: no").replace("next: good", "next: no")
    session, steps = run(make, node, NoMatch("99887766"), Match("5813"), Match("1"))
    assert steps[-1] == said("no")
    session.hangup(at(9))
    assert "99887766" not in repr(session.record)
    assert "5813" not in repr(session.record)
    assert [event.detail["digits"] for event in session.trail if event.kind is Kind.COLLECTED] == [""]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("length: 0", "expected a number of digits such as 6"),
        ('length: "9-4"', "expected a number of digits such as 6"),
        ("length: 99", "expected a number of digits such as 6"),
        ("length: true", "expected a number of digits such as 6"),
        ('length: 4, pattern: "[0-9]*"', "expected a pattern of digits"),
        ('length: 4, pattern: "([0-9])"', "expected a pattern of digits"),
        ('length: 4, pattern: "[9-0]"', "is no pattern"),
        ('length: 4, pattern: "1{3,2}"', "is no pattern"),
        ('length: 4, pattern: "[0-9]{0,9}[0-9]{0,9}[0-9]{0,9}[0-9]{0,9}"', "expected at most 20 parts"),
        ("length: 4, check_digit: crc", "expected none, luhn or mod97"),
    ],
)
def test_what_check_says(write: Write, options: str, told: str) -> None:
    node = f"  ask: {{collect: [x.ask], into: order, {options}, failed: no, next: good}}\n"
    faults = [str(each) for each in check(write(HEAD + node + END), NOTHING_KNOWN)]
    assert any(told in fault and "nodes.ask." in fault for fault in faults), faults


def test_prompts_that_are_never_played_are_not_asked_for(make: Make) -> None:
    assert "system.confirm" not in set(make(HEAD + PLAIN + END).prompts())
    assert "system.confirm" in set(make(HEAD + READ + END).prompts())


@given(st.from_regex(r"[0-9]{1,20}", fullmatch=True))
def test_every_number_has_one_luhn_digit(digits: str) -> None:
    assert sum(luhn(f"{digits}{check}") for check in range(10)) == 1


@given(st.from_regex(r"[0-9]{1,20}", fullmatch=True))
def test_every_number_has_its_mod97_digits(digits: str) -> None:
    assert mod97(f"{digits}{98 - int(digits) * 100 % 97:02d}")


@given(st.text(alphabet="0123456789[]{},?-^*", max_size=20))
def test_any_text_is_a_pattern_or_is_refused(text: str) -> None:
    try:
        assert pattern(text) == text
    except ValueError:
        pass


def test_lengths_in_words() -> None:
    assert [str(lengths(each)) for each in (6, "6", "4-10")] == ["6", "6", "4-10"]
    assert lengths("4-10") == Lengths(4, 10)


def test_a_call_ends_after_it(make: Make) -> None:
    session, steps = run(make, PLAIN, Match("4711"), Done())
    assert isinstance(steps[-1], Hangup) and session.node == "yes_"
