"""What whole engines have written is proved: a run that was lawful is not accused, and one that was not is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from calls.records.database import open_readonly
from dialer.proof.finding import Verdict
from dialer.proof.judge import judge
from tests.console.held_time import held
from tests.console.test_engine_dialled import OUTCOMES, TALKS, dial_with_nobody_free
from tests.console.world import World, agent, world_in

BUSY = "[retries.busy]\nafter_s = 30\ntimes = 2\n"


def proved(world: World) -> Verdict:
    with closing(open_readonly(world.engine.settings.engine.database)) as connection:
        return judge(connection, "autumn", world.engine.clock.now())


@held
async def test_calls_of_every_outcome(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(TALKS, *OUTCOMES, tables=BUSY)
        await world.campaign_over()
        verdict = proved(world)
        assert (verdict.breaches, verdict.unproved) == ([], [])
        assert verdict.attempts == 2 + len(OUTCOMES) + 1  # busy three times


@held
async def test_a_person_who_heard_the_message_in_time_is_no_breach(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial_with_nobody_free(world, TALKS)
        await world.campaign_over()
        assert proved(world).breaches == []


@held
async def test_an_engine_that_was_killed_in_a_talk_and_the_one_after_it(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(TALKS)
        await world.until(lambda: world.state("anna") == "talking")
        await world.kill()
        await world.start()
        await world.settled()
        await world.campaign_over()
        assert proved(world).breaches == []
