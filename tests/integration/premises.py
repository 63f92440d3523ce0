"""What a call centre for tests is laid out with: its size, settings, flows, texts and campaigns."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from calls.settings import Prompts
from console.demo.pbx import PbxPorts, PbxSecrets
from console.demo.ports import free_port
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from prompts.synthesis import Synthesizer
from tests.integration.checker import Limits

SECRETS = PbxSecrets(ami_secret="harness-ami-secret-0001", agi_token="harness-agi-token-0001")

SETTINGS = """\
flows = "flows"
campaigns = "campaigns"

[engine]
database = "callwright.db"
socket = "engine.sock"
http_port = {http}
settle_s = {settle_s}
drain_s = {drain_s}

[switch]
kind = "asterisk"

[asterisk]
ami_port = {ami}
agi_port = {agi}
max_calls = {max_calls}

[prompts]
texts = "prompts"
cache = "{cache}"

[[trunks]]
name = "carrier"
dial = "PJSIP/{{number}}@carrier"
lines = {lines}
calls_per_second = {calls_per_second}
loopback_only = true

[[queues]]
name = "support"
max_wait_s = 60

[[inbound]]
called = "1000"
flow = "main"

[[inbound]]
called = "2000"
flow = "direct"

[[inbound]]
called = "3000"
flow = "later"

[[destinations]]
name = "boss"
dial = "PJSIP/49301000000@carrier"
trunk = "carrier"

[transfer]
countries = ["DE"]
trunk = "carrier"
longest_minutes = 1

[callbacks]
trunk = "carrier"
caller_id = "+12025550100"
preset = "demo"
countries = ["DE"]
ring_timeout_s = 5
"""

REFUSING = """
[[trunks]]
name = "refusing"
dial = "PJSIP/{number}@refusing"
lines = 5
calls_per_second = 5
loopback_only = true
"""

AGENT = """
[[agents]]
id = "{id}"
name = "{id}"
endpoint = "PJSIP/{id}"
mode = "nailed_up"
queues = ["support"]
wrap_up_s = {wrap_up_s}
"""

CAMPAIGN = """\
name = "{id}"
list = "{id}"
queue = "support"
trunk = "carrier"
caller_id = "+12025550100"
preset = "demo"
max_lines = {lines}
ring_timeout_s = {ring_timeout_s}
detect_machine = {detect_machine}
safe_harbour = "system.safe_harbour"

[attempts]
per_person = 1
per_number = 1
per_day = 1

[pacing]
{pacing}
"""
"""No [retries]: whoever is dialled twice was dialled once too often."""

FLOW = """\
language: en
start: menu

nodes:
  menu:
    menu: [main.menu]
    keys: {"1": support, "2": goodbye}
    first_key: 60s
    noinput: [main.silence]
    failed: goodbye

  support:
    queue: support
    max_wait: 60s
    failed: goodbye
    next: goodbye

  goodbye:
    hangup: [system.goodbye]
"""

DIRECT = """\
language: en
start: support

nodes:
  support:
    queue: support
    max_wait: 60s
    failed: goodbye
    next: goodbye

  goodbye:
    hangup: [system.goodbye]
"""
"""Callers of 2000 wait for an agent without a key."""

LATER = """\
language: en
start: later

nodes:
  later: {callback: support, confirm: [main.menu], booked: [system.goodbye], failed: goodbye, next: goodbye}
  goodbye: {hangup: [system.goodbye]}
"""
"""Callers of 3000 ask to be called back."""

PRESS_ONE = """\
language: en
start: offer

nodes:
  offer: {menu: [news.offer], keys: {"1": support}, first_key: 5s, noinput: [], failed: goodbye}
  support: {queue: support, max_wait: 60s, failed: goodbye, nobody: goodbye, next: goodbye}
  goodbye: {hangup: [system.goodbye]}
"""
"""Whom a broadcast reaches."""

SPOKEN_CHOICES = {
    "sales": "sales",
    "technical": "technical support",
    "billing": "billing",
    "operator": "operator",
    "account": "account balance",
    "order": "order status",
    "appointment": "appointment",
    "insurance": "insurance",
    "delivery": "delivery",
    "complaint": "complaint",
}
"""What callers of 4000 may say, by the outcome that it leads to. The tiny model knows these words."""

SPOKEN_FAILED = "nothing_chosen"

SPOKEN = """\
language: en
start: menu

nodes:
  menu:
    menu: [main.spoken]
    keys: {{"0": operator}}
    phrases:
      {phrases}
    first_key: 2s
    noinput: []
    failed: failed

  {choices}
  failed: {{hangup: [], outcome: {failed}}}
""".format(
    phrases="\n      ".join(f"{choice}: {{en: [{phrase}]}}" for choice, phrase in SPOKEN_CHOICES.items()),
    choices="\n  ".join(f"{choice}: {{hangup: [], outcome: {choice}}}" for choice in SPOKEN_CHOICES),
    failed=SPOKEN_FAILED,
)
"""Callers of 4000 choose by voice."""

SPEECH = """
[[inbound]]
called = "4000"
flow = "spoken"

[speech]
models = [{{language = "en", engine = "vosk", folder = "{model}"}}]
"""

MODEL = Path(__file__).resolve().parents[1] / "tinyvosk" / "model"

TEXTS = """\
main.spoken: What can we do for you today?
main.menu: Press 1.
main.silence: Please press a key.
said.support: some help
said.goodbye: that is all
system.goodbye: Goodbye.
system.sorry: We are sorry.
system.noinput: No key.
system.nomatch: No choice.
system.safe_harbour: We called to sell.
system.opted_out: You are called no more.
news.left: We called to tell you that the shop has moved.
news.offer: The shop has moved. Press 1.
system.did_you_say: Did you say
system.yes_or_no: Yes or no?
system.not_understood: Sorry?
system.keys_only: Use the keys.
""" + "".join(f"said.{choice}: {phrase}\n" for choice, phrase in SPOKEN_CHOICES.items())


@dataclass(frozen=True, slots=True)
class Plan:
    """How large the call centre is, and how its people behave."""

    agents: int = 3
    wrap_up_s: float = 0.0
    lines: int = 10
    calls_per_second: int = 10
    settle_s: float = 0.3
    drain_s: float = 20.0
    ring_timeout_s: float = 2.0
    detect_machine: bool = False
    pacing: str = 'mode = "progressive"'
    """Lines of ``[pacing]``."""
    cap: float = 0.0
    """The share of those who answer that may be abandoned."""
    speaks: bool = False
    """Callers of 4000 are heard."""
    ring_ms: tuple[int, int] = (100, 300)
    talk_ms: tuple[int, int] = (500, 1500)
    machine_ms: int = 8000
    machine: Path | None = None
    """What machines say, as µ-law; None: what all tests' machines say."""
    key: tuple[str, int] = ("", 0)
    """A digit that people press, and how many ms after the answer."""
    max_calls: int = 1000
    refusing: int | None = None
    """The port of a carrier for a second trunk, ``refusing``, which is named before the first."""
    local: bool = False
    """Calls come by Local channels: no SIP, and nobody who would hear silence."""

    @property
    def limits(self) -> Limits:
        """What the checker holds the engine to."""
        return Limits(self.lines, self.calls_per_second, detect_machine=self.detect_machine, cap=self.cap)


def write(plan: Plan, folder: Path, ports: PbxPorts, agi_port: int, cache: Path) -> None:
    """Lay out settings, secrets, flow and texts."""
    for name in ("flows", "prompts", "campaigns"):
        (folder / name).mkdir(parents=True)
    flows = {"main": FLOW, "direct": DIRECT, "later": LATER, "press-one": PRESS_ONE} | (
        {"spoken": SPOKEN} if plan.speaks else {}
    )
    files = {"prompts/en.yaml": TEXTS, **{f"flows/{name}.yaml": text for name, text in flows.items()}}
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    settings = SETTINGS.format(
        http=free_port(socket.SOCK_STREAM),
        ami=ports.ami,
        agi=agi_port,
        cache=cache,
        settle_s=plan.settle_s,
        drain_s=plan.drain_s,
        lines=plan.lines,
        calls_per_second=plan.calls_per_second,
        max_calls=plan.max_calls,
    )
    if plan.speaks:
        settings += SPEECH.format(model=MODEL)
    agents = (AGENT.format(id=f"agent{each}", wrap_up_s=plan.wrap_up_s) for each in range(plan.agents))
    (folder / "callwright.toml").write_text(settings + "".join(agents), encoding="utf-8")
    if plan.refusing is not None:
        with (folder / "callwright.toml").open("a", encoding="utf-8") as more:
            more.write(REFUSING)
    secrets = folder / "secrets.toml"
    secrets.touch(0o600)
    secrets.write_text(f'ami_secret = "{SECRETS.ami_secret}"\nagi_token = "{SECRETS.agi_token}"\n', encoding="utf-8")


def render_prompts(folder: Path, speaker: Synthesizer) -> Path:
    """The prompts of :data:`TEXTS`, rendered once for all tests; the cache."""
    (folder / "texts").mkdir(parents=True)
    (folder / "texts/en.yaml").write_text(TEXTS, encoding="utf-8")
    report = render_all(PromptLibrary(Prompts(texts=folder / "texts", cache=folder / "cache")), speaker)
    assert not report.failed, report.failed
    return folder / "cache"
