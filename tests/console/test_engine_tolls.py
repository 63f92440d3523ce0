"""Transfers to numbers on the whole engine: what a rule forbids is never dialled, and what is used is counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calls.errors import SwitchTimeout
from calls.ids import CallId
from calls.settings import Destination, TransferSettings
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import CallerScript, HangUp, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import Hold, HungUp, Result, SwitchCommand, Transfer
from calls.toll import Refused
from console.engine.tolls import Lease, Tolls
from tests.console.held_time import held
from tests.console.world import World, agent, settings_in, world_in

FLOW = """\
language: en
start: office
nodes:
  office: {transfer_to: call.caller, whisper: [main.whisper], failed: failed, refused: refused, next: after}
  failed: {hangup: [], outcome: failed}
  refused: {hangup: [], outcome: refused}
  after: {hangup: [], outcome: after}
"""

ALLOWS = {"countries": ("DE",), "trunk": "loop", "concurrent": 1, "longest_minutes": 2, "minutes_a_day": 3}


def world_with(folder: Path, **transfer: object) -> World:
    settings = settings_in(folder, (agent("ann"),))
    given = TransferSettings.model_validate(ALLOWS | transfer)
    return World(folder, settings.model_copy(update={"transfer": given}), {}, FLOW)


async def outcome(world: World, number: str) -> str:
    """What a call from ``number`` came to, which is transferred to that number."""
    call = world.switch.place_call(CallerScript("100", (Wait(60.0),), caller=number))
    await call.over()
    await world.settled()
    return str(world.events(call.info.call_id)[-2].detail["outcome"])


def dialled(world: World) -> list[str]:
    return [entry.detail for entry in world.switch.diary.entries if entry.seen is Seen.INVITE]


def lines(world: World) -> int:
    """How many of the trunk's are in use."""
    return world.engine.dialled.core.view(world.engine.clock.monotonic_s()).trunks[0].in_use


async def closed(world: World) -> None:
    world.switch.crash()
    await world.engine.stop()
    world.close()


@held
async def test_a_number_that_is_allowed_is_dialled_and_counted(tmp_path: Path) -> None:
    world = world_with(tmp_path)
    await world.start()
    assert await outcome(world, "+493023125120") == "after"
    assert dialled(world) == ["+493023125120"]
    assert world.rows("SELECT number, country, minutes, ended_at IS NULL FROM toll_calls") == [
        ("+493023125120", "DE", 1, 0)
    ]
    assert world.record().talk_s > 0
    await closed(world)


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("+19005551234", "country"),
        ("+499001234567", "kind"),
        ("112", "number"),
        ("", "number"),
        ("+881612345678", "country"),
    ],
)
@held
async def test_what_a_rule_forbids_is_never_dialled(tmp_path: Path, number: str, rule: str) -> None:
    world = world_with(tmp_path)
    await world.start()
    assert await outcome(world, number) == "refused"
    assert dialled(world) == [] and world.rows("SELECT * FROM toll_calls") == []
    (told,) = [event for event in world.events(world.record().call_id) if event.kind == "transfer_refused"]
    assert told.detail["rule"] == rule
    await closed(world)


@held
async def test_the_day_s_minutes_and_the_calls_at_once_are_capped(tmp_path: Path) -> None:
    world = world_with(tmp_path)
    await world.start()
    first = world.switch.place_call(CallerScript("100", (Wait(3.0), HangUp()), caller="+493023125120"))
    await world.until(lambda: bool(dialled(world)))
    second = world.switch.place_call(CallerScript("100", (Wait(60.0),), caller="+493023125121"))
    await second.over()
    await first.over()
    await world.settled()
    rules = [event.detail["rule"] for event in world.events(second.info.call_id) if event.kind == "transfer_refused"]
    assert rules == ["concurrent"]
    assert world.rows("SELECT minutes, ended_at IS NULL FROM toll_calls") == [(1, 0)], "a hang-up is counted too"
    assert await outcome(world, "+493023125120") == "after"
    assert await outcome(world, "+493023125120") == "after"
    assert await outcome(world, "+493023125120") == "refused", "three minutes are the day's"
    await closed(world)


@held
async def test_without_settings_nothing_is_dialled(tmp_path: Path) -> None:
    async with world_in(tmp_path, flow=FLOW) as world:
        assert await outcome(world, "+493023125120") == "refused"
        assert dialled(world) == []


@held
async def test_a_call_that_outlives_a_run_of_ours_is_one_of_those_at_once(tmp_path: Path) -> None:
    world = world_with(tmp_path, minutes_a_day=100)
    await world.start()
    first = world.switch.place_call(CallerScript("100", (Wait(50.0), HangUp()), caller="+493023125120"))
    await world.until(lambda: bool(dialled(world)))
    await world.kill()
    await world.start()
    assert lines(world) == 1
    assert await outcome(world, "+493023125121") == "refused"
    assert dialled(world) == ["+493023125120"]
    first.far_hangs_up()
    await first.over()
    await world.settled()
    assert lines(world) == 0
    assert await outcome(world, "+493023125121") == "after"
    assert world.rows("SELECT minutes, ended_at IS NULL FROM toll_calls") == [(2, 0), (1, 0)], "nobody knows how long"
    await closed(world)


@held
async def test_what_one_trunk_does_not_take_goes_out_by_the_next_that_carries_it(tmp_path: Path) -> None:
    """Of three, one carries other numbers only. The cheaper is the first, and who is busy was reached."""
    full, busy = "+493023125120", "+493023125121"
    world = world_with(tmp_path, trunk=None, trunks=("loop", "elsewhere", "cheap"))
    (loop,) = world.settings.trunks
    cheap = loop.model_copy(update={"name": "cheap"})
    elsewhere = loop.model_copy(update={"name": "elsewhere", "prefixes": ("+1",)})
    dearer = loop.model_copy(update={"cost_a_minute": 1.0})
    world.settings = world.settings.model_copy(update={"trunks": (dearer, cheap, elsewhere)})
    world.switch._trunks = frozenset({"loop", "cheap", "elsewhere"})
    world.switch.meet(full, Callee(refuses_with=34))
    world.switch.meet(busy, Callee(refuses_with=17))
    await world.start()
    assert world.engine.transfers._tolls._ways(full, "main") == ("cheap", "loop")
    assert await outcome(world, full) == "failed"
    assert dialled(world) == [full, full], "by both that carry it"
    assert await outcome(world, busy) == "failed"
    assert dialled(world) == [full, full, busy]
    await closed(world)


@held
async def test_a_number_goes_out_by_no_trunk_whose_lines_are_full(tmp_path: Path) -> None:
    """Of one line, the campaign's calls leave none while a transfer has it, nor the other way round."""
    world = world_with(tmp_path, concurrent=5, minutes_a_day=100)
    (loop,) = world.settings.trunks
    world.settings = world.settings.model_copy(update={"trunks": (loop.model_copy(update={"lines": 1}),)})
    await world.start()
    first = world.switch.place_call(CallerScript("100", (Wait(3.0), HangUp()), caller="+493023125120"))
    await world.until(lambda: bool(dialled(world)))
    core = world.engine.dialled.core
    now = world.engine.clock.monotonic_s
    assert core.view(now()).trunks[0].in_use == 1
    assert core._state.rooms.room("loop", now()).free == 0
    assert await outcome(world, "+493023125121") == "failed"
    assert dialled(world) == ["+493023125120"]
    await first.over()
    assert await outcome(world, "+493023125121") == "after"
    assert core.view(now()).trunks[0].in_use == 0 and core._state.rooms.room("loop", now() + 9).free == 1
    await closed(world)


@held
async def test_numbers_go_out_within_the_trunk_s_calls_per_second(tmp_path: Path) -> None:
    """One a second: of four that come at once two have theirs within what one waits for it."""
    world = world_with(tmp_path, concurrent=5, minutes_a_day=100)
    (loop,) = world.settings.trunks
    slow = loop.model_copy(update={"lines": 9, "calls_per_second": 1.0})
    world.settings = world.settings.model_copy(update={"trunks": (slow,)})
    await world.start()
    await asyncio.sleep(5.0)
    calls = [
        world.switch.place_call(CallerScript("100", (Wait(60.0),), caller=f"+49302312512{digit}"))
        for digit in range(4)
    ]
    for call in calls:
        await call.over()
    await world.settled()
    at = [entry.at for entry in world.switch.diary.entries if entry.seen is Seen.INVITE]
    assert len(at) == 2 and at[1] - at[0] >= 1.0
    await closed(world)


@held
async def test_who_hangs_up_while_a_line_is_waited_for_is_not_dialled_for(tmp_path: Path) -> None:
    world = world_with(tmp_path, concurrent=5, minutes_a_day=100)
    (loop,) = world.settings.trunks
    slow = loop.model_copy(update={"calls_per_second": 0.5})
    world.settings = world.settings.model_copy(update={"trunks": (slow,)})
    await world.start()
    await asyncio.sleep(5.0)
    first = world.switch.place_call(CallerScript("100", (Wait(60.0),), caller="+493023125120"))
    await world.until(lambda: bool(dialled(world)))
    await asyncio.sleep(0.5)
    second = world.switch.place_call(CallerScript("100", (Wait(1.0), HangUp()), caller="+493023125121"))
    await second.over()
    await first.over()
    await world.settled()
    assert dialled(world) == ["+493023125120"]
    assert world.engine.dialled.core.view(world.engine.clock.monotonic_s()).trunks[0].in_use == 0
    assert world.rows("SELECT ended_at IS NULL FROM toll_calls") == [(0,), (0,)]
    await closed(world)


@held
async def test_what_is_taken_while_the_switch_fails_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was slow to say that it was written, and the caller's music failed meanwhile."""
    take, perform = Tolls.take, LoopbackCall.perform

    async def late(tolls: Tolls, call_id: CallId, number: str, switch: str) -> Lease | Refused:
        taken = await take(tolls, call_id, number, switch)
        await asyncio.sleep(2.0)
        return taken

    async def fails(call: LoopbackCall, command: SwitchCommand) -> Result:
        if isinstance(command, Hold):
            raise SwitchTimeout("music")
        return await perform(call, command)

    monkeypatch.setattr(Tolls, "take", late)
    monkeypatch.setattr(LoopbackCall, "perform", fails)
    world = world_with(tmp_path)
    await world.start()
    await world.switch.place_call(CallerScript("100", (Wait(10.0),), caller="+493023125120")).over()
    await world.until(lambda: world.rows("SELECT ended_at IS NULL FROM toll_calls") == [(0,)])
    assert dialled(world) == [] and world.rows("SELECT count(*) FROM trunk_lines") == [(0,)]
    await closed(world)


BOSS = "PJSIP/5550101@callees"
TO_THE_BOSS = """\
language: en
start: boss
nodes:
  boss: {transfer: boss, failed: bye, next: bye}
  bye: {hangup: []}
"""


def world_with_boss(folder: Path) -> World:
    """Callers are led to a destination over the trunk."""
    settings = settings_in(folder, ())
    boss = (Destination(name="boss", dial=BOSS, trunk="loop"),)
    world = World(folder, settings.model_copy(update={"destinations": boss}), {}, TO_THE_BOSS)
    world.switch._destinations["boss"] = BOSS
    world.switch.meet(BOSS, Callee(answer_after_s=1.0, talk_s=90.0))
    return world


@held
async def test_a_destination_over_a_trunk_has_its_line_after_a_crash_too(tmp_path: Path) -> None:
    """While its call lives; one whose call ended while no engine ran has none."""
    world = world_with_boss(tmp_path)
    await world.start()
    calls = [world.switch.place_call(CallerScript("100", (Wait(60.0),))) for _ in range(2)]
    await world.until(lambda: lines(world) == 2)
    await world.until(lambda: world.engine.writer.behind_s() == 0)
    await world.kill()
    calls[0].far_hangs_up()
    await world.start()
    assert lines(world) == 1
    calls[1].far_hangs_up()
    await world.until(lambda: lines(world) == 0)
    await world.until(lambda: world.rows("SELECT freed_at IS NULL FROM trunk_lines") == [(0,), (0,)])
    await closed(world)


@held
async def test_a_transfer_of_which_nobody_knows_the_end_has_its_line_until_its_call_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch does not answer, and the leg may be up: so many at a time, and of the trunk's lines, it is one."""
    up: list[int] = []
    perform, ended = LoopbackCall.perform, LoopbackSwitch._call_ended

    async def hangs(self: LoopbackCall, command: SwitchCommand) -> Result:
        if isinstance(command, Transfer):
            await asyncio.sleep(5.0)
            raise SwitchTimeout("no answer")
        return await perform(self, command)

    def over(self: LoopbackSwitch, call: LoopbackCall, how: HungUp) -> None:
        up.append(lines(world) + world.engine.transfers._tolls._up)
        ended(self, call, how)

    monkeypatch.setattr(LoopbackCall, "perform", hangs)
    monkeypatch.setattr(LoopbackSwitch, "_call_ended", over)
    world = world_with(tmp_path)
    await world.start()
    call = world.switch.place_call(CallerScript("100", (Wait(60.0),), caller="+493023125120"))
    await call.over()
    assert up == [2], "when the call ends both are held"
    await world.until(lambda: lines(world) == 0)
    await world.until(lambda: world.rows("SELECT minutes, ended_at IS NULL FROM toll_calls") == [(2, 0)])
    assert world.engine.transfers._tolls._up == 0
    await closed(world)
