"""Do-not-call entries and lists, and consents, in the order of the commits: invariant I1.

Every change has its number in the log, and an attempt keeps the last one that its transaction saw: what it saw is
what was there, whatever the clocks said.
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneNumberType

from dialer.proof.evidence import Attempt, Change, Evidence
from dialer.proof.finding import Breach, Finding, Unproved
from dialer.proof.law import Law

HEADER_BYTES = 64
NEVER_MOBILE = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
)
LATE = timedelta(seconds=60)
"""A change that was written so long before an attempt and committed after it is not believed."""


def judged(evidence: Evidence) -> Iterator[Finding]:
    """Attempts that an entry, a list or a missing consent forbade."""
    standing = Standing()
    waiting = list(reversed(evidence.changes))
    last_seen = 0
    for attempt in evidence.own:
        if attempt.seq is None:
            yield Unproved(attempt.attempt_id, "I1", "an older release kept no order of the commits")
            continue
        if attempt.seq < last_seen:
            yield Breach(
                attempt.attempt_id,
                "I1",
                f"it is said to have seen change {attempt.seq}, and the one before it {last_seen}",
            )
        last_seen = max(last_seen, attempt.seq)
        while waiting and waiting[-1].seq <= last_seen:
            standing.take(waiting.pop())
        rules = evidence.rules(attempt)
        if rules is None or not attempt.sent:
            continue
        law = Law(rules)
        yield from standing.entries(attempt, law, evidence)
        yield from standing.lists(attempt, law)
        yield from standing.consents(attempt, law)
        yield from standing.reassigned(attempt, law)
        yield from _later_than_its_time(attempt, waiting)


class Standing:
    """Who may be called, after so many changes."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str | None, str], Change] = {}
        self._lists: dict[str, Change] = {}
        self._given: dict[tuple[str, str], list[Change]] = defaultdict(list)
        self._taken: dict[tuple[str, str], Change] = {}
        """The last time that a kind was taken back."""
        self._answers: dict[str, list[Change]] = defaultdict(list)
        """What the database of reassigned numbers said."""

    def take(self, change: Change) -> None:
        """One change more."""
        match change.what:
            case "forbidden":
                self._entries[change.campaign_id, change.subject] = change
            case "allowed":
                self._entries.pop((change.campaign_id, change.subject), None)
            case "listed":
                self._lists[change.subject] = change
            case "consented":
                self._given[change.subject, str(change.kind)].append(change)
            case "reassigned":
                self._answers[change.subject].append(change)
            case _:
                self._taken[change.subject, str(change.kind)] = change

    def entries(self, attempt: Attempt, law: Law, evidence: Evidence) -> Iterator[Finding]:
        """Entries of our own list that the attempt's number is on."""
        spelled = [attempt.known_as, *(f"{attempt.number[:size]}*" for size in range(2, len(attempt.number) + 1))]
        asked_at = evidence.requests.get(int(attempt.decision.get("callback") or 0)) if law.on_request else None
        for place in (None, attempt.campaign_id):
            for subject in spelled:
                found = self._entries.get((place, subject))
                if found is None or (found.until is not None and found.until <= attempt.at):
                    continue
                if asked_at is None or asked_at <= found.at:
                    yield Breach(
                        attempt.attempt_id,
                        "I1",
                        f"{subject} was forbidden {found.at.isoformat()} (change {found.seq}); the attempt saw change"
                        f" {attempt.seq}",
                    )

    def lists(self, attempt: Attempt, law: Law) -> Iterator[Finding]:
        """Imported lists that the attempt's number is on."""
        if law.lists() and attempt.is_erased:
            yield Unproved(attempt.attempt_id, "I1", "the person was erased: no list can be asked about a hash")
            return
        for name in law.lists():
            found = self._lists.get(name)
            if found is None:
                yield Breach(attempt.attempt_id, "I1", f"the list {name} was not there, and its campaign names it")
                continue
            oldest = law.oldest_list()
            if oldest is not None and attempt.at - found.at > oldest:
                yield Breach(attempt.attempt_id, "I1", f"the list {name} was of {found.at:%Y-%m-%d}: too old")
            version, _, path = found.detail.partition(" ")
            listed = _is_listed(Path(path), version, attempt.number)
            if listed is None:
                yield Unproved(
                    attempt.attempt_id, "I1", f"version {version[:12]} of the list {name} is not kept any more"
                )
            elif listed:
                yield Breach(attempt.attempt_id, "I1", f"the number is on the list {name} of {found.at:%Y-%m-%d}")

    def consents(self, attempt: Attempt, law: Law) -> Iterator[Finding]:
        """Consents that are missing, or were taken back."""
        needed = law.consents()
        if law.mobile_consent() and attempt.is_erased:
            yield Unproved(
                attempt.attempt_id, "consent", "the person was erased: a hash does not show a mobile number"
            )
        elif law.mobile_consent() and _may_be_mobile(attempt.number):
            needed.add("mobile")
        if (attempt.known_as, "calls") in self._taken:
            needed.add("calls")
        for kind in sorted(needed):
            if not self._agreed(attempt.known_as, kind, attempt.at):
                taken = self._taken.get((attempt.known_as, kind))
                why = "was not given" if taken is None else f"was taken back (change {taken.seq})"
                yield Breach(attempt.attempt_id, "consent", f"the consent {kind} {why}, or has run out")
        recorded = attempt.call is not None and bool(attempt.call.recording)
        if recorded and law.records_with_consent() and not self._agreed(attempt.known_as, "recording", attempt.at):
            yield Breach(attempt.attempt_id, "consent", "the talk was recorded without the consent recording")
        untold = attempt.call is not None and not attempt.call.told
        if recorded and untold and law.must_tell(attempt.region) and not attempt.is_erased:
            where = f"in {attempt.region}" if attempt.region else "nobody knows where"
            yield Breach(
                attempt.attempt_id, "consent", f"recorded, and the person, {where}, was not told of it before"
            )

        if attempt.call is not None and law.must_hold_notice(attempt.region) and not attempt.is_erased:
            for name in attempt.call.without_notice:
                yield Breach(
                    attempt.attempt_id,
                    "consent",
                    f"in {attempt.region} the announcement must be on the recording: it is not on {name}",
                )

    def reassigned(self, attempt: Attempt, law: Law) -> Iterator[Finding]:
        """Numbers that are known to have another owner, or of which that was to be asked and was not."""
        answers = self._answers[attempt.known_as]
        last = max(answers, key=lambda each: (each.at, each.detail), default=None)
        if last is not None and last.kind == "yes" and law.gives_up_reassigned():
            kinds = ("calls", "mobile", "prerecorded")
            if not any(self._agreed(attempt.known_as, kind, attempt.at, since=last.at) for kind in kinds):
                yield Breach(
                    attempt.attempt_id,
                    "reassigned_number",
                    f"it was given up since {last.detail}, as known {last.at.isoformat()}; nobody agreed anew",
                )
        within = law.reassigned_within()
        if within is not None and attempt.is_erased:
            yield Unproved(attempt.attempt_id, "reassigned_number", "the person was erased: a hash shows no country")
        if within is None or not attempt.number.startswith("+1") or not _is_american(attempt.number):
            return
        if last is None or last.kind == "no_data" or last.at <= attempt.at - within:
            known = "nobody asked" if last is None else f"the last answer was {last.kind}, {last.at.isoformat()}"
            yield Breach(
                attempt.attempt_id, "reassigned_number", f"whose it is had to be known for {within}: {known}"
            )

    def _agreed(self, number: str, kind: str, at: datetime, since: datetime | None = None) -> bool:
        taken = self._taken.get((number, kind))
        return any(
            (since is None or each.at > since)
            and (taken is None or (each.seq > taken.seq and each.at > taken.at))
            and each.at <= at
            and (each.until is None or at < each.until)
            for each in self._given[number, kind]
        )


def _later_than_its_time(attempt: Attempt, to_come: list[Change]) -> Iterator[Finding]:
    """A change whose time lies long before the attempt, and that is said to have been committed after it."""
    for change in to_come:
        if change.what == "forbidden" and change.subject == attempt.known_as and change.at < attempt.at - LATE:
            if change.campaign_id in (None, attempt.campaign_id):
                yield Breach(
                    attempt.attempt_id,
                    "I1",
                    f"forbidden {change.at.isoformat()}, and the records' order says that it was after the attempt",
                )


def _may_be_mobile(number: str) -> bool:
    try:
        return phonenumbers.number_type(phonenumbers.parse(number, None)) not in NEVER_MOBILE
    except phonenumbers.NumberParseException:
        return True


def _is_american(number: str) -> bool:
    """Of the United States and their territories, or toll-free there."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
    return region in ("US", "PR", "GU", "VI", "AS", "MP")


def _is_listed(path: Path, version: str, number: str) -> bool | None:
    """None: the file is gone, or holds another version."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        _, count, digest = struct.unpack("<8sQ32s16x", os.pread(file, HEADER_BYTES, 0))
        if digest.hex() != version:
            return None
        wanted, low, high = int(number[1:]), 0, count
        while low < high:
            middle = (low + high) // 2
            (found,) = struct.unpack("<Q", os.pread(file, 8, HEADER_BYTES + 8 * middle))
            if found == wanted:
                return True
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return False
    except struct.error:  # it was cut short
        return None
    finally:
        os.close(file)
