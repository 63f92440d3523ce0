"""The switch's channels, as its list tells them: what lives now, told by nobody's events.

A caller can put line ends into a value (HAZARDS, "What the switches put on the wire"). What stands before the first
such value, the channel's name among it, is the switch's own; a row whose single headers come twice is believed in
its name only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calls.wire.ami import Event

RINGING = "5"
UP = "6"
"""ChannelState, ``enum ast_channel_state`` of include/asterisk/channel.h."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One row of CoreShowChannels. Ids are "" where the row is not to be believed."""

    name: str
    unique_id: str
    linked_id: str
    state: str


def rows(events: Iterable[Event]) -> tuple[Channel, ...]:
    """The channels of a list's events."""
    return tuple(_row(event) for event in events if event.name == "CoreShowChannel")


def _row(event: Event) -> Channel:
    name, state = event.get("Channel"), event.get("ChannelState")
    if event.tampered:
        return Channel(name, "", "", state)
    return Channel(name, event.get("Uniqueid"), event.get("Linkedid"), state)


def ids(channels: Iterable[Channel]) -> frozenset[str]:
    """Every name and id by which one of ``channels`` may be known."""
    every = (name for each in channels for name in (each.name, each.unique_id, each.linked_id))
    return frozenset(name for name in every if name)
