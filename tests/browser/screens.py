"""Pictures of every page for the documents: ``python -m tests.browser.screens [FOLDER]``.

A live loopback floor with agents, callers and a campaign; each page as wide as a desktop and a phone, light and dark,
named ``PAGE-desktop.webp``, ``PAGE-phone-dark.webp``. Times and ids differ from run to run.
"""

from __future__ import annotations

import argparse
import base64
import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from calls import log
from tests.browser import sound
from tests.browser.conftest import Centre
from tests.browser.installation import install
from tests.browser.running import DESKTOP, PHONE, ROOT, Engine, Page, chromium, fetch_chromium
from tests.console.console_thread import console
from tests.console.served import CAMPAIGN, DEADLINE_S, served

FOLDER = ROOT / "docs" / "screens"
QUALITY = 70
SCREEN = (1920, 1080)
"""Of a wall."""

HIGHEST = 2400
"""A page is cut off below so many pixels: what is below them is more of the same."""

HARBOUR = "+12025550150"
LEADS = "Phone,Name,Town\n" + "".join(
    f"+120255501{number},{name},{town}\n"
    for number, name, town in (
        (50, "Harbour Bakery", "Boston"),
        (51, "Corner Café", "Salem"),
        (52, "Blue Lamp Hotel", "Quincy"),
        (55, "Old Mill Books", "Lowell"),
        (57, "Pine Street Clinic", "Boston"),
        (58, "Red Door Studio", "Cambridge"),
        (59, "Northside Garage", "Lynn"),
        (60, "Grand Theatre", "Boston"),
        (61, "Silver Spoon", "Salem"),
        (64, "Elm Tree School", "Newton"),
        (66, "Bay Books", "Quincy"),
        (70, "Lighthouse Inn", "Gloucester"),
    )
)
MORE = """
[[targets]]
name = "sales-in-time"
figure = "service_level"
queue = "sales"
aim = 0.8
alarm = 0.5
least = 1

[[targets]]
name = "handling-time"
figure = "aht"
aim = 240
alarm = 400
least = 1
"""
FLOW = """\
language: en
start: menu
nodes:
  menu:
    menu: [main.menu]
    keys: {"1": hours, "2": sales, "3": later, "9": again}
    first_key: 1s
    failed: sales
  again: {say: [main.menu], next: menu}
  hours: {say: [main.hours], next: bye}
  sales: {queue: sales, failed: later, next: bye}
  later: {say: [main.hours], next: bye}
  bye: {hangup: [system.goodbye]}
"""

PAGES = (
    ("eve", "wall", "/wall"),
    ("anna", "desk", "/desk"),
    ("eve", "floor", "/floor"),
    ("Root", "campaigns", "/campaigns"),
    ("Root", "campaign", "/campaigns/autumn"),
    ("Root", "wizard", "/new-campaign"),
    ("Root", "lists", "/lists"),
    ("Root", "list", "/lists/autumn"),
    ("Root", "import", "/import-leads"),
    ("Root", "flows", "/flows"),
    ("Root", "flow", "/flows/main"),
    ("Root", "walk", "/flows/main/walk"),
    ("Root", "editor", "/edit-flow?flow=main"),
    ("Root", "people", "/people?q=Harbour"),
    ("Root", "person", f"/people/{HARBOUR}"),
    ("Root", "call", "/calls/{judged}"),
    ("Root", "messages", "/messages"),
    ("Root", "do-not-call", "/do-not-call"),
    ("Root", "reports", "/reports?section=inbound&by=60"),
    ("Root", "staffing", "/reports/staffing?from={today}&to={today}&by=60"),
    ("Root", "alerts", "/alerts"),
    ("Root", "shifts", "/shifts"),
    ("Root", "agents-day", "/agents-day"),
    ("Root", "quality", "/quality"),
    ("Root", "review", "/quality/{judged}"),
    ("anna", "my-reviews", "/my-reviews"),
    ("Root", "accounts", "/accounts"),
    ("Root", "audit", "/audit"),
    ("Root", "health", "/health"),
    ("Root", "settings", "/settings"),
    ("Root", "about", "/about"),
    ("Root", "account", "/account"),
    ("Root", "second-factor", "/second-factor"),
    ("Root", "password", "/password"),
    ("", "log-in", "/log-in"),
)
"""Who looks, the picture's name, and the page."""

READY = {"wall": "#wall .person", "desk": "#call .caller", "floor": "#floor table"}


def wait(holds: Callable[[], bool], what: str) -> None:
    """Return as soon as it does.

    Raises:
        AssertionError: it did not.
    """
    until_s = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < until_s, f"not in time: {what}"
        time.sleep(0.05)


def agents(engine: Engine, state: str) -> list[str]:
    """Who is in a state."""
    return [str(each["id"]) for each in engine.status()["agents"] if each["state"] == state]


def waiting(engine: Engine) -> int:
    """How many callers wait."""
    return sum(int(str(each["waiting"])) for each in engine.status()["queues"])


def answered(centre: Centre, caller: str, outcome: str, note: str) -> None:
    """A call from its ring to its outcome."""
    engine = centre.engine
    centre.call(caller)
    wait(lambda: bool(agents(engine, "talking")), "an agent talks")
    (agent,) = agents(engine, "talking")
    call = next(str(each["call_id"]) for each in engine.status()["agents"] if each["id"] == agent)
    order = {"call_id": call, "disposition": outcome, "note": note}
    engine.post(f"/v1/agents/{agent}/disposition", order | ({"value": "129.90"} if outcome == "sold" else {}))
    engine.post(f"/v1/agents/{agent}/end-call")
    wait(lambda: agents(engine, "wrap_up") == [agent], "the wrap-up")
    engine.post(f"/v1/agents/{agent}/done")
    wait(lambda: not agents(engine, "wrap_up"), "the agent is free")


def judged(centre: Centre) -> str:
    """A talk of anna's that was recorded, with a pause in it, and judged; the call's id."""
    engine = centre.engine
    engine.post("/v1/agents/anna/login")
    wait(lambda: agents(engine, "ready") == ["anna"], "anna is ready")
    centre.call("+493023125007")
    wait(lambda: agents(engine, "talking") == ["anna"], "anna talks")
    call = next(str(each["call_id"]) for each in engine.status()["agents"] if each["id"] == "anna")
    for step, before_s in (("pause", 4.0), ("resume", 1.5)):
        time.sleep(before_s)
        engine.post(f"/v1/agents/anna/recording/{step}", who="anna")
    time.sleep(4.0)
    order = {"call_id": call, "disposition": "sold", "note": "two lamps", "value": "89.00"}
    engine.post("/v1/agents/anna/disposition", order)
    engine.post("/v1/agents/anna/end-call")
    wait(lambda: agents(engine, "wrap_up") == ["anna"], "the wrap-up")
    engine.post("/v1/agents/anna/done")
    engine.post("/v1/agents/anna/logout")
    wait(lambda: not agents(engine, "ready") and not engine.status()["calls"], "anna is gone, and the call is over")
    (centre.folder / "recordings" / f"{call}-talk-1.wav").write_bytes(sound.talk(9.5, quiet=(4.0, 5.5)))
    answers = {"greeting": "yes", "listening": "partly"}
    review = {"scorecard": "sales", "answers": answers, "note": "A good end; let people finish their sentences."}
    engine.post(f"/v1/calls/{call}/reviews", review, who="quinn")
    return call


def busy(centre: Centre) -> None:
    """A floor with something to see: calls of before, a campaign that runs, and calls now."""
    engine = centre.engine
    engine.send_leads("autumn", LEADS)
    engine.post("/v1/do-not-call", {"number": "+12025550199", "reason": "asked by letter"})
    for agent in ("ben", "dario", "emre"):
        engine.post(f"/v1/agents/{agent}/login")
    wait(lambda: len(agents(engine, "ready")) == 3, "three agents are ready")
    for caller, outcome, note in (
        (HARBOUR, "sold", "two green lamps"),
        ("+493023125001", "solved", ""),
        ("+493023125002", "wrong", ""),
        ("+493023125003", "solved", "asked for the hours"),
    ):
        answered(centre, caller, outcome, note)
    engine.post("/v1/campaigns/autumn/start")
    wait(lambda: int(str(engine.status()["campaigns"][0]["answered"])) >= 2, "people have answered")
    for agent in ("anna", "fatima", "greta", "hugo"):
        engine.post(f"/v1/agents/{agent}/login")
    engine.post("/v1/agents/greta/pause?reason=lunch")
    engine.post("/v1/agents/hugo/pause?reason=training")
    for agent in ("ben", "dario", "emre", "fatima"):
        engine.post(f"/v1/agents/{agent}/pause?reason=lunch")
    wait(lambda: not agents(engine, "talking"), "the last talks end")
    engine.post("/v1/agents/anna/pause?reason=lunch")
    for agent, caller in (("anna", HARBOUR), ("ben", "+493023125005"), ("fatima", "+493023125006")):
        centre.call(caller)
        wait(lambda: waiting(engine) == 1, "one waits")
        engine.post(f"/v1/agents/{agent}/unpause")
        wait(lambda: waiting(engine) == 0, f"{agent} talks")
    for caller in ("+493023125008", "+493023125009"):
        centre.call(caller)
    wait(lambda: waiting(engine) == 2, "two wait")


@contextmanager
def opened() -> Iterator[Centre]:
    """The call centre, busy."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        path = install(folder / "installation")
        (path.parent / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
        (path.parent / "campaigns" / "autumn.toml").write_text(CAMPAIGN, encoding="utf-8")
        with path.open("a", encoding="utf-8") as settings:
            settings.write(MORE)
        running = stack.enter_context(served(path))
        engine = Engine(running.settings)
        stack.callback(engine.close)
        for name, role, agent in (
            ("Root", "administrator", None),
            ("anna", "agent", "anna"),
            ("eve", "supervisor", None),
        ):
            engine.account(name, role, agent)
        at = stack.enter_context(console(running.settings))
        driver = chromium(folder / "profile")
        stack.callback(driver.quit)
        centre = Centre(running, engine, at, Page(driver, at.url), path.parent)
        centre.judged = judged(centre)
        busy(centre)
        yield centre


def picture(page: Page, size: tuple[int, int], form: str) -> bytes:
    """The page as it is, whole, but no higher than :data:`HIGHEST`."""
    page.size(*size)
    high = int(page.driver.execute_script("return document.documentElement.scrollHeight"))
    page.size(size[0], min(max(high, size[1]), HIGHEST))
    more = {"quality": QUALITY} if form == "webp" else {}
    taken = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": form, **more})
    return base64.b64decode(taken["data"])


def take(centre: Centre, folder: Path, form: str, only: str) -> None:
    """All pictures of the pages whose name has ``only`` in it."""
    page = centre.page
    folder.mkdir(parents=True, exist_ok=True)
    for who, name, path in PAGES:
        if only not in name:
            continue
        page.size(*DESKTOP)
        page.be(who) if who else page.leave()
        page.open(path.format(judged=centre.judged, today=f"{datetime.now(UTC):%Y-%m-%d}"))
        page.one(READY.get(name, "main"))
        for size, width in ((DESKTOP, "desktop"), (PHONE, "phone")):
            for theme in ("light", "dark"):
                page.theme(theme)
                dark = "-dark" if theme == "dark" else ""
                (folder / f"{name}-{width}{dark}.{form}").write_bytes(picture(page, size, form))
        sys.stdout.write(f"{name}\n")
    if only in "wall-full":
        page.be("eve")
        page.size(*SCREEN)
        page.theme("dark")
        page.open("/wall")
        page.one(READY["wall"])
        page.one("#full").click()
        page.until(lambda: page.driver.execute_script("return Boolean(document.fullscreenElement)"))
        (folder / f"wall-full.{form}").write_bytes(picture(page, SCREEN, form))


def main() -> None:
    """Take them."""
    reader = argparse.ArgumentParser(prog="python -m tests.browser.screens")
    reader.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    reader.add_argument("--format", choices=("webp", "png"), default="webp")
    reader.add_argument("--only", default="", help="a part of the pages' names")
    asked = reader.parse_args()
    fetch_chromium()
    log.configure(io.StringIO(), "info")
    with opened() as centre:
        take(centre, asked.folder, asked.format, asked.only)


if __name__ == "__main__":
    main()
