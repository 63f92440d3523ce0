"""Asterisk's configuration: the files beside an administrator's own, and a whole one for an Asterisk of our own.

Both hold the same contexts, which are the wire contract with the engine:

=====================  ============================================================================================
callwright-in          callers: numbers only, filtered, then AGI ``/inbound``
callwright-dialled     an answered attempt: AMD if asked for, AGI ``/dialled,<attempt>,<AMDSTATUS>,<AMDCAUSE>``
callwright-room        a customer enters the room of an agent's leg (the extension is the leg's id)
callwright-resume      the talk is over: AGI ``/resume,<call>,<how the talk ended>``
callwright-agent       an agent's leg (the extension is its id), marked in its room
callwright-whisper     a transfer's destination hears a prompt, and may have to take the call by a key
callwright-hear        a leg of the engine's listens to what one caller says (CW_HEARS is the channel's id)
callwright-listen      a leg of ours listens to the agent's leg that the extension names
callwright-coach       the same, and whispers to that agent
callwright-join        a leg of ours is in the room of that agent's leg
callwright-tone        a tone that a second leg whispers to an agent
callwright-agents      codes that agents dial on their own phones: AGI ``/agents,<the phone>``; for the
                       administrator to include in the phones' context
callwright-fallback    the engine is not there: a spoken sorry, then the configured place or the end
=====================  ============================================================================================

How a talk ended is ``KICKED``, ``ENDMARKED`` (the agent's leg went), ``NO_AGENT`` or ``OCCUPIED`` (the two never
met), or ``FAILED``.

An AGI request that is served sets ``IVR_DONE=1`` as its last act. Its first act raises ``TIMEOUT(absolute)``: until
then a watchdog of :attr:`~dialplans.values.Includes.take_over_s` runs, so that an engine that accepts and says
nothing does not leave a caller in silence.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dialplans.values import (
    NAME,
    RELAY,
    SECRET,
    CallerId,
    Includes,
    address,
    folder,
    matches,
    network,
    refuse,
    within,
)

TEMPLATES = Path(__file__).parent / "templates"
PROGRAM = Path(__file__).parent / "relay.py"

MODE = 0o640
"""The mode of every rendered file but the relay: some of them hold secrets, and Asterisk's group reads them."""

PROGRAM_MODE = 0o750
"""Asterisk's group runs the relay."""

LIBRARIES = (
    "res_timing_timerfd",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_crypto",
    "res_musiconhold",
    "res_speech",
    "res_agi",
)
FORMATS = ("format_pcm", "format_wav", "format_sln", "format_gsm")
CODECS = ("codec_ulaw", "codec_alaw", "codec_a_mu", "codec_gsm", "codec_resample")
BRIDGES = ("bridge_simple", "bridge_native_rtp", "bridge_softmix", "bridge_holding", "chan_bridge_media")
PJSIP = (
    "res_rtp_asterisk",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_pubsub",
    "res_pjsip_session",
    "res_pjsip_sdp_rtp",
    "res_pjsip_dtmf_info",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration",
    "res_pjsip_registrar",
    "res_pjsip_nat",
    "res_pjsip_rfc3326",
    "res_pjsip_header_funcs",
    "res_pjsip_acl",
    "chan_pjsip",
)
APPLICATIONS = (
    "app_amd",
    "app_chanspy",
    "app_confbridge",
    "app_dial",
    "app_exec",
    "app_mixmonitor",
    "app_playback",
    "app_playtones",
    "app_read",
    "app_senddtmf",
    "app_stack",
    "app_verbose",
    "pbx_config",
)
FUNCTIONS = (
    "func_callerid",
    "func_cdr",
    "func_channel",
    "func_cut",
    "func_hangupcause",
    "func_logic",
    "func_module",
    "func_strings",
    "func_timeout",
)
AUDIO = ("res_rtp_multicast", "chan_rtp")
"""How callers' audio reaches the engine. chan_rtp needs the other."""
RECORDS = ("cdr_csv", "cdr_manager")
MODULES = LIBRARIES + FORMATS + CODECS + BRIDGES + PJSIP + AUDIO + APPLICATIONS + FUNCTIONS + RECORDS
"""What an Asterisk of ours loads, in this order; everything else stays out (RELIABILITY: least privilege)."""

AUDIO_SOCKET = ("res_audiosocket", "chan_audiosocket")
"""The same over TCP, where there is it: not in 16."""


RESERVED = ("callers", "line", "global", "system", "udp")
"""Section names that pjsip.conf has already."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier's SIP address. ``name`` is the endpoint's, as in the dial string ``PJSIP/{number}@<name>``."""

    name: str
    host: str
    port: int

    def __post_init__(self) -> None:
        matches("trunks.name", self.name, NAME, "a letter, then letters, digits, _ and -")
        address("trunks.host", self.host)
        within("trunks.port", self.port, 1, 65535)


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's phone: at a fixed address (``host``, ``port``), or registering with ``password``."""

    name: str
    host: str | None = None
    port: int = 5060
    password: str | None = None
    rtp_timeout_s: int = 0
    """A leg that brings no audio for so long is gone: a phone that has lost its network says no goodbye. 0: never,
    for phones that send nothing in silence."""

    def __post_init__(self) -> None:
        within("phones.rtp_timeout_s", self.rtp_timeout_s, 0, 3600)
        matches("phones.name", self.name, NAME, "a letter, then letters, digits, _ and -")
        if (self.host is None) == (self.password is None):
            raise refuse("phones", "either a host or a password")
        if self.host is not None:
            address("phones.host", self.host)
        if self.password is not None:
            matches("phones.password", self.password, SECRET, "16 to 128 letters, digits and _ ~ . -")
        within("phones.port", self.port, 1, 65535)


@dataclass(frozen=True, slots=True)
class Pbx:
    """The values of a whole Asterisk of our own.

    Raises:
        SettingsError: a value that must not reach a configuration file; the key names the field.
    """

    includes: Includes
    folder: Path
    """Its own folder: ``etc`` holds the rendered files; ``lib``, ``spool``, ``run`` and ``log`` are made in it."""
    modules: Path
    data: Path
    """Where the package's data lie: ``/usr/share/asterisk``, or the same in an unpacked tree."""
    name: str
    """The system name: the first part of its unique ids."""
    sip_port: int
    ami_port: int
    rtp_first: int
    rtp_last: int
    sip_host: str = "127.0.0.1"
    ami_host: str = "127.0.0.1"
    callers: tuple[str, ...] = ("127.0.0.1/32",)
    """Networks from which callers come."""
    trunks: tuple[Trunk, ...] = ()
    phones: tuple[Phone, ...] = ()
    audio_socket: bool = False
    """It has the modules of AudioSocket."""
    strict_rtp: bool = True
    """False for SIPp as a far end: it numbers the packets of each key anew, as an intruder would."""
    transmit_silence: bool = True
    """False where no far end waits for packets, as behind Local channels: 50 a second of each channel less."""

    @property
    def loaded(self) -> tuple[str, ...]:
        """Its modules, in their order."""
        return MODULES + (AUDIO_SOCKET if self.audio_socket else ())

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """The phones that can be known by their address: it is one from which no caller comes, and no other phone."""
        networks = [ipaddress.ip_network(each) for each in self.callers]
        hosts = [phone.host for phone in self.phones]
        return tuple(
            phone.name
            for phone in self.phones
            if phone.host is not None
            and hosts.count(phone.host) == 1
            and not any(ipaddress.ip_address(phone.host) in network for network in networks)
        )

    def __post_init__(self) -> None:
        folder("folder", self.folder)
        folder("modules", self.modules)
        folder("data", self.data)
        matches("name", self.name, NAME, "a letter, then letters, digits, _ and -")
        address("sip_host", self.sip_host)
        address("ami_host", self.ami_host)
        for key, port in (("sip_port", self.sip_port), ("ami_port", self.ami_port)):
            within(key, port, 1, 65535)
        within("rtp_first", self.rtp_first, 1024, 65533)
        within("rtp_last", self.rtp_last, self.rtp_first + 1, 65534)
        for permitted in self.callers:
            network("callers", permitted)
        names = [trunk.name for trunk in self.trunks] + [phone.name for phone in self.phones]
        if len({*names, *RESERVED}) != len(names) + len(RESERVED):
            raise refuse("phones", "a name of its own for each trunk and phone")
        if self.includes.music is None:
            raise refuse("music", "a folder of music: waiting callers would hear nothing")


def render(values: Includes) -> dict[str, str]:
    """The files for an Asterisk that runs already: file name beside its ``extensions.conf`` -> text."""
    names = ["extensions", "manager", "confbridge"] + (["musiconhold"] if values.music is not None else [])
    given = {field: getattr(values, field) for field in values.__dataclass_fields__}
    given |= {"permits": values.permits, "header": values.caller_id is CallerId.HEADER}
    files = {f"{name}_{values.prefix}.conf": _fill(f"include/{name}.conf.j2", given) for name in names}
    if values.relay is not None:
        program = PROGRAM.read_text(encoding="utf-8")
        files[values.relay.name] = f"#!{values.python} -IS\n{program}"
        files[f"{values.relay.name}.conf"] = _fill("include/relay.conf.j2", given)
    return files


def mode_of(name: str) -> int:
    """The mode of the rendered file ``name``."""
    return PROGRAM_MODE if name.startswith(f"{RELAY}_") and not name.endswith(".conf") else MODE


def render_whole(values: Pbx) -> dict[str, str]:
    """The whole configuration of an Asterisk of our own: file name in its ``etc`` -> text."""
    given = {field: getattr(values, field) for field in values.__dataclass_fields__}
    given |= {
        "etc": values.folder / "etc",
        "loaded": values.loaded,
        "own_addresses": values.own_addresses,
        "prefix": values.includes.prefix,
    }
    given |= {"music": values.includes.music}
    whole = {
        path.name.removesuffix(".j2"): _fill(f"whole/{path.name}", given)
        for path in sorted((TEMPLATES / "whole").glob("*.j2"))
    }
    return whole | render(values.includes)


def _fill(template: str, given: dict[str, object]) -> str:
    return _environment().get_template(template).render(given)


@cache
def _environment() -> Environment:
    """Templates as they stand: an unknown name is an error, and a control line leaves no empty line."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
