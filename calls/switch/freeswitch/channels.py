"""FreeSWITCH's channels, as ``show channels as json`` tells them: what lives now, told by nobody's events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from calls.errors import RemoteProtocolError

ACTIVE = "ACTIVE"
"""The ``callstate`` of a channel that was answered. Source: switch_channel.c, CALLSTATE_CHART."""

ANSWERED = frozenset((ACTIVE, "HELD", "UNHELD"))
RINGING = frozenset(("RINGING", "EARLY", "RING_WAIT"))


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel that lives."""

    channel_id: str
    state: str
    """Its ``callstate``."""


def channels_of(text: str) -> tuple[Channel, ...]:
    """The channels of a list. The list of none has no rows at all.

    Raises:
        RemoteProtocolError: it is no list of channels.
    """
    try:
        found = json.loads(text)
        rows = found.get("rows", [])
        return tuple(Channel(str(row["uuid"]), str(row.get("callstate", ""))) for row in rows)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RemoteProtocolError(f"FreeSWITCH: no list of channels: {text[:80]!r}") from error


def ids(channels: Iterable[Channel]) -> frozenset[str]:
    """The ids of ``channels``; ours, where we chose them."""
    return frozenset(each.channel_id for each in channels)
