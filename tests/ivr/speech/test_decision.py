"""What is made of what an engine heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.commands import Heard, NotUnderstood
from ivr.speech.decision import Progress, decide, progress
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import choices
from ivr.speech.recognizer import Final, Partial

TODAY = date(2026, 1, 5)
MENU = Expected(
    SpokenKind.CHOICE,
    "en",
    {"Sales": "1", "sales abroad": "4", "the opening hours": "2", "an agent": "0", "agent please": "0", "go on": "5"},
)
PIN = Expected(SpokenKind.DIGITS, "en", least=2, most=4)
DAY = Expected(SpokenKind.DATE, "en")
ANYTHING = Expected(SpokenKind.FREE, "en")
YES_NO = Expected(SpokenKind.CHOICE, "en", {"yes": "1", "no": "2"}, lenient=True)

OR_SALES = replace(YES_NO, phrases={**YES_NO.phrases, "sales": "sales"}, strict=frozenset({"sales"}))


def among(expected: Expected) -> Mapping[str, str]:
    return choices(expected) if expected.kind is SpokenKind.CHOICE else {}


@pytest.mark.parametrize(
    ("expected", "final", "answer"),
    [
        (MENU, Final("sales", "sales"), Heard("1", "sales")),
        (MENU, Final("sales", None), Heard("1", "sales")),
        (MENU, Final("sales", "sails", 0.4), Heard("1", "sales", confidence=0.4)),
        (MENU, Final("sales", "i want sales please"), Heard("1", "sales")),
        (MENU, Final("sales", "the weather is fine", 1.0), Heard("1", "sales", sure=False)),
        (MENU, Final("sales", ""), Heard("1", "sales", sure=False)),
        (MENU, Final("sales", "sails", 0.6, likely=True), Heard("1", "sales", confidence=0.6)),
        (MENU, Final("sales", "cells", 0.6, likely=True), Heard("1", "sales", False, 0.6)),
        (YES_NO, Final("yes", "wednesday", 0.1, likely=True), Heard("1", "yes", confidence=0.1)),
        (YES_NO, Final("yes", "wednesday", 0.1), Heard("1", "yes", False, 0.1)),
        (OR_SALES, Final("yes", "wednesday", 0.1, likely=True), Heard("1", "yes", confidence=0.1)),
        (OR_SALES, Final("sales", "wednesday", 0.1, likely=True), Heard("sales", "sales", False, 0.1)),
        (OR_SALES, Final("sales", "sales"), Heard("sales", "sales")),
        (MENU, Final("the opening hours", "opening hours"), Heard("2", "the opening hours")),
        (MENU, Final("the opening hours", "hours opening"), Heard("2", "the opening hours", sure=False)),
        (MENU, Final("go on", "on go"), Heard("5", "go on", sure=False)),
        (MENU, Final("", "good morning"), NotUnderstood("good morning")),
        (MENU, Final(""), NotUnderstood("")),
        (PIN, Final("four two", "four two"), Heard("42", "four two")),
        (PIN, Final("four two", "four too"), Heard("42", "four two", sure=False)),
        (PIN, Final("double four", "four four"), Heard("44", "double four")),
        (PIN, Final("four", "four"), NotUnderstood("four")),
        (PIN, Final("four four four four four"), NotUnderstood("four four four four four")),
        (DAY, Final("tomorrow", "tomorrow"), Heard("2026-01-06", "tomorrow")),
        (DAY, Final("tomorrow", "to borrow"), Heard("2026-01-06", "tomorrow", sure=False)),
        (ANYTHING, Final("well it is broken", "well it is broken"), Heard("well it is broken", "well it is broken")),
        (ANYTHING, Final(""), NotUnderstood("")),
    ],
)
def test_what_was_heard(expected: Expected, final: Final, answer: Heard | NotUnderstood) -> None:
    assert decide(expected, final, TODAY) == answer


@pytest.mark.parametrize(
    ("expected", "words", "how_far"),
    [
        (MENU, "", Progress.OPEN),
        (MENU, "the opening", Progress.OPEN),
        (MENU, "the opening hours", Progress.WHOLE),
        (MENU, "sales", Progress.ANSWERED),
        (MENU, "sales abroad", Progress.WHOLE),
        (MENU, "an agent", Progress.WHOLE),
        (PIN, "four", Progress.BEGUN),
        (PIN, "four two", Progress.MORE),
        (PIN, "double four double two", Progress.WHOLE),
        (PIN, "four four four four four", Progress.BEGUN),
        (DAY, "tomorrow", Progress.MORE),
        (DAY, "the third of", Progress.OPEN),
        (ANYTHING, "well", Progress.OPEN),
    ],
)
def test_how_far_words_have_come(expected: Expected, words: str, how_far: Progress) -> None:
    assert progress(expected, Partial(words), TODAY, among(expected)) is how_far
    assert progress(expected, Partial(words, words), TODAY, among(expected)) is how_far


@pytest.mark.parametrize("free", ["", "the weather", "opening"])
def test_words_of_which_the_second_opinion_has_others_may_still_change(free: str) -> None:
    partial = Partial("the opening hours", free)
    assert progress(MENU, partial, TODAY, among(MENU)) is Progress.ANSWERED


def test_phrases_of_one_choice_may_follow_each_other() -> None:
    same = Expected(SpokenKind.CHOICE, "en", {"sales": "1", "sales please": "1"})
    assert progress(same, Partial("sales"), TODAY, among(same)) is Progress.WHOLE


WORDS = st.lists(
    st.sampled_from("sales abroad the opening hours an agent please go on four two oh".split()), max_size=5
)
KINDS = st.sampled_from([MENU, PIN, DAY, ANYTHING])


@given(KINDS, WORDS.map(" ".join), st.none() | WORDS.map(" ".join), st.floats(0, 1))
def test_confidence_refuses_nothing_and_who_agrees_is_sure(
    expected: Expected, words: str, free: str | None, confidence: float
) -> None:
    answer = decide(expected, Final(words, free, confidence), TODAY)
    whole = decide(expected, Final(words, words, 1.0), TODAY)
    assert type(answer) is type(whole)
    if isinstance(answer, Heard) and isinstance(whole, Heard):
        assert whole.sure
        assert (answer.value, answer.words) == (whole.value, whole.words)
        assert progress(expected, Partial(words), TODAY, among(expected)) is not Progress.BEGUN
