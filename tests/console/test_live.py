"""The socket of live pages: who gets in, what is told, and when it ends."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from calls.settings import Settings, load
from console.accounts.store import Known
from console.web import live
from console.web.guard import Guard
from console.web.live import LOG_IN_AGAIN, NOT_FOR_YOU, TOO_MANY
from tests.console.browser import HASH, PASSWORD
from tests.console.console_thread import DEADLINE_S, Console, console
from tests.console.served import Served, install, served

PEOPLE = (
    ("root", "administrator", None),
    ("anna", "agent", "anna"),
    ("eve", "supervisor", None),
    ("mia", "manager", None),
    ("sue", "supervisor", None),
)
SITE = {"Sec-Fetch-Site": "same-origin"}


def post(settings: Settings, path: str, order: object = None, method: str = "POST") -> None:
    """Ask the engine itself."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(settings.engine.socket), verify=False)) as engine:
        answer = engine.request(method, f"http://engine{path}", json=order)
        assert answer.status_code == 200, answer.text


def add(settings: Settings, name: str, role: str, agent: str | None = None) -> None:
    order = {"name": name, "role": role, "agent": agent, "password": HASH, "must_change": False}
    post(settings, "/v1/accounts", order)


@dataclass(frozen=True, slots=True)
class Centre:
    """A running engine and console, which the tests of this file share."""

    running: Served
    at: Console

    @property
    def settings(self) -> Settings:
        return self.running.settings


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    path = install(tmp_path_factory.mktemp("centre"))
    with served(path) as running, console(running.settings) as at:
        for name, role, agent in PEOPLE:
            add(running.settings, name, role, agent)
        yield Centre(running, at)


class Person:
    """Somebody with a browser that has sockets."""

    def __init__(self, at: Console, name: str) -> None:
        self._url = at.url
        with httpx.Client(base_url=at.url, verify=False, follow_redirects=True) as client:
            form = {"name": name, "password": PASSWORD, "csrf": csrf_in(client.get("/log-in").text)}
            assert client.post("/log-in", headers=SITE, data=form).url.path != "/log-in"
            self.cookie = {"Cookie": f"callwright={client.cookies['callwright']}"}

    def look(self, topic: str, headers: dict[str, str] = SITE) -> ClientConnection:
        address = self._url.replace("http", "ws")
        return connect(f"{address}/live?topic={topic}", additional_headers={**headers, **self.cookie}, proxy=None)

    def log_out(self) -> None:
        with httpx.Client(base_url=self._url, verify=False, headers={**SITE, **self.cookie}) as client:
            csrf = csrf_in(client.get("/account").text)
            assert client.post("/log-out", data={"csrf": csrf}).status_code == 303


def csrf_in(page: str) -> str:
    return page.split('name="csrf" content="')[1].split('"')[0]


def heard(socket: ClientConnection, section: str, key: str, holds: Any) -> dict[str, Any]:
    """The record, as soon as a message has it so."""
    while True:
        message = json.loads(socket.recv(DEADLINE_S))
        record = message.get("content", {}).get(section, {}).get(key)
        if record is not None and holds(record):
            found: dict[str, Any] = record
            return found


def ending(socket: ClientConnection) -> int:
    """The code that it is closed with."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(DEADLINE_S)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_what_agents_do_is_on_the_wall_and_at_their_own_desks(centre: Centre) -> None:
    settings, anna, eve = centre.settings, Person(centre.at, "anna"), Person(centre.at, "eve")
    with eve.look("wall") as wall, anna.look("desk") as desk:
        first = heard(wall, "agents", "anna", lambda each: each["state"] == "logged_out")
        assert first["name"] == "Anna <b>[red]"
        post(settings, "/v1/agents/anna/login")
        now = heard(desk, "agents", "anna", lambda each: each["state"] == "ready")
        assert heard(wall, "agents", "anna", lambda each: each["state"] == "ready") == now
        assert now["since"] > first["since"] and now["queues"] == ["sales"]
        centre.running.do("drain")
        assert heard(wall, "engine", "", lambda each: each.get("not_ready"))["not_ready"] == [
            "the engine is being drained"
        ]
        desk.send("whole")
        while json.loads(desk.recv(DEADLINE_S))["kind"] != "snapshot":
            pass
        wall.send("x" * 500)
    with eve.look("floor") as floor:
        assert heard(floor, "engine", "", lambda each: "calls" in each)["calls"] == 0


def test_an_engine_that_went_is_said_and_found_again(tmp_path: Path) -> None:
    path = install(tmp_path)
    settings = load(path, {})
    with console(settings) as at:
        with served(path):
            add(settings, "eve", "supervisor")
            eve = Person(at, "eve")
        with eve.look("wall") as wall:
            gone = heard(wall, "engine", "", lambda each: "begun" not in each["away"])
            assert "no engine answers" in gone["away"]
            with served(path):
                assert heard(wall, "engine", "", lambda each: "away" not in each)["not_ready"] == []


def test_nobody_gets_in_who_may_not(centre: Centre) -> None:
    anna, mia = Person(centre.at, "anna"), Person(centre.at, "mia")
    for person, topic in ((anna, "wall"), (anna, "floor"), (mia, "desk"), (mia, "floor"), (mia, "none")):
        with person.look(topic) as socket:
            assert ending(socket) == NOT_FOR_YOU
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {}):
        with pytest.raises(InvalidStatus), anna.look("desk", headers):
            pass
    anna.cookie = {"Cookie": "callwright=nothing"}
    with anna.look("desk") as socket:
        assert ending(socket) == LOG_IN_AGAIN


def test_an_account_and_the_console_have_so_many_pages_and_no_more(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is one too many is told so, and comes in once another has gone."""
    eve, anna = Person(centre.at, "eve"), Person(centre.at, "anna")
    monkeypatch.setattr(live, "MOST_OF_ONE", 2)
    with eve.look("wall") as wall:
        heard(wall, "agents", "anna", lambda each: True)
        with eve.look("floor") as floor:
            heard(floor, "agents", "anna", lambda each: True)
            with eve.look("wall") as third:
                assert ending(third) == TOO_MANY
                assert "2 live pages open: close some" in str(third.close_reason)
            with anna.look("desk") as desk:
                heard(desk, "agents", "anna", lambda each: True)
            monkeypatch.setattr(live, "MOST", 2)
            with anna.look("desk") as desk:
                assert ending(desk) == TOO_MANY
        comes_in(eve, "floor")


def comes_in(person: Person, topic: str) -> None:
    """Return when there is a place: the console hears of a page that went a moment later."""
    while True:
        with person.look(topic) as socket:
            try:
                heard(socket, "agents", "anna", lambda each: True)
            except ConnectionClosed as closed:
                assert closed.rcvd is not None and closed.rcvd.code == TOO_MANY
            else:
                return


def test_a_socket_ends_with_the_session_and_with_the_role(centre: Centre) -> None:
    sue = Person(centre.at, "sue")
    with sue.look("wall") as wall:
        heard(wall, "agents", "anna", lambda each: True)
        sue.log_out()
        assert ending(wall) == LOG_IN_AGAIN
    sue = Person(centre.at, "sue")
    with sue.look("wall") as wall:
        heard(wall, "agents", "anna", lambda each: True)
        post(centre.settings, "/v1/accounts/sue", {"role": "agent"}, "PATCH")
        assert ending(wall) == LOG_IN_AGAIN


def test_a_question_that_failed_is_asked_again(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a database that was busy for too long: who may look no more is not told for ever."""
    person, failed, real = Person(centre.at, "eve"), threading.Event(), Guard._read_all

    def once(guard: Guard, seen: Mapping[str, Known]) -> dict[str, Known]:
        if not failed.is_set():
            failed.set()
            raise sqlite3.OperationalError("interrupted")
        return real(guard, seen)

    with person.look("wall") as wall:
        heard(wall, "agents", "anna", lambda each: True)
        monkeypatch.setattr(live, "JUDGE_S", 0.05)
        monkeypatch.setattr(Guard, "_read_all", once)
        person.log_out()
        assert ending(wall) == LOG_IN_AGAIN
    assert failed.is_set()
