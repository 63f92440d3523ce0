"""Coming into the console: the first account, log-in, second factor, log-out, and requests that others forge."""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyotp
import pytest
import structlog

from console.accounts import store
from tests.console.browser import HASH, PASSWORD, SITE, Browser, trouble
from tests.console.served import Served, install, served


class Clock:
    """The console's clock, ahead of the machine's by as much as a test wants."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An engine; everybody here adds accounts of their own."""
    with served(install(tmp_path_factory.mktemp("log-in"))) as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def browser(running: Served, clock: Clock) -> Iterator[Browser]:
    with Browser(running.settings, clock) as found:
        yield found


@pytest.fixture
def root(running: Served) -> str:
    """The name of a new account of an administrator."""
    name = f"root{next(NUMBERS)}"
    account(running, name)
    return name


def account(running: Served, name: str, **more: object) -> None:
    order = {"name": name, "role": "administrator", "password": HASH, "must_change": False, **more}
    engine = httpx.Client(transport=httpx.HTTPTransport(uds=str(running.settings.engine.socket), verify=False))
    answer = engine.post("http://engine/v1/accounts", json=order)
    engine.close()
    assert answer.status_code == 200, answer.text


NUMBERS = itertools.count(1)
FIRST: Mapping[str, str] = {"name": "Root", "password": PASSWORD, "again": PASSWORD}


def test_the_first_account_needs_the_code_of_the_log(tmp_path: Path) -> None:
    with (
        structlog.testing.capture_logs() as lines,
        served(install(tmp_path)) as found,
        Browser(found.settings) as browser,
    ):
        assert browser.get("/").url.path == "/setup"
        assert "not the code" in trouble(browser.post("/setup", **FIRST, code="0" * 29))
        assert "not the same" in trouble(browser.post("/setup", **{**FIRST, "again": "other"}, code=told(lines)))
        short = {**FIRST, "password": "x", "again": "x"}
        assert "12 to 200" in trouble(browser.post("/setup", **short, code=told(lines)))
        read = told(lines)
        for _ in range(20):
            assert "not the code" in trouble(browser.post("/setup", **FIRST, code="guess"))
        assert read == told(lines), "no stranger's guesses take the code from who has read it"
        page = browser.post("/setup", **FIRST, code=told(lines).upper())
        assert page.url.path == "/wall" and "Root</a>" in page.text
        browser.cookies.clear()
        assert browser.get("/setup").url.path == "/log-in"
        assert browser.post("/setup", **{**FIRST, "name": "Mallory"}, code=told(lines)).url.path == "/log-in"
        assert browser.log_in("ROOT", PASSWORD).url.path == "/wall"


def told(lines: list[structlog.typing.EventDict]) -> str:
    """The code of the first start, from the log's last word of it."""
    return str([line["code"] for line in lines if "code" in line][-1])


def test_a_wrong_name_and_a_wrong_password_are_told_alike(root: str, browser: Browser) -> None:
    said = {trouble(browser.log_in(*each)) for each in (("nobody", PASSWORD), (root, "wrong"), ("", ""))}
    assert said == {"Name, password or code are wrong."}
    assert browser.get("/").url.path == "/log-in"


@pytest.mark.parametrize(
    ("language", "wrong", "short", "locked"),
    [
        ("de", "Name, Passwort oder Code stimmen nicht.", "hat 12 bis 200 Zeichen", "wieder in 15 Minuten"),
        (
            "fr",
            "Le nom, le mot de passe ou le code est faux.",
            "a de 12 à 200 caractères",
            "de nouveau dans 15 minutes",
        ),
    ],
)
def test_an_agent_is_told_in_the_own_language_why_not(
    root: str, browser: Browser, language: str, wrong: str, short: str, locked: str
) -> None:
    browser.cookies.set("callwright_language", language)
    assert trouble(browser.log_in(root, "wrong")) == wrong
    browser.log_in(root, PASSWORD)
    assert short in trouble(browser.post("/password", old=PASSWORD, password="short", again="short"))
    for page in ("/log-in", "/password", "/second-factor", "/account"):
        assert not re.search(r"Password|Second factor|Change it|Log in", browser.get(page).text), page
    browser.post("/log-out")
    for _ in range(store.LIMITS.by_account):
        browser.log_in(root, "wrong")
    assert locked in trouble(browser.log_in(root, PASSWORD))


def test_who_guesses_is_locked_out(root: str, browser: Browser) -> None:
    for _ in range(store.LIMITS.by_account):
        browser.log_in(root, "wrong")
    assert trouble(browser.log_in(root, PASSWORD)) == "Too many tries: again in 15 minutes."


def test_a_second_factor_is_set_up_and_asked_for(root: str, browser: Browser, clock: Clock) -> None:
    browser.log_in(root, PASSWORD)
    page = browser.get("/second-factor")
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', page.text)
    assert secret is not None and 'src="data:image/svg' in page.text
    totp = pyotp.TOTP(secret[1])
    assert "not the code" in trouble(browser.post("/second-factor", secret=secret[1], code="000000x"))
    code = totp.at(clock())
    unattended = browser.post("/second-factor", secret=secret[1], code=code, password="another's guess")
    assert trouble(unattended) == "The password is wrong."
    given = {"secret": secret[1], "code": code, "password": PASSWORD}
    assert browser.post("/second-factor", **given).url.path == "/account"
    browser.post("/log-out")
    for wrong in ("", code):
        assert trouble(browser.log_in(root, PASSWORD, wrong)) == "Name, password or code are wrong."
    clock.ahead = timedelta(seconds=60)
    assert browser.log_in(root, PASSWORD, totp.at(clock())).url.path == "/wall"


def test_a_password_of_somebody_else_is_changed_first(running: Served, browser: Browser) -> None:
    root = "somebody"
    account(running, root, must_change=True)
    browser.log_in(root, PASSWORD)
    assert browser.get("/wall").url.path == "/password"
    assert browser.call("GET", "/v1/status").status_code == 403
    new = {"password": "another fine day", "again": "another fine day"}
    assert "old password is wrong" in trouble(browser.post("/password", old="wrong", **new))
    for _ in range(store.LIMITS.by_account + 1):
        short = browser.post("/password", old=PASSWORD, password="short", again="short")
        assert "12 to 200" in trouble(short), "whoever has the password does not guess"
    assert browser.post("/password", old=PASSWORD, **new).url.path == "/log-in"
    assert trouble(browser.log_in(root, PASSWORD)) == "Name, password or code are wrong."
    assert browser.log_in(root, "another fine day").url.path == "/wall"


def test_who_logs_out_is_out(root: str, browser: Browser) -> None:
    browser.log_in(root, PASSWORD)
    token = browser.cookies["callwright"]
    assert browser.post("/log-out").url.path == "/log-in"
    browser.cookies.set("callwright", token)
    assert browser.get("/wall").url.path == "/log-in"


def test_a_session_that_is_not_used_ends(root: str, browser: Browser, clock: Clock) -> None:
    browser.log_in(root, PASSWORD)
    clock.ahead = store.IDLE + timedelta(minutes=1)
    assert browser.get("/wall").url.path == "/log-in"


def test_a_cookie_can_be_read_by_no_script_and_goes_to_no_other_site(root: str, browser: Browser) -> None:
    answer = browser.log_in(root, PASSWORD).history[0]
    flags = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_forged_requests_are_refused(root: str, browser: Browser, headers: dict[str, str]) -> None:
    browser.log_in(root, PASSWORD)
    fields = {"csrf": browser.csrf()}
    for path in ("/log-out", "/password", "/second-factor", "/log-in", "/setup", "/api/v1/webhooks/retry"):
        assert browser.ask("POST", path, headers | {"X-CSRF-Token": fields["csrf"]}, data=fields).status_code == 403
    assert browser.get("/wall").url.path == "/wall"


def test_a_form_that_is_too_long_is_not_read(root: str, browser: Browser) -> None:
    ours = {"Sec-Fetch-Site": "same-origin"}
    for path in ("/log-in", "/setup", "/password"):
        assert browser.ask("POST", path, ours, files={"name": b"x" * 100_000}).status_code == 413
        assert browser.ask("POST", path, ours | {"Transfer-Encoding": "chunked"}).status_code == 413
        assert browser.ask("POST", path, ours | {"Content-Length": "1_0"}).status_code == 413


def test_a_form_of_another_session_is_refused(root: str, browser: Browser) -> None:
    browser.log_in(root, PASSWORD)
    stale = browser.csrf()
    browser.post("/log-out")
    browser.log_in(root, PASSWORD)
    ours = {"Origin": SITE}
    for given in (stale, "", "ä"):
        assert browser.ask("POST", "/log-out", ours, data={"csrf": given}).status_code == 403
        answer = browser.ask("POST", "/api/v1/webhooks/retry", ours | {"X-CSRF-Token": given.encode().hex()})
        assert answer.status_code == 403
    assert browser.ask("POST", "/log-out", ours, data={"csrf": browser.csrf()}).url.path == "/log-in"


def test_names_and_words_of_others_are_no_markup(root: str, browser: Browser) -> None:
    page = browser.log_in('"><script>alert(1)</script>', "x")
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text


def test_log_ins_are_in_the_audit_and_no_password_is_in_the_log(running: Served, root: str, browser: Browser) -> None:
    with structlog.testing.capture_logs() as lines:
        browser.log_in(root, PASSWORD)
        browser.log_in(root, "a-wrong-one")
    with sqlite3.connect(running.settings.engine.database) as db:
        said = "SELECT who, what, detail FROM audit WHERE detail LIKE ? OR who = ?"
        rows = db.execute(said, (f'%"{root}"%', root)).fetchall()
    assert [(who, what) for who, what, _ in rows] == [("unknown", "account.add"), (root, "account.log_in")]
    kept = json.dumps([rows, lines])
    assert PASSWORD not in kept and "a-wrong-one" not in kept and "argon2" not in kept
