"""A preset in words, for people to read: one row of a table, and its sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from dialer import windows
from dialer.presets import CoolDown, Denominator, Limit, Preset, Scope, Source


@dataclass(frozen=True, slots=True)
class Row:
    """A preset's rules, each in some words; "" where there is none."""

    preset: str
    hours: str
    limits: str
    abandoned: str
    rings: str
    consent: str
    more: str


COLUMNS = ("preset", "hours at the called party", "limits", "abandoned at most", "rings at least", "consent", "more")


def row(preset: Preset) -> Row:
    """The rules of a preset."""
    return Row(
        preset=preset.name,
        hours=_hours(preset),
        limits="; ".join([*map(_limit, preset.limits), *_cool_downs(preset.cool_downs)]),
        abandoned=_abandoned(preset),
        rings=f"{preset.min_ring_s:g} s",
        consent="; ".join(_consents(preset)),
        more="; ".join(_more(preset)),
    )


def source(each: Source) -> str:
    """Where a rule was read, in a line."""
    seen = "read" if each.confirmed else "not confirmed by a document"
    where = f"{each.where}; " if each.where else ""
    return f"{each.rule} ({where}{seen}, {each.written_on}; {each.note})"


def _hours(preset: Preset) -> str:
    if preset.hours is None:
        return "always"
    named = ", ".join(f"{days} {times}" for days, times in preset.hours.items())
    return f"{named}; no holidays of {preset.holidays}" if preset.holidays else named


def _abandoned(preset: Preset) -> str:
    if preset.loopback_only:
        return ""
    share = f"{preset.abandonment_cap:.4g}" if preset.reserve_agent else f"{preset.abandonment_cap * 100:.4g}%"
    of = ", by the UK's estimate" if preset.denominator is Denominator.UK_ESTIMATE else ""
    return f"{share} in {windows.in_words(preset.cap_window)}{of}"


def _limit(limit: Limit) -> str:
    of = "a number" if limit.scope is Scope.NUMBER else "a person"
    return f"{limit.attempts} of {of} in {_period(limit.period)}" if limit.period else f"{limit.attempts} of {of}"


def _cool_downs(rules: tuple[CoolDown, ...]) -> Iterator[str]:
    """Those of one kind in one line."""
    kinds = dict.fromkeys((rule.period, rule.unless_agent) for rule in rules)
    for period, unless_agent in kinds:
        outcomes = [
            rule.outcome.value for rule in rules if (rule.period, rule.unless_agent) == (period, unless_agent)
        ]
        unless = ", unless an agent is sure to be there" if unless_agent else ""
        yield f"none for {_period(period)} after {', '.join(outcomes)}{unless}"


def _period(period: timedelta) -> str:
    hours = period.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours > 72 else f"{hours:g} h"


def _consents(preset: Preset) -> list[str]:
    found = [f"{kind.value}: always" for kind in preset.consents]
    if preset.mobile_consent:
        found.append("mobile: who may be on one, but for dialling by hand")
    if preset.prerecorded_consent:
        found.append("prerecorded: broadcasts, messages for machines")
    return found


def _more(preset: Preset) -> list[str]:
    found = []
    if preset.reserve_agent:
        found.append("an agent is kept free for each dial")
    if not preset.machine_detection:
        found.append("no machine detection")
    if preset.loopback_only:
        found.append("only trunks with loopback_only = true")
    return found
