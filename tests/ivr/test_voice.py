"""Choices by voice: what is asked, what is taken, what is said when nothing is understood, and what is kept of it."""

from __future__ import annotations

import pytest

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch, Prompt
from ivr.commands import Command, Deaf, Enqueue, Heard, Listen, NotUnderstood, Result
from ivr.flow import Flow
from ivr.nodes.voice import yes_or_no
from ivr.session import Context, Finished, Session
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Detail, Kind
from tests.ivr.conftest import Make, at

FLOW = """\
language: en
languages: [en, de, it]
start: main
nodes:
  main:
    menu: [main.menu]
    keys: {"1": sales, "2": billing}
    phrases:
      sales: {en: [sales, New  Order], de: [verkauf]}
      billing: {en: [billing, invoice], de: [rechnung]}
    noinput: [main.silent]
    nomatch: [main.wrong]
    failed: bye
  sales: {queue: sales, failed: bye}
  billing: {queue: billing, failed: bye}
  german: {language: de, next: main}
  italian: {language: it, next: main}
  bye: {hangup: [main.bye]}
"""
PHRASES = {"sales": "sales", "new order": "sales", "billing": "billing", "invoice": "billing"}
EXPECTED = Expected(SpokenKind.CHOICE, "en", PHRASES)
UNSURE = Heard("billing", "belling", sure=False, confidence=0.5)
QUESTION: tuple[str, ...] = ("system.did_you_say", "said.billing", "system.yes_or_no")


@pytest.fixture
def flow(make: Make) -> Flow:
    return make(FLOW)


class Call:
    """One call that is answered already."""

    def __init__(self, flow: Flow) -> None:
        self.session = Session(flow)
        self.step: Command | Finished = self.session.start(Context(answered=True), at(0))

    def give(self, *results: Result) -> Command | Finished:
        for result in results:
            self.step = self.session.resume(result, at(1))
        return self.step

    @property
    def heard(self) -> tuple[str, ...]:
        gather = self.step.gather if isinstance(self.step, Listen) else self.step
        assert isinstance(gather, Gather)
        return tuple(prompt.key for prompt in gather.prompts)

    def noted(self, kind: Kind) -> list[Detail]:
        return [event.detail for event in self.session.trail if event.kind is kind]


@pytest.fixture
def call(flow: Flow) -> Call:
    return Call(flow)


def test_a_menu_with_phrases_listens_for_those_of_the_language_and_for_its_keys(call: Call) -> None:
    gather = Gather((Prompt("main.menu", "en"),), KeyPlan(frozenset({"1", "2"})), 5.0, 2.0)
    assert call.step == Listen(gather, EXPECTED)


@pytest.mark.parametrize(
    ("start", "phrases"), [("german", {"verkauf": "sales", "rechnung": "billing"}), ("italian", None)]
)
def test_the_phrases_are_those_of_the_language_that_is_spoken(make: Make, start: str, phrases: object) -> None:
    step = Call(make(FLOW.replace("start: main", f"start: {start}"))).step
    assert isinstance(step, Listen if phrases else Gather)
    assert not isinstance(step, Listen) or step.expected.phrases == phrases


def test_phrases_of_a_language_serve_its_regions(make: Make) -> None:
    step = Call(make(FLOW.replace("language: en\n", "language: en-GB\n"))).step
    assert isinstance(step, Listen) and step.expected == Expected(SpokenKind.CHOICE, "en-GB", PHRASES)


def test_speech_false_takes_keys_alone(make: Make) -> None:
    assert isinstance(Call(make(f"speech: false\n{FLOW}")).step, Gather)


def test_what_is_heard_surely_is_taken_and_kept(call: Call) -> None:
    step = call.give(NoInput(), Heard("billing", "invoice", confidence=0.9, barged_in=True))
    assert isinstance(step, Enqueue) and step.queue == "billing"
    assert call.noted(Kind.CHOICE) == [
        {
            "node": "main",
            "keys": "",
            "to": "billing",
            "barged_in": True,
            "by": "speech",
            "words": "invoice",
            "confidence": 0.9,
            "sure": True,
            "retries": 1,
        }
    ]
    assert [detail["exit"] for detail in call.noted(Kind.NODE_LEFT)] == ["phrases.billing"]


def test_a_key_decides_as_ever(call: Call) -> None:
    assert isinstance(call.give(Match("1")), Enqueue)
    assert call.noted(Kind.CHOICE) == [{"node": "main", "keys": "1", "to": "sales", "barged_in": False}]


def test_what_is_heard_unsurely_is_asked_about_by_voice_and_by_key(call: Call) -> None:
    step = call.give(UNSURE)
    assert call.heard == QUESTION
    assert isinstance(step, Listen) and step.gather.plan == KeyPlan(frozenset({"1", "2"}))
    assert step.expected.phrases["yes"] == "1" and step.expected.phrases["no"] == "2"


@pytest.mark.parametrize("yes", [Heard("1", "yes"), Match("1")])
def test_a_yes_takes_it(call: Call, yes: Result) -> None:
    step = call.give(UNSURE, yes)
    assert isinstance(step, Enqueue) and step.queue == "billing"
    (choice,) = call.noted(Kind.CHOICE)
    assert (choice["sure"], choice["words"], choice["retries"]) == (False, "belling", 0)


@pytest.mark.parametrize("no", [Heard("2", "no"), Heard("2", "now", sure=False), Match("2")])
def test_a_no_costs_a_try_by_voice(call: Call, no: Result) -> None:
    assert isinstance(call.give(UNSURE, no), Listen)
    assert call.heard == ("system.not_understood", "main.menu")
    (missed,) = call.noted(Kind.NOMATCH)
    assert missed == {
        "node": "main", "keys": "", "count": 1, "left": 2, "by": "speech", "words": "belling", "value": "billing"
    }  # fmt: skip


@pytest.mark.parametrize("unclear", [NoInput(), NoMatch("5"), NotUnderstood("um"), Heard("1", "yes", sure=False)])
def test_the_question_is_asked_twice_then_it_is_a_no(call: Call, unclear: Result) -> None:
    call.give(UNSURE, unclear)
    assert call.heard[-3:] == QUESTION
    call.give(unclear)
    assert call.heard == ("system.not_understood", "main.menu")


@pytest.mark.parametrize("unclear", [NotUnderstood("um"), Heard("1", "um", sure=False)])
def test_a_question_that_is_not_understood_says_so_and_is_noted(call: Call, unclear: Result) -> None:
    call.give(UNSURE, unclear)
    assert call.heard == ("system.not_understood", *QUESTION)
    call.give(unclear)
    missed = [(noted["count"], noted["left"], noted["by"], noted["words"]) for noted in call.noted(Kind.NOMATCH)]
    assert missed == [(1, 1, "speech", "um"), (2, 0, "speech", "um"), (1, 2, "speech", "belling")]


def test_who_says_another_choice_to_the_question_means_the_other(call: Call) -> None:
    step = call.give(UNSURE, Heard("sales", "new order"))
    assert isinstance(step, Enqueue) and step.queue == "sales"
    (choice,) = call.noted(Kind.CHOICE)
    assert (choice["words"], choice["sure"], choice["retries"]) == ("new order", True, 1)
    (missed,) = call.noted(Kind.NOMATCH)
    assert (missed["words"], missed["value"], missed["count"]) == ("belling", "billing", 1)


def test_another_choice_that_is_heard_unsurely_is_asked_about_in_its_turn(call: Call) -> None:
    call.give(UNSURE, Heard("sales", "cells", sure=False))
    assert call.heard == ("system.did_you_say", "said.sales", "system.yes_or_no")
    step = call.give(Heard("1", "yes"))
    assert isinstance(step, Enqueue) and step.queue == "sales"
    assert [(each["words"], each["sure"]) for each in call.noted(Kind.CHOICE)] == [("cells", False)]


def test_who_says_one_choice_after_another_is_left_to_keys(call: Call) -> None:
    sales = Heard("sales", "cells", sure=False)
    assert isinstance(call.give(UNSURE, sales, UNSURE), Gather)
    assert call.heard == ("system.keys_only", "main.menu")
    assert [each["value"] for each in call.noted(Kind.NOMATCH)] == ["billing", "sales"]


def test_the_last_answer_by_voice_that_is_sure_is_taken(call: Call) -> None:
    assert isinstance(call.give(NotUnderstood("um"), UNSURE, Heard("sales", "sales")), Enqueue)


def test_the_same_choice_again_is_a_yes_where_it_is_heard_surely(call: Call) -> None:
    call.give(UNSURE, UNSURE)
    assert call.heard == ("system.not_understood", *QUESTION)
    step = call.give(Heard("billing", "billing"))
    assert isinstance(step, Enqueue) and step.queue == "billing"


def test_a_word_for_yes_is_no_choice_at_the_question(make: Make) -> None:
    step = Call(make(FLOW.replace("New  Order", "right"))).give(UNSURE)
    assert isinstance(step, Listen) and step.expected.phrases["right"] == "1"


def test_silence_at_a_question_is_no_miss_by_voice(call: Call) -> None:
    call.give(UNSURE, NoInput(), Match("1"))
    assert call.noted(Kind.NOMATCH) == []


def test_a_question_that_is_deaf_is_answered_by_key(call: Call) -> None:
    assert isinstance(call.give(UNSURE, Deaf("late")), Gather)
    assert call.heard == ("system.keys_only", *QUESTION)
    assert isinstance(call.give(Match("1")), Enqueue)


@pytest.mark.parametrize("second", [(NotUnderstood("hm"),), (UNSURE, Match("2"))])
def test_after_two_tries_by_voice_keys_alone_are_taken_and_said_so_once(
    call: Call, second: tuple[Result, ...]
) -> None:
    assert isinstance(call.give(NotUnderstood("um")), Listen)
    assert isinstance(call.give(*second), Gather)
    assert call.heard == ("system.keys_only", "main.menu")
    assert isinstance(call.give(NoInput()), Gather)
    assert call.heard == ("main.silent", "main.menu")
    assert isinstance(call.give(Match("2")), Enqueue)


def test_deaf_leaves_the_keys_at_once(call: Call) -> None:
    assert isinstance(call.give(Deaf("crashed")), Gather)
    assert call.heard == ("system.keys_only", "main.menu")
    assert call.noted(Kind.DEAF) == [{"node": "main", "reason": "crashed"}]


def test_silences_and_wrong_keys_are_counted_apart_from_answers_by_voice(call: Call) -> None:
    call.give(NotUnderstood("um"), NoInput(), NoMatch("5"), NotUnderstood("um"))
    assert isinstance(call.step, Gather) and call.heard == ("system.keys_only", "main.menu")
    call.give(NoInput())
    assert call.session.node == "bye"


def test_what_was_heard_is_kept_without_control_characters_and_not_at_length(call: Call) -> None:
    call.give(NotUnderstood("a\x1b[31m\u202eb" + "c" * 1000))
    (missed,) = call.noted(Kind.NOMATCH)
    assert missed["words"] == ("a[31mb" + "c" * 1000)[:300]


@pytest.mark.parametrize("language", ["en", "de", "es", "fr-CA"])
def test_every_language_of_ours_says_yes_and_no(make: Make, language: str) -> None:
    text = FLOW.replace("language: en\n", f"language: {language}\n").replace("de: [", "it: [")
    text = text.replace("en: [", f"{language[:2]}: [")
    step = Call(make(text)).give(UNSURE)
    assert isinstance(step, Listen) and set(step.expected.phrases.values()) == {"1", "2", "sales", "billing"}


@pytest.mark.parametrize(
    ("language", "polite"),
    [
        ("en", {"yes please": "1", "no thank you": "2"}),
        ("de", {"ja bitte": "1", "ja gerne": "1", "nein danke": "2"}),
        ("es", {"sí por favor": "1", "no gracias": "2"}),
        ("fr", {"oui merci": "1", "non merci": "2"}),
    ],
)
def test_yes_and_no_are_said_politely_too(language: str, polite: dict[str, str]) -> None:
    expected = yes_or_no(language, "1", "2")
    assert expected is not None and expected.phrases.items() >= polite.items()


def test_a_language_without_our_words_is_asked_by_key(make: Make) -> None:
    text = FLOW.replace("start: main", "start: italian").replace("de: [", "it: [")
    assert isinstance(Call(make(text)).give(UNSURE), Gather)


def test_all_that_may_be_said_is_among_the_prompts(flow: Flow) -> None:
    assert set(flow.prompts()) >= {*QUESTION, "said.sales", "system.not_understood", "system.keys_only"}
