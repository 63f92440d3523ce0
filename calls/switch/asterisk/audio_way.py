"""Which way callers' audio comes: what the switch has decides, and the settings may."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from calls.errors import SwitchRefused, SwitchUnavailable
from calls.ids import BootId
from calls.switch.asterisk.ami_client import AmiClient, AmiSettings, Client
from calls.switch.asterisk.audio_socket import AudioSocketServer
from calls.switch.asterisk.inlets import Inlets
from calls.switch.asterisk.rtp import RtpPorts
from calls.wire.ami_actions import HasModule

NEEDED = ("app_chanspy", "app_senddtmf")
"""The one listens; by the other a caller's voice stops what plays."""

LOOPBACK = IPv4Address("127.0.0.1")


class Way(Enum):
    """A way, by the word for it in the settings."""

    AUDIO_SOCKET = "audiosocket"
    RTP = "rtp"

    @property
    def module(self) -> str:
        """The module without which it is not there."""
        return {Way.AUDIO_SOCKET: "chan_audiosocket", Way.RTP: "chan_rtp"}[self]


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """Where callers' audio comes to. ``wanted``: a word of :class:`Way`, ``auto`` or ``none``."""

    wanted: str = "auto"
    host: IPv4Address = LOOPBACK
    """Our address, by which the switch reaches us."""
    ports: range = range(20_000, 20_201)
    allow: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("127.0.0.0/8"),)
    """From where it may come."""


async def choose(client: AmiClient, wanted: str) -> Way:
    """The way for ``wanted``. AudioSocket is before RTP: it loses nothing, and ends when either side does.

    A switch without func_module does not tell what it has: then it is RTP, which every version may have.

    Raises:
        SwitchUnavailable: there is none; says why, and what to do.
        SwitchTimeout: the switch did not tell in time.
    """
    if wanted == "none":
        raise SwitchUnavailable('callers are not heard: the settings say audio = "none"')
    for module in NEEDED:
        if await _has(client, module) is False:
            raise SwitchUnavailable(f"callers cannot be heard: Asterisk has not loaded {module}.so")
    if wanted != "auto":
        way = Way(wanted)
        if await _has(client, way.module) is False:
            raise SwitchUnavailable(f"callers cannot be heard: Asterisk has not loaded {way.module}.so")
        return way
    if await _has(client, Way.AUDIO_SOCKET.module):
        return Way.AUDIO_SOCKET
    if await _has(client, Way.RTP.module) is False:
        raise SwitchUnavailable(
            "callers cannot be heard: Asterisk has loaded neither chan_audiosocket.so nor chan_rtp.so, which needs"
            " res_rtp_multicast.so"
        )
    return Way.RTP


async def open_inlets(way: Way, audio: AudioConfig, new_id: Callable[[], uuid.UUID]) -> Inlets:
    """The way in, started.

    Raises:
        OSError: no port of ours is free.
    """
    inlets: Inlets
    match way:
        case Way.AUDIO_SOCKET:
            inlets = AudioSocketServer(audio.host, audio.ports, audio.allow, new_id)
        case Way.RTP:
            inlets = RtpPorts(audio.host, audio.ports, audio.allow)
    await inlets.start()
    return inlets


async def find_way(ami: AmiSettings, wanted: str) -> Way:
    """The way for ``wanted``, asked over a connection of its own, whether an engine runs or not.

    Raises:
        SwitchError: see :func:`choose`, and :meth:`~calls.switch.asterisk.ami_client.AmiClient.start`.
    """

    async def up(_: BootId) -> None:
        """Nothing is to be reconciled."""

    client = AmiClient(
        ami,
        Client(
            wanted=frozenset(),
            on_event=lambda _: None,
            on_up=up,
            on_down=lambda _: None,
            nonce=lambda: secrets.token_hex(8),
            random=lambda: 0.0,
        ),
    )
    await client.start()
    try:
        return await choose(client, wanted)
    finally:
        await client.stop()


async def _has(client: AmiClient, module: str) -> bool | None:
    """Whether the switch has loaded it; None where it does not tell."""
    try:
        value = (await client.ask(HasModule(module))).response.get("Value")
    except SwitchRefused:
        return None
    return {"1": True, "0": False}.get(value)
