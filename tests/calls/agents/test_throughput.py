"""The wait that callers are told, against a queue whose agents and callers are drawn at random."""

from __future__ import annotations

from collections import deque
from random import Random
from statistics import fmean

import pytest

from calls.agents.throughput import ENOUGH, SPAN_S, Throughput


def simulated(agents: int, talk_s: float, load: float, seed: int, calls: int = 3000) -> list[tuple[float, float]]:
    """What each caller who waited was told on arrival and what the wait was then, of an M/M/c queue."""
    random, queue, told = Random(seed), Throughput(), []
    waiting: deque[tuple[float, float | None]] = deque()
    ends: list[float] = []
    now, arrives = 0.0, 0.0
    while calls:
        arrives = arrives or now + random.expovariate(load * agents / talk_s)
        now = min([arrives, *ends])
        if now == arrives:
            calls, arrives = calls - 1, 0.0
            waiting.append((now, queue.wait_s(len(waiting), agents, now) if len(ends) == agents else 0.0))
        else:
            ends.remove(now)
        while waiting and len(ends) < agents:
            since, said = waiting.popleft()
            queue.taken(now)
            ends.append(now + random.expovariate(1 / talk_s))
            if said:
                told.append((said, now - since))
        queue.observe(len(waiting), agents, now)
    return told


@pytest.mark.parametrize(("agents", "talk_s", "load"), [(1, 60.0, 0.8), (5, 180.0, 0.9), (20, 240.0, 0.95)])
def test_the_estimate_is_right_on_the_mean_and_near_each_time(agents: int, talk_s: float, load: float) -> None:
    runs = [simulated(agents, talk_s, load, seed) for seed in range(4)]
    pairs = [pair for run in runs for pair in run]
    assert len(pairs) > 1000
    wait_s = fmean(wait for _, wait in pairs)
    bias_s = fmean(said - wait for said, wait in pairs)
    error_s = fmean(abs(said - wait) for said, wait in pairs)
    assert abs(bias_s) < 0.2 * wait_s
    assert error_s < 0.5 * wait_s


def test_nothing_is_said_before_enough_was_seen() -> None:
    queue = Throughput()
    assert queue.wait_s(3, 2, 0.0) is None
    queue.observe(4, 2, 0.0)
    for call in range(1, ENOUGH + 1):
        assert queue.wait_s(0, 2, call * 10.0) is None
        queue.taken(call * 10.0)
        queue.observe(4, 2, call * 10.0)
    assert queue.wait_s(0, 2, 50.0) == pytest.approx(50 / 6)
    assert queue.wait_s(3, 2, 50.0) == pytest.approx(4 * 50 / 6)
    assert queue.wait_s(3, 4, 50.0) == pytest.approx(2 * 50 / 6), "with twice the agents half as long"
    assert queue.wait_s(3, 0, 50.0) is None, "with no agent nobody knows"


def test_what_is_long_ago_is_forgotten() -> None:
    queue = Throughput()
    queue.observe(4, 1, 0.0)
    for call in range(1, 8):
        queue.taken(call * 10.0)
    queue.observe(0, 1, 70.0)
    assert queue.wait_s(0, 1, 100.0) == pytest.approx(70 / 8)
    assert queue.wait_s(0, 1, 100.0 + SPAN_S) is None


def test_idle_agents_and_calls_that_found_one_free_say_nothing() -> None:
    queue = Throughput()
    for call in range(20):
        queue.taken(call * 100.0)
        queue.observe(0, 3, call * 100.0)
    assert queue.wait_s(0, 3, 2000.0) is None


def test_a_call_that_came_back_was_not_taken() -> None:
    queue = Throughput()
    queue.observe(9, 1, 0.0)
    for call in range(1, 6):
        queue.taken(call * 10.0)
    queue.given_back(50.0)
    assert queue.wait_s(0, 1, 50.0) is None
    queue.taken(60.0)
    assert queue.wait_s(0, 1, 60.0) == pytest.approx(10.0)
