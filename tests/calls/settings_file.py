"""A settings file that has some of everything, and what reading it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import SettingsError
from calls.settings import Settings, load

GOOD = """\
flows = "menus"

[engine]
database = "data/calls.db"
http_port = 8090
settle_s = 0.5

[switch]
kind = "asterisk"

[asterisk]
agi_allow = ["127.0.0.0/8", "::1/128"]

[[trunks]]
name = "carrier"
dial = "PJSIP/{number}@carrier"
lines = 30
calls_per_second = 5

[[queues]]
name = "sales"

[[agents]]
id = "ann"
name = "Ann Example"
endpoint = "PJSIP/agent1"
mode = "nailed_up"
queues = [
    "sales",
]

[[inbound]]
called = "*"
flow = "main"

[[destinations]]
name = "desk"
dial = "PJSIP/desk@office"

[prompts]
languages = ["en", "de"]
voices = { de = "german" }
"""


def loaded(folder: Path, text: str = GOOD, env: dict[str, str] | None = None) -> Settings:
    (folder / "callwright.toml").write_text(text, encoding="utf-8")
    return load(folder / "callwright.toml", env or {})


def fault(folder: Path, text: str, env: dict[str, str] | None = None) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text, env)
    return caught.value
