"""The demonstration's scene: its settings, its people, and what each caller does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from calls.switch.port import Prompt
from console.demo.sipp import CallerScript, Press

HERE = Path(__file__).parent
CAMPAIGN = "shops"
LIST = "shops"
PHONES = ("anna", "ben", "carol")

SETTINGS = """\
# The settings of one demonstration; everything is on this machine's loopback.
flows = "flows"
campaigns = "campaigns"

[engine]
database = "callwright.db"
socket = "{socket}"
http_port = {http_port}
settle_s = 0.5
drain_s = 10.0

[switch]
kind = "{switch}"

[asterisk]
ami_port = {ami_port}
agi_port = {agi_port}

[prompts]
texts = "prompts"
cache = "{cache}"

[[trunks]]
name = "carrier"
dial = "PJSIP/{{number}}@carrier"
lines = 6
calls_per_second = 5
loopback_only = true

[[queues]]
name = "support"
service_target_s = 20
max_wait_s = 60

[[inbound]]
called = "1000"
flow = "main"

[[agents]]
id = "anna"
name = "Anna"
endpoint = "PJSIP/anna"
mode = "nailed_up"
queues = ["support"]
wrap_up_s = 2

[[agents]]
id = "ben"
name = "Ben"
endpoint = "PJSIP/ben"
mode = "nailed_up"
queues = ["support"]
wrap_up_s = 2

[[agents]]
id = "carol"
name = "Carol"
endpoint = "PJSIP/carol"
mode = "on_hook"
auto_answer = true
queues = ["support"]
wrap_up_s = 2
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one demonstration, all on 127.0.0.1."""

    http: int
    ami: int
    agi: int


@dataclass(frozen=True, slots=True)
class Scene:
    """One demonstration's folder. ``run``: what is gone afterwards, with a short path for sockets."""

    folder: Path
    run: Path
    cache: Path

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "callwright.toml"

    def write(self, switch: str, ports: Ports) -> None:
        """Lay out settings, flow, texts and campaign."""
        self.folder.mkdir(parents=True)
        for name in ("flows", "prompts"):
            shutil.copytree(HERE / name, self.folder / name)
        (self.folder / "campaigns").mkdir()
        shutil.copy(HERE / "campaign.toml", self.folder / "campaigns" / f"{CAMPAIGN}.toml")
        text = SETTINGS.format(
            socket=self.run / "engine.sock",
            http_port=ports.http,
            switch=switch,
            ami_port=ports.ami,
            agi_port=ports.agi,
            cache=self.cache,
        )
        self.settings.write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller of the demonstration: who, when after the start, and what they do."""

    title: str
    comes_at_s: float
    script: CallerScript = field(repr=False)


def callers(length_s: Callable[[Prompt], float]) -> list[Caller]:
    """The twelve callers; ``length_s`` tells how long a prompt plays."""
    welcome = length_s(Prompt("main.welcome", "en"))
    menu_over = welcome + length_s(Prompt("main.menu", "en"))
    wrong_over = menu_over + 1 + length_s(Prompt("main.wrong_1", "en"))
    in_menu = welcome + 1.0
    acts: list[tuple[str, tuple[Press, ...], float | None]] = [
        ("keys 1 after the prompt", (Press(menu_over + 0.8, "1"),), None),
        ("keys 1 during the prompt", (Press(in_menu, "1"),), None),
        ("keys 2, talks, hangs up", (Press(in_menu, "2"),), in_menu + 12),
        ("keys 5, which is no choice, then 1", (Press(menu_over + 0.8, "5"), Press(wrong_over + 2, "1")), None),
        ("says nothing and keys nothing", (), None),
        ("hangs up in the prompt", (), welcome + 0.8),
        ("dials the extension 200, talks, hangs up", (Press(in_menu, "200"),), in_menu + 14),
        ("keys 9, hears the note whole, keys 2", (Press(in_menu, "9"), Press(in_menu + 9, "2")), None),
        ("keys 2 and waits until the agent ends the talk", (Press(in_menu, "2"),), None),
        ("keys 1 during the prompt", (Press(in_menu, "1"),), None),
        ("keys 2, hangs up soon", (Press(in_menu, "2"),), in_menu + 5),
        ("keys 1 after the prompt", (Press(menu_over + 0.8, "1"),), None),
    ]
    return [
        Caller(
            title,
            2 + 3.5 * number,
            CallerScript("1000", presses, hang_up_at, caller=f"+49305550{100 + number}", stays_s=60),
        )
        for number, (title, presses, hang_up_at) in enumerate(acts)
    ]
