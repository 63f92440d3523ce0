"""The words in which conformance scripts are written: few, and each realisable by SIPp and by any switch.

A script is one call: what the caller does, in seconds after the answer, and what the handler asks of the channel, one
command after another, each with the result that every switch must give.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from calls.errors import PromptError
from calls.ids import LegId
from calls.switch.port import Detected, EndedBy, Prompt, Result, Seat, SwitchCommand

# --- the caller -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Press:
    """Press the keys one after another, beginning ``at_s`` seconds after the answer; about 0.2 s from key to key."""

    at_s: float
    keys: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up ``at_s`` seconds after the answer. A caller without this waits for the other side to hang up."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak for ``for_s`` seconds, beginning ``at_s`` seconds after the answer; before and after it the caller's
    telephone sends silence. Without this a caller may send no audio at all."""

    at_s: float
    for_s: float


Act = Press | Speak | HangUp

# --- the handler ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Perform:
    """Perform another command while the first is pending, and have this result."""

    command: SwitchCommand
    expect: Result


@dataclass(frozen=True, slots=True)
class EndTalk:
    """``end_talk`` of the channel."""


@dataclass(frozen=True, slots=True)
class DropAgent:
    """``hang_up`` of the agent's leg."""


@dataclass(frozen=True, slots=True)
class Sit:
    """``seat`` of the guest's leg beside the agent's, one after another, and ``end_talk`` where asked for."""

    seats: tuple[Seat, ...]
    end_talk: bool = False


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """``after_s`` seconds after the command began, while it is pending."""

    after_s: float
    do: Perform | EndTalk | DropAgent | Sit


@dataclass(frozen=True, slots=True)
class Do:
    """Perform ``command`` and have ``expect``: at the earliest and at the latest so many seconds after it began.

    Results are the same when all fields are, except that a switch need not say a hang-up's cause, and that a
    transferred talk is as long as the far end's, 1.5 s more or less than the script says, without its ringing, and a
    message 1 s.
    """

    command: SwitchCommand
    expect: Result
    earliest_s: float = 0.0
    latest_s: float = 60.0
    meanwhile: Meanwhile | None = None


# --- what a script needs of a switch ----------------------------------------------------------------------------


class Need(Enum):
    """What a driver must be able to do for a script to be played on it."""

    MENU = "menu"
    """Answer, Play, Gather, Hangup, on calls that come in."""
    AGENTS = "agents"
    """Hold, Connect and agents' legs."""
    TRANSFER = "transfer"
    DIAL = "dial"
    HEAR = "hear"
    """``hear``, on calls that come in."""
    RECORD = "record"
    """Record, PlayRecording, and StartRecording, MuteRecording, StopRecording, on calls that come in."""


@dataclass(frozen=True, slots=True)
class CallScript:
    """One call that comes in. ``asserts`` says in a sentence what it shows; it is the text of docs/conformance.md."""

    name: str
    asserts: str
    caller: tuple[Act, ...]
    handler: tuple[Do, ...]
    ended_by: EndedBy
    """What the caller saw: CALLER, who hung up first, or US, where the hang-up came from the switch."""
    needs: Need = Need.MENU
    heard_s: tuple[tuple[float, float], ...] | None = None
    """With this the caller is heard from the first command's end on, and says something from and to these seconds
    from then, and nothing else; the caller's telephone sends audio all the time."""
    guest_outside: bool = False
    """The guest is somebody outside, at the destination ``MACHINE``, who stays for eight seconds."""


@dataclass(frozen=True, slots=True)
class DialScript:
    """One attempt to dial a number with this last digit; see :mod:`calls.switch.loopback.callees`."""

    name: str
    asserts: str
    digit: str
    answered: bool
    handler: tuple[Do, ...] = ()
    causes: frozenset[int | None] = frozenset({16})
    """The causes with which the leg may end."""
    timed_out: bool = False
    ring_timeout_s: float = 20.0
    detect_machine: bool = False
    detected: Detected = Detected.NOT_ASKED
    again: bool = False
    """Dial once more with the same id while the first is up: refused, and the first one goes on."""
    needs: Need = Need.DIAL


Script = CallScript | DialScript

# --- what the adapter's settings must have ----------------------------------------------------------------------

SHORT = Prompt("conformance.short", "en")
LONG = Prompt("conformance.long", "en")
SORRY = Prompt("system.sorry", "en")
DIRECTORY_KEY = Prompt("system.directory_key", "en")

DURATIONS_S = {SHORT: 1.0, LONG: 4.0, SORRY: 1.0, DIRECTORY_KEY: 1.0}
"""The prompts of the scripts, and how long each plays, in seconds."""


def duration_s(prompt: Prompt) -> float:
    """How long ``prompt`` plays.

    Raises:
        PromptError: there is no such prompt, as in the script of the lost one.
    """
    if prompt not in DURATIONS_S:
        raise PromptError(f"there is no prompt {prompt.key} in {prompt.language}")
    return DURATIONS_S[prompt]


ANSWERS, BUSY, SILENT, MACHINE = "answers", "busy", "silent", "machine"
TAKER = "taker"
DESTINATIONS = {ANSWERS: "1", BUSY: "5", SILENT: "6", MACHINE: "4", TAKER: "2"}
"""The transfer targets of the scripts, and the last digit of each one's number."""

AGENT = LegId("the-agents-leg")
"""Stands for the agent's leg, which is up before the caller rings in."""

GUEST = LegId("the-guests-leg")
"""Stands for a second agent's leg, which is up before the caller rings in where the script puts it somewhere."""

NOBODY = LegId("a-leg-that-never-was")
