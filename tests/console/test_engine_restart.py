"""A run after a crash: what is still up is taken over, what is not is lost, and nobody is dialled twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calls.agents import events as ag
from calls.causes import Outcome
from calls.errors import StoreFull
from calls.ids import AgentId, LegId
from calls.records.writer import Writer
from calls.switch.loopback.callers import HangUp, Hear, Press, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import EndedBy
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.world import adds_up, agent, world_in

NOTED = "SELECT agent_id FROM live_calls WHERE agent_id IS NOT NULL"
"""The agents of the calls that are up."""


@pytest.mark.parametrize("mode", ["nailed_up", "on_hook"])
@held
async def test_a_talk_and_its_agent_are_taken_over(tmp_path: Path, mode: str) -> None:
    async with world_in(tmp_path, agent("anna", mode)) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"), Wait(30.0), HangUp())
        await world.until(lambda: world.state("anna") == "talking")
        await asyncio.sleep(2.0)
        legs = world.rows("SELECT leg_id FROM agent_legs")
        await world.kill()
        engine = await world.start()
        assert world.state("anna") == "talking"
        assert world.rows("SELECT leg_id FROM agent_legs") == legs
        assert [shown.call_id for shown in engine.status().calls] == [call.info.call_id]
        await call.over()
        await world.settled()
        record = world.record()
        assert (record.call_id, record.outcome, record.agent_id) == (call.info.call_id, Outcome.ANSWERED, "anna")
        assert world.kinds(record.call_id).count("adopted") == 1
        assert adds_up(record) and record.billed_s == record.duration_s
        assert record.duration_s == pytest.approx((record.ended_at - record.started_at).total_seconds(), abs=0.01)
        assert record.talk_s == pytest.approx(29.75, abs=0.4), "the part before the restart is missing"
        (adopted,) = [each.detail for each in world.events(record.call_id) if each.kind == "adopted"]
        assert adopted["before_by"] == "wall clock" and float(str(adopted["before_s"])) > 2.0
        await world.until(lambda: world.state("anna") == "ready")
        second = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        second.far_hangs_up()
        await world.settled()
        assert len(world.records()) == 2 and world.open_calls() == []


@held
async def test_a_call_without_a_talk_is_lost_when_it_ends(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        call = world.call(Hear("main.menu"))
        await world.until(lambda: len(world.open_calls()) == 1)
        await world.kill()
        await world.start()
        call.far_hangs_up()
        await world.settled()
        assert world.record().outcome is Outcome.LOST


@held
async def test_calls_that_are_gone_are_lost_at_once(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        call = world.call(Hear("main.menu"))
        await world.until(lambda: len(world.open_calls()) == 1)
        await world.kill()
        call.far_hangs_up()
        await world.start()
        await world.settled()
        assert world.record().outcome is Outcome.LOST
        assert world.open_calls() == []


@held
async def test_a_switch_that_started_anew_meanwhile_lost_everything(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await world.log_in("anna", "ben")
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: "talking" in (world.state("anna"), world.state("ben")))
        await world.kill()
        world.switch.crash()
        world.switch.reconnect()
        await world.start()
        await world.until(lambda: world.state("anna") == world.state("ben") == "ready")
        await world.settled()
        assert (world.record().outcome, world.record().ended_by) == (Outcome.PBX_LOST, EndedBy.SWITCH)
        assert len(world.rows("SELECT * FROM agent_legs")) == 2


@held
async def test_a_phone_that_rings_for_the_log_in_is_ready_only_once_it_is_answered(tmp_path: Path) -> None:
    phones = {"anna": AgentPhone(answer_after_s=8.0), "ben": AgentPhone(answer_after_s=1.0)}
    async with world_in(tmp_path, agent("anna"), agent("ben"), phones=phones) as world:
        for each in ("anna", "ben"):
            world.engine.floor.tell(ag.LogIn(AgentId(each)))
        await world.until(lambda: len(world.rows("SELECT * FROM agent_legs")) == 2)
        await asyncio.sleep(0.2)
        await world.kill()
        await asyncio.sleep(3.0)  # ben answers while nobody listens
        await world.start()
        await world.until(lambda: world.state("ben") == "ready", within_s=0.1)
        assert world.state("anna") == "logged_out"
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("ben") == "talking")
        assert world.state("anna") == "logged_out"
        await world.until(lambda: world.state("anna") == "ready", within_s=8.0)
        assert sum(each.seen is Seen.INVITE for each in world.switch.diary.entries) == 2, "a phone was rung again"


@held
async def test_an_agent_whose_leg_was_lost_is_ready_again_after_a_restart(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        ((leg,),) = world.rows("SELECT leg_id FROM agent_legs")
        world.switch.agent_hangs_up(LegId(str(leg)))
        await world.until(lambda: world.state("anna") == "paused")
        await world.kill()
        await world.start()
        await world.until(lambda: world.state("anna") == "ready")


@held
async def test_a_paused_agent_stays_paused_and_a_logged_out_one_out(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben"), agent("carol")) as world:
        await world.log_in("anna", "ben")
        world.engine.floor.tell(ag.Pause(AgentId("anna"), "lunch"))
        world.engine.floor.tell(ag.LogOut(AgentId("ben")))
        await world.until(lambda: world.state("ben") == "logged_out")
        await asyncio.sleep(1.0)
        await world.kill()
        engine = await world.start()
        assert {each.id: (each.state, each.reason) for each in engine.status().agents} == {
            "anna": ("paused", "lunch"),
            "ben": ("logged_out", ""),
            "carol": ("logged_out", ""),
        }
        assert len(world.rows("SELECT * FROM agent_states WHERE duration_s IS NULL AND agent_id = 'anna'")) == 1


@held
async def test_a_call_that_comes_while_the_start_settles_is_not_taken_for_a_lost_one(tmp_path: Path) -> None:
    """The switch sends calls before it is reconciled: what the run before left open is read before that."""
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.kill()
        engine = world.make_engine()
        run_alone, held_up = Writer.run_alone, asyncio.Event()

        async def late(self: Writer, work: object) -> object:
            await held_up.wait()
            return await run_alone(self, work)  # type: ignore[arg-type]  # handed on as it came

        await engine.start()
        engine.writer.run_alone = late.__get__(engine.writer)  # type: ignore[method-assign]
        await world.until(lambda: world.switch.connected)
        call = world.call(Hear("main.menu"), Press("2"), Wait(9.0), HangUp())
        await world.until(lambda: len(world.open_calls()) == 1)
        held_up.set()
        await world.until(lambda: not engine.watch.not_ready())
        await call.over()
        await world.settled()
        assert [record.outcome for record in world.records()] == [Outcome.ANSWERED]
        assert engine.status().calls == ()


@held
async def test_a_store_that_refuses_to_settle_is_asked_again(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        world.call(Hear("main.menu"))
        await world.until(lambda: len(world.open_calls()) == 1)
        await world.kill()
        engine = world.make_engine()
        await engine.start()
        run_alone, refused = Writer.run_alone, [0]

        async def refuse(self: Writer, work: object) -> object:
            refused[0] += 1
            if refused[0] < 3:
                raise StoreFull("no room")
            return await run_alone(self, work)  # type: ignore[arg-type]  # handed on as it came

        engine.writer.run_alone = refuse.__get__(engine.writer)  # type: ignore[method-assign]
        await world.until(lambda: refused[0] == 1)
        assert "what was up before the start is not settled yet" in engine.watch.not_ready()
        await world.until(lambda: not engine.watch.not_ready())
        assert len(engine.status().calls) == 1


@held
async def test_a_talk_goes_on_while_the_way_to_the_switch_is_lost(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        world.switch.disconnect()
        await world.until(lambda: bool(world.engine.watch.not_ready()))
        assert world.state("anna") == "talking"
        world.switch.reconnect()
        await world.until(lambda: not world.engine.watch.not_ready())
        assert world.state("anna") == "talking"
        call.far_hangs_up()
        await world.settled()
        assert (world.record().outcome, world.record().agent_id) == (Outcome.ANSWERED, "anna")


@held
async def test_a_crash_of_the_switch_ends_everything_and_the_agents_come_back(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben", "on_hook")) as world:
        await world.log_in("anna", "ben")
        for _ in range(3):
            world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == world.state("ben") == "talking")
        await world.until(lambda: world.engine.status().queues[0].waiting == 1)
        world.switch.crash()
        await world.settled()
        assert {record.outcome for record in world.records()} == {Outcome.PBX_LOST}
        world.switch.reconnect()
        await world.until(lambda: world.state("anna") == world.state("ben") == "ready")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: "talking" in (world.state("anna"), world.state("ben")))
        call.far_hangs_up()
        await world.settled()
        assert len(world.records()) == 4
        (leg,) = [str(row[0]) for row in world.rows("SELECT leg_id FROM agent_legs WHERE agent_id = 'anna'")]
        assert world.switch.agent_leg(LegId(leg)) is not None


@held
async def test_an_agent_talks_again_only_to_the_caller_whom_the_talk_was_with(tmp_path: Path) -> None:
    """Two live calls name the same agent: one talks, the other's talk is over and its caller waits once more."""
    async with world_in(tmp_path, agent("anna", wrap_up_s=0.0)) as world:
        await world.log_in("anna")
        talks = world.call(Hear("main.menu"), Wait(1.0), Press("2"))
        waits = world.call(Hear("main.menu"), Press("5"))
        await world.until(lambda: world.state("anna") == "talking" and world.engine.status().queues[0].waiting == 1)
        await world.engine.end_talk(AgentId("anna"))
        await world.until(lambda: world.rows(NOTED) == [("anna",), ("anna",)])
        await world.until(lambda: world.state("anna") == "talking")
        await world.kill()
        await world.start()
        assert world.state("anna") == "talking"
        waits.far_hangs_up()
        await world.until(lambda: len(world.open_calls()) == 1)
        assert world.state("anna") == "talking"
        talks.far_hangs_up()
        await world.until(lambda: world.state("anna") == "ready")
        await world.settled()
        assert {record.agent_id for record in world.records()} == {"anna"}


@held
async def test_an_agent_whose_talk_was_over_is_free_after_a_restart(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=0.0)) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("5"))
        await world.until(lambda: world.rows(NOTED) == [("anna",)])
        await asyncio.sleep(1.0)
        world.engine.floor.tell(ag.Pause(AgentId("anna"), "lunch"))
        await world.engine.end_talk(AgentId("anna"))
        await world.until(lambda: world.state("anna") == "paused")
        await asyncio.sleep(1.0)
        await world.kill()
        await world.start()
        assert world.state("anna") == "paused"
        assert len(world.engine.status().calls) == 1
        await asyncio.sleep(1.0)
        call.far_hangs_up()
        await world.settled()
        record = world.record()
        assert (record.outcome, record.agent_id) == (Outcome.ANSWERED, "anna") and adds_up(record)
        assert record.talk_s == pytest.approx(1.0, abs=0.3), "what came after the talk was counted as talk"


@held
async def test_what_was_known_of_a_call_outlives_the_engine(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        lost = world.call(Hear("main.menu"), Wait(30.0))
        talks = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        await asyncio.sleep(2.5)
        await world.kill()
        lost.far_hangs_up()
        await world.start()
        await world.until(lambda: world.state("anna") == "talking")
        assert "node" in " ".join(world.kinds(lost.info.call_id))
        await asyncio.sleep(5.0)
        await world.kill()
        await world.start()
        talks.far_hangs_up()
        await world.settled()
        kinds = world.kinds(talks.info.call_id)
        assert kinds.count("adopted") == 2 and kinds[-1] == "ended"
        assert kinds.index("adopted") > 3
        since = [each.since_s for each in world.events(talks.info.call_id)]
        assert since == sorted(since)
        assert {record.outcome for record in world.records()} == {Outcome.ANSWERED, Outcome.LOST}


@held
async def test_events_are_written_once_whether_they_were_kept_before_or_not(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        long = world.call(Hear("main.menu"), Press("2"), Wait(9.0), HangUp())
        await long.over()
        await world.settled()
        await world.until(lambda: world.state("anna") == "ready")
        short = world.call(Hear("main.menu"), Press("2"), Wait(1.0), HangUp())
        await short.over()
        await world.settled()
        assert world.kinds(long.info.call_id) == world.kinds(short.info.call_id)


@pytest.mark.parametrize("away_s", [5.0, 60.0])
@held
async def test_an_announced_pause_outlives_a_restart(tmp_path: Path, away_s: float) -> None:
    """One that was to begin meanwhile begins at once, and one that was taken back does not."""
    async with world_in(tmp_path, agent("anna"), agent("ben"), agent("cat"), agent("dan")) as world:
        await world.log_in("anna", "ben", "cat")
        world.engine.floor.tell(ag.Pause(AgentId("cat"), "early"))
        for who, problem in (("anna", ""), ("ben", ""), ("cat", "paused"), ("dan", "logged_out")):
            answer = await ask(world.engine, f"/v1/agents/{who}/pause", reason="lunch", in_s="40")
            assert answer.status_code == (409 if problem else 200)
            assert answer.json().get("problem", "").endswith(problem)
        world.engine.floor.tell(ag.Unpause(AgentId("ben")))
        await asyncio.sleep(1.0)
        assert world.rows("SELECT agent_id FROM announced_pauses") == [("anna",)]
        await world.kill()
        await asyncio.sleep(away_s)
        await world.start()
        if away_s < 40.0:
            assert world.state("anna") == "ready"
            await asyncio.sleep(41.0 - away_s)
        await world.until(lambda: world.state("anna") == "paused", within_s=1.0)
        assert (world.state("ben"), world.state("cat")) == ("ready", "paused")
        await world.until(lambda: world.rows("SELECT agent_id FROM announced_pauses") == [], within_s=1.0)
