"""The quick way through the numbering plans gives what the library gives, or leaves the number to it."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from calls import number_plans, numbers

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
EXAMPLES = sorted(
    {
        (region, str(phonenumbers.national_significant_number(example)), example.country_code)
        for region in REGIONS
        for kind in KINDS
        if (example := phonenumbers.example_number_for_type(region, kind)) is not None
    }
)
SIGNS = st.sampled_from(["", " ", "-", ".", ") ", " (", "/", "  "])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str | None]:
    """A number near one that exists, as somebody might write it, and the region by which it is read."""
    region, national, code = draw(st.sampled_from(EXAMPLES))
    digits = list(national)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(digits) - 1))
        digits[place] = draw(st.sampled_from("0123456789"))
    text = "".join(digits)[: draw(st.sampled_from([99, 99, 99, len(digits) - 1]))] + draw(
        st.sampled_from(["", "", "", "7"])
    )
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    assert metadata is not None
    inland = [prefix for prefix in (metadata.national_prefix, "0", "00", "1", "8") if prefix]
    before = draw(
        st.sampled_from(
            ["", "", f"+{code}", f"+{code}", f"{code}", f"+{code} (0)", f"00{code}", f"011{code}", *inland]
        )
    )
    text = before + text
    cuts = draw(st.lists(st.integers(1, len(text)), max_size=3, unique=True))
    for cut in sorted(cuts, reverse=True):
        text = text[:cut] + draw(SIGNS) + text[cut:]
    return text, draw(st.sampled_from([region, region, None, "US", "DE", draw(st.sampled_from(REGIONS))]))


def by_library(text: str, region: str | None) -> str | None:
    try:
        return numbers._by_library(text, region)
    except numbers.NumberProblem as problem:
        return number_plans.NO_SUCH if problem.reason == numbers.NO_SUCH else None


@settings(max_examples=2000)
@given(written())
def test_the_quick_way_gives_what_the_library_gives(number: tuple[str, str | None]) -> None:
    text, region = number
    quick = number_plans.e164(text, region)
    if quick is not None:
        assert quick == by_library(text, region)
    if found := quick or by_library(text, region):
        assert numbers.time_zones(found) == numbers._zones_by_library(found)
        country = phonenumbers.region_code_for_number(phonenumbers.parse(found))
        assert numbers.country(found) == (country if country in REGIONS else "")
        kind = phonenumbers.number_type(phonenumbers.parse(found))
        assert numbers.may_be_mobile(found) is (kind not in numbers.NEVER_MOBILE)


@settings(max_examples=1000)
@given(st.text(alphabet="+0123456789 ().-/x#", max_size=20), st.sampled_from([None, *REGIONS]))
def test_any_text_of_signs_and_digits(text: str, region: str | None) -> None:
    quick = number_plans.e164(text.strip(" "), region)
    assert quick is None or quick == by_library(text.strip(" "), region)
    zones = number_plans.zones(text)
    assert zones is None or numbers.time_zones(text) == numbers._zones_by_library(text)


@pytest.mark.parametrize("region", REGIONS)
def test_every_plans_examples(region: str) -> None:
    for of, national, code in EXAMPLES:
        if of != region:
            continue
        for text in (f"+{code}{national}", national, f"0{national}"):
            quick = number_plans.e164(text, region)
            assert quick is None or quick == by_library(text, region)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("(202) 555-0101", "US"),
        ("202-555-0101", "US"),
        ("1-202-555-0101", "US"),
        ("+1 202 555 0101", None),
        ("030 23125 101", "DE"),
        ("+49 (0)30 23125 101", None),
        ("020 7946 0123", "GB"),
        ("01 23 45 67 89", "FR"),
        ("612 34 56 78", "ES"),
    ],
)
def test_what_people_write_is_quick(text: str, region: str | None) -> None:
    assert number_plans.e164(text, region) == by_library(text, region) is not None


def test_the_groups_of_a_plan_are_its_kinds() -> None:
    """A pattern with a group of its own would shift them."""
    for plan in filter(None, map(number_plans._plan, REGIONS)):
        last = (plan.fixed is not None) + (plan.mobile is not None)
        assert plan.any_kind.groups == len(plan.kinds) + last
