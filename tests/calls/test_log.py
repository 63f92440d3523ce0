"""Logs: one JSON object a line, whatever a caller is called; no secret, no whole number."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from calls import log

CANARY = "canary-7f3a9c"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A configured log; afterwards nothing of it is left."""
    text = io.StringIO()
    before = list(logging.getLogger().handlers)
    log.configure(text, "debug")
    yield text
    for handler in [each for each in logging.getLogger().handlers if each not in before]:
        logging.getLogger().removeHandler(handler)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


def test_a_line_has_time_level_event_and_the_call(stream: io.StringIO) -> None:
    with log.bound("c-1"):
        log.get().info("call ended", cause=16)
    log.get().warning("alone")
    first, second = lines(stream)
    assert first | {"at": ""} == {"at": "", "level": "info", "event": "call ended", "call_id": "c-1", "cause": 16}
    assert str(first["at"]).endswith("Z")
    assert "call_id" not in second


def test_the_level_is_kept(stream: io.StringIO) -> None:
    log.configure(stream, "warning")
    log.get().info("quiet")
    log.get().error("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of debug, info"):
        log.configure(io.StringIO(), "loud")


def test_libraries_log_the_same_way(stream: io.StringIO) -> None:
    with log.bound("c-2"):
        logging.getLogger("panoramisk").warning("odd %s", "x\ny")
        logging.getLogger("panoramisk").info("chatter")
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["call_id"]) == ("odd xy", "panoramisk", "c-2")


def test_configured_again_libraries_are_not_logged_twice(stream: io.StringIO) -> None:
    log.configure(stream, "info")
    logging.getLogger("other").error("once")
    assert len(lines(stream)) == 1


def test_control_characters_are_taken_out(stream: io.StringIO) -> None:
    name = 'Eve\r\n{"event": "forged"}\x1b[2J\x07\x00\u2028\u2029\u0085\u202e\udcff end'
    log.get().info("from " + name, name=name, nested={"k\n": [name]})
    (line,) = lines(stream)
    clean = 'Eve{"event": "forged"}[2J\ufffd end'
    assert line["name"] == clean
    assert line["nested"] == {"k": [clean]}


def test_a_secret_never_appears(stream: io.StringIO) -> None:
    secret = SecretStr(CANARY)
    try:
        raise RuntimeError(f"with {secret}")
    except RuntimeError:
        log.get().exception("failed", secret=secret, settings={"ami": [secret]}, pair=(secret,))
    assert CANARY not in stream.getvalue()
    assert len(lines(stream)) == 1


def test_an_exception_shows_no_local_variables(stream: io.StringIO) -> None:
    def fails(pin: str) -> None:
        raise ValueError("refused")

    try:
        fails(CANARY)
    except ValueError:
        log.get().exception("failed")
        logging.getLogger("lib").exception("failed too")
    assert CANARY not in stream.getvalue()
    ours, theirs = lines(stream)
    assert "refused" in json.dumps(ours["exception"])
    assert "fails" in json.dumps(theirs["exception"])


@pytest.mark.parametrize(
    ("number", "shown"), [("+493023125123", "***123"), ("", "***"), ("1001", "***"), ("123456", "***456")]
)
def test_numbers_are_masked(number: str, shown: str) -> None:
    assert log.masked(number) == shown


@given(st.dictionaries(st.text(max_size=8), st.text() | st.floats() | st.binary() | st.none() | st.lists(st.text())))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_logged_is_one_line_of_json(stream: io.StringIO, values: dict[str, object]) -> None:
    stream.seek(0)
    stream.truncate()
    log.get().info("event", **{f"x{key}": value for key, value in values.items()})
    text = stream.getvalue()
    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert json.loads(text)["event"] == "event"
