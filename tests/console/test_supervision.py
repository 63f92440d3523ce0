"""Supervisors on a whole engine: whose phone rings, where it is put, when it ends, and what is written of it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from calls.floor_settings import SupervisorSettings
from calls.ids import CallId
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import Hear, Press, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from console.engine.status import SupervisorShown
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.world import World, agent, world_in

EVE = SupervisorSettings(id="eve", name="Eve", endpoint="PJSIP/eve")
QUIET = SupervisorSettings(id="ivo", name="Ivo", endpoint="PJSIP/ivo", announce=False)


def house(folder: Path, **phones: AgentPhone) -> AbstractAsyncContextManager[World]:
    """Anna takes calls; Eve, of whom agents are told, and Ivo supervise."""
    return world_in(folder, agent("anna"), phones=phones, outside={"supervisors": (EVE, QUIET)})


async def talk(world: World) -> LoopbackCall:
    """A caller and Anna talk."""
    await world.log_in("anna")
    call = world.call(Hear("main.menu"), Press("2"))
    await world.until(lambda: world.state("anna") == "talking")
    return call


async def supervise(world: World, call: LoopbackCall | str, mode: str, who: str = "eve") -> tuple[int, str]:
    call_id = call if isinstance(call, str) else call.info.call_id
    answer = await ask(world.engine, f"/v1/calls/{call_id}/supervise", {"supervisor": who, "mode": mode})
    return answer.status_code, str(answer.json().get("said") or answer.json().get("problem"))


def shown(world: World) -> tuple[SupervisorShown, ...]:
    return world.engine.status().supervisors


def seats(world: World) -> list[str]:
    """Where supervisors' legs were put, in order, without the id of the agent's leg."""
    return [entry.detail.split()[0] for entry in world.switch.diary.entries if entry.seen is Seen.SEAT]


def beeps(world: World) -> int:
    return sum(entry.seen is Seen.BEEP for entry in world.switch.diary.entries)


async def there(world: World) -> None:
    await world.until(lambda: bool(seats(world)))


@held
async def test_a_supervisor_listens_whispers_joins_and_leaves(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        assert await supervise(world, call, "listen") == (200, "the phone of eve rings: listen")
        await there(world)
        for mode in ("whisper", "join"):
            assert await supervise(world, call, mode) == (200, f"eve: {mode}")
        assert (seats(world), beeps(world)) == (["listen", "whisper", "join"], 1)
        (eve,) = shown(world)
        assert (eve.supervisor, eve.mode, eve.agent, eve.call_id, eve.sits) == (
            "eve",
            "join",
            "anna",
            call.info.call_id,
            True,
        )
        assert (await ask(world.engine, "/v1/supervisors/eve/leave")).json()["said"] == "eve: left"
        await world.until(lambda: shown(world) == ())
        assert world.state("anna") == "talking", "the talk goes on"
        call.far_hangs_up()
        await world.settled()
        kinds = [kind for kind in world.kinds(call.info.call_id) if kind.startswith("superv")]
        assert kinds == ["supervised"] * 3 + ["supervision_ended"]
        audit = world.rows("SELECT who, what, detail FROM audit WHERE what LIKE 'supervise.%' ORDER BY rowid")
        assert [(who, what) for who, what, _ in audit] == [
            ("the supervisor", f"supervise.{what}") for what in ("listen", "whisper", "join", "leave")
        ]
        assert all(str(call.info.call_id) in str(detail) and "anna" in str(detail) for *_, detail in audit)


@held
async def test_it_ends_with_the_talk(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        await supervise(world, call, "listen")
        await there(world)
        assert (await ask(world.engine, "/v1/agents/anna/end-call")).status_code == 200
        await world.until(lambda: shown(world) == (), within_s=1.0)
        assert not call.is_over, "the caller goes on in the flow"


@held
async def test_a_phone_answered_after_the_talk_is_let_go(tmp_path: Path) -> None:
    async with house(tmp_path, eve=AgentPhone(5.0)) as world:
        call = await talk(world)
        await supervise(world, call, "listen")
        call.far_hangs_up()
        await world.until(lambda: shown(world) == (), within_s=10.0)
        assert seats(world) == []


@held
async def test_a_supervisor_who_does_not_answer_hears_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, eve=AgentPhone(None)) as world:
        call = await talk(world)
        await supervise(world, call, "join")
        await world.until(lambda: shown(world) == (), within_s=25.0)
        assert (seats(world), world.state("anna")) == ([], "talking")


@held
async def test_an_agent_is_told_or_not_as_the_settings_say(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        await supervise(world, call, "listen", "ivo")
        await there(world)
        assert beeps(world) == 0
        await supervise(world, call, "listen")
        await world.until(lambda: len(seats(world)) == 2)
        assert beeps(world) == 1


@pytest.mark.parametrize(
    ("who", "call", "words"),
    [
        ("adam", "", "no supervisor 'adam' in the settings: there are eve, ivo"),
        ("eve", "nowhere", "no agent talks in call nowhere"),
    ],
)
@held
async def test_what_cannot_be_is_refused_in_words(tmp_path: Path, who: str, call: str, words: str) -> None:
    async with house(tmp_path) as world:
        talks = await talk(world)
        status, said = await supervise(world, call or talks, "listen", who)
        assert (status, words in said) == (409, True), said
        assert world.rows("SELECT * FROM audit WHERE what LIKE 'supervise.%'") == []


@held
async def test_a_caller_in_the_flow_is_heard_by_nobody(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = world.call(Hear("main.menu"), Wait(5.0))
        await asyncio.sleep(1.0)
        assert (await supervise(world, call, "listen"))[0] == 409


@held
async def test_one_supervisor_hears_one_talk(tmp_path: Path) -> None:
    own: dict[str, object] = {"supervisors": (EVE,)}
    async with world_in(tmp_path, agent("anna"), agent("ben"), outside=own) as world:
        await world.log_in("anna", "ben")
        first, second = (world.call(Hear("main.menu"), Press("2")) for _ in range(2))
        await world.until(lambda: world.state("anna") == world.state("ben") == "talking")
        await supervise(world, first, "listen")
        await there(world)
        status, said = await supervise(world, second, "listen")
        assert (status, said) == (409, f"eve is beside call {first.info.call_id}: leave that first")


@held
async def test_nobody_listens_while_a_card_number_is_said(tmp_path: Path) -> None:
    """Whoever listens already hears nothing from that on, and the talk again when it is over."""
    async with house(tmp_path) as world:
        call = await talk(world)
        await supervise(world, call, "whisper")
        await there(world)
        live = world.engine.meetings.talk_of(CallId(call.info.call_id))
        assert live is not None
        live.recorder.masked = True
        await world.engine.supervision.mask(live.call_id)
        assert seats(world) == ["whisper", "own"]
        assert (await supervise(world, call, "listen", "ivo"))[0] == 409
        status, said = await supervise(world, call, "join")
        assert (status, "card number" in said) == (409, True)
        live.recorder.masked = False
        await world.engine.supervision.unmask(live.call_id)
        assert seats(world) == ["whisper", "own", "whisper"]


@held
async def test_a_leg_that_a_crash_left_is_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        await supervise(world, call, "listen")
        await there(world)
        await world.kill()
        await world.start()

        def ended() -> bool:
            ends = (entry.who for entry in world.switch.diary.entries if entry.seen is Seen.HANG_UP)
            return any(who.startswith("watch-") for who in ends)

        await world.until(ended, within_s=5.0)


@held
async def test_a_supervisor_stays_while_the_caller_is_on_hold(tmp_path: Path) -> None:
    """Beside the agent, whom they may coach meanwhile, and in the talk again when the caller is taken back."""
    async with house(tmp_path) as world:
        call = await talk(world)
        await supervise(world, call, "listen")
        await there(world)
        for _ in range(2):
            assert (await ask(world.engine, "/v1/agents/anna/hold")).status_code == 200
            await world.until(lambda: bool(world.engine.consults.on_hold()))
            await asyncio.sleep(5.0)
            assert [each.sits for each in shown(world)] == [True]
            assert await supervise(world, call, "whisper") == (200, "eve: whisper")
            assert (await ask(world.engine, "/v1/agents/anna/take-back")).status_code == 200
            await world.until(lambda: world.engine.meetings.talk_of(CallId(call.info.call_id)) is not None)
            await asyncio.sleep(1.0)
            assert [each.sits for each in shown(world)] == [True]
        assert await supervise(world, call, "join") == (200, "eve: join")
        assert seats(world) == ["listen", "whisper", "whisper", "join"]
        assert (await ask(world.engine, "/v1/agents/anna/end-call")).status_code == 200
        await world.until(lambda: shown(world) == (), within_s=1.0)
        await world.settled()
        ended = [entry.who for entry in world.switch.diary.entries if entry.seen is Seen.HANG_UP]
        assert sum(who.startswith("watch-") for who in ended) == 1


@held
async def test_a_supervisor_whose_phone_is_answered_on_hold_is_beside_the_agent(tmp_path: Path) -> None:
    async with house(tmp_path, eve=AgentPhone(5.0)) as world:
        call = await talk(world)
        await supervise(world, call, "whisper")
        assert (await ask(world.engine, "/v1/agents/anna/hold")).status_code == 200
        await there(world)
        assert ([each.sits for each in shown(world)], seats(world)) == ([True], ["whisper"])
        call.far_hangs_up()
        await world.until(lambda: shown(world) == (), within_s=1.0)


@held
async def test_a_supervisor_is_let_go_when_the_caller_is_handed_on(tmp_path: Path) -> None:
    own: dict[str, object] = {"supervisors": (EVE,)}
    async with world_in(tmp_path, agent("anna"), agent("ben"), outside=own) as world:
        call = await talk(world)
        await supervise(world, call, "listen")
        await there(world)
        await world.log_in("ben")
        answer = await ask(world.engine, "/v1/agents/anna/transfer", {"agent": "ben", "attended": True})
        assert answer.status_code == 200, answer.text
        await world.until(lambda: world.state("ben") == "talking")
        assert [each.sits for each in shown(world)] == [True], "who is asked is heard as well"
        assert (await ask(world.engine, "/v1/agents/anna/transfer/complete")).status_code == 200
        await world.until(lambda: shown(world) == (), within_s=2.0)
        assert (call.is_over, world.state("ben")) == (False, "talking")
