"""Agents who are moved between queues: at once, over another start, and no further than they may go themselves."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

import httpx

from calls.ids import AgentId
from calls.records.agent_queues import agent_queues
from calls.records.database import open_readonly
from calls.settings import Settings, load
from console.web.desk_page import offered
from tests.console.served import DEADLINE_S, install, served


def asked(settings: Settings, method: str, path: str, body: object = None) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(settings.engine.socket), verify=False)) as engine:
        return engine.request(method, f"http://engine/v1{path}", json=body, headers={"X-Callwright-Who": "eve"})


def logged_in(settings: Settings) -> dict[str, int]:
    """Agents who are logged in, by queue."""
    queues = asked(settings, "GET", "/status").json()["queues"]
    return {each["name"]: each["logged_in"] for each in queues}


def test_an_agent_is_moved_stays_so_over_a_start_and_comes_back(tmp_path: Path) -> None:
    path = install(tmp_path)
    text = path.read_text(encoding="utf-8").replace(
        '[[queues]]\nname = "sales"\n', '[[queues]]\nname = "sales"\n\n[[queues]]\nname = "tech"\n'
    )
    path.write_text(text, encoding="utf-8")
    settings = load(path, {})
    with served(path):
        assert asked(settings, "POST", "/agents/anna/login").status_code == 200
        refused = asked(settings, "PUT", "/agents/anna/own-queues", {"queues": ["sales", "tech"]})
        assert refused.status_code == 409 and "does not serve tech" in refused.json()["problem"]
        for agent, queue in (("nobody", "tech"), ("anna", "none")):
            assert asked(settings, "PUT", f"/agents/{agent}/queues", {"queues": [queue]}).status_code == 409
        said = asked(settings, "PUT", "/agents/anna/queues", {"queues": ["tech"]}).json()["said"]
        assert said == "agent anna serves tech"
        there = {"sales": 0, "tech": 1}
        until_s = time.monotonic() + DEADLINE_S
        while logged_in(settings) != there and time.monotonic() < until_s:
            time.sleep(0.02)
        assert logged_in(settings) == there
    with served(path) as running:
        assert running.engine.floor.queues_of(AgentId("anna")) == {"tech"}
        assert asked(settings, "PUT", "/agents/anna/own-queues", {"queues": []}).json()["said"].endswith("no queue")
        refused = asked(settings, "PUT", "/agents/anna/own-queues", {"queues": ["sales"]})
        assert refused.status_code == 409 and "does not serve sales" in refused.json()["problem"], (
            "eve's order stands"
        )
        assert offered(settings, "anna")["mine"] == ["tech"]
        assert asked(settings, "PUT", "/agents/anna/own-queues", {"queues": ["tech"]}).status_code == 200
        assert asked(settings, "PUT", "/agents/anna/own-queues", {"queues": []}).status_code == 200
        assert asked(settings, "PUT", "/agents/anna/queues", {"queues": ["sales"]}).status_code == 200
        assert logged_in(settings)["tech"] == 0 and offered(settings, "anna")["mine"] == ["sales"]
    with closing(open_readonly(settings.engine.database)) as connection:
        assert agent_queues(connection) == {}
        told = connection.execute(
            "SELECT who, detail FROM audit WHERE what = 'agents.queues' ORDER BY rowid"
        ).fetchall()
    assert [(who, json.loads(detail)["queues"]) for who, detail in told] == [
        ("eve", ["tech"]),
        ("eve", []),
        ("eve", ["tech"]),
        ("eve", []),
        ("eve", None),
    ]
