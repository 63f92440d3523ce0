"""Numbers: what people write becomes E.164 or is refused with a reason; emergency numbers never get through."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import shortnumberinfo
from phonenumbers.phonemetadata import PhoneMetadata

from calls.numbers import LONGEST_EMERGENCY, NumberProblem, costs_extra, is_dialable, time_zones, to_e164


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("+1 (202) 555-0123", None, "+12025550123"),
        ("202.555.0123", "US", "+12025550123"),
        ("030/23125-123", "DE", "+493023125123"),
        ("0049 30 23125 123", "DE", "+493023125123"),
        ("+44 20 7946 0123", "DE", "+442079460123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("\u0662\u0660\u0662 555 0123", "US", "+12025550123"),
        ("202\u2013555\u20130123", "US", "+12025550123"),
    ],
)
def test_spellings_of_one_number(written: str, region: str | None, e164: str) -> None:
    assert to_e164(written, region) == e164


@pytest.mark.parametrize(
    ("written", "region", "reason"),
    [
        ("", "US", "empty"),
        ("   ", "US", "empty"),
        ("2025550123", None, "country"),
        ("2025550123", "us", "not a region"),
        ("2025550123", "ZZ", "not a region"),
        ("1-800-FLOWERS", "US", "only digits"),
        ("+12025550123;ext=5", None, "only digits"),
        ("+12025550123&PJSIP/1", None, "only digits"),
        ("+12025550123\n", None, "only digits"),
        ("+1202\x005550123", None, "only digits"),
        ("tel:+12025550123", None, "only digits"),
        ("+1 202 555 0123 " + "0" * 40, None, "longer"),
        ("+49", None, "telephone number"),
        ("+999999999999", None, "country"),
        ("+1 002 555 0123", None, "numbering plan"),
        ("0202 5550123", "US", "numbering plan"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(written: str, region: str | None, reason: str) -> None:
    with pytest.raises(NumberProblem, match=reason) as caught:
        to_e164(written, region)
    assert not written.strip() or written not in caught.value.reason


@pytest.mark.parametrize("region", ["US", "DE", "GB", "AU", "IN", "ZA", None])
@pytest.mark.parametrize("written", ["112", "911", "999", "000", "110", "(112)", "1-1-2", "+112", "+911", "9 9 9"])
def test_emergency_numbers_are_refused_in_any_spelling(written: str, region: str | None) -> None:
    with pytest.raises(NumberProblem, match="emergency"):
        to_e164(written, region)


@pytest.mark.parametrize("written", ["+49112", "+49 110", "+1911", "+44999", "+44 112", "+61000"])
def test_an_emergency_number_behind_a_country_code_is_refused(written: str) -> None:
    with pytest.raises(NumberProblem):
        to_e164(written, None)
    assert not is_dialable(written.replace(" ", ""))


def test_no_emergency_number_of_any_region_can_be_dialled() -> None:
    tried = 0
    for region in shortnumberinfo.SUPPORTED_SHORT_REGIONS:
        metadata = PhoneMetadata.short_metadata_for_region(region)
        assert metadata is not None
        pattern = metadata.emergency.national_number_pattern if metadata.emergency else None
        for digits in _numbers_of(pattern):
            assert len(digits) <= LONGEST_EMERGENCY
            assert not is_dialable(f"+{digits}"), (region, digits)
            tried += 1
    assert tried > 400


def _numbers_of(pattern: str | None) -> list[str]:
    """All numbers of up to four digits that a pattern takes, and some longer ones."""
    if not pattern:
        return []
    short = (f"{number:0{size}d}" for size in (2, 3, 4) for number in range(10**size))
    longer = ("723141", "124422", "127799", "202099", "32022", "10177", "90000")
    return [digits for digits in (*short, *longer) if re.fullmatch(pattern, digits)]


@pytest.mark.parametrize("good", ["+12025550123", "+493023125123", "+123456789012345", "+6834000"])
def test_dialable(good: str) -> None:
    assert is_dialable(good)


@pytest.mark.parametrize(
    "bad",
    [
        *("", "+", "+12", "12025550123", "+1234567890123456", "+1202555012a", "+12025550123\n", "+1202 5550123"),
        *("+120255501\uff123", "+1202555012\u0663", "+12025550123&x", "++12025550123", "\n+12025550123"),
    ],
)
def test_not_dialable(bad: str) -> None:
    assert not is_dialable(bad)


def test_zones_are_all_candidates() -> None:
    assert time_zones("+12025550123") == ("America/New_York",)
    assert time_zones("+493023125123") == ("Europe/Berlin",)
    assert len(time_zones("+18005550199")) > 20


@pytest.mark.parametrize("number", ["", "12025550123", "+999123456", "+49112", "+1", "nonsense"])
def test_no_zone_is_an_empty_answer(number: str) -> None:
    assert time_zones(number) == ()


def test_a_zone_that_the_machine_does_not_know_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.number_plans.zones", lambda _: ("Europe/Berlin", "Mars/Olympus_Mons"))
    assert time_zones("+493023125123") == ()


@pytest.mark.parametrize("last", range(100))
def test_the_numbers_of_demonstrations_are_numbers_like_any_other(last: int) -> None:
    number = f"+1202555{last + 100:04d}"
    assert to_e164(number, "US") == number
    assert is_dialable(number)
    assert time_zones(number)


@given(st.text(max_size=50), st.sampled_from(["US", "DE", None, "", "X"]))
@settings(max_examples=300)
def test_any_text_gives_a_dialable_number_or_a_reason(text: str, region: str | None) -> None:
    try:
        number = to_e164(text, region)
    except NumberProblem as problem:
        assert problem.reason
    else:
        assert is_dialable(number)
        assert to_e164(number, None) == number


@pytest.mark.parametrize("way", ["INTERNATIONAL", "NATIONAL", "E164"])
def test_every_country_s_example_survives_each_way_of_writing_it(way: str) -> None:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number(region)
        assert example is not None
        written = phonenumbers.format_number(example, getattr(phonenumbers.PhoneNumberFormat, way))
        e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert to_e164(written, region) == e164, region


@pytest.mark.parametrize(
    ("number", "more"),
    [("+19005550123", True), ("+499001234567", True), ("+441908123456", False), ("+12025550105", False)],
)
def test_services_that_cost_extra_are_told_from_people(number: str, more: bool) -> None:
    assert costs_extra(number) is more
