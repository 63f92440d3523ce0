"""The engine asked as the console asks it, and Chromium by selenium."""

from __future__ import annotations

import ctypes
import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from calls.settings import Settings
from tests.console.browser import HASH, PASSWORD

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ROOT / "var" / "pbx" / "chromium"
AXE = ROOT / "var" / "assets" / "axe.js"
DEADLINE_S = 40.0
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    "--force-color-profile=srgb",
)
DESKTOP, PHONE = (1280, 860), (360, 760)


class Engine:
    """The engine's own API, asked as the console asks it."""

    def __init__(self, settings: Settings) -> None:
        self._uds = str(settings.engine.socket)
        self._http = httpx.Client(transport=httpx.HTTPTransport(uds=self._uds, verify=False), timeout=DEADLINE_S)

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, body: object = None, who: str = "the floor") -> httpx.Response:
        answer = self._http.post(f"http://engine{path}", json=body, headers={"X-Callwright-Who": who})
        assert answer.status_code == 200, answer.text
        return answer

    def post_alone(self, path: str, body: object) -> None:
        """The same, for a request that lasts as long as a call: on a connection of its own."""
        with httpx.Client(transport=httpx.HTTPTransport(uds=self._uds, verify=False), timeout=None) as client:
            client.post(f"http://engine{path}", json=body)

    def send_leads(self, name: str, text: str) -> None:
        """Import CSV into a list."""
        answer = self._http.post(f"http://engine/v1/leads?list={name}&file={name}.csv", content=text.encode())
        assert answer.status_code == 200, answer.text

    def account(self, name: str, role: str, agent: str | None = None) -> None:
        """Add one, with the password of all."""
        order = {"name": name, "role": role, "agent": agent, "password": HASH, "must_change": False}
        self.post("/v1/accounts", order)

    def status(self) -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = self._http.get("http://engine/v1/status").json()
        return found


class Page:
    """A tab of the one Chromium."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self._url = url
        self._sessions: dict[str, dict[str, object]] = {}

    def open(self, path: str) -> None:
        self.driver.get(self._url + path)

    def log_in(self, name: str) -> None:
        """As somebody, in the place of whoever was."""
        self.try_log_in(name)
        self._let_in(name, "/log-in")

    def try_log_in(self, name: str, password: str = PASSWORD, code: str = "") -> None:
        """The log-in's form, filled in and sent."""
        self.leave()
        self.open("/log-in")
        self.fill(name=name, password=password, code=code)

    def fill(self, **fields: str) -> None:
        """Type into the page's form, and send it by its first button."""
        for field, text in fields.items():
            place = self.one(f"main [name={field}]")
            place.clear()
            place.send_keys(text)
        self.one("main button").click()

    def first_start(self, name: str, told: io.StringIO) -> None:
        """The administrator's account, by the page that anybody is sent to first and the code in the log ``told``."""
        self.open("/")
        self.until(lambda: self.driver.current_url.endswith("/setup"))
        assert self.faults() == []
        found = re.search(r"(?:[0-9a-f]{4}-){5}[0-9a-f]{4}", told.getvalue())
        assert found is not None, told.getvalue()
        self.fill(code=found[0], name=name, password=PASSWORD, again=PASSWORD)
        self._let_in(name, "/setup")

    def _let_in(self, name: str, page: str) -> None:
        self.until(lambda: page not in self.driver.current_url)
        found = self.driver.get_cookie("callwright")
        assert found is not None
        self._sessions[name] = found

    def leave(self) -> None:
        """Nobody is known any more, and no page of theirs is open that would ask for something."""
        self.open("/livez")
        self.driver.delete_all_cookies()

    def be(self, name: str) -> None:
        """Somebody who has logged in before, or does now."""
        if name not in self._sessions:
            self.log_in(name)
        self.leave()
        self.driver.add_cookie(self._sessions[name])

    def size(self, width: int, height: int) -> None:
        """The window as wide as a phone, or as a desktop's."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def theme(self, theme: str) -> None:
        """Light or dark, as the device has it; and nothing moves, so that no colour is on its way."""
        features = [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def one(self, css: str) -> WebElement:
        """The element, as soon as it is there."""
        return WebDriverWait(self.driver, DEADLINE_S, 0.05).until(
            lambda driver: driver.find_element(By.CSS_SELECTOR, css)
        )

    def button(self, words: str) -> WebElement:
        """The button that says so, as soon as it is there."""
        path = f"//button[contains(normalize-space(.), '{words}')]"
        return WebDriverWait(self.driver, DEADLINE_S, 0.05).until(lambda driver: driver.find_element(By.XPATH, path))

    def press(self, words: str) -> None:
        """Click the button that says so. Lines that change above it may move it away under the click: then again."""

        def pressed() -> bool:
            try:
                self.button(words).click()
            except (ElementClickInterceptedException, StaleElementReferenceException):
                return False
            return True

        self.until(pressed)

    def until(self, holds: Callable[[], object]) -> None:
        """Return as soon as it does."""
        WebDriverWait(self.driver, DEADLINE_S, 0.05).until(lambda _: holds())

    def shows(self, css: str, words: str) -> None:
        """Return as soon as what ``css`` finds has these words."""
        self.until(lambda: words in self.text(css))

    def text(self, css: str) -> str:
        """All that is shown within ``css``, now; "" where there is none."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText).join(' ')"
        return str(self.driver.execute_script(script, css))

    def texts(self, css: str) -> list[str]:
        """What each of those that ``css`` finds shows, now."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)"
        found: list[str] = self.driver.execute_script(script, css)
        return found

    def errors(self) -> list[str]:
        """What the browser's console has complained of since it was last asked."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [str(each["message"]) for each in entries if each["level"] == "SEVERE"]

    def faults(self) -> list[str]:
        """What axe-core finds that is serious or critical."""
        if not self.driver.execute_script("return Boolean(window.axe)"):
            self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[0];"
            " const failed = (e) => ({violations: [{impact: 'serious', id: String(e), nodes: []}]});"
            "axe.run(document, {resultTypes: ['violations']}).then(done, (e) => done(failed(e)));"
        )
        return [
            f"{each['id']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]


PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23
"""Source: prctl(2), linux/capability.h."""


def fetch_chromium() -> None:
    """Get Chromium and its driver, where they are not there yet."""
    script = [str(ROOT / "docker" / "fetch-asterisk"), "--browser", str(CHROMIUM.parent)]
    subprocess.run(script, check=True, stdout=subprocess.DEVNULL)


def take_no_priority() -> None:
    """In a child that becomes Chromium: its threads, where root started it, may not step before all others. Nothing
    changes for who may not do this."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)


def chromium(profile: Path) -> Chrome:
    """A new Chromium with the profile folder ``profile``, of the priority of who starts it."""
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM / "run")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service(str(CHROMIUM / "driver"), popen_kw={"preexec_fn": take_no_priority})
    return Chrome(options=options, service=service)
