"""Answering machines on the whole engine: hung up, spoken to, or given to an agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.errors import SwitchUnavailable
from calls.ids import AgentId
from calls.switch.backlog import Backlog
from calls.switch.hearing import CallerAudio
from calls.switch.loopback import callees
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callees import BEEP_AFTER_S, BEEP_S, GREETING_S, Callee
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.voice import said, tone
from calls.switch.port import Detected, EndedBy
from console.desk import DispositionOrder
from console.engine.machines import UNHEARD_S
from tests.console.held_time import held
from tests.console.world import PROMPT_S, World, adds_up, agent, world_in

MACHINE = "+12025550104"
OWN = {"detect_machine": "true", "detector": '"engine"'}
LEAVES = {"detect_machine": "true", "machine": '"message"', "machine_message": '"shop.news"'}


def spoken(world: World) -> tuple[float, list[float], float]:
    """When the machine answered, when each message for it began, and when the call ended."""
    record = world.record()
    seen = world.switch.diary.of(record.call_id, Seen.ANSWER, Seen.PROMPT, Seen.HANG_UP)
    prompts = [entry for entry in seen if entry.seen is Seen.PROMPT]
    assert {entry.detail for entry in prompts} <= {"shop.news en"}
    return seen[0].at, [entry.at for entry in prompts], seen[-1].at


def detail(world: World, kind: str) -> dict[str, object]:
    (found,) = (event for event in world.events(world.record().call_id) if event.kind == kind)
    return dict(found.detail)


@held
async def test_a_message_is_left_after_the_beep(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, **LEAVES)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.detected, record.abandoned) == (Outcome.MACHINE, Detected.MACHINE, False)
        assert (record.ended_by, record.agent_id) == (EndedBy.US, None)
        answered, (message,), hung_up = spoken(world)
        assert message - answered == pytest.approx(GREETING_S + BEEP_AFTER_S + BEEP_S, abs=0.1)
        assert message - answered > GREETING_S + BEEP_AFTER_S + BEEP_S
        assert hung_up - message == pytest.approx(PROMPT_S, abs=0.01)
        assert detail(world, "greeting_ended")["by"] == "beep"
        assert detail(world, "message_left") == {"prompt": "shop.news", "played": "whole"}
        assert adds_up(record) and world.state("anna") == "ready"


def greets(monkeypatch: pytest.MonkeyPatch, sound: bytes) -> None:
    monkeypatch.setattr(callees, "_greeting", lambda: sound)


@held
async def test_a_machine_without_a_beep_is_spoken_to_after_a_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greets(monkeypatch, said("", 3.0))
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, **LEAVES)
        await world.campaign_over()
        answered, (message,), _ = spoken(world)
        assert message - answered == pytest.approx(3.0 + 2.0, abs=0.2)
        assert detail(world, "greeting_ended")["by"] == "silence"


@held
async def test_a_beep_that_comes_late_has_the_message_played_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greets(monkeypatch, said("", 2.5) + tone(0.0, 2.3) + tone(1_400.0, 0.2))
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, **LEAVES)
        await world.campaign_over()
        _, messages, hung_up = spoken(world)
        assert len(messages) == 2
        assert hung_up - messages[1] == pytest.approx(PROMPT_S, abs=0.01)
        assert detail(world, "message_left")["played"] == "whole"


@asynccontextmanager
async def unheard(_: LoopbackCall) -> AsyncIterator[CallerAudio]:
    raise SwitchUnavailable("nobody is heard here")
    yield


@held
async def test_a_greeting_that_nobody_can_hear_is_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoopbackCall, "hear", unheard)
    async with world_in(tmp_path, agent("anna")) as world:
        world.switch.meet(MACHINE, Callee(answer_after_s=1.0, talk_s=60.0, is_machine=True))
        await world.log_in("anna")
        await world.campaign(MACHINE, **LEAVES)
        await world.campaign_over()
        answered, (message,), _ = spoken(world)
        assert message - answered == pytest.approx(2.0 + UNHEARD_S, abs=0.1)
        assert detail(world, "greeting_ended")["by"] == "unheard"
        assert detail(world, "message_left")["played"] == "whole"


@held
async def test_who_cannot_be_heard_is_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoopbackCall, "hear", unheard)
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, **OWN)
        await world.campaign_over()
        assert (world.record().detected, world.record().agent_id) == (Detected.UNSURE, "anna")


@asynccontextmanager
async def taped(_: LoopbackCall) -> AsyncIterator[CallerAudio]:
    """As where callers are heard by recordings: nothing comes before something is gathered."""
    yield NotLive()


class NotLive(Backlog):
    @property
    def live(self) -> bool:
        return False


@held
async def test_who_is_heard_too_late_waits_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoopbackCall, "hear", taped)
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, **OWN)
        await world.campaign_over()
        record = world.record()
        assert (record.detected, record.agent_id) == (Detected.UNSURE, "anna")
        met = world.switch.diary.of(record.call_id, Seen.ANSWER, Seen.MEET)
        assert met[-1].at - met[0].at < 0.2, "silence for a person who has answered"


@held
async def test_a_machine_that_hangs_up_first_has_heard_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greets(monkeypatch, said("", 7.2) + tone(1_000.0, 0.4))
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, **LEAVES)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.ended_by) == (Outcome.MACHINE, EndedBy.CALLER)
        assert detail(world, "message_left")["played"] == "cut"


@held
async def test_a_machine_that_counts_as_a_person_is_offered_to_an_agent(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, detect_machine="true", machine='"person"')
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.detected, record.agent_id) == (Outcome.ANSWERED, Detected.MACHINE, "anna")


@held
async def test_what_an_agent_finds_to_be_a_machine_was_answered_by_no_person(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=5.0)) as world:
        await world.log_in("anna")
        await world.campaign("+12025550100", "+12025550101")
        await world.until(lambda: world.state("anna") == "talking")
        call_id = next(call.call_id for call in world.engine.status().calls)
        order = DispositionOrder(call_id=call_id, disposition="machine")
        await world.engine.desk.dispose(AgentId("anna"), order)
        await world.until(lambda: world.state("anna") == "wrap_up")
        assert world.engine.status().campaigns[0].answered == 1
        await world.until(lambda: world.state("anna") == "ready")
        await world.until(lambda: world.engine.status().campaigns[0].answered == 0)
        await world.until(lambda: world.engine.status().campaigns[0].answered == 1)
        await world.settled()
        (machines,) = world.rows("SELECT count(*) FROM calls WHERE disposition_machine")
        assert machines == (1,)


@held
async def test_the_engine_hears_a_machine_by_itself(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign(MACHINE, **OWN, machine='"message"', machine_message='"shop.news"')
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.detected, record.agent_id) == (Outcome.MACHINE, Detected.MACHINE, None)
        assert detail(world, "told_apart")["as"] == "machine"
        assert detail(world, "message_left")["played"] == "whole"


@held
async def test_the_engine_gives_a_person_to_an_agent(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        world.switch.meet("+12025550100", Callee(answer_after_s=1.0, talk_s=6.0, greets=said("", 0.6)))
        await world.log_in("anna")
        await world.campaign("+12025550100", **OWN)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.detected, record.agent_id) == (Outcome.ANSWERED, Detected.HUMAN, "anna")
        told = detail(world, "told_apart")
        assert told["as"] == "human" and told["after_s"] == pytest.approx(0.6 + 0.75, abs=0.15)
        assert record.connect_s == pytest.approx(0.0, abs=0.05)


@held
async def test_who_says_nothing_is_a_person(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        world.switch.meet("+12025550100", Callee(answer_after_s=1.0, talk_s=6.0))
        await world.log_in("anna")
        await world.campaign("+12025550100", **OWN)
        await world.campaign_over()
        assert (world.record().outcome, world.record().detected) == (Outcome.ANSWERED, Detected.UNSURE)


@held
async def test_who_hangs_up_while_the_engine_listens_is_not_abandoned(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await world.log_in("anna")
        await world.campaign("+12025550103", **OWN)
        await world.campaign_over()
        record = world.record()
        assert (record.outcome, record.abandoned, record.ended_by) == (Outcome.ANSWERED, False, EndedBy.CALLER)
