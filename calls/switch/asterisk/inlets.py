"""What a way in for callers' audio is: one inlet for each caller who is heard."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Protocol

from calls.switch.backlog import Backlog

Networks = Iterable[IPv4Network | IPv6Network]


class Inlet(Protocol):
    """Where the audio of one caller comes in."""

    audio: Backlog
    """What came. It ends where the other side ends it, and by :meth:`close`."""
    far_end: str
    """What Asterisk is to dial for it."""

    def cut(self) -> None:
        """End the other side too, where that can be done from here."""

    def close(self) -> None:
        """Take no more: the other side is gone, and what was held may serve another caller. Again is no error."""


class Inlets(Protocol):
    """One way in. Made and used on a running event loop."""

    async def start(self) -> None:
        """
        Raises:
            OSError: no port of those that it may have can be had.
        """

    async def open(self) -> Inlet:
        """An inlet for one caller.

        Raises:
            SwitchUnavailable: none is left.
        """

    async def stop(self) -> None:
        """End it, and every inlet."""


def is_allowed(peer: str, networks: Networks) -> bool:
    """Whether the address ``peer`` is in one of ``networks``."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
