"""Flows on the whole engine: what their nodes ask of the books is done, and the caller is told what is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.switch.loopback.callers import CallerScript, HangUp, Wait
from tests.console.held_time import held
from tests.console.world import World, world_in

OPT_OUT = """\
language: en
start: stop
nodes:
  stop: {opt_out: call.customer, failed: no, next: done}
  done: {hangup: [main.done], outcome: opted_out}
  no: {hangup: [main.no], outcome: no}
"""


def forbidden(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT number, source, added_by FROM do_not_call")


@held
async def test_a_caller_who_opts_out_is_on_the_list_before_the_call_ends(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=OPT_OUT) as world:
        call = world.call(Wait(0.3), HangUp())
        await call.over()
        await world.settled()
        assert forbidden(world) == [("+4930555010", "flow", "the caller")]
        opted = [event for event in world.events(call.info.call_id) if event.kind == "opted_out"]
        assert [event.detail for event in opted] == [{"node": "stop", "failed": None}]


@pytest.mark.parametrize("caller", ["", "anonymous", "030555010", "112", "+1"])
@held
async def test_a_caller_whose_number_is_none_is_told_so(tmp_path: Path, caller: str) -> None:
    async with world_in(tmp_path, flow=OPT_OUT) as world:
        await world.switch.place_call(CallerScript("100", (), caller=caller)).over()
        await world.settled()
        assert forbidden(world) == []
        kept = world.events(world.record().call_id)
        assert [event.detail["failed"] for event in kept if event.kind == "opted_out"] == ["no_number"]
        assert kept[-2].detail["outcome"] == "no"
