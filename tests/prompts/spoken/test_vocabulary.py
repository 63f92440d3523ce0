"""No value needs a piece that is not rendered; what is no such value is refused with a clear message."""

from __future__ import annotations

import string
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.spoken import Kind, SpokenError, Value, spoken, vocabulary
from prompts.spoken.language import PAUSE, SILENCE
from prompts.spoken.languages import LANGUAGES
from prompts.texts import KEY

CODES = sorted(LANGUAGES)
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "PLN", "JPY")
MOST = 999_999_999_999

numbers = st.integers(-MOST, MOST) | st.decimals(-MOST, MOST, places=4) | st.floats(-MOST, MOST)
digits = st.text("0123456789", min_size=1, max_size=20)
signs = string.ascii_letters + string.digits + " -.@_/+&#*äéñç"
days = st.dates(date(1000, 1, 1), date(2999, 12, 31))
VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.NUMBER: numbers | numbers.map(lambda number: f"{Decimal(number):.3f}"),
    Kind.ORDINAL: st.integers(1, 999),
    Kind.DIGITS: digits | st.lists(digits, min_size=1, max_size=2).map(" ".join),
    Kind.SPELLED: st.text(signs, min_size=1, max_size=64).filter(str.strip),
    Kind.PHONE: digits | st.text("0123456789", min_size=4, max_size=14).map(lambda text: f"+{text}"),
    Kind.DATE: days | days.map(str),
    Kind.TIME: st.times() | st.datetimes() | st.times().map(time.isoformat) | st.datetimes().map(datetime.isoformat),
    Kind.MONEY: numbers,
    Kind.DURATION: st.integers(0, 999 * 86_400) | st.floats(0, 86_400),
}
ANYTHING: st.SearchStrategy[Value] = st.one_of(
    st.text(max_size=60),
    st.integers(),
    st.decimals(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.times(),
    st.datetimes(),
)


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data(), code=st.sampled_from(CODES), currency=st.sampled_from(CURRENCIES))
def test_every_value_is_said_by_the_vocabulary(kind: Kind, data: st.DataObject, code: str, currency: str) -> None:
    keys = spoken(data.draw(VALUES[kind]), kind, code, currency)
    assert keys
    assert set(keys) <= set(vocabulary(code, [kind], [currency]))


@given(value=ANYTHING, kind=st.sampled_from(Kind), code=st.sampled_from(CODES))
def test_anything_is_said_or_refused(value: Value, kind: Kind, code: str) -> None:
    try:
        keys = spoken(value, kind, code, "EUR")
    except SpokenError as refused:
        assert str(refused).isprintable()
        assert len(str(refused)) < 300
    else:
        assert set(keys) <= set(vocabulary(code, [kind]))


@pytest.mark.parametrize("code", CODES)
def test_a_vocabulary_is_small_and_its_keys_name_files(code: str) -> None:
    everything = vocabulary(code, list(Kind))
    assert len(everything) < 500
    assert all(KEY.match(key) for key in everything)
    assert [key for key, text in everything.items() if text == SILENCE] == [PAUSE]
    assert len(vocabulary(code, [Kind.MONEY], ["EUR"])) < 130
    assert vocabulary(code, [Kind.TEXT]) == vocabulary(code, []) == {}


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_the_same_currencies_units_and_signs(code: str) -> None:
    assert tuple(LANGUAGES[code].currencies) == CURRENCIES
    assert list(LANGUAGES[code].units) == ["day", "hour", "minute", "second"]
    assert set(string.ascii_lowercase + "-.@_/+&#*") <= set(LANGUAGES[code].letters)


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("twelve", Kind.NUMBER, "'twelve' is not a number; expected digits"),
        ("12,50", Kind.NUMBER, "expected digits such as 12 or -12.50"),
        ("\u0661\u0662", Kind.NUMBER, "is not a number"),
        ("1e5", Kind.NUMBER, "is not a number"),
        ("", Kind.NUMBER, "'' is not a number"),
        (True, Kind.NUMBER, "True is not a number"),
        (float("nan"), Kind.NUMBER, "nan is not a number between"),
        (10**12, Kind.NUMBER, "is not a number between"),
        (10**500, Kind.NUMBER, "is not a number between"),
        (0, Kind.ORDINAL, "0 is not a place between 1 and 999"),
        ("1.5", Kind.ORDINAL, "'1.5' is not a whole number"),
        ("12a", Kind.DIGITS, "'12a' is not digits"),
        ("", Kind.DIGITS, "is not digits"),
        ("1" * 41, Kind.DIGITS, "41 digits are too many"),
        (-1, Kind.DIGITS, "give it as text"),
        ("a\u20acb", Kind.SPELLED, r"'€' \(U\+20AC\) has no name in English"),
        ("a\0", Kind.SPELLED, r"U\+0000"),
        ("", Kind.SPELLED, "1 to 100 signs"),
        ("anonymous", Kind.PHONE, "is not digits"),
        ("+", Kind.PHONE, "is not digits"),
        ("1" * 21, Kind.PHONE, "too many"),
        ("2026-02-30", Kind.DATE, "is not a date; expected such as 2026-12-01"),
        ("01.12.2026", Kind.DATE, "is not a date"),
        (20261201, Kind.DATE, "is not a date"),
        ("0999-12-31", Kind.DATE, "the year 999 is not between"),
        ("25:00", Kind.TIME, "is not a time; expected such as 14:30"),
        ("2026-12-01", Kind.TIME, "is not a time"),
        (date(2026, 12, 1), Kind.TIME, "is not a time"),
        ("12.50 EUR", Kind.MONEY, "is not a number"),
        (-1, Kind.DURATION, "not a duration between 0 and 999 days"),
        ("3:20", Kind.DURATION, "is not a number"),
        ("hello", Kind.TEXT, "not composed of pieces"),
        ("x" * 1_000, Kind.NUMBER, r"x\.\.\. is not a number"),
    ],
)
def test_a_value_of_another_kind_is_refused(value: Value, kind: Kind, said: str) -> None:
    with pytest.raises(SpokenError, match=said):
        spoken(value, kind, "en", "EUR")


def test_a_currency_or_language_that_is_not_known_is_refused() -> None:
    with pytest.raises(SpokenError, match="needs its currency"):
        spoken(1, Kind.MONEY, "en")
    with pytest.raises(SpokenError, match="'XTS' is not a currency that is spoken in 'en'; expected one of EUR, USD"):
        spoken(1, Kind.MONEY, "en", "XTS")
    with pytest.raises(SpokenError, match="'XTS' is not a currency"):
        vocabulary("en", [Kind.MONEY], ["XTS"])
    with pytest.raises(SpokenError, match="no values are spoken in 'pl'; expected one of de, en, es, fr"):
        vocabulary("pl", [Kind.NUMBER])
