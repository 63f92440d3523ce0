"""The routes of a compliance officer: the proof of a run, and what the rules refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from console.proving import prove
from tests.console.served import Served, install, served

LEADS = b"Phone,Name\n+12025550105,Ann\n"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Served]:
    with served(install(tmp_path)) as found:
        yield found


def done(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 200, answer.text
    return answer


def test_a_run_is_proved_and_its_refusals_told(running: Served) -> None:
    """The API's proof is the command's. The one lead is on the do-not-call list, and is never dialled."""
    socket = httpx.HTTPTransport(uds=str(running.settings.engine.socket), verify=False)
    with httpx.Client(transport=socket, base_url="http://engine", timeout=60.0) as http:
        none = http.get("/v1/campaigns/autumn/audit")
        assert (none.status_code, none.json()["problem"]) == (409, "no campaign autumn was ever started")
        done(http.post("/v1/leads", params={"list": "autumn", "file": "a.csv"}, content=LEADS))
        done(http.post("/v1/do-not-call", json={"number": "+12025550105", "reason": "asked"}))
        done(http.post("/v1/agents/anna/login"))
        done(http.post("/v1/campaigns/autumn/start"))
        deadline = time.monotonic() + 60.0
        while not (found := done(http.get("/v1/campaigns/autumn/refusals")).json()):
            assert time.monotonic() < deadline, "the lead was never judged"
            time.sleep(0.05)
        assert [(each["rule"], each["leads"], len(each["sample"])) for each in found] == [("do_not_call", 1, 1)]
        assert [each["rule"] for each in done(http.get("/v1/refusals")).json()] == ["do_not_call"]
        later = {"from": "2099-01-01T00:00:00Z", "to": "2099-01-02T00:00:00Z"}
        assert done(http.get("/v1/refusals", params=later)).json() == []
        assert http.get("/v1/refusals", params={"from": "2026-01-01T00:00:00"}).status_code == 422, "no offset"
        proof = done(http.get("/v1/campaigns/autumn/audit")).json()
    assert (proof["campaign_id"], proof["attempts"], proof["breaches"], proof["unproved"]) == ("autumn", 0, [], [])
    assert "what an agent or the message said" in proof["not_in_the_records"]
    assert prove(running.settings.engine.database, "autumn", datetime.now(UTC)).model_dump() == proof
