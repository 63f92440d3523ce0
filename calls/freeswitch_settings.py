"""``[freeswitch]``: the two ways between FreeSWITCH and us."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from calls.parts import Context, Count, Host, Network, Part, Port, Wait


class FreeSwitchSettings(Part):
    """Its event socket, and where its ``socket`` actions find us. The password of the one (``esl_password``) and what
    the other must show (``esl_token``) are secrets."""

    esl_host: Host = "127.0.0.1"
    esl_port: Port = 8021
    connect_timeout_s: Wait = 10.0
    socket_host: Host = "127.0.0.1"
    socket_port: Port = 8084
    allow: Annotated[
        tuple[Network, ...], Field(min_length=1, description='a list of networks such as ["127.0.0.0/8"]')
    ] = (IPv4Network("127.0.0.0/8"),)
    """From where FreeSWITCH may connect to us."""
    max_calls: Count = 1000
    context: Context = "callwright"
    """The context of its dialplan that is ours."""
    audio: Annotated[Literal["auto", "none"], Field(description='"auto" or "none"')] = "auto"
    """Whether callers are heard; "none": questions are answered by keys."""
