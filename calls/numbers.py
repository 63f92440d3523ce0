"""Telephone numbers: E.164 on the inside, whatever people write at the edge.

Fictional numbers for demonstrations and tests (``+1 NPA 555 0100`` to ``0199``, Ofcom's ``+44 20 7946 0xxx``, the
Bundesnetzagentur's ``+49 30 23125 xxx``) follow their countries' plans, so they pass the same check as every other
number and have time zones: a demonstration needs no weaker rule, and there is none.

Source: ITU-T E.164 (at most 15 digits); the plans of the countries come with the ``phonenumbers`` library.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Container
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, shortnumberinfo
from phonenumbers import timezone as number_zones

from calls import number_plans

DIALABLE = re.compile(r"\+[0-9]{3,15}\Z")
"""What may stand in a dial string: ASCII digits behind a plus, nothing that a switch gives a meaning to."""

WRITTEN = re.compile(r"[\d\s+().\-/\u2010-\u2015\u2212\u00a0]+\Z")
"""How people write a number: digits, spaces, brackets, dots, slashes, dashes. Letters are not turned into digits."""

MAX_WRITTEN = 40
LONGEST_EMERGENCY = 6
"""No plan of the library has an emergency number with more digits."""

LONGEST_COUNTRY_CODE = 3
SHORT = 3
"""No country has subscribers' numbers of so few digits."""


class NumberProblem(ValueError):
    """A text that is no number we would dial. ``reason`` is for a person; it never holds the text itself."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def to_e164(text: str, region: str | None) -> str:
    """The number in E.164 with ``+``. ``region`` (ISO 3166, e.g. ``"DE"``) reads numbers written without one.

    Raises:
        NumberProblem: not a number, not valid in its country's plan, with an extension, or an emergency number.
    """
    written = text.strip(" ")
    found = number_plans.e164(written, region)
    if found is None:
        return _by_library(written, region)
    if found == number_plans.NO_SUCH:
        raise NumberProblem(NO_SUCH)
    return found


NO_SUCH = "no country's numbering plan has such a number"


def _by_library(written: str, region: str | None) -> str:
    found, reason = _asked(written, region)
    if found is None:
        raise NumberProblem(reason)
    return found


@lru_cache(maxsize=1024)
def _asked(written: str, region: str | None) -> tuple[str | None, str]:
    """What the library says, or why not. Files have the same few texts in many rows where there is no number."""
    try:
        return _ask(written, region), ""
    except NumberProblem as problem:
        return None, problem.reason


def _ask(written: str, region: str | None) -> str:
    if not written:
        raise NumberProblem("the number is empty")
    if len(written) > MAX_WRITTEN:
        raise NumberProblem(f"the number is longer than {MAX_WRITTEN} characters")
    if not WRITTEN.match(written) or not written.isprintable():
        raise NumberProblem("a number has only digits, +, spaces, brackets, dots, slashes and dashes")
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise NumberProblem(f"{region} is not a region: expected two capital letters of ISO 3166, e.g. DE")
    _refuse_emergency(written, region)
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as problem:
        raise NumberProblem(_PARSE_REASONS.get(problem.error_type, "this is not a telephone number")) from problem
    if not phonenumbers.is_valid_number(number):
        raise NumberProblem(NO_SUCH)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not is_dialable(e164):
        raise NumberProblem("such a number is never dialled")
    return e164


_PARSE_REASONS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: (
        "the country is not known: write the number with + and country code, or name the region"
    ),
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "the number is too short",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "the number is too short",
    phonenumbers.NumberParseException.TOO_LONG: "the number is too long",
}


def is_dialable(e164: str) -> bool:
    """True where ``e164`` may be put into a dial string: ``+``, 3 to 15 ASCII digits, no emergency number.

    It is the last look before the wire and knows no region: ``+112`` and ``+49112`` are refused too, because a
    trunk that takes numbers without ``+`` would make an emergency call of them.
    """
    return DIALABLE.match(e164) is not None and not _is_emergency(e164[1:])


@lru_cache(maxsize=4096)
def _is_emergency(digits: str) -> bool:
    """True where ``digits`` are some region's emergency number, alone or behind that region's country code."""
    if len(digits) <= LONGEST_EMERGENCY and _is_emergency_somewhere(digits):
        return True
    if len(digits) > LONGEST_EMERGENCY + LONGEST_COUNTRY_CODE:
        return False
    return any(
        shortnumberinfo.is_emergency_number(digits[size:], region)
        for size in range(1, LONGEST_COUNTRY_CODE + 1)
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:size] or "0"), ())
    )


@lru_cache(maxsize=4096)
def _is_emergency_somewhere(digits: str) -> bool:
    return any(
        shortnumberinfo.is_emergency_number(digits, region) for region in shortnumberinfo.SUPPORTED_SHORT_REGIONS
    )


def _refuse_emergency(written: str, region: str | None) -> None:
    """Refuse what a telephone in ``region`` would take for an emergency call, and short numbers such as 112 and 911
    anywhere. Longer ones are looked at for their own region only: some islands' subscribers have four digits."""
    digits = "".join(str(int(letter)) for letter in written if letter.isdecimal())
    at_home = region is not None and shortnumberinfo.is_emergency_number(digits, region)
    if at_home or (len(digits) <= SHORT and _is_emergency_somewhere(digits)):
        raise NumberProblem("emergency numbers are never dialled")


def is_ordinary(e164: str, countries: Container[str]) -> bool:
    """True where the number is in one of ``countries`` (ISO 3166) and calling it costs what a call there costs: no
    premium or shared-cost service, nothing whose kind the plan does not know."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.region_code_for_number(number) in countries and phonenumbers.number_type(number) in ORDINARY


def costs_extra(e164: str) -> bool:
    """True where a call to the number, in E.164, is one to a premium or shared-cost service."""
    kind = phonenumbers.number_type(phonenumbers.parse(e164, None))
    return kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


ORDINARY = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
"""Kinds of numbers that people have."""


def may_be_mobile(e164: str) -> bool:
    """True where the plan does not rule out that the number rings a mobile telephone.

    American numbers can be either, so they all may be: who needs a consent for mobile telephones needs it there.
    """
    quick = number_plans.region_and_kind(e164)
    if quick is not None:
        return quick[1] not in NEVER_MOBILE
    try:
        return phonenumbers.number_type(phonenumbers.parse(e164, None)) not in NEVER_MOBILE
    except phonenumbers.NumberParseException:
        return True


NEVER_MOBILE = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
"""Kinds of numbers that no mobile telephone has."""


def country(e164: str) -> str:
    """The country (ISO 3166) that a valid number belongs to; "" where it is no country's."""
    quick = number_plans.region_and_kind(e164)
    if quick is not None:
        return quick[0]
    try:
        found = phonenumbers.region_code_for_number(phonenumbers.parse(e164, None))
    except phonenumbers.NumberParseException:
        return ""
    return found if found in phonenumbers.SUPPORTED_REGIONS else ""


def time_zones(e164: str) -> tuple[str, ...]:
    """All IANA zones that the number may be in, sorted; a mobile or toll-free number can have dozens.

    Empty where no zone is known, or where one of them is missing from the time zone data: who may not call in the
    night must then not call at all. An empty answer is a refusal, never "any time".
    """
    quick = number_plans.zones(e164)
    return _zones_by_library(e164) if quick is None else _known(quick)


def _zones_by_library(e164: str) -> tuple[str, ...]:
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return ()
    if phonenumbers.number_type(number) == PhoneNumberType.UNKNOWN:
        return ()
    return _known(tuple(number_zones.time_zones_for_number(number)))


@lru_cache(maxsize=4096)
def _known(found: tuple[str, ...]) -> tuple[str, ...]:
    """Sorted; empty where one is not to be had."""
    zones = tuple(sorted(set(found)))
    if number_zones.UNKNOWN_TIMEZONE in zones or not all(_zone_exists(zone) for zone in zones):
        return ()
    return zones


@lru_cache(maxsize=1024)
def _zone_exists(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return False
    return True
