"""Sources of look-ups: servers by real sockets, real SQLite databases, and what goes wrong with either."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from calls import log
from calls.clock import SystemClock
from calls.outside import LookupSettings
from console.engine.lookups import FAILURES, HOLD_S, MOST_KEPT, Lookups
from console.engine.outside import Answered, GuardedHosts, Sent
from ivr.commands import LookedUp, Lookup, LookupFailed
from tests.console.fake_hosts import FakeHosts, Late
from tests.console.held_time import LoopClock
from tests.console.stub_server import Asked, Reply, Stub, stub
from tests.virtual_time import run

ANSWER = b'{"result": {"items": [{"price": 9.50, "name": "Lamp"}], "deep": {"a": [1]}}}'
PRICE = {"price": "result.items[0].price"}


def question(into: dict[str, str] | None = None, **arguments: str | int | None) -> Lookup:
    return Lookup("orders", arguments or {"order": "4711"}, PRICE if into is None else into)


@asynccontextmanager
async def served(answer: Callable[[Asked], Reply], **more: object) -> AsyncIterator[tuple[Stub, Lookups]]:
    async with stub(answer) as server:
        whole = {
            "name": "orders",
            "deadline_s": 2.0,
            **more,
            "url": f"{server.url}{more.get('url', '/orders/{order}')}",
        }
        at = LookupSettings.model_validate(whole)
        hosts = GuardedHosts({})
        lookups = Lookups((at,), hosts, SystemClock())
        try:
            yield server, lookups
        finally:
            await hosts.close()
            lookups.close()


async def test_a_server_is_asked_and_numbers_stay_exact() -> None:
    async with served(lambda asked: Reply(200, ANSWER)) as (server, lookups):
        found = await lookups.ask(question())
        assert found == LookedUp({"price": Decimal("9.50")})
        assert (server.asked[0].method, server.asked[0].target) == ("GET", "/orders/4711")


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("a/../b", "/orders/a%2F..%2Fb"),
        ("x?y=1&z", "/orders/x%3Fy%3D1%26z"),
        ("@evil.example", "/orders/%40evil.example"),
        ("a b\r\nHost: x", "/orders/a%20b%0D%0AHost%3A%20x"),
        ("ü#", "/orders/%C3%BC%23"),
        (12, "/orders/12"),
    ],
)
async def test_what_a_caller_gives_stays_where_its_place_is(value: str | int, target: str) -> None:
    async with served(lambda asked: Reply(200, ANSWER)) as (server, lookups):
        assert isinstance(await lookups.ask(question(order=value)), LookedUp)
        assert server.asked[0].target == target
        assert server.asked[0].headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("value", ["", None, ".", ".."])
async def test_an_argument_that_would_ask_for_something_else_asks_nothing(value: str | None) -> None:
    async with served(lambda asked: Reply(200, ANSWER)) as (server, lookups):
        assert await lookups.ask(question(order=value)) == LookupFailed("missing")
        assert server.asked == []


async def test_a_post_has_its_arguments_in_the_body() -> None:
    async with served(lambda asked: Reply(200, ANSWER), url="/find?shop={shop}", method="POST") as (server, lookups):
        assert isinstance(await lookups.ask(question(shop="a b", order='"x', n=3)), LookedUp)
        (asked,) = server.asked
        assert (asked.method, asked.target) == ("POST", "/find?shop=a%20b")
        assert json.loads(asked.body) == {"order": '"x', "n": "3"}


REDIRECT = Reply(302, b"", ("Location: http://169.254.169.254/",))


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        *((Reply(status, b""), "missing") for status in (404, 410, 204)),
        (Reply(200, b"null"), "missing"),
        *((Reply(status, b""), "refused") for status in (401, 403)),
        (REDIRECT, "refused"),
        *((Reply(status, b""), "failed") for status in (400, 418, 500, 503)),
        (Reply(200, b"<html>"), "failed"),
        (Reply(200, b""), "failed"),
        (Reply(200, b'{"a": NaN}'), "failed"),
        (Reply(200, b"[" * 100_000), "failed"),
        (Reply(200, b"9" * 100_000), "failed"),
        (Reply(200, b"\xff\xfe\xff"), "failed"),
        (Reply(endless=True), "failed"),
        (Reply(cut=True), "failed"),
        (Reply(200, b'{"result": {"items": [{"price": {"eur": 1}}]}}'), "failed"),
    ],
)
async def test_every_answer_comes_to_one_of_four_words(reply: Reply, reason: str) -> None:
    async with served(lambda asked: reply, retries=0) as (_, lookups):
        assert await lookups.ask(question()) == LookupFailed(reason)
        assert lookups.results == {("orders", reason): 1}


async def test_a_slow_server_is_not_waited_for() -> None:
    async with served(lambda asked: Reply(200, ANSWER, after_s=30.0), deadline_s=0.2) as (_, lookups):
        began_s = time.monotonic()
        assert await lookups.ask(question()) == LookupFailed("timeout")
        assert time.monotonic() - began_s < 20.0


async def test_a_server_that_stumbles_is_asked_again() -> None:
    replies = [Reply(503, b""), Reply(cut=True), Reply(200, ANSWER)]
    async with served(lambda asked: replies.pop(0), retries=2) as (server, lookups):
        assert isinstance(await lookups.ask(question()), LookedUp)
        assert len(server.asked) == 3


async def test_a_private_address_is_refused() -> None:
    at = LookupSettings(name="orders", url="https://10.0.0.1/orders/{order}")
    hosts = GuardedHosts({})
    lookups = Lookups((at,), hosts, SystemClock())
    assert await lookups.ask(question()) == LookupFailed("refused")
    await hosts.close()


# --- in virtual time ----------------------------------------------------------------------------------------------

REMOTE = LookupSettings(name="orders", url="https://shop.example/orders/{order}", retries=0)


def remote(hosts: FakeHosts, **more: object) -> Lookups:
    at = REMOTE.model_copy(update=more)
    return Lookups((at,), hosts, LoopClock(asyncio.get_running_loop()))


def test_a_source_that_fails_again_and_again_is_left_alone_for_a_while() -> None:
    async def main() -> None:
        is_down = True
        hosts = FakeHosts(lambda at, sent: Late(4.0, Answered(500)) if is_down else Answered(200, ANSWER))
        lookups = remote(hosts, deadline_s=10.0)
        loop = asyncio.get_running_loop()
        for _ in range(FAILURES):
            assert await lookups.ask(question()) == LookupFailed("failed")
        began_s = loop.time()
        for _ in range(100):
            assert await lookups.ask(question()) == LookupFailed("failed")
        assert (loop.time() - began_s, len(hosts.asked)) == (0.0, FAILURES)
        assert lookups.held_off() == {"orders": True}
        await asyncio.sleep(HOLD_S)
        assert await lookups.ask(question()) == LookupFailed("failed")  # one more is tried, and the rest is not
        assert await lookups.ask(question()) == LookupFailed("failed")
        assert len(hosts.asked) == FAILURES + 1
        is_down = False
        await asyncio.sleep(HOLD_S)
        assert isinstance(await lookups.ask(question()), LookedUp)
        assert lookups.held_off() == {"orders": False}

    run(main())


def test_what_is_missing_or_refused_is_no_failure_of_the_source() -> None:
    async def main() -> None:
        hosts = FakeHosts(lambda at, sent: Answered(404 if "1" in sent.url else 403))
        lookups = remote(hosts)
        for each in range(20):
            await lookups.ask(question(order=f"x{each}"))
        assert len(hosts.asked) == 20

    run(main())


def test_an_answer_is_kept_for_as_long_as_the_setting_says() -> None:
    async def main() -> None:
        hosts = FakeHosts(lambda at, sent: Answered(200, ANSWER))
        lookups = remote(hosts, cache_s=60.0)
        for order in ("1", "1", "2"):
            await lookups.ask(question(order=order))
        assert len(hosts.asked) == 2
        assert await lookups.ask(question({"name": "result.items[0].name"}, order="1")) == LookedUp({"name": "Lamp"})
        assert len(hosts.asked) == 2
        await lookups.ask(question(order=1))  # a number is not the text of it
        assert len(hosts.asked) == 3
        await asyncio.sleep(61.0)
        await lookups.ask(question(order="1"))
        assert len(hosts.asked) == 4

    run(main())


def test_the_memory_is_bounded_and_failures_are_not_kept() -> None:
    async def main() -> None:
        hosts = FakeHosts(lambda at, sent: Answered(404) if sent.url.endswith("/no") else Answered(200, ANSWER))
        lookups = remote(hosts, cache_s=600.0)
        for each in range(MOST_KEPT + 1):
            await lookups.ask(question(order=f"{each}"))
        await lookups.ask(question(order="1"))
        assert len(hosts.asked) == MOST_KEPT + 1
        await lookups.ask(question(order="0"))  # the oldest had to go
        assert len(hosts.asked) == MOST_KEPT + 2
        for _ in range(2):
            await lookups.ask(question(order="no"))
        assert len(hosts.asked) == MOST_KEPT + 4

    run(main())


def test_the_log_says_nothing_of_whom_was_asked_for() -> None:
    shown = io.StringIO()

    async def main() -> None:
        def say(at: object, sent: Sent) -> Answered:
            return Answered(500, b"canary-7731")

        assert await remote(FakeHosts(say)).ask(question(order="canary-7731")) == LookupFailed("failed")

    log.configure(shown, "debug")
    try:
        run(main())
    finally:
        log.configure(io.StringIO(), "error")
    assert "canary" not in shown.getvalue() and "status 500" in shown.getvalue()


# --- databases ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE items (code TEXT, name TEXT, price TEXT, stock INTEGER, photo BLOB)")
        db.execute("INSERT INTO items VALUES ('1001', 'Lamp', '9.50', 3, x'00ff')")
    db.close()
    return path


def database(path: Path, sql: str, **more: object) -> Lookups:
    at = LookupSettings.model_validate({"name": "orders", "database": path, "sql": sql} | more)
    return Lookups((at,), FakeHosts(lambda at, sent: Answered(500)), SystemClock())


ITEM = "SELECT name, price, stock, photo FROM items WHERE code = :code"


@pytest.mark.parametrize(
    ("code", "into", "found"),
    [
        ("1001", {"n": "name", "p": "price", "s": "stock"}, LookedUp({"n": "Lamp", "p": "9.50", "s": 3})),
        ("1002", {"name": "name"}, LookupFailed("missing")),
        ("1001' OR 1=1 --", {"name": "name"}, LookupFailed("missing")),
        ("1001", {"photo": "photo"}, LookupFailed("failed")),
        ("1001", {"other": "other"}, LookedUp({"other": None})),
    ],
)
async def test_a_database_is_asked_with_bound_values(
    shop: Path, code: str, into: dict[str, str], found: object
) -> None:
    lookups = database(shop, ITEM)
    assert await lookups.ask(question(into, code=code)) == found
    lookups.close()


async def test_a_query_that_goes_on_and_on_is_really_interrupted(shop: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS c FROM n"
    lookups = database(shop, endless, deadline_s=0.3)
    began_s, cpu_s = time.monotonic(), time.process_time()
    assert await lookups.ask(question({"c": "c"})) == LookupFailed("timeout")
    assert time.monotonic() - began_s < 20.0
    await asyncio.sleep(0.5)
    spent_s = time.process_time()
    await asyncio.sleep(0.3)
    assert time.process_time() - spent_s < 0.2, "a thread still works at it"
    assert spent_s - cpu_s < 3.0
    lookups.close()


async def test_a_database_is_read_only_and_may_be_gone(shop: Path, tmp_path: Path) -> None:
    lookups = database(tmp_path / "none.db", ITEM)
    assert await lookups.ask(question(code="1")) == LookupFailed("failed")
    assert not (tmp_path / "none.db").exists()
    lookups.close()
    wrong = database(shop, "SELECT nothing FROM nowhere WHERE a = :code")
    assert await wrong.ask(question(code="1")) == LookupFailed("failed")
    wrong.close()
    writing = database(shop, "WITH x AS (SELECT 1) INSERT INTO items (code) VALUES (:code) RETURNING code")
    assert await writing.ask(question({"code": "code"}, code="9")) == LookupFailed("failed")
    writing.close()
    assert sqlite3.connect(shop).execute("SELECT count(*) FROM items").fetchone() == (1,)
