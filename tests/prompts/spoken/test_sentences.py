"""Sentences are said as a native speaker says them."""

from __future__ import annotations

import pytest
from num2words import num2words

from prompts.spoken import Kind, Value, spoken, vocabulary
from prompts.spoken.language import PAUSE
from tests.prompts.spoken.sentences import SENTENCES, Row

LANGUAGES = ("en", "de", "es", "fr")


def said(value: Value, kind: Kind, language: str, currency: str | None = None) -> str:
    """The texts of the pieces; a pause is a stroke."""
    texts = vocabulary(language, [kind])
    return " ".join("|" if key == PAUSE else texts[key] for key in spoken(value, kind, language, currency))


@pytest.mark.parametrize(("kind", "currency", "row"), SENTENCES)
def test_a_sentence_is_said_as_a_native_speaker_does(kind: Kind, currency: str | None, row: Row) -> None:
    value, *expected = row
    assert [said(value, kind, language, currency) for language in LANGUAGES] == expected


def plain(text: str) -> str:
    """What is heard of a number: no hyphens, spaces and commas, no mute s, and no "and", which we leave out."""
    return "".join(text.replace(" and ", " ").replace("cents", "cent").replace("vingts", "vingt").split()).translate(
        {ord("-"): None, ord(","): None}
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_those_of_num2words(language: str) -> None:
    """Whole thousands aside, where num2words says "veintiuno mil" and "einhunderteinstausend"; these are above."""
    for number in (*range(1_000), *range(1_000, 10**6, 1_277), *range(10**6, 10**9, 76_543_219), 10**11 + 12_345):
        if number // 1_000 % 10 == 1 or number // 10**6 % 10 == 1:
            continue
        assert plain(said(number, Kind.NUMBER, language)) == plain(str(num2words(number, lang=language))), number


def test_a_region_falls_back_to_its_language() -> None:
    assert spoken(21, Kind.NUMBER, "de-AT") == spoken(21, Kind.NUMBER, "de")
    assert vocabulary("en-GB", [Kind.TIME]) == vocabulary("en", [Kind.TIME])


def test_the_keys_are_those_that_recordings_are_named_by() -> None:
    assert spoken(234, Kind.NUMBER, "en") == ("spoken.200", "spoken.34")
    assert spoken("21.50", Kind.MONEY, "fr", "GBP") == (
        "spoken.21-f",
        "spoken.gbp.other-and",
        "spoken.50",
        "spoken.gbp.minor.other",
    )
