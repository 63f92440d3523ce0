"""What a proof finds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that was broken. ``rule``: its number among the invariants, or its name; ``attempt_id`` "": the run."""

    attempt_id: str
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Unproved:
    """What the records do not show of an attempt, and why."""

    attempt_id: str
    rule: str
    why: str


Finding = Breach | Unproved


@dataclass(slots=True)
class Verdict:
    """What was found of a campaign. Times are texts of the records."""

    campaign_id: str
    attempts: int = 0
    first_at: str = ""
    last_at: str = ""
    breaches: list[Breach] = field(default_factory=list)
    unproved: list[Unproved] = field(default_factory=list)

    def take(self, finding: Finding) -> None:
        """Keep a finding."""
        if isinstance(finding, Breach):
            self.breaches.append(finding)
        else:
            self.unproved.append(finding)
