"""Phrases have one form, and what would hurt an engine is refused with what to do."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import SpeechError
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import choices, grammar_of, known_of, phrase, words_of
from ivr.speech.meaning import meaning_of
from ivr.speech.recognizer import Grammar
from ivr.speech.words import vocabulary
from ivr.speech.words.around import AROUND, around_of

TODAY = date(2026, 3, 2)
TABLED = [SpokenKind.DIGITS, SpokenKind.NUMBER, SpokenKind.DATE, SpokenKind.SPELLED]


def choice(*phrases: str) -> Expected:
    return Expected(SpokenKind.CHOICE, "en", {text: text.strip().lower() for text in phrases})


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Sales", "sales"),
        ("  Technical \t support\n", "technical support"),
        ("O\u2019Clock", "o'clock"),
        ("l'été", "l'été"),
        ("cafe\u0301", "café"),
        ("Rendez-vous", "rendez-vous"),
        ("ÜBERWEISUNG", "überweisung"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_a_phrase_is_put_into_one_form(text: str, normal: str) -> None:
    assert phrase(text) == normal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no words"),
        (" \u00a0\n", "has no words"),
        ("<eps>", "holds '<': brackets"),
        ("[unk]", "holds '[': brackets"),
        ("press 1", "holds '1': write numbers as words"),
        ("half ½", "write numbers as words"),
        ("sales!", "holds '!': write only letters"),
        ("a\x00b", "write only letters"),
        ("#0", "write only letters"),
        ('sa"les', "write only letters"),
        ("a_b", "write only letters"),
        ("- sales", "which is no word"),
        ("sales-", "which is no word"),
        ("'", "which is no word"),
    ],
)
def test_what_is_no_phrase_is_refused_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(SpeechError) as refused:
        phrase(text)
    assert words in str(refused.value)


@given(st.text())
def test_a_phrase_is_harmless_and_its_own_form_or_is_refused(text: str) -> None:
    try:
        normal = phrase(text)
    except SpeechError:
        return
    assert normal == phrase(normal)
    assert normal == normal.lower() == unicodedata.normalize("NFC", normal)
    assert normal.split() == normal.split(" ") != []
    assert not set(normal) & set('<>[]"\\0123456789')


def test_a_choice_has_its_phrases() -> None:
    assert grammar_of(choice("Sales", "technical  Support")) == Grammar(
        "en", frozenset({"sales", "technical support"}), around=around_of("en")
    )


def test_what_is_a_phrase_already_does_not_stand_around_it() -> None:
    assert "please" not in grammar_of(choice("please")).around


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("billing", "billing"),
        ("i would like billing please", "billing"),
        ("i want to talk to the billing department thank you", "billing"),
        ("please", None),
        ("billing billing", None),
        ("i want banana please", None),
        ("not billing", None),
        ("the order status please", "order status"),
        ("the order please", "order"),
        ("order please status", None),
    ],
)
def test_an_answer_may_have_its_manners_around_it(words: str, meant: str | None) -> None:
    expected = choice("billing", "order", "order status")
    meaning = meaning_of(expected, words, TODAY)
    assert meaning == (None if meant is None else choices(expected)[meant])
    assert grammar_of(expected).allows(words) is (meant is not None)


def test_a_model_may_lack_what_stands_around_a_phrase() -> None:
    grammar = known_of(grammar_of(choice("sales")), lambda words: frozenset(words) & {"department", "hello"})
    assert grammar.phrases == {"sales"}
    assert grammar.around == around_of("en") - {"department", "hello"}


@pytest.mark.parametrize("language", AROUND)
def test_what_stands_around_an_answer_is_in_the_engines_form(language: str) -> None:
    assert all(phrase(each) == each for each in AROUND[language])


@pytest.mark.parametrize("language", AROUND)
def test_what_stands_around_an_answer_takes_no_digit_away(language: str) -> None:
    spoken = vocabulary(SpokenKind.DIGITS, language)
    assert all(spoken.isdisjoint(each.split()) for each in AROUND[language])


def test_two_forms_of_a_phrase_for_one_choice_are_one() -> None:
    expected = Expected(SpokenKind.CHOICE, "en", {"Sales": "1", " sales": "1"})
    assert grammar_of(expected).phrases == {"sales"}
    assert meaning_of(expected, "sales", TODAY) == "1"


def test_a_phrase_for_two_choices_is_refused() -> None:
    with pytest.raises(SpeechError, match="stands for 1 and for 2"):
        grammar_of(Expected(SpokenKind.CHOICE, "en", {"Sales": "1", "sales": "2"}))


def test_a_choice_without_phrases_is_refused_and_is_no_free_speech() -> None:
    with pytest.raises(SpeechError, match="without phrases"):
        grammar_of(Expected(SpokenKind.CHOICE, "en"))


@pytest.mark.parametrize("kind", TABLED)
@pytest.mark.parametrize("language", ["en", "en-GB", "de", "es", "fr-CA"])
def test_the_words_of_a_kind_are_phrases_that_repeat(kind: SpokenKind, language: str) -> None:
    grammar = grammar_of(Expected(kind, language))
    assert grammar.repeated
    assert len(grammar.phrases) >= 10
    assert {phrase(word) for word in grammar.phrases} == grammar.phrases == words_of(grammar)


@pytest.mark.parametrize("kind", TABLED)
def test_a_language_without_tables_is_refused(kind: SpokenKind) -> None:
    with pytest.raises(SpeechError, match="only in de, en, es, fr"):
        grammar_of(Expected(kind, "it"))


def test_free_speech_has_no_phrases_in_any_language() -> None:
    assert grammar_of(Expected(SpokenKind.FREE, "it")) == Grammar("it", frozenset())


def test_a_phrase_with_an_unknown_word_is_refused() -> None:
    menu = Grammar("en", frozenset({"sales", "flux capacitor"}))
    assert known_of(menu, lambda words: frozenset()) is menu
    with pytest.raises(SpeechError, match="does not know capacitor, flux: say it in other words"):
        known_of(menu, lambda words: frozenset(words) & {"flux", "capacitor"})


def test_of_words_that_repeat_unknown_ones_are_left_out() -> None:
    digits = Grammar("en", frozenset({"one", "two", "treble"}), repeated=True)
    assert known_of(digits, lambda words: frozenset(words) & {"treble"}).phrases == {"one", "two"}
    with pytest.raises(SpeechError, match="knows none of the words"):
        known_of(digits, lambda words: frozenset(words))


def test_a_grammar_allows_its_phrases_whole() -> None:
    menu = Grammar("en", frozenset({"sales", "technical support"}))
    assert [menu.allows(words) for words in ("sales", "technical support", "support", "sales sales", "")] == [
        *(True, True),
        *(False, False, False),
    ]
    digits = Grammar("en", frozenset({"one", "two"}), repeated=True)
    assert [digits.allows(words) for words in ("one", "two two", "two three", "two  two", "")] == [
        *(True, True),
        *(False, False, False),
    ]


def test_digits_and_codes_have_as_many_signs_as_are_expected() -> None:
    pin = Expected(SpokenKind.DIGITS, "en", least=4, most=4)
    assert meaning_of(pin, "double four two one", TODAY) == "4421"
    assert meaning_of(pin, "four two one", TODAY) is None
    code = Expected(SpokenKind.SPELLED, "en", least=1, most=3)
    assert meaning_of(code, "a b seven", TODAY) == "AB7"
    assert meaning_of(code, "a b seven eight", TODAY) is None


def test_a_choice_is_none_of_what_is_not_expected() -> None:
    assert meaning_of(choice("sales"), "support", TODAY) is None
    assert meaning_of(choice("sales"), "", TODAY) is None


def test_numbers_and_days_are_not_bounded_by_their_length() -> None:
    assert meaning_of(Expected(SpokenKind.NUMBER, "en", least=4), "twelve", TODAY) == "12"
    assert meaning_of(Expected(SpokenKind.DATE, "en", most=1), "tomorrow", TODAY) == "2026-03-03"
    assert meaning_of(Expected(SpokenKind.FREE, "en", least=9), "help", TODAY) == "help"
