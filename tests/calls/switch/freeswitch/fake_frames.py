"""The frames of a FreeSWITCH made from its recordings: what is recorded, and how it goes on the wire."""

from __future__ import annotations

from urllib.parse import quote

from tests.calls.wire.esl_recordings import Lines, blocks, events, value

REPLY = next(block for block in blocks("outbound-ivr") if block.get("Event-Name") == "CHANNEL_DATA").lines
_RECORDED = tuple(
    lines
    for name in ("outbound-ivr", "outbound-caller-hangs-up", "outbound-break", "outbound-bridge")
    for lines in events(name)
)
GOODBYE = next(block for block in blocks("outbound-reject") if block.get("Content-Disposition") == "disconnect")


def recorded(event: str, application: str = "") -> Lines:
    """A recorded event of this kind, of the same application where there is one."""
    kind = [lines for lines in _RECORDED if value(lines, "Event-Name") == event]
    return next((lines for lines in kind if value(lines, "Application") == application), kind[0])


def quoted(text: str) -> str:
    """As FreeSWITCH quotes a value."""
    return quote(text, safe="/,-_.~!*'()", errors="surrogateescape")


def wire(lines: Lines) -> bytes:
    """The lines as bytes, with the blank line behind them."""
    return "".join(f"{name}: {each}\n" for name, each in lines).encode() + b"\n"
