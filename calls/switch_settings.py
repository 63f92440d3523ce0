"""The settings of switches: the only one, or several by name."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from calls.freeswitch_settings import FreeSwitchSettings
from calls.parts import Context, Count, FilePath, Host, Name, Network, Part, Port, Wait
from calls.toml_file import Fault

Kind = Annotated[
    Literal["asterisk", "freeswitch", "loopback"], Field(description='"asterisk", "freeswitch" or "loopback"')
]


def _in_order(ports: tuple[int, int]) -> tuple[int, int]:
    if ports[0] > ports[1]:
        raise Fault(f"expected the first port and one that is not before it; found {list(ports)}")
    return ports


class SwitchSettings(Part):
    """``[switch]``: which switch, and its name in records."""

    kind: Kind = "loopback"
    name: Name = "main"


class Asterisk(Part):
    """``[asterisk]``: the two ways between Asterisk and us."""

    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_user: Name = "callwright"
    connect_timeout_s: Wait = 10.0
    agi_host: Host = "127.0.0.1"
    agi_port: Port = 4573
    agi_allow: Annotated[
        tuple[Network, ...], Field(min_length=1, description='a list of networks such as ["127.0.0.0/8"]')
    ] = (IPv4Network("127.0.0.0/8"),)
    max_calls: Count = 1000
    context_prefix: Context = "callwright"
    audio: Annotated[
        Literal["auto", "audiosocket", "rtp", "eagi", "record", "none"],
        Field(description='"auto", "audiosocket", "rtp", "eagi", "record" or "none"'),
    ] = "auto"
    """How callers' speech comes from Asterisk: by AudioSocket where it has that, else by RTP, else by EAGI; or by
    recordings."""
    audio_host: Annotated[IPv4Address, Field(description="an IPv4 address of this machine, in quotes")] = IPv4Address(
        "127.0.0.1"
    )
    """Our own address, at which Asterisk finds us with it."""
    audio_ports: Annotated[
        tuple[Port, Port], AfterValidator(_in_order), Field(description="the first and the last port, [20000, 20200]")
    ] = (20_000, 20_200)
    """By RTP each caller who is listened to takes one; AudioSocket takes one for all."""


class NamedSwitch(Part):
    """``[[switches]]``: one of several switches, in the place of ``[switch]`` and of the table of its kind."""

    name: Name
    kind: Kind
    weight: Annotated[int, Field(ge=1, le=100, description="a whole number, 1 to 100")] = 1
    """Its part of the dialled calls that could go by others as well."""
    folder: FilePath | None = None
    """Its configuration folder, as far as this machine sees it: what ``callwright dialplans`` writes to."""
    asterisk: Annotated[Asterisk, Field(description="a table, [switches.asterisk]")] = Asterisk()
    freeswitch: Annotated[FreeSwitchSettings, Field(description="a table, [switches.freeswitch]")] = (
        FreeSwitchSettings()
    )
