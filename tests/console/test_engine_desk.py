"""Agents' desks on the whole engine: what they say of calls, when it counts, and what a crash leaves of it."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable
from pathlib import Path

import pytest

from calls.agents import events as ag
from calls.agents.roster import UnknownName
from calls.desk_settings import DeskSettings
from calls.dispositions import Disposition
from calls.errors import UserError
from calls.ids import AgentId, CallId
from calls.outside import WebhookSettings
from calls.records.published import Event
from calls.settings import QueueSettings
from calls.switch.loopback.callers import HangUp, Press, Wait
from console import imports
from console.desk import AnswersOrder, CorrectionOrder, DispositionOrder
from console.desk_card import Card
from console.engine.outside import Answered
from console.imports import Import
from tests.console.fake_hosts import FakeHosts
from tests.console.held_time import held
from tests.console.world import World, agent, world_in

TALKS = "+12025550100"
ANNA = AgentId("anna")
AGAIN = '[dispositions.again]\nlabel = "Again"\nrecycle = {after_s = 20, times = 1}\n'
SAID = "SELECT disposition, disposition_note, sale_value, sale_currency FROM calls"


def call_of(world: World, agent_id: str = "anna") -> str:
    """The call that the agent is at."""
    found = next(each.call_id for each in world.engine.status().agents if each.id == agent_id)
    assert found is not None
    return found


async def say(world: World, disposition: str, **more: object) -> str:
    """The agent says what came of the call in hand."""
    said = {"call_id": call_of(world), "disposition": disposition, **more}
    return (await world.engine.desk.dispose(ANNA, DispositionOrder.model_validate(said))).said


async def is_in(world: World, state: str) -> None:
    await world.until(lambda: world.state("anna") == state)


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises(UserError) as problem:
        await work
    return str(problem.value)


def lead(world: World) -> object:
    ((state,),) = world.rows("SELECT state FROM campaign_leads")
    return state


async def dial(world: World, *numbers: str, tables: str = "", **changed: str) -> None:
    await world.log_in("anna")
    await world.campaign(*numbers, tables=tables, **changed)


@held
async def test_said_in_the_talk_it_counts_when_the_wrap_up_is_over(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS)
        await is_in(world, "talking")
        assert (await say(world, "not_interested", note="in a hurry")).endswith("not_interested (Not interested)")
        await is_in(world, "wrap_up")
        await say(world, "sale", value="129.90", currency="EUR", note="two lamps")
        assert world.rows(SAID) == [(None, None, None, None)]
        await world.campaign_over()
        assert world.rows(SAID) == [("sale", "two lamps", "129.90", "EUR")]
        assert lead(world) == "done"


@held
async def test_a_lead_is_dialled_again_as_the_agent_says(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS, tables=AGAIN)
        await is_in(world, "wrap_up")
        await say(world, "again")
        await is_in(world, "ready")
        assert world.campaign_state() == "running", "the last lead comes again"
        await is_in(world, "talking")
        await world.campaign_over()
        assert world.rows("SELECT disposition FROM calls ORDER BY started_at") == [("again",), (None,)]


@held
async def test_a_number_is_forbidden_at_once(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS)
        await is_in(world, "talking")
        await say(world, "do_not_call")
        assert world.rows("SELECT number, source, added_by FROM do_not_call") == [(TALKS, "agent", "anna")]


@held
async def test_a_required_disposition_keeps_the_wrap_up_until_its_limit(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=10)) as world:
        await dial(world, TALKS, disposition_required="true")
        await is_in(world, "wrap_up")
        assert "needs a disposition" in await refused(world.engine.desk.require_given(ANNA))
        began = world.loop.time()
        await is_in(world, "ready")
        assert world.loop.time() - began == pytest.approx(10, abs=0.1)
        await world.campaign_over()
        assert world.rows(SAID) == [("none", "", None, None)]


@held
async def test_with_its_disposition_a_wrap_up_ends_when_the_agent_says(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=10)) as world:
        await dial(world, TALKS, disposition_required="true")
        await is_in(world, "wrap_up")
        await say(world, "done")
        await world.engine.desk.require_given(ANNA)
        world.engine.floor.tell(ag.WrapUpDone(ANNA))
        await world.campaign_over()
        assert world.rows(SAID)[0][0] == "done"


@held
async def test_a_wrap_up_is_made_longer(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=10)) as world:
        await dial(world, TALKS)
        await is_in(world, "wrap_up")
        for _ in range(5):
            world.engine.floor.tell(ag.WrapUpExtended(ANNA, 60))
        assert world.engine.desk.wrap_up_left_s(ANNA) == pytest.approx(120, abs=1)
        await world.until(lambda: world.state("anna") == "ready", within_s=130)
        with pytest.raises(UserError, match="is in no wrap-up"):
            world.engine.desk.wrap_up_left_s(ANNA)


@held
async def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS)
        await is_in(world, "talking")
        assert "expected one of sale, not_interested" in await refused(say(world, "maybe"))
        assert "say its value and currency" in await refused(say(world, "sale", value="5"))
        assert "is no sale" in await refused(say(world, "done", value="5"))
        call_id = call_of(world)
        order = DispositionOrder(call_id=call_id, disposition="done")
        assert "agent ben did not talk" in await refused(world.engine.desk.dispose(AgentId("ben"), order))
        await is_in(world, "ready")
        await world.settled()
        assert "the wrap-up of call" in await refused(world.engine.desk.dispose(ANNA, order))


@held
async def test_a_supervisor_corrects_a_record(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS)
        await is_in(world, "talking")
        call_id = CallId(call_of(world))
        order = CorrectionOrder(disposition="do_not_call", reason="heard in the recording")
        assert "is at call" in await refused(world.engine.desk.correct(call_id, order, "boss"))
        await say(world, "done", note="as said")
        await world.campaign_over()
        done = await world.engine.desk.correct(call_id, order, "boss")
        assert done.said.endswith("do_not_call in place of done")
        assert world.rows(SAID) == [("do_not_call", "as said", None, None)]
        audit = world.rows("SELECT who, detail FROM audit WHERE what = 'disposition.correct'")
        assert [who for who, _ in audit] == ["boss"] and '"from": "done"' in str(audit[0][1])
        assert world.rows("SELECT number FROM do_not_call") == [(TALKS,)]
        unknown = world.engine.desk.correct(CallId("moon"), order, "boss")
        assert "no agent talked in call 'moon'" in await refused(unknown)


@held
async def test_a_callers_call_has_the_dispositions_of_its_queue(tmp_path: Path) -> None:
    asked = {"asked": Disposition(label="Asked"), "stop": Disposition(label="Stop", do_not_call=True)}
    queues = (QueueSettings(name="sales", dispositions=asked),)
    async with world_in(tmp_path, agent("anna"), outside={"queues": queues}) as world:
        await world.log_in("anna")
        call = world.call(Wait(1), Press("2"), Wait(6), HangUp())
        await is_in(world, "talking")
        assert "expected one of asked, stop" in await refused(say(world, "done"))
        await say(world, "stop")
        await call.over()
        await is_in(world, "ready")
        await world.settled()
        assert world.rows(SAID)[0][0] == "stop"
        assert world.rows("SELECT number FROM do_not_call") == [("+4930555010",)]


@held
async def test_killed_in_the_wrap_up_what_was_said_counts(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=30)) as world:
        await dial(world, TALKS, tables=AGAIN)
        await is_in(world, "wrap_up")
        await say(world, "again")
        await world.engine.books.all_written()
        await world.kill()
        assert world.rows(SAID)[0][0] is None
        await world.start()
        await world.settled()
        assert world.rows(SAID)[0][0] == "again"
        assert lead(world) == "retry"


@held
async def test_killed_in_the_talk_the_agent_still_says_what_came_of_it(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS)
        await is_in(world, "talking")
        await say(world, "not_interested")
        await world.kill()
        await world.start()
        assert world.state("anna") == "talking"
        await say(world, "sale", value="5", currency="EUR")
        await world.campaign_over()
        await is_in(world, "ready")
        await world.settled()
        assert world.rows(SAID)[0][0] == "sale"


SCRIPT = """
[script]
text = {en = "Hello {name} of {fields.Town}, this is {agent}.", de = "Guten Tag {name}."}
[[script.steps]]
id = "wants"
say = {en = "Do you want lamps, {name}?"}
answers = ["yes", "no"]
[[script.steps]]
id = "why"
say = {en = "Why?", de = "Warum?"}
"""


async def dial_a_lead(world: World, tables: str = SCRIPT, **changed: str) -> None:
    now = world.engine.clock.now()
    data = f"Phone,Name,Town\n{TALKS},Ann <b>,Köln & Bonn\n".encode()
    await imports.import_leads(world.engine.writer, io.BytesIO(data), Import(list="autumn", file="b.csv"), "me", now)
    await dial(world, TALKS, tables=tables, **changed)


async def card_of(world: World, language: str | None = None) -> Card:
    found = await world.engine.desk.card(ANNA, language)
    assert found is not None
    return found


@held
async def test_the_card_of_a_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=10)) as world:
        assert await world.engine.desk.card(ANNA, None) is None
        pop = '"https://crm.example/{fields.Town}?n={number}&id={call_id}"'
        await dial_a_lead(world, screen_pop=pop)
        await is_in(world, "talking")
        card = await card_of(world)
        assert (card.state, card.direction, card.campaign, card.queue) == ("talking", "outbound", "autumn", "sales")
        assert (card.customer.number, card.customer.name) == (TALKS, "Ann <b>")
        assert card.customer.fields == {"Town": "Köln & Bonn"}
        assert card.screen_pop == f"https://crm.example/K%C3%B6ln%20%26%20Bonn?n=%2B12025550100&id={card.call_id}"
        assert card.script is not None
        assert card.script.text == "Hello Ann <b> of Köln & Bonn, this is Anna."
        assert [step.say for step in card.script.steps] == ["Do you want lamps, Ann <b>?", "Why?"]
        assert "sale" in [each.id for each in card.dispositions] and card.wrap_up_left_s is None
        german = (await card_of(world, "de")).script
        assert german is not None and (german.text, german.language) == ("Guten Tag Ann <b>.", "de")
        assert [step.say for step in german.steps] == ["Do you want lamps, Ann <b>?", "Warum?"]
        await say(world, "done", note="nice")
        await is_in(world, "wrap_up")
        await world.settled()
        card = await card_of(world)
        assert card.given is not None and (card.given.disposition, card.given.note) == ("done", "nice")
        assert card.wrap_up_left_s == pytest.approx(10, abs=0.5) and card.customer.name == "Ann <b>"
        with pytest.raises(UnknownName):
            await world.engine.desk.card(AgentId("eve"), None)


@held
async def test_numbers_are_masked_where_the_settings_say_so(tmp_path: Path) -> None:
    pop = QueueSettings(name="sales", screen_pop="https://crm.example/{number}/{lead_id}")
    outside = {"desk": DeskSettings(mask_numbers=True), "queues": (pop,)}
    async with world_in(tmp_path, agent("anna"), outside=outside) as world:
        await dial_a_lead(world, '[script]\ntext = {en = "{number}"}\n')
        await is_in(world, "talking")
        card = await card_of(world)
        assert card.screen_pop is not None and card.screen_pop.startswith("https://crm.example/%2A%2A%2A")
        told = card.model_dump_json()
        assert TALKS not in told.replace(str(card.customer.lead_id), "") and TALKS[1:] not in str(card.script)


@held
async def test_answers_are_kept_with_the_call(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial_a_lead(world)
        await is_in(world, "talking")

        async def answer(**answers: str) -> None:
            order = AnswersOrder(call_id=call_of(world), answers=answers)
            await world.engine.desk.answer(ANNA, order)

        await answer(wants="yes", why="dark")
        await answer(wants="no", why="")
        assert "wants: expected one of yes, no" in await refused(answer(wants="maybe"))
        assert "no step 'how': there are wants, why" in await refused(answer(how="x"))
        steps = (await card_of(world)).script
        assert steps is not None and [step.answered for step in steps.steps] == ["no", None]
        assert world.rows("SELECT step, answer, agent_id FROM script_answers") == [("wants", "no", "anna")]


@held
async def test_webhooks_are_told_of_what_they_asked_for(tmp_path: Path) -> None:
    def webhook(name: str, *events: Event) -> WebhookSettings:
        return WebhookSettings(name=name, url="https://crm.example/hooks", events=events)

    crm = webhook("crm", Event.AGENT_CONNECTED, Event.CALL_ENDED, Event.DISPOSITION, Event.DO_NOT_CALL_ADDED)
    pop = QueueSettings(name="sales", screen_pop="https://crm.example/{lead_id}")
    outside = {"webhooks": (crm, webhook("other", Event.AGENT_OFFERED)), "queues": (pop,)}
    async with world_in(
        tmp_path, agent("anna"), outside=outside, hosts=FakeHosts(lambda at, sent: Answered(200))
    ) as world:
        await dial_a_lead(world)
        await is_in(world, "wrap_up")
        await say(world, "do_not_call", note="angry")
        await world.campaign_over()
        await is_in(world, "ready")
        await world.settled()
        rows = world.rows("SELECT webhook, node, body FROM outbox ORDER BY message_id")
        assert [row[:2] for row in rows] == [
            ("other", "agent_offered"),
            ("crm", "agent_connected"),
            ("crm", "call_ended"),
            ("crm", "do_not_call_added"),
            ("crm", "disposition"),
        ]
        told = {str(node): json.loads(str(body)) for _, node, body in rows}
        assert told["agent_connected"]["values"]["screen_pop"].startswith("https://crm.example/")
        assert told["call_ended"]["values"]["outcome"] == "answered"
        assert told["disposition"]["values"]["note"] == "angry"
        assert told["do_not_call_added"]["values"]["number"] == TALKS
        assert len({each["id"] for each in told.values()}) == 5
