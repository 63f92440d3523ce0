"""A scenario's campaigns as the dialer's core wants them: campaign files that were never written, and a trunk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Literal

from calls.causes import Outcome
from calls.settings import Trunk
from dialer.campaign import Attempts, Campaign, CampaignFile, Retries, Retry
from dialer.mix import ListShare
from dialer.pace import Pacing
from dialer.presets import PRESETS, Preset
from dialer.simulation.scenario import Scenario

Mode = Literal["progressive", "power", "predictive", "zero-abandon"]
"""How the core drives the policy, each as live; those of others are driven once a second, as predictive is."""

PRESET: Literal["demo"] = "demo"
"""Has no limits of time and number that would hold in a scenario."""

QUEUE = "floor"
TRUNK = "line"
MOST_LINES, MOST_CALLS_PER_SECOND, MOST_TRIES, LONGEST_RING_S = 100_000, 1000, 50, 60.0
"""What a campaign file and a trunk may have at most."""

TRIED_AGAIN = (
    Outcome.BUSY,
    Outcome.NO_ANSWER,
    Outcome.CONGESTION,
    Outcome.UNREACHABLE,
    Outcome.FAILED,
    Outcome.MACHINE,
)


class Simulated(Campaign):
    """A campaign of a scenario, which says how long the law's window is."""

    cap_window_s: float

    @property
    def preset(self) -> Preset:
        """The rules: none but the cap's."""
        return _rules(self.cap_window_s)


@cache
def _rules(cap_window_s: float) -> Preset:
    return replace(PRESETS[PRESET], cap_window=timedelta(seconds=cap_window_s))


def trunk_of(scenario: Scenario) -> Trunk:
    """The way out that all campaigns of the scenario share."""
    return Trunk(
        name=TRUNK,
        dial="Local/{number}",
        lines=min(scenario.lines, MOST_LINES),
        calls_per_second=min(scenario.calls_per_second, MOST_CALLS_PER_SECOND),
        loopback_only=True,
    )


def campaign_of(scenario: Scenario, index: int, mode: Mode) -> Campaign:
    """The ``index``-th campaign of the scenario, paced by ``mode``."""
    again = Retry(after_s=max(1.0, scenario.retry_after_s), times=max(1, scenario.tries - 1))
    retries = {outcome.value: again for outcome in TRIED_AGAIN} if scenario.tries > 1 else {}
    tries = min(MOST_TRIES, scenario.tries)
    file = CampaignFile(
        name=scenario.name,
        lists=tuple(ListShare(name=_word(each.name), weight=each.weight) for each in scenario.lists_or_one),
        queue=QUEUE,
        trunk=TRUNK,
        caller_id="+12025550100",
        preset=PRESET,
        safe_harbour="campaign.sorry",
        detect_machine=True,
        max_lines=min(scenario.lines, MOST_LINES),
        ring_timeout_s=min(scenario.no_answer_s, LONGEST_RING_S),
        weight=min(scenario.weight, 100),
        pacing=Pacing(mode=mode, cap=scenario.abandonment_cap),
        attempts=Attempts(per_number=tries, per_person=tries, per_day=tries),
        retries=Retries(**retries),
    )
    return Simulated(id=f"campaign-{index}", file=file, cap_window_s=scenario.cap_window_s)


def _word(name: str) -> str:
    """A name that a list may have."""
    return "".join(each if each.isascii() and (each.isalnum() or each in "_-") else "-" for each in name)[:64]
