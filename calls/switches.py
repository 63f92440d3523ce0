"""Which switches an installation has, and what belongs to each: trunks, agents, destinations, supervisors.

With one switch everything is its own and nothing has to say so. With several each names its owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from calls.errors import UserError
from calls.freeswitch_settings import FreeSwitchSettings
from calls.parts import Part
from calls.secrets import SECRETS_OF_SWITCHES, SwitchSecrets
from calls.switch_settings import Asterisk, NamedSwitch, SwitchSettings
from calls.toml_file import Place

if TYPE_CHECKING:  # the settings ask for their own faults
    from calls.settings import Settings

OWNED = ("trunks", "agents", "destinations", "supervisors")
"""The tables whose members are each of one switch."""

KINDS: Mapping[str, Part] = {"asterisk": Asterisk(), "freeswitch": FreeSwitchSettings()}
"""The table of each kind of switch, as it is where nothing is said."""

P = TypeVar("P", bound=Part)


def switches_of(settings: Settings) -> tuple[NamedSwitch, ...]:
    """The switches of the settings; the only one of ``[switch]`` as if it stood in ``[[switches]]``."""
    if settings.switches:
        return settings.switches
    only = settings.switch
    return (NamedSwitch(name=only.name, kind=only.kind, asterisk=settings.asterisk, freeswitch=settings.freeswitch),)


def names_of(settings: Settings) -> tuple[str, ...]:
    """The names of the switches, in the order of the settings."""
    return tuple(each.name for each in switches_of(settings))


def weights_of(settings: Settings) -> Mapping[str, int]:
    """The weights of the switches by their names."""
    return {each.name: each.weight for each in switches_of(settings)}


def owned(settings: Settings, only: str | None = None) -> Settings:
    """The settings with an owner named in each member of :data:`OWNED`: with one switch that one. ``only``: how that
    one is called by who runs it; None: as in the settings."""
    names = names_of(settings) if only is None else (only,)
    if len(names) > 1:
        return settings
    return settings.model_copy(update={key: _all_of(getattr(settings, key), names[0]) for key in OWNED})


def _all_of(members: tuple[P, ...], name: str) -> tuple[P, ...]:
    return tuple(each.model_copy(update={"switch": name}) for each in members)


def alone(settings: Settings, name: str) -> Settings:
    """The settings as they would be with this switch alone: its connection and secrets, and what it owns.

    Raises:
        KeyError: the settings have no such switch.
    """
    found = {each.name: each for each in switches_of(settings)}[name]
    mine: dict[str, object] = {
        key: tuple(each for each in getattr(owned(settings), key) if each.switch == name) for key in OWNED
    }
    own = settings.secrets.switches.get(name, SwitchSecrets())
    secrets = {key: getattr(own, key) for key in SECRETS_OF_SWITCHES if getattr(own, key).get_secret_value()}
    mine |= {
        "switch": SwitchSettings(kind=found.kind, name=name),
        "asterisk": found.asterisk,
        "freeswitch": found.freeswitch,
        "switches": (),
        "secrets": settings.secrets.model_copy(update={**secrets, "switches": {}}),
    }
    return settings.model_copy(update=mine)


def chosen(settings: Settings, on: str | None) -> NamedSwitch:
    """The switch that somebody named, or the only one.

    Raises:
        UserError: there are several and none is named, or there is none of that name.
    """
    known = {each.name: each for each in switches_of(settings)}
    if on is None and len(known) > 1:
        raise UserError(f"say with --on which switch: {', '.join(known)}")
    name = next(iter(known)) if on is None else on
    if name not in known:
        raise UserError(f"no switch is named {name}: expected one of {', '.join(known)}")
    return known[name]


# --- faults -----------------------------------------------------------------------------------------------------


def faults(settings: Settings) -> Iterator[tuple[Place, str]]:
    """What is wrong with switches and owners, each with the place of the value that is to be changed."""
    if settings.switches:
        for key, default in (("switch", SwitchSettings()), *KINDS.items()):
            if getattr(settings, key) != default:
                yield (key,), f"stands beside [[switches]], each of which says that itself: take [{key}] out"
        yield from _faults_of_switches(settings.switches)
    names = names_of(settings)
    for key in OWNED:
        for index, each in enumerate(getattr(settings, key)):
            if each.switch is None and len(names) > 1:
                yield (key, index, "switch"), f"missing: say which switch it is of, one of {', '.join(names)}"
            elif each.switch is not None and each.switch not in names:
                yield (key, index, "switch"), f"no switch is named {each.switch}: expected one of {', '.join(names)}"


def _faults_of_switches(switches: tuple[NamedSwitch, ...]) -> Iterator[tuple[Place, str]]:
    for (_, one), (index, other) in combinations(enumerate(switches), 2):
        if one.name == other.name:
            yield ("switches", index, "name"), f"{other.name} is there already: expected another name"
        if one.kind == other.kind == "asterisk":
            for key, problem in _asterisks(one.name, one.asterisk, other.asterisk):
                yield ("switches", index, "asterisk", key), problem
        if one.kind == other.kind == "freeswitch":
            for key, problem in _freeswitches(one.name, one.freeswitch, other.freeswitch):
                yield ("switches", index, "freeswitch", key), problem
    for index, each in enumerate(switches):
        for kind, default in KINDS.items():
            if each.kind != kind and getattr(each, kind) != default:
                yield ("switches", index, kind), f"is for {kind}, and {each.name} is of kind {each.kind}"


def _asterisks(name: str, mine: Asterisk, yours: Asterisk) -> Iterator[tuple[str, str]]:
    """What two Asterisks cannot have in common."""
    if (mine.ami_host, mine.ami_port) == (yours.ami_host, yours.ami_port):
        yield "ami_port", f"{name} is reached there too: expected another host or port, one for each switch"
    if mine.agi_port == yours.agi_port:
        yield "agi_port", f"{name} finds us at port {mine.agi_port} too: expected another port for each switch"
    if mine.audio_host == yours.audio_host and _overlap(mine.audio_ports, yours.audio_ports):
        yield "audio_ports", f"{name} has ports among them: expected ports of its own for each switch"


def _freeswitches(name: str, mine: FreeSwitchSettings, yours: FreeSwitchSettings) -> Iterator[tuple[str, str]]:
    """The same of two FreeSWITCHes."""
    if (mine.esl_host, mine.esl_port) == (yours.esl_host, yours.esl_port):
        yield "esl_port", f"{name} is reached there too: expected another host or port, one for each switch"
    if mine.socket_port == yours.socket_port:
        yield "socket_port", f"{name} finds us at port {mine.socket_port} too: expected another for each switch"


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
