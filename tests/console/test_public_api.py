"""The public API: every route of the engine has its right or is not shown, and each role gets what it may."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import string
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.routing import Match

from calls.records.database import open_readonly
from calls.switch.loopback.switch import LoopbackSwitch
from console.accounts import orders, store
from console.accounts.roles import RIGHTS, Right, Role
from console.accounts.store import Account, Known
from console.engine import api
from console.web import api as web_api
from console.web import rights
from console.web.engine import FILES_AT_ONCE, EngineWay, url_of
from console.web.guard import Refused
from tests.console.browser import HASH, PASSWORD, SITE, Browser
from tests.console.served import Served, install, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(install(tmp_path_factory.mktemp("public"), queues=("sales", "service"))) as found:
        order = {"password": HASH, "must_change": False}
        transport = httpx.HTTPTransport(uds=str(found.settings.engine.socket), verify=False)
        with httpx.Client(transport=transport, base_url="http://engine") as engine:
            for role in Role:
                more = {"name": role.value, "role": role.value, "agent": "anna" if role is Role.AGENT else None}
                assert engine.post("/v1/accounts", json=order | more).status_code == 200
        yield found


@pytest.fixture(scope="module")
def browsers(running: Served) -> Iterator[dict[Role, Browser]]:
    """Everybody's browser, logged in."""
    found = {role: Browser(running.settings) for role in Role}
    for role, browser in found.items():
        browser.log_in(role.value, PASSWORD)
    yield found
    for browser in found.values():
        browser.__exit__()


@pytest.fixture(scope="module")
def routes(running: Served) -> list[APIRoute]:
    """The engine's, in the order in which it looks."""
    assert all(isinstance(each, LoopbackSwitch) for each in running.engine.switches.drivers.values())
    return [
        route
        for route in api.control(running.engine).routes
        if isinstance(route, APIRoute) and route.path.startswith("/v1/") and route.include_in_schema
    ]


def test_every_route_of_the_engine_is_public_by_right_or_not_at_all(routes: list[APIRoute]) -> None:
    there = {(method, route.path) for route in routes for method in route.methods or ()}
    assert rights.ROUTES.keys() & rights.INTERNAL == set()
    assert there == rights.ROUTES.keys() | rights.INTERNAL


@given(data=st.data())
def test_the_engine_takes_each_path_for_the_route_whose_right_was_asked(
    routes: list[APIRoute], data: st.DataObject
) -> None:
    """Whatever stands in the parts of a path: nobody comes to a route by the right to another one."""
    drawn = data.draw(st.sampled_from(routes))
    words = st.text(string.ascii_lowercase + "/%.{}é", min_size=1, max_size=8) | st.sampled_from(
        ["start", "dial", "transfer", "preview", "recording", "retry", "publish", "accounts", "leads", "..", "."]
    )
    path = re.sub(r"\{\w+\}", lambda _: data.draw(words), drawn.path)
    method = data.draw(st.sampled_from(sorted(drawn.methods or ())))
    handed_on = url_of(quote(path)).path
    if path != handed_on:
        assert rights.find(method, path) is None
        return
    scope = {"type": "http", "method": method, "path": handed_on}
    engine_s = next((route for route in routes if route.matches(scope)[0] is Match.FULL), None)
    found = rights.find(method, path)
    if engine_s is None:
        assert found is None
    elif (method, engine_s.path) in rights.INTERNAL:
        assert found is None, engine_s.path
    else:
        assert found is not None and found.need == rights.ROUTES[method, engine_s.path]


@pytest.mark.parametrize("path", ["/v1/agents/../accounts", "/v1/campaigns/../accounts", "/v1/agents/./leads"])
def test_nobody_comes_by_a_path_with_dots_to_what_they_may_not(path: str) -> None:
    """On its way to the engine it would be another path: ``/v1/accounts``, by a right to agents or campaigns."""
    assert url_of(path).path in ("/v1/accounts", "/v1/agents/leads")
    assert rights.find("POST", path) is None


def known(role: Role, agent: str | None) -> Known:
    return Known(Account("1", "x", role, agent, False, False, False), RIGHTS[role], "t")


@pytest.mark.parametrize("role", Role)
def test_an_agent_sees_to_the_own_desk_and_to_no_other(role: Role) -> None:
    for (method, pattern), need in rights.ROUTES.items():
        if need.own:
            path = re.sub(r"\{\w+\}", "anna", pattern)
            found = rights.find(method, path)
            assert found is not None
            assert found.right_for(known(role, "anna")) is Right.DESK
            assert found.right_for(known(role, "ben")) is need.right
            assert found.right_for(known(role, None)) is need.right


OWN: Mapping[tuple[str, str], Right] = {
    ("GET", "/api/v1/campaigns"): Right.VIEW,
    ("GET", "/api/v1/calls"): Right.REPORTS,
    ("GET", "/api/v1/calls/{call_id}"): Right.REPORTS,
    ("GET", "/api/v1/calls/{call_id}/transcript"): Right.PEOPLE,
    ("GET", "/api/v1/calls/{call_id}/recordings"): Right.RECORDINGS,
    ("GET", "/api/v1/calls/{call_id}/recordings/{name}"): Right.RECORDINGS,
    ("GET", "/api/v1/people"): Right.PEOPLE,
    ("GET", "/api/v1/targets"): Right.VIEW,
    ("GET", "/api/v1/alerts"): Right.VIEW,
    ("GET", "/api/v1/callbacks"): Right.FLOOR,
    ("GET", "/api/v1/voicemail"): Right.RECORDINGS,
    ("GET", "/api/v1/do-not-call"): Right.RULES,
    ("GET", "/api/v1/do-not-call-lists"): Right.RULES,
    ("GET", "/api/v1/consents/{number}"): Right.RULES,
    ("GET", "/api/v1/blocked"): Right.RULES,
    ("GET", "/api/v1/flows"): Right.FLOWS,
    ("GET", "/api/v1/flows/{flow}/versions"): Right.FLOWS,
    ("GET", "/api/v1/flows/{flow}/text"): Right.FLOWS,
    ("GET", "/api/v1/flows/{flow}/difference"): Right.FLOWS,
    ("GET", "/api/v1/flows/{flow}/figures"): Right.REPORTS,
    ("POST", "/api/v1/flows/check"): Right.FLOWS,
    ("GET", "/api/v1/audit"): Right.SYSTEM,
    ("GET", "/api/v1/health"): Right.SYSTEM,
    ("GET", "/api/v1/settings"): Right.SYSTEM,
    ("GET", "/api/v1/accounts"): Right.SYSTEM,
    ("GET", "/api/v1/tokens"): Right.SYSTEM,
}
"""What the console reads by itself. Written out: no route gets its right from where it is judged."""


@pytest.mark.parametrize("role", Role)
def test_each_role_reads_what_it_may_and_nothing_else(browsers: dict[Role, Browser], role: Role) -> None:
    for (method, pattern), right in OWN.items():
        path = re.sub(r"\{\w+\}", "no-such", pattern.removeprefix("/api"))
        if path == "/v1/health" and right in RIGHTS[role]:
            continue  # it renders a word: tests of the doctor do that
        answer = browsers[role].call(method, path, params={"q": "anna"})
        assert (answer.status_code == 403) == (right not in RIGHTS[role]), f"{role} {path}: {answer.text}"
        assert answer.status_code in (200, 403, 409, 422), f"{role} {path}: {answer.text}"


def test_forged_and_stale_words_open_no_route(browsers: dict[Role, Browser], running: Served) -> None:
    """Every route, with a token that was made up, a session that is over, a cookie from elsewhere, and no word of
    the page that orders."""
    everything = [*((method, f"/api{path}") for method, path in rights.ROUTES), *OWN]
    with Browser(running.settings) as stranger, Browser(running.settings) as left:
        left.log_in(Role.ADMINISTRATOR.value, PASSWORD)
        over = dict(left.cookies)
        left.post("/log-out")
        for method, pattern in everything:
            path = re.sub(r"\{\w+\}", "no-such", pattern)
            forged: tuple[dict[str, str], ...] = (
                {},
                {"Authorization": "Bearer cw_" + "A" * 43},
                {"Authorization": "Bearer "},
                {"Cookie": f"callwright={over['callwright']}", "Sec-Fetch-Site": "same-origin"},
            )
            for headers in forged:
                site = {"Sec-Fetch-Site": "same-origin"}
                answer = stranger.ask(method, path, site | headers)
                assert answer.status_code == 401, f"{method} {path} {headers}: {answer.status_code}"
            if method != "GET":
                root = browsers[Role.ADMINISTRATOR]
                for site in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-origin"}, {}):
                    assert root.ask(method, path, site).status_code == 403, f"{method} {path} {site}"


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_what_it_may_and_nothing_else(browsers: dict[Role, Browser], role: Role) -> None:
    """By the real way, with orders that change nothing where they arrive."""
    for (method, pattern), need in rights.ROUTES.items():
        path = re.sub(r"\{\w+\}", "no-such", pattern)
        answer = browsers[role].call(method, path, content=b"" if method == "GET" else b"[]")
        if need.right in RIGHTS[role]:
            assert answer.status_code not in (401, 403), f"{role} {method} {path}: {answer.text}"
        else:
            assert answer.status_code == 403, f"{role} {method} {path}: {answer.text}"
            assert need.right.value in answer.json()["problem"]


def test_an_agent_is_ready_by_the_own_desk(browsers: dict[Role, Browser], running: Served) -> None:
    agent = browsers[Role.AGENT]
    answer = agent.call("POST", "/v1/agents/anna/login")
    assert (answer.status_code, answer.json()["said"]) == (200, "agent anna: login")
    assert agent.call("POST", "/v1/agents/ben/login").status_code == 403
    assert agent.call("GET", "/v1/status").status_code == 403
    assert browsers[Role.SUPERVISOR].call("GET", "/v1/status").json()["agents"][0]["id"] == "anna"
    assert agent.call("POST", "/v1/agents/anna/logout").status_code == 200


def test_orders_at_others_desks_are_in_the_audit_and_those_at_the_own_are_not(
    browsers: dict[Role, Browser], running: Served
) -> None:
    agent, supervisor = browsers[Role.AGENT], browsers[Role.SUPERVISOR]
    for browser in (agent, supervisor):
        assert browser.call("POST", "/v1/agents/anna/login").status_code == 200
        assert browser.call("POST", "/v1/agents/anna/pause", params={"reason": "lunch"}).status_code == 200
        assert browser.call("POST", "/v1/agents/anna/unpause").status_code == 200
        assert browser.call("POST", "/v1/agents/anna/logout").status_code == 200
    with closing(open_readonly(running.settings.engine.database)) as connection:
        rows = connection.execute("SELECT who, what, detail FROM audit WHERE what LIKE 'desk.%'").fetchall()
    assert [(who, what) for who, what, _ in rows] == [
        ("supervisor", f"desk.{each}") for each in ("login", "pause", "unpause", "logout")
    ]
    assert json.loads(rows[1][2]) == {"agent": "anna", "reason": "lunch"}


def test_agents_book_callbacks_for_their_own_queues(browsers: dict[Role, Browser]) -> None:
    for queue, words in (("service", "agent anna does not serve the queue service"), ("sales", "expected a time")):
        order = {"number": "+493023125001", "queue": queue, "at": "2020-03-01T15:00Z"}
        answer = browsers[Role.AGENT].call("POST", "/v1/agents/anna/callbacks", json=order)
        assert (answer.status_code, words in answer.json()["problem"]) == (409, True), answer.text
        if queue == "service":
            answer = browsers[Role.SUPERVISOR].call("POST", "/v1/agents/anna/callbacks", json=order)
            assert "expected a time" in answer.json()["problem"], "a supervisor books for any"


def test_who_sends_a_file_slowly_keeps_nobody_out(running: Served) -> None:
    """More slow files than may be sent at a time, and slow orders: pages and log-ins go on."""

    async def scene() -> None:
        way = EngineWay(running.settings.engine.socket)
        never = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"number\n"
            await never.wait()

        query = b"list=slow&file=x.csv"
        files = [
            asyncio.ensure_future(way.pass_on("POST", "/v1/leads", query, {}, slow(), "test"))
            for _ in range(FILES_AT_ONCE + 2)
        ]
        await asyncio.sleep(0)
        for _ in range(3):
            assert (await way.pass_on("GET", "/v1/lists", b"", {}, b"", "test")).status_code == 200
            assert (await way.ask("GET", "/v1/status")).status_code == 200
        for each in files:
            each.cancel()
        await asyncio.gather(*files, return_exceptions=True)
        await way.close()

    asyncio.run(scene())


def test_an_order_that_comes_slowly_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_api, "BODY_S", 0.01)

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError("nothing comes")

    with pytest.raises(Refused) as refused:
        asyncio.run(web_api.whole(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    assert refused.value.status == 408


def test_what_is_not_there_is_not_found(browsers: dict[Role, Browser]) -> None:
    root = browsers[Role.ADMINISTRATOR]
    for method, path in (("POST", "/v1/sessions"), ("POST", "/v1/log-ins"), ("GET", "/v1/nothing"), ("PUT", "/")):
        assert root.call(method, path).status_code == 404
    assert root.call("GET", f"/v1/people/{quote('a/b', safe='')}").status_code == 404


def test_nobody_gets_nothing(running: Served) -> None:
    with Browser(running.settings) as browser:
        for headers in ({}, {"Authorization": "Bearer cw_wrong"}, {"Cookie": "callwright=wrong"}):
            answer = browser.ask("GET", "/api/v1/status", headers)
            assert (answer.status_code, answer.json()) == (401, {"problem": "log in first"})


def test_a_program_has_its_token_and_no_more_than_that(browsers: dict[Role, Browser], running: Served) -> None:
    secret = orders.new_token("cw_")
    order = {
        "name": "report",
        "token": store.digest(secret),
        "scopes": ["view"],
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    transport = httpx.HTTPTransport(uds=str(running.settings.engine.socket), verify=False)
    with httpx.Client(transport=transport, base_url="http://engine") as engine:
        assert engine.post("/v1/accounts/manager/tokens", json=order).status_code == 200
    bearer = {"Authorization": f"Bearer {secret}"}
    with Browser(running.settings) as browser:
        assert browser.ask("GET", "/api/v1/status", bearer).status_code == 200
        assert browser.ask("GET", "/api/v1/lists", bearer).status_code == 403
        assert browser.ask("POST", "/api/v1/leads", bearer).status_code == 403
        form = {"csrf": hashlib.sha256(b"csrf ").hexdigest()}  # the word of who has no cookie
        for page in ("/second-factor", "/password", "/log-out"):
            assert browser.ask("POST", page, bearer, data=form).status_code == 403, page


def test_the_document_shows_what_is_public_and_what_it_takes(browsers: dict[Role, Browser]) -> None:
    document = browsers[Role.AGENT].call("GET", "/openapi.json").json()
    shown = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    handed_on = {(method, f"/api{path}") for method, path in rights.ROUTES}
    assert shown == handed_on | OWN.keys()
    assert not handed_on & OWN.keys(), "one place for each"
    for (method, path), right in OWN.items():
        assert document["paths"][path][method.lower()]["security"] == [{"token": [right.value]}]
    text = json.dumps(document)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in document["components"]["schemas"], name
    start = document["paths"]["/api/v1/campaigns/{campaign_id}/start"]["post"]
    assert start["security"] == [{"token": ["campaigns"]}]
    assert all(each["in"] != "header" for each in start["parameters"])
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_bodies_and_queries_reach_the_engine_as_they_are(browsers: dict[Role, Browser]) -> None:
    manager = browsers[Role.MANAGER]
    entry = {"number": "+4930123456", "reason": "said so"}
    assert manager.call("POST", "/v1/do-not-call", json=entry).json()["said"]
    answer = manager.call(
        "DELETE", f"/v1/do-not-call/{quote('+4930123456', safe='')}", params={"reason": "a mistake & more"}
    )
    assert answer.status_code == 200, answer.text
    leads = b"number\n+493023125001\n"
    answer = manager.call("POST", "/v1/leads", content=leads, params={"list_name": "x", "file": "x.csv"})
    assert answer.status_code in (200, 422), answer.text
    assert SITE not in answer.text


def test_orders_are_short_and_say_how_long_they_are(browsers: dict[Role, Browser]) -> None:
    manager = browsers[Role.MANAGER]
    long = manager.call("POST", "/v1/do-not-call", json={"number": "+4930123456", "reason": "x" * 1_000_000})
    assert (long.status_code, long.json()["problem"]) == (
        413,
        "this takes up to 1000000 bytes, and how many must be said",
    )

    async def pieces() -> AsyncIterator[bytes]:
        yield b"number\n+493023125009\n"

    assert manager.call("POST", "/v1/do-not-call", content=pieces()).status_code == 413
    assert manager.call("POST", "/v1/flows/check", content=pieces()).status_code == 413
    file = manager.call("POST", "/v1/leads", content=pieces(), params={"list_name": "x", "file": "x.csv"})
    assert file.status_code != 413, file.text
