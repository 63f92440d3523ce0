"""Agents who hand their caller on: where the caller comes, what becomes of the agents, and what is kept."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.settings import Destination, QueueSettings, TransferSettings
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import Hear, Press
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.world import World, adds_up, agent, world_in


def house(folder: Path, **phones: AgentPhone) -> AbstractAsyncContextManager[World]:
    """Anna and Ben serve sales, Carl serves help by a phone that is rung."""
    carl = agent("carl", "on_hook").model_copy(update={"queues": ("help",)})
    own: dict[str, object] = {
        "queues": (QueueSettings(name="sales", max_wait_s=20), QueueSettings(name="help", max_wait_s=15)),
        "transfer": TransferSettings(countries=("DE",), trunk="loop"),
        "destinations": (Destination(name="boss", dial="PJSIP/5550101@carrier"),),
    }
    return world_in(folder, agent("anna"), agent("ben"), carl, phones=phones, outside=own)


async def talk(world: World, *agents: str) -> LoopbackCall:
    """A caller talks to Anna; ``agents`` are ready beside her."""
    await world.log_in("anna")
    call = world.call(Hear("main.menu"), Press("2"))
    await world.until(lambda: world.state("anna") == "talking")
    await world.log_in(*agents)
    return call


async def transfer(world: World, **to: str) -> tuple[int, str]:
    answer = await ask(world.engine, "/v1/agents/anna/transfer", dict(to))
    return answer.status_code, str(answer.json().get("said") or answer.json().get("problem"))


def events(world: World, call: LoopbackCall) -> list[tuple[str, dict[str, object]]]:
    kept = ("transfer", "transferred", "transfer_failed", "talk_passed", "talk_ended")
    return [(event.kind, dict(event.detail)) for event in world.events(call.info.call_id) if event.kind in kept]


@pytest.mark.parametrize("to", ["ben", "carl"])
@held
async def test_to_another_agent(tmp_path: Path, to: str) -> None:
    """Whatever queues that one serves, by a leg that stays or a phone that is rung."""
    async with house(tmp_path) as world:
        call = await talk(world, to)
        assert await transfer(world, agent=to) == (200, f"agent anna: the caller goes to agent {to}")
        await world.until(lambda: world.state(to) == "talking")
        assert world.state("anna") == "wrap_up"
        call.far_hangs_up()
        await world.settled()
        record = world.record()
        assert (record.agent_id, record.queue, record.outcome, record.abandoned) == (
            to,
            "sales",
            Outcome.ANSWERED,
            False,
        )
        assert adds_up(record)
        kinds = [kind for kind, _ in events(world, call)]
        assert kinds == ["transfer", "talk_ended", "talk_passed"]
        assert ("talk_passed", {"agent": to}) in events(world, call)


@held
async def test_the_second_talk_leads_on_in_the_flow(tmp_path: Path) -> None:
    """Both talks are one to the flow, which goes on with its survey."""
    async with house(tmp_path, ben=AgentPhone(0.2, talk_s=4.0)) as world:
        call = await talk(world, "ben")
        await transfer(world, agent="ben")
        await call.over()
        await world.settled()
        assert world.record().last_node == "bye"
        heard = [entry.detail for entry in world.switch.diary.of(call.info.call_id, Seen.PROMPT)]
        assert "main.survey en" in heard


@held
async def test_to_a_queue(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world, "ben", "carl")
        assert (await transfer(world, queue="help"))[0] == 200
        await world.until(lambda: world.state("carl") == "talking")
        assert world.state("ben") == "ready", "who serves that queue takes it"
        call.far_hangs_up()
        await world.settled()
        assert (world.record().queue, world.record().agent_id) == ("sales", "carl")


@held
async def test_an_agent_who_does_not_answer_gives_the_caller_to_the_first_queue(tmp_path: Path) -> None:
    """Before all who wait there; within the 30 s that a caller waits for the one who was named."""
    async with house(tmp_path, carl=AgentPhone(None)) as world:
        call = await talk(world, "carl")
        await transfer(world, agent="carl")
        await world.until(lambda: world.state("carl") == "paused", within_s=25.0)
        await world.until(lambda: world.state("anna") == "talking", within_s=31.0)
        call.far_hangs_up()
        await world.settled()
        kinds = [kind for kind, _ in events(world, call)]
        assert "transfer_failed" in kinds and kinds[-1] == "talk_passed"


@held
async def test_to_a_destination(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        assert (await transfer(world, destination="boss"))[0] == 200
        await call.over()
        await world.settled()
        (kind, detail) = events(world, call)[-1]
        assert (kind, detail["to"]) == ("transferred", "destination")
        assert world.record().talk_s >= 3.0
        assert world.state("anna") in ("ready", "wrap_up")


@held
async def test_to_a_number_by_the_toll_rules(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        call = await talk(world)
        for number in ("+4190012345678", "+49900123456", "110"):
            status, said = await transfer(world, number=number)
            assert (status, "may not be dialled" in said) == (409, True), said
        assert world.state("anna") == "talking", "nothing has happened"
        assert (await transfer(world, number="+493012345670"))[0] == 200
        await call.over()
        await world.settled()
        (asked, *_, (kind, _)) = events(world, call)
        assert kind == "transferred"
        assert "+493012345670" not in str(asked), "the record has it masked"
        assert len(world.rows("SELECT * FROM toll_calls")) == 1


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ({"agent": "anna"}, "anna is the agent who has the caller"),
        ({"agent": "zoe"}, "no agent 'zoe' in the settings"),
        ({"agent": "ben"}, "agent ben is not ready: logged_out"),
        ({"queue": "nowhere"}, "no queue 'nowhere' in the settings: there are sales, help"),
        ({"destination": "nowhere"}, "no destination 'nowhere' in the settings: there are boss"),
        ({}, "name one of agent, queue, destination, supervisor"),
        ({"supervisor": "nobody"}, "no supervisor 'nobody' in the settings: there are none"),
        ({"queue": "help", "agent": "ben"}, "name one of"),
    ],
)
@held
async def test_what_cannot_be_is_refused_and_the_talk_goes_on(tmp_path: Path, to: dict[str, str], words: str) -> None:
    async with house(tmp_path) as world:
        await talk(world)
        status, said = await transfer(world, **to)
        assert (status, words in said) == (409, True), said
        assert world.state("anna") == "talking"


@held
async def test_who_talks_to_nobody_hands_nobody_on(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        assert await transfer(world, queue="help") == (409, "agent anna talks to nobody")


@held
async def test_a_dialled_person_is_handed_on(tmp_path: Path) -> None:
    """The campaign's attempt is one call still, with one record."""
    async with house(tmp_path) as world:
        await world.log_in("anna", "carl")
        await world.campaign("+12025550100")
        await world.until(lambda: world.state("anna") == "talking")
        assert (await transfer(world, agent="carl"))[0] == 200
        await world.until(lambda: world.state("carl") == "talking")
        await world.campaign_over()
        (record,) = world.records()
        assert (record.agent_id, record.outcome) == ("carl", Outcome.ANSWERED)


@held
async def test_a_dialled_person_whom_nobody_takes_is_let_go(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        await world.log_in("anna")
        await world.campaign("+12025550100")
        await world.until(lambda: world.state("anna") == "talking")
        await transfer(world, queue="help")
        await world.campaign_over()
        (record,) = world.records()
        assert (record.outcome, record.abandoned) == (Outcome.ANSWERED, False)
