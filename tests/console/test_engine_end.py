"""The end of a run: drained, stopped with calls up, and what is left to the next one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.errors import RecordError, StoreFull, SwitchRefused, SwitchUnavailable, WriterBusy
from calls.ids import LegId
from calls.records.writer import Writer
from calls.switch.events import EventHandler
from calls.switch.loopback.callers import HangUp, Hear, Press, Wait
from calls.switch.port import CallHandler
from tests.console.conftest import Logged
from tests.console.held_time import held
from tests.console.world import Mortal, agent, world_in


@held
async def test_a_drain_waits_for_the_last_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), drain_s=60.0) as world:
        await world.log_in("anna")
        world.call(Hear("main.menu"), Press("2"), Wait(30.0), HangUp())
        await world.until(lambda: world.state("anna") == "talking")
        began_s = world.loop.time()
        await world.engine.drain()
        assert world.loop.time() - began_s == pytest.approx(30.0, abs=0.1)
        assert "the engine is being drained" in world.engine.watch.not_ready()
        await world.settled()
        assert world.record().outcome is Outcome.ANSWERED


@held
async def test_a_drain_ends_at_its_deadline(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), drain_s=5.0) as world:
        await world.log_in("anna")
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        began_s = world.loop.time()
        await world.engine.drain()
        assert world.loop.time() - began_s == pytest.approx(5.0)
        assert len(world.engine.books.open_calls) == 1


@pytest.mark.parametrize("mode", ["nailed_up", "on_hook"])
@held
async def test_a_stop_leaves_a_talk_and_its_agent_as_they_are(tmp_path: Path, mode: str) -> None:
    """What the handlers' end tells the floor must not end the agent's leg, nor be written as the agent's state."""
    async with world_in(tmp_path, agent("anna", mode)) as world:
        await world.log_in("anna")
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        (leg,) = [row[0] for row in world.rows("SELECT leg_id FROM agent_legs")]
        await world.engine.stop()
        assert world.switch.agent_leg(LegId(str(leg))) is not None
        assert world.rows("SELECT state FROM agent_states WHERE duration_s IS NULL") == [("talking",)]
        assert [live.agent_id for live in world.open_calls()] == ["anna"]
        assert world.records() == []


@held
async def test_two_engines_on_one_database_are_refused(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        first = world.engine
        second = world.make_engine()
        with pytest.raises(WriterBusy):
            await second.start()
        world.engine = first


@pytest.mark.parametrize(
    "problem", [StoreFull("no room"), RecordError("locked"), sqlite3.OperationalError("disk I/O error")], ids=repr
)
@held
async def test_a_record_that_the_store_refuses_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged, problem: Exception
) -> None:
    async with world_in(tmp_path) as world:
        run, put = Writer.run, Writer.put
        refused: list[object] = []

        async def refuse(
            self: Writer, work: Callable[[sqlite3.Connection], object], *, may_shed: bool = False
        ) -> object:
            if len(refused) < 6:
                refused.append(work)
                raise problem
            return await run(self, work, may_shed=may_shed)

        def refuse_first(self: Writer, work: Callable[[sqlite3.Connection], object]) -> asyncio.Future[object] | None:
            if len(refused) < 6:
                refused.append(work)
                failed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
                failed.set_exception(problem)
                return failed
            return put(self, work)

        monkeypatch.setattr(Writer, "run", refuse)
        monkeypatch.setattr(Writer, "put", refuse_first)
        call = world.call(Hear("main.menu"), Press("1"))
        await call.over()
        assert world.records() == []
        await world.engine.books.all_ended()
        assert f"the store takes no records: {problem}" in world.engine.watch.not_ready()
        await world.settled()
        assert world.record().call_id == call.info.call_id
        assert world.open_calls() == []
        assert len(refused) == 6
        assert world.engine.watch.not_ready() == ()
        assert {str(line["event"]) for line in logged.errors()} == {"a record could not be written yet"}


@held
async def test_a_call_whose_handler_is_cancelled_stays_live(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        world.call(Hear("main.menu"))
        await world.until(lambda: len(world.engine.books.open_calls) == 1)
        await world.engine.stop()
        assert len(world.open_calls()) == 1 and world.records() == []


class Closed(Mortal):
    """A switch to which there is no way for a while."""

    problem: Exception = SwitchUnavailable("nobody listens")
    tries = 0

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        self.tries += 1
        if self.tries < 4:
            raise self.problem
        await super().start(on_event, on_call)


@pytest.mark.parametrize(
    "problem", [SwitchUnavailable("nobody listens"), SwitchRefused("wrong secret"), OSError("in use")], ids=repr
)
@held
async def test_a_switch_that_does_not_let_us_in_is_asked_again(tmp_path: Path, problem: Exception) -> None:
    """Wrong credentials too: an administrator corrects the switch's side, and the engine is not to be restarted."""
    async with world_in(tmp_path, start=False) as world:
        closed = Closed(world.switch)
        closed.problem = problem
        world.make_engine(closed)
        await world.engine.start()
        await world.until(lambda: closed.tries == 2)
        assert f"the switch: {problem}" in world.engine.watch.not_ready()
        await world.until(lambda: not world.engine.watch.not_ready(), 200.0)
        assert closed.tries == 4


@held
async def test_a_stop_while_the_switch_is_not_there_connects_no_more(tmp_path: Path) -> None:
    async with world_in(tmp_path, start=False) as world:
        closed = Closed(world.switch)
        closed.tries = -1000
        world.make_engine(closed)
        await world.engine.start()
        await world.until(lambda: closed.tries == -998)
        await world.engine.stop()
        tries = closed.tries
        await world.until(lambda: world.loop.time() > 30.0)
        assert closed.tries == tries
