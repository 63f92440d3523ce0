"""Dialled calls on the whole engine: who is reached, who hears the message, and what every record says."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from calls.agents import events as ag
from calls.causes import Outcome
from calls.errors import RecordError, SwitchTimeout, SwitchUnavailable
from calls.ids import AgentId, CampaignId
from calls.people import consents
from calls.people.consents import Consent, ConsentKind
from calls.records.published import Event, subscribe
from calls.records.writer import Writer
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import Detected, EndedBy, Originate, RingAgent
from console.engine.metrics import exposition
from dialer import attempts
from dialer import events as ev
from tests.console.held_time import LoopClock, held
from tests.console.world import PROMPT_S, Mortal, MortalChannel, World, adds_up, agent, world_in

TALKS, LEAVES, MACHINE = "+12025550100", "+12025550103", "+12025550104"


@held
async def test_a_person_meets_an_agent(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(TALKS)
        await world.campaign_over()
        await world.until(lambda: world.state("anna") == "ready")
        record = world.record()
        assert (record.outcome, record.ended_by, record.agent_id) == (Outcome.ANSWERED, EndedBy.CALLER, "anna")
        assert (record.called, record.caller, record.campaign_id) == (TALKS, "+12025550100", "autumn")
        assert record.ring_s == pytest.approx(1.02)
        assert record.talk_s == pytest.approx(3.0, abs=0.01)
        assert record.connect_s == pytest.approx(0.0, abs=0.01)
        assert record.wrap_up_s == pytest.approx(2.0)
        assert adds_up(record) and not record.abandoned
        assert world.kinds(record.call_id) == ["dialled", "arrived", "agent_offered", "agent_connected", "ended"]
        assert world.rows("SELECT state, outcome FROM attempts") == [("done", "answered")]
        assert world.campaign_state() == "finished"
        assert world.open_calls() == []


@pytest.mark.parametrize(
    ("asked", "agreed", "recorded"),
    [
        ("any", "never", True),
        ("consent", "never", False),
        ("consent", "once", True),
        ("consent", "not any more", False),
    ],
)
@held
async def test_only_who_agreed_is_recorded_where_the_campaign_asks_for_that(
    tmp_path: Path, asked: str, agreed: str, recorded: bool
) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        now = world.engine.clock.now()
        if agreed != "never":
            given = Consent(TALKS, ConsentKind.RECORDING, now - timedelta(days=1), "a form")
            await world.engine.writer.run(lambda db: consents.give(db, [given], now, "me"))
        if agreed == "not any more":
            kind = ConsentKind.RECORDING
            assert await world.engine.writer.run(lambda db: consents.withdraw(db, TALKS, kind, now, "me", ""))
        await world.log_in("anna")
        await world.campaign(TALKS, record='"all"', tables=f'[compliance]\nrecording = "{asked}"\n')
        await world.campaign_over()
        record = world.record()
        assert record.agent_id == "anna"
        assert record.recording == (f"{record.call_id}-talk-1" if recorded else None)


async def dial_with_nobody_free(world: World, *numbers: str, **changed: str) -> None:
    """The agent is logged in, and goes as soon as a phone rings."""
    await world.log_in("anna")
    await world.campaign(*numbers, **changed)
    await world.until(lambda: any(call.direction == "outbound" for call in world.engine.status().calls))
    world.engine.floor.tell(ag.Pause(AgentId("anna"), "away"))


@held
async def test_a_person_for_whom_nobody_is_free_hears_the_message_in_time(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial_with_nobody_free(world, TALKS)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.agent_id) == (Outcome.ABANDONED, True, None)
        diary = world.switch.diary.of(record.call_id, Seen.ANSWER, Seen.PROMPT, Seen.HANG_UP)
        answered, message, hung_up = diary[-3].at, diary[-2].at, diary[-1].at
        assert diary[-2].detail == "system.safe_harbour en"
        assert message - answered == pytest.approx(1.8, abs=0.01)
        assert hung_up - message == pytest.approx(PROMPT_S, abs=0.01)
        assert record.connect_s == pytest.approx(1.8, abs=0.01)
        assert record.ended_by is EndedBy.US
        assert adds_up(record)


@held
async def test_an_agent_who_comes_late_takes_the_call_from_the_message(tmp_path: Path) -> None:
    """On the edge of 1.8 s the floor may have given the call away: two who meet are not torn apart."""
    async with world_in(
        tmp_path, agent("anna", "on_hook", auto_answer=True), phones={"anna": AgentPhone(1.77)}
    ) as world:
        await world.log_in("anna")
        await world.campaign(TALKS)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.agent_id) == (Outcome.ANSWERED, "anna")
        assert record.connect_s == pytest.approx(1.79, abs=0.02)
        assert not record.abandoned


@held
async def test_a_person_who_hangs_up_at_once_is_not_abandoned(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial_with_nobody_free(world, LEAVES)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.ended_by) == (Outcome.ANSWERED, False, EndedBy.CALLER)
        assert record.talk_s == 0.0


@held
async def test_a_machine_is_hung_up(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, detect_machine="true")
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.detected) == (Outcome.MACHINE, Detected.MACHINE)
        assert (record.ended_by, record.agent_id, record.abandoned) == (EndedBy.US, None, False)


OUTCOMES = {
    "+12025550105": Outcome.BUSY,
    "+12025550106": Outcome.NO_ANSWER,
    "+12025550107": Outcome.CONGESTION,
    "+12025550108": Outcome.UNALLOCATED,
    "+12025550109": Outcome.NO_ANSWER,
}


@held
async def test_whoever_is_not_reached_has_the_outcome_of_the_cause(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(*OUTCOMES)
        await world.campaign_over()
        assert {record.called: record.outcome for record in world.records()} == OUTCOMES
        for record in world.records():
            assert (record.answered_at, record.billed_s, record.talk_s) == (None, 0.0, 0.0)
            assert adds_up(record)
        assert {row[0] for row in world.rows("SELECT state FROM attempts")} == {"done"}


@held
async def test_a_person_who_leaves_between_two_commands_is_known_to_have_left(tmp_path: Path) -> None:
    """Nothing is performed while the core decides: the channel is asked who ended the call."""
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        core = world.engine.dialled.core
        handle = core.handle

        def deaf(event: ev.Event, now: float) -> list[ev.Action]:
            """A core that answers an arrival by nothing."""
            actions = handle(event, now)
            return [each for each in actions if not isinstance(each, ev.OfferToAgents)]

        core.handle = deaf  # type: ignore[method-assign]
        await world.campaign(LEAVES)
        await world.campaign_over()
        assert world.record().ended_by is EndedBy.CALLER


class Doubtful(Mortal):
    """A switch of which nobody knows whether it took what it was asked for."""

    problem: Exception = SwitchTimeout("no answer")
    asked = 0

    async def originate(self, request: Originate) -> None:
        await super().originate(request)
        if isinstance(request, RingAgent) and not self.asked:
            self.asked += 1
            raise self.problem


@held
async def test_a_phone_of_which_we_do_not_know_whether_it_rings_may_answer(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), start=False) as world:
        world.make_engine(Doubtful(world.switch))
        await world.engine.start()
        await world.until(lambda: not world.engine.watch.not_ready())
        await world.log_in("anna")
        assert len([entry for entry in world.switch.diary.entries if entry.seen is Seen.INVITE]) == 1
        assert len(world.rows("SELECT * FROM agent_legs")) == 1


class Unheard(Mortal):
    """A switch that takes dials and whose answers do not come."""

    async def originate(self, request: Originate) -> None:
        await super().originate(request)
        if not isinstance(request, RingAgent):
            raise SwitchUnavailable("lost")


@held
async def test_a_dial_without_an_answer_is_neither_repeated_nor_given_up(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), start=False) as world:
        world.make_engine(Unheard(world.switch))
        await world.engine.start()
        await world.until(lambda: not world.engine.watch.not_ready())
        await world.log_in("anna")
        await world.campaign(TALKS)
        await world.campaign_over()
        assert world.record().outcome is Outcome.ANSWERED
        assert len(world.rows("SELECT * FROM attempts")) == 1


@held
async def test_a_drain_dials_nothing_more_and_a_restart_goes_on(tmp_path: Path) -> None:
    numbers = [f"+120255501{digit}0" for digit in range(6)]
    async with world_in(tmp_path, agent("anna"), drain_s=30.0) as world:
        await world.log_in("anna")
        await world.campaign(*numbers)
        await world.until(lambda: world.state("anna") == "talking")
        await world.engine.drain()
        invited = len(world.rows("SELECT * FROM attempts"))
        await world.settled()
        await world.engine.stop()
        assert invited < len(numbers)
        assert world.rows("SELECT state FROM campaigns") == [("running",)]
        await world.start()
        await world.campaign_over()
        called = [record.called for record in world.records() if record.outcome is not Outcome.CANCELLED]
        assert sorted(called) == sorted(numbers)


@held
async def test_ringing_and_talking_attempts_are_taken_over(tmp_path: Path) -> None:
    numbers = ["+12025550100", "+12025550106"]
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await world.log_in("anna", "ben")
        await world.campaign(*numbers, ring_timeout_s="10")
        await world.until(lambda: "talking" in (world.state("anna"), world.state("ben")))
        await world.kill()
        engine = await world.start()
        assert {call.phase for call in engine.status().calls} == {"talk", "ring"}
        await world.campaign_over()
        assert {record.called: record.outcome for record in world.records()} == {
            "+12025550100": Outcome.ANSWERED,
            "+12025550106": Outcome.NO_ANSWER,
        }
        assert world.rows("SELECT number FROM attempts ORDER BY number") == [(number,) for number in numbers]
        await world.until(lambda: world.state("anna") == world.state("ben") == "ready")


@held
async def test_attempts_that_are_gone_after_a_restart_are_lost_and_not_dialled_again(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(TALKS)
        await world.until(lambda: world.state("anna") == "talking")
        await world.kill()
        world.switch.crash()
        world.switch.reconnect()
        await world.start()
        await world.campaign_over()
        assert [record.outcome for record in world.records()] == [Outcome.PBX_LOST]
        assert len(world.rows("SELECT * FROM attempts")) == 1


@held
async def test_a_crash_of_the_switch_under_a_campaign(tmp_path: Path) -> None:
    numbers = [f"+120255501{digit}0" for digit in range(4)]
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await world.log_in("anna", "ben")
        await world.campaign(*numbers)
        await world.until(lambda: "talking" in (world.state("anna"), world.state("ben")))
        world.switch.crash()
        await asyncio.sleep(5.0)
        assert world.engine.status().hold
        world.switch.reconnect()
        await world.campaign_over()
        outcomes = sorted(record.outcome.value for record in world.records())
        assert outcomes == ["answered", "answered", "pbx_lost", "pbx_lost"]
        assert sorted(record.called for record in world.records()) == numbers


@held
async def test_a_fault_in_the_leads_pauses_the_campaign_loudly(tmp_path: Path) -> None:
    """Once unheard, it left the campaign running and silent for ever."""
    async with world_in(tmp_path, agent("anna")) as world:
        await world.engine.writer.run(lambda db: subscribe(db, [("ops", Event.CAMPAIGN_FAULT)]))
        await world.log_in("anna")
        world.engine.floor.tell(ag.Pause(AgentId("anna"), "not yet"))
        await world.campaign(TALKS)
        await world.engine.writer.run(lambda connection: connection.execute("UPDATE leads SET time_zones = 'torn'"))
        world.engine.floor.tell(ag.Unpause(AgentId("anna")))
        await world.until(lambda: world.campaign_state() == "paused")
        (shown,) = world.engine.status().campaigns
        assert "attempts cannot be begun" in shown.reason and "JSONDecodeError" in shown.reason
        await world.until(lambda: world.rows("SELECT state FROM campaigns") == [("paused",)])
        assert world.rows("SELECT who FROM audit WHERE what = 'campaign.fault'") == [("engine",)]
        assert world.rows("SELECT node FROM outbox") == [("campaign_fault",)]
        assert b'callwright_campaign_faults_total{campaign="autumn"} 1.0' in exposition(world.engine)[0]
        assert world.rows("SELECT count(*) FROM attempts") == [(0,)]
        mend = "UPDATE leads SET time_zones = '[\"America/New_York\"]'"
        await world.engine.writer.run(lambda connection: connection.execute(mend))
        world.engine.dialled.tell(ev.CampaignResumed(CampaignId("autumn")))
        await world.campaign_over()
        assert world.record().outcome is Outcome.ANSWERED


@held
@pytest.mark.parametrize(("by_s", "state"), [(90.0, "paused"), (-90.0, "paused"), (50.0, "running")])
async def test_a_clock_that_is_set_far_and_at_once_pauses_campaigns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_s: float, state: str
) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.campaign(TALKS)
        now = LoopClock.now
        monkeypatch.setattr(LoopClock, "now", lambda clock: now(clock) + timedelta(seconds=by_s))
        await asyncio.sleep(1.0)
        assert world.campaign_state() == state
        (shown,) = world.engine.status().campaigns
        assert ("the clock was set" in shown.reason) is (state == "paused")


@held
async def test_a_person_whose_call_the_switch_fails_is_not_left_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody led the call any more, and the person waited for the limit of a message, which is a minute."""

    async def fails(*_: object) -> None:
        raise SwitchTimeout("AGI: no reply in time")

    def refuses(*_: object) -> None:
        raise RecordError("no room on the disk")

    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        world.switch.meet(TALKS, Callee(answer_after_s=1.0, talk_s=50.0))
        await world.campaign(TALKS)
        await world.until(lambda: any(call.direction == "outbound" for call in world.engine.status().calls))
        world.engine.floor.tell(ag.Pause(AgentId("anna"), "away"))
        monkeypatch.setattr(MortalChannel, "perform", fails)
        with monkeypatch.context() as full:
            full.setattr(attempts, "finish_attempt", refuses)
            await world.until(lambda: bool(world.engine.status().campaigns[0].outcomes))
            world.engine._recount(CampaignId("autumn"))
            await world.until(lambda: world.engine.writer.behind_s() == 0)
            assert counted(world) == (1, 1), "where it is counted again and is not written down yet"
        await world.campaign_over()
        record = world.record()
        assert record.duration_s < 6.0 and record.agent_id is None and record.abandoned
        assert counted(world) == (1, 1), "in the cap that holds now, too"
        assert world.engine.status().campaigns[0].outcomes == {"abandoned": 1}


@held
async def test_who_is_not_written_down_yet_counts_in_the_cap_where_it_is_counted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise RecordError("no room on the disk")

    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        world.switch.meet(TALKS, Callee(answer_after_s=1.0, talk_s=50.0))
        with monkeypatch.context() as full:
            full.setattr(attempts, "finish_attempt", refuses)
            await world.campaign(TALKS)
            await world.until(lambda: world.state("anna") == "reserved" or bool(world.engine.books.open_calls))
            world.engine.floor.tell(ag.Pause(AgentId("anna"), "away"))
            await world.until(lambda: not world.engine.books.open_calls)
            assert counted(world) == (1, 1)
            world.engine._recount(CampaignId("autumn"))
            await world.until(lambda: world.engine.writer.behind_s() == 0)
            assert counted(world) == (1, 1), "the store has none of it"
        await world.until(lambda: len(world.records()) == 1)
        world.engine._recount(CampaignId("autumn"))
        await world.settled()
        assert counted(world) == (1, 1), "and it is not counted twice"


def counted(world: World) -> tuple[int, int]:
    (campaign,) = world.engine.dialled.core.view(world.engine.clock.monotonic_s()).campaigns
    return campaign.answered, campaign.abandoned


@held
async def test_nothing_is_begun_while_the_engine_is_not_ready(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        world.engine.watch.store_said("no room on the disk")
        await world.campaign(TALKS)
        await world.until(lambda: "no room" in world.engine.status().campaigns[0].reason)
        await asyncio.sleep(30)
        assert world.rows("SELECT count(*) FROM attempts") == [(0,)]
        world.engine.watch.store_said("")
        await world.campaign_over()
        assert world.record().outcome is Outcome.ANSWERED


@held
async def test_nobody_is_dialled_before_the_store_knows_that_the_campaign_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        run, seen = Writer.run, list[str]()

        async def noted(writer: Writer, work: Callable[[sqlite3.Connection], object]) -> object:
            name = getattr(work, "__qualname__", type(work).__name__)
            seen.append(f"asked {name}")
            result = await run(writer, work)
            seen.append(f"done {name}")
            return result

        monkeypatch.setattr(Writer, "run", noted)
        await world.campaign(TALKS)
        await world.engine.dialled.states.kept(CampaignId("autumn"))
        begun = [each for each in seen if "begin" in each]
        assert seen[-1] == "done CampaignStates._write.<locals>.write" and begun == []
        assert world.rows("SELECT state FROM campaigns") == [("running",)]
        await world.campaign_over()
        assert [each for each in seen if "begin" in each]
        assert world.record().agent_id == "anna"
