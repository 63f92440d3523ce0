"""ESL, our half: which words may stand in a command. What could mean anything else to FreeSWITCH is refused."""

from __future__ import annotations

import re

from calls.errors import CommandRefused
from calls.ids import is_safe_id

_FILE = re.compile(r"(/[A-Za-z0-9 _.@+=-]+)+\Z")
"""An absolute path. Without ``$ { } [ ] ! , : \\`` nothing in it is a variable, a parameter, a second file or a
stream of another kind."""

_BARE_FILE = re.compile(r"(/[A-Za-z0-9_.@+=~-]+)+\Z")
"""A path that stands among other words: without blanks."""

_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{1,39}\Z")

_ENDPOINT = re.compile(r"[A-Za-z][A-Za-z0-9_]*/[A-Za-z0-9_./@:+-]{1,250}\Z")
"""What is dialled: a technology and a target. Without ``{ } [ ] < > | , ^ $ & '`` and blanks it is one leg."""

_CALLER_ID = re.compile(r"\+?[A-Za-z0-9_-]{1,40}\Z")

_CONTEXT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}\Z")


def refuse_unless(allowed: bool, what: str) -> None:
    """
    Raises:
        CommandRefused: not ``allowed``; ``what`` says of what it is said.
    """
    if not allowed:
        raise CommandRefused(f"ESL: {what}")


def check_id(what: str, text: str) -> None:
    """Refuse an id that is none: of a channel, an event or a job."""
    refuse_unless(is_safe_id(text), f"{what} {text!r}")


def check_file(file: str) -> None:
    """Refuse a file of prompts whose name could be more than that."""
    fine = _FILE.match(file) is not None and "@@" not in file
    fine = fine and not {".", ".."}.intersection(file.split("/"))
    refuse_unless(fine, f"prompt file {file!r}: expected an absolute path of plain characters, no '..'")


def check_bare_file(file: str) -> None:
    """Refuse the file of a recording whose name could be more than that, or more than one word."""
    fine = _BARE_FILE.match(file) is not None and "@@" not in file
    fine = fine and not {".", ".."}.intersection(file.split("/"))
    refuse_unless(fine, f"recording {file!r}: expected an absolute path of plain characters without blanks, no '..'")


def check_cause(cause: str) -> None:
    """Refuse what is no name of a hangup cause."""
    refuse_unless(_CAUSE.match(cause) is not None, f"hangup cause {cause!r}")


def check_endpoint(endpoint: str) -> None:
    """Refuse what is not one technology and one target."""
    refuse_unless(_ENDPOINT.match(endpoint) is not None, f"endpoint {endpoint!r}: expected technology/target")


def check_caller_id(caller_id: str) -> None:
    """Refuse a caller id that is more than a number or a word; "" is none."""
    refuse_unless(not caller_id or _CALLER_ID.match(caller_id) is not None, f"caller id {caller_id!r}")


def check_context(context: str) -> None:
    """Refuse what is no name of a dialplan's context or extension."""
    refuse_unless(_CONTEXT.match(context) is not None, f"dialplan context or extension {context!r}")


def check_span(what: str, value: float, least: float, most: float) -> None:
    """Refuse a number outside its limits."""
    refuse_unless(least <= value <= most, f"{what} {value}: expected {least} to {most}")
