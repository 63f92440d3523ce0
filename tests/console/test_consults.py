"""Agents who ask another one first: where the caller is meanwhile, and what becomes of all three."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.errors import SwitchTimeout
from calls.ids import LegId
from calls.settings import QueueSettings
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import EndedBy, Seat
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.world import World, adds_up, agent, world_in


def house(folder: Path, **phones: AgentPhone) -> AbstractAsyncContextManager[World]:
    """Anna and Ben serve sales, Carl serves help by a phone that is rung."""
    carl = agent("carl", "on_hook").model_copy(update={"queues": ("help",)})
    queues = (QueueSettings(name="sales", max_wait_s=20, record="all"), QueueSettings(name="help", max_wait_s=15))
    return world_in(folder, agent("anna"), agent("ben"), carl, phones=phones, outside={"queues": queues})


async def asks(world: World, to: str = "ben") -> LoopbackCall:
    """A caller talks to Anna, who asks somebody."""
    await world.log_in("anna")
    call = world.call(Hear("main.menu"), Press("2"))
    await world.until(lambda: world.state("anna") == "talking")
    await world.log_in(to)
    assert (await order(world, agent=to, attended=True))[0] == 200
    return call


async def order(world: World, what: str = "", **body: object) -> tuple[int, str]:
    answer = await ask(world.engine, f"/v1/agents/anna/transfer{what}", body or None)
    return answer.status_code, str(answer.json().get("said") or answer.json().get("problem"))


def met(world: World, call: LoopbackCall) -> list[str]:
    """With whom the caller was brought together and parted, by agent."""
    legs = {str(leg): str(agent_id) for leg, agent_id in world.rows("SELECT leg_id, agent_id FROM agent_legs")}
    found = world.switch.diary.of(call.info.call_id, Seen.MEET, Seen.PART)
    return [f"{entry.seen.value} {legs.get(entry.detail, '?')}" for entry in found]


def seats(world: World) -> list[str]:
    return [entry.detail.split()[0] for entry in world.switch.diary.entries if entry.seen is Seen.SEAT]


async def answered(world: World, to: str = "ben") -> None:
    await world.until(lambda: world.state(to) == "talking", within_s=25.0)


@pytest.mark.parametrize("to", ["ben", "carl"])
@held
async def test_the_one_who_was_asked_takes_the_caller(tmp_path: Path, to: str) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, to)
        await answered(world, to)
        assert (world.state("anna"), seats(world)) == ("talking", ["join"])
        assert met(world, call) == ["meet anna", "part anna"], "the caller hears music"
        assert await order(world, "/complete") == (200, "agent anna: complete")
        await world.until(lambda: world.state("anna") == "wrap_up")
        await world.until(lambda: len(met(world, call)) == 3)
        assert (world.state(to), seats(world)) == ("talking", ["join", "own"])
        assert met(world, call)[-1] == f"meet {to}"
        call.far_hangs_up()
        await world.until(lambda: world.state(to) == "wrap_up")
        await world.settled()
        record = world.record()
        assert (record.agent_id, record.outcome, record.queue) == (to, Outcome.ANSWERED, "sales")
        assert adds_up(record)
        kinds = [kind for kind in world.kinds(call.info.call_id) if kind.startswith(("transfer", "consult", "talk_"))]
        assert kinds == ["transfer", "talk_ended", "consulted", "consult_ended", "talk_passed"]


@held
async def test_the_caller_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await asks(world)
        await answered(world)
        assert await order(world, "/cancel") == (200, "agent anna: cancel")
        await world.until(lambda: world.state("ben") == "wrap_up")
        await world.until(lambda: met(world, call)[-1] == "meet anna" and len(met(world, call)) == 3)
        assert world.state("anna") == "talking"
        call.far_hangs_up()
        await world.settled()
        assert world.record().agent_id == "anna"
        assert world.state("anna") == "wrap_up"


@held
async def test_the_caller_comes_back_where_nobody_answers(tmp_path: Path) -> None:
    async with house(tmp_path, carl=AgentPhone(None)) as world:
        call = await asks(world, "carl")
        assert await order(world, "/complete") == (409, "agent anna: nobody has answered yet")
        await world.until(lambda: len(met(world, call)) == 3, within_s=31.0)
        assert (met(world, call)[-1], world.state("anna"), world.state("carl")) == ("meet anna", "talking", "paused")


@held
async def test_the_caller_comes_back_where_the_other_one_hangs_up(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, "carl")
        await answered(world, "carl")
        leg = next(each.leg_id for each in world.engine.floor.view().agents if each.agent_id == "carl")
        assert leg is not None
        world.switch.agent_hangs_up(leg)
        await world.until(lambda: len(met(world, call)) == 3, within_s=2.0)
        assert (met(world, call)[-1], world.state("carl")) == ("meet anna", "wrap_up")


@pytest.mark.parametrize(("answers", "to"), [(True, "ben"), (False, "anna")])
@held
async def test_the_first_agents_leg_goes(tmp_path: Path, answers: bool, to: str) -> None:
    """The caller goes to the one who was asked; where there is none yet, to the next of the queue within 30 s."""
    phones = {} if answers else {"carl": AgentPhone(None)}
    async with house(tmp_path, **phones) as world:
        call = await asks(world, "ben" if answers else "carl")
        if answers:
            await answered(world)
        leg = next(each.leg_id for each in world.engine.floor.view().agents if each.agent_id == "anna")
        assert leg is not None
        world.switch.agent_hangs_up(leg)
        await world.until(lambda: len(met(world, call)) == 3, within_s=30.0)
        assert world.state(to) == "talking"
        call.far_hangs_up()
        await world.settled()
        assert (world.record().agent_id, world.record().outcome) == (to, Outcome.ANSWERED)


@held
async def test_a_caller_who_hangs_up_meanwhile_frees_both(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await asks(world)
        await answered(world)
        call.far_hangs_up()
        await world.until(lambda: world.state("anna") == world.state("ben") == "wrap_up", within_s=1.0)
        assert seats(world) == ["join", "own"]
        await world.settled()
        assert world.record().ended_by is EndedBy.CALLER


@held
async def test_a_queue_can_be_asked(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        await world.log_in("anna")
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        assert (await order(world, "/complete"))[1] == "agent anna asks nobody"
        await world.log_in("carl")
        assert (await order(world, queue="help", attended=True))[0] == 200
        await answered(world, "carl")
        assert (await order(world, queue="help"))[0] == 409, "one thing after another"


@held
async def test_each_part_is_a_recording_of_its_own(tmp_path: Path) -> None:
    """What the two agents say to each other is in none."""
    async with house(tmp_path) as world:
        call = await asks(world)
        await answered(world)
        await order(world, "/complete")
        await world.until(lambda: len(met(world, call)) == 3)
        told = [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.RECORD)]
        name = f"{call.info.call_id}-talk-"
        assert told == [f"start {name}1", "stop", f"start {name}2"]


@held
async def test_who_is_on_the_way_to_be_asked_is_led_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller comes back while the other agent's leg is being moved: nobody is left beside the next talk."""
    at_once = LoopbackSwitch.seat

    async def slowly(switch: LoopbackSwitch, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        await at_once(switch, leg_id, seat, host)
        if seat is Seat.JOIN:
            await asyncio.sleep(1.0)

    monkeypatch.setattr(LoopbackSwitch, "seat", slowly)
    async with house(tmp_path) as world:
        call = await asks(world)
        await world.until(lambda: seats(world) == ["join"])
        assert world.state("ben") == "reserved"
        assert (await order(world, "/cancel"))[0] == 200
        await world.until(lambda: len(met(world, call)) == 3)
        assert seats(world) == ["join", "own"]
        await world.until(lambda: world.state("ben") == "ready")


@held
async def test_a_leg_that_does_not_come_home_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = LoopbackSwitch.seat

    async def lost(switch: LoopbackSwitch, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        if seat is Seat.OWN:
            raise SwitchTimeout("no answer")
        await at_once(switch, leg_id, seat, host)

    monkeypatch.setattr(LoopbackSwitch, "seat", lost)
    async with house(tmp_path) as world:
        call = await asks(world)
        await answered(world)
        (leg,) = world.rows("SELECT leg_id FROM agent_legs WHERE agent_id = 'ben'")[0]
        assert (await order(world, "/complete"))[0] == 200
        await world.until(lambda: len(met(world, call)) == 3)
        assert met(world, call)[-1] == "meet anna", "nobody knows where the other agent is"
        assert world.switch.diary.of(str(leg), Seen.HANG_UP)


@held
async def test_a_question_does_not_outlive_a_restart(tmp_path: Path) -> None:
    """The one who was asked is in no other's room when the next caller comes; the asker's caller was on hold."""
    async with house(tmp_path) as world:
        await asks(world)
        await answered(world)
        await world.until(lambda: ("ben", "talking") in world.rows("SELECT agent_id, state FROM agent_states"))
        await world.kill()
        await world.start()
        assert (world.state("ben"), world.state("anna")) == ("ready", "ready")
        assert seats(world) == ["join", "own", "own"]
