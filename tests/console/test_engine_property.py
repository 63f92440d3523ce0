"""Whatever callers, agents and the switch do: one record a call, none open at the end, and parts that add up."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from calls.agents import events as ag
from calls.causes import Outcome
from calls.ids import AgentId
from calls.switch.loopback.callers import HangUp, Press, Step, Wait
from tests.console.held_time import held
from tests.console.world import World, adds_up, agent, world_in

WAITS = st.builds(Wait, st.sampled_from([0.0, 0.02, 0.5, 0.52, 1.3, 4.0, 25.0]))
STEPS = st.lists(
    st.one_of(WAITS, st.builds(Press, st.sampled_from(["1", "2", "3", "4", "5", "9", "12"])), st.builds(HangUp)),
    max_size=6,
)
CALLERS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 2.0, 9.0]), STEPS), min_size=1, max_size=6)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 3.0, 11.0]),
        st.sampled_from(["login", "logout", "pause", "unpause", "done", "end", "disconnect", "reconnect", "crash"]),
        st.sampled_from(["anna", "ben"]),
    ),
    max_size=8,
)


async def do(world: World, deed: str, who: AgentId) -> None:
    """One thing that agents or the switch do."""
    match deed:
        case "end":
            channel = world.engine.meetings.channel_of(who)
            if channel is not None:
                await channel.end_talk()
        case "disconnect":
            if world.switch.connected:
                world.switch.disconnect()
        case "reconnect":
            if not world.switch.connected:
                world.switch.reconnect()
        case "crash":
            world.switch.crash()
            world.switch.reconnect()
        case _:
            orders: dict[str, ag.FloorEvent] = {
                "login": ag.LogIn(who),
                "logout": ag.LogOut(who),
                "pause": ag.Pause(who, "tea"),
                "unpause": ag.Unpause(who),
                "done": ag.WrapUpDone(who),
            }
            world.engine.floor.tell(orders[deed])


@held
async def live_through(
    folder: Path, callers: list[tuple[float, list[Step]]], deeds: list[tuple[float, str, str]]
) -> None:
    async with world_in(folder, agent("anna"), agent("ben", "on_hook", wrap_up_s=0.0)) as world:
        await world.log_in("anna", "ben")
        placed = 0

        async def ring() -> None:
            nonlocal placed
            for after_s, steps in callers:
                await asyncio.sleep(after_s)
                world.call(*steps)
                placed += 1

        async def act() -> None:
            for after_s, deed, who in deeds:
                await asyncio.sleep(after_s)
                await do(world, deed, AgentId(who))
            await do(world, "reconnect", AgentId("anna"))

        await asyncio.gather(ring(), act())
        await asyncio.sleep(120.0)
        for call in list(world.engine.books.open_calls):
            agent_id = call.agent_id
            assert agent_id is not None, "only a talk that nobody ends may last so long"
            await do(world, "end", agent_id)
        async with asyncio.timeout(300.0):
            while world.engine.books.open_calls:
                for each in ("anna", "ben"):
                    await do(world, "end", AgentId(each))
                await asyncio.sleep(1.0)
        await world.settled()
        assert len(world.records()) == placed
        await all_is_well(world)


async def all_is_well(world: World) -> None:
    """One record each, nothing open, and nobody bound to a call."""
    records = world.records()
    assert len(records) == len({record.call_id for record in records})
    assert world.open_calls() == []
    for record in records:
        assert adds_up(record), record
        assert world.replayed(record.call_id).departure is None
        assert world.kinds(record.call_id).count("ended") == 1
        assert record.abandoned == (record.outcome is Outcome.ABANDONED)
    status = world.engine.status()
    assert all(queue.waiting == 0 for queue in status.queues)
    await world.until(lambda: all(each.call_id is None for each in world.engine.status().agents))


@settings(max_examples=25, deadline=None)
@given(CALLERS, DEEDS)
def test_each_call_leaves_one_record(
    callers: list[tuple[float, list[Step]]], deeds: list[tuple[float, str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        live_through(Path(folder), callers, deeds)
