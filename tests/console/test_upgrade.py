"""A newer release takes the place of the one that runs, with talks up and a campaign that dials.

Drained, stopped, and started on a database whose schema is brought up to date first, as docs/deployment.md says.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlite_utils import Database

from calls.causes import Outcome
from calls.records.migrations import MIGRATIONS
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from tests.console.held_time import held
from tests.console.world import World, adds_up, agent, world_in

LONG, SOON = "+49301234560", "+49301234561"
REST = tuple(f"+4930123457{index}" for index in range(6))
DRAIN_S = 5.0


def newer_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that changes the tables in which live calls and attempts stand."""
    monkeypatch.setattr(MIGRATIONS, "_migrations", list(MIGRATIONS._migrations))

    @MIGRATIONS(name="9999_next_release")
    def _next(database: Database) -> None:
        database.execute("ALTER TABLE live_calls ADD COLUMN of_the_next_release TEXT")
        database.execute("ALTER TABLE attempts ADD COLUMN of_the_next_release TEXT")


async def upgraded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM, the end, and the start of the newer release."""
    await world.engine.drain()
    await world.engine.stop()
    newer_release(monkeypatch)
    await world.start()


def rung(world: World, beginning: str) -> list[str]:
    """The numbers, or the agents' phones, that were rung, in order."""
    invited = [entry.detail for entry in world.switch.diary.entries if entry.seen is Seen.INVITE]
    return [each for each in invited if each.startswith(beginning)]


@held
async def test_talks_and_a_campaign_go_on_in_the_next_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody whom we dialled and a caller talk for longer than the drain: both go on with their agents, into whole
    records. One talk ends by itself in the drain. Nobody is dialled in it, everybody once."""
    people = [agent(each) for each in ("anna", "ben", "cleo")]
    async with world_in(tmp_path, *people, drain_s=DRAIN_S) as world:
        world.switch.meet(LONG, Callee(answer_after_s=0.5, talk_s=60.0))
        world.switch.meet(SOON, Callee(answer_after_s=0.5, talk_s=3.0))
        for each in REST:
            world.switch.meet(each, Callee(answer_after_s=0.5, talk_s=2.0))
        await world.log_in("anna")
        caller = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        await world.log_in("ben", "cleo")
        await world.campaign(LONG, SOON, *REST)
        await world.until(lambda: world.state("ben") == world.state("cleo") == "talking")
        before = {str(agent_id): call for agent_id, call in world.rows("SELECT agent_id, call_id FROM live_calls")}
        called = rung(world, "+")

        await upgraded(world, monkeypatch)
        assert world.rows("SELECT of_the_next_release FROM live_calls") == [(None,), (None,)]
        assert rung(world, "+") == called, "nobody is dialled in the drain"
        (soon,) = [record for record in world.records() if record.called == SOON]
        assert (soon.outcome, soon.agent_id) == (Outcome.ANSWERED, "cleo")
        up = {str(agent_id): call for agent_id, call in world.rows("SELECT agent_id, call_id FROM live_calls")}
        assert up == {name: before[name] for name in ("anna", "ben")}
        assert (world.state("anna"), world.state("ben")) == ("talking", "talking")
        assert world.campaign_state() == "running"

        await world.until(lambda: world.campaign_state() == "finished", 300.0, every_s=0.2)
        caller.far_hangs_up()
        await world.settled()
        assert Counter(rung(world, "+")) == dict.fromkeys((LONG, SOON, *REST), 1)
        records = {record.call_id: record for record in world.records()}
        assert len(records) == 3 + len(REST) and all(map(adds_up, records.values()))
        of_ben = records[str(before["ben"])]  # type: ignore[index]
        assert (of_ben.outcome, of_ben.agent_id) == (Outcome.ANSWERED, "ben")
        assert of_ben.talk_s == pytest.approx(60.0, abs=1.0), "the part before the upgrade is in it"
        assert not world.rows("SELECT 1 FROM live_calls")
        assert len(rung(world, "PJSIP/")) == len(people), "the agents' legs stayed up"
