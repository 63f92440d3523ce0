"""Agents who dial codes on their own phones: what becomes of them, and what they hear."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from calls.agents.view import AgentView
from calls.floor_settings import FeatureCodes, PauseReason
from calls.ids import AgentId
from calls.outside import LookupSettings
from calls.settings import AuthenticatorSettings
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.callers import CallerScript, Hear, Press, Step
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import EndedBy, HungUp
from console.desk import DispositionOrder
from tests.console.asked import ask
from tests.console.held_time import held
from tests.console.world import World, agent, world_in

LUNCH = PauseReason(id="lunch", label="Lunch", key="1", limit_minutes=1)
CLASS = PauseReason(id="training", label="Training")


def floor_in(
    folder: Path, phones: dict[str, AgentPhone] | None = None, **codes: object
) -> AbstractAsyncContextManager[World]:
    """Anna, whose leg stays, and Ben, who is rung for each call."""
    own = {"pause_reasons": (LUNCH, CLASS), "feature_codes": FeatureCodes.model_validate(codes)}
    return world_in(folder, agent("anna"), agent("ben", "on_hook"), phones=phones, outside=own)


async def dial(world: World, phone: str, code: str, *steps: Step) -> list[str]:
    """Dial a code on a phone; the prompts that were heard."""
    call = world.switch.place_call(CallerScript(code, steps, caller="", endpoint=phone))
    await call.over()
    heard = world.switch.diary.of(call.info.call_id, Seen.PROMPT)
    return [entry.detail.split()[0].removeprefix("system.agent_") for entry in heard]


def view(world: World, agent_id: str) -> AgentView:
    return next(each for each in world.engine.floor.view().agents if each.agent_id == AgentId(agent_id))


@held
async def test_an_agent_works_a_day_by_codes(tmp_path: Path) -> None:
    async with floor_in(tmp_path) as world:
        assert await dial(world, "PJSIP/anna", "*96") == ["logged_out"]
        assert await dial(world, "PJSIP/anna", "*91") == ["rings"]
        await world.until(lambda: world.state("anna") == "ready")
        assert await dial(world, "PJSIP/anna", "*91") == ["ready"]
        assert await dial(world, "PJSIP/anna", "*941") == ["paused"]
        assert (world.state("anna"), view(world, "anna").reason) == ("paused", "lunch")
        assert await dial(world, "PJSIP/anna", "*93") == ["ready"]
        assert await dial(world, "PJSIP/anna", "*92") == ["logged_out"]
        assert world.records() == [], "no customer called"


@held
async def test_a_phone_rings_only_when_the_agent_has_hung_up(tmp_path: Path) -> None:
    async with floor_in(tmp_path) as world:
        call = world.switch.place_call(CallerScript("*91", (), caller="", endpoint="PJSIP/anna"))
        await world.until(lambda: bool(world.switch.diary.of(call.info.call_id, Seen.PROMPT)))
        assert view(world, "anna").leg_id is None
        await call.over()
        await world.until(lambda: world.state("anna") == "ready")


@held
async def test_an_on_hook_agent_is_logged_in_at_once(tmp_path: Path) -> None:
    async with floor_in(tmp_path) as world:
        assert await dial(world, "PJSIP/ben", "*91") == ["ready"]
        assert world.state("ben") == "ready"


@held
async def test_an_order_for_later_says_so(tmp_path: Path) -> None:
    async with floor_in(tmp_path, {"anna": AgentPhone(0.2, talk_s=30.0)}) as world:
        await world.log_in("anna")
        caller = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        assert await dial(world, "PJSIP/anna", "*96") == ["talking"]
        assert await dial(world, "PJSIP/anna", "*941") == ["pause_after"]
        assert await dial(world, "PJSIP/anna", "*92") == ["logout_after"]
        caller.far_hangs_up()
        await world.until(lambda: world.state("anna") == "wrap_up")
        assert await dial(world, "PJSIP/anna", "*95") == ["logged_out"]


@pytest.mark.parametrize("code", ["*90", "*99", "*991", "*94", "*942", "*9411"])
@held
async def test_a_code_that_is_none_changes_nothing(tmp_path: Path, code: str) -> None:
    """A pause needs a reason here, and 2 is the key of none."""
    async with floor_in(tmp_path) as world:
        await world.log_in("anna")
        assert await dial(world, "PJSIP/anna", code) == ["no_code"]
        assert world.state("anna") == "ready"


@held
async def test_a_phone_that_is_no_agents_is_refused(tmp_path: Path) -> None:
    async with floor_in(tmp_path) as world:
        call = world.switch.place_call(CallerScript("*91", (), caller="anna", endpoint="PJSIP/nobody"))
        assert await call.over() == HungUp(EndedBy.US, 21)
        assert world.state("anna") == "logged_out"


@held
async def test_a_pause_is_checked_and_its_limit_shown(tmp_path: Path) -> None:
    async with floor_in(tmp_path) as world:
        await world.log_in("anna")
        refused = await ask(world.engine, "/v1/agents/anna/pause", reason="smoke")
        assert (refused.status_code, "expected one of lunch, training" in refused.text) == (409, True)
        assert (await ask(world.engine, "/v1/agents/anna/pause", reason="lunch")).status_code == 200
        await world.until(lambda: world.engine.status().agents[0].for_s >= 70.0, within_s=100.0, every_s=1.0)
        assert 10.0 <= world.engine.status().agents[0].over_limit_s <= 12.0


def pins(folder: Path) -> dict[str, object]:
    """An authenticator that knows Ben's PIN."""
    with sqlite3.connect(folder / "staff.db") as database:
        database.execute("CREATE TABLE staff (id TEXT, pin TEXT)")
        database.execute("INSERT INTO staff VALUES ('ben', 'plain:4711')")
    database.close()
    sql = "SELECT pin FROM staff WHERE id = :account"
    return {
        "lookups": (LookupSettings(name="pins", database=folder / "staff.db", sql=sql),),
        "authenticators": (AuthenticatorSettings(name="staff", lookup="pins", by_account=3),),
        "feature_codes": FeatureCodes(authenticator="staff"),
    }


@held
async def test_a_log_in_asks_for_the_pin_and_nothing_else_does(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ben", "on_hook"), outside=pins(tmp_path)) as world:

        async def keyed(*steps: Step) -> list[str]:
            return await dial(world, "PJSIP/ben", "*91", Hear("system.agent_pin", whole=True), *steps)

        assert await keyed(Press("4712#")) == ["pin", "system.wrong_pin"]
        assert await keyed() == ["pin", "system.wrong_pin"], "nothing was keyed"
        assert world.state("ben") == "logged_out"
        assert await keyed(Press("4711#")) == ["pin", "ready"]
        assert await dial(world, "PJSIP/ben", "*94") == ["paused"]


@held
async def test_guesses_are_locked_out(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("ben", "on_hook"), outside=pins(tmp_path)) as world:
        for guess in ("0000#", "1111#", "2222#", "4711#"):
            await dial(world, "PJSIP/ben", "*91", Hear("system.agent_pin", whole=True), Press(guess))
        assert world.state("ben") == "logged_out", "the right one came too late"


@held
async def test_no_code_ends_a_wrap_up_that_lacks_its_disposition(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna", wrap_up_s=60)) as world:
        await world.log_in("anna")
        await world.campaign("+12025550100", disposition_required="true")
        await world.until(lambda: world.state("anna") == "wrap_up")
        assert await dial(world, "PJSIP/anna", "*95") == ["wrap_up"]
        assert world.state("anna") == "wrap_up"
        call_id = next(each.call_id for each in world.engine.status().agents)
        order = DispositionOrder.model_validate({"call_id": call_id, "disposition": "done"})
        await world.engine.desk.dispose(AgentId("anna"), order)
        await dial(world, "PJSIP/anna", "*95")
        assert world.state("anna") == "ready"


@held
async def test_an_agent_hands_callers_on_by_codes(tmp_path: Path) -> None:
    """On a second line: asks first and takes the caller back, asks and hands over, hands on without a question."""
    codes = FeatureCodes(transfers={"1": "agent ben", "2": "destination boss", "33": "queue sales"})
    async with world_in(tmp_path, agent("anna"), agent("ben"), outside={"feature_codes": codes}) as world:
        world.switch.meet("PJSIP/5550101@carrier", Callee(answer_after_s=1.0, talk_s=300.0))
        await world.log_in("anna")
        caller = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        await world.log_in("ben")
        assert await dial(world, "PJSIP/anna", "*902") == ["asks"]
        await world.until(lambda: world.engine.status().agents[0].asks == "there")
        assert await dial(world, "PJSIP/anna", "*90") == ["taken_back"]
        await world.until(lambda: world.engine.meetings.of_agent(AgentId("anna")) is not None)
        assert await dial(world, "PJSIP/anna", "*90") == ["no_code"], "nobody is asked any more"
        assert await dial(world, "PJSIP/anna", "*901") == ["asks"]
        await world.until(lambda: world.state("ben") == "talking")
        assert await dial(world, "PJSIP/anna", "*99") == ["handed_on"]
        await world.until(lambda: world.engine.meetings.of_agent(AgentId("ben")) is not None)
        await world.until(lambda: world.state("anna") == "ready")
        assert await dial(world, "PJSIP/ben", "*994") == ["no_code"], "no target has these digits"
        assert await dial(world, "PJSIP/ben", "*9933") == ["handed_on"]
        await world.until(lambda: world.state("anna") == "talking")
        caller.far_hangs_up()
        await world.settled()
        assert world.record().agent_id == "anna"
