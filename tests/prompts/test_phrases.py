"""Texts with placeholders are taken apart, and put together with the values of a call."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.switch.port import Prompt
from prompts.phrases import Fragment, LiveText, Phrase, Slot, Split, compose, currencies, slots, split
from prompts.spoken import PAUSE, Kind, SpokenError, Value


def taken_apart(text: str, language: str = "en") -> tuple[Phrase, list[str]]:
    found = split("k", text, language)
    assert isinstance(found, Split)
    return found.phrase, list(found.fragments.values())


def test_words_and_slots_alternate() -> None:
    phrase, texts = taken_apart("Your balance is {balance:money EUR}. You owe {n:number} parts.")
    assert phrase == (
        Fragment("k.part-1"),
        Slot("balance", Kind.MONEY, "EUR"),
        Fragment(PAUSE),
        Fragment("k.part-2"),
        Slot("n", Kind.NUMBER),
        Fragment("k.part-3"),
    )
    assert texts == ["Your balance is", "You owe", "parts."]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{name}", [Slot("name", Kind.TEXT)]),
        ("{a:time}{b:date}", [Slot("a", Kind.TIME), Slot("b", Kind.DATE)]),
        ("{n:number}.", [Slot("n", Kind.NUMBER)]),
        ("Hello, {name}!", [Fragment("k.part-1"), Fragment(PAUSE), Slot("name", Kind.TEXT)]),
        ("{a:number}, {b:number}", [Slot("a", Kind.NUMBER), Fragment(PAUSE), Slot("b", Kind.NUMBER)]),
        ("{a:money currency}", [Slot("a", Kind.MONEY, "currency")]),
        ("{{ {n:number} }}", [Slot("n", Kind.NUMBER)]),
        ("¿Quiere {n:ordinal}?", [Fragment("k.part-1"), Slot("n", Kind.ORDINAL)]),
    ],
)
def test_stops_become_pauses_and_nothing_else_is_played(text: str, parts: list[Fragment | Slot]) -> None:
    assert list(taken_apart(text)[0]) == parts


@pytest.mark.parametrize(
    ("text", "words"), [("Press one.", "Press one."), ("{{name}}", "{name}"), ("a }} b {{", "a } b {")]
)
def test_a_text_without_placeholders_is_words(text: str, words: str) -> None:
    assert split("k", text, "en") == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello {", "brace stands alone.*{{ for a brace"),
        ("Hello }", "brace stands alone.*}} for a brace"),
        ("{a {b} c}", "brace stands alone"),
        ("{}", "braces are empty; expected {name} or {name:kind}"),
        ("{ }", "braces are empty"),
        ("{Name}", "the name 'Name' is none; expected a-z"),
        ("{ name}", "the name ' name' is none"),
        ("{a.b}", "the name 'a.b' is none"),
        ("{" + "a" * 65 + "}", "up to 64"),
        ("{n:numbers}", "the kind 'numbers' is not known; expected one of number, ordinal, digits, spelled"),
        ("{n:}", "the kind '' is not known"),
        ("{n: number}", "the kind '' is not known"),
        ("{n:money}", "expected {n:money EUR}, or the name of a value"),
        ("{n:money Euro}", "expected {n:money EUR}"),
        ("{n:money XTS}", "'XTS' is not a currency that is spoken in 'en'"),
        ("{n:number EUR}", "'EUR' is not expected after number"),
    ],
)
def test_a_placeholder_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        split("k", text, "en")


def test_a_language_that_values_are_not_spoken_in_has_only_texts() -> None:
    assert taken_apart("Witaj {name}", "pl")[0] == (Fragment("k.part-1"), Slot("name", Kind.TEXT))
    with pytest.raises(ValueError, match="no values are spoken in 'pl'"):
        split("k", "Masz {n:number}", "pl")


@given(text=st.text("ab{}: .,", max_size=30))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        found = split("k", text, "en")
    except ValueError:
        return
    if isinstance(found, Split):
        played = {part.key for part in found.phrase if isinstance(part, Fragment)}
        assert played - {PAUSE} == found.fragments.keys()
        assert all(found.fragments.values())


def test_the_slots_and_their_currencies_are_told() -> None:
    phrase, _ = taken_apart("{a:money EUR} {b:money USD} {c:number} {c:number}")
    assert [slot.name for slot in slots(phrase)] == ["a", "b", "c", "c"]
    assert currencies(slots(phrase)) == frozenset({"EUR", "USD"})
    phrase, _ = taken_apart("{a:money EUR} {b:money which}")
    assert [slot.currency_name for slot in slots(phrase)] == [None, "which"]
    assert currencies(slots(phrase)) is None


def test_a_phrase_is_composed_of_prompts_and_live_texts() -> None:
    phrase, _ = taken_apart("Hello {name}. You owe {sum:money unit} by {day:date}.")
    values: dict[str, Value] = {"name": "Ada", "sum": Decimal("1.50"), "unit": "eur", "day": date(2026, 12, 1)}
    assert compose(phrase, values, "en") == (
        Prompt("k.part-1", "en"),
        LiveText("Ada", "en"),
        Prompt(PAUSE, "en"),
        Prompt("k.part-2", "en"),
        Prompt("spoken.1", "en"),
        Prompt("spoken.eur.one-and", "en"),
        Prompt("spoken.50", "en"),
        Prompt("spoken.eur.minor.other", "en"),
        Prompt("k.part-3", "en"),
        Prompt("spoken.weekday-1", "en"),
        Prompt("spoken.month-12", "en"),
        Prompt("spoken.day-1", "en"),
        Prompt("spoken.20", "en"),
        Prompt("spoken.26", "en"),
    )


def test_pieces_are_of_the_region_that_the_text_is_in() -> None:
    assert compose((Slot("n", Kind.NUMBER),), {"n": 3}, "de-AT") == (Prompt("spoken.3", "de-AT"),)


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("{n:number}", {}, "{n:number}: there is no value 'n'"),
        ("{n:number}", {"n": None}, "{n:number}: there is no value 'n'"),
        ("{n:number}", {"n": "x"}, "{n:number}: 'x' is not a number"),
        ("{n:money unit}", {"n": 1}, "{n:money}: there is no value 'unit'"),
        ("{n:money unit}", {"n": 1, "unit": "Euro"}, "{n:money}: 'EURO' is not a currency"),
        ("{name}", {"name": " "}, "{name:text}: the text is empty"),
        ("{name}", {"name": True}, "{name:text}: True is not a text"),
        ("{name}", {"name": date(2026, 12, 1)}, "{name:text}: 2026-12-01 is not a text"),
    ],
)
def test_a_value_that_cannot_be_spoken_names_its_slot(text: str, values: dict[str, Value | None], said: str) -> None:
    phrase, _ = taken_apart(text)
    with pytest.raises(SpokenError, match=said):
        compose(phrase, values, "en")
