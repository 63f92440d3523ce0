"""The Asterisk switch's part of the settings, and numbers in dial strings."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import CommandRefused, SettingsError
from calls.settings import load
from calls.switch.asterisk.audio_way import AudioConfig
from calls.switch.asterisk.config import HEARING_LIMIT_S, AsteriskConfig, TrunkDial
from dialplans.values import Includes

FILE = """
[engine]
settle_s = 1.5
[switch]
kind = "asterisk"
name = "north"
[asterisk]
ami_port = 15038
connect_timeout_s = 4.0
agi_port = 14573
max_calls = 300
context_prefix = "cw"
audio = "rtp"
audio_host = "10.0.0.7"
audio_ports = [30000, 30009]
agi_allow = ["10.0.0.0/24"]
[[trunks]]
name = "carrier"
dial = "PJSIP/{number}@carrier"
lines = 10
calls_per_second = 5.0
[[trunks]]
name = "bare"
dial = "PJSIP/bare/sip:{number}@127.0.0.1:5070"
lines = 10
calls_per_second = 5.0
plus = false
[[destinations]]
name = "desk"
dial = "PJSIP/desk"
"""


def test_from_settings(tmp_path: Path) -> None:
    (tmp_path / "callwright.toml").write_text(FILE, encoding="utf-8")
    environment = {"CALLWRIGHT_AMI_SECRET": "Zu9-kf83mQpw_21x", "CALLWRIGHT_AGI_TOKEN": "a8Jq-0Pzn3bVw_7y"}
    config = AsteriskConfig.from_settings(load(tmp_path / "callwright.toml", environment))
    assert (config.name, config.context_prefix, config.agi_port, config.settle_s) == ("north", "cw", 14573, 1.5)
    assert (config.ami.port, config.ami.user, config.ami.connect_timeout_s) == (15038, "callwright", 5.5)
    assert config.ami.secret.get_secret_value() == "Zu9-kf83mQpw_21x"
    assert config.agi_token.get_secret_value() == "a8Jq-0Pzn3bVw_7y"
    assert (config.limits.calls, config.limits.calls_per_address) == (300, 300)
    assert config.destinations == {"desk": "PJSIP/desk"}
    assert config.trunk("carrier").channel("+4930123456") == "PJSIP/+4930123456@carrier"
    assert config.trunk("bare").channel("+4930123456") == "PJSIP/bare/sip:4930123456@127.0.0.1:5070"
    assert config.audio == AudioConfig(
        "rtp", IPv4Address("10.0.0.7"), range(30_000, 30_010), (IPv4Network("10.0.0.0/24"),)
    )
    with pytest.raises(CommandRefused, match="no trunk"):
        config.trunk("none")
    assert "Zu9" not in repr(config) and "a8Jq" not in repr(config)


SECRETS = {"CALLWRIGHT_AMI_SECRET": "Zu9-kf83mQpw_21x", "CALLWRIGHT_AGI_TOKEN": "a8Jq-0Pzn3bVw_7y"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("audio_ports = [30009, 30000]", "expected the first port"),
        ("audio_ports = [30000]", "audio_ports"),
        ('audio_host = "pbx.example.com"', "an IPv4 address of this machine"),
        ('audio = "jack"', '"auto", "audiosocket", "rtp", "eagi", "record" or "none"'),
    ],
)
def test_what_is_no_way_for_audio_is_refused(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "callwright.toml").write_text(f"[asterisk]\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load(tmp_path / "callwright.toml", SECRETS)


def test_ports_come_from_the_environment_too() -> None:
    assert load(None, {"CALLWRIGHT_ASTERISK__AUDIO_PORTS": "30000,30009"}).asterisk.audio_ports == (30_000, 30_009)


def test_the_dialplan_has_our_limit_of_a_leg_that_hears() -> None:
    assert Includes.__dataclass_fields__["hear_limit_s"].default == HEARING_LIMIT_S


@given(st.text(max_size=20) | st.from_regex(r"\A\+?[0-9]{1,17}[&,@]?\Z"))
def test_only_e164_reaches_a_dial_string(number: str) -> None:
    try:
        channel = TrunkDial("PJSIP/{number}@carrier").channel(number)
    except CommandRefused:
        return
    digits = channel.removeprefix("PJSIP/+").removesuffix("@carrier")
    assert digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 15 and f"+{digits}" == number
