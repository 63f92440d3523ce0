"""How many to dial now: a policy sees a snapshot of one campaign and answers a number.

::

    policy = make_policy("progressive", abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=25.0)
    policy.observe(LiveAnswer(at_s=12.0, dialled_at_s=3.0))
    policy.decide(Snapshot(at_s=15.0, ready=2, waiting=0, ringing_since_s=(13.0,), talking_since_s=(),
                           wrapping_since_s=(), lines_free=40))    # -> 1

Times are seconds on the campaign's own monotonic clock and never go back. A policy reads nothing else: no clock, no
randomness, no database, so the live dialer, a simulator and a test drive the same object.
"""

from __future__ import annotations

from collections.abc import Callable

from dialer.pacing.broadcast import Broadcast
from dialer.pacing.erlang_b import ErlangB
from dialer.pacing.issabel import Issabel
from dialer.pacing.model import (
    Abandoned,
    AgentLeft,
    Connected,
    Dialled,
    Explanation,
    LiveAnswer,
    MachineAnswer,
    NoAnswer,
    Observation,
    Policy,
    Snapshot,
    TalkEnded,
    WrapEnded,
)
from dialer.pacing.power import Power
from dialer.pacing.predictive import Predictive
from dialer.pacing.progressive import Progressive
from dialer.pacing.ratio import PerAgent, PerAvailableAgent
from dialer.pacing.vicidial import Limit, adapt

__all__ = [
    "POLICIES",
    "Abandoned",
    "AgentLeft",
    "Broadcast",
    "Connected",
    "Dialled",
    "Explanation",
    "LiveAnswer",
    "MachineAnswer",
    "NoAnswer",
    "Observation",
    "Policy",
    "Power",
    "Predictive",
    "Progressive",
    "Snapshot",
    "TalkEnded",
    "WrapEnded",
    "make_policy",
]

POLICIES: dict[str, Callable[[float, float, float], Policy]] = {
    "progressive": Progressive,
    "predictive": Predictive,
    "power": Power,
    "ratio_available": PerAvailableAgent,
    "ratio_all": PerAgent,
    "vicidial_hard_limit": adapt(Limit.HARD),
    "vicidial_average": adapt(Limit.AVERAGE),
    "vicidial_tapered": adapt(Limit.TAPERED),
    "issabel": Issabel,
    "erlang_b": ErlangB,
}
"""The policies by name; each is made from ``abandonment_cap``, ``connect_within_s`` and ``no_answer_s``."""


def make_policy(
    name: str,
    *,
    abandonment_cap: float,
    connect_within_s: float,
    no_answer_s: float,
    window_s: float | None = None,
) -> Policy:
    """A new policy, which has seen nothing yet.

    ``abandonment_cap``: the share of people who answered that may be abandoned, 0 to 1. ``connect_within_s``: how
    soon an agent must be there after the answer. ``no_answer_s``: how long a number is rung. ``window_s``: over how
    long the law counts abandoned calls, which ``predictive`` wants to know where it is a day; None: nobody says.

    Raises:
        ValueError: no such policy, or a value out of range.
    """
    if name not in POLICIES:
        raise ValueError(f"pacing {name!r}: expected one of {', '.join(sorted(POLICIES))}")
    if not 0 <= abandonment_cap <= 1:
        raise ValueError(f"abandonment_cap {abandonment_cap}: expected a share from 0 to 1")
    if connect_within_s <= 0 or no_answer_s <= 0:
        raise ValueError("connect_within_s and no_answer_s: expected seconds above 0")
    if window_s is not None and window_s <= 0:
        raise ValueError("window_s: expected seconds above 0")
    if name == "predictive":
        return Predictive(abandonment_cap, connect_within_s, no_answer_s, window_s=window_s)
    return POLICIES[name](abandonment_cap, connect_within_s, no_answer_s)
