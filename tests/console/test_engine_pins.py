"""PINs on the whole engine: judged against a database, locked after too many tries, and kept nowhere."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError

from calls.outside import LookupSettings
from calls.settings import AuthenticatorSettings
from calls.switch.loopback.callers import CallerScript, HangUp, Hear, Press, Wait
from console.engine.outside import Answered
from console.engine.verifying import PinHasher
from ivr.commands import LockedOut, NotVerified, Verdict, Verified, Verify, VerifyFailed
from tests.console.fake_hosts import FakeHosts, Late
from tests.console.held_time import held
from tests.console.world import World, world_in

PIN = "73915486"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

FLOW = """\
language: en
start: prove
nodes:
  prove: {authenticate: customers, account: call.caller, pin: [main.pin], length: 8, failed: no, locked: locked,
          next: ok}
  ok: {hangup: [main.ok], outcome: proved}
  no: {hangup: [main.no], outcome: refused}
  locked: {hangup: [main.locked], outcome: locked}
"""


def customers(folder: Path) -> None:
    """Accounts: one with a hash, one with its PIN as it is, one with nonsense."""
    with sqlite3.connect(folder / "customers.db") as database:
        database.execute("CREATE TABLE customers (number TEXT, pin TEXT)")
        rows = [("+4930555010", CHEAP.hash(PIN)), ("plain", f"plain:{PIN}"), ("broken", "x"), ("none", None)]
        database.executemany("INSERT INTO customers VALUES (?, ?)", rows)
    database.close()


def outside(folder: Path) -> dict[str, object]:
    sql = "SELECT pin FROM customers WHERE number = :account"
    return {
        "lookups": (LookupSettings(name="pins", database=folder / "customers.db", sql=sql),),
        "authenticators": (AuthenticatorSettings(name="customers", lookup="pins", by_account=3, by_caller=4),),
    }


def outcomes(world: World) -> list[object]:
    return [
        next(event.detail["outcome"] for event in world.events(record.call_id) if event.kind == "outcome")
        for record in sorted(world.records(), key=lambda each: each.started_at)
    ]


@held
async def test_a_caller_proves_the_account_and_nothing_of_the_pin_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    customers(tmp_path)
    async with world_in(tmp_path, flow=FLOW, outside=outside(tmp_path)) as world:
        for pin in ("11111111", PIN):
            call = world.call(Hear("main.pin"), Press(pin))
            await call.over()
        await world.settled()
        assert outcomes(world)[-1] == "proved"
        assert world.engine.verifier.verdicts["customers", "verified"] == 1
    printed = capsys.readouterr()
    assert PIN not in printed.out + printed.err
    assert holders(tmp_path, PIN) == ["customers.db"]


def holders(folder: Path, canary: str) -> list[str]:
    """The files in which ``canary`` stands."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if canary.encode() in path.read_bytes()]


async def verdict(world: World, account: str, pin: str, caller: str = "") -> Verdict:
    return await world.engine.verifier.verify(Verify("customers", account, pin), caller)


@held
async def test_a_thousand_guesses_at_once_are_as_many_as_the_limit(tmp_path: Path) -> None:
    customers(tmp_path)
    async with world_in(tmp_path, flow=FLOW, outside=outside(tmp_path)) as world:
        guesses = [verdict(world, "plain", f"{number:08}", f"+49{number}") for number in range(1000)]
        verdicts = await asyncio.gather(*guesses)
        assert sorted(type(each).__name__ for each in verdicts) == ["LockedOut"] * 997 + ["NotVerified"] * 3
        assert await verdict(world, "plain", PIN) == LockedOut()


@held
async def test_a_caller_who_tries_one_account_after_the_other(tmp_path: Path) -> None:
    customers(tmp_path)
    async with world_in(tmp_path, flow=FLOW, outside=outside(tmp_path)) as world:
        tried = [await verdict(world, f"nobody-{number}", PIN, "+4930") for number in range(5)]
        assert tried == [NotVerified()] * 4 + [LockedOut()]
        assert await verdict(world, "plain", PIN, "+4930") == LockedOut()
        assert await verdict(world, "plain", PIN, "+4931") == Verified()


@held
async def test_who_hangs_up_while_a_slow_source_is_asked_is_not_waited_for(tmp_path: Path) -> None:
    """The caller hears music meanwhile, so the hang-up is seen at once."""
    said = Answered(200, f'{{"pin": "plain:{PIN}"}}'.encode())
    hosts = FakeHosts(lambda at, sent: Late(3.0, said))
    slow = LookupSettings(name="pins", url="https://customers.example/{account}")
    async with world_in(tmp_path, flow=FLOW, outside=outside(tmp_path) | {"lookups": (slow,)}, hosts=hosts) as world:
        for waits_s, outcome in ((60.0, "proved"), (1.0, "hung_up")):
            call = world.call(Hear("main.pin", whole=True), Press(PIN), Wait(waits_s), HangUp())
            await call.over()
            over_s = world.loop.time()
            await world.settled()
            assert outcomes(world)[-1] == outcome
            assert world.loop.time() - over_s < 0.5


@held
async def test_what_cannot_be_judged(tmp_path: Path) -> None:
    customers(tmp_path)
    async with world_in(tmp_path, flow=FLOW, outside=outside(tmp_path)) as world:
        assert await verdict(world, "broken", PIN) == VerifyFailed("unavailable")
        assert await verdict(world, "none", PIN) == NotVerified()
        (tmp_path / "customers.db").unlink()
        assert await verdict(world, "plain", PIN) == VerifyFailed("unavailable")


@held
async def test_a_locked_caller_is_told_so_and_a_supervisor_lifts_the_lock(tmp_path: Path) -> None:
    customers(tmp_path)
    async with world_in(tmp_path, flow=FLOW, outside=outside(tmp_path)) as world:
        for _ in range(4):
            await verdict(world, "+4930555010", "00000000")
        script = CallerScript("100", (Hear("main.pin"), Press(PIN)), caller="+4930555010")
        await world.switch.place_call(script).over()
        await world.settled()
        assert outcomes(world) == ["locked"]


@pytest.mark.parametrize(
    ("kept", "right"),
    [(f"plain:{PIN}", True), ("plain:1", False), (CHEAP.hash(PIN), True), (None, False)],
    ids=["plain", "another", "hashed", "none"],
)
def test_what_is_kept_of_a_pin(kept: str | None, right: bool) -> None:
    assert PinHasher().is_right(PIN, kept) is right


def test_a_hash_is_another_each_time_and_nonsense_is_none() -> None:
    hasher = PinHasher()
    first, second = hasher.hash(PIN), hasher.hash(PIN)
    assert first != second and hasher.is_right(PIN, first) and not hasher.is_right("1", second)
    for nonsense in ("x", "", "\u00e4", "$argon2id$v=19$m=65536,t=3,p=4$\u00e4$\u00e4", "plain:\u00e4"):
        with pytest.raises(InvalidHashError):
            hasher.is_right(PIN, nonsense)
