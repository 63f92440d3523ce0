"""The rules: limits, cool-downs, hours in every zone, and every change of the clock from 2020 to 2035."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.ids import CampaignId
from calls.people.consents import Consent, ConsentKind
from calls.people.reassigned import Answer, Asked
from dialer.compliance import (
    DIALLED_WITHIN,
    REASSIGNED_REST,
    Allowed,
    History,
    Lead,
    PastAttempt,
    Refused,
    Rules,
    check,
    rules_of,
)
from dialer.dialling import LONGEST_WAIT_S
from dialer.presets import PRESETS, CoolDown, Limit, Scope
from dialer.proof.clocks import closed
from dialer.proof.law import Law
from tests.dialer.conftest import make_campaign

NUMBER = "+12025550101"
OTHER = "+12025550102"
MINE = CampaignId("autumn")
NOON = datetime(2027, 3, 3, 17, 0, tzinfo=UTC)  # a Wednesday, noon in New York
DAY = timedelta(hours=24)
NEW_YORK = Lead(NUMBER, ("America/New_York",))


def rules(preset: str = "demo", *, limits: tuple[Limit, ...] = (), cool: tuple[CoolDown, ...] = ()) -> Rules:
    return Rules(MINE, preset, limits, cool)


def past(hours_ago: float, outcome: Outcome | None = Outcome.BUSY, **other: str) -> PastAttempt:
    campaign = CampaignId(other.get("campaign", MINE))
    return PastAttempt(NOON - timedelta(hours=hours_ago), other.get("number", NUMBER), campaign, outcome)


def history(*attempts: PastAttempt) -> History:
    return History(attempts)


PER_DAY = Limit(Scope.PERSON, 3, DAY)


@pytest.mark.parametrize(
    ("seen", "law", "expected"),
    [
        (history(), rules(), None),
        (History(forbidden=True), rules(), Refused("do_not_call", None)),
        (history(past(1, None)), rules(), Refused("open_attempt", NOON + timedelta(seconds=60))),
        (history(past(1), past(2), past(23)), rules(limits=(PER_DAY,)), Refused("attempts", NOON + 1 * DAY / 24)),
        (history(past(1), past(2), past(24)), rules(limits=(PER_DAY,)), None),
        (
            history(*(past(hour) for hour in (1, 2, 3, 4))),
            rules(limits=(PER_DAY,)),
            Refused("attempts", NOON + timedelta(hours=21)),
        ),
        (
            history(past(1), past(2), past(3, campaign="other")),
            rules(limits=(PER_DAY,)),
            Refused("attempts", NOON + 21 * DAY / 24),
        ),
        (history(past(900), past(950)), rules(limits=(Limit(Scope.PERSON, 2, None),)), Refused("attempts", None)),
        (history(past(900), past(950, campaign="other")), rules(limits=(Limit(Scope.PERSON, 2, None),)), None),
        (history(past(900), past(950, number=OTHER)), rules(limits=(Limit(Scope.NUMBER, 2, None),)), None),
        (
            history(past(900), past(950, number=OTHER)),
            rules(limits=(Limit(Scope.PERSON, 2, None),)),
            Refused("attempts", None),
        ),
        (
            history(past(71, Outcome.ABANDONED)),
            rules(cool=(CoolDown(Outcome.ABANDONED, 3 * DAY),)),
            Refused("cool_down", NOON + timedelta(hours=1)),
        ),
        (history(past(73, Outcome.ABANDONED)), rules(cool=(CoolDown(Outcome.ABANDONED, 3 * DAY),)), None),
        (history(past(1, Outcome.BUSY)), rules(cool=(CoolDown(Outcome.ABANDONED, 3 * DAY),)), None),
    ],
)
def test_the_past(seen: History, law: Rules, expected: Refused | None) -> None:
    verdict = check(NEW_YORK, seen, law, NOON)
    assert verdict == expected if expected else isinstance(verdict, Allowed)


def agreed(kind: ConsentKind, hours_ago: float, **ends: float) -> Consent:
    """``ends``: when it ends, hours from noon."""
    times = {name: NOON + timedelta(hours=hours) for name, hours in ends.items()}
    return Consent(NUMBER, kind, NOON - timedelta(hours=hours_ago), "a form", **times)  # type: ignore[arg-type]


CALLS, MOBILE = ConsentKind.CALLS, ConsentKind.MOBILE
NO_CONSENT = Refused("consent", None)


@pytest.mark.parametrize(
    ("consents", "needed", "mobile", "expected"),
    [
        ((), (), False, None),
        ((), (CALLS,), False, NO_CONSENT),
        ((agreed(CALLS, 1),), (CALLS,), False, None),
        ((agreed(MOBILE, 1),), (CALLS,), False, NO_CONSENT),
        ((agreed(CALLS, 1, expires_at=0.1),), (CALLS,), False, None),
        ((agreed(CALLS, 1, expires_at=0),), (CALLS,), False, NO_CONSENT),
        ((agreed(CALLS, -1),), (CALLS,), False, NO_CONSENT),
        ((agreed(CALLS, 1, withdrawn_at=0),), (CALLS,), False, NO_CONSENT),
        ((agreed(CALLS, 1, withdrawn_at=0),), (), False, NO_CONSENT),  # taken back: no campaign calls
        ((agreed(CALLS, 5, withdrawn_at=-3), agreed(CALLS, 2)), (CALLS,), False, None),  # and given again
        ((agreed(CALLS, 5, withdrawn_at=-3), agreed(CALLS, 4)), (CALLS,), False, NO_CONSENT),  # written down too late
        ((agreed(MOBILE, 1, withdrawn_at=0),), (), False, None),
        ((), (), True, NO_CONSENT),  # an American number may be on a mobile telephone
        ((agreed(MOBILE, 1),), (), True, None),
    ],
)
def test_consents(
    consents: tuple[Consent, ...], needed: tuple[ConsentKind, ...], mobile: bool, expected: Refused | None
) -> None:
    law = Rules(MINE, "demo", (), (), needed, mobile)
    verdict = check(NEW_YORK, History(consents=consents), law, NOON)
    assert verdict == expected if expected else isinstance(verdict, Allowed)


def answered(answer: Answer, days_ago: float) -> Asked:
    return Asked(NUMBER, date(2026, 1, 1), answer, NOON - timedelta(days=days_ago))


GIVEN_UP = Refused("reassigned_number", None)
NOT_ASKED = Refused("reassigned_number", NOON + REASSIGNED_REST)


@pytest.mark.parametrize(
    ("answer", "consents", "within", "expected"),
    [
        (None, (), None, None),
        (answered(Answer.YES, 9), (), None, GIVEN_UP),
        (answered(Answer.YES, 9), (agreed(CALLS, 24 * 10),), None, GIVEN_UP),  # of who had the number before
        (answered(Answer.YES, 9), (agreed(CALLS, 24),), None, None),  # of its new owner
        (answered(Answer.YES, 9), (agreed(ConsentKind.RECORDING, 24),), None, GIVEN_UP),
        (answered(Answer.NO, 9), (), None, None),
        (answered(Answer.NO, 9), (), 10, None),
        (answered(Answer.NO, 10), (), 10, NOT_ASKED),
        (answered(Answer.NO_DATA, 9), (), 10, NOT_ASKED),
        (None, (), 10, NOT_ASKED),
    ],
)
def test_a_number_that_may_have_another_owner(
    answer: Asked | None, consents: tuple[Consent, ...], within: int | None, expected: Refused | None
) -> None:
    law = Rules(MINE, "demo", (), (), reassigned_within=None if within is None else timedelta(days=within))
    verdict = check(NEW_YORK, History(consents=consents, reassigned=answer), law, NOON)
    assert verdict == expected if expected else isinstance(verdict, Allowed)


def test_whose_a_number_is_is_demanded_of_american_ones_alone() -> None:
    law = Rules(MINE, "demo", (), (), reassigned_within=timedelta(days=1))
    for number in ("+4915123456789", "+14165550123"):
        assert isinstance(check(Lead(number, ("Europe/Berlin",)), History(), law, NOON), Allowed)
    assert check(Lead("+18005550123", ("America/New_York",)), History(), law, NOON) == NOT_ASKED


def test_a_line_that_no_mobile_telephone_has_needs_no_consent_for_one() -> None:
    law = Rules(MINE, "demo", (), (), mobile_consent=True)
    assert isinstance(check(Lead("+493023125000", ("Europe/Berlin",)), History(), law, NOON), Allowed)
    assert check(Lead("+4915123456789", ("Europe/Berlin",)), History(), law, NOON) == NO_CONSENT


def test_a_list_that_cannot_be_asked_refuses_everybody_for_a_while() -> None:
    verdict = check(NEW_YORK, History(unasked=("national",)), rules(), NOON)
    assert verdict == Refused("do_not_call_list", NOON + timedelta(minutes=10))


def test_the_hours_must_still_be_open_when_the_call_goes_out() -> None:
    nine = datetime(2027, 3, 4, 2, 0, tzinfo=UTC)  # in the evening, in New York
    for before_s, is_open in ((11, True), (10, False), (1, False), (0, False)):
        at = nine - timedelta(seconds=before_s)
        verdict = check(NEW_YORK, History(), rules("us-telemarketing"), at)
        assert isinstance(verdict, Allowed) is is_open
        if isinstance(verdict, Refused):
            assert verdict.until == nine + timedelta(hours=11)


def answered_in(mode: str) -> dict[str, Any]:
    return {"queue": None, "safe_harbour": None, "flow": '"offer"'} if mode == "broadcast" else {}


def test_a_message_for_machines_is_a_recorded_voice(tmp_path: Path) -> None:
    law = rules_of(
        make_campaign(
            tmp_path,
            preset='"us-telemarketing"',
            trunk='"carrier"',
            detect_machine="true",
            machine='"message"',
            machine_message='"news"',
        )
    )
    assert law.consents == (ConsentKind.PRERECORDED,)


@pytest.mark.parametrize(
    ("preset", "mode", "locked", "mobile", "needed"),
    [
        ("us-telemarketing", "progressive", False, True, ()),
        ("us-telemarketing", "manual", False, False, ()),
        ("us-telemarketing", "preview", False, True, ()),
        ("us-florida", "broadcast", False, True, (ConsentKind.PRERECORDED,)),
        ("us-collections", "broadcast", True, True, ()),
        ("uk-strict", "progressive", True, False, ()),
        ("uk-strict", "manual", False, False, ()),
        ("uk-strict", "preview", False, False, ()),
        ("france", "progressive", True, False, (CALLS,)),
        ("spain", "manual", False, False, (CALLS,)),
        ("zero-abandon", "progressive", False, False, ()),
    ],
)
def test_the_rules_follow_from_preset_and_mode(
    tmp_path: Path, preset: str, mode: str, locked: bool, mobile: bool, needed: tuple[ConsentKind, ...]
) -> None:
    pacing = f'[pacing]\nmode = "{mode}"\n'
    law = rules_of(make_campaign(tmp_path, pacing, preset=f'"{preset}"', trunk='"carrier"', **answered_in(mode)))
    assert (bool(law.cool_downs), law.mobile_consent, law.consents) == (locked, mobile, needed)


def test_a_campaign_may_ask_for_more(tmp_path: Path) -> None:
    own = '[compliance]\ndo_not_call = ["national"]\nconsent = "mobile"\nmax_list_age_days = 7\n'
    law = rules_of(make_campaign(tmp_path, own, preset='"france"', trunk='"carrier"'))
    assert (law.consents, law.lists, law.list_age) == ((CALLS, MOBILE), ("national",), timedelta(days=7))
    warned = rules_of(make_campaign(tmp_path, own + 'stale_list = "warn"\n'))
    assert (warned.consents, warned.list_age) == ((MOBILE,), None)


@pytest.mark.parametrize("number", ["+1", "12025550101", "+1202555010a", "+12025550101\n", "+112"])
def test_what_is_no_number_is_never_dialled(number: str) -> None:
    assert check(Lead(number, ("America/New_York",)), History(), rules(), NOON) == Refused("number", None)


@pytest.mark.parametrize(
    ("zones", "preset", "until"),
    [
        (("America/New_York",), "us-telemarketing", "open"),
        (("America/New_York", "America/Los_Angeles"), "us-telemarketing", "open"),  # noon and nine
        (("America/New_York", "Pacific/Honolulu"), "us-telemarketing", datetime(2027, 3, 3, 18, 0, tzinfo=UTC)),
        (("Europe/Berlin",), "germany", "open"),
        (("Asia/Tokyo",), "us-telemarketing", datetime(2027, 3, 3, 23, 0, tzinfo=UTC)),
        ((), "us-telemarketing", None),
        (("Mars/Base",), "us-telemarketing", None),
        (("America/New_York", "Asia/Bangkok"), "australia", None),  # 11 or 12 h apart, 11 h open: never both
        ((), "demo", "open"),
    ],
)
def test_hours_hold_in_every_zone(zones: tuple[str, ...], preset: str, until: datetime | str | None) -> None:
    verdict = check(Lead(NUMBER, zones), History(), rules(preset), NOON)
    if until == "open":
        assert isinstance(verdict, Allowed)
    else:
        assert isinstance(verdict, Refused)
        assert verdict.until == until
        assert verdict.rule == ("calling_hours" if zones else "time_zone")


@pytest.mark.parametrize(
    ("day", "hour", "preset", "zone", "is_open"),
    [
        ("2027-01-01", 12, "germany", "Europe/Berlin", False),  # New Year
        ("2027-10-03", 12, "germany", "Europe/Berlin", False),  # a Sunday, and the day of unity
        ("2027-11-01", 12, "germany", "Europe/Berlin", False),  # All Saints: some states only
        ("2027-11-02", 12, "germany", "Europe/Berlin", True),
        ("2027-11-06", 19, "germany", "Europe/Berlin", True),  # a Saturday
        ("2027-11-02", 20, "germany", "Europe/Berlin", False),
        ("2027-01-26", 12, "australia", "Australia/Sydney", False),  # Australia Day
        ("2027-01-27", 12, "australia", "Australia/Sydney", True),
        ("2027-01-30", 17, "australia", "Australia/Sydney", False),  # Saturday, at five
        ("2027-01-31", 12, "australia", "Australia/Sydney", False),  # Sunday
        ("2027-05-05", 20, "us-florida", "America/New_York", False),
        ("2027-05-05", 20, "us-telemarketing", "America/New_York", True),
        ("2027-05-08", 18, "canada", "America/Toronto", False),
    ],
)
def test_days_and_holidays(day: str, hour: int, preset: str, zone: str, is_open: bool) -> None:
    at = datetime.fromisoformat(day).replace(hour=hour, tzinfo=ZoneInfo(zone))
    verdict = check(Lead(NUMBER, (zone,)), History(), rules(preset), at.astimezone(UTC))
    assert isinstance(verdict, Allowed) is is_open


# --- every change of the clock ----------------------------------------------------------------------------------

ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "America/Asuncion", "America/Caracas", "America/Chicago",
    "America/Havana", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Nuuk",
    "America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll",
    "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Tehran", "Australia/Adelaide",
    "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Chisinau", "Europe/London",
    "Europe/Volgograd", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Norfolk",
)  # fmt: skip
"""With half hours and quarters, changes at midnight, by an hour, two, or half of one, around Ramadan, or none at all,
and those that gave theirs up."""

QUARTER = timedelta(minutes=15)


@lru_cache(maxsize=64)
def clock_changes(zone: str) -> tuple[datetime, ...]:
    """Every instant from 2020 to 2035 at which the zone's offset changes, to the quarter of an hour."""
    info = ZoneInfo(zone)
    found = []
    day = datetime(2020, 1, 1, tzinfo=UTC)
    while day < datetime(2036, 1, 1, tzinfo=UTC):
        if day.astimezone(info).utcoffset() != (day + DAY).astimezone(info).utcoffset():
            at = day
            while at.astimezone(info).utcoffset() == (at + QUARTER).astimezone(info).utcoffset():
                at += QUARTER
            found.append(at + QUARTER)
        day += DAY
    return tuple(found)


def test_the_changes_are_there() -> None:
    assert len(clock_changes("Europe/Berlin")) == 32
    assert len(clock_changes("Australia/Lord_Howe")) == 32
    assert len(clock_changes("America/Phoenix")) == 0
    assert len(clock_changes("Africa/Casablanca")) >= 30  # around each Ramadan


NEAR = st.timedeltas(timedelta(hours=-26), timedelta(hours=26))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(PRESETS)), st.sampled_from(ZONES), st.integers(0, 100), NEAR)
def test_two_arithmetics_of_zones_agree_around_every_change(
    preset: str, zone: str, which: int, after: timedelta
) -> None:
    """What decides and what proves share no code, and say the same of every moment."""
    changes = clock_changes(zone) or (datetime(2027, 3, 14, 10, tzinfo=UTC), datetime(2027, 12, 24, 9, tzinfo=UTC))
    at = changes[which % len(changes)] + after
    law = Law({"preset": {"hours": hours_of(preset), "holidays": PRESETS[preset].holidays}})
    verdict = check(Lead(NUMBER, (zone,)), History(), rules(preset), at)
    if law.preset["hours"] is None:
        assert isinstance(verdict, Allowed)
    else:
        times = (at, at + DIALLED_WITHIN)
        assert isinstance(verdict, Allowed) is all(closed(each, zone, law) == "" for each in times)


def hours_of(preset: str) -> dict[str, str] | None:
    hours = PRESETS[preset].hours
    return None if hours is None else dict(hours)


def legal(at: datetime, zone: str) -> bool:
    """8 to 21 by the wall clock, said once more in the simplest way there is."""
    return time(8) <= at.astimezone(ZoneInfo(zone)).time() < time(21)


@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_the_clock(zone: str) -> None:
    law = rules("us-telemarketing")
    lead = Lead(NUMBER, (zone,))
    days = clock_changes(zone) or (datetime(2027, 3, 14, 10, tzinfo=UTC), datetime(2027, 11, 7, 9, tzinfo=UTC))
    for change in days:
        at = change - timedelta(hours=26)
        while at < change + timedelta(hours=26):
            verdict = check(lead, History(), law, at)
            assert isinstance(verdict, Allowed) is legal(at, zone), (zone, at)
            at += timedelta(minutes=20)
        for hours in (20, 9, 3, 1):
            asked = change - timedelta(hours=hours)
            verdict = check(lead, History(), law, asked)
            if isinstance(verdict, Refused):
                assert verdict.until is not None
                assert legal(verdict.until, zone)
                assert not legal(verdict.until - timedelta(seconds=1), zone)
                assert asked < verdict.until < asked + timedelta(hours=12.1)


def test_no_attempt_waits_past_the_time_for_which_the_hours_were_looked_at() -> None:
    """As long again is left for the store, which may be slow to commit."""
    assert 2 * LONGEST_WAIT_S <= DIALLED_WITHIN.total_seconds()


@settings(deadline=None)  # zones that are never open together are looked for through more than a year
@given(
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=4),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_allowed_only_inside_the_hours_of_all_zones(zones: list[str], at: datetime) -> None:
    verdict = check(Lead(NUMBER, tuple(zones)), History(), rules("us-telemarketing"), at)
    times = (at, at + DIALLED_WITHIN)
    assert isinstance(verdict, Allowed) is all(legal(each, zone) for zone in zones for each in times)
    if isinstance(verdict, Refused) and verdict.until is not None:
        assert verdict.until > at
        assert all(legal(verdict.until, zone) for zone in zones)


@given(
    st.lists(st.floats(0.01, 400), max_size=12),
    st.integers(1, 4),
    st.sampled_from([DAY, 7 * DAY]),
)
def test_no_stretch_ever_has_more_than_the_limit(ages: list[float], most: int, period: timedelta) -> None:
    """Dial a person whenever it is allowed, from any past that kept the limit: it is kept for ever."""
    law = rules(limits=(Limit(Scope.PERSON, most, period),))
    done = [past(age) for age in sorted(ages, reverse=True)]
    done = [each for index, each in enumerate(done) if index < most or each.at - done[index - most].at >= period]
    kept: list[PastAttempt] = []
    for each in done:
        if len([k for k in kept if k.at > each.at - period]) < most:
            kept.append(each)
    at = NOON
    for _ in range(6):
        verdict = check(NEW_YORK, history(*kept), law, at)
        if isinstance(verdict, Refused):
            assert verdict.until is not None
            assert verdict.until > at
            at = verdict.until
            assert isinstance(check(NEW_YORK, history(*kept), law, at), Allowed)
        kept.append(PastAttempt(at, NUMBER, MINE, Outcome.BUSY))
        at += timedelta(minutes=1)
    times = [each.at for each in kept]
    assert all(sum(first <= later < first + period for later in times) <= most for first in times)


def test_a_campaigns_own_limits_stand_beside_its_presets(tmp_path: Path) -> None:
    campaign = make_campaign(
        tmp_path, "[attempts]\nper_number = 5\nper_person = 4\nper_day = 2\n", preset='"germany"', trunk='"carrier"'
    )
    law = rules_of(campaign)
    assert law.limits == (
        Limit(Scope.NUMBER, 5, None),
        Limit(Scope.PERSON, 4, None),
        Limit(Scope.PERSON, 2, DAY),
        *PRESETS["germany"].limits,
    )
