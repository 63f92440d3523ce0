"""The pages of managers and administrators: who sees them, forms that keep what was typed, and what they change."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from html import unescape

import httpx
import pytest
from fastapi.routing import APIRoute

from calls.records.database import open_readonly
from console.accounts.roles import RIGHTS, Right, Role
from console.reads import people
from console.web import app as web
from console.web import campaign_parts
from dialer.presets import PRESETS
from dialer.simulation.forecast import staffing
from dialer.simulation.scenario import Scenario, Shift
from tests.console import marked
from tests.console.browser import HASH, PASSWORD, Browser, trouble
from tests.console.served import FLOW, Served, install, served

LEADS = (
    b"Phone,Name,Town\n+12025550120,Harbour Bakery,Washington\n+12025550121,Old <b>Mill</b>,Washington\n12,Nobody,x\n"
)

PAGES = {
    "/wall": Right.VIEW,
    "/floor": Right.FLOOR,
    "/alerts": Right.VIEW,
    "/shifts": Right.FLOOR,
    "/shifts/file": Right.FLOOR,
    "/shifts/day": Right.FLOOR,
    "/agents-day": Right.FLOOR,
    "/agents-day/file": Right.FLOOR,
    "/metrics": Right.VIEW,
    "/reports": Right.REPORTS,
    "/reports/file": Right.REPORTS,
    "/reports/calls": Right.REPORTS,
    "/reports/staffing": Right.REPORTS,
    "/reports/staffing/file": Right.REPORTS,
    "/lists/autumn": Right.LEADS,
    "/lists/autumn/leads.csv": Right.LEADS,
    "/lists/autumn/find": Right.LEADS,
    "/lists/autumn/leads/+12025550120": Right.LEADS,
    "/campaigns": Right.CAMPAIGNS,
    "/campaigns/autumn": Right.CAMPAIGNS,
    "/campaigns/autumn/progress": Right.CAMPAIGNS,
    "/campaigns/autumn/progress/file": Right.CAMPAIGNS,
    "/new-campaign": Right.CAMPAIGNS,
    "/lists": Right.LEADS,
    "/import-leads": Right.LEADS,
    "/people": Right.PEOPLE,
    "/people/+12025550120": Right.PEOPLE,
    "/people/+12025550120/export": Right.PEOPLE,
    "/flows": Right.FLOWS,
    "/flows/main": Right.FLOWS,
    "/flows/main/walk": Right.FLOWS,
    "/flows/main/graph.svg": Right.FLOWS,
    "/edit-flow": Right.FLOWS,
    "/edit-flow/words": Right.FLOWS,
    "/do-not-call": Right.RULES,
    "/quality": Right.RECORDINGS,
    "/messages": Right.RECORDINGS,
    "/accounts": Right.SYSTEM,
    "/audit": Right.SYSTEM,
    "/settings": Right.SYSTEM,
}
ELSEWHERE = {
    *("/livez", "/readyz", "/setup", "/log-in", "/favicon.ico", "/static/{digest}/{name:path}"),  # anybody's
    *("/", "/account", "/password", "/second-factor", "/about"),  # whoever is known
    *("/desk", "/desk/figures"),  # takes an agent beside the right
    *(f"/campaigns/{{campaign_id}}/{part}" for part in ("now", "forecast", "what-if")),
    *("/calls/{call_id}", "/imports/{import_id}", "/flows/{flow}/difference", "/health"),
    *("/quality/{call_id}", "/quality/{call_id}/recording", "/my-reviews"),  # of a talk that was recorded
    "/messages/{message_id}/recording",
}
"""Routes of pages that the matrix has no address of."""

ORDERS = {
    "/campaigns/no-such/pace": Right.CAMPAIGNS,
    "/campaigns/no-such/start": Right.CAMPAIGNS,
    "/campaigns/no-such/stop": Right.CAMPAIGNS,
    "/campaigns/no-such/reset": Right.CAMPAIGNS,
    "/campaigns/no-such/archive": Right.CAMPAIGNS,
    "/campaigns/no-such/unarchive": Right.CAMPAIGNS,
    "/new-campaign": Right.CAMPAIGNS,
    "/flows/main/rollback": Right.FLOWS,
    "/flows/main/walk": Right.FLOWS,
    "/edit-flow": Right.FLOWS,
    "/lists/no-such/remove": Right.LEADS,
    "/lists/no-such/leads/+12025550120/edit": Right.LEADS,
    "/lists/no-such/leads/+12025550120/remove": Right.LEADS,
    "/import-leads": Right.LEADS,
    "/people/+12025550120/consent": Right.RULES,
    "/people/+12025550120/withdraw": Right.RULES,
    "/people/+12025550120/erase": Right.ERASE,
    "/quality/no-such": Right.RECORDINGS,
    "/my-reviews/1": Right.DESK,
    "/messages/no-such/heard": Right.RECORDINGS,
    "/messages/no-such/delete": Right.RECORDINGS,
    "/do-not-call": Right.RULES,
    "/do-not-call/remove": Right.RULES,
    "/do-not-call/block": Right.RULES,
    "/do-not-call/unblock": Right.RULES,
    "/accounts": Right.SYSTEM,
    "/accounts/tokens": Right.SYSTEM,
    "/accounts/no-such/change": Right.SYSTEM,
    "/accounts/no-such/disable": Right.SYSTEM,
    "/accounts/no-such/password": Right.SYSTEM,
    "/accounts/tokens/no-such/revoke": Right.SYSTEM,
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(install(tmp_path_factory.mktemp("managers"), queues=("sales", "service"))) as found:
        transport = httpx.HTTPTransport(uds=str(found.settings.engine.socket), verify=False)
        with httpx.Client(transport=transport, base_url="http://engine") as engine:
            for role in Role:
                order = {"name": role.value, "role": role.value, "password": HASH, "must_change": False}
                assert engine.post("/v1/accounts", json=order).status_code == 200
            query = {"list": "autumn", "file": "shops.csv", "region": "US"}
            assert engine.post("/v1/leads", params=query, content=LEADS).status_code == 200
        yield found


@pytest.fixture(scope="module")
def browsers(running: Served) -> Iterator[dict[Role, Browser]]:
    found = {role: Browser(running.settings) for role in Role}
    for role, browser in found.items():
        browser.log_in(role.value, PASSWORD)
    yield found
    for browser in found.values():
        browser.__exit__()


@pytest.fixture
def manager(browsers: dict[Role, Browser]) -> Browser:
    return browsers[Role.MANAGER]


@pytest.fixture
def root(browsers: dict[Role, Browser]) -> Browser:
    return browsers[Role.ADMINISTRATOR]


def audited(running: Served, what: str) -> list[tuple[str, dict[str, object]]]:
    with closing(open_readonly(running.settings.engine.database)) as connection:
        rows = connection.execute("SELECT who, detail FROM audit WHERE what = ? ORDER BY audit_id", (what,))
        return [(who, json.loads(detail)) for who, detail in rows]


def said(page: httpx.Response) -> str:
    """What the page says was done."""
    found = re.search(r'<p class="notice (?:good|note)" role="status">([^<]*)</p>', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def value(page: httpx.Response, name: str) -> str:
    """What stands in a field of the page."""
    found = re.search(rf'<input name="{re.escape(name)}"[^>]* value="([^"]*)"', page.text)
    assert found is not None, f"no field {name}"
    return unescape(found[1])


def test_every_page_is_in_the_matrix(running: Served) -> None:
    """A new page finds its right here, or its place among those that are elsewhere."""
    routes = [each for each in web.build(running.settings).routes if isinstance(each, APIRoute)]
    pages = [each for each in routes if "GET" in (each.methods or ()) and not each.path.startswith("/api/")]
    assert len(pages) > 40
    missing = {each.path for each in pages if not any(each.path_regex.match(path) for path in PAGES)}
    assert missing == ELSEWHERE


@pytest.mark.parametrize("role", Role)
def test_pages_and_their_forms_take_the_rights_of_the_api(browsers: dict[Role, Browser], role: Role) -> None:
    browser = browsers[role]
    for path, right in PAGES.items():
        page = browser.get(path)
        assert (page.status_code == 403) == (right not in RIGHTS[role]), f"{role} {path}: {page.status_code}"
        assert page.status_code in (200, 403), f"{role} {path}: {page.status_code}"
        picture = page.headers["content-type"].startswith("image/svg")
        assert picture or ("style=" not in page.text and "<script>" not in page.text and "onclick" not in page.text)
    word = browser.csrf()
    for path, right in ORDERS.items():
        if right not in RIGHTS[role]:
            answer = browser.ask("POST", path, {"Sec-Fetch-Site": "same-origin"}, data={"csrf": word})
            assert answer.status_code == 403, f"{role} {path}: {answer.status_code}"
        else:
            forged = browser.ask("POST", path, {"Sec-Fetch-Site": "same-origin"}, data={"csrf": "0" * 64})
            assert forged.status_code == 403, f"{role} {path}: {forged.status_code}"
            foreign = browser.ask("POST", path, {"Sec-Fetch-Site": "cross-site"}, data={"csrf": word})
            assert foreign.status_code == 403, f"{role} {path}: {foreign.status_code}"


def test_the_wizard_makes_a_campaign_and_loses_no_answer(manager: Browser, running: Served) -> None:
    first = {"id": "spring lamps", "name": "Spring lamps", "list": "autumn"}
    page = manager.post("/new-campaign", step="0", **first)
    assert page.status_code == 409 and "expected 1 to 64 letters" in page.text
    assert (value(page, "id"), value(page, "name")) == ("spring lamps", "Spring lamps")
    answers = {**first, "id": "spring"}
    page = manager.post("/new-campaign", step="0", **answers)
    assert page.status_code == 200 and 'name="queue"' in page.text and value_hidden(page, "id") == "spring"
    answers |= {"queue": "sales", "trunk": "loop"}
    page = manager.post("/new-campaign", step="1", **answers)
    assert value(page, "caller_id") == "+12025550100"
    page = manager.post("/new-campaign", step="2", go="back", **answers)
    assert 'name="trunk"' in page.text and 'value="loop" selected' in page.text
    answers |= {"caller_id": "+12025550100", "preset": "demo", "mode": "progressive", "max_lines": "3"}
    page = manager.post("/new-campaign", step="2", **answers)
    assert "This file is written" in page.text and "max_lines = 3" in unescape(page.text)
    assert not (running.settings.campaigns / "spring.toml").exists()
    page = manager.post("/new-campaign", step="3", **answers)
    assert page.url.path == "/campaigns/spring" and "campaign spring is written" in said(page)
    assert "It was never started" in page.text
    assert 'name = "Spring lamps"' in (running.settings.campaigns / "spring.toml").read_text(encoding="utf-8")
    assert audited(running, "campaign.create") == [("manager", {"campaign": "spring"})]
    page = manager.post("/new-campaign", step="3", **answers)
    assert page.status_code == 409 and "is there already" in page.text and value(page, "id") == "spring"


def value_hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{re.escape(name)}" value="([^"]*)"', page.text)
    assert found is not None, f"no hidden field {name}"
    return unescape(found[1])


def test_a_campaign_is_started_paced_and_stopped_by_its_page(manager: Browser, running: Served) -> None:
    page = manager.post("/campaigns/autumn/start")
    assert "is started: 2 leads" in said(page) and "Why:" in page.text
    fields = {"max_lines": "4", "was.max_lines": "2", "priority": "0", "was.priority": "0"}
    page = manager.post("/campaigns/autumn/pace", **fields)
    assert said(page) == "The pace is changed: Lines at most = 4." and value(page, "max_lines") == "4"
    page = manager.post("/campaigns/autumn/pace", **{"max_lines": "none", "was.max_lines": "4"})
    assert page.status_code == 409 and "max_lines" in trouble(page) and value(page, "max_lines") == "none"
    page = manager.post("/campaigns/autumn/pace", **{"pacing.cap": "2,5", "was.pacing.cap": "100"})
    assert (
        said(page) == "The pace is changed: Abandoned at most, in percent = 2.5."
        and value(page, "pacing.cap") == "2.5"
    )
    assert "by its file again" in said(manager.post("/campaigns/autumn/reset"))
    assert "stop" in said(manager.post("/campaigns/autumn/stop"))
    assert [who for who, _ in audited(running, "campaign.set")] == ["manager", "manager"]
    assert audited(running, "campaign.stop") == [("manager", {"campaign": "autumn"})]
    assert "/campaigns/autumn" in manager.get("/campaigns").text
    assert "autumn is archived" in said(manager.post("/campaigns/autumn/archive"))
    assert "Take it out of the archive" in manager.get("/campaigns/autumn").text
    everyday = manager.get("/campaigns").text
    assert "/campaigns/autumn" not in everyday and "In the archive (1)" in everyday
    assert "/campaigns/autumn" in manager.get("/campaigns?archived=1").text
    assert "autumn" not in [each["id"] for each in manager.call("GET", "/v1/campaigns").json()]
    assert "autumn" in [each["id"] for each in manager.call("GET", "/v1/campaigns?archived=true").json()]
    assert "autumn" not in [each["id"] for each in manager.call("GET", "/v1/status").json()["campaigns"]]
    assert "archived: take it out of the archive first" in manager.post("/campaigns/autumn/start").text
    assert "out of the archive" in said(manager.post("/campaigns/autumn/unarchive"))
    assert audited(running, "campaign.archive") == [("manager", {"campaign": "autumn"})]
    for path in ("/campaigns/none", "/campaigns/none/progress", "/campaigns/none/progress/file"):
        page = manager.get(path)
        assert page.status_code == 404 and "There is no campaign none." in page.text


def test_the_page_of_a_forecast_tells_staffing(manager: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, object] = {"dials": 60, "talks": 20, "leads_left": 3, "lines_needed": 4, "variants": []}
    told["hours_left"] = None

    async def forecast(*_: object) -> dict[str, object]:
        return told

    monkeypatch.setattr(campaign_parts, "simulated", forecast)
    staff = staffing(300.0, Scenario((Shift(5),)))
    assert staff is not None
    told["staffing"] = json.loads(json.dumps(asdict(staff)))
    page = " ".join(unescape(re.sub("<[^>]+>", " ", manager.get("/campaigns/autumn/forecast").text)).split())
    assert "Were 300 answers an hour of 135 s each (11.2 erlangs) to come by chance" in page
    assert f"3% find all busy {staff.none_busy} Erlang B" in page
    assert f"all but 3% are met within 2 s {staff.in_time} Erlang C" in page
    assert f"3% give up {staff.few_leave} Erlang A" in page
    told["staffing"] = None
    assert "Erlang" not in manager.get("/campaigns/autumn/forecast").text


def test_an_import_is_shown_before_it_is_made(manager: Browser, running: Served) -> None:
    def send(do: str, **fields: str) -> httpx.Response:
        files = {"file": ("new.csv", LEADS, "text/csv")}
        data = {"csrf": manager.csrf(), "do": do, **fields}
        return manager.ask("POST", "/import-leads", {"Sec-Fetch-Site": "same-origin"}, data=data, files=files)

    page = send("preview", list="fresh", region="US")
    assert "2 of 3 rows can be imported" in page.text and value(page, "list") == "fresh"
    assert "Old &lt;b&gt;Mill" in page.text and "<b>Mill" not in page.text
    assert "fresh" not in manager.get("/lists").text, "nothing was written"
    assert "list" in trouble(send("import", list="", region="US"))
    page = send("import", list="fresh", region="US")
    assert page.url.path == "/lists/fresh" and "2" in said(page)
    refused = re.search(r'href="(/imports/[^"]+)"', page.text)
    assert refused is not None and "12" in manager.get(refused[1]).text
    assert "/lists/fresh/leads.csv" in page.text
    sheet = manager.get("/lists/fresh/leads.csv")
    assert (
        sheet.headers["content-type"] == "text/csv; charset=utf-8"
        and "fresh.csv" in sheet.headers["content-disposition"]
    )
    assert audited(running, "leads.download")[-1] == ("manager", {"list": "fresh", "way": "page"})
    header, *leads = sheet.text.splitlines()
    assert header.startswith("number,") and header.endswith(",Town")
    assert [line.split(",")[0] for line in leads] == ["'+12025550120", "'+12025550121"]
    assert "closed" in said(manager.post("/lists/fresh/close")) and "open" in said(manager.post("/lists/fresh/open"))
    assert "2 leads of fresh removed" in said(manager.post("/lists/fresh/remove"))
    assert [detail["list"] for who, detail in audited(running, "leads.close") if who == "manager"] == ["fresh"]


def test_a_person_is_found_consents_and_is_erased(
    root: Browser, browsers: dict[Role, Browser], running: Served
) -> None:
    assert "Old &lt;b&gt;Mill" in root.get("/people?q=mill").text
    person = "/people/+12025550121"
    page = root.post(f"{person}/consent", number="+12025550121", kind="calls", source="", proof="form 1", given_at="")
    assert page.status_code == 409 and value(page, "proof") == "form 1"
    page = root.post(
        f"{person}/consent", number="+12025550121", kind="calls", source="web", proof="form 1", given_at=""
    )
    assert "calls for +12025550121" in page.text and "form 1" in page.text
    page = root.post(f"{person}/withdraw", number="+12025550121", kind="calls", reason="asked")
    assert "taken back" in page.text
    assert root.get(f"{person}/export").json()["numbers"] == ["+12025550121"]
    assert root.call("GET", f"/v1{person}/export").json()["numbers"] == ["+12025550121"]
    taken = [(who, detail["person"], detail["way"]) for who, detail in audited(running, "people.download")]
    assert taken[-2:] == [("administrator", "***121", "page"), ("administrator", "***121", "api")]
    assert "Say that you are sure" in trouble(root.post(f"{person}/erase", reason="asked for it"))
    assert browsers[Role.MANAGER].post(f"{person}/erase", reason="x", sure="on").status_code == 403
    page = root.post(f"{person}/erase", reason="asked for it", sure="on")
    assert page.url.path == "/people" and "Erased: 1 leads" in said(page)
    assert "mill" not in root.get("/people?q=mill").text.lower().split("</form>")[-1]


KNOWN = {part for name in PRESETS for part in name.split("-")} | set(
    "Callwright manager root administrator CSV JSON XLSX Excel UTC America New York Harbour Bakery Old Mill shops"
    " Washington autumn Autumn sales loop demo region Phone Name Town new csv Nobody DE US no such spring"
    " service".split()
)
"""Names of this house, and what its file of leads has."""


def test_pages_say_every_word_in_the_language_of_who_looks(running: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """In German's place stands a language whose words are marked: what is not marked is in English everywhere."""
    marked.speak(monkeypatch)
    with Browser(running.settings) as browser:
        browser.log_in("administrator", PASSWORD)
        browser.cookies.set("callwright_language", marked.LANGUAGE)
        person = "/people/+12025550120"
        pages = [
            browser.get(path) for path in ("/people", "/people?q=harbour", "/people?q=xx", "/people?q=zzz", person)
        ]
        pages += [
            browser.get(path) for path in ("/messages", "/lists", "/lists/autumn", "/import-leads", "/campaigns")
        ]
        pages.append(browser.post(f"{person}/consent", number="12", kind="calls", source="x", proof="", given_at=""))
        pages.append(browser.post(f"{person}/erase", reason="x", sure=""))
        number = {"number": "+1901*", "reason": "autumn", "until": "", "proof": "", "source": "console"}
        pages += [browser.get("/do-not-call"), browser.get("/do-not-call?q=190")]
        pages += [browser.post("/do-not-call", **number), browser.post("/do-not-call", **number)]
        pages += [browser.post("/do-not-call", **number | {"number": "12"}), browser.get("/do-not-call?q=1901")]
        pages.append(browser.post("/do-not-call/remove", number="+1901*", reason="autumn", campaign=""))
        pages += [
            browser.post(f"/do-not-call/{each}", number="+493012", reason="autumn") for each in ("block", "unblock")
        ]
        pages.append(browser.post("/lists/autumn/close"))
        pages.append(browser.post("/lists/autumn/open"))
        files = {"file": ("new.csv", LEADS, "text/csv")}
        data = {"csrf": browser.csrf(), "do": "preview", "list": "autumn", "region": "US"}
        own = {"Sec-Fetch-Site": "same-origin"}
        pages.append(browser.ask("POST", "/import-leads", own, data=data, files=files))
        answers = {"id": "a b", "name": "Spring", "list": "autumn"}
        pages += [browser.get("/new-campaign"), browser.post("/new-campaign", step="0", **answers)]
        for step, more in enumerate(({"id": "spring"}, {"queue": "sales", "trunk": "loop"})):
            answers |= more
            pages.append(browser.post("/new-campaign", step=str(step), **answers))
        answers |= {"caller_id": "+12025550100", "preset": "demo", "mode": "power", "max_lines": "3"}
        pages.append(browser.post("/new-campaign", step="2", **answers))
        pages.append(browser.post("/campaigns/autumn/start"))
        pages.append(browser.post("/campaigns/autumn/pace", **{"max_lines": "3", "was.max_lines": "2"}))
        pages += [browser.post(f"/campaigns/autumn/{order}") for order in ("pause", "resume", "reset", "stop")]
        pages += [
            browser.get("/campaigns/autumn/forecast"),
            browser.get("/campaigns/autumn/what-if?set=max_lines%3D3"),
        ]
        left = {str(page.url): found for page in pages if (found := marked.unmarked(page.text, KNOWN))}
        assert left == {}, left
        texts = json.loads(browser.get("/campaigns/autumn/now").text)["texts"]
        assert set() == set().union(*(marked.unmarked(text, KNOWN) for text in texts.values()))


def test_one_lead_is_found_mended_and_removed(manager: Browser, running: Served) -> None:
    imported = manager.call("POST", "/v1/leads?list=mend&file=a.csv", content=LEADS)
    assert imported.json()["imported"] == 2
    page = manager.get("/lists/mend/find?number=%2B1 (202) 555-0121")
    assert page.url.path == "/lists/mend/leads/+12025550121" and "Old &lt;b&gt;Mill" in page.text
    none = manager.get("/lists/mend/find?number=%2B12025550199")
    assert none.url.path == "/lists/mend" and "no lead of list mend has the number" in none.text
    seen = value_hidden(page, "seen")
    kept = {key: text for key, text in json.loads(seen).items() if text}
    page = manager.post("/lists/mend/leads/+12025550121/edit", **kept | {"seen": seen, "number.0": "12"})
    assert "is no number" in trouble(page) and value(page, "number.0") == "12"
    page = manager.post("/lists/mend/leads/+12025550121/edit", **kept | {"seen": seen, "priority": "high"})
    assert trouble(page) == "The priority is a whole number."
    given = kept | {"seen": seen, "number.0": "+1 (312) 555-0140", "kind.1": "mobile", "number.1": "+12025550121"}
    given |= {"field:Town": "", "new_field": "Owes", "new_text": "100", "name": "New Mill"}
    page = manager.post("/lists/mend/leads/+12025550121/edit", **given)
    assert page.url.path == "/lists/mend/leads/+13125550140" and "America/Chicago" in page.text
    assert "its numbers, its name, its field Town, its field Owes" in said(page)
    page = manager.post("/lists/mend/leads/+13125550140/edit", **given | {"number.0": "+13125550141"})
    assert "were changed meanwhile: look at it again" in trouble(page)
    (actor, detail) = audited(running, "leads.edit")[-1]
    assert actor == "manager" and detail == {
        "list": "mend",
        "number": "***121",
        "changed": ["numbers", "name", "field Town", "field Owes"],
        "before": ["other ***121"],
        "after": ["other ***140", "mobile ***121"],
    }
    answer = manager.call("GET", "/v1/lists/mend/leads/%2B12025550121")
    assert answer.json()["fields"] == {"Owes": "100"} and answer.json()["name"] == "New Mill"
    assert manager.call("PATCH", "/v1/lists/mend/leads/%2B12025550121", json={"nam": "x"}).status_code == 422
    german = manager.ask("GET", "/lists/mend/leads/+13125550140", {"Accept-Language": "de"})
    assert "Diesen Kontakt entfernen" in german.text
    page = manager.post("/lists/mend/leads/+13125550140/remove")
    assert page.url.path == "/lists/mend" and "it was never dialled" in said(page)
    assert audited(running, "leads.remove_one") == [
        ("manager", {"list": "mend", "number": "***140", "dialled": False})
    ]


def test_numbers_are_put_on_the_list_and_taken_off(manager: Browser, running: Served) -> None:
    page = manager.post("/do-not-call", number="12", reason="said so", until="", proof="", source="console")
    assert page.status_code == 409 and (value(page, "number"), value(page, "reason")) == ("12", "said so")
    said(manager.post("/do-not-call", number="+1900*", reason="costly", until="", proof="", source="console"))
    assert "+1900*" in manager.get("/do-not-call?q=1900").text
    said(manager.post("/do-not-call/remove", number="+1900*", reason="a mistake", campaign=""))
    assert "costly" not in manager.get("/do-not-call").text
    assert "is blocked" in said(manager.post("/do-not-call/block", number="+493012", reason="swears"))
    assert "may call again" in said(manager.post("/do-not-call/unblock", number="+493012"))


def test_an_account_is_made_comes_in_and_is_let_in_no_more(root: Browser, running: Served) -> None:
    page = root.post("/accounts", name="-", role="agent", agent="")
    assert "no name of an account" in trouble(page) and value(page, "name") == "-"
    page = root.post("/accounts", name="Nele", role="manager", agent="")
    password = re.search(r"<code>([a-z0-9]{4}(?:-[a-z0-9]{4}){3})</code>", page.text)
    assert password is not None
    with Browser(running.settings) as hers:
        assert hers.log_in("nele", password[1]).url.path == "/password"
        page = root.post("/accounts/Nele/change", role="quality", agent="")
        assert "quality" in said(page)
        assert hers.get("/account").url.path == "/log-in", "her session has ended"
        page = root.post("/accounts/tokens", account="Nele", purpose="CRM", days="30", scope="people")
        secret = re.search(r"<code>(cw_[\w-]{43})</code>", page.text)
        assert secret is not None
        bearer = {"Authorization": f"Bearer {secret[1]}"}
        root.post("/accounts/Nele/password")
        beyond = root.post("/accounts/tokens", account="Nele", purpose="x", days="1", scope="system")
        assert "has no right to" in trouble(beyond)
        revoke = re.search(r'action="(/accounts/tokens/[^"]+/revoke)"', root.get("/accounts").text)
        assert revoke is not None and "counts no more" in said(root.post(revoke[1]))
        assert hers.ask("GET", "/api/v1/people?q=anna", bearer).status_code == 401
    assert "disabled" in said(root.post("/accounts/Nele/disable"))
    with Browser(running.settings) as again:
        assert "wrong" in trouble(again.log_in("nele", password[1]))
    assert [detail["account"] for who, detail in audited(running, "account.change") if who == "administrator"] == [
        "Nele"
    ] * 2
    bad = root.post("/accounts/administrator/disable")
    assert "the last administrator stays one" in bad.text


def test_the_audit_is_looked_through_and_the_settings_have_no_secrets(root: Browser) -> None:
    page = root.get("/audit?what=account&who=administrator")
    assert "<code>account.change" in page.text and "<code>campaign" not in page.text
    assert "Expected a day" in root.get("/audit?since=soon").text
    assert "sales" in root.get("/settings").text
    assert "SQLite" in root.get("/about").text


def test_a_flow_is_walked_in_the_page_back_and_on(manager: Browser) -> None:
    page = manager.get("/flows/main/walk")
    assert "One or two." in page.text and "keys (empty: silence, h: hang up)" in page.text
    page = manager.post("/flows/main/walk", lines="", line="q+")
    assert page.status_code == 409 and "a menu listens" in unescape(page.text) and value(page, "line") == "q+"
    page = manager.post("/flows/main/walk", lines="", line="2")
    assert "waits in sales" in page.text and "q+: an agent comes" in page.text
    page = manager.post("/flows/main/walk", lines="2\n", line="q+")
    assert "The call has ended: " in page.text
    page = manager.post("/flows/main/walk", lines="2\nq+\n", go="back")
    assert "waits in sales" in page.text and "The call has ended" not in page.text
    assert manager.post("/flows/main/walk", lines="1\n" * 300, line="1").status_code == 409
    assert manager.get("/flows/none/walk").status_code == 409


def test_a_flow_is_edited_published_compared_and_rolled_back(manager: Browser, running: Served) -> None:
    page = manager.get("/flows/main")
    assert "1: <a href=" in page.text and "node-hours" in page.text and "graph.svg" in page.text
    picture = manager.get("/flows/main/graph.svg")
    assert picture.text.startswith("<svg") and "unsafe-inline" in picture.headers["content-security-policy"]
    assert "script" not in picture.headers["content-security-policy"]
    faulty = FLOW.replace("queue: sales", "queue: moon")
    page = manager.post("/edit-flow", flow="main", text=faulty, note="try", do="publish")
    assert page.status_code == 409 and "moon" in page.text and value(page, "note") == "try"
    assert "queue: moon" in unescape(page.text)
    better = FLOW.replace('"1": hours', '"3": hours')
    page = manager.post("/edit-flow", flow="main", text=better.replace("\n", "\r\n"), note="three", do="check")
    assert page.status_code == 200 and running.settings.flows.joinpath("main.yaml").read_text() == FLOW
    page = manager.post("/edit-flow", flow="main", text=better.replace("\n", "\r\n"), note="three", do="publish")
    assert page.url.path == "/flows/main" and "takes new calls" in said(page)
    assert running.settings.flows.joinpath("main.yaml").read_text() == better
    old, *_ = re.findall(r"difference\?old=([0-9a-f]{12})", page.text)[1:]
    page = manager.get(f"/flows/main/difference?old={old}")
    assert '<span class="minus">-    keys: {&#34;1&#34;: hours' in page.text
    page = manager.post("/flows/main/rollback", version=old)
    assert running.settings.flows.joinpath("main.yaml").read_text() == FLOW
    assert [who for who, _ in audited(running, "flow.publish")] == ["manager"]
    assert "is no version" in manager.post("/flows/main/rollback", version="ffffffff").text
    long = manager.post("/edit-flow", flow="main", text="x" * 100_000, do="check")
    assert long.status_code == 409, "longer than other forms, and read"
    assert manager.post("/edit-flow", flow="main", text="x" * 2_100_000, do="check").status_code == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/imports/x?after=99999999999999999999", 422),
        ("/reports?to=9999-12-31", 400),
        ("/reports?from=0001-01-01&to=0001-01-01", 400),
        ("/api/v1/calls?from=0001-01-01T00:00:00%2B14:00", 422),
        ("/api/v1/audit?to=9999-12-31T23:59:59-14:00", 422),
    ],
)
def test_what_no_calendar_and_no_database_holds_is_refused(root: Browser, path: str, status: int) -> None:
    assert root.get(path).status_code == status


def test_an_order_until_the_end_of_the_calendar_is_refused(root: Browser) -> None:
    order = {"number": "+12025550199", "reason": "asked", "until": "9999-12-31T23:59:59-14:00"}
    assert root.call("POST", "/v1/do-not-call", json=order).status_code == 422


def test_a_database_that_cannot_answer_now_is_said(root: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise sqlite3.OperationalError("interrupted")

    monkeypatch.setattr(people, "search", interrupted)
    page = root.get("/people?q=bakery")
    assert page.status_code == 503 and "interrupted" in page.text
