"""Which addresses of the net may be connected to: the public ones, and what the administrator allows beside them.

Source: the IANA special-purpose address registries (RFC 6890), as :mod:`ipaddress` has them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

METADATA = frozenset(
    ipaddress.ip_address(each)
    for each in (
        "169.254.169.254",  # AWS, Azure, Google, OpenStack: link-local
        "169.254.170.2",  # AWS, of containers
        "fd00:ec2::254",  # AWS by IPv6: a private address otherwise
        "100.100.100.200",  # Alibaba: shared address space otherwise
        "192.0.0.192",  # Oracle's older one: reserved, and to some Python releases a public address
        "168.63.129.16",  # Azure's WireServer: a public address otherwise
    )
)
"""Where clouds give their machines' credentials to whoever asks from inside: never a webhook's host."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is reached."""

SITE_LOCAL = ipaddress.ip_network("fec0::/10")
"""RFC 3879: networks of one's own as they were before RFC 4193; to Python they are public."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be connected to beside public addresses. With ``networks``, only what lies in one of them."""

    private: bool = False
    loopback: bool = False
    networks: tuple[Network, ...] = ()


def refusal(text: str, allowed: Allowed) -> str:
    """Why the address must not be connected to; "" where it may."""
    try:
        address = _reached(ipaddress.ip_address(text.split("%")[0]))
    except ValueError:
        return "is no address"
    if address in METADATA or address.is_link_local:
        return "gives machines their credentials, or is link-local"
    if address.is_multicast or address.is_unspecified or (address.is_reserved and not address.is_loopback):
        return "is no address of a host"
    if allowed.networks and not _inside(address, allowed.networks):
        return "is in none of the networks of the setting"
    if address.is_loopback:
        return "" if allowed.loopback or allowed.private else "is this machine"
    if (not address.is_global or address in SITE_LOCAL) and not allowed.private:
        return "is private, and the setting does not say allow_private = true"
    return ""


def _reached(address: Address) -> Address:
    """The address that is reached in the end: the IPv4 one that is wrapped into an IPv6 one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def _inside(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
