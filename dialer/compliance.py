"""May this lead be dialled now? Pure: lead, history of the person, rules and the time in; a verdict out.

Everything is asked again inside the transaction that begins an attempt (``dialer.attempts``), so a verdict is never
older than the attempt that it allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import holidays

from calls import hours, numbers
from calls.causes import Outcome
from calls.hours import WeeklyHours
from calls.ids import CampaignId
from calls.people import reassigned
from calls.people.consents import Consent, ConsentKind, stands
from calls.people.reassigned import Answer, Asked
from dialer.campaign import Campaign
from dialer.presets import PRESETS, CoolDown, Limit, Scope

OPEN_REST = timedelta(seconds=60)
"""A person whom we are dialling already is asked about again after this."""

DIALLED_WITHIN = timedelta(seconds=10)
"""The call goes out so soon after it was allowed, or not at all: the hours must still be open then. The longest wait
for an agent or a trunk, and as much again for a store that is slow to commit."""

LIST_REST = timedelta(minutes=10)
"""A list that cannot be asked now is asked again after this."""

REASSIGNED_REST = timedelta(hours=6)
"""A number of which it must be known that its owner is the same is asked about again after this."""

HOLIDAY_YEARS = 2
"""Holidays are looked up for the year and as many after it: further than the next opening is ever searched for."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Who would be dialled. ``time_zones``: all IANA zones that the person may be in; none: not known."""

    number: str
    time_zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An attempt of the person, over all campaigns, that the switch was asked for. ``outcome`` None: not over."""

    at: datetime
    number: str
    campaign_id: CampaignId
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the person. ``forbidden``: the number stands on a do-not-call list; ``unasked``: lists that
    hold and could not be asked."""

    attempts: tuple[PastAttempt, ...] = ()
    forbidden: bool = False
    unasked: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    reassigned: Asked | None = None
    """The last answer on whether the number has another owner; None: nobody asked."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a campaign keeps to: its preset's rules and its own, in one list."""

    campaign_id: CampaignId
    preset: str
    limits: tuple[Limit, ...]
    cool_downs: tuple[CoolDown, ...]
    consents: tuple[ConsentKind, ...] = ()
    """Nobody is dialled without them."""
    mobile_consent: bool = False
    """Nor who may be on a mobile telephone without that consent."""
    lists: tuple[str, ...] = ()
    """Imported do-not-call lists that hold."""
    list_age: timedelta | None = None
    """How old they may be; None: as old as they are."""
    reassigned: bool = True
    """A number that is known to have been given up is not dialled."""
    reassigned_within: timedelta | None = None
    """So recently it must be known that it was not; None: it need not."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be dialled. ``rules``: what was looked at, for the record."""

    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not. ``until``: when the rule may allow it (UTC); None: never, as things are."""

    rule: str
    until: datetime | None


RULES = (
    "number",
    "do_not_call",
    "do_not_call_list",
    "consent",
    "reassigned_number",
    "open_attempt",
    "attempts",
    "cool_down",
    "time_zone",
    "calling_hours",
)
"""The rules in the order in which they are looked at; the first that refuses is the one that is reported."""


def rules_of(campaign: Campaign) -> Rules:
    """The rules of ``campaign``: those of its place and its own, of which the stricter holds."""
    own = campaign.file.attempts
    limits = (
        Limit(Scope.NUMBER, own.per_number, None),
        Limit(Scope.PERSON, own.per_person, None),
        Limit(Scope.PERSON, own.per_day, timedelta(hours=24)),
    )
    preset, mode, kept = campaign.preset, campaign.file.pacing.mode, campaign.file.compliance
    agent_is_sure = preset.reserve_agent or campaign.on_request or bool(campaign.file.pacing.by_hand)
    recorded = mode == "broadcast" or campaign.file.machine == "message"
    spoken = (ConsentKind.PRERECORDED,) if preset.prerecorded_consent and recorded else ()
    return Rules(
        campaign_id=campaign.campaign_id,
        preset=preset.name,
        limits=limits + preset.limits,
        cool_downs=tuple(each for each in preset.cool_downs if not (each.unless_agent and agent_is_sure)),
        consents=tuple(dict.fromkeys((*preset.consents, *spoken, *kept.consents))),
        mobile_consent=preset.mobile_consent and mode != "manual",
        lists=kept.do_not_call,
        list_age=timedelta(days=kept.max_list_age_days) if kept.stale_list == "refuse" else None,
        reassigned=not campaign.on_request,
        reassigned_within=kept.reassigned_within,
    )


def check(lead: Lead, history: History, rules: Rules, now: datetime) -> Allowed | Refused:
    """Whether ``lead`` may be dialled at ``now`` (aware).

    Of several refusals the first by :data:`RULES` is given. A person whose zone is not known is refused for good: who
    may not be called at night is then not called at all. With several zones the hours must be open in each.
    """
    return next(_refusals(lead, history, rules, now), Allowed(RULES))


def _refusals(lead: Lead, history: History, rules: Rules, now: datetime) -> Iterator[Refused]:
    if not numbers.is_dialable(lead.number):
        yield Refused("number", None)
    if history.forbidden:
        yield Refused("do_not_call", None)
    if history.unasked:
        yield Refused("do_not_call_list", now + LIST_REST)
    yield from _consents(lead, history, rules, now)
    if rules.reassigned:
        yield from _reassigned(lead, history, rules, now)
    if any(past.outcome is None for past in history.attempts):
        yield Refused("open_attempt", now + OPEN_REST)
    for limit in rules.limits:
        yield from _limit(limit, lead, history, rules, now)
    for cool_down in rules.cool_downs:
        yield from _cool_down(cool_down, history, now)
    yield from _hours(lead, rules, now)


def _consents(lead: Lead, history: History, rules: Rules, now: datetime) -> Iterator[Refused]:
    """Who has taken back the consent to be called is called by no campaign, whether it needs one or not."""
    calls = [each for each in history.consents if each.kind is ConsentKind.CALLS]
    taken_back = any(each.withdrawn_at is not None for each in calls)
    needed = {*rules.consents, *((ConsentKind.CALLS,) if taken_back else ())}
    if rules.mobile_consent and numbers.may_be_mobile(lead.number):
        needed.add(ConsentKind.MOBILE)
    if not all(stands(history.consents, kind, now) for kind in needed):
        yield Refused("consent", None)


def _reassigned(lead: Lead, history: History, rules: Rules, now: datetime) -> Iterator[Refused]:
    """Who agreed to something after the number was found to be given up is its new owner."""
    last = history.reassigned
    if last is not None and last.answer is Answer.YES:
        later = [each for each in history.consents if each.withdrawn_at is not None or each.given_at > last.asked_at]
        if not any(stands(later, kind, now) for kind in ConsentKind if kind is not ConsentKind.RECORDING):
            yield Refused("reassigned_number", None)
    within = rules.reassigned_within
    if within is not None and reassigned.is_covered(lead.number):
        if last is None or last.answer is Answer.NO_DATA or last.asked_at <= now - within:
            yield Refused("reassigned_number", now + REASSIGNED_REST)


def _limit(limit: Limit, lead: Lead, history: History, rules: Rules, now: datetime) -> Iterator[Refused]:
    counted = sorted(
        past.at
        for past in history.attempts
        if (limit.scope is Scope.PERSON or past.number == lead.number)
        and (past.campaign_id == rules.campaign_id if limit.period is None else past.at > now - limit.period)
    )
    if len(counted) < limit.attempts:
        return
    # Free again when so many have grown old that one more fits.
    until = None if limit.period is None else counted[len(counted) - limit.attempts] + limit.period
    yield Refused("attempts", until)


def _cool_down(rule: CoolDown, history: History, now: datetime) -> Iterator[Refused]:
    last = max((past.at for past in history.attempts if past.outcome is rule.outcome), default=None)
    if last is not None and now < last + rule.period:
        yield Refused("cool_down", last + rule.period)


def _hours(lead: Lead, rules: Rules, now: datetime) -> Iterator[Refused]:
    if PRESETS[rules.preset].hours is not None and not lead.time_zones:
        yield Refused("time_zone", None)
    elif not hours_open(rules.preset, lead.time_zones, now):
        yield Refused("calling_hours", _next_open(rules.preset, lead.time_zones, now + DIALLED_WITHIN))


def hours_open(preset: str, zones: tuple[str, ...], at: datetime) -> bool:
    """True where the preset's calling hours are open in all ``zones`` at a time, and until a call has gone out."""
    windows = _windows(preset, at.year)
    if windows is None:
        return True
    return all(hours.open_in_all(windows, zones, each) for each in (at, at + DIALLED_WITHIN))


def _next_open(preset: str, zones: tuple[str, ...], now: datetime) -> datetime | None:
    """The next instant that is open in all zones. Some sets of zones are never open together, and finding that out
    means looking more than a year ahead, so what a whole day has in common is looked for once."""
    first = _first_open(preset, zones, now.astimezone(UTC).date())
    return first if first is None or first >= now else _first_open_from(preset, zones, now)


@lru_cache(maxsize=4096)
def _first_open(preset: str, zones: tuple[str, ...], day: date) -> datetime | None:
    return _first_open_from(preset, zones, datetime.combine(day, time(0), UTC))


@lru_cache(maxsize=4096)
def _first_open_from(preset: str, zones: tuple[str, ...], at: datetime) -> datetime | None:
    """All leads of one transaction share their moment, and many of them their zones."""
    windows = _windows(preset, at.year)
    return None if windows is None else hours.next_open_in_all(windows, zones, at)


@lru_cache(maxsize=64)
def _windows(preset: str, year: int) -> WeeklyHours | None:
    """The calling hours of a preset, closed on its holidays from ``year`` on; None: always open."""
    rule = PRESETS[preset]
    if rule.hours is None:
        return None
    closed = {day.isoformat(): "closed" for day in _holidays(rule.holidays, year)} if rule.holidays else {}
    return hours.parse(rule.hours, "UTC", on_dates=closed)


def _holidays(country: str, year: int) -> set[date]:
    """The public holidays of the country and of any of its states, a day around the years for other zones' sake."""
    years = range(year - 1, year + HOLIDAY_YEARS + 1)
    states = (None, *holidays.country_holidays(country).subdivisions)
    return {day for state in states for day in holidays.country_holidays(country, subdiv=state, years=years)}
