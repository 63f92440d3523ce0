"""The quick way through the numbering plans of the ``phonenumbers`` library, for files with a million numbers.

It takes numbers as most people write them and gives exactly what the library's own functions give, which a property
test holds it to; for everything else it gives None, and the library is asked. What it saves is the library's general
case: the search for extensions and letters, its objects, and the patterns of every region of a country code.

Source: the algorithms of ``phonenumbers.parse``, ``is_valid_number`` and ``time_zones_for_number``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers import phonenumberutil as util
from phonenumbers.phonemetadata import PhoneNumberDesc
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

SIMPLE = re.compile(r"(\+?) *\(?[0-9](?:[ ().\-/]{0,3}[0-9])*\Z", re.ASCII)
"""Digits, grouped by people's few signs. A slash, a second bracket: whatever else there is, the library reads."""

SHORTEST = 7
"""Numbers with fewer digits, short codes and emergency numbers among them, are the library's."""

SHORTEST_E164, LONGEST_E164 = 10, 15
SHORTEST_NATIONAL = 3
NOT_GEOGRAPHIC = "001"

_SIGNS = str.maketrans("", "", " ().-/")


@dataclass(frozen=True, slots=True)
class _Shape:
    """Numbers of one kind: their lengths, and what they look like."""

    lengths: frozenset[int]
    pattern: re.Pattern[str]

    def fits(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and self.pattern.fullmatch(national) is not None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A region's plan."""

    region: str
    code: str
    general: _Shape
    kinds: tuple[tuple[int, _Shape], ...]
    """In the order in which the library looks at them, up to mobile and fixed lines."""
    fixed: _Shape | None
    mobile: _Shape | None
    one_pattern: bool
    any_kind: re.Pattern[str]
    """Numbers of ``kinds``, fixed lines and mobile telephones, each in a group, the first that has one."""
    lengths: tuple[int, ...]
    local_lengths: frozenset[int]
    abroad: re.Pattern[str] | None
    """What is dialled before numbers of other countries."""
    prefix: re.Pattern[str] | None
    """What is dialled before numbers of the country itself."""
    rewrites: bool
    """The prefix can mean another number: the library's affair."""
    leading: re.Pattern[str] | None

    def kind(self, national: str) -> int:
        """The kind of number (``PhoneNumberType``)."""
        found = self.any_kind.fullmatch(national)
        if found is None or not self.general.fits(national):
            return int(PhoneNumberType.UNKNOWN)
        first = (found.lastindex or 0) - 1
        for kind, shape in self.kinds[first:]:  # the library's own order, without those that it has not
            if shape.fits(national):
                return kind
        fixed = self.fixed is not None and self.fixed.fits(national)
        if fixed and self.one_pattern:
            return int(PhoneNumberType.FIXED_LINE_OR_MOBILE)
        mobile = not self.one_pattern and self.mobile is not None and self.mobile.fits(national)
        if fixed:
            return int(PhoneNumberType.FIXED_LINE_OR_MOBILE if mobile else PhoneNumberType.FIXED_LINE)
        return int(PhoneNumberType.MOBILE if mobile else PhoneNumberType.UNKNOWN)


NO_SUCH = ""
"""No country's plan has the number."""


def e164(written: str, region: str | None) -> str | None:
    """The valid number in E.164 with ``+``, or :data:`NO_SUCH`; None: ask the library, which may refuse it."""
    found = SIMPLE.match(written)
    if found is None:
        return None
    digits = written.translate(_SIGNS)
    parted = _abroad(digits[1:]) if found.group(1) else _at_home(digits, region)
    if parted is None:
        return None
    plan, national = parted
    if not SHORTEST_E164 <= len(plan.code) + len(national) <= LONGEST_E164 or len(national) < SHORTEST_NATIONAL:
        return None
    if _kind(plan.code, national) == PhoneNumberType.UNKNOWN:
        return NO_SUCH
    return f"+{plan.code}{national}"


def zones(number: str) -> tuple[str, ...] | None:
    """The zones of a number in E.164 with ``+``, as the library has them; None: ask it."""
    parted = _parted(number)
    if parted is None:
        return None
    code, national = parted
    kind = _kind(code, national)
    if kind == PhoneNumberType.UNKNOWN:
        return None
    return _zones_of(code + national[: TIMEZONE_LONGEST_PREFIX - len(code)] if _geographic(kind, code) else code)


def region_and_kind(number: str) -> tuple[str, int] | None:
    """The country (ISO 3166) and the kind (``PhoneNumberType``) of a valid number in E.164 with ``+``; None: ask the
    library."""
    parted = _parted(number)
    if parted is None:
        return None
    found = _found(*parted)
    return None if found[1] == PhoneNumberType.UNKNOWN else found


@lru_cache(maxsize=1024)
def _parted(number: str) -> tuple[str, str] | None:
    """The country code and the national number of one in E.164 with ``+``, where it is written as the plan has it.
    Kept for what is asked next of the same number."""
    parted = _abroad(number[1:]) if number[:1] == "+" and number[1:].isdecimal() and number.isascii() else None
    if parted is None or parted[0].code + parted[1] != number[1:]:
        return None
    return parted[0].code, parted[1]


@lru_cache(maxsize=4096)
def _geographic(kind: int, code: str) -> bool:
    return bool(util.is_number_type_geographical(kind, int(code)))


@lru_cache(maxsize=65536)
def _zones_of(digits: str) -> tuple[str, ...] | None:
    """Of the longest beginning that the table has."""
    beginnings = (digits[:size] for size in range(min(len(digits), TIMEZONE_LONGEST_PREFIX), 0, -1))
    return next((tuple(TIMEZONE_DATA[each]) for each in beginnings if each in TIMEZONE_DATA), None)


def _abroad(digits: str) -> tuple[_Plan, str] | None:
    """The plan of the country code, and the number in it."""
    if len(digits) < SHORTEST:
        return None
    code = _code(digits[:3])
    plan = None if code is None else _main_plan(code)
    if plan is None:
        return None
    national = _without_prefix(plan, digits[len(plan.code) :])
    return None if national is None else (plan, national)


def _at_home(digits: str, region: str | None) -> tuple[_Plan, str] | None:
    """A number that was written without its country code."""
    plan = None if region is None else _plan(region)
    if plan is None or len(digits) < SHORTEST or (plan.abroad is not None and plan.abroad.match(digits)):
        return None
    if digits.startswith(plan.code):
        rest = _stripped(plan, digits[len(plan.code) :])
        whole = plan.general.pattern.fullmatch(digits) is not None
        if rest is None:
            return None
        if (not whole and plan.general.pattern.fullmatch(rest)) or len(digits) > plan.lengths[-1]:
            if len(digits) in plan.local_lengths:
                return None
            main = _main_plan(plan.code)
            national = None if main is None else _without_prefix(main, rest)
            return None if main is None or national is None else (main, national)
    national = _without_prefix(plan, digits)
    return None if national is None else (plan, national)


def _without_prefix(plan: _Plan, digits: str) -> str | None:
    """The number without what is dialled before it in its country, where it has that."""
    stripped = _stripped(plan, digits)
    if stripped is None:
        return None
    size = len(stripped)
    possible = size not in plan.local_lengths and (size in plan.lengths or size > plan.lengths[-1])
    return stripped if possible else digits


def _stripped(plan: _Plan, digits: str) -> str | None:
    """As the library strips; None: only it knows."""
    found = plan.prefix.match(digits) if plan.prefix is not None and digits else None
    if found is None:
        return digits
    if plan.rewrites:
        return None
    rest = digits[found.end() :]
    fits = plan.general.pattern.fullmatch
    return digits if fits(digits) and not fits(rest) else rest


def _kind(code: str, national: str) -> int:
    return _found(code, national)[1]


@lru_cache(maxsize=1024)
def _found(code: str, national: str) -> tuple[str, int]:
    """The region and the kind of a number, by the first plan of the code that has it; "" where none has. Kept for
    what is asked next of the same number."""
    for plan in _plans(code):
        if plan.leading is not None:
            if plan.leading.match(national):
                return plan.region, plan.kind(national)
        elif (kind := plan.kind(national)) != PhoneNumberType.UNKNOWN:
            return plan.region, kind
    return "", int(PhoneNumberType.UNKNOWN)


@lru_cache(maxsize=1000)
def _code(digits: str) -> str | None:
    """The country code that ``digits`` begin with."""
    codes = (digits[:size] for size in range(1, 4))
    return next((each for each in codes if each[0] != "0" and int(each) in _REGIONS), None)


_REGIONS: dict[int, tuple[str, ...]] = phonenumbers.COUNTRY_CODE_TO_REGION_CODE


@lru_cache(maxsize=256)
def _main_plan(code: str) -> _Plan | None:
    """The plan after which a country code's numbers are read."""
    return _plan(_REGIONS[int(code)][0])


@lru_cache(maxsize=256)
def _plans(code: str) -> tuple[_Plan, ...]:
    """The plans of a country code, in the library's order. With one region only, its leading digits say nothing."""
    return tuple(plan for region in _REGIONS[int(code)] if (plan := _plan(region)) is not None)


@lru_cache(maxsize=512)
def _plan(region: str) -> _Plan | None:
    """The plan of a region; None where there is none that belongs to a country."""
    metadata = PhoneMetadata.metadata_for_region(region, None) if region != NOT_GEOGRAPHIC else None
    if metadata is None or metadata.country_code is None or metadata.general_desc is None:
        return None
    general, lengths = _shape(metadata.general_desc), tuple(metadata.general_desc.possible_length)
    if general is None or not lengths:
        return None
    alone = len(_REGIONS[metadata.country_code]) == 1
    kinds = (
        (PhoneNumberType.PREMIUM_RATE, metadata.premium_rate),
        (PhoneNumberType.TOLL_FREE, metadata.toll_free),
        (PhoneNumberType.SHARED_COST, metadata.shared_cost),
        (PhoneNumberType.VOIP, metadata.voip),
        (PhoneNumberType.PERSONAL_NUMBER, metadata.personal_number),
        (PhoneNumberType.PAGER, metadata.pager),
        (PhoneNumberType.UAN, metadata.uan),
        (PhoneNumberType.VOICEMAIL, metadata.voicemail),
    )
    shapes = tuple((int(kind), shape) for kind, desc in kinds if (shape := _shape(desc)) is not None)
    fixed, mobile = _shape(metadata.fixed_line), _shape(metadata.mobile)
    of_any = [shape for _, shape in shapes] + [shape for shape in (fixed, mobile) if shape is not None]
    return _Plan(
        region=region,
        code=str(metadata.country_code),
        general=general,
        kinds=shapes,
        fixed=fixed,
        mobile=mobile,
        any_kind=re.compile("|".join(f"({shape.pattern.pattern})" for shape in of_any)),
        one_pattern=bool(metadata.same_mobile_and_fixed_line_pattern),
        lengths=lengths,
        local_lengths=frozenset(metadata.general_desc.possible_length_local_only),
        abroad=_compiled(metadata.international_prefix),
        prefix=_compiled(metadata.national_prefix_for_parsing),
        rewrites=bool(metadata.national_prefix_transform_rule),
        leading=None if alone else _compiled(metadata.leading_digits),
    )


def _shape(desc: PhoneNumberDesc | None) -> _Shape | None:
    if desc is None or not desc.national_number_pattern:
        return None
    return _Shape(frozenset(desc.possible_length), re.compile(desc.national_number_pattern))


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern) if pattern else None
