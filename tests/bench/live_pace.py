"""Predictive pacing on a real Asterisk: 25 agents on nailed-up legs, people who talk for half a minute.

``python -m tests.bench.live_pace --minutes 60 [--keep FOLDER]``. Callees are SIPp's; four of ten answer, by chance.
All figures are read from the records that the engine wrote: the abandoned among those who answered, with the interval
that chance leaves, and the time that agents talked or wrapped up over the time they were logged in. Then the
simulator is given what the records say of ring times, answers, talks and wrap-up, and forecasts the same campaign
many times over: the live occupancy should lie where its runs lie.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from random import Random

from dialer.pace import LIVE_AIM
from dialer.pacing.predictive import Predictive
from dialer.simulation.distributions import Measured
from dialer.simulation.replications import Interval, Results, interval, replicate
from dialer.simulation.scenario import Scenario, Shift, always
from tests.bench.centre import open_centre
from tests.bench.machine import described, fetch, others_load
from tests.integration.harness import PROJECT, House, number
from tests.integration.premises import Plan

CAP = 0.03
RING_TIMEOUT_S = 15.0
PLAN = Plan(
    agents=25,
    lines=120,
    calls_per_second=20,
    wrap_up_s=5.0,
    ring_timeout_s=RING_TIMEOUT_S,
    ring_ms=(2000, 12000),
    talk_ms=(4000, 56000),
    pacing=f'mode = "predictive"\ncap = {CAP}',
    cap=CAP,
)
DIGITS = (0, 1, 2, 0, 6, 6, 6, 6, 9, 5)
"""Last digits, each as likely as the others: four answer, four let it ring, one is away and one is busy."""

LEADS = 10_000
NAME = "pace"
DRAINED_S = 180.0
RUNS = 20
NORMAL_975 = 1.96
SEED = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What one campaign showed, by its records."""

    lasted_s: float
    attempts: int
    answers: int
    abandoned: int
    talk_s: float
    """The mean."""
    occupancy: float
    forecast: Results
    broken: tuple[str, ...]
    """Promises that the independent checker found broken."""
    load: float

    @property
    def share(self) -> float:
        """Abandoned among those who answered."""
        return self.abandoned / self.answers if self.answers else 0.0

    @property
    def chance(self) -> tuple[float, float]:
        """The 95% interval of the share, by Wilson's score."""
        return wilson(self.abandoned, self.answers)

    @property
    def runs(self) -> Interval:
        """Where 95% of single runs of the forecast lie: wider than the interval of their mean."""
        values = [each.occupancy for each in self.forecast.tallies]
        mean = interval(values)
        return Interval(mean.mean, mean.half * sqrt(len(values) + 1))

    @property
    def keeps_the_cap(self) -> bool:
        """True where the share is not above the cap by more than chance does."""
        return self.chance[0] <= CAP


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share. Source: Wilson 1927."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, NORMAL_975**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = NORMAL_975 / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def leads() -> list[str]:
    """Whom it calls."""
    chance = Random(SEED)
    return [number(index, chance.choice(DIGITS)) for index in range(LEADS)]


async def campaign(house: House, lasts_s: float) -> Figures:
    """A campaign of ``lasts_s`` in a call centre without its engine, judged by its records.

    Raises:
        AssertionError: the leads were through before the time was.
    """
    await house.start_engine()
    await house.log_in()
    await house.start_campaign(NAME, leads())
    began = time.time()
    await asyncio.sleep(lasts_s)
    shown = await house.campaign(NAME)
    assert shown is not None and shown.state == "running", f"too few leads for {lasts_s:g} s"
    await house.order(f"/v1/campaigns/{NAME}/stop")
    ended = time.time()
    await house.until(lambda status: not status.calls, "the last calls end", DRAINED_S)
    await house.happens(lambda: not house.rows("SELECT 1 FROM attempts WHERE state <> 'done'"), "all is recorded")
    assert not house.complaints(), house.complaints()[0]
    return await asyncio.to_thread(figures, house, began, ended)


def figures(house: House, began: float, ended: float) -> Figures:
    """What the records say of the time between two moments, and what the simulator makes of them."""
    records = house.records()
    answered = [row for row in records if row["answered_at"] is not None]
    talks = [_number(row, "talk_s") for row in answered if row["agent_id"] is not None]
    scenario = measured(records, ended - began, len(house.agents))
    return Figures(
        lasted_s=ended - began,
        attempts=len(records),
        answers=len(answered),
        abandoned=sum(int(_number(row, "abandoned")) for row in answered),
        talk_s=sum(talks) / max(len(talks), 1),
        occupancy=occupancy(house, began, ended),
        forecast=replicate("predictive", scenario, _live_policy, RUNS),
        broken=tuple(house.broken()),
        load=others_load(),
    )


def _live_policy(scenario: Scenario) -> Predictive:
    return Predictive(scenario.abandonment_cap, scenario.connect_within_s, scenario.no_answer_s, LIVE_AIM)


def occupancy(house: House, began: float, ended: float) -> float:
    """Talk and wrap-up over logged-in time, by the states of the agents."""
    spent = {"work": 0.0, "all": 0.0}
    for row in house.rows("SELECT state, since_at, duration_s FROM agent_states WHERE state <> 'logged_out'"):
        since = datetime.fromisoformat(str(row["since_at"])).timestamp()
        until = ended if row["duration_s"] is None else since + _number(row, "duration_s")
        within = max(0.0, min(until, ended) - max(since, began))
        spent["all"] += within
        spent["work"] += within * (row["state"] in ("talking", "wrap_up"))
    return spent["work"] / spent["all"]


def measured(records: list[dict[str, object]], lasts_s: float, agents: int) -> Scenario:
    """The campaign of these records as the simulator's scenario."""
    answered = [row for row in records if row["answered_at"] is not None]
    met = [row for row in answered if row["agent_id"] is not None]
    failed = [_number(row, "ring_s") for row in records if row["answered_at"] is None and row["ring_s"] is not None]
    quick = [ring_s for ring_s in failed if ring_s < RING_TIMEOUT_S - 1]
    return Scenario(
        (Shift(agents),),
        name="as recorded",
        duration_s=lasts_s,
        answer_rate=always(len(answered) / len(records)),
        machine_share=always(0.0),
        busy_share=len(quick) / max(len(failed), 1),
        busy_after_s=sum(quick) / max(len(quick), 1),
        ring=Measured(tuple(min(_number(row, "ring_s"), RING_TIMEOUT_S) for row in answered)),
        talk=Measured(tuple(_number(row, "talk_s") for row in met)),
        wrap_up=Measured(tuple(_number(row, "wrap_up_s") for row in met if row["wrap_up_s"] is not None)),
        no_answer_s=RING_TIMEOUT_S,
        lines=PLAN.lines,
        calls_per_second=PLAN.calls_per_second,
        abandonment_cap=CAP,
    )


def _number(row: Mapping[str, object], column: str) -> float:
    return float(str(row[column]))


def report(found: Figures) -> list[str]:
    """The lines of the table."""
    low, high = found.chance
    runs = found.runs
    began = datetime.now(UTC).date()
    return [
        f"Predictive on Asterisk, {PLAN.agents} agents, {found.lasted_s / 60:.0f} minutes ({began}):"
        f" {found.attempts} attempts, {found.answers} people answered, mean talk {found.talk_s:.1f} s",
        f"  abandoned              {found.abandoned}: {100 * found.share:.2f}%"
        f" ({100 * low:.2f} to {100 * high:.2f}; cap {100 * CAP:g}%)",
        f"  occupancy              {100 * found.occupancy:.1f}%",
        f"  forecast of it         {100 * runs.mean:.1f} ±{100 * runs.half:.1f}% (95% of single runs);"
        f" abandoned {100 * found.forecast.abandonment.mean:.2f}%",
        f"  promises broken        {len(found.broken)}   (by the independent checker)",
        *(f"    {each}" for each in found.broken[:5]),
        f"  load of the machine    {found.load:.1f} in the last minute",
    ]


async def run(trees: Mapping[str, Path], lasts_s: float, keep: Path | None = None) -> Figures:
    """One campaign; ``keep``: a folder for a copy of its database."""
    async with open_centre(trees, PLAN) as house:
        found = await campaign(house, lasts_s)
        if keep is not None:
            await house.close()
            await asyncio.to_thread(shutil.copytree, house.folder, keep, ignore=_but_database, dirs_exist_ok=True)
        return found


def _but_database(_: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("callwright.db")]


def main() -> None:
    """Run it and print the table."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.live_pace")
    reader.add_argument("--minutes", type=float, default=60.0)
    reader.add_argument("--keep", type=Path, help="a folder for a copy of the database")
    asked = reader.parse_args()
    trees = fetch(PROJECT)
    found = asyncio.run(run(trees, 60 * asked.minutes, asked.keep))
    sys.stdout.write("\n".join([described(trees["asterisk"]), *report(found)]) + "\n")


if __name__ == "__main__":
    main()
