"""The pacing tables: runs that are kept are not made again, windows are those of the law."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from dialer.pacing import Observation, Policy, Predictive, Snapshot, make_policy
from dialer.simulation.paced import policy_of
from dialer.simulation.run import Run
from dialer.simulation.scenario import HOUR_S, Shift, base
from dialer.simulation.tally import Tally
from tests.bench import pacing
from tests.bench.pacing_kept import Job, KeptRuns, Wanted, code_of, complete
from tests.bench.pacing_windows import windows, working_days

SHORT = replace(base(3), duration_s=600.0)


def wanted(policy: str) -> Wanted:
    return Wanted("short", 3, policy, SHORT, partial(policy_of, policy))


def test_a_run_that_is_kept_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seeds = tmp_path / "runs.jsonl", range(5, 8)
    first = KeptRuns(path)
    assert len(list(complete(first, [wanted("progressive")], range(5, 7), 1))) == 1
    assert len(path.read_text().splitlines()) == 2
    made, make = list[int](), Job.tally

    def seen(job: Job) -> Tally:
        made.append(job.seed)
        return make(job)

    monkeypatch.setattr(Job, "tally", seen)
    again = KeptRuns(path)
    list(complete(again, [wanted("progressive")], seeds, 1))
    assert made == [7]
    found, alone = again.results(wanted("progressive"), seeds), first.results(wanted("progressive"), seeds)
    assert found is not None and alone is not None
    assert found.tallies[:2] == tuple(replace(each, left={}, hours={}, waits=[0] * 16) for each in alone.tallies)
    assert again.results(wanted("power"), seeds) is None


def test_a_run_is_told_by_code_settings_and_scenario() -> None:
    same = wanted("progressive")
    assert same.told_by() == wanted("progressive").told_by()
    others = [wanted("power"), replace(same, scenario=replace(SHORT, abandonment_cap=0.01))]
    assert same.told_by() not in [each.told_by() for each in others]
    make = partial(make_policy, abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=25.0)
    assert len({code_of(make(name)) for name in ("progressive", "power", "predictive", "issabel")}) == 4


def test_what_is_kept_can_be_shown_without_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "decide_s", lambda: [0.001])
    path = str(tmp_path / "runs.jsonl")
    asked = ["--scenarios", "base", "--agents", "1", "--policies", "progressive", "--keep", path]
    pacing.main([*asked, "--kept"])
    assert len(capsys.readouterr().out.splitlines()) == 2
    pacing.main([*asked, "--replications", "1"])
    made = capsys.readouterr().out.splitlines()[2]
    pacing.main([*asked, "--kept"])
    assert capsys.readouterr().out.splitlines()[2] == made


def test_the_decisions_that_are_timed_are_those_that_look_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, look = list[float](), Predictive._look_ahead

    def counted(policy: Predictive, seen: Snapshot, threshold: float) -> tuple[int, float]:
        looked.append(seen.at_s)
        assert {stratum for _, stratum in seen.next_up} == {f"list {each}, 0 h, try 1" for each in range(3)}
        return look(policy, seen, threshold)

    monkeypatch.setattr(Predictive, "_look_ahead", counted)
    took_s = pacing.decide_s(agents=30, decisions=50)
    assert len(took_s) == 50 and min(took_s) > 0
    assert 50 <= sum(at_s >= pacing.KNOWN_S for at_s in looked) <= 65


def test_a_window_holds_what_is_not_older_than_it() -> None:
    outcomes = [(10.0, True), (20.0, False), (30.0, False), (110.0, True), (115.0, True)]
    assert windows(outcomes, 100.0, [30.0, 110.0, 125.0]) == ([1 / 3, 1 / 3, 2 / 3], 0.0)
    many = [(float(each), each >= 1500) for each in range(2000)]
    assert windows(many, 1000.0, [1500.0])[1] == 0.5


def test_the_days_are_not_alike() -> None:
    scenario = working_days(6, 8, 3600.0)
    assert len({each.agents for each in scenario.shifts}) == 2
    assert len({each.from_s % (24 * HOUR_S) for each in scenario.shifts}) > 2


class Looks:
    """``progressive``, and what it saw."""

    def __init__(self) -> None:
        self.seen: list[Snapshot] = []
        self._inner: Policy = make_policy("progressive", abandonment_cap=0.03, connect_within_s=2.0, no_answer_s=25.0)
        self.explain = self._inner.explain

    def observe(self, seen: Observation) -> None:
        self._inner.observe(seen)

    def decide(self, snapshot: Snapshot) -> int:
        self.seen.append(snapshot)
        return self._inner.decide(snapshot)


def test_the_simulators_window_slides_and_nobody_is_asked_at_night() -> None:
    """Two shifts of half an hour, ten hours apart, under a window of ten minutes."""
    shifts = (Shift(3, 0.0, 1800.0), Shift(3, 37800.0, 39600.0))
    policy = Looks()
    Run(replace(base(3), shifts=shifts, duration_s=12 * HOUR_S, cap_window_s=600.0), policy, 1).go()
    counted = [each.window_answers for each in policy.seen]
    assert max(counted) < 40
    assert next(each for each in policy.seen if each.at_s >= 37800.0).window_answers == 0
    assert not any(3000.0 < each.at_s < 37800.0 for each in policy.seen)
    assert sum(each.at_s < 1800.0 for each in policy.seen) == 1800
