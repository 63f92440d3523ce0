"""Toll fraud: which numbers a caller may be joined to at our cost, and how much of it. Pure.

A caller who can make the call centre dial a number of the caller's choice makes money with it: premium and
shared-cost numbers, satellites and far islands pay whoever owns the number. So a number is dialled only where the
settings' rules allow it. What is not allowed by name is refused: countries (of which the plan of +1 has 25), kinds of
numbers, hours, calls at once, minutes and money a day. Emergency numbers are none that anybody dials here.

A call is given a longest length when it begins, and that much of the day's minutes and money is taken at once; what
it did not use is given back at its end. So the caps hold whatever happens meanwhile, a crash included.

Source: ITU-T E.164 and the plans of the ``phonenumbers`` library for countries and kinds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

from calls import numbers
from calls.hours import WeeklyHours
from calls.numbers import NumberProblem

ALLOWED_KINDS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.TOLL_FREE,
    }
)
"""Kinds of numbers at ordinary prices. Not: premium, shared cost, personal, pagers, company-wide, unknown ones."""

NO_COUNTRY = "001"
"""What the library calls networks that belong to no country: satellites (+870, +881) and the +882, +883, +979."""

LEAST_S = 60.0
"""A call shorter than this helps nobody: with less left of the day it is refused."""


class TollRule(StrEnum):
    """Why a number was not dialled."""

    OFF = "off"
    """No country is allowed at all: the settings have no ``[transfer] countries``."""
    NUMBER = "number"
    """It is no number of any plan, or an emergency number."""
    COUNTRY = "country"
    KIND = "kind"
    HOURS = "hours"
    CONCURRENT = "concurrent"
    MINUTES = "minutes"
    SPEND = "spend"


@dataclass(frozen=True, slots=True)
class TollRules:
    """What is allowed. ``countries`` in ISO 3166; ``region`` reads numbers that come without their country.

    Prices are for a started minute, in the currency of ``spend_a_day``; ``prices`` by country go before
    ``price_a_minute``. ``hours``: None, at any time.
    """

    countries: frozenset[str] = frozenset()
    region: str | None = None
    concurrent: int = 2
    longest_minutes: int = 60
    minutes_a_day: int = 120
    spend_a_day: Decimal = Decimal(20)
    price_a_minute: Decimal = Decimal("0.10")
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    hours: WeeklyHours | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What is taken of today: calls up now, minutes and money, those of the calls that are up in full."""

    concurrent: int = 0
    minutes: int = 0
    spent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Allowed:
    """``number`` in E.164 may be dialled for ``minutes`` at most, which cost ``price_a_minute`` each."""

    number: str
    country: str
    minutes: int
    price_a_minute: Decimal

    @property
    def cost(self) -> Decimal:
        """What the call costs at most."""
        return self.minutes * self.price_a_minute


@dataclass(frozen=True, slots=True)
class Refused:
    """It must not be dialled."""

    rule: TollRule


def judge(text: str, rules: TollRules, used: Used, now: datetime) -> Allowed | Refused:
    """Whether the number that ``text`` is may be dialled at ``now`` (aware), with ``used`` taken of the day."""
    if not rules.countries:
        return Refused(TollRule.OFF)
    try:
        e164 = numbers.to_e164(text, rules.region)
    except NumberProblem:
        return Refused(TollRule.NUMBER)
    number = phonenumbers.parse(e164, None)
    country = phonenumbers.region_code_for_number(number)
    if country is None or country == NO_COUNTRY or country not in rules.countries:
        return Refused(TollRule.COUNTRY)
    if phonenumbers.number_type(number) not in ALLOWED_KINDS:
        return Refused(TollRule.KIND)
    if rules.hours is not None and not rules.hours.is_open(now):
        return Refused(TollRule.HOURS)
    if used.concurrent >= rules.concurrent:
        return Refused(TollRule.CONCURRENT)
    price = rules.prices.get(country, rules.price_a_minute)
    minutes = min(rules.longest_minutes, rules.minutes_a_day - used.minutes)
    if minutes * 60 < LEAST_S:
        return Refused(TollRule.MINUTES)
    if price > 0:
        minutes = min(minutes, int((rules.spend_a_day - used.spent) // price))
        if minutes * 60 < LEAST_S:
            return Refused(TollRule.SPEND)
    return Allowed(e164, country, minutes, price)


def started_minutes(talk_s: float) -> int:
    """Minutes as carriers count them: each that has begun."""
    return math.ceil(max(0.0, talk_s) / 60.0)
