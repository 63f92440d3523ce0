"""What the Asterisk switch has to know, from the settings."""

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
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.audio_way import AudioConfig
from calls.switch.asterisk.fastagi import Limits

CALL_LIMIT_S = 4 * 3600
"""A customer's call ends after this, whatever goes wrong; the dialplan says the same of a talk."""

HEARING_LIMIT_S = 30
"""A leg that hears a caller ends after this where nobody puts it off; the dialplan says this or less."""


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
class AsteriskConfig:
    """One Asterisk and the two ways to it. ``agi_port`` 0: any free port, for tests."""

    name: str
    ami: AmiSettings
    agi_host: str
    agi_port: int
    agi_token: SecretStr
    agi_allow: tuple[IPv4Network | IPv6Network, ...]
    trunks: Mapping[str, TrunkDial]
    destinations: Mapping[str, str] = field(default_factory=dict)
    context_prefix: str = "callwright"
    limits: Limits = field(default_factory=Limits)
    settle_s: float = 3.0
    """How long a switch is left to itself after a connection was made, before what it does not list is called gone:
    what was sent over the connection before may still be on its way (RELIABILITY, crash-safe attempts, 3)."""
    sweep_s: float = 15.0
    """How often what we believe is compared with the switch's list of channels: an event can be lost."""
    call_limit_s: int = CALL_LIMIT_S
    recordings: RecordingFiles = DEPLOYED
    audio: AudioConfig = field(default_factory=AudioConfig)
    """How callers are heard."""

    @classmethod
    def from_settings(cls, settings: Settings) -> AsteriskConfig:
        """The part of the settings that concerns Asterisk."""
        asterisk, secrets = settings.asterisk, settings.secrets
        return cls(
            name=settings.switch.name,
            ami=AmiSettings(
                host=asterisk.ami_host,
                port=asterisk.ami_port,
                user=asterisk.ami_user,
                secret=secrets.ami_secret,
                # The first connection is up when the switch has settled and was compared with what we know.
                connect_timeout_s=asterisk.connect_timeout_s + settings.engine.settle_s,
            ),
            agi_host=asterisk.agi_host,
            agi_port=asterisk.agi_port,
            agi_token=secrets.agi_token,
            agi_allow=asterisk.agi_allow,
            trunks={trunk.name: TrunkDial(trunk.dial, trunk.plus) for trunk in settings.trunks},
            destinations=dial_strings(settings),
            context_prefix=asterisk.context_prefix,
            limits=Limits(calls=asterisk.max_calls, calls_per_address=asterisk.max_calls),
            settle_s=settings.engine.settle_s,
            recordings=RecordingFiles(settings.recordings.folder),
            audio=AudioConfig(
                asterisk.audio,
                asterisk.audio_host,
                range(asterisk.audio_ports[0], asterisk.audio_ports[1] + 1),
                asterisk.agi_allow,
            ),
        )

    def trunk(self, name: str) -> TrunkDial:
        """The trunk of that name.

        Raises:
            CommandRefused: the settings have none.
        """
        if name not in self.trunks:
            raise CommandRefused(f"no trunk is named {name!r} in the settings")
        return self.trunks[name]
