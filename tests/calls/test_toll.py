"""Toll fraud: of a corpus of numbers none is dialled that must not be, and the day's caps hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from calls import hours
from calls.numbers import is_dialable
from calls.toll import ALLOWED_KINDS, Allowed, Refused, TollRule, TollRules, Used, judge, started_minutes

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
"""A Monday."""

RULES = TollRules(countries=frozenset({"US", "GB", "DE"}), region="DE")
TODAY = Used()

FORBIDDEN = {
    TollRule.NUMBER: [
        "", " ", "none", "112", "911", "999", "110", "+112", "+49112", "+1911", "0049112", "abc", "+",
        "+493023125123;phone-context=x", "+493023125123,,1", "+493023125123&PJSIP/900", "+493023125123\n",
        "+49302312512\0",
        "sip:+493023125123@evil", "tel:+493023125123", "+493023125123 ext. 5", "+999123456789", "0" * 50, "${X}",
        "30 23125 123x", "1-800-FLOWERS",
    ],
    TollRule.COUNTRY: [
        # satellites and networks of no country
        "+870773111111", "+881612345678", "+88213300655", "+883510012345678", "+979123456789",
        # islands and others in the plan of +1
        "+18765551234", "+12645551234", "+14735551234", "+18095551234", "+12685551234", "+17845551234",
        # crown dependencies and what is abused often
        "+447624300000", "+441534500000", "+441481200000", "+37060112345", "+3712123456", "+2522123456",
        "+22462123456", "+53512345678", "+96812345678", "+6778123456", "+24712345",
    ],
    TollRule.KIND: [
        "+19005551234", "+4490112345678", "+449098790000", "+499001234567", "+4913712345",
        "+491805123456", "+448712345678", "+448451234567", "+447012345678", "+447640123456", "+44551234567",
        "+49700123456", "+4918012345",
    ],
}  # fmt: skip

GOOD = ["+493023125123", "030 23125123", "+4915123456789", "+12025550123", "+442079460123", "+447400123456"]


@pytest.mark.parametrize("number", GOOD)
def test_ordinary_numbers_of_the_allowed_countries_are_dialled(number: str) -> None:
    assert isinstance(judge(number, RULES, TODAY, NOON), Allowed)


@pytest.mark.parametrize(
    ("rule", "number"), [(rule, number) for rule, numbers in FORBIDDEN.items() for number in numbers]
)
def test_of_the_corpus_none_gets_through(rule: TollRule, number: str) -> None:
    refused = judge(number, RULES, TODAY, NOON)
    assert isinstance(refused, Refused)
    assert refused.rule in (rule, TollRule.NUMBER), "a plan that knows no such number refuses it sooner"


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.from_regex(r"\+?[0-9]{2,16}", fullmatch=True),
        st.sampled_from(["+1", "+44", "+49", "0049", "+88", "+87", "+97"]).flatmap(
            lambda code: st.from_regex(r"[0-9]{5,11}", fullmatch=True).map(lambda rest: code + rest)
        ),
    )
)
def test_whatever_is_allowed_is_an_ordinary_number_of_an_allowed_country(text: str) -> None:
    allowed = judge(text, RULES, TODAY, NOON)
    if isinstance(allowed, Refused):
        return
    number = phonenumbers.parse(allowed.number, None)
    assert is_dialable(allowed.number)
    assert phonenumbers.region_code_for_number(number) in RULES.countries
    assert phonenumbers.number_type(number) in ALLOWED_KINDS
    assert 1 <= allowed.minutes <= RULES.longest_minutes


def test_every_example_of_every_plan_is_judged_by_country_and_kind() -> None:
    """The examples of the library: each kind of number of each region."""
    kinds = [each for each in PhoneNumberType.values() if each != PhoneNumberType.UNKNOWN]
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in kinds:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            judged = judge(text, RULES, TODAY, NOON)
            if isinstance(judged, Allowed):
                assert phonenumbers.region_code_for_number(example) in RULES.countries, text
                assert phonenumbers.number_type(example) in ALLOWED_KINDS, text


def test_without_countries_nothing_is_dialled() -> None:
    assert judge(GOOD[0], TollRules(), TODAY, NOON) == Refused(TollRule.OFF)
    assert judge(GOOD[0], replace(RULES, countries=frozenset({"FR"})), TODAY, NOON) == Refused(TollRule.COUNTRY)


def test_the_hours_are_those_of_their_zone() -> None:
    office = hours.parse({"mon-fri": "09:00-17:00"}, "Europe/Berlin")
    rules = replace(RULES, hours=office)
    assert isinstance(judge(GOOD[0], rules, TODAY, NOON), Allowed)
    assert judge(GOOD[0], rules, TODAY, NOON.replace(hour=16)) == Refused(TollRule.HOURS)
    assert judge(GOOD[0], rules, TODAY, NOON.replace(day=9)) == Refused(TollRule.HOURS)


@pytest.mark.parametrize(
    ("used", "rule"),
    [
        (Used(concurrent=2), TollRule.CONCURRENT),
        (Used(minutes=120), TollRule.MINUTES),
        (Used(spent=Decimal("19.95")), TollRule.SPEND),
    ],
)
def test_a_cap_that_is_reached_refuses(used: Used, rule: TollRule) -> None:
    assert judge(GOOD[0], RULES, used, NOON) == Refused(rule)


def test_a_call_is_as_long_as_the_day_has_room_for() -> None:
    def minutes(used: Used, rules: TollRules = RULES) -> int:
        allowed = judge("+493023125123", rules, used, NOON)
        assert isinstance(allowed, Allowed)
        return allowed.minutes

    assert minutes(TODAY) == 60
    assert minutes(Used(minutes=90)) == 30
    assert minutes(Used(spent=Decimal("19.50"))) == 5
    assert minutes(Used(spent=Decimal(19)), replace(RULES, prices={"DE": Decimal("0.30")})) == 3
    assert minutes(Used(spent=Decimal(99)), replace(RULES, price_a_minute=Decimal(0))) == 60


@given(st.lists(st.tuples(st.floats(0, 7200), st.sampled_from(["+493023125123", "+12025550123"])), max_size=20))
def test_the_caps_hold_whatever_the_calls_use(calls: list[tuple[float, str]]) -> None:
    """One after another, each cut off at its length and given back what it did not need; and all up at once."""
    rules = replace(RULES, prices={"US": Decimal("0.37")}, concurrent=100)
    for give_back in (True, False):
        minutes, spent = 0, Decimal(0)
        for lasts_s, number in calls:
            judged = judge(number, rules, Used(0, minutes, spent), NOON)
            if isinstance(judged, Allowed):
                taken = min(judged.minutes, started_minutes(lasts_s)) if give_back else judged.minutes
                minutes, spent = minutes + taken, spent + taken * judged.price_a_minute
        assert minutes <= rules.minutes_a_day and spent <= rules.spend_a_day


def test_minutes_are_counted_as_they_begin() -> None:
    assert [started_minutes(talk_s) for talk_s in (0.0, 0.1, 60.0, 60.1, -5.0)] == [0, 1, 1, 2, 0]
