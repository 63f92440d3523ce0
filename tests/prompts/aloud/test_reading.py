"""Texts as they are written, and as they are read."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.aloud import Pronunciation, left_unread, read_aloud
from prompts.spoken import Kind, spoken
from prompts.spoken.vocabulary import piece_texts
from prompts.spoken.words import month
from tests.prompts.aloud.readings import READINGS

SPOKEN = ("en", "de", "es", "fr")


@pytest.mark.parametrize(("tag", "written", "read"), READINGS)
def test_it_is_read_as_a_reader_would(tag: str, written: str, read: str) -> None:
    assert read_aloud(written, tag) == read


@pytest.mark.parametrize("tag", SPOKEN)
@pytest.mark.parametrize("numeral", ["I", "II", "IV", "VIII", "XIV", "MCMLXXXIV", "D", "C", "M", "L"])
def test_roman_numerals_are_left_alone(tag: str, numeral: str) -> None:
    for text in (f"Louis {numeral}", f"{numeral}.", f"({numeral})"):
        assert read_aloud(text, tag) == text


@pytest.mark.parametrize("tag", SPOKEN)
def test_a_price_in_a_text_is_said_as_a_composed_one(tag: str) -> None:
    """A caller hears no difference between a price that is written and one that a call knows."""
    texts = piece_texts(tag)
    point = "." if tag == "en" else ","
    for amount in ("1.00", "21.50", "1234.05", "0.99"):
        composed = " ".join(texts[key] for key in spoken(amount, Kind.MONEY, tag, "EUR"))
        assert read_aloud(f"{amount.replace('.', point)} €", tag) == composed


@pytest.mark.parametrize("tag", SPOKEN)
@given(number=st.integers(0, 999_999))
def test_a_number_leaves_no_figure_whatever_stands_beside_it(tag: str, number: int) -> None:
    for text in (f"{number}", f"a {number}, b", f"({number})", f"{number} %", f"{number}!", f"-{number}"):
        assert not re.search("[0-9]", read_aloud(text, tag)), text


@pytest.mark.parametrize("tag", SPOKEN)
@given(cents=st.integers(0, 99_999_999))
def test_every_amount_is_read(tag: str, cents: int) -> None:
    amount = Decimal(cents) / 100
    written = f"{amount:.2f}".replace(".", "." if tag == "en" else ",")
    for text in (f"€{written}", f"{written} €", f"{written} EUR"):
        assert not re.search("[0-9€]", read_aloud(text, tag)), text


@given(day=st.dates(date(1000, 1, 1), date(2999, 12, 31)), tag=st.sampled_from(SPOKEN))
def test_every_day_of_our_years_is_read(day: date, tag: str) -> None:
    assert not re.search("[0-9]", read_aloud(day.isoformat(), tag))


@given(
    text=st.text(alphabet=st.sampled_from("0123456789 .,:;/-+€$%()'§&@#*hms°AaSt.Nr.№½\u2013\u202fäß"), max_size=60),
    tag=st.sampled_from((*SPOKEN, "en-GB", "es-MX", "de-AT", "xx")),
)
def test_whatever_is_written_something_is_read(text: str, tag: str) -> None:
    assert bool(read_aloud(text, tag)) is bool(text)


@given(text=st.text(alphabet=st.sampled_from("abcdefghijklmnopqrstuvwxyzäéñßç ,!?"), max_size=80))
def test_words_alone_are_left_as_they_are(text: str) -> None:
    words = " ".join(text.split())
    for tag in SPOKEN:
        if not set(re.findall(r"\w+", words)) & {"bd", "svp", "mn"}:
            assert read_aloud(words, tag) == words


@pytest.mark.parametrize(("tag", "written", "read"), READINGS)
def test_what_was_read_is_read_the_same_again(tag: str, written: str, read: str) -> None:
    assert read_aloud(read, tag) == read


@pytest.mark.parametrize(
    ("tag", "amount", "day", "first"),
    [
        ("en", "1,250.50", "01/12/2026", False),
        ("en-US", "1,250.50", "01/12/2026", False),
        ("en-HK", "1,250.50", "01/12/2026", True),
        ("en-NZ", "1,250.50", "01/12/2026", True),
        ("en-XX", "1,250.50", "01/12/2026", False),
        ("es", "1.250,50", "01/12/2026", True),
        ("es-AR", "1.250,50", "01/12/2026", True),
        ("es-419", "1,250.50", "01/12/2026", True),
        ("de-AT", "1.250,50", "01.12.2026", True),
        ("de-CH", "1'250.50", "01.12.2026", True),
        ("fr-CH", "1 250,50", "01.12.2026", True),
    ],
)
def test_a_region_writes_as_cldr_says(tag: str, amount: str, day: str, first: bool) -> None:
    """The first of December or the twelfth of January; and a thousand, not one and a bit."""
    assert (month(tag[:2], 12) in read_aloud(day, tag)) is first
    texts = piece_texts(tag[:2])
    composed = " ".join(texts[key] for key in spoken("1250.50", Kind.MONEY, tag, "EUR"))
    assert read_aloud(f"{amount} €", tag) == composed


@pytest.mark.parametrize("text", ["€1.250,50", "1.250,50 €", "€1'250.50", "$1,25,000"])
def test_an_amount_of_another_country_is_not_read_in_part(text: str) -> None:
    assert re.sub("[^0-9.,']", "", read_aloud(text, "en")) == re.sub("[^0-9.,']", "", text)


def test_what_no_rule_knew_is_named() -> None:
    left = left_unread(read_aloud("Version 1.2.3 of a_b at 10.0.0.1, 5 %, press 1.", "en"), "en")
    assert left == ("1.2.3", "a_b", "10.0.0.1")
    assert left_unread("Premere 1", "it") == ()


def test_another_language_is_left_as_it_is() -> None:
    assert read_aloud("Premere 1 & 2, 50 %", "it") == "Premere 1 & 2, 50 %"


def test_a_long_text_is_read_in_no_time() -> None:
    """A library reads every text at every start; what is copied stays linear."""
    text = "Press 1. " * 200 + "1" * 190
    assert read_aloud(text, "en").startswith("Press one. Press one. ")


def listed(**words: dict[str, str]) -> Pronunciation:
    return Pronunciation({tag.replace("_", "-"): each for tag, each in words.items()})


def test_a_listed_word_is_read_as_the_list_says() -> None:
    list_ = listed(en={"Nguyen": "win", "sql": "sequel", "St. Gallen": "Sankt Gallen", "Gallen": "no"})
    assert read_aloud("Dr. Nguyen in St. Gallen.", "en", list_) == "Doctor win in Sankt Gallen."
    assert read_aloud("SQL, Sql and sql", "en", list_) == "sequel, sequel and sequel"


def test_a_word_with_a_capital_is_found_as_it_is_written_only() -> None:
    list_ = listed(de={"Polish": "Pollisch", "sie": "die"})
    assert read_aloud("polish Polish POLISH", "de", list_) == "polish Pollisch POLISH"


def test_a_listed_word_is_found_whole_only() -> None:
    list_ = listed(en={"art": "ART", "c++": "see plus plus", "24": "two four"})
    assert read_aloud("party art arts art. Bart", "en", list_) == "party ART arts ART. Bart"
    assert read_aloud("C++ in 24 days, 124", "en", list_) == (
        "see plus plus in two four days, one hundred twenty-four"
    )


def test_a_region_has_the_words_of_its_language_and_its_own_before_them() -> None:
    list_ = listed(de={"Jänner": "x", "Sackerl": "y"}, de_AT={"Jänner": "z"})
    assert read_aloud("Jänner Sackerl", "de-AT", list_) == "z y"
    assert read_aloud("Jänner Sackerl", "de", list_) == "x y"
    assert read_aloud("Jänner", "en", list_) == "Jänner"


def test_what_the_list_says_is_not_read_again() -> None:
    assert read_aloud("B12", "en", listed(en={"B12": "B. 12 & co"})) == "B. 12 & co"


@given(
    words=st.dictionaries(
        st.text("aAb1.- ", min_size=1, max_size=5).map(str.strip).filter(bool), st.just("X"), max_size=4
    ),
    text=st.text("aAb1.- ", max_size=30),
)
def test_any_list_and_any_text_come_to_an_end(words: dict[str, str], text: str) -> None:
    read_aloud(text, "en", Pronunciation({"en": words}))
