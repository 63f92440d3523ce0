"""Callbacks that agents promise, on the whole engine: kept to the minute, by that agent or by whoever is there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from calls.agents import events as ag
from calls.callbacks import CallbackSettings
from calls.desk_settings import DeskSettings
from calls.errors import UserError
from calls.ids import AgentId
from calls.outside import WebhookSettings
from calls.records.published import Event
from calls.settings import Engine, QueueSettings, Settings
from calls.switch.loopback.diary import Seen
from console import promises
from console.desk import DispositionOrder
from console.engine.outside import Answered
from console.promises import MoveOrder, PromiseOrder
from tests.console.fake_hosts import FakeHosts
from tests.console.held_time import NOON, held
from tests.console.test_engine_desk import ANNA, TALKS, call_of, card_of, dial, dial_a_lead, is_in, refused, say
from tests.console.world import World, agent, world_in
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.desk_store import DeskStore

BEN = AgentId("ben")
DUE = NOON + timedelta(minutes=20)
HERE = DUE.isoformat()
QUEUES = {"queues": (QueueSettings(name="sales", max_wait_s=20),)}


def rows(world: World, *columns: str) -> list[tuple[object, ...]]:
    return world.rows(f"SELECT {', '.join(columns)} FROM callbacks ORDER BY callback_id")


def dialled_at(world: World) -> list[datetime]:
    """When the person was dialled, each time."""
    return [datetime.fromisoformat(cast(str, at)) for (at,) in world.rows("SELECT intended_at FROM attempts")]


async def promised(world: World, *, personal: bool = True) -> None:
    """Anna talks to a lead and promises to call back; the campaign goes on to its end."""
    await dial(world, TALKS)
    await is_in(world, "talking")
    await say(world, "callback", callback_at=HERE, callback_personal=personal, note="the blue one")
    await is_in(world, "ready")
    await world.settled()


@held
async def test_a_personal_callback_is_made_by_its_agent_at_its_time(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await promised(world)
        await world.log_in("ben")
        assert rows(world, "number", "agent_id", "note", "state") == [(TALKS, "anna", "the blue one", "waiting")]
        assert world.rows("SELECT state FROM campaign_leads") == [("done",)]
        await world.until(lambda: world.state("anna") == "talking", within_s=1500)
        await world.settled()
        first, second = dialled_at(world)
        assert second - DUE < timedelta(seconds=2) and second >= DUE > first
        called = world.rows("SELECT campaign_id, agent_id, caller FROM calls ORDER BY started_at")
        assert called == [("autumn", "anna", "+12025550100"), ("promised-autumn", "anna", "+12025550100")]
        assert rows(world, "state", "tries") == [("reached", 1)]


@held
async def test_the_agent_sees_whom_the_callback_is_for_and_what_was_before(tmp_path: Path) -> None:
    crm = WebhookSettings(name="crm", url="https://crm.example/x", events=(Event.AGENT_OFFERED,))
    outside = {**QUEUES, "webhooks": (crm,)}
    hosts = FakeHosts(lambda at, sent: Answered(200))
    async with world_in(tmp_path, agent("anna"), outside=outside, hosts=hosts) as world:
        await dial_a_lead(world)
        await is_in(world, "talking")
        await say(world, "callback", callback_at=HERE, note="the blue one")
        await is_in(world, "ready")
        await world.until(lambda: world.state("anna") == "reserved", within_s=1500)
        offered = await card_of(world)
        assert (offered.state, offered.direction, offered.customer.name) == ("reserved", "outbound", "Ann <b>")
        await is_in(world, "talking")
        card = await card_of(world)
        assert (card.campaign, card.customer.name) == ("promised-autumn", "Ann <b>")
        assert card.script is not None and card.script.text.startswith("Hello Ann <b> of")
        assert [entry.kind for entry in card.history] == ["callback", "call"]
        assert card.history[1].detail["note"] == "the blue one"
        await world.settled()
        told = [json.loads(str(body))["values"]["number"] for (body,) in world.rows("SELECT body FROM outbox")]
        assert told == [TALKS, TALKS]


@held
async def test_where_its_agent_is_away_it_is_handed_over(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await promised(world)
        world.engine.floor.tell(ag.Pause(ANNA, "away"))
        await world.log_in("ben")
        await world.until(lambda: world.state("ben") == "talking", within_s=1500)
        await world.settled()
        after = dialled_at(world)[1] - DUE
        assert timedelta(seconds=120) <= after < timedelta(seconds=125)
        ((handed_over_at, state),) = rows(world, "handed_over_at", "state")
        assert handed_over_at is not None and state == "reached"
        assert world.rows("SELECT agent_id FROM calls ORDER BY started_at") == [("anna",), ("ben",)]


@held
async def test_a_shared_callback_is_made_by_whoever_is_there(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await promised(world, personal=False)
        world.engine.floor.tell(ag.Pause(ANNA, "away"))
        await world.log_in("ben")
        await world.until(lambda: world.state("ben") == "talking", within_s=1500)
        await world.settled()
        assert dialled_at(world)[1] - DUE < timedelta(seconds=2)


@held
async def test_a_callback_that_is_moved_is_made_then(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await promised(world)
        later = DUE + timedelta(minutes=7)
        ((callback_id,),) = rows(world, "callback_id")
        world.engine.floor.tell(ag.Pause(ANNA, "away"))
        await world.log_in("ben")
        await world.until(lambda: world.engine.clock.now() > DUE + timedelta(seconds=30), within_s=1500)
        order = MoveOrder(at=later.isoformat(), agent="ben")
        assert "agent ben calls" in (await world.engine.desk.move(int(str(callback_id)), order, "boss")).said
        await world.until(lambda: world.state("ben") == "talking", within_s=1500)
        await world.settled()
        assert timedelta(0) <= dialled_at(world)[1] - later < timedelta(seconds=7)
        assert world.rows("SELECT who FROM audit WHERE what = 'callbacks.move'") == [("boss",)]
        assert "does not wait" in await refused(world.engine.desk.move(int(str(callback_id)), order, "boss"))


@held
async def test_another_word_takes_the_callback_back(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS)
        await is_in(world, "talking")
        await say(world, "callback", callback_at=HERE)
        await say(world, "callback", callback_at=(DUE + timedelta(hours=1)).isoformat())
        assert rows(world, "due_at") == [((DUE + timedelta(hours=1)).isoformat(timespec="microseconds"),)]
        await say(world, "not_interested")
        assert rows(world, "state") == []


@held
async def test_a_reminder_comes_some_minutes_before(tmp_path: Path) -> None:
    crm = WebhookSettings(
        name="crm", url="https://crm.example/x", events=(Event.CALLBACK_BOOKED, Event.CALLBACK_REMINDER)
    )
    outside = {**QUEUES, "webhooks": (crm,), "desk": DeskSettings(remind_before_s=300)}
    hosts = FakeHosts(lambda at, sent: Answered(200))
    async with world_in(tmp_path, agent("anna"), outside=outside, hosts=hosts) as world:
        await promised(world)
        await world.until(lambda: len(hosts.asked) == 2, within_s=1500)
        told = world.rows("SELECT node, created_at, body FROM outbox ORDER BY message_id")
        assert [each[0] for each in told] == ["callback_booked", "callback_reminder"]
        early = DUE - datetime.fromisoformat(str(told[1][1]))
        assert timedelta(seconds=298) < early <= timedelta(seconds=300)
        values = json.loads(str(told[1][2]))["values"]
        assert (values["number"], values["agent"], values["note"]) == (TALKS, "anna", "the blue one")


@held
async def test_what_an_agent_has_promised_is_listed(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna"), agent("ben")) as world:
        await promised(world)
        (shown,) = await world.engine.desk.promised(ANNA)
        assert (shown.number, shown.at, shown.agent) == (TALKS, DUE, "anna")
        assert await world.engine.desk.promised(BEN) == ()


@held
async def test_times_that_cannot_be_are_refused(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await dial(world, TALKS)
        await is_in(world, "talking")
        assert "asks when to call back" in await refused(say(world, "callback"))
        assert "books no callback" in await refused(say(world, "done", callback_at=HERE))
        assert "expected a time such as" in await refused(say(world, "callback", callback_at="soon"))
        assert "from now on" in await refused(say(world, "callback", callback_at=(NOON - timedelta(1)).isoformat()))
        order = DispositionOrder(call_id=call_of(world), disposition="callback", callback_at="2026-01-05T13:30")
        await world.engine.desk.dispose(ANNA, order)
        local = datetime(2026, 1, 5, 18, 30, tzinfo=UTC).isoformat(timespec="microseconds")
        assert rows(world, "due_at") == [(local,)], "half past one in Washington"
        number = PromiseOrder(number="+4930555010", queue="sales", at=HERE)
        assert "no [callbacks]" in await refused(world.engine.desk.promise(ANNA, number))
        unknown = PromiseOrder(number="+4930555010", queue="moon", at=HERE)
        assert "no queue 'moon'" in await refused(world.engine.desk.promise(ANNA, unknown))


@held
async def test_a_callback_outlives_the_engine(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        await promised(world)
        await world.kill()
        await world.start()
        await world.log_in("anna")
        await world.until(lambda: world.state("anna") == "talking", within_s=1500)
        await world.settled()
        assert timedelta(0) <= dialled_at(world)[1] - DUE < timedelta(seconds=7)
        assert [entry.seen for entry in world.switch.diary.entries].count(Seen.INVITE) >= 2


@pytest.mark.parametrize(
    ("number", "words"),
    [("+12025550123", "queue sales calls"), ("+19005550123", "not called back"), ("+4930123456", "not called back")],
)
def test_a_number_that_costs_more_is_not_promised_a_call(tmp_path: Path, number: str, words: str) -> None:
    store = DeskStore(make_campaign(tmp_path))
    ways = CallbackSettings(trunk="loop", caller_id="+12025550100", preset="demo", zone="America/New_York")
    settings = Settings(engine=Engine(region="US"), trunks=(LOOPBACK,), callbacks=ways, queues=QUEUES["queues"])
    order = PromiseOrder(number=number, queue="sales", at="2027-03-01T15:00Z", personal=False)
    try:
        said = promises.book(store.db, settings, ANNA, order, store.now).said
    except UserError as problem:
        said = str(problem)
    assert words in said
