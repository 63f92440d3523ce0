"""Digits, dates and codes by voice, free speech, and questions of yes or no in every node that asks some."""

from __future__ import annotations

import pytest

from calls.switch.port import Done, Gather, Match, NoInput, NoMatch, Play, StartRecording
from ivr.callers import ScriptedCaller
from ivr.check import check
from ivr.commands import Commit, Committed, Deaf, Enqueue, Heard, Listen, NotUnderstood, NotVerified, Result, Verify
from ivr.effects import BookCallback, SurveyAnswers
from ivr.nodes.digits import CheckDigit, Lengths
from ivr.nodes.entries import Rules, Spoken
from ivr.replay import replay
from ivr.script import parse
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Kind
from ivr.walk import Walk
from tests.ivr.conftest import NOTHING_KNOWN, Make, Write, at
from tests.ivr.test_voice import Call
from tests.ivr.test_voice_walk import texts

ASK = """\
language: en
start: ask
nodes:
  ask:
    collect: [x.ask]
    into: order
    length: "4-6"
    spoken: digits
    pattern: "[1-9][0-9]{3,5}"
    read_back: [x.said]
    nomatch: [x.wrong]
    failed: desk
    next: bye
  desk: {queue: desk, failed: bye}
  bye: {hangup: [x.bye]}
"""
SAID = Heard("4711", "four seven one one", sure=False, confidence=0.8)


def expected(step: object) -> Expected:
    assert isinstance(step, Listen)
    return step.expected


def test_digits_are_keyed_or_said_and_said_again(make: Make) -> None:
    call = Call(make(ASK))
    assert expected(call.step) == Expected(SpokenKind.DIGITS, "en", least=4, most=6)
    assert expected(call.give(SAID)).phrases["yes"] == "1"
    assert call.heard == ("x.said", "system.is_that_right")
    call.give(Heard("1", "yes"))
    assert call.session.node == "bye" and call.session.variables["order"] == "4711"
    (collected,) = call.noted(Kind.COLLECTED)
    assert collected == {
        "node": "ask", "into": "order", "digits": "4711", "length": 4,
        "by": "speech", "words": "four seven one one", "confidence": 0.8, "sure": False,
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [(SAID, Heard("2", "no")), (SAID, Match("2")), (NotUnderstood("er"),)])
def test_after_two_answers_that_were_not_right_it_is_keyed(make: Make, wrong: tuple[Result, ...]) -> None:
    call = Call(make(ASK))
    assert isinstance(call.give(*wrong), Listen) and call.heard == ("system.not_understood", "x.ask")
    assert isinstance(call.give(*wrong), Gather) and call.heard == ("system.keys_only", "x.ask")
    call.give(Match("4711"), Match("1"))
    assert call.session.node == "bye" and call.session.variables["order"] == "4711"


def test_what_is_said_must_be_right_as_what_is_keyed(make: Make) -> None:
    call = Call(make(ASK))
    call.give(Heard("0711", "oh seven one one"))
    assert [detail["problem"] for detail in call.noted(Kind.NOT_COLLECTED)] == ["pattern"]
    assert call.session.variables["order"] is None


def test_wrong_keys_are_counted_apart_and_deaf_leaves_the_keys(make: Make) -> None:
    call = Call(make(ASK))
    assert isinstance(call.give(NotUnderstood(), NoMatch("12"), Deaf("lost")), Gather)
    assert call.heard == ("system.keys_only", "x.ask")
    call.give(NoMatch("12"))
    assert call.session.node == "desk"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("read_back: [x.said]", "secret: true"), "a secret is keyed and never said: take out spoken"),
        (("    read_back: [x.said]\n", ""), "expected read_back, prompts that say it again"),
        (("spoken: digits", "spoken: spelled"), "pattern and check_digit are for digits and numbers"),
        (('    pattern: "[1-9][0-9]{3,5}"\n', "    spoken: date\n"), None),
    ],
)
def test_what_cannot_be_said_is_refused(write: Write, change: tuple[str, str], told: str | None) -> None:
    text = ASK.replace(*change)
    if told is None:
        text, told = text.replace("    spoken: digits\n", ""), "expected length: 8"
    faults = [str(fault) for fault in check(write(text), NOTHING_KNOWN)]
    assert any(told in fault and "nodes.ask" in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("rules", "entry", "problem", "value"),
    [
        (Rules(Lengths(8, 8), spoken=Spoken.DATE), "20261201", "", "2026-12-01"),
        (Rules(Lengths(8, 8), spoken=Spoken.DATE), "2026-12-01", "", "2026-12-01"),
        (Rules(Lengths(8, 8), spoken=Spoken.DATE), "20261301", "date", ""),
        (Rules(Lengths(8, 8), spoken=Spoken.DATE), "2026121", "date", ""),
        (Rules(Lengths(2, 3), spoken=Spoken.SPELLED), "AB4", "", "AB4"),
        (Rules(Lengths(2, 3), spoken=Spoken.SPELLED), "A", "length", ""),
        (Rules(Lengths(2, 3), spoken=Spoken.SPELLED), "A*", "length", ""),
        (Rules(Lengths(1, 3), spoken=Spoken.NUMBER), "120", "", "120"),
        (Rules(Lengths(1, 3), spoken=Spoken.NUMBER), "1200", "length", ""),
        (Rules(Lengths(8, 8), check_digit=CheckDigit.LUHN), "12345674", "", "12345674"),
        (Rules(Lengths(8, 8), check_digit=CheckDigit.LUHN), "12345675", "check_digit", ""),
        (Rules(Lengths(1, 3)), "1#", "length", ""),
        (Rules(Lengths(1, 3)), "\u0661", "length", ""),
    ],
)
def test_what_an_entry_must_be(rules: Rules, entry: str, problem: str, value: str) -> None:
    assert rules.problem(entry) == problem
    assert problem or rules.value(entry) == value


@pytest.mark.parametrize(
    ("spoken", "length", "said", "value"),
    [
        ("digits", '"4-6"', "four seven double one", "4711"),
        ("digits", '"4-6"', "4711", "4711"),
        ("number", '"1-3"', "one hundred and twenty", "120"),
        ("number", '"1-3"', "120", "120"),
        ("date", "8", "tomorrow", "2026-05-05"),
        ("date", "8", "2026-12-01", "2026-12-01"),
        ("spelled", '"2-9"', "alpha b four", "AB4"),
        ("spelled", '"2-9"', "ab4", "AB4"),
    ],
)
def test_walks_say_values_in_words_or_as_they_are(
    make: Make, spoken: str, length: str, said: str, value: str
) -> None:
    text = ASK.replace('length: "4-6"', f"length: {length}").replace("spoken: digits", f"spoken: {spoken}")
    flow = make(text.replace('    pattern: "[1-9][0-9]{3,5}"\n', ""))
    walked = Walk(flow, ScriptedCaller(parse(f"s={said},s=yes")), texts, at(0))
    list(walked.events())
    assert walked.session.variables["order"] == value


FREE = """\
language: en
start: ask
nodes:
  ask: {listen: [x.ask], into: words, longest: 40s, nomatch: [x.again], failed: desk, next: bye}
  desk: {queue: desk, failed: bye}
  bye: {hangup: [x.bye]}
"""


def test_free_speech_is_kept_in_the_record_and_in_a_variable(make: Make) -> None:
    call = Call(make(FREE))
    assert expected(call.step) == Expected(SpokenKind.FREE, "en", longest_s=40.0)
    call.give(NoInput(), NotUnderstood("mm"), Heard("my\r\nlamp\x00 burns" + "!" * 2000, "x", confidence=0.5))
    kept = ("mylamp burns" + "!" * 2000)[:1000]
    assert call.session.node == "bye" and call.session.variables["words"] == kept
    assert call.noted(Kind.SAID) == [{"node": "ask", "into": "words", "words": kept, "confidence": 0.5}]
    (missed,) = call.noted(Kind.NOMATCH)
    assert missed == {"node": "ask", "keys": "", "count": 1, "left": 1, "by": "speech", "words": "mm"}


@pytest.mark.parametrize(
    "results",
    [(Match("#"),), (Deaf("late"),), (NoInput(), NoInput()), (NotUnderstood(), NoInput(), NotUnderstood())],
)
def test_of_whom_nothing_is_understood_goes_to_failed(make: Make, results: tuple[Result, ...]) -> None:
    call = Call(make(FREE))
    assert isinstance(call.give(*results), Enqueue)
    assert call.session.variables["words"] is None


def test_a_flow_that_takes_keys_alone_does_not_listen(make: Make) -> None:
    assert isinstance(Call(make(f"speech: false\n{FREE}")).step, Enqueue)


SURVEY = """\
language: en
speech: true
start: ask
nodes:
  ask:
    survey: [{id: again, kind: yes_no, ask: [x.ask]}, {id: score, kind: csat, ask: [x.score]}]
    failed: bye
    next: bye
  bye: {hangup: [x.bye]}
"""


@pytest.mark.parametrize(
    ("results", "value"),
    [
        ((Heard("1", "yes"),), 1),
        ((NotUnderstood("er"), Heard("2", "no")), 0),
        ((Heard("1", "yes", sure=False), Match("2")), 0),
        ((Deaf("late"), Match("1")), 1),
        ((NotUnderstood(), NotUnderstood()), None),
    ],
)
def test_a_survey_takes_yes_and_no(make: Make, results: tuple[Result, ...], value: int | None) -> None:
    call = Call(make(SURVEY))
    assert isinstance(call.step, Listen)
    assert expected(call.give(*results)) == Expected(SpokenKind.NUMBER, "en")
    step = call.give(Heard("7", "seven"), Heard("5", "five"))
    assert isinstance(step, Commit) and isinstance(step.effect, SurveyAnswers)
    assert [answer.value for answer in step.effect.answers] == [value, 5]


def test_a_survey_in_a_language_without_our_words_takes_keys(make: Make) -> None:
    call = Call(make(SURVEY.replace("language: en", "language: it")))
    assert isinstance(call.step, Gather)
    assert isinstance(call.give(Match("1")), Gather)
    assert isinstance(call.give(Match("5")), Commit)


BACK = """\
language: en
speech: true
start: ask
nodes:
  ask: {callback: q, number: '"+4930555"', failed: desk, next: bye}
  desk: {queue: desk, failed: bye}
  bye: {hangup: [x.bye]}
"""


def test_a_number_to_call_back_is_confirmed_by_voice(make: Make) -> None:
    call = Call(make(BACK))
    assert isinstance(call.step, Listen)
    step = call.give(NotUnderstood("er"), Heard("1", "yes"))
    assert isinstance(step, Commit) and isinstance(step.effect, BookCallback)
    assert isinstance(call.give(Committed()), Play)


def test_a_number_to_call_back_that_is_not_confirmed_is_asked_about_again_then_by_key(make: Make) -> None:
    call = Call(make(BACK))
    question = call.heard
    assert isinstance(call.give(NotUnderstood("er")), Listen)
    assert call.heard == ("system.not_understood", *question)
    assert isinstance(call.give(Heard("1", "yes", sure=False)), Gather)
    assert call.heard == ("system.keys_only", *question)
    assert [(noted["count"], noted["left"]) for noted in call.noted(Kind.NOMATCH)] == [(1, 2), (2, 1)]
    assert isinstance(call.give(Match("1")), Commit)


def test_another_number_to_call_back_is_keyed(make: Make) -> None:
    call = Call(make(BACK))
    assert isinstance(call.give(Heard("2", "no")), Gather)
    assert isinstance(call.give(Match("030777")), Listen)


ORDER = """\
language: en
speech: true
start: ask
nodes:
  ask:
    order: [x.ask]
    items: {"1": {price: "2.50"}}
    quantity: [x.many]
    confirm: [x.right]
    more: [x.more]
    total: [x.total]
    send: shop
    failed: desk
    next: bye
  desk: {queue: desk, failed: bye}
  bye: {hangup: [x.bye]}
"""


def test_an_order_is_confirmed_by_voice_and_what_is_not_sure_is_asked_again(make: Make) -> None:
    call = Call(make(ORDER))
    assert isinstance(call.step, Gather), "codes are keyed"
    step = call.give(Match("1"), Match("2"))
    assert isinstance(step, Listen)
    call.give(Heard("1", "yes", sure=False))
    assert list(call.heard) == ["system.not_understood", "x.right"]
    call.give(Heard("1", "yes"))
    assert list(call.heard) == ["x.more"]
    call.give(Heard("2", "no"), NotUnderstood(), NotUnderstood())
    assert list(call.heard) == ["system.keys_only", "x.total"] and isinstance(call.step, Gather)
    assert isinstance(call.give(Match("1")), Commit)


def test_codes_and_quantities_are_said_where_the_node_says_so(make: Make) -> None:
    call = Call(
        make(ORDER.replace("    send: shop\n", "    send: shop\n    spoken: true\n").replace("speech: true\n", ""))
    )
    assert expected(call.step) == Expected(SpokenKind.DIGITS, "en", least=1, most=1)
    assert expected(call.give(Heard("1", "one", sure=False))) == Expected(SpokenKind.NUMBER, "en")
    assert expected(call.give(NotUnderstood(), Heard("2", "two"))).kind is SpokenKind.CHOICE
    assert list(call.heard) == ["x.right"] and call.session.variables["order_quantity"] == 2


CONSENT = """\
language: en
speech: true
start: ask
nodes:
  ask: {record: start, consent: [x.ask], declined: bye, failed: desk, next: desk}
  desk: {queue: desk, failed: bye}
  bye: {hangup: [x.bye]}
"""


@pytest.mark.parametrize(
    ("results", "refused"),
    [
        ((Heard("2", "no"),), True),
        ((Heard("2", "know", sure=False),), True),
        ((Match("2"),), True),
        ((Heard("agrees", "yes"),), False),
        ((NoInput(),), False),
        ((Heard("agrees", "yes", sure=False), Heard("2", "no")), True),
        ((NotUnderstood("what"), NotUnderstood("why"), Match("2")), True),
        ((NotUnderstood("no way"), NoInput()), True),
        ((NotUnderstood("no way"), NotUnderstood("no way"), NoInput()), True),
        ((NotUnderstood("no way"), NoMatch("5")), True),
        ((Heard("agrees", "yes", sure=False), NoInput()), True),
        ((NotUnderstood("sure"), Heard("agrees", "yes")), False),
        ((Deaf("late"), NoInput()), True),
    ],
)
def test_a_no_refuses_to_be_recorded(make: Make, results: tuple[Result, ...], refused: bool) -> None:
    call = Call(make(CONSENT))
    call.give(*results)
    assert isinstance(call.step, StartRecording) is not refused
    assert call.session.node == ("bye" if refused else "ask")


PEOPLE = """\
language: en
start: who
nodes:
  who:
    directory: [x.who]
    people:
      Ann Baker: {says: [x.ann], to: ann, phrases: {en: [ann baker, ann]}}
      Ben Adams: {says: [x.ben], to: ben, phrases: {en: [ben adams]}}
      Cem Aydin: {says: [x.cem], to: ann}
    failed: bye
  ann: {queue: ann, failed: bye}
  ben: {queue: ben, failed: bye}
  bye: {hangup: [x.bye]}
"""


def test_people_are_asked_for_by_voice(make: Make) -> None:
    call = Call(make(PEOPLE))
    phrases = {"ann baker": "Ann Baker", "ann": "Ann Baker", "ben adams": "Ben Adams"}
    assert expected(call.step) == Expected(SpokenKind.CHOICE, "en", phrases)
    call.give(Heard("Ben Adams", "ben adams"))
    assert call.session.node == "ben"
    assert call.noted(Kind.DIRECTORY) == [
        {"node": "who", "keys": "", "to": "ben", "by": "speech", "words": "ben adams", "sure": True}
    ]


def test_of_many_phrases_the_record_keeps_the_number(make: Make) -> None:
    names = ", ".join(f"ann {'a' * (1 + n // 8)}{'b' * (n % 8)}" for n in range(50))
    more = ", ".join(f"ben {'c' * (1 + n // 8)}{'d' * (n % 8)}" for n in range(50))
    call = Call(make(PEOPLE.replace("ann baker, ann", names).replace("ben adams", more)))
    call.give(Heard("Ann Baker", "ann a"))
    kept = next(event.detail["command"] for event in call.session.record if "command" in event.detail)
    assert isinstance(kept, dict) and kept["Listen"]["expected"]["phrases"] == {"size": "100"}
    assert replay(make(PEOPLE), call.session.record).departure is not None
    assert replay(call.session._flow, call.session.record).departure is None


def test_people_are_asked_about_and_then_spelled(make: Make) -> None:
    call = Call(make(PEOPLE))
    unsure = Heard("Ben Adams", "band aid", sure=False)
    call.give(unsure)
    assert list(call.heard) == ["system.did_you_say", "x.ben", "system.yes_or_no"]
    call.give(Heard("2", "no"), NotUnderstood("um"))
    assert isinstance(call.step, Gather) and list(call.heard) == ["system.keys_only", "x.who"]
    call.give(Match("29346"), Match("1"))
    assert call.session.node == "ann", "Cem"


def test_another_name_may_be_said_where_one_is_asked_about(make: Make) -> None:
    call = Call(make(PEOPLE))
    call.give(Heard("Ben Adams", "band aid", sure=False), Heard("Ann Baker", "ann"))
    assert call.session.node == "ann"


def test_people_who_cannot_be_told_apart_are_told(write: Write) -> None:
    text = PEOPLE.replace("[ben adams]", "[anne]").replace("to: ann}", "to: ann, phrases: {en: [Ann]}}")
    faults = [str(fault).partition("main.yaml:")[2] for fault in check(write(text), NOTHING_KNOWN)]
    assert faults == [
        '8: nodes.who.people.Ben Adams.phrases.en[0]: warning: "anne" sounds much like "ann", which is for '
        "Ann Baker; say it in other words [similar-phrases]",
        '9: nodes.who.people.Cem Aydin.phrases.en[0]: error: "ann" is said for Ann Baker already; a phrase is for '
        "one choice [ambiguous-phrase]",
    ]


@pytest.mark.parametrize("text", [SURVEY, BACK])
def test_without_speech_yes_and_no_are_keys(make: Make, text: str) -> None:
    assert isinstance(Call(make(text.replace("speech: true\n", ""))).step, Gather)


def test_a_pin_and_a_card_are_never_listened_for(make: Make) -> None:
    call = Call(
        make(
            "language: en\nspeech: true\nstart: prove\nnodes:\n"
            "  prove: {authenticate: pins, account: '\"1\"', pin: [x.pin], length: 4, failed: pay, next: pay}\n"
            "  pay: {payment: '2.50', gateway: g, card: [x.card], expiry: [x.expiry], code: [x.code], failed: bye,"
            " unknown: bye, next: bye}\n  bye: {hangup: [x.bye]}\n"
        )
    )
    asked = set()
    while call.session.node != "bye":
        assert not isinstance(call.step, Listen)
        if isinstance(call.step, Gather):
            asked.add(call.heard[-1])
            keys = {"x.pin": "1234", "x.card": "4111111111111111", "x.expiry": "1230", "x.code": "123"}
            call.give(Match(keys[call.heard[-1]]))
        else:
            call.give(NotVerified() if isinstance(call.step, Verify) else Done())
        if "x.code" in asked:
            break
    assert asked == {"x.pin", "x.card", "x.expiry", "x.code"}
