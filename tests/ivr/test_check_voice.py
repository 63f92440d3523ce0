"""What ``check`` finds in phrases, and what is told to those who prepare recognition."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from calls.errors import SpeechError
from ivr.check import Known, check, load
from ivr.sounds import sound
from ivr.speaking import spoken_of
from ivr.speech.expected import Expected, SpokenKind
from tests.ivr.conftest import NOTHING_KNOWN, Make, Write
from tests.ivr.test_voice import FLOW, PHRASES
from tests.ivr.test_voice_nodes import ASK

BEGIN = """\
language: en
languages: [en, de]
start: a
nodes:
  a:
    menu: [x]
    keys: {"1": q, "2": b}
    failed: b
    phrases:
"""
END = """\
  q: {queue: q, failed: b}
  b: {hangup: [x]}
"""


def told(path: Path, known: Known = NOTHING_KNOWN) -> list[str]:
    return [str(fault).removeprefix(f"{path.parent}/main.yaml:") for fault in check(path, known)]


@pytest.mark.parametrize(
    ("phrases", "faults"),
    [
        ("q: {en: [sales], de: [verkauf]}\n      b: {en: [goodbye], de: [ende]}", []),
        (
            "q: {en: [sales], de: [verkauf]}\n      b: {en: [bye, SALES], de: [ende]}",
            [
                '11: nodes.a.phrases.b.en[1]: error: "sales" is said for q already; a phrase is for one choice '
                "[ambiguous-phrase]"
            ],
        ),
        (
            "q: {en: [new sales], de: [sale]}\n      b: {en: [sales], de: [sale]}",
            [
                '11: nodes.a.phrases.b.de[0]: error: "sale" is said for q already; a phrase is for one choice '
                "[ambiguous-phrase]"
            ],
        ),
        (
            "q: {en: [sales], de: [zahl]}\n      b: {en: [sales office, sails], de: [saal]}",
            [
                '11: nodes.a.phrases.b.en[0]: warning: "sales office" begins with "sales", which is for q; '
                "say it in other words [similar-phrases]",
                '11: nodes.a.phrases.b.en[1]: warning: "sails" sounds much like "sales", which is for q; '
                "say it in other words [similar-phrases]",
                '11: nodes.a.phrases.b.de[0]: warning: "saal" sounds much like "zahl", which is for q; '
                "say it in other words [similar-phrases]",
            ],
        ),
        (
            "q: {en: [sales]}",
            [
                "10: nodes.a.phrases.q: warning: can be said in en and not in de; give it phrases there too "
                "[missing-phrases]"
            ],
        ),
        (
            "a: {en: [again], de: [nochmal]}",
            [
                "10: nodes.a.phrases.a: warning: can be said and not keyed; give it a key, since not everybody is "
                "understood [spoken-only]"
            ],
        ),
        (
            "q: {en: [sales], de: [verkauf], es: [ventas]}",
            [
                '10: nodes.a.phrases.q.es: error: "es" is none of the languages of the flow; there are: de, en '
                "[unknown-language]"
            ],
        ),
        (
            "c: {en: [sales], de: [verkauf]}",
            [
                '10: nodes.a.phrases.c: error: there is no node "c"; there are: a, b, q [unknown-node]',
                "10: nodes.a.phrases.c: warning: can be said and not keyed; give it a key, since not everybody is "
                "understood [spoken-only]",
            ],
        ),
        (
            "q: {en: [line 2], de: [a_b]}",
            [
                "10: nodes.a.phrases.q.en[0]: error: the phrase 'line 2' holds '2': write numbers as words, "
                "not 'line 2' [bad-value]",
                "10: nodes.a.phrases.q.de[0]: error: the phrase 'a_b' holds '_': write only letters, apostrophes and "
                "hyphens, not 'a_b' [bad-value]",
            ],
        ),
        (
            "q: {en: [], de: [5, one two three four five six seven eight nine]}",
            [
                "10: nodes.a.phrases.q.en: error: expected a list of phrases, such as [sales, new order], not an "
                "empty list [bad-value]",
                "10: nodes.a.phrases.q.de[0]: error: expected the words that a caller may say, such as new order, "
                "not '5' [bad-value]",
                "10: nodes.a.phrases.q.de[1]: error: expected at most 8 words and 80 characters, "
                "not 'one two three four five six seven eight ...' [bad-value]",
            ],
        ),
    ],
)
def test_phrases(write: Write, phrases: str, faults: list[str]) -> None:
    path = write(f"{BEGIN}      {phrases}\n{END}")
    assert [each for each in told(path) if "no-person" not in each] == faults


def test_words_that_no_recogniser_knows_are_told_with_their_line(write: Write) -> None:
    asked: list[tuple[str, frozenset[str]]] = []

    def unknown(language: str, words: frozenset[str]) -> frozenset[str]:
        if words:
            asked.append((language, words))
        return words - {"new", "verkauf"} if language.startswith("en") else frozenset()

    text = BEGIN.replace("language: en\n", "language: en-GB\n").replace("[en, de]", "[en-GB, de]")
    path = write(f"{text}      q: {{en: [new lamp], de: [verkauf]}}\n{END}")
    assert told(path, Known(dictionary=unknown)) == [
        '10: nodes.a.phrases.q.en[0]: error: the recogniser of en-GB does not know "lamp"; say it in other words '
        "[unknown-word]"
    ]
    assert asked == [("en-GB", frozenset({"new", "lamp"})), ("de", frozenset({"verkauf"}))]


def test_a_language_that_no_recogniser_serves_is_told_once_and_the_others_checked(write: Write) -> None:
    def unknown(language: str, words: frozenset[str]) -> frozenset[str]:
        if language == "de":
            raise SpeechError("no model understands de")
        return words

    path = write(f"{BEGIN}      q: {{en: [lamp], de: [lampe]}}\n{END}")
    assert told(path, Known(dictionary=unknown)) == [
        "2: languages: warning: callers who speak de have keys alone: no model understands de [no-recognizer]",
        '10: nodes.a.phrases.q.en[0]: error: the recogniser of en does not know "lamp"; say it in other words '
        "[unknown-word]",
    ]
    silent = write("language: de\nstart: b\nnodes:\n  b: {hangup: [x]}\n")
    assert told(silent, Known(dictionary=unknown)) == []


def test_the_name_of_a_choice_is_a_prompt_and_its_text_is_shown(write: Write) -> None:
    prompts = frozenset({"x", "system.noinput", "system.nomatch", "system.sorry"})
    prompts |= {
        f"system.{name}" for name in ("did_you_say", "yes_or_no", "is_that_right", "not_understood", "keys_only")
    }
    path = write(f"{BEGIN}      q: {{en: [sales], de: [verkauf]}}\n{END}")
    assert told(path, Known(prompts={"en": prompts, "de": prompts})) == [
        f'10: nodes.a.phrases.q: error: there is no prompt "said.q" in {language}; add its text, such as said.q: '
        f"{said} [missing-prompt]"
        for language, said in (("en", "sales"), ("de", "verkauf"))
    ]


def test_digits_that_are_not_understood_in_a_language_are_told(write: Write) -> None:
    text = ASK.replace("language: en", "language: en\nlanguages: [en, it]")
    assert told(write(text)) == [
        "9: nodes.ask.spoken: warning: no digits is understood in it, only in de, en, es, fr: name the phrases, or "
        "ask for keys [missing-phrases]"
    ]


def test_the_phrases_of_a_large_company_are_soon_checked(write: Write) -> None:
    people = "".join(
        f"      P{a}{b}: {{says: [x], to: q, phrases: {{en: [{a}o{b}a {b}i{a}u, {b}u{a}e]}}}}\n"
        for a in "bcdfghjklmnpqrstvwxz"
        for b in "bcdfghjklmnpqrstvwxz"
    )
    path = write(
        f"language: en\nstart: a\nnodes:\n  a:\n    directory: [x]\n    people:\n{people}    failed: b\n{END}"
    )
    began_s = time.process_time()
    faults = told(path)
    assert time.process_time() - began_s < 5.0
    assert any("sounds much like" in fault for fault in faults)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("sales", "sails", True),
        ("support", "spirit", False),
        ("right", "write", True),
        ("abholen", "abfallen", False),
        ("billing", "sales", False),
        ("köln", "kiel", False),
        ("a", "b", False),
    ],
)
def test_what_sounds_alike(one: str, other: str, alike: bool) -> None:
    assert (sound(one) == sound(other)) is alike


def test_all_that_can_be_said_is_told_by_language_in_subflows_too(make: Make, write: Write) -> None:
    write(FLOW).rename(write(FLOW).with_name("inner.yaml"))
    outer = make(
        "language: en\nlanguages: [en, de, it]\nspeech: true\nstart: a\n"
        "nodes:\n  a: {subflow: inner, next: b}\n  c: {subflow: inner, next: b}\n  b: {hangup: [x]}\n"
    )
    told = list(spoken_of(outer))
    assert [place for place, _ in told] == [
        ("main", "speech"),
        ("main", "speech"),
        ("inner", "speech"),
        ("inner", "nodes", "main", "phrases"),
        ("inner", "speech"),
        ("inner", "nodes", "main", "phrases"),
    ]
    assert told[3][1] == Expected(SpokenKind.CHOICE, "en", PHRASES)
    assert {expected.language for _, expected in told} == {"en", "de"}


def test_the_numbers_of_a_survey_are_told_where_they_are_understood(make: Make) -> None:
    flow = make(
        "language: en\nlanguages: [en, it]\nspeech: true\nstart: a\nnodes:\n"
        "  a: {survey: [{id: b, kind: yes_no, ask: [x]}, {id: c, kind: csat, ask: [x]}], failed: d, next: d}\n"
        "  d: {hangup: [x]}\n"
    )
    number = Expected(SpokenKind.NUMBER, "en")
    assert list(spoken_of(flow))[1:] == [(("main", "nodes", "a", "survey", 1), number)]


def test_a_survey_alone_makes_no_flow_one_that_is_answered_by_voice(make: Make) -> None:
    text = "language: en\nstart: a\nnodes:\n  d: {hangup: [x]}\n"
    flow = make(f"{text}  a: {{survey: [{{id: c, kind: nps, ask: [x]}}], failed: d, next: d}}\n")
    assert not flow.speech and list(spoken_of(flow)) == []


def test_of_a_flow_that_takes_keys_alone_nothing_is_told(write: Write) -> None:
    assert list(spoken_of(load(write(f"speech: false\n{FLOW}"), NOTHING_KNOWN))) == []
