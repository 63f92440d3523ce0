"""The environment: what the recorded switches sent, and what a caller forged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import RemoteProtocolError
from calls.wire import agi_environment
from calls.wire.agi_environment import END, ORDER, Environment
from tests.calls.wire import agi_recordings

VERSIONS = pytest.mark.parametrize("version", agi_recordings.VERSIONS)


def recorded(version: str, name: str) -> bytes:
    data = agi_recordings.read(version, name).from_switch
    return data[: data.index(END) + len(END)]


def lines(changed: dict[str, str] | None = None) -> list[str]:
    """The lines of a plain environment."""
    values = dict.fromkeys(ORDER, "x") | {"agi_network": "yes", "agi_network_script": "inbound"} | (changed or {})
    return [f"{key}: {value}" for key, value in values.items()]


def joined(all_lines: list[str]) -> bytes:
    return "\n".join(all_lines).encode() + END


@VERSIONS
def test_a_plain_call(version: str) -> None:
    environment = agi_environment.decode(recorded(version, "agi-menu"))
    assert (environment.script, environment.query, environment.arguments) == ("menu", "", ())
    assert (environment.caller, environment.caller_name) == ("4930111", "Alice Caller")
    assert (environment.called, environment.extension, environment.context) == ("2100", "2100", "from-sip")
    assert environment.channel.startswith("PJSIP/caller-")


@VERSIONS
def test_path_query_and_arguments_are_told_apart(version: str) -> None:
    environment = agi_environment.decode(recorded(version, "agi-arguments"))
    assert environment.script == "menu/main.agi"
    assert environment.query == "lang=de&tenant=acme%20gmbh&q=a%26b"
    assert environment.arguments == ("first arg", "second, quoted", "", "5")


@VERSIONS
def test_an_anonymous_caller_has_no_number(version: str) -> None:
    assert agi_environment.decode(recorded(version, "agi-hostile-empty")).caller_name == ""


@VERSIONS
def test_a_line_separator_of_unicode_ends_no_line(version: str) -> None:
    name = agi_environment.decode(recorded(version, "agi-hostile-u2028")).caller_name
    assert "\u2028" in name and "\u2029" in name


@VERSIONS
def test_a_name_that_is_not_utf8_is_shown_and_breaks_nothing(version: str) -> None:
    assert "\N{REPLACEMENT CHARACTER}" in agi_environment.decode(recorded(version, "agi-hostile-latin1")).caller_name


@VERSIONS
def test_a_forged_line_that_nobody_reads_changes_nothing(version: str) -> None:
    data = recorded(version, "agi-hostile-number")
    assert b"\nagi_x: y\n" in data
    environment = agi_environment.decode(data)
    assert environment.caller == "49"
    assert "y" not in (environment.script, environment.extension, environment.context, environment.channel)


@VERSIONS
def test_a_forged_end_is_found(version: str) -> None:
    with pytest.raises(RemoteProtocolError, match="ends before agi_calleridname"):
        agi_environment.decode(recorded(version, "agi-hostile-number-blank-line"))


@pytest.mark.parametrize(
    "forged",
    [
        "4930\nagi_extension: 900",
        "4930\nagi_calleridname: Boss",
        "4930\nagi_arg_1: forged",
        "4930\nagi_threadid: 1",
        "4930\nagi_network_script: resume",
        "4930\nHANGUP",
        "4930\n200 result=1",
        "4930\n",
        "4930\n\n",
    ],
)
def test_a_number_with_a_known_line_is_refused(forged: str) -> None:
    data = joined(lines({"agi_callerid": forged}))
    with pytest.raises(RemoteProtocolError):
        agi_environment.decode(data[: data.index(END) + len(END)])


@pytest.mark.parametrize("missing", ORDER)
def test_every_key_must_be_there(missing: str) -> None:
    with pytest.raises(RemoteProtocolError):
        agi_environment.decode(joined([line for line in lines() if not line.startswith(f"{missing}:")]))


def test_arguments_are_counted() -> None:
    assert agi_environment.decode(joined([*lines(), "agi_arg_1: a", "agi_arg_2: b"])).arguments == ("a", "b")
    for wrong in (["agi_arg_2: b"], ["agi_arg_1: a", "agi_arg_1: b"], ["agi_arg_1: a", "agi_arg_3: b"]):
        with pytest.raises(RemoteProtocolError, match="not in its place"):
            agi_environment.decode(joined([*lines(), *wrong]))


def test_a_key_of_a_later_release_is_passed_over() -> None:
    assert agi_environment.decode(joined([*lines(), "agi_tenant: acme"])).script == "inbound"


def test_it_has_limits() -> None:
    with pytest.raises(RemoteProtocolError, match="bytes"):
        agi_environment.decode(joined(lines({"agi_callerid": "1" * agi_environment.MAX_ENVIRONMENT_BYTES})))
    with pytest.raises(RemoteProtocolError, match="lines"):
        agi_environment.decode(joined(lines() + ["agi_x: y"] * agi_environment.MAX_ENVIRONMENT_LINES))


@given(st.binary(max_size=300))
def test_a_hostile_number_either_stays_a_number_or_fails(number: bytes) -> None:
    data = joined(lines({"agi_callerid": "@@"})).replace(b"@@", number)
    try:
        environment = agi_environment.decode(data[: data.index(END) + len(END)])
    except RemoteProtocolError:
        return
    assert environment.extension == environment.context == environment.channel == "x"
    assert environment.script == "inbound" and environment.arguments == ()


@given(st.binary(max_size=500))
def test_garbage_raises_nothing_else(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        agi_environment.decode(data + END)


def test_the_environment_is_a_value() -> None:
    assert isinstance(agi_environment.decode(joined(lines())), Environment)
