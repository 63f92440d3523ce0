"""The application ``wait_for_silence`` on the fake FreeSWITCH, packet by packet as FreeSWITCH counts."""

from __future__ import annotations

from dataclasses import dataclass

from tests.calls.switch.freeswitch.fake_caller import Spans

PACKET_S = 0.02
COUNTDOWN = 25
"""Packets that it lets pass behind the silence. Source: FreeSWITCH 1.11, switch_ivr.c."""


@dataclass(frozen=True, slots=True)
class Waited:
    """How long it took, and the variables that it left."""

    lasts_s: float
    values: dict[str, str]


def wait_for_silence(argument: str, spans: Spans, since_s: float) -> Waited:
    """What it comes to with somebody who speaks at ``spans``, begun at ``since_s``, as those are counted."""
    _, silence, listen, timeout_ms = map(int, argument.split())
    heard, left, packets = 0, silence, 0
    while True:
        packets += 1
        at_s = since_s + packets * PACKET_S
        if packets * PACKET_S * 1_000 >= timeout_ms:
            return Waited(packets * PACKET_S, _values("true", heard))
        speaks = any(begin_s < at_s <= end_s for begin_s, end_s in spans)
        heard += speaks
        if heard > listen and not speaks:
            left -= 1
            if left == 0:
                return Waited((packets + COUNTDOWN) * PACKET_S, _values("false", heard))
        else:
            left = silence


def _values(timeout: str, heard: int) -> dict[str, str]:
    return {"variable_wait_for_silence_timeout": timeout, "variable_wait_for_silence_listenhits": str(heard)}
