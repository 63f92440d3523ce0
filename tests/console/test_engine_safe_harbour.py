"""The safe-harbour message on the whole engine: who presses its key is called no more."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from calls.agents import events as ag
from calls.causes import Outcome
from calls.ids import AgentId
from calls.people import do_not_call
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import HangUp, Hear, Press, Step, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.port import EndedBy
from tests.console.held_time import held
from tests.console.world import PROMPT_S, World, agent, world_in

PERSON = "+12025550100"
MESSAGE = Hear("system.safe_harbour")


async def abandon(world: World, *steps: Step, **changed: str) -> None:
    """Dial a person who then acts like that; nobody is free for them."""
    world.switch.meet(PERSON, Callee(answer_after_s=1.0, talk_s=60.0, steps=steps))
    await world.log_in("anna")
    await world.campaign(PERSON, **changed)
    await world.until(lambda: any(call.direction == "outbound" for call in world.engine.status().calls))
    world.engine.floor.tell(ag.Pause(AgentId("anna"), "away"))
    await world.campaign_over()


def heard(world: World) -> list[str]:
    seen = world.switch.diary.of(world.record().call_id, Seen.PROMPT)
    return [entry.detail.removesuffix(" en") for entry in seen]


def listed(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT number, source, added_by FROM do_not_call")


OPT_OUT = {"opt_out_key": '"9"'}
ENTRY = (PERSON, "safe-harbour message", "the person called")


@held
@pytest.mark.parametrize("after_s", [0.2, PROMPT_S + 4.0])
async def test_the_key_counts_during_the_message_and_after_it(tmp_path: Path, after_s: float) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await abandon(world, MESSAGE, Wait(after_s), Press("9"), **OPT_OUT)
        assert listed(world) == [ENTRY]
        assert heard(world) == ["system.safe_harbour", "system.opted_out"]
        record = world.record()
        assert (record.outcome, record.abandoned, record.ended_by) == (Outcome.ABANDONED, True, EndedBy.US)
        assert record.connect_s == pytest.approx(1.8, abs=0.01)
        assert [dict(e.detail) for e in world.events(record.call_id) if e.kind == "opted_out"] == [{"failed": None}]
        (audit,) = world.rows("SELECT who, what FROM audit WHERE what = 'do_not_call.add'")
        assert audit == ("the person called", "do_not_call.add")


@held
async def test_who_presses_nothing_may_be_called_again(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await abandon(world, **OPT_OUT)
        assert listed(world) == []
        assert heard(world) == ["system.safe_harbour"]


@held
async def test_a_key_without_an_offer_means_nothing(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await abandon(world, MESSAGE, Press("9"))
        assert listed(world) == []


@held
async def test_a_wrong_key_has_the_message_said_again(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await abandon(world, MESSAGE, Press("1"), MESSAGE, Press("9"), **OPT_OUT)
        assert heard(world) == ["system.safe_harbour", "system.safe_harbour", "system.opted_out"]
        assert listed(world) == [ENTRY]


@held
async def test_wrong_keys_do_not_hold_the_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await abandon(world, MESSAGE, Press("1"), MESSAGE, Press("2"), **OPT_OUT)
        assert heard(world) == ["system.safe_harbour", "system.safe_harbour"]
        assert listed(world) == []


@held
@pytest.mark.parametrize("wrong", [2, 5])
async def test_the_right_key_counts_after_however_many_wrong_ones(tmp_path: Path, wrong: int) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        tries: list[Step] = [step for each in range(1, wrong) for step in (Press(str(each)), Wait(1.0))]
        await abandon(world, MESSAGE, Press("0"), MESSAGE, *tries, Press("9"), **OPT_OUT)
        assert heard(world) == ["system.safe_harbour", "system.safe_harbour", "system.opted_out"]
        assert listed(world) == [ENTRY]


@held
async def test_who_presses_on_and_on_does_not_hold_the_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        presses: list[Step] = [Press("1"), Wait(4.0)] * 20
        await abandon(world, MESSAGE, Press("0"), MESSAGE, *presses, **OPT_OUT)
        assert listed(world) == [] and world.record().duration_s < 60.0


@held
async def test_who_hangs_up_right_behind_the_key_is_on_the_list(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await abandon(world, MESSAGE, Press("9"), HangUp(), **OPT_OUT)
        assert listed(world) == [ENTRY]
        assert world.record().ended_by is EndedBy.CALLER


@held
async def test_a_stop_waits_for_an_opt_out_that_the_store_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added, refuses = do_not_call.add, [True]

    def add(connection: sqlite3.Connection, entry: do_not_call.Entry) -> None:
        if refuses:
            raise sqlite3.OperationalError("database is locked")
        added(connection, entry)

    monkeypatch.setattr(do_not_call, "add", add)
    async with world_in(tmp_path, agent("anna")) as world:
        await abandon(world, MESSAGE, Press("9"), HangUp(), **OPT_OUT)
        assert listed(world) == []
        world.loop.call_later(3.0, refuses.clear)
    assert listed(world) == [ENTRY]
