"""Which way callers' audio comes: what the switch has decides, and the settings may.

========================  ==================================================  =====================================
way                       what it needs                                       what it is
========================  ==================================================  =====================================
``audiosocket``           app_chanspy, chan_audiosocket, app_senddtmf         loses nothing, ends with either side
``rtp``                   app_chanspy, chan_rtp, app_senddtmf                 every version may have it
``eagi``                  the relay in the dialplan, app_senddtmf             a process of its own for each call
``record``                the folder of recordings, on the engine's machine   heard late, and not in the prompts
========================  ==================================================  =====================================

Without app_senddtmf a voice stops no prompt, and ends no wait for keys.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
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

SPY, SIGNALS = "app_chanspy", "app_senddtmf"
"""The one listens; by the other a caller's voice stops what plays."""

SOCKET, RTP = "chan_audiosocket", "chan_rtp"
LOOKED_FOR = (SPY, SIGNALS, SOCKET, RTP)

LOOPBACK = IPv4Address("127.0.0.1")


class Way(Enum):
    """A way, by the word for it in the settings; the better ones first."""

    AUDIO_SOCKET = "audiosocket"
    RTP = "rtp"
    EAGI = "eagi"
    RECORD = "record"

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules without which it is not there."""
        match self:
            case Way.AUDIO_SOCKET:
                return (SPY, SIGNALS, SOCKET)
            case Way.RTP:
                return (SPY, SIGNALS, RTP)
            case Way.EAGI:
                return (SIGNALS,)
            case Way.RECORD:
                return ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The way that is taken."""

    way: Way
    modules: Mapping[str, bool | None]
    """What the switch has loaded of :data:`LOOKED_FOR`; None where it does not tell."""
    why: str
    better: str = ""
    """What to load for a better way; empty where there is none."""


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """Where callers' audio comes to. ``wanted``: a word of :class:`Way`, ``auto`` or ``none``."""

    wanted: str = "auto"
    host: IPv4Address = LOOPBACK
    """Our address, by which the switch reaches us."""
    ports: range = range(20_000, 20_201)
    allow: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("127.0.0.0/8"),)
    """From where it may come."""


async def choose(client: AmiClient, wanted: str) -> Choice:
    """The way for ``wanted``, as :func:`judge` says of what the switch has.

    Raises:
        SwitchUnavailable: there is none; says why, and what to do.
        SwitchTimeout: the switch did not tell in time.
    """
    if wanted == "none":
        raise SwitchUnavailable('callers are not heard: the settings say audio = "none"')
    return judge(wanted, {module: await _has(client, module) for module in LOOKED_FOR})


def judge(wanted: str, modules: Mapping[str, bool | None]) -> Choice:
    """The way for ``wanted``, a word of :class:`Way` or ``auto``, where the switch has loaded ``modules``.

    A switch without func_module does not tell what it has: then it is RTP, which every version may have.

    Raises:
        SwitchUnavailable: what is wanted is not there; says what to load.
    """
    if wanted != "auto":
        way = Way(wanted)
        for module in way.modules:
            if modules[module] is False:
                raise SwitchUnavailable(f"callers cannot be heard: Asterisk has not loaded {module}.so")
        return Choice(way, modules, f'the settings say audio = "{wanted}"')
    if modules[SIGNALS] is False:
        why = f"{SIGNALS}.so is not loaded, without which no voice stops a prompt"
        return Choice(Way.RECORD, modules, why, f"load {SIGNALS}.so")
    if modules[SPY] is False:
        return Choice(Way.EAGI, modules, f"{SPY}.so is not loaded", f"load {SPY}.so")
    if modules[SOCKET]:
        return Choice(Way.AUDIO_SOCKET, modules, f"{SOCKET}.so is loaded")
    if modules[RTP] is False:
        better = f"load {SOCKET}.so with res_audiosocket.so (not in 16), or {RTP}.so with res_rtp_multicast.so"
        return Choice(Way.EAGI, modules, f"neither {SOCKET}.so nor {RTP}.so is loaded", better)
    why = (
        f"{SOCKET}.so is not loaded" if modules[RTP] else "the switch does not tell its modules: load func_module.so"
    )
    return Choice(Way.RTP, modules, why, f"load {SOCKET}.so with res_audiosocket.so (not in 16)")


def told(choice: Choice, audio: AudioConfig) -> str:
    """``choice`` in words: where the audio goes, why so, what the switch has loaded, and what would be better."""
    first, last = audio.ports[0], audio.ports[-1]
    place = {
        Way.AUDIO_SOCKET: f", to {audio.host}, the first free port of {first} to {last}",
        Way.RTP: f", to {audio.host}, ports {first} to {last}",
        Way.EAGI: f", to {audio.host}, the first free port of {first} to {last}; the dialplan must have the relay",
        Way.RECORD: ", not while prompts play",
    }[choice.way]
    loaded = ", ".join(name for name, has in choice.modules.items() if has) or "none that is known"
    better = f"; for a better way {choice.better}" if choice.better else ""
    return f"by {choice.way.value}{place} ({choice.why}; loaded: {loaded}){better}"


async def open_inlets(way: Way, audio: AudioConfig, new_id: Callable[[], uuid.UUID]) -> Inlets | None:
    """The way in, started; None where nothing comes in.

    Raises:
        OSError: no port of ours is free.
    """
    inlets: Inlets
    match way:
        case Way.AUDIO_SOCKET | Way.EAGI:
            inlets = AudioSocketServer(audio.host, audio.ports, audio.allow, new_id)
        case Way.RTP:
            inlets = RtpPorts(audio.host, audio.ports, audio.allow)
        case Way.RECORD:
            return None
    await inlets.start()
    return inlets


async def find_way(ami: AmiSettings, wanted: str) -> Choice:
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
