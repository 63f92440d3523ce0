"""What a switch tells: of itself, of the legs that we asked for, and of calls.

The contract stands in ``calls/switch/port.py``; words of one switch never come this far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from calls.ids import BootId, CallId, LegId


@dataclass(frozen=True, slots=True)
class SwitchUp:
    """Logged in and reconciled: the switch's run, and our ids that live on it."""

    boot: BootId
    live: frozenset[str]
    """What has a channel now: our ids of attempts and agents' legs, and the switch's own (``CallInfo.channel``)."""


@dataclass(frozen=True, slots=True)
class SwitchDown:
    """The connection is lost; live calls may go on without us."""

    reason: str


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The far end rings."""

    leg_id: LegId


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The far end answered. ``unseen``: an adopted leg's, at some moment before now while nobody listened, perhaps
    long ago."""

    leg_id: LegId
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class LegHeld:
    """The phone at the far end of an answered leg has put us on hold by a key of its own, or (``held`` False) takes
    us back. It may be told twice. ``has_music``: the switch plays music to whom the leg talks with, and knows what
    the key says only while the two are together; else they hear nothing."""

    leg_id: LegId
    held: bool
    has_music: bool = False


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone, or never came to be. Exactly one for each accepted originate.

    ``cause`` is Q.850 (None: the switch did not say); ``timed_out``: our ring timeout ran out;
    ``never_existed``: the switch could not make a channel at all; ``unseen``: an adopted leg's that ended
    while nobody listened, so that nobody knows what it came to, or whether it was answered in the end.
    """

    leg_id: LegId
    cause: int | None
    timed_out: bool = False
    never_existed: bool = False
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class CallConnected:
    """A ``Connect`` has succeeded: from now on caller and agent hear each other.

    ``recorded`` False: the recording that it asked for was refused, and the two talk without.
    """

    call_id: CallId
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class CallLost:
    """A call that we do not hold has ended: one given to ``adopt`` after a restart of ours."""

    call_id: CallId
    cause: int | None


SwitchEvent = SwitchUp | SwitchDown | LegRinging | LegAnswered | LegHeld | LegEnded | CallConnected | CallLost

EventHandler = Callable[[SwitchEvent], None]
