"""The share of abandoned calls, in every window of each version's preset: invariant I5 for the run.

A window that slides is judged wherever it ends with a call, once the campaign has run as long as it; a campaign that
is shorter is judged at its end. A calendar month is judged whole, the last one as far as it goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dialer.proof.evidence import Attempt, Evidence
from dialer.proof.finding import Breach, Finding
from dialer.proof.law import Law


@dataclass(frozen=True, slots=True)
class Counted:
    """A call that a person answered, or one that an agent found to be a machine's. ``connected``: a person who was
    not abandoned; ``talked``: who met an agent."""

    at: datetime
    abandoned: bool
    connected: bool
    talked: bool
    machine: bool


@dataclass(slots=True)
class Share:
    """What a window holds."""

    abandoned: int = 0
    connected: int = 0
    talked: int = 0
    machines: int = 0

    def add(self, call: Counted, times: int = 1) -> None:
        """One more, or one less."""
        self.abandoned += times * call.abandoned
        self.connected += times * call.connected
        self.talked += times * call.talked
        self.machines += times * call.machine

    def rate(self, denominator: str) -> float:
        """The share, from 0 to 1."""
        if denominator == "uk_estimate":
            handled = self.talked + self.machines
            abandoned = self.abandoned * self.talked / handled if handled else float(self.abandoned)
            whole = self.talked + abandoned
        else:
            abandoned, whole = float(self.abandoned), float(self.connected + self.abandoned)
        return abandoned / whole if whole else 0.0


def judged(evidence: Evidence) -> Iterator[Finding]:
    """Windows in which too many were abandoned: of those of a version that overlap, the worst."""
    counted = sorted((call for call in map(_counted, evidence.own) if call is not None), key=lambda each: each.at)
    spans: dict[str, list[datetime]] = defaultdict(list)
    for attempt in evidence.own:
        if attempt.version in evidence.versions:
            spans[str(attempt.version)].append(attempt.at)
    for version, times in spans.items():
        law = Law(evidence.versions[version])
        until = max((each.at for each in counted if each.at <= max(times) + timedelta(hours=1)), default=max(times))
        yield from _version(counted, law.preset, min(times), until)


def _counted(attempt: Attempt) -> Counted | None:
    call = attempt.call
    if call is None or not attempt.sent:
        return None
    person = call.answered_at is not None and call.outcome in ("answered", "abandoned")
    machine = call.agent_id is not None and (call.found_machine or call.outcome == "machine")
    if not (person or machine or call.abandoned):
        return None
    connected = person and not call.abandoned and not machine
    talked = connected and call.agent_id is not None
    return Counted(call.started_at, call.abandoned, connected, talked, machine)


def _version(counted: list[Counted], preset: dict[str, Any], begin: datetime, end: datetime) -> Iterator[Finding]:
    window, cap, denominator = preset["cap_window"], preset["abandonment_cap"], preset["denominator"]
    if isinstance(window, dict):
        shares: Iterable[tuple[str, Share]] = _months(counted, ZoneInfo(window["zone"]), begin, end)
    else:
        shares = _sliding(counted, timedelta(seconds=window), begin, end)
    worst = max(shares, key=lambda each: each[1].rate(denominator), default=None)
    if worst is not None and worst[1].rate(denominator) > cap:
        where, share = worst
        yield Breach(
            "",
            "I5",
            f"{where}: {share.abandoned} abandoned, {share.connected} met an agent: {share.rate(denominator):.2%},"
            f" {cap:.2%} allowed",
        )


def _sliding(
    counted: list[Counted], length: timedelta, begin: datetime, end: datetime
) -> Iterator[tuple[str, Share]]:
    share, first = Share(), 0
    for index, call in enumerate(counted):
        share.add(call)
        while counted[first].at <= call.at - length:
            share.add(counted[first], -1)
            first += 1
        whole = call.at - counted[0].at >= length
        is_last = index + 1 == len(counted) or counted[index + 1].at > end
        if begin <= call.at <= end and (whole or is_last):
            until = f"{length} until {call.at.isoformat()}"
            yield until, replace(share)


def _months(counted: list[Counted], zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[str, Share]]:
    months: dict[str, Share] = defaultdict(Share)
    for call in counted:
        months[f"{call.at.astimezone(zone):%Y-%m}"].add(call)
    first, last = (f"{at.astimezone(zone):%Y-%m}" for at in (begin, end))
    for month, share in months.items():
        if first <= month <= last:
            yield month, share
