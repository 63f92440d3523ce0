"""Values are said and understood again, in every language; what says nothing of the kind is None."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from babel.dates import get_day_names, get_month_names
from hypothesis import assume, given
from hypothesis import strategies as st
from num2words import num2words

from ivr.speech.expected import SpokenKind
from ivr.speech.words import TONGUES, value_of, vocabulary
from ivr.speech.words.dates import YEARS
from ivr.speech.words.numbers import MOST
from ivr.speech.words.tongue import in_plain, plain

LANGUAGES = st.sampled_from(sorted(TONGUES))
DAYS = st.dates(date(YEARS.start, 1, 1), date(YEARS.stop - 1, 12, 31))
TODAY = date(2026, 3, 4)
"""A Wednesday."""


def heard(kind: SpokenKind, language: str, words: str, today: date = TODAY) -> str | None:
    """What is understood, every word of which is in the grammar that the engine gets."""
    value = value_of(kind, language, words, today)
    if value is not None:
        assert set(plain(words).split()) <= vocabulary(kind, language)
    return value


def day_said(language: str, day: date) -> str:
    """The day of the month and the month, by tables that are not ours."""
    month = get_month_names("wide", locale=language)[day.month]
    match language:
        case "en":
            return f"the {num2words(day.day, lang='en', to='ordinal')} of {month}"
        case "de":
            return f"der {num2words(day.day, lang='de', to='ordinal')} {month}"
        case "es":
            return f"el {num2words(day.day, lang='es')} de {month}"
        case _:
            return f"le {'premier' if day.day == 1 else num2words(day.day, lang='fr')} {month}"


@given(LANGUAGES, st.text("0123456789", min_size=1, max_size=20), st.data())
def test_digits_are_read_as_they_are_said(language: str, digits: str, data: st.DataObject) -> None:
    tongue = TONGUES[language]
    words = [
        data.draw(st.sampled_from([word for word, digit in tongue.digits.items() if digit == each]))
        for each in digits
    ]
    assert heard(SpokenKind.DIGITS, language, " ".join(words)) == digits


@given(LANGUAGES, st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=12), st.data())
def test_codes_are_read_as_they_are_spelled(language: str, code: str, data: st.DataObject) -> None:
    tongue = TONGUES[language]
    names = {**tongue.digits, **tongue.letters}
    words = [data.draw(st.sampled_from([name for name, sign in names.items() if sign == each])) for each in code]
    said = " ".join(words)
    assume(language != "es" or not re.search(r"\buve doble (u|ve)\b", said))  # V, W or W, U: nobody can tell
    assert heard(SpokenKind.SPELLED, language, said) == code


@given(LANGUAGES, st.one_of(st.integers(0, 2200), st.integers(0, MOST)))
def test_numbers_are_read_as_they_are_said(language: str, number: int) -> None:
    words = num2words(number, lang=language).replace(",", "")
    assert value_of(SpokenKind.NUMBER, language, words, TODAY) == str(number)


@given(LANGUAGES, st.integers(0, 2200))
def test_words_of_numbers_are_in_the_grammar_where_they_are_spaced(language: str, number: int) -> None:
    words = num2words(number, lang=language)
    if language != "de":
        assert heard(SpokenKind.NUMBER, language, words.replace(",", "")) == str(number)


@given(LANGUAGES, DAYS)
def test_days_with_their_year_are_read_as_they_are_said(language: str, day: date) -> None:
    of = "de " if language == "es" else ""
    words = f"{day_said(language, day)} {of}{num2words(day.year, lang=language)}".replace(",", "").lower()
    assert value_of(SpokenKind.DATE, language, words, TODAY) == day.isoformat()


@given(LANGUAGES, DAYS, st.integers(0, 365))
def test_a_day_without_its_year_is_the_next_one(language: str, today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    if (day.month, day.day) != (today.month, today.day) or not ahead:
        assert heard(SpokenKind.DATE, language, day_said(language, day).lower(), today) == day.isoformat()


@given(LANGUAGES, DAYS, st.integers(1, 7))
def test_a_weekday_is_the_next_such_day(language: str, today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    name = get_day_names("wide", locale=language)[day.weekday()].lower()
    assert heard(SpokenKind.DATE, language, name, today) == day.isoformat()


@given(LANGUAGES, DAYS)
def test_a_weekday_before_a_date_has_to_be_its_own(language: str, day: date) -> None:
    names = [name.lower() for _, name in sorted(get_day_names("wide", locale=language).items())]
    said = day_said(language, day).lower()
    assert value_of(SpokenKind.DATE, language, f"{names[day.weekday()]} {said}", day) == day.isoformat()
    assert value_of(SpokenKind.DATE, language, f"{names[day.weekday() - 1]} {said}", day) is None


@given(st.sampled_from(SpokenKind), LANGUAGES, st.data())
def test_any_words_of_the_grammar_are_read_without_a_fault(
    kind: SpokenKind, language: str, data: st.DataObject
) -> None:
    known = sorted(vocabulary(kind, language)) or ["hello"]
    words = " ".join(data.draw(st.lists(st.sampled_from(known), max_size=8)))
    value = value_of(kind, language, words, TODAY)
    if kind is SpokenKind.DATE and value is not None:
        date.fromisoformat(value)
    if kind in (SpokenKind.DIGITS, SpokenKind.NUMBER) and value is not None:
        assert value.isdecimal()


@given(st.sampled_from(SpokenKind), LANGUAGES, st.text())
def test_any_text_is_read_without_a_fault(kind: SpokenKind, language: str, words: str) -> None:
    value_of(kind, language, words, TODAY)


@pytest.mark.parametrize(
    ("language", "words", "value"),
    [
        ("en", "double four two", "442"),
        ("en", "oh triple seven", "0777"),
        ("en", "double", None),
        ("en", "double double four", None),
        ("en", "four two double", None),
        ("en", "forty two", None),
        ("en", "", None),
        ("en-GB", "treble nine", "999"),
        ("de", "null zwo zweimal drei", "0233"),
        ("es", "doble cero siete", "007"),
        ("fr", "triple zéro une", "0001"),
        ("it", "uno", None),
    ],
)
def test_digits(language: str, words: str, value: str | None) -> None:
    assert heard(SpokenKind.DIGITS, language, words) == value


@pytest.mark.parametrize(
    ("language", "words", "value"),
    [
        ("en", "a b seven", "AB7"),
        ("en", "double u double e zee", "WEEZ"),
        ("en", "oh zero", "O0"),
        ("en", "x-ray juliet", "XJ"),
        ("en", "apple", None),
        ("de", "anton zwei ypsilon", "A2Y"),
        ("es", "uve doble eñe i griega ene", "WÑYN"),
        ("fr", "double vé double elle i grec", "WLLY"),
    ],
)
def test_codes(language: str, words: str, value: str | None) -> None:
    assert heard(SpokenKind.SPELLED, language, words) == value


@pytest.mark.parametrize(
    ("language", "words", "value"),
    [
        ("en", "twelve hundred and six", "1206"),
        ("en", "a hundred", "100"),
        ("en", "a thousand and one", "1001"),
        ("en", "four two", "42"),
        ("en", "zero seven", "7"),
        ("en", "twenty one two", None),
        ("en", "one hundred and", None),
        ("en", "hundred thousand million", None),
        ("en", "one thousand two thousand", None),
        ("en", "zero thousand", None),
        ("de", "zwei hundert drei und vierzig", "243"),
        ("de", "zwölfhundert", "1200"),
        ("de", "hundertundeins", "101"),
        ("de", "tausendund", None),
        ("de", "zwoundzwanzig", "22"),
        ("es", "veintiún mil", "21000"),
        ("es", "quinientas una", "501"),
        ("fr", "septante-deux", "72"),
        ("fr", "nonante et un mille", "91000"),
        ("fr", "dix-sept cent", "1700"),
        ("fr", "quatre vingt", "80"),
    ],
)
def test_numbers(language: str, words: str, value: str | None) -> None:
    assert value_of(SpokenKind.NUMBER, language, words, TODAY) == value


@pytest.mark.parametrize(
    ("language", "words", "value"),
    [
        ("en", "twenty third of march", "2026-03-23"),
        ("en", "march the third", "2027-03-03"),
        ("en", "march fourth", "2026-03-04"),
        ("en", "may twenty first nineteen eighty four", "1984-05-21"),
        ("en", "may twenty nineteen eighty four", "1984-05-20"),
        ("en", "fifth of may twenty oh five", "2005-05-05"),
        ("en", "fifth of may two zero two seven", "2027-05-05"),
        ("en", "twenty ninth of february", "2028-02-29"),
        ("en", "thirtieth of february", None),
        ("en", "thirty first of april twenty twenty seven", None),
        ("en", "today", "2026-03-04"),
        ("en", "the day after tomorrow", "2026-03-06"),
        ("en", "day before yesterday", "2026-03-02"),
        ("en", "wednesday", "2026-03-11"),
        ("en", "on monday", "2026-03-09"),
        ("en", "next tuesday", "2026-03-10"),
        ("en", "last tuesday", "2026-03-03"),
        ("en", "last wednesday", "2026-02-25"),
        ("en", "next last monday", None),
        ("en", "monday tuesday", None),
        ("en", "march", None),
        ("en", "the", None),
        ("en", "fifth of may eighteen twelve", None),
        ("de", "dreiundzwanzigster dritter", "2026-03-23"),
        ("de", "erster zwölfter", "2026-12-01"),
        ("de", "am zweiten dritten", "2027-03-02"),
        ("de", "dritter dritter zweitausendsiebenundzwanzig", "2027-03-03"),
        ("de", "zwölfter erster neunzehnhundertachtzig", "1980-01-12"),
        ("de", "januar zweiter", "2027-01-02"),
        ("de", "zweiter", None),
        ("de", "am ersten mai neunzehnhundertvierundachtzig", "1984-05-01"),
        ("de", "übermorgen", "2026-03-06"),
        ("de", "nächsten sonnabend", "2026-03-07"),
        ("es", "pasado mañana", "2026-03-06"),
        ("es", "el lunes que viene", "2026-03-09"),
        ("es", "primero de setiembre del dos mil veintisiete", "2027-09-01"),
        ("fr", "aujourd'hui", "2026-03-04"),
        ("fr", "après-demain", "2026-03-06"),
        ("fr", "mardi dernier", "2026-03-03"),
        ("fr", "le premier avril mille neuf cent quatre-vingt-dix-neuf", "1999-04-01"),
    ],
)
def test_days(language: str, words: str, value: str | None) -> None:
    assert value_of(SpokenKind.DATE, language, words, TODAY) == value


def test_free_speech_is_its_words() -> None:
    assert value_of(SpokenKind.FREE, "it", "buon giorno", TODAY) == "buon giorno"
    assert value_of(SpokenKind.FREE, "it", "", TODAY) is None


@pytest.mark.parametrize("language", sorted(TONGUES))
def test_no_name_means_two_signs(language: str) -> None:
    tongue = TONGUES[language]
    both = set(tongue.digits) & set(tongue.letters)
    assert {tongue.letters[name] for name in both} <= {"O"}
    assert not {plain(name) for name in tongue.times} & {plain(name) for name in (*tongue.digits, *tongue.letters)}


def test_words_that_would_mean_two_things_are_refused() -> None:
    with pytest.raises(ValueError, match="means 1 and 2"):
        in_plain({"One": 1, "one": 2})
