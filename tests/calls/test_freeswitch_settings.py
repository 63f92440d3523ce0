"""``[freeswitch]``: what an installation on FreeSWITCH says, and what it must not leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import SettingsError
from calls.settings import load
from calls.switch.freeswitch.config import FreeSwitchConfig
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import Prompt
from console.building import build_switches

SECRETS = {
    "CALLWRIGHT_ESL_PASSWORD": "Xk3v9Qp2Lm7Zt5Rw8Yb4",
    "CALLWRIGHT_ESL_TOKEN": "Hd6n1Fs0Vc3Jg8Ku5Ae2",
}
TEXT = """
[switch]
kind = "freeswitch"
name = "pbx"

[freeswitch]
esl_port = 8022
socket_port = 8085
max_calls = 50
context = "callwright-test"

[[trunks]]
name = "carrier"
dial = "sofia/gateway/carrier/{number}"
lines = 10
calls_per_second = 2
plus = false

[[destinations]]
name = "boss"
dial = "user/boss"
"""


class NoFiles:
    def path(self, prompt: Prompt) -> Path:
        raise AssertionError(prompt)

    def duration_s(self, prompt: Prompt) -> float:
        raise AssertionError(prompt)


def written(folder: Path, text: str = TEXT) -> Path:
    path = folder / "callwright.toml"
    path.write_text(text)
    return path


async def test_they_become_the_driver(tmp_path: Path) -> None:
    settings = load(written(tmp_path), SECRETS)
    config = FreeSwitchConfig.from_settings(settings)
    assert (config.name, config.port, config.esl.port, config.context) == ("pbx", 8085, 8022, "callwright-test")
    assert config.trunk("carrier").channel("+15550100001") == "sofia/gateway/carrier/15550100001"
    assert config.destinations == {"boss": "user/boss"}
    assert config.limits.calls == 50
    assert config.esl.password.get_secret_value() == SECRETS["CALLWRIGHT_ESL_PASSWORD"]
    assert config.token.get_secret_value() == SECRETS["CALLWRIGHT_ESL_TOKEN"]
    (driver,) = build_switches(settings, NoFiles()).drivers.values()
    assert isinstance(driver, FreeSwitch)


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_without_its_secrets_nothing_starts(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in SECRETS.items() if name != missing}
    with pytest.raises(SettingsError, match=f"FreeSWITCH needs it: set {missing}"):
        load(written(tmp_path), given)


@pytest.mark.parametrize("known", ["ClueCon", "ClueConClueConClueCon", "CallwrightCallwright1234"])
def test_the_password_that_everybody_knows_is_refused(tmp_path: Path, known: str) -> None:
    with pytest.raises(SettingsError):
        load(written(tmp_path), SECRETS | {"CALLWRIGHT_ESL_PASSWORD": known})


def test_the_loopback_switch_needs_none_of_it(tmp_path: Path) -> None:
    assert load(written(tmp_path, TEXT.replace('"freeswitch"', '"loopback"')), {}).switch.kind == "loopback"
