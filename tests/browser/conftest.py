"""One floor, one console and one Chromium for all tests of the pages."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from calls import log
from tests.browser.installation import AGENTS, install
from tests.browser.running import DESKTOP, Engine, Page, chromium, fetch_chromium
from tests.console.console_thread import Console
from tests.console.served import Served, served


class Centre:
    """The call centre while it runs."""

    def __init__(self, running: Served, engine: Engine, console: Console, page: Page, folder: Path) -> None:
        self.running = running
        self.engine = engine
        self.console = console
        self.page = page
        self.folder = folder
        self.judged = ""
        """The id of a call that was judged, for who takes pictures."""
        self._callers: list[threading.Thread] = []

    def call(self, caller: str) -> None:
        """A caller who presses 2 for the queue, and stays until the agent ends the call."""
        order = {"called": "100", "caller": caller, "presses": [{"keys": "2", "at_s": 0.3}]}
        self._callers.append(threading.Thread(target=self._placed, args=(order,), daemon=True))
        self._callers[-1].start()

    def _placed(self, order: dict[str, object]) -> None:
        with contextlib.suppress(httpx.HTTPError):  # the engine of the tests has ended before the call
            self.engine.post_alone("/v1/loopback/calls", order)


@pytest.fixture(scope="session")
def browser_there() -> None:
    """Get Chromium, where it is not there yet."""
    fetch_chromium()


@pytest.fixture(scope="session")
def centre(browser_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """Begun as people begin it: with the first start, whose code stands in the console's log."""
    told = io.StringIO()
    log.configure(told, "info")
    folder: Path = tmp_path_factory.mktemp("centre")
    with served(install(folder / "installation")) as running:
        engine, console = Engine(running.settings), Console(running.settings)
        console.start()
        driver = chromium(folder / "profile")
        try:
            page = Page(driver, console.url)
            page.size(*DESKTOP)
            page.first_start("Root", told)
            engine.account("anna", "agent", "anna")
            engine.account("eve", "supervisor")
            engine.account("quinn", "quality")
            for agent, _ in AGENTS[1:3]:
                engine.post(f"/v1/agents/{agent}/login")
            engine.post("/v1/agents/ben/pause?reason=lunch")
            engine.post("/v1/agents/chloe/pause?reason=training")
            yield Centre(running, engine, console, page, folder / "installation")
        finally:
            driver.quit()
            console.stop()
            engine.close()
