"""The engine's API through its real Unix socket, and its probes on TCP."""

from __future__ import annotations

import io
import sqlite3
import stat
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from calls.errors import Location
from calls.people.number_import import build
from console.client import EngineClient
from console.engine import uploads
from console.engine.status import Status
from tests.console.served import FLOW, Served, install, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(install(tmp_path_factory.mktemp("api"))) as found:
        yield found


@pytest.fixture
def http(running: Served) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(running.settings.engine.socket), verify=False)
    with httpx.Client(transport=transport, base_url="http://engine", timeout=20.0) as client:
        yield client


def said(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["said"])


def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["problem"])


def test_only_its_owner_may_open_the_socket(running: Served) -> None:
    mode = running.settings.engine.socket.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


def test_tcp_shows_the_probes_and_nothing_else(running: Served, http: httpx.Client) -> None:
    at = f"http://127.0.0.1:{running.settings.engine.http_port}"
    for path in ("/livez", "/readyz"):
        answer = httpx.get(at + path)
        assert (answer.status_code, answer.text) == (200, "ok\n")
    assert httpx.get(f"{at}/metrics").status_code == 200
    for path in ("/", "/docs", "/redoc", "/openapi.json", "/v1/status", "/v1/leads", "/v1/do-not-call"):
        assert httpx.get(at + path).status_code == 404
    for path in ("agents/anna/login", "flows/publish", "flows/reload", "flows/main/rollback"):
        assert httpx.post(f"{at}/v1/{path}").status_code == 404
    for path in ("/docs", "/openapi.json"):
        assert http.get(path).status_code == 404


def test_readiness_says_why_not(running: Served) -> None:
    at = f"http://127.0.0.1:{running.settings.engine.http_port}"
    running.do("drain")
    answer = httpx.get(f"{at}/readyz")
    running.do("open")
    assert (answer.status_code, answer.text) == (503, "the engine is being drained\n")


def test_metrics_are_in_the_format_and_have_the_engines_names(running: Served, http: httpx.Client) -> None:
    answer = http.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain")
    assert {"callwright_ready", "callwright_calls", "callwright_agents", "callwright_waiting"} <= families.keys()
    assert [sample.value for sample in families["callwright_ready"].samples] == [1.0]
    [tasks] = families["callwright_tasks"].samples
    assert 1 < tasks.value < 100
    states = {sample.labels["state"]: sample.value for sample in families["callwright_agents"].samples}
    assert sum(states.values()) == 1


def test_the_status_is_what_the_client_reads(running: Served, http: httpx.Client) -> None:
    found = Status.model_validate(http.get("/v1/status").json())
    assert (found.switch, found.kind, found.not_ready) == ("main", "loopback", ())
    assert [agent.id for agent in found.agents] == ["anna"]
    with EngineClient(running.settings.engine.socket) as client:
        assert client.status().boot == found.boot


def test_an_agents_day(http: httpx.Client) -> None:
    def state() -> str:
        return str(http.get("/v1/status").json()["agents"][0]["state"])

    for order in ("login", "pause", "unpause", "done", "logout"):
        assert said(http.post(f"/v1/agents/anna/{order}", params={"reason": "tea"})) == f"agent anna: {order}"
    assert state() == "logged_out"


def test_orders_to_agents_that_make_no_sense_are_refused(http: httpx.Client) -> None:
    assert refused(http.post("/v1/agents/nobody/login"), 404) == "no agent 'nobody' in the settings"
    assert refused(http.post("/v1/agents/anna/end-call"), 409) == "agent anna talks to nobody"
    assert http.post("/v1/agents/anna/fly").status_code == 422


LEADS = b"Phone,Name\n+12025550105,Ann\n12,Bob\n"


def test_leads_and_a_campaign(http: httpx.Client, running: Served) -> None:
    assert "no list autumn" in refused(http.post("/v1/campaigns/autumn/start"), 409)
    answer = http.post("/v1/leads", params={"list": "autumn", "file": "a.csv"}, content=LEADS)
    assert answer.status_code == 200
    assert (answer.json()["imported"], len(answer.json()["refused"])) == (1, 1)
    who = {"X-Callwright-Who": "eve"}
    assert said(http.post("/v1/campaigns/autumn/start", headers=who)).endswith("1 leads on its roll")
    assert said(http.post("/v1/campaigns/autumn/pause", headers=who)) == "campaign autumn: pause"
    assert "cannot pause" in refused(http.post("/v1/campaigns/autumn/pause"), 409)
    assert said(http.post("/v1/campaigns/autumn/resume", headers=who)) == "campaign autumn: resume"
    assert said(http.post("/v1/campaigns/autumn/stop", headers=who)) == "campaign autumn: stop"
    with sqlite3.connect(f"file:{running.settings.engine.database}?mode=ro", uri=True) as db:
        audit = db.execute("SELECT what FROM audit WHERE who = 'eve' ORDER BY audit_id").fetchall()
    db.close()
    assert [row[0] for row in audit] == [f"campaign.{order}" for order in ("new", "start", "pause", "resume", "stop")]


def test_a_start_that_is_refused_changes_nothing(http: httpx.Client, running: Served) -> None:
    http.post("/v1/leads", params={"list": "autumn", "file": "a.csv"}, content=LEADS)
    said(http.post("/v1/campaigns/autumn/start"))
    said(http.patch("/v1/campaigns/autumn", json={"max_lines": 1}))
    path = running.settings.campaigns / "autumn.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("max_lines = 2", "max_lines = 9"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before
    try:
        assert "is running and cannot start" in refused(http.post("/v1/campaigns/autumn/start"), 409)
    finally:
        path.write_text(before, encoding="utf-8")
    shown = http.get("/v1/campaigns/autumn").json()
    assert (shown["changes"], shown["lines"]["most"]) == ({"max_lines": 1}, 1)
    with sqlite3.connect(f"file:{running.settings.engine.database}?mode=ro", uri=True) as db:
        kept = db.execute("SELECT json_extract(settings, '$.file.max_lines') FROM campaigns").fetchall()
    db.close()
    assert kept == [(2,)]
    said(http.post("/v1/campaigns/autumn/stop"))


def test_campaigns_that_are_not_there(http: httpx.Client) -> None:
    assert "no campaign spring: there are autumn" in refused(http.post("/v1/campaigns/spring/start"), 409)
    assert "was not started" in refused(http.post("/v1/campaigns/spring/stop"), 409)
    assert http.post("/v1/campaigns/autumn/fly").status_code == 422


def test_nothing_is_started_in_a_drain_and_nothing_asked_before_the_start_has_settled(
    running: Served, http: httpx.Client
) -> None:
    """A campaign started in a drain would dial on; one told to stop before it is known would start after all."""
    running.do("drain")
    for order in ("start", "resume"):
        assert "is being drained" in refused(http.post(f"/v1/campaigns/autumn/{order}"), 409)
    running.do("open")
    running.do("unsettle")
    for path in ("campaigns/autumn/start", "campaigns/autumn/stop", "agents/anna/login"):
        assert "has not settled yet" in refused(http.post(f"/v1/{path}"), 409)
    running.do("settle")


def test_the_do_not_call_list(http: httpx.Client) -> None:
    number = "+12025550177"
    assert said(http.post("/v1/do-not-call", json={"number": number, "reason": "asked"})).endswith("any more")
    assert said(http.post("/v1/do-not-call", json={"number": number})).endswith("already")
    assert said(http.delete(f"/v1/do-not-call/{number}", params={"reason": "a & b"})).endswith("again")
    assert said(http.delete(f"/v1/do-not-call/{number}")).endswith("not on the list")
    assert "is no number" in refused(http.post("/v1/do-not-call", json={"number": "112x"}), 409)
    assert http.post("/v1/do-not-call", json={"number": number, "why": "?"}).status_code == 422
    until = {"number": number, "until": "2099-01-01T00:00:00Z", "campaign": "autumn"}
    assert said(http.post("/v1/do-not-call", json=until)).endswith("by campaign autumn until 2099-01-01 00:00 UTC")
    assert "nothing would be" in refused(
        http.post("/v1/do-not-call", json=until | {"until": "2000-01-01T00:00:00Z"}), 409
    )
    assert said(http.delete(f"/v1/do-not-call/{number}")).endswith("not on the list")
    assert said(http.delete(f"/v1/do-not-call/{number}", params={"campaign": "autumn"})).endswith("again")
    assert said(http.post("/v1/do-not-call", json={"number": "+1900*"})) == "+1900* is not called any more"
    assert said(http.delete("/v1/do-not-call/+1900*")) == "+1900* may be called again"


def test_an_imported_list_holds_once_it_was_checked(http: httpx.Client, running: Served) -> None:
    folder = running.settings.do_not_call.folder / "national"
    built = build(io.BytesIO(b"2025550177\n"), Location(), "US", None, folder)
    order = {"name": "national", "path": str(built.path), "listed_at": "2026-01-01T00:00:00Z", "source": "a file"}
    assert said(http.post("/v1/do-not-call-lists", json=order)).endswith("holds with 1 numbers, as of 2026-01-01")
    assert "is not in" in refused(http.post("/v1/do-not-call-lists", json=order | {"name": "other"}), 409)
    shorter = build(
        io.BytesIO(b"".join(b"20255501%02d\n" % each for each in range(20))), Location(), "US", None, folder
    )
    longer = order | {"path": str(shorter.path), "listed_at": "2026-01-02T00:00:00Z"}
    assert said(http.post("/v1/do-not-call-lists", json=longer)).endswith("holds with 20 numbers, as of 2026-01-02")
    assert "this one is of 2026-01-01: --anyway" in refused(http.post("/v1/do-not-call-lists", json=order), 409)
    cut_off = order | {"listed_at": "2026-01-03T00:00:00Z"}
    assert "was the file cut off" in refused(http.post("/v1/do-not-call-lists", json=cut_off), 409)
    assert said(http.post("/v1/do-not-call-lists", json=order | {"anyway": True})).endswith("as of 2026-01-01")
    to_come = order | {"listed_at": "2099-01-01T00:00:00Z"}
    assert "which is to come" in refused(http.post("/v1/do-not-call-lists", json=to_come), 409)
    bad = folder / "bad.numbers"
    bad.write_bytes(built.path.read_bytes()[:-8] + b"12345678")
    assert "digest is another" in refused(http.post("/v1/do-not-call-lists", json=order | {"path": str(bad)}), 503)


def test_answers_of_the_reassigned_numbers_database(http: httpx.Client, running: Served) -> None:
    how = {"file": "rnd.csv", "asked_at": "2026-11-02T10:00:00Z", "answer": "Reassigned"}
    rows = (
        b"number,since,Reassigned\n2025550191,2026-01-01,Yes\n2025550192,2026-01-01,no\n"
        b"2025550193,2026-11-03,no\n2025550194,2026-01-01,maybe\n1,2026-01-01,no\n"
    )
    path = "/v1/reassigned/import"
    for kept, known in ((2, 0), (0, 2)):
        head, *refusals = said(http.post(path, params=how, content=rows)).splitlines()
        assert head == f"5 rows: {kept} answers kept, {known} known already, 3 refused; 1 say yes"
        assert refusals[:2] == [
            "row 4: nobody can have asked about a day that was to come: 2026-11-03",
            "row 5: expected yes, no or no data; found 'maybe'",
        ] and refusals[2].startswith("row 6: ")
    assert "no column 'answer'" in refused(http.post(path, params=how | {"answer": "answer"}, content=rows), 409)
    to_come = how | {"asked_at": "2099-01-01T00:00:00Z"}
    assert "at a time that is to come" in refused(http.post(path, params=to_come, content=rows), 409)
    assert http.post(path, params={"file": "rnd.csv"}, content=rows).status_code == 422, "nobody says when"
    with sqlite3.connect(f"file:{running.settings.engine.database}?mode=ro", uri=True) as db:
        found = db.execute("SELECT number, answer FROM reassignments ORDER BY number").fetchall()
    db.close()
    assert found == [("+12025550191", "yes"), ("+12025550192", "no")]


def test_consents(http: httpx.Client, running: Served) -> None:
    given = {"number": "+12025550178", "kind": "calls", "source": "the form"}
    assert said(http.post("/v1/consents", json=given)).endswith("the consent calls is kept")
    assert "to come" in refused(http.post("/v1/consents", json=given | {"given_at": "2099-01-01T00:00:00Z"}), 409)
    ended = given | {"given_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"}
    assert "run out before" in refused(http.post("/v1/consents", json=ended), 409)
    taken = {"number": "+12025550178", "reason": "by letter"}
    assert said(http.post("/v1/consents/withdraw", json=taken)).endswith("is taken back")
    assert "callwright dnc add" in refused(http.post("/v1/consents/withdraw", json=taken), 409)
    rows = b"Phone,Agreed,Text\n2025550179,2026-01-01,page 3\n2025550180,,\n2025550181,soon,\nx,2026-01-01,\n"
    how = {"file": "a.csv", "kind": "mobile", "source": "the fair", "number": "Phone", "given": "Agreed"}
    how |= {"proof": "Text", "region": "US"}
    for kept, known in ((1, 0), (0, 1)):
        report = said(http.post("/v1/consents/import", params=how, content=rows))
        assert report.startswith(
            f"4 rows: {kept} consents kept, {known} known already, 1 without a consent, 2 refused"
        )
    assert "row 4: expected when it was given, such as 2026-11-29" in report and "row 5: " in report
    assert "no column 'When'" in refused(
        http.post("/v1/consents/import", params=how | {"given": "When"}, content=rows), 409
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "MAX_BYTES", 10)
        assert "larger than 10 bytes" in refused(http.post("/v1/consents/import", params=how, content=rows), 409)
        patch.setattr(uploads, "RESERVE_BYTES", 1 << 60)
        patch.setattr(uploads, "MAX_BYTES", 1 << 20)
        assert "no room" in refused(http.post("/v1/consents/import", params=how, content=rows), 409)
    assert not list(running.settings.engine.database.parent.glob("import-*"))
    with sqlite3.connect(f"file:{running.settings.engine.database}?mode=ro", uri=True) as db:
        kept_rows = db.execute("SELECT number, kind, source, proof, withdrawn_at IS NULL FROM consents").fetchall()
    db.close()
    assert kept_rows == [
        ("+12025550178", "calls", "the form", "", 0),
        ("+12025550179", "mobile", "the fair", "page 3", 1),
    ]


def test_a_file_of_leads_that_cannot_be_read(http: httpx.Client) -> None:
    answer = http.post("/v1/leads", params={"list": "x", "file": "a.csv"}, content=b"\x00\x01")
    assert "a.csv" in refused(answer, 409)
    assert http.post("/v1/leads", params={"file": "a.csv"}, content=LEADS).status_code == 422


def test_a_caller_of_the_loopback_switch(http: httpx.Client, running: Served) -> None:
    caller = {"called": "100", "caller": "+4930555", "presses": [{"at_s": 0.1, "keys": "1"}], "hang_up_at_s": 0.3}
    assert said(http.post("/v1/loopback/calls", json=caller)) == "the call has ended"
    running.wait(running.engine.books.all_ended)
    running.wait(running.engine.books.all_written)
    with sqlite3.connect(f"file:{running.settings.engine.database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT caller, ended_by FROM calls WHERE direction = 'inbound'").fetchall()
    db.close()
    assert rows == [("+4930555", "caller")]


def test_flows_are_changed_by_who_may_open_the_socket_and_the_audit_says_who(
    running: Served, http: httpx.Client
) -> None:
    who = {"X-Callwright-Who": "eve"}

    def publish(text: str, **more: object) -> httpx.Response:
        body = {"flows": [{"file": "/home/eve/main.yaml", "text": text}], "note": "why", **more}
        return http.post("/v1/flows/publish", json=body, headers=who)

    other = FLOW.replace("first_key: 1s", "first_key: 2s")
    assert "takes new calls" in said(publish(other))
    assert "was the newest already" in said(http.post("/v1/flows/reload", headers=who))
    assert "takes new calls" in said(http.post("/v1/flows/main/rollback", params={"note": "why"}, headers=who))
    assert (running.settings.flows / "main.yaml").read_text(encoding="utf-8") == FLOW
    problem = refused(publish(other.replace("queue: sales", "queue: slaes")), 409)
    assert problem.startswith("/home/eve/main.yaml:10: nodes.sales.queue: there is no queue")
    assert "no version of the flow main" in refused(
        http.post("/v1/flows/main/rollback", params={"version": "../../etc"}), 409
    )
    assert "names the flow" in refused(
        http.post("/v1/flows/publish", json={"flows": [{"file": "/etc/..yaml", "text": FLOW}]}), 409
    )
    shapes: tuple[dict[str, object], ...] = ({"flows": []}, {"flows": [{"file": "main.yaml"}]}, {})
    for wrong in shapes:
        assert http.post("/v1/flows/publish", json=wrong).status_code == 422
    assert publish(other, path="/etc").status_code == 422
    with sqlite3.connect(f"file:{running.settings.engine.database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT who, what FROM audit WHERE what LIKE 'flow.%' ORDER BY audit_id").fetchall()
    db.close()
    assert rows == [("engine", "flow.start"), ("eve", "flow.publish"), ("eve", "flow.rollback")]


def test_an_agents_desk_refuses_what_does_not_fit(http: httpx.Client) -> None:
    given = {"call_id": "c1", "disposition": "sale", "value": "12.50", "currency": "EUR"}
    assert "did not talk in call c1" in refused(http.post("/v1/agents/anna/disposition", json=given), 409)
    for wrong in ({"value": "-1"}, {"value": "much"}, {"currency": "Euro"}, {"more": 1}, {"note": "x" * 4001}):
        assert http.post("/v1/agents/anna/disposition", json=given | wrong).status_code == 422
    assert said(http.post("/v1/agents/anna/done")) == "agent anna: done"
    assert "is in no wrap-up" in refused(http.post("/v1/agents/anna/extend", params={"by_s": "5"}), 409)
    assert "no agent 'eve'" in refused(http.post("/v1/agents/eve/extend", params={"by_s": "5"}), 404)
    correction = {"disposition": "sale", "reason": "why"}
    assert "no agent talked in call 'c1'" in refused(http.post("/v1/calls/c1/disposition", json=correction), 409)


def test_a_person_is_shown_and_erased(http: httpx.Client) -> None:
    shown = http.get("/v1/people/+12025550188").json()
    assert shown == {"numbers": ["+12025550188"], "leads": [], "history": []}
    assert "is no lead and no number" in refused(http.get("/v1/people/nobody"), 409)
    assert http.post("/v1/people/+12025550188/erase", json={}).status_code == 422
    done = http.post("/v1/people/+12025550188/erase", json={"reason": "asked"})
    assert said(done) == "erased: 0 leads, 0 calls, 0 recordings"
