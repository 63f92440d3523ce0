"""The call centre of the browser tests: agents, queues, a script and people, on the loopback switch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from calls.settings import load
from console.demo.hum import Hum
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from tests.console.served import FLOW, TEXTS, free_port

AGENTS = (
    ("anna", "Anna Lindqvist"),
    ("ben", "Ben Okafor"),
    ("chloe", "Chloé Martin"),
    ("dario", "Darío Fuentes"),
    ("emre", "Emre Aydin"),
    ("fatima", "Fatima El-Sayed"),
    ("greta", "Greta Hofmann"),
    ("hugo", "Hugo Silva"),
)

SETTINGS = """\
flows = "flows"
campaigns = "campaigns"

[engine]
database = "callwright.db"
socket = "{socket}"
http_port = {http_port}
settle_s = 0.1
drain_s = 2.0
region = "DE"

[console]
http_port = {console_port}

[switch]
kind = "loopback"

[prompts]
texts = "texts"
cache = "cache"

[[trunks]]
name = "loop"
dial = "PJSIP/{{number}}@callees"
lines = 30
calls_per_second = 10
loopback_only = true

[[supervisors]]
id = "eve"
name = "Eve Sandberg"
endpoint = "PJSIP/eve"
announce = false

[recordings]
folder = "recordings"

[callbacks]
trunk = "loop"
caller_id = "+12025550100"
preset = "demo"
countries = ["DE"]
ring_timeout_s = 5

[[scorecards]]
name = "sales"
title = "Sales talk"

[[scorecards.questions]]
name = "greeting"
ask = "Was the caller greeted by name?"

[[scorecards.questions]]
name = "listening"
ask = "Did the agent listen?"
weight = 3
choices = {{well = 1, partly = 0.5, badly = 0}}

[[queues]]
name = "sales"
record = "all"

[queues.dispositions.solved]
label = "Solved"

[queues.dispositions.sold]
label = "Sold"
sale = true
currency = "EUR"

[queues.dispositions.later]
label = "Call back later"
callback = true

[queues.dispositions.wrong]
label = "Wrong number"

[[queues]]
name = "support"

[[inbound]]
called = "100"
flow = "main"
"""

REASONS = """
[[pause_reasons]]
id = "lunch"
label = "Lunch"

[[pause_reasons]]
id = "training"
label = "Training"
"""

AGENT = """
[[agents]]
id = "{id}"
name = "{name}"
endpoint = "PJSIP/{id}"
mode = "nailed_up"
queues = ["sales", "support"]
wrap_up_s = 60
wrap_up_max_s = 300
"""


PREVIEW = """\
name = "Lamps by hand"
list = "lamps"
queue = "support"
trunk = "loop"
caller_id = "+12025550100"
preset = "demo"
max_lines = 2
ring_timeout_s = 10
safe_harbour = "system.safe_harbour"

[pacing]
mode = "preview"
"""

POWER = """\
name = "Shops"
list = "shops"
queue = "support"
trunk = "loop"
caller_id = "+12025550100"
preset = "us-telemarketing"
max_lines = 2
ring_timeout_s = 20
safe_harbour = "system.safe_harbour"

[pacing]
mode = "power"
"""


def install(folder: Path, agents: Iterable[tuple[str, str]] = AGENTS, *, reasons: bool = True) -> Path:
    """An installation in ``folder``; its settings file. ``agents``: ids and names. Without ``reasons`` any text is
    one for a pause."""
    for name in ("flows", "texts", "campaigns", "recordings"):
        (folder / name).mkdir(parents=True)
    (folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "texts" / "en.yaml").write_text(TEXTS, encoding="utf-8")
    (folder / "campaigns" / "lamps.toml").write_text(PREVIEW, encoding="utf-8")
    (folder / "campaigns" / "shops.toml").write_text(POWER, encoding="utf-8")
    path = folder / "callwright.toml"
    text = SETTINGS.format(socket=folder / "e.sock", http_port=free_port(), console_port=free_port())
    text += "".join(AGENT.format(id=id_, name=name) for id_, name in agents)
    path.write_text(text + (REASONS if reasons else ""), encoding="utf-8")
    render_all(PromptLibrary(load(path, {}).prompts), Hum())
    return path
