"""The frames of a FreeSWITCH made from its recordings: what is recorded, and how it goes on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote, unquote

from tests.calls.wire.esl_recordings import Lines, blocks, events, value

REPLY = next(block for block in blocks("outbound-ivr") if block.get("Event-Name") == "CHANNEL_DATA").lines
GOODBYE = next(block for block in blocks("outbound-reject") if block.get("Content-Disposition") == "disconnect")

CALLS = ("outbound-ivr", "outbound-caller-hangs-up", "outbound-break", "outbound-bridge")
"""Where the events of a call are from that runs our ``socket`` action."""

LEGS = ("esl-originate-answered-callee-hangs-up", "esl-bridge", "outbound-caller-hangs-up")
"""Where those of a leg are from that we have dialled."""

INCOMING = ("esl-hostile-callers",)
"""Where the beginning of a call is from."""

_RECORDED = {name: tuple(events(name)) for name in (*CALLS, *LEGS, *INCOMING)}


@cache
def recorded(event: str, application: str = "", sources: tuple[str, ...] = CALLS) -> Lines:
    """A recorded event of this kind, of the same application where there is one."""
    kind = [
        lines
        for name in sources
        for lines in _RECORDED.get(name) or events(name)
        if value(lines, "Event-Name") == event
    ]
    return next((lines for lines in kind if value(lines, "Application") == application), kind[0])


def quoted(text: str) -> str:
    """As FreeSWITCH quotes a value."""
    return quote(text, safe="/,-_.~!*'()", errors="surrogateescape")


def wire(lines: Lines) -> bytes:
    """The lines as bytes, with the blank line behind them."""
    return "".join(f"{name}: {each}\n" for name, each in lines).encode() + b"\n"


def filled(template: Lines, ours: Mapping[str, str], more: Mapping[str, str]) -> Lines:
    """The template with the values of ``ours`` and ``more`` in the place of the recorded ones, and the rest of
    ``more`` behind them."""
    values = {**ours, **more}
    names = {name for name, _ in template}
    lines = tuple((name, quoted(values[name]) if name in values else each) for name, each in template)
    return lines + tuple((name, quoted(each)) for name, each in more.items() if name not in names)


def event_frame(lines: Lines, *, as_json: bool = False, body: bytes = b"") -> bytes:
    """An event on the wire."""
    if as_json:
        head, kind = json.dumps({name: unquote(each) for name, each in lines}).encode(), "json"
    else:
        if body:
            lines = (*lines, ("Content-Length", str(len(body))))
        head, kind = wire(lines), "plain"
    size = len(head) + len(body)
    return wire((("Content-Length", str(size)), ("Content-Type", f"text/event-{kind}"))) + head + body
