"""The public API: every route of the engine has its right or is not shown, and each role gets what it may."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match

from calls.switch.loopback.switch import LoopbackSwitch
from console.accounts import orders, store
from console.accounts.roles import RIGHTS, Right, Role
from console.accounts.store import Account, Known
from console.engine import api
from console.web import rights
from console.web.engine import url_of
from tests.console.browser import HASH, PASSWORD, SITE, Browser
from tests.console.served import Served, install, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(install(tmp_path_factory.mktemp("public"))) as found:
        order = {"password": HASH, "must_change": False}
        transport = httpx.HTTPTransport(uds=str(found.settings.engine.socket))
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
    transport = httpx.HTTPTransport(uds=str(running.settings.engine.socket))
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
    assert shown == {(method, f"/api{path}") for method, path in rights.ROUTES}
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
    file = manager.call("POST", "/v1/leads", content=pieces(), params={"list_name": "x", "file": "x.csv"})
    assert file.status_code != 413, file.text
