"""Campaigns that are over and put away: nothing of them is lost, and nothing of them is left to dial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calls.errors import CampaignError
from calls.ids import CallId, CampaignId, QueueName
from calls.people import callbacks
from calls.people.callbacks import Booking
from calls.records.times import as_text
from dialer import archive, roll
from dialer.campaign import Campaign, promised_id
from dialer.events import CampaignState, CampaignStopped
from dialer.leads import lists
from tests.dialer.conftest import Worlds, make_campaign
from tests.dialer.desk_store import ANNA, DeskStore

AUTUMN = CampaignId("autumn")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskStore]:
    made = DeskStore(make_campaign(tmp_path))
    yield made
    made.db.close()


def refused(desk: DeskStore, words: str) -> None:
    with pytest.raises(CampaignError, match=words):
        archive.put_away(desk.db, AUTUMN, desk.now)
    assert archive.archived(desk.db) == frozenset()


def test_what_is_not_over_is_refused_with_what_to_do(desk: DeskStore) -> None:
    with pytest.raises(CampaignError, match="campaign other was not started"):
        archive.put_away(desk.db, CampaignId("other"), desk.now)
    for state in (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DRAINING):
        roll.set_state(desk.db, AUTUMN, state, desk.now)
        refused(desk, f"is {state.value}: stop it first, or drain it")
    roll.set_state(desk.db, AUTUMN, CampaignState.STOPPED, desk.now)
    attempt = desk.dial()
    refused(desk, r"still has calls \(1\): archive it when they are over")
    call_id = desk.talk(attempt)
    desk.finish(attempt)
    refused(desk, r"have not said yet what became of calls of campaign autumn \(1\)")
    desk.give(call_id, "not_interested")
    desk.close(call_id)
    due = desk.now + timedelta(hours=1)
    now, queue = desk.now, QueueName("sales")
    asked = Booking(CallId("c"), "k", "+12025550100", queue, now, now, True, due, due, 3, 600.0, origin=AUTUMN)
    first = callbacks.promise(desk.db, replace(asked, agent_id=ANNA))
    second = callbacks.promise(
        desk.db, replace(asked, number="+12025550109", key="k2", origin=CampaignId(promised_id("autumn")))
    )
    refused(desk, rf"promised \(2, the first is {first}\): archive it when they are called, or cancel them")
    for each in (first, second):
        callbacks.cancel(desk.db, each, "me", desk.now)
    assert archive.put_away(desk.db, AUTUMN, desk.now)


def test_who_asked_to_be_called_is_never_put_away(desk: DeskStore) -> None:
    promised = Campaign(id="callbacks-sales", on_request=True, file=desk.campaign.file)
    desk.db.execute(
        "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
        " VALUES ('callbacks-sales', 'x', 'l', ?, 'stopped', '', '')",
        (promised.model_dump_json(),),
    )
    with pytest.raises(CampaignError, match="calls people who asked for it, and is never over"):
        archive.put_away(desk.db, CampaignId("callbacks-sales"), desk.now)


def test_it_comes_back_as_it_was_with_the_leads_of_meanwhile(desk: DeskStore, tmp_path: Path) -> None:
    desk.call("not_interested")
    assert archive.put_away(desk.db, AUTUMN, desk.now) and not archive.put_away(desk.db, AUTUMN, desk.now)
    assert archive.archived(desk.db) == {"autumn"}
    with pytest.raises(CampaignError, match="campaign autumn is archived: take it out of the archive first"):
        archive.require_in_use(desk.db, "autumn")
    assert lists.overview(desk.db)[0].campaigns == (), "no campaign of every day dials it"
    assert desk.db.execute("SELECT count(*) FROM attempts").fetchone()[0] == 1
    desk.db.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
        " VALUES ('n', 'l', '+12025550123', '+12025550123', '[]', ?)",
        (as_text(desk.now),),
    )
    assert archive.take_out(desk.db, AUTUMN) and not archive.take_out(desk.db, AUTUMN)
    archive.require_in_use(desk.db, "autumn")
    roll.register(desk.db, desk.campaign, desk.now)
    assert desk.dial().number == "+12025550123"
    with pytest.raises(CampaignError, match="was not started"):
        archive.take_out(desk.db, CampaignId("other"))


def test_the_core_forgets_what_is_over_and_nothing_else(worlds: Worlds) -> None:
    world = worlds(3, 1)
    world.start()
    core = world.core
    assert core is not None
    core.forget(AUTUMN)
    assert [campaign.id for campaign, _, _ in core.campaigns()] == ["autumn"], "it runs"
    world.run(3.0)
    world.tell(CampaignStopped(AUTUMN))
    core.forget(AUTUMN)
    assert [campaign.id for campaign, _, _ in core.campaigns()] == ["autumn"], "calls of it are under way"
    world.run(120.0)
    core.forget(AUTUMN)
    core.forget(AUTUMN)
    assert core.campaigns() == []
