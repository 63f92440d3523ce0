"""No value reaches a configuration file that could mean anything else there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import SettingsError
from calls.switch.asterisk.config import HEARING_LIMIT_S
from dialplans.asterisk import Phone, Trunk, render
from dialplans.values import Amd, Includes

MEANING = "\n\r\x00,;()[]{}$\"'\\|&<>=! \t"
"""Characters that some place of Asterisk's configuration, AGI's URL or AMI gives a meaning to."""

VALUES = Includes(agi_token="a-token-of-the-install", ami_secret="a-secret-of-the-account", sorry=Path("/srv/sorry"))


@pytest.mark.parametrize("sign", MEANING)
@pytest.mark.parametrize("key", ["agi_token", "ami_secret", "ami_user", "prefix", "agi_host", "fallback"])
def test_a_sign_with_a_meaning_is_refused(includes: Includes, key: str, sign: str) -> None:
    with pytest.raises(SettingsError) as refused:
        replace(includes, **{key: f"a-value-of-some{sign}length"})  # type: ignore[arg-type]
    assert refused.value.where.key == key
    assert "length" not in str(refused.value), "a secret is not repeated"


@pytest.mark.parametrize("path", ["relative", "/a b", "/a/../b", "/a;b", "/a\nb", "/", "/a,b", "/a[b"])
def test_a_path_with_a_meaning_is_refused(includes: Includes, path: str) -> None:
    with pytest.raises(SettingsError, match="sorry"):
        replace(includes, sorry=Path(path))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x00"])
def test_an_end_of_a_line_behind_a_good_value_is_refused(includes: Includes, end: str) -> None:
    with pytest.raises(SettingsError):
        replace(includes, ami_secret=f"a-secret-of-the-account{end}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("agi_port", 0),
        ("agi_port", 65536),
        ("take_over_s", 0),
        ("call_limit_s", 59),
        ("hear_limit_s", 0),
        ("hear_limit_s", HEARING_LIMIT_S + 1),
        ("agi_host", "pbx.example.org"),
        ("agi_host", "127.1"),
        ("ami_permit", ("0.0.0.0/33",)),
        ("ami_permit", ("everywhere",)),
        ("fallback", "ext-queues,400"),
        ("ami_secret", "short"),
    ],
)
def test_what_is_out_of_bounds_is_refused(includes: Includes, key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=key):
        replace(includes, **{key: value})  # type: ignore[arg-type]


@settings(max_examples=150)
@given(st.text(max_size=40))
def test_whatever_is_taken_is_written_as_one_value(text: str) -> None:
    """Either the value is refused, or the file has as many lines as with any other."""
    try:
        values = replace(VALUES, agi_token=text)
    except SettingsError:
        return
    rendered, usual = render(values), render(VALUES)
    assert {name: len(file.splitlines()) for name, file in rendered.items()} == {
        name: len(file.splitlines()) for name, file in usual.items()
    }


def test_amd_goes_out_in_the_order_of_the_application() -> None:
    assert Amd().arguments == "2500,1500,800,5000,100,50,3,256,5000"
    with pytest.raises(SettingsError, match=r"amd\.greeting_ms"):
        Amd(greeting_ms=-1)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a]", "a\n", "a/b", "a@b"])
def test_names_of_endpoints_are_plain(name: str) -> None:
    with pytest.raises(SettingsError):
        Trunk(name, "127.0.0.1", 5060)
    with pytest.raises(SettingsError):
        Phone(name, "127.0.0.1")


def test_a_phone_has_an_address_or_a_password() -> None:
    with pytest.raises(SettingsError, match="either"):
        Phone("agent1")
    with pytest.raises(SettingsError, match="either"):
        Phone("agent1", "127.0.0.1", password="a-long-password-0001")
