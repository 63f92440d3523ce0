"""What the FreeSWITCH switch has to know, from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from pydantic import SecretStr

from calls.errors import CommandRefused
from calls.numbers import is_dialable
from calls.places import dial_strings
from calls.recordings import DEPLOYED, RecordingFiles
from calls.settings import Settings
from calls.switch.freeswitch.amd import AmdRule
from calls.switch.freeswitch.esl_client import EslSettings
from calls.switch.freeswitch.server import Limits


@dataclass(frozen=True, slots=True)
class TrunkDial:
    """How a number is dialled on a trunk: ``dial`` has ``{number}`` in it; ``plus``: with the number's ``+``."""

    dial: str
    plus: bool = True

    def channel(self, number: str) -> str:
        """The dial string for an E.164 number.

        Raises:
            CommandRefused: it is no E.164 number, and must never reach a dial string.
        """
        if not is_dialable(number):
            raise CommandRefused(f"{number!r} is no E.164 number: it is not dialled")
        return self.dial.replace("{number}", number if self.plus else number.removeprefix("+"))


@dataclass(frozen=True, slots=True)
class FreeSwitchConfig:
    """One FreeSWITCH and the two ways between it and us. ``port``: where its ``socket`` actions connect; 0: any free
    one, for tests. ``esl``: its event socket."""

    name: str
    host: str
    port: int
    token: SecretStr
    esl: EslSettings
    trunks: Mapping[str, TrunkDial] = field(default_factory=dict)
    destinations: Mapping[str, str] = field(default_factory=dict)
    context: str = "callwright"
    """The context of the dialplan that is ours."""
    allow: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("127.0.0.0/8"),)
    limits: Limits = field(default_factory=Limits)
    settle_s: float = 3.0
    """How long a switch is left to itself after a connection was made, before what it does not list is called gone:
    what was sent over the connection before may still be on its way (RELIABILITY, crash-safe attempts, 3)."""
    sweep_s: float = 15.0
    """How often what we believe is compared with the switch's list of channels: an event can be lost."""
    recordings: RecordingFiles = DEPLOYED
    amd: AmdRule = field(default_factory=AmdRule)
    hears: bool = True
    """Whether callers are heard: by files in the folder of recordings, which FreeSWITCH writes and we read."""

    @property
    def whose(self) -> str:
        """What no other switch of ours has, on this machine or on another one."""
        return f"{self.name} {self.host}:{self.port} {self.esl.host}:{self.esl.port}"

    @classmethod
    def from_settings(cls, settings: Settings) -> FreeSwitchConfig:
        """The part of the settings that concerns FreeSWITCH."""
        freeswitch, secrets, settle_s = settings.freeswitch, settings.secrets, settings.engine.settle_s
        return cls(
            name=settings.switch.name,
            host=freeswitch.socket_host,
            port=freeswitch.socket_port,
            token=secrets.esl_token,
            esl=EslSettings(
                freeswitch.esl_host,
                freeswitch.esl_port,
                secrets.esl_password,
                # The first connection is up when the switch has settled and was compared with what we know.
                freeswitch.connect_timeout_s + settle_s,
            ),
            trunks={trunk.name: TrunkDial(trunk.dial, trunk.plus) for trunk in settings.trunks},
            destinations=dial_strings(settings),
            context=freeswitch.context,
            allow=freeswitch.allow,
            limits=Limits(calls=freeswitch.max_calls),
            settle_s=settle_s,
            recordings=RecordingFiles(settings.recordings.folder),
            hears=freeswitch.audio != "none",
        )

    def trunk(self, name: str) -> TrunkDial:
        """The trunk of that name.

        Raises:
            CommandRefused: the settings have none.
        """
        if name not in self.trunks:
            raise CommandRefused(f"no trunk is named {name!r} in the settings")
        return self.trunks[name]
