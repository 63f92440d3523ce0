"""How many agents, or lines, by Erlang's formulas."""

from __future__ import annotations

from bisect import bisect_left
from math import exp

from dialer.simulation.closed_forms import erlang_a, erlang_b, erlang_c

MOST = 100_000
"""Nobody has more."""


def lines_for(load: float, blocked: float) -> int:
    """The fewest lines of which all are busy for at most a share ``blocked`` of the calls (Erlang B)."""
    return next(lines for lines in range(1, MOST) if erlang_b(lines, load) <= blocked)


def agents_for_service(rate_per_s: float, handling_s: float, share: float, within_s: float) -> int:
    """The fewest agents who take ``share`` of the callers within ``within_s``, where nobody gives up (Erlang C)."""
    first = int(rate_per_s * handling_s) + 1
    return next(
        agents for agents in range(first, MOST) if answered_within(agents, rate_per_s, handling_s, within_s) >= share
    )


def answered_within(agents: int, rate_per_s: float, handling_s: float, within_s: float) -> float:
    """The share of calls that ``agents`` take within ``within_s``, where nobody gives up (Erlang C)."""
    load = rate_per_s * handling_s
    return 1 - erlang_c(agents, load) * exp(-(agents - load) * within_s / handling_s)


def agents_for_abandonment(rate_per_s: float, handling_s: float, patience_s: float, abandoned: float) -> int:
    """The fewest agents with whom at most a share ``abandoned`` of the callers gives up, whose patience is
    exponential (Erlang A)."""
    enough = 1
    while erlang_a(enough, rate_per_s, handling_s, patience_s) > abandoned:
        enough *= 2
    return bisect_left(
        range(enough + 1),
        True,
        lo=enough // 2 + 1 if enough > 1 else 1,
        key=lambda agents: erlang_a(agents, rate_per_s, handling_s, patience_s) <= abandoned,
    )
