"""Replications: the same scenario many times over, with what the mean is worth."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.pool import Pool
from typing import Protocol

from dialer.simulation.core_run import CoreRun
from dialer.simulation.paced import Pace, PolicyMaker
from dialer.simulation.run import Run
from dialer.simulation.scenario import Scenario
from dialer.simulation.tally import Tally

_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t at 97.5% for 1 to 30 degrees of freedom."""

NORMAL_975 = 1.960


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, and half the width of its 95% interval (inf where one replication says nothing of it)."""

    mean: float
    half: float

    def covers(self, value: float) -> bool:
        """True where ``value`` lies in the interval."""
        return abs(value - self.mean) <= self.half


def interval(values: Sequence[float]) -> Interval:
    """The 95% interval of the mean of independent ``values``, by Student's t."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Interval(mean, math.inf)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    quantile = _T[count - 2] if count - 2 < len(_T) else NORMAL_975
    return Interval(mean, quantile * math.sqrt(variance / count))


@dataclass(frozen=True, slots=True)
class Results:
    """The replications of one policy."""

    policy: str
    scenario: Scenario
    tallies: tuple[Tally, ...]

    @property
    def occupancy(self) -> Interval:
        """Talk and wrap-up over logged-in time."""
        return interval([each.occupancy for each in self.tallies])

    @property
    def abandonment(self) -> Interval:
        """Abandoned over live answers; the mean of the replications' shares."""
        return interval([each.abandonment for each in self.tallies])

    @property
    def wait_s(self) -> Interval:
        """An agent's mean wait for the next call."""
        return interval([each.mean_wait_s for each in self.tallies])

    @property
    def talk_min_per_hour(self) -> Interval:
        """Minutes of talk in an hour of an agent."""
        return interval(
            [60 * each.talking_s / each.logged_in_s if each.logged_in_s else 0.0 for each in self.tallies]
        )

    @property
    def campaigns(self) -> tuple[Results, ...]:
        """What is of each campaign alone, where several share the agents: its occupancy is the part of all agents'
        time that goes to its calls, its cap is its own."""
        shared = self.scenario.campaigns if self.tallies[0].parts else ()
        return tuple(
            Results(each.name, each, tuple(tally.parts[each.name] for tally in self.tallies)) for each in shared
        )

    @property
    def above_cap(self) -> float:
        """The share of the replications that ended above the cap."""
        cap = self.scenario.abandonment_cap
        return sum(each.abandoned > cap * each.answers for each in self.tallies) / len(self.tallies)


def replicate(name: str, scenario: Scenario, make: PolicyMaker, replications: int, first: int = 0) -> Results:
    """Run ``scenario`` ``replications`` times under new policies of ``make``; seeds count from ``first``.

    Raises:
        ValueError: no replication is asked for.
    """
    if replications < 1:
        raise ValueError(f"replications {replications}: expected 1 or more")
    seeds = range(first, first + replications)
    return Results(name, scenario, tuple(Run(scenario, make(scenario), seed).go() for seed in seeds))


@dataclass(frozen=True, slots=True)
class Task:
    """One replication of one policy, through the core or on the fast path."""

    scenario: Scenario
    pace: Pace
    seed: int
    core: bool

    def tally(self) -> Tally:
        """What comes of it."""
        if self.core:
            return CoreRun(self.scenario, self.pace.for_core, self.seed, self.pace.mode).go()
        return Run(self.scenario, self.pace.make(self.scenario), self.seed).go()


class Replication(Protocol):
    """Work for one process."""

    def tally(self) -> Tally:
        """What comes of it."""


def shared(tasks: Sequence[Replication], workers: int, nice: int = 0) -> Generator[Tally]:
    """What comes of each task, in their order; ``workers``: processes, 1: this one. ``nice``: by how much others on
    the machine go before these processes (nice(2)).

    Whoever stops looking, by Ctrl-C too, ends the processes.
    """
    if workers <= 1 or len(tasks) <= 1:
        yield from (each.tally() for each in tasks)
        return
    with _pool(min(workers, len(tasks)), nice) as pool:
        yield from pool.imap(_tally, tasks)


@contextmanager
def _pool(workers: int, nice: int) -> Iterator[Pool]:
    """Processes that Ctrl-C does not reach, though a terminal tells it to all: whoever waits for them ends them."""
    resource_tracker.ensure_running()  # which lets signals through again, where it is started later
    with ExitStack() as until_the_end:
        with _ctrl_c_later():
            pool = until_the_end.enter_context(multiprocessing.get_context("spawn").Pool(workers, os.nice, (nice,)))
        yield pool


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """What is started here is told of no Ctrl-C, and one that comes meanwhile counts at the end: it would leave a
    process that waits for its first words, and says so with a traceback.

    To block the signal is not enough: threads of libraries, as numpy's, take it, and Python raises in the main one.
    """
    came: list[int] = []
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if in_main else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if in_main:
            signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def _tally(task: Replication) -> Tally:
    return task.tally()


def difference(ours: Results, theirs: Results) -> Interval:
    """Occupancy of ``ours`` less ``theirs``, pair by pair: the same seeds make a narrow interval."""
    pairs = zip(ours.tallies, theirs.tallies, strict=True)
    return interval([mine.occupancy - other.occupancy for mine, other in pairs])
