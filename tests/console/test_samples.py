"""The installation of docs/samples on a whole engine: callers go through its duties, and what they leave is there."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from calls.settings import InboundRoute, Settings, load
from calls.switch.loopback.callers import CallerScript, HangUp, Hear, Press, Speak, Step, Wait
from calls.switch.loopback.phones import AgentPhone
from console import building
from console.engine.outside import Answered
from prompts.library import PromptLibrary
from tests.console.fake_hosts import FakeHosts
from tests.console.held_time import held
from tests.console.world import World, world_in

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples"

PHONES = {"ben": AgentPhone(0.5, talk_s=60.0)}

MENU = (Hear("main.welcome"), Press("1"), Hear("main.menu"))
"""To the menu, in English."""

PROVED = (
    *MENU,
    Press("1"),
    Hear("main.orders"),
    Press("1"),
    Hear("identify.account"),
    Press("100017"),
    Hear("identify.pin"),
    Press("2468"),
)


@asynccontextmanager
async def installation(folder: Path, hosts: FakeHosts) -> AsyncIterator[World]:
    """The samples, copied to where they may write."""
    root = folder / "samples"
    shutil.copytree(SAMPLES, root, ignore=shutil.ignore_patterns("var"))
    (root / "var").mkdir()
    with closing(sqlite3.connect(root / "var" / "customers.db")) as database:
        database.executescript((root / "customers.sql").read_text(encoding="utf-8"))
    settings = load(root / "callwright.toml", {})
    known = building.known(settings, PromptLibrary(settings.prompts))
    given = {name: getattr(settings, name) for name in Settings.model_fields}
    given["inbound"] = (InboundRoute(called="100", flow="main"),)
    flow = (root / "flows" / "main.yaml").read_text(encoding="utf-8")
    async with world_in(root / "flows", flow=flow, known=known, phones=PHONES, hosts=hosts, outside=given) as world:
        yield world


def ring(world: World, caller: str, *steps: Step) -> asyncio.Task[object]:
    """A caller rings in, goes the steps and stays until the call ends."""
    call = world.switch.place_call(CallerScript("100", steps, caller=caller))
    return asyncio.ensure_future(call.over())


def sent(world: World, webhook: str) -> list[dict[str, object]]:
    """What a webhook was told."""
    rows = world.rows(f"SELECT body FROM outbox WHERE webhook = '{webhook}'")
    return [json.loads(str(row[0]))["values"] for row in rows]


@held
async def test_the_duties_leave_what_they_promise(tmp_path: Path) -> None:
    async with installation(tmp_path, FakeHosts(lambda at, said: Answered(204))) as world:
        calls = [
            ring(
                world,
                "+4930555011",
                *PROVED,
                Hear("order_status.ask"),
                Press("400112"),
                Hear("order_status.sent.part-1"),
                Hear("offer.ask"),
                Press("9"),
                Hear("offer.stopped"),
            ),
            ring(
                world,
                "+4930555012",
                *MENU,
                Press("2"),
                Hear("complaint.ask"),
                Press("2"),
                Hear("complaint.which"),
                Press("400112"),
                Hear("system.confirm"),
                Press("1"),
                Hear("complaint.told.part-1"),
            ),
            ring(
                world,
                "+4930555013",
                *MENU,
                Press("1"),
                Hear("main.orders"),
                Press("2"),
                Hear("order.ask"),
                Press("1001"),
                Hear("order.how_many"),
                Press("2#"),
                Hear("order.right.part-1"),
                Press("1"),
                Hear("order.more"),
                Press("2"),
                Hear("order.total.part-1"),
                Press("1"),
                Hear("order.told.part-1"),
            ),
            ring(
                world,
                "+4930555014",
                *MENU,
                Press("3"),
                Hear("appointment.when"),
                Press("3"),
                Hear("follow_up.same.part-1"),
                Press("1"),
                Hear("follow_up.when"),
                Press("2"),
                Hear("follow_up.told.part-1"),
            ),
            ring(
                world,
                "+4930555018",
                *MENU,
                Press("3"),
                Hear("appointment.when"),
                Press("1"),
                Hear("system.callback_confirm.part-1"),
                Press("1"),
                Hear("appointment.booked"),
            ),
            ring(
                world,
                "+4930555015",
                Hear("main.welcome"),
                Press("2"),
                Hear("main.menu"),
                Press("4"),
                Hear("library.topics"),
                Press("3"),
                Hear("library.safety"),
            ),
            ring(
                world,
                "+4930555016",
                *MENU,
                Press("0"),
                Hear("support.nobody"),
                Hear("support.instead"),
                Press("1"),
                Hear("system.voicemail", whole=True),
                Speak(6.0),
                Press("#"),
                Hear("system.voicemail_review"),
                Press("1"),
                Hear("system.voicemail_sent"),
            ),
        ]
        await asyncio.gather(*calls)
        await world.log_in("ben")
        await ring(
            world,
            "+4930555017",
            *MENU,
            Press("0"),
            Hear("survey.solved"),
            Press("1"),
            Hear("survey.agent"),
            Press("5"),
            Hear("survey.recommend"),
            Press("9"),
            Hear("survey.words", whole=True),
            Wait(1.0),
            Speak(4.0),
            HangUp(),
        )
        await world.settled()

        assert world.rows("SELECT number, source FROM do_not_call") == [("+4930555011", "flow")]
        (complaint,) = [each for each in sent(world, "tickets") if "kind" in each]
        assert complaint == {"kind": "broken goods", "order": "400112", "caller": "+4930555012", "language": "en"}
        (order,) = sent(world, "orders")
        assert (order["total"], order["customer"]) == ("39.00", "+4930555013")
        (request,) = sent(world, "follow_up")
        assert (request["number"], request["at"]) == ("+4930555014", "afternoon")
        assert world.rows("SELECT mailbox, caller FROM voicemail") == [("support", "+4930555016")]
        booked = world.rows("SELECT number, queue, appointment FROM callbacks")
        assert booked == [("+4930555018", "support", 1)]
        answers = world.rows("SELECT question, value FROM survey_answers WHERE value IS NOT NULL")
        assert answers == [("solved", 1), ("agent", 5), ("recommend", 9)]
        assert {record.flow for record in world.records()} == {"main"}
        assert len(world.records()) == 8
