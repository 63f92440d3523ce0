"""The rules of a campaign's version, read from its JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

DAY = timedelta(hours=24)
A_DAY_ON_REQUEST = 3
"""People who asked for a call are tried so often a day."""


@dataclass(frozen=True, slots=True)
class Most:
    """At most ``attempts`` of a person, or of a number, in any ``period``; None: in this campaign, ever."""

    of_person: bool
    attempts: int
    period: timedelta | None


@dataclass(frozen=True, slots=True)
class Pause:
    """None for ``period`` after an attempt that came to ``outcome``."""

    outcome: str
    period: timedelta


ALL_MUST_AGREE = "CA CT DE FL IL MA MD MI MT NH NV PA WA"
"""States of the United States where one who talks may not have the talk recorded alone."""

TOLD_ON_IT = "CT WA"
"""Of them those where what tells of the recording must be on it."""


@dataclass(frozen=True, slots=True)
class Law:
    """The rules of one version."""

    rules: dict[str, Any]

    @property
    def preset(self) -> dict[str, Any]:
        """Of the place."""
        found: dict[str, Any] = self.rules["preset"]
        return found

    @property
    def file(self) -> dict[str, Any]:
        """The campaign's file."""
        found: dict[str, Any] = self.rules["campaign"]["file"]
        return found

    @property
    def on_request(self) -> bool:
        """Only people who asked for it were called."""
        return bool(self.rules["campaign"].get("on_request"))

    @property
    def mode(self) -> str:
        """How it dials."""
        return str(self.file["pacing"]["mode"])

    @property
    def own(self) -> dict[str, Any]:
        """``[compliance]``."""
        found: dict[str, Any] = self.file.get("compliance", {})
        return found

    def limits(self) -> Iterator[Most]:
        """How often a person or a number may be called."""
        if self.on_request:
            yield Most(True, A_DAY_ON_REQUEST, DAY)
        else:
            attempts = self.file["attempts"]
            yield Most(False, attempts["per_number"], None)
            yield Most(True, attempts["per_person"], None)
            yield Most(True, attempts["per_day"], DAY)
        for each in self.preset["limits"]:
            period = each["period"]
            yield Most(
                each["scope"] == "person", each["attempts"], None if period is None else timedelta(seconds=period)
            )

    def pauses(self) -> Iterator[Pause]:
        """How soon a person may be called again."""
        agent_is_sure = self.on_request or self.preset["reserve_agent"] or self.mode in ("manual", "preview")
        for each in self.preset["cool_downs"]:
            if not (each["unless_agent"] and agent_is_sure):
                yield Pause(each["outcome"], timedelta(seconds=each["period"]))

    def consents(self) -> set[str]:
        """Without which nobody is called. People who asked for it need none."""
        if self.on_request:
            return set()
        needed = set(self.preset["consents"])
        recorded = self.mode == "broadcast" or self.file.get("machine") == "message"
        if self.preset["prerecorded_consent"] and recorded:
            needed.add("prerecorded")
        if self.own.get("consent", "none") != "none":
            needed.add(self.own["consent"])
        return needed

    def records_with_consent(self) -> bool:
        """Only who agreed to it may be recorded."""
        return bool(self.own.get("recording", "any") == "consent")

    def must_tell(self, region: str) -> bool:
        """Who is there must hear of a recording before it begins."""
        state = region[3:] if region[:3] == "US-" else ""
        rule = self.own.get("recording", "any")
        return bool(rule == "announce" or (rule == "place" and (not state or state in ALL_MUST_AGREE.split())))

    def must_hold_notice(self, region: str) -> bool:
        """What tells who is there of a recording must be on the recording itself: also where nobody knows in which of
        the United States they are."""
        country, state = region[:2], region[3:]
        return self.must_tell(region) and country == "US" and (not state or state in TOLD_ON_IT.split())

    def gives_up_reassigned(self) -> bool:
        """A number that is known to have another owner is not dialled."""
        return not self.on_request

    def reassigned_within(self) -> timedelta | None:
        """So recently it must be known of American numbers that they have none; None: it need not."""
        days = None if self.on_request else self.own.get("reassigned_within_days")
        return None if days is None else timedelta(days=days)

    def attestation(self) -> str:
        """The least with which the carrier must sign each call; "": it need not."""
        return str(self.own.get("attestation") or "")

    def mobile_consent(self) -> bool:
        """Whether who may be on a mobile telephone needs that consent."""
        return bool(self.preset["mobile_consent"]) and self.mode != "manual" and not self.on_request

    def lists(self) -> tuple[str, ...]:
        """Imported do-not-call lists that hold."""
        return () if self.on_request else tuple(self.own.get("do_not_call", ()))

    def oldest_list(self) -> timedelta | None:
        """How old they may be; None: as old as they are."""
        return timedelta(days=self.own["max_list_age_days"]) if self.own.get("stale_list") == "refuse" else None

    def shown_numbers(self) -> set[str]:
        """The numbers that a call may show."""
        return {str(self.file["caller_id"]), *_numbers(self.file.get("caller_ids"))}


def _numbers(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
