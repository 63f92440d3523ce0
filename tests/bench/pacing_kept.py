"""Runs of the pacing table kept on disk: a table that takes hours is made in pieces, and each run only once.

A run is told by its scenario, its policy's code and settings, what the simulator makes of the scenario, and its seed.
When one of these changes the run is another one and is made anew; words in comments and docstrings are no change.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

from dialer.pacing import Policy, make_policy
from dialer.simulation.paced import PolicyMaker
from dialer.simulation.replications import Results, shared
from dialer.simulation.run import Run
from dialer.simulation.scenario import Scenario
from dialer.simulation.tally import Tally

LOOK_S = 1200.0
"""So much of a scenario, under ``progressive``, tells one simulator from another."""

KEPT = tuple(each.name for each in fields(Tally) if each.type in ("int", "float"))
"""What of a tally is kept."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Replications of one policy in one scenario."""

    title: str
    agents: int
    policy: str
    scenario: Scenario
    make: PolicyMaker

    def told_by(self) -> str:
        """What all its runs have in common; see the module."""
        parts = (self.policy, repr(self.scenario), code_of(self.make(self.scenario)), _behaviour(self.scenario))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Job:
    """One run."""

    wanted: Wanted
    seed: int

    def tally(self) -> Tally:
        """What comes of it."""
        return Run(self.wanted.scenario, self.wanted.make(self.wanted.scenario), self.seed).go()


class KeptRuns:
    """The runs in a file, one JSON object a line; ``path`` None: in memory alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[tuple[str, int], Tally] = {}
        for line in path.read_text().splitlines() if path and path.exists() else ():
            row = json.loads(line)
            self._known[row["told_by"], row["seed"]] = Tally(**{name: row[name] for name in KEPT})

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._known

    def add(self, told_by: str, job: Job, tally: Tally) -> None:
        """Keep a run; it is on disk when this returns."""
        self._known[told_by, job.seed] = tally
        if self._path:
            row = {"told_by": told_by, "seed": job.seed, "scenario": job.wanted.title, "agents": job.wanted.agents}
            row |= {"policy": job.wanted.policy, **{name: getattr(tally, name) for name in KEPT}}
            with self._path.open("a") as file:
                file.write(json.dumps(row) + "\n")

    def results(self, wanted: Wanted, seeds: Iterable[int]) -> Results | None:
        """Those of the seeds that are there; None: there is none."""
        told_by = wanted.told_by()
        found = tuple(self._known[told_by, seed] for seed in seeds if (told_by, seed) in self._known)
        return Results(wanted.policy, wanted.scenario, found) if found else None


def complete(runs: KeptRuns, wanted: list[Wanted], seeds: range, workers: int) -> Iterator[Wanted]:
    """Make the runs that are missing, in this order; each ``wanted`` as soon as all of its runs are there."""
    missing: list[tuple[str, Job]] = []
    for each in wanted:
        told_by = each.told_by()
        missing += [(told_by, Job(each, seed)) for seed in seeds if (told_by, seed) not in runs]
    made = zip(missing, shared([job for _, job in missing], workers), strict=True)
    left = [sum(job.wanted is each for _, job in missing) for each in wanted]
    for each, count in zip(wanted, left, strict=True):
        for _ in range(count):
            (told_by, job), tally = next(made)
            runs.add(told_by, job, tally)
        yield each


def code_of(policy: Policy) -> str:
    """A digest of the policy's code: its module and those of the pacing package that it uses."""
    todo, seen, found = {type(policy).__module__}, set[str](), dict[str, str]()
    while todo:
        name = todo.pop()
        seen.add(name)
        found[name], uses = _module(name)
        todo |= {each for each in uses if each.startswith("dialer.pacing.")} - seen
    return hashlib.sha256("".join(found[name] for name in sorted(found)).encode()).hexdigest()


@cache
def _module(name: str) -> tuple[str, frozenset[str]]:
    """A module's code without what decides nothing, and the modules it takes from."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ValueError(f"{name}: expected a module with a file")
    tree = ast.parse(Path(spec.origin).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [each for each in node.body if not _decides_nothing(each)] or [ast.Pass()]
    uses = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return ast.dump(tree), frozenset(uses)


def _decides_nothing(node: ast.stmt) -> bool:
    """Docstrings, and how a policy is saved: no run saves one."""
    if isinstance(node, ast.FunctionDef):
        return node.name in ("state", "restore")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _behaviour(scenario: Scenario) -> str:
    policy = make_policy("progressive", abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=scenario.no_answer_s)
    return repr(Run(replace(scenario, duration_s=min(LOOK_S, scenario.duration_s)), policy, 1).go())
