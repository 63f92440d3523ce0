"""What queueing theory says exactly: the simulator is checked against it, and it staffs.

``load`` is the offered load in erlangs: arrival rate times mean handling time.
Source: Erlang 1917; Palm 1957 for the queue with abandonment (see Mandelbaum and Zeltyn, "The Palm/Erlang-A queue").
"""

from __future__ import annotations

LARGE = 1e200


def erlang_b(agents: int, load: float) -> float:
    """The share of calls that find all ``agents`` busy and are lost (M/G/n/n)."""
    blocked = 1.0
    for busy in range(1, agents + 1):
        blocked = load * blocked / (busy + load * blocked)
    return blocked


def erlang_c(agents: int, load: float) -> float:
    """The share of calls that wait (M/M/n); 1 where the load is not below ``agents``."""
    if load >= agents:
        return 1.0
    blocked = erlang_b(agents, load)
    return agents * blocked / (agents - load * (1 - blocked))


def erlang_c_wait_s(agents: int, rate_per_s: float, handling_s: float) -> float:
    """The mean wait of all calls in M/M/n."""
    load = rate_per_s * handling_s
    return erlang_c(agents, load) * handling_s / (agents - load)


def erlang_a(agents: int, rate_per_s: float, handling_s: float, patience_s: float) -> float:
    """The share of calls abandoned in M/M/n with exponential patience."""
    weight, total, abandoning = 1.0, 1.0, 0.0
    for present in range(1, agents * 4 + 2000):
        waiting = max(0, present - agents)
        weight *= rate_per_s / (min(present, agents) / handling_s + waiting / patience_s)
        if weight > LARGE:  # only the ratios of the weights count
            weight, total, abandoning = 1.0, total / weight, abandoning / weight
        total += weight
        abandoning += weight * waiting / patience_s
        if waiting and weight < total * 1e-15:
            break
    return abandoning / (total * rate_per_s)
