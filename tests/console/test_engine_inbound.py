"""Inbound calls on the whole engine: through the flow, to agents, to one record each."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from calls.agents import events as ag
from calls.causes import Outcome
from calls.ids import AgentId
from calls.switch.loopback.callers import HangUp, Hear, Press, Step, Wait
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import EndedBy
from tests.console.held_time import held
from tests.console.world import FLOW, PROMPT_S, World, adds_up, agent, world_in


@held
async def test_a_call_through_the_flow_leaves_its_record_and_its_events_in_order(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        call = world.call(Hear("main.menu", whole=True), Wait(1.0), Press("1"))
        await call.over()
        await world.settled()
        record = world.record()
        assert record.call_id == call.info.call_id
        assert (record.outcome, record.ended_by, record.cause) == (Outcome.ANSWERED, EndedBy.US, 16)
        assert (record.flow, record.last_node, record.queue, record.agent_id) == ("main", "bye", None, None)
        assert record.flow_version == world.events(record.call_id)[0].detail["version"]
        assert (record.caller, record.called) == ("+4930555010", "100")
        assert adds_up(record)
        assert record.duration_s == pytest.approx(3 * PROMPT_S + 1.0)
        assert (record.ring_s, record.wait_s, record.talk_s, record.billed_s) == (None, None, 0.0, record.duration_s)
        assert world.replayed(record.call_id).departure is None
        events = [event for event in world.events(record.call_id) if event.kind != "exchange"]
        assert [event.kind for event in events] == [
            *("flow_started", "node_entered", "choice", "node_left", "node_entered", "node_left"),
            *("node_entered", "node_left", "hung_up", "outcome", "ended"),
        ]
        assert [event.since_s for event in events] == sorted(event.since_s for event in events)
        assert events[-1].detail == {"outcome": "answered", "cause": 16, "by": "us"}
        assert world.open_calls() == []


@held
async def test_a_number_that_no_flow_takes_is_rejected_with_a_record(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        ended = await world.call(called="999").over()
        await world.settled()
        assert (ended.by, ended.cause) == (EndedBy.US, 1)
        record = world.record()
        assert (record.outcome, record.cause, record.ended_by) == (Outcome.REJECTED, 1, EndedBy.US)
        assert (record.flow, record.answered_at, record.billed_s) == (None, None, 0.0)


@pytest.mark.parametrize("mode", ["nailed_up", "on_hook"])
@held
async def test_an_agent_ends_the_talk_and_the_flow_goes_on(tmp_path: Path, mode: str) -> None:
    async with world_in(tmp_path, agent("anna", mode), phones={"anna": AgentPhone(0.5)}) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        channel = world.engine.meetings.channel_of(AgentId("anna"))
        assert channel is not None and channel.info.call_id == call.info.call_id
        (shown,) = world.engine.status().calls
        assert (shown.phase, shown.queue, shown.agent, shown.caller) == ("talk", "sales", "anna", "***010")
        await world.until(lambda: world.engine.status().agents[0].for_s >= 7.0)
        await channel.end_talk()
        await call.over()
        await world.until(lambda: world.state("anna") == "ready")
        await world.settled()
        assert world.engine.meetings.channel_of(AgentId("anna")) is None
        record = world.record()
        assert (record.outcome, record.queue, record.agent_id) == (Outcome.ANSWERED, "sales", "anna")
        assert record.talk_s == pytest.approx(7.0, abs=0.02)
        assert record.wait_s == pytest.approx(0.0 if mode == "nailed_up" else 0.52, abs=0.02)
        assert record.wrap_up_s == pytest.approx(2.0, abs=0.02)
        assert adds_up(record) and not record.abandoned
        kinds = world.kinds(record.call_id)
        in_order = ["queue_entered", "agent_offered", "agent_connected", "talk_ended", "queue_served", "hung_up"]
        assert [kind for kind in kinds if kind in in_order] == in_order
        assert record.last_node == "bye"


@held
async def test_a_caller_ends_the_talk(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.call(Hear("main.menu"), Press("2"), Wait(6.0), HangUp()).over()
        await world.settled()
        record = world.record()
        assert (record.outcome, record.ended_by, record.agent_id) == (Outcome.ANSWERED, EndedBy.CALLER, "anna")
        assert record.talk_s == pytest.approx(6.0)
        assert adds_up(record)


@held
async def test_an_agent_who_hangs_the_nailed_up_phone_up_is_rung_again(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), phones={"anna": AgentPhone(0.2, talk_s=3.0)}) as world:
        await world.log_in("anna")
        await world.call(Hear("main.menu"), Press("2")).over()
        await world.until(lambda: world.state("anna") == "ready")
        await world.settled()
        record = world.record()
        assert (record.outcome, record.ended_by, record.agent_id) == (Outcome.ANSWERED, EndedBy.US, "anna")
        assert record.talk_s == pytest.approx(3.0)
        assert "talk_ended" in world.kinds(record.call_id)
        assert len(world.rows("SELECT * FROM agent_legs")) == 1


@held
async def test_a_caller_who_gives_up_in_the_queue_is_abandoned(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        first = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        second = world.call(Hear("main.menu"), Press("2"), Wait(8.0), HangUp())
        await second.over()
        first.far_hangs_up()
        await world.settled()
        record = next(each for each in world.records() if each.call_id == second.info.call_id)
        assert (record.outcome, record.abandoned, record.ended_by) == (Outcome.ABANDONED, True, EndedBy.CALLER)
        assert (record.queue, record.agent_id, record.talk_s) == ("sales", None, 0.0)
        assert record.wait_s == pytest.approx(8.0)
        assert adds_up(record)
        assert world.engine.status().queues[0].waiting == 0
        heard = [entry.at for entry in world.switch.diary.of(record.call_id) if "hold_on" in entry.detail]
        assert [at - heard[0] for at in heard] == pytest.approx([0.0, 5.5])


@held
async def test_nobody_is_logged_in(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.call(Hear("main.menu"), Press("2")).over()
        await world.settled()
        record = world.record()
        assert (record.last_node, record.outcome, record.wait_s) == ("nobody", Outcome.ANSWERED, None)


@held
async def test_the_wait_expires_and_the_flow_goes_on(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        first = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        second = world.call(Hear("main.menu"), Press("2"))
        await second.over()
        first.far_hangs_up()
        await world.settled()
        record = next(each for each in world.records() if each.call_id == second.info.call_id)
        assert (record.last_node, record.outcome, record.abandoned) == ("late", Outcome.ANSWERED, False)
        assert record.wait_s == pytest.approx(20.0, abs=1.0)
        assert record.menu_s == pytest.approx(2 * PROMPT_S, abs=1.0)
        assert adds_up(record)


@held
async def test_an_agent_who_does_not_answer_is_paused_and_the_next_one_is_rung(tmp_path: Path) -> None:
    phones = {"anna": AgentPhone(refuses_with=17), "ben": AgentPhone(0.5)}
    async with world_in(tmp_path, agent("anna", "on_hook"), agent("ben", "on_hook"), phones=phones) as world:
        await world.log_in("anna", "ben")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("ben") == "talking")
        call.far_hangs_up()
        await world.settled()
        assert world.record().agent_id == "ben"
        assert world.state("anna") == "paused"


@held
async def test_two_waits_in_one_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=0.0)) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("5"))
        for _ in range(2):
            await world.until(lambda: world.state("anna") == "talking")
            await world.until(lambda: world.engine.status().agents[0].for_s >= 3.0)
            channel = world.engine.meetings.channel_of(AgentId("anna"))
            assert channel is not None
            await channel.end_talk()
            await world.until(lambda: world.engine.status().agents[0].for_s < 3.0)
        await call.over()
        await world.settled()
        record = world.record()
        assert record.talk_s == pytest.approx(6.0, abs=0.05)
        assert record.last_node == "bye"
        assert world.kinds(record.call_id).count("agent_connected") == 2


@held
async def test_a_transfer_counts_as_talk(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await world.call(Hear("main.menu"), Press("3")).over()
        await world.settled()
        record = world.record()
        assert (record.last_node, record.outcome) == ("bye", Outcome.ANSWERED)
        assert record.talk_s == pytest.approx(3.0)
        assert adds_up(record)


LEAVES: tuple[tuple[Step, ...], ...] = (
    (HangUp(),),
    (Hear("main.menu"), HangUp()),
    (Hear("main.menu"), Press("1"), HangUp()),
    (Hear("main.menu"), Press("2"), HangUp()),
    (Hear("main.menu"), Press("2"), Hear("queue.hold_on"), HangUp()),
    (Hear("main.menu"), Press("2"), Wait(0.3), HangUp()),
    (Hear("main.menu"), Press("2"), Wait(0.52), HangUp()),
    (Hear("main.menu"), Press("2"), Wait(0.6), HangUp()),
    (Hear("main.menu"), Press("3"), Wait(0.4), HangUp()),
    (Hear("main.menu"), Press("3"), Wait(2.0), HangUp()),
    (Hear("main.menu"), Press("1"), Hear("system.goodbye"), HangUp()),
    (Hear("main.menu"), Press("4"), Hear("system.sorry"), HangUp()),
)


@pytest.mark.parametrize("steps", LEAVES, ids=str)
@held
async def test_a_hang_up_at_any_moment_leaves_one_record(tmp_path: Path, steps: tuple[Step, ...]) -> None:
    async with world_in(tmp_path, agent("anna", "on_hook", wrap_up_s=0.0)) as world:
        await world.log_in("anna")
        await world.call(*steps).over()
        await world.settled()
        record = world.record()
        assert record.ended_by is EndedBy.CALLER
        assert adds_up(record)
        assert world.open_calls() == []
        assert (record.outcome is Outcome.FAILED) == (Press("4") in steps)
        await world.until(lambda: world.state("anna") == "ready")
        assert world.kinds(record.call_id)[-1] == "ended"
        await nothing_is_left(world)


@held
async def test_a_caller_who_leaves_in_the_moment_of_the_answer_has_cancelled(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        world.call().far_hangs_up()
        await world.until(lambda: len(world.records()) == 1)
        record = world.record()
        assert (record.outcome, record.ended_by) == (Outcome.CANCELLED, EndedBy.CALLER)
        assert (record.answered_at, record.billed_s) == (None, 0.0)


async def nothing_is_left(world: World) -> None:
    """No call waits or talks, and no agent is bound to one."""
    status = world.engine.status()
    assert status.calls == ()
    assert all(queue.waiting == 0 for queue in status.queues)
    assert all(each.call_id is None for each in status.agents)


@held
async def test_a_prompt_that_is_lost_gives_an_apology_and_a_record_that_says_failed(tmp_path: Path) -> None:
    """The driver refuses the command: a fault of ours, and no reason to leave the caller in silence."""
    async with world_in(tmp_path) as world:
        ended = await world.call(Hear("main.menu"), Press("4")).over()
        await world.settled()
        record = world.record()
        assert ended.by is EndedBy.US
        assert (record.outcome, record.ended_by) == (Outcome.FAILED, EndedBy.US)
        assert record.last_node == "lost"
        assert "main.gone" in str(next(e.detail for e in world.events(record.call_id) if e.kind == "fault"))
        heard = [entry.detail for entry in world.switch.diary.of(record.call_id)]
        assert "system.sorry en" in heard


@held
async def test_a_caller_of_a_closing_engine_is_not_put_into_a_queue(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        world.engine.watch.draining = True
        await world.call(Hear("main.menu"), Press("2")).over()
        await world.settled()
        assert world.record().last_node == "closed"


@held
async def test_an_agent_who_logs_out_in_a_talk_finishes_it_first(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        world.engine.floor.tell(ag.LogOut(AgentId("anna")))
        assert world.state("anna") == "talking"
        call.far_hangs_up()
        await world.until(lambda: world.state("anna") == "logged_out")
        await world.settled()
        assert world.record().wrap_up_s == pytest.approx(2.0, abs=0.02)
        assert world.rows("SELECT * FROM agent_legs") == []


@held
async def test_agents_states_and_their_lengths_are_kept(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"), Wait(4.0), HangUp())
        await call.over()
        await world.until(lambda: world.state("anna") == "ready")
        await world.settled()
        rows = world.rows("SELECT state, duration_s, call_id FROM agent_states ORDER BY since_at")
        assert [row[0] for row in rows] == ["ready", "reserved", "talking", "wrap_up", "ready"]
        assert [row[2] for row in rows][1:4] == [call.info.call_id] * 3
        assert rows[2][1] == pytest.approx(4.0) and rows[3][1] == pytest.approx(2.0)
        assert rows[4][1] is None


@held
async def test_a_split_is_drawn_once_a_call(tmp_path: Path) -> None:
    text = FLOW.replace("start: menu", "start: trial").replace(
        "nodes:", "nodes:\n  trial: {split: {menu: 1, hours: 1}}"
    )
    async with world_in(tmp_path, flow=text) as world:
        for _ in range(8):
            await world.call(Hear("main.menu"), HangUp()).over()
        await world.settled()
        drawn = [
            event.detail["arm"]
            for record in world.records()
            for event in world.events(record.call_id)
            if event.kind == "split"
        ]
        expected = Random(1)
        assert drawn == ["menu" if expected.random() < 0.5 else "hours" for _ in range(8)]
        assert set(drawn) == {"menu", "hours"}
