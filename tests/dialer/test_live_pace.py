"""An hour of the live core at each pace, in virtual time: the cap is kept, and what is gained by dialling ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from calls.ids import AgentId, AttemptId
from calls.settings import Trunk
from calls.switch.port import DialAttempt
from tests.dialer.actors import Agent, Channel
from tests.dialer.conftest import make_campaign
from tests.dialer.world import World

HOUR_S = 3600.0
TWENTY_MINUTES_S = 1200.0
"""Long enough for many agents, and a third of the work."""

LIVE = 0.4
"""Persons per dial; the others are busy, or ring on."""

LINES = Trunk(name="loop", dial="PJSIP/{number}@callees", lines=300, calls_per_second=50, loopback_only=True)


@dataclass
class Hour(World):
    """People answer by chance after some seconds, and talk for 30 s on average; agents wrap up for 5 s."""

    random: Random = field(default_factory=lambda: Random(7))
    worked_s: float = 0.0
    connected: int = 0
    wrap_s: float = 5.0
    lasts_s: float = HOUR_S

    def __post_init__(self) -> None:
        super().__post_init__()
        self._began = self.now

    def talk_s(self) -> float:
        talk_s = self.random.lognormvariate(3.0550, 0.8326)  # mean 30 s, as much spread
        left_s = self._began + self.lasts_s - self.now  # what goes on beyond the end is not of this hour
        self.worked_s += min(talk_s + self.wrap_s, left_s)
        self.connected += 1
        return talk_s

    def _invite(self, dial: DialAttempt) -> None:
        attempt_id = dial.attempt_id
        self._note("invite", dial.number, attempt_id)
        self.channels[attempt_id] = Channel(dial)
        self._later(0.1, lambda: self._ring(attempt_id))

    def _ring(self, attempt_id: AttemptId) -> None:
        draw = self.random.random()
        if draw < LIVE:
            ring_s = min(self.random.lognormvariate(2.0, 0.4), 19.0)
            self._later(ring_s, lambda: self._answer(attempt_id))
        elif draw < LIVE + 0.1:
            self._later(0.5, lambda: self._end(attempt_id, 17))
        else:
            self._later(20.0, lambda: self._end(attempt_id, 0, timed_out=True))

    @property
    def occupancy(self) -> float:
        """Talk and wrap-up over logged-in time."""
        return self.worked_s / (len(self.agents) * self.lasts_s)

    def share(self) -> tuple[int, int]:
        """People who answered, and those of them who were abandoned, by the records."""
        row = self.db.execute("SELECT count(*), sum(abandoned) FROM calls WHERE answered_at IS NOT NULL").fetchone()
        return row[0], row[1]


Hours = Callable[..., Hour]


@pytest.fixture
def hours(tmp_path: Path) -> Iterator[Hours]:
    """An hour of so many agents at a pace."""
    made: list[Hour] = []

    def run(agents: int, pacing: str, lasts_s: float = HOUR_S) -> Hour:
        campaign = make_campaign(tmp_path, f"[pacing]\n{pacing}\n", max_lines="300", ring_timeout_s="20")
        hour = Hour(campaign, LINES, [Agent(AgentId(f"agent{each}")) for each in range(agents)], lasts_s=lasts_s)
        hour.add_leads([f"+1202{each:07d}" for each in range(1_000_000, 1_000_000 + 400 * agents)])
        hour.start()
        hour.run(lasts_s)
        made.append(hour)
        return hour

    yield run
    for hour in made:
        hour.db.close()


@pytest.mark.parametrize(("agents", "lasts_s"), [(10, HOUR_S), (25, TWENTY_MINUTES_S)])
def test_predictive_keeps_the_cap_and_beats_progressive(hours: Hours, agents: int, lasts_s: float) -> None:
    plain = hours(agents, 'mode = "progressive"', lasts_s)
    ahead = hours(agents, 'mode = "predictive"\ncap = 0.03', lasts_s)
    answered, abandoned = ahead.share()
    assert answered > 60 * agents * lasts_s / HOUR_S
    assert abandoned <= 0.03 * answered
    assert ahead.occupancy > plain.occupancy + 0.15


def test_power_dials_its_ratio(hours: Hours) -> None:
    hour = hours(10, 'mode = "power"\nratio = 2\ncap = 0.03')
    rows = hour.db.execute(
        "SELECT decision ->> 'ratio', decision ->> 'ready', decision ->> 'under_way', decision ->> 'dials'"
        " FROM attempts"
    ).fetchall()
    assert {row[0] for row in rows} == {1.0, 2.0}
    assert all(row[3] <= int(row[0] * row[1]) - row[2] for row in rows)
    assert any(row[3] == int(row[0] * row[1]) - row[2] for row in rows if row[0] == 2.0)
    answered, abandoned = hour.share()
    assert abandoned <= 0.03 * answered
