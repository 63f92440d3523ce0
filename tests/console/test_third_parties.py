"""Agents who ask somebody outside first: where the caller is meanwhile, what each end of a leg leads to, what it
costs of the day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.errors import NotSent
from calls.floor_settings import SupervisorSettings
from calls.settings import Destination, QueueSettings, TransferSettings, Trunk
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import EndedBy, Originate, RingOutside
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.world import World, adds_up, agent, world_in

BOSS = "PJSIP/5550101@carrier"
NUMBER = "+493012345670"
WARD = Callee(answer_after_s=1.0, talk_s=90.0)
"""Answers soon, and stays."""

EVE = "PJSIP/eve"
WAYS: list[Mapping[str, str]] = [{"destination": "boss"}, {"supervisor": "eve"}, {"number": NUMBER}]


def house(folder: Path, longest: int = 60, **outside: object) -> AbstractAsyncContextManager[World]:
    """Anna and Ben serve sales; they may ask the boss, and numbers in Germany. ``outside``: other settings."""
    own: dict[str, object] = {
        "queues": (QueueSettings(name="sales", max_wait_s=20, record="all"),),
        "transfer": TransferSettings(
            countries=("DE",), trunk="loop", concurrent=1, longest_minutes=longest, minutes_a_day=60
        ),
        "destinations": (Destination(name="boss", dial=BOSS),),
        "supervisors": (SupervisorSettings(id="eve", name="Eve", endpoint=EVE),),
    }
    return world_in(folder, agent("anna"), agent("ben"), phones={"anna": AgentPhone()}, outside=own | outside)


async def asks(world: World, to: Mapping[str, str], who: Callee = WARD) -> LoopbackCall:
    """A caller talks to Anna, who asks somebody outside."""
    world.switch.meet(BOSS, who)
    world.switch.meet(NUMBER, who)
    world.switch.meet(EVE, who)
    await world.log_in("anna")
    call = world.call(Hear("main.menu"), Press("2"))
    await world.until(lambda: world.state("anna") == "talking")
    assert await order(world, **to, attended=True) == (200, f"agent anna: asks {' '.join(*to.items())}")
    return call


async def order(world: World, what: str = "", **body: object) -> tuple[int, str]:
    answer = await ask(world.engine, f"/v1/agents/anna/transfer{what}", body or None)
    return answer.status_code, str(answer.json().get("said") or answer.json().get("problem"))


def leg_outside(world: World) -> str:
    """The last leg of somebody outside."""
    legs = (each.who for each in reversed(world.switch.diary.entries) if each.who.startswith("third-"))
    return next(legs, "")


def met(world: World, call: LoopbackCall) -> list[str]:
    legs = {str(leg): str(agent_id) for leg, agent_id in world.rows("SELECT leg_id, agent_id FROM agent_legs")}
    found = world.switch.diary.of(call.info.call_id, Seen.MEET, Seen.PART)
    return [f"{each.seen.value} {legs.get(each.detail, each.detail.split('-')[0])}" for each in found]


def ended(world: World) -> list[str]:
    return [each.detail for each in world.switch.diary.of(leg_outside(world), Seen.HANG_UP, Seen.CANCEL)]


async def consulted(world: World) -> None:
    await world.until(lambda: bool(world.switch.diary.of(leg_outside(world), Seen.SEAT)), within_s=5.0)


def minutes(world: World) -> list[object]:
    return [taken for (taken,) in world.rows("SELECT minutes FROM toll_calls")]


@pytest.mark.parametrize("to", WAYS)
@held
async def test_who_was_asked_takes_the_caller(tmp_path: Path, to: Mapping[str, str]) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, to)
        assert await order(world, "/complete") == (409, "agent anna: nobody has answered yet")
        await consulted(world)
        assert (world.state("anna"), met(world, call)) == ("talking", ["meet anna", "part anna"])
        assert await order(world, "/complete") == (200, "agent anna: complete")
        await world.until(lambda: len(met(world, call)) == 3)
        assert (met(world, call)[-1], world.state("anna")) == ("meet third", "wrap_up")
        call.far_hangs_up()
        await world.settled()
        await world.until(lambda: ended(world) == ["us 16"])
        record = world.record()
        assert (record.agent_id, record.outcome, record.ended_by) == ("anna", Outcome.ANSWERED, EndedBy.CALLER)
        assert adds_up(record)
        kinds = [kind for kind in world.kinds(call.info.call_id) if kind.startswith(("trans", "consult", "talk_"))]
        assert kinds == ["transfer", "talk_ended", "consulted", "consult_ended", "transferred"]
        if "number" in to:
            await world.until(lambda: minutes(world) == [1])
            assert NUMBER not in str(world.events(call.info.call_id)), "personal data"


@held
async def test_the_flow_goes_on_when_they_hang_up(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, {"destination": "boss"}, Callee(answer_after_s=1.0, talk_s=10.0))
        await consulted(world)
        await order(world, "/complete")
        await call.over()
        await world.settled()
        record = world.record()
        assert (record.last_node, record.outcome) == ("bye", Outcome.ANSWERED)
        assert adds_up(record) and record.talk_s > 8.0, "both talks"


@pytest.mark.parametrize("to", WAYS)
@held
async def test_the_agent_takes_the_caller_back(tmp_path: Path, to: Mapping[str, str]) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, to)
        await consulted(world)
        assert (await order(world, "/cancel"))[0] == 200
        await world.until(lambda: len(met(world, call)) == 3)
        assert (met(world, call)[-1], world.state("anna"), ended(world)) == ("meet anna", "talking", ["us 16"])
        if "number" in to:
            await world.until(lambda: minutes(world) == [1], within_s=1.0)


@held
async def test_the_agent_takes_the_caller_back_while_it_rings(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, {"number": NUMBER}, Callee())
        await world.until(lambda: bool(leg_outside(world)))
        assert (await order(world, "/cancel"))[0] == 200
        await world.until(lambda: len(met(world, call)) == 3)
        await world.until(lambda: minutes(world) == [0], within_s=1.0)
        assert world.switch.diary.of(leg_outside(world), Seen.CANCEL)


@pytest.mark.parametrize("who", [Callee(), Callee(refuses_with=17), Callee(refuses_with=34)])
@held
async def test_the_caller_comes_back_where_nobody_is_reached(tmp_path: Path, who: Callee) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, {"number": NUMBER}, who)
        await world.until(lambda: len(met(world, call)) == 3, within_s=26.0)
        assert (met(world, call)[-1], world.state("anna")) == ("meet anna", "talking")
        assert minutes(world) == [0]
        call.far_hangs_up()
        await world.settled()
        assert "not_consulted" in world.kinds(call.info.call_id)


def lines_of(world: World) -> list[int]:
    """How many of each trunk are in use."""
    return [each.in_use for each in world.engine.dialled.core.view(world.engine.clock.monotonic_s()).trunks]


@pytest.mark.parametrize("leaves", ["agent", "caller"])
@held
async def test_nobody_is_rung_for_whom_who_asked_has_left(tmp_path: Path, leaves: str) -> None:
    """While the trunk has no call a second to spare."""
    slow = Trunk(name="loop", dial="PJSIP/{number}@callees", lines=9, calls_per_second=0.1, loopback_only=True)
    async with house(tmp_path, trunks=(slow,)) as world:
        call = await asks(world, {"number": NUMBER})
        await world.until(lambda: bool(world.rows("SELECT 1 FROM toll_calls")))
        if leaves == "agent":
            assert (await order(world, "/cancel"))[0] == 200
            await world.until(lambda: len(met(world, call)) == 3)
        else:
            call.far_hangs_up()
            await world.settled()
        await world.until(lambda: minutes(world) == [0], within_s=1.0)
        assert world.loop.time() < 9.0, "it would have been rung later"
        await asyncio.sleep(12.0)
        assert leg_outside(world) == "" and lines_of(world) == [0]


TWO = tuple(
    Trunk(name=name, dial=f"PJSIP/{{number}}@{name}", lines=2, calls_per_second=9, loopback_only=True)
    for name in ("loop", "other")
)


@pytest.mark.parametrize(("first", "trunks"), [(34, ["loop", "other"]), (17, ["loop"]), (None, ["loop"])])
@held
async def test_the_next_trunk_is_tried_where_one_takes_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int | None, trunks: list[str]
) -> None:
    """As campaigns' calls are: not where the far end was busy, nor once it has rung."""
    ways = TransferSettings(countries=("DE",), trunks=("loop", "other"), longest_minutes=60, minutes_a_day=60)
    async with house(tmp_path, trunks=TWO, transfer=ways) as world:
        world.switch._trunks = frozenset({"loop", "other"})
        originate, by = world.switch.originate, []

        async def note(request: Originate) -> None:
            if isinstance(request, RingOutside):
                by.append(request.destination)
                busy = Callee(refuses_with=first) if first else Callee(answer_after_s=1.0, talk_s=3.0)
                world.switch.meet(NUMBER, busy if request.destination == "loop" else WARD)
            await originate(request)

        monkeypatch.setattr(world.switch, "originate", note)
        call = await asks(world, {"number": NUMBER})
        if first == 34:
            await consulted(world)
            assert lines_of(world) == [0, 1] and minutes(world) == [60]
            (rests, well) = world.engine.dialled.core.view(world.engine.clock.monotonic_s()).trunks
            assert "congested" in rests.health and not well.health
            await order(world, "/cancel")
        await world.until(lambda: len(met(world, call)) == 3, within_s=9.0)
        await world.until(lambda: minutes(world) == [int(first != 17)], within_s=1.0)
        assert (by, lines_of(world), world.state("anna")) == (trunks, [0, 0], "talking")


@pytest.mark.parametrize("attended", [True, False])
@held
async def test_a_destination_over_a_trunk_has_one_of_its_lines(tmp_path: Path, attended: bool) -> None:
    """Of one: while the boss has it nobody else is dialled over the trunk."""
    boss = Destination(name="boss", dial=BOSS, trunk="loop")
    one = TWO[0].model_copy(update={"lines": 1})
    async with house(tmp_path, trunks=(one,), destinations=(boss,)) as world:
        world.switch.meet(BOSS, WARD)
        await world.log_in("anna", "ben")
        calls = [world.call(Hear("main.menu"), Press("2")) for _ in range(2)]
        await world.until(lambda: world.state("anna") == world.state("ben") == "talking")
        assert (await order(world, destination="boss", attended=attended))[0] == 200
        await world.until(lambda: lines_of(world) == [1])
        answer = await ask(world.engine, "/v1/agents/ben/transfer", {"number": NUMBER})
        assert answer.status_code == 200
        await asyncio.sleep(5.0)
        dialled = [each.detail for each in world.switch.diary.entries if each.seen is Seen.INVITE]
        assert dialled.count(BOSS) == 1 and NUMBER not in dialled
        for call in calls:
            call.far_hangs_up()
        await world.settled()
        await world.until(lambda: lines_of(world) == [0], within_s=1.0)


@held
async def test_where_no_trunk_takes_the_call_the_caller_comes_back_soon(tmp_path: Path) -> None:
    ways = TransferSettings(countries=("DE",), trunks=("loop", "other"), longest_minutes=60, minutes_a_day=60)
    async with house(tmp_path, trunks=TWO, transfer=ways) as world:
        world.switch._trunks = frozenset({"loop", "other"})
        call = await asks(world, {"number": NUMBER}, Callee(refuses_with=34))
        began_s = world.loop.time()
        await world.until(lambda: len(met(world, call)) == 3, within_s=5.0)
        assert world.loop.time() - began_s < 3.0 and minutes(world) == [0] and lines_of(world) == [0, 0]
        call.far_hangs_up()
        await world.settled()
        (told,) = [each for each in world.events(call.info.call_id) if each.kind == "not_consulted"]
        assert told.detail["reason"] == "unavailable"


@held
async def test_a_number_that_was_never_rung_is_none_of_those_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as world:
        originate = world.switch.originate

        async def away(request: Originate) -> None:
            if isinstance(request, RingOutside):
                raise NotSent("the way to the switch is lost")
            await originate(request)

        with monkeypatch.context() as patch:
            patch.setattr(world.switch, "originate", away)
            call = await asks(world, {"number": NUMBER})
            await world.until(lambda: len(met(world, call)) == 3)
        assert (met(world, call)[-1], world.state("anna"), minutes(world)) == ("meet anna", "talking", [0])
        assert (await order(world, number=NUMBER, attended=True))[0] == 200
        await consulted(world)


@held
async def test_the_caller_comes_back_where_they_hang_up(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, {"destination": "boss"}, Callee(answer_after_s=1.0, talk_s=4.0))
        await world.until(lambda: len(met(world, call)) == 3, within_s=6.0)
        assert (met(world, call)[-1], world.state("anna")) == ("meet anna", "talking")


@pytest.mark.parametrize(("who", "to"), [(WARD, "meet third"), (Callee(), "meet anna")])
@held
async def test_the_agents_leg_goes(tmp_path: Path, who: Callee, to: str) -> None:
    """The caller goes to who was asked; where nobody has answered yet, to the next agent of the queue."""
    async with house(tmp_path) as world:
        call = await asks(world, {"number": NUMBER}, who)
        if who is WARD:
            await consulted(world)
        leg = next(each.leg_id for each in world.engine.floor.view().agents if each.agent_id == "anna")
        assert leg is not None
        world.switch.agent_hangs_up(leg)
        await world.until(lambda: len(met(world, call)) == 3, within_s=10.0)
        assert met(world, call)[-1] == to
        call.far_hangs_up()
        await world.settled()
        assert world.record().outcome is Outcome.ANSWERED


@pytest.mark.parametrize("answered", [True, False])
@held
async def test_a_caller_who_hangs_up_meanwhile_ends_all(tmp_path: Path, answered: bool) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, {"number": NUMBER}, WARD if answered else Callee())
        if answered:
            await consulted(world)
        else:
            await world.until(lambda: bool(leg_outside(world)))
        call.far_hangs_up()
        await world.until(lambda: world.state("anna") == "wrap_up" and bool(ended(world)), within_s=1.0)
        await world.settled()
        await world.until(lambda: minutes(world) == [int(answered)], within_s=1.0)
        assert world.record().ended_by is EndedBy.CALLER


@held
async def test_the_rules_of_numbers_hold(tmp_path: Path) -> None:
    """What may not be dialled is refused at once, and the talk goes on; so many at a time, while one is asked."""
    async with house(tmp_path) as world:
        call = await asks(world, {"number": NUMBER})
        await consulted(world)
        await world.log_in("ben")
        world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("ben") == "talking")

        async def ben(number: str) -> tuple[int, str]:
            answer = await ask(world.engine, "/v1/agents/ben/transfer", {"number": number, "attended": True})
            return answer.status_code, str(answer.json().get("problem"))

        refused = "the number may not be dialled: "
        assert await ben("+33142685300") == (409, f"{refused}country")
        assert await ben("+499001234567") == (409, f"{refused}kind")
        assert await ben("+493012345671") == (409, f"{refused}concurrent")
        assert world.state("ben") == "talking"
        await order(world, "/cancel")
        await world.until(lambda: met(world, call)[-1] == "meet anna" and len(met(world, call)) == 3)
        await world.until(lambda: minutes(world) == [1])
        assert (await ben("+493012345671"))[0] == 200


@held
async def test_the_switch_ends_what_may_last_no_longer(tmp_path: Path) -> None:
    async with house(tmp_path, longest=1) as world:
        call = await asks(world, {"number": NUMBER}, Callee(answer_after_s=1.0, talk_s=900.0))
        await consulted(world)
        await order(world, "/complete")
        await world.until(lambda: ended(world) == ["switch 16"], within_s=61.0)
        await call.over()
        await world.settled()
        assert minutes(world) == [1]
        assert world.record().last_node == "bye"


@held
async def test_no_question_is_recorded_nor_what_follows_outside(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await asks(world, {"destination": "boss"})
        await consulted(world)
        await order(world, "/complete")
        await world.until(lambda: len(met(world, call)) == 3)
        told = [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.RECORD)]
        assert told == [f"start {call.info.call_id}-talk-1", "stop"]


@held
async def test_a_question_does_not_outlive_a_restart(tmp_path: Path) -> None:
    """Nobody outside is left in the agent's room for the next caller to meet."""
    async with house(tmp_path) as world:
        await asks(world, {"number": NUMBER})
        await consulted(world)
        await world.kill()
        await world.start()
        await world.until(lambda: ended(world) == ["us 16"])
        assert minutes(world) == [60], "nobody knows how long it was"


@pytest.mark.parametrize("asked", [True, False])
@held
async def test_a_talk_outside_outlives_a_restart(tmp_path: Path, asked: bool) -> None:
    """The agent is free of it, and who is outside is let go when the caller hangs up."""
    async with house(tmp_path) as world:
        if asked:
            call = await asks(world, {"number": NUMBER})
            await consulted(world)
            await order(world, "/complete")
        else:
            world.switch.meet(NUMBER, WARD)
            await world.log_in("anna")
            call = world.call(Hear("main.menu"), Press("2"))
            await world.until(lambda: world.state("anna") == "talking")
            assert (await order(world, number=NUMBER))[0] == 200
        await world.until(lambda: len(met(world, call)) == 3 and world.state("anna") == "wrap_up", within_s=10.0)
        await world.until(lambda: world.engine.writer.behind_s() == 0)
        await world.kill()
        await world.start()
        assert world.state("anna") == "ready"
        assert len(met(world, call)) == 3, "they talk on"
        call.far_hangs_up()
        await world.settled()
        if asked:
            await world.until(lambda: ended(world) == ["us 16"])
        assert world.record().agent_id == "anna"


@held
async def test_a_supervisor_takes_a_caller_without_a_question(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        world.switch.meet(EVE, Callee(answer_after_s=1.0, talk_s=5.0))
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        assert await order(world, supervisor="eve") == (200, "agent anna: the caller goes to supervisor eve")
        await call.over()
        await world.settled()
        assert [each.detail for each in world.switch.diary.of(call.info.call_id, Seen.INVITE)] == [EVE]
        assert "transferred" in world.kinds(call.info.call_id) and world.record().last_node == "bye"
