"""Which addresses are connected to."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from calls.addresses import METADATA, Allowed, refusal


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_may_be_connected_to(address: str) -> None:
    assert refusal(address, Allowed()) == ""


PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "fec0::1", "::ffff:10.0.0.1"]


@pytest.mark.parametrize(
    "address", [*PRIVATE, "64:ff9b::a00:1", "2002:a00:1::1", "198.18.0.1", "192.0.2.1", "2001:db8::1"]
)
def test_private_ones_only_where_the_setting_says_so(address: str) -> None:
    assert "allow_private" in refusal(address, Allowed(loopback=True))
    assert refusal(address, Allowed(private=True)) == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_only_where_the_setting_names_it(address: str) -> None:
    assert refusal(address, Allowed()) == "is this machine"
    assert refusal(address, Allowed(loopback=True)) == refusal(address, Allowed(private=True)) == ""


HOSTS_OF_NOBODY = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"]


@pytest.mark.parametrize(
    "address",
    [
        *sorted(map(str, METADATA)),
        "169.254.1.1",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        *HOSTS_OF_NOBODY,
        "",
        "nobody",
        "1.2.3",
        "0x7f.1",
        "127.1",
    ],
)
def test_some_are_never_connected_to(address: str) -> None:
    everything = Allowed(private=True, loopback=True)
    assert refusal(address, everything) != ""


def test_with_networks_only_what_lies_in_them() -> None:
    allowed = Allowed(private=True, networks=(ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")))
    assert refusal("10.1.2.3", allowed) == refusal("fd00:1::5", allowed) == ""
    assert "networks" in refusal("10.2.0.1", allowed)
    assert "networks" in refusal("8.8.8.8", allowed)
