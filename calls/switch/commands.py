"""What a call on a switch is asked to do: prompts, keys, a type for each command. See :mod:`calls.switch.port`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from calls.ids import LegId


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt by its key in one language, e.g. ``Prompt("main.welcome", "en")``.

    With a ``text`` it is none yet: the engine has it spoken and hands the prompt of that to the driver.
    """

    key: str
    language: str
    text: str = ""


class PromptFiles(Protocol):
    """Where the rendered prompts are."""

    def path(self, prompt: Prompt) -> Path:
        """The audio file of ``prompt`` in the switch's own format, resolved inside the prompt root.

        Raises:
            PromptError: there is no such prompt.
        """

    def duration_s(self, prompt: Prompt) -> float:
        """How long ``prompt`` plays, in seconds."""


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """Which keys a caller may press, and how a driver knows that a sequence is complete.

    ``choices`` are exact key sequences ("1", "0", "42", "#"); ``direct_dial_digits`` is the set of lengths of
    free sequences of digits that are taken too (an extension). The decision is pure: ``calls/switch/keys.py``
    decides for every driver, so that a key means the same on every switch.
    """

    choices: frozenset[str]
    direct_dial_digits: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the call. Result: ``Done``."""


@dataclass(frozen=True, slots=True)
class Play:
    """Play the prompts one after another; keys are ignored. Result: ``Done``."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Gather:
    """Play the prompts while listening for keys. Result: ``Match``, ``NoMatch`` or ``NoInput``.

    ``first_key_timeout_s`` runs from the end of the prompts, ``next_key_timeout_s`` from each key. With
    ``barge_in`` a key stops the prompt; without it keys pressed during the prompt are dropped.
    """

    prompts: tuple[Prompt, ...]
    plan: KeyPlan
    first_key_timeout_s: float
    next_key_timeout_s: float
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class StopPrompts:
    """The caller has begun to speak: stop the prompts of a pending ``Gather``, which listens on with
    ``first_key_timeout_s`` from now, also where its prompts are over. Result: ``Done``.

    While the prompts of one without barge-in play, and after a key, nothing changes.
    """


@dataclass(frozen=True, slots=True)
class StopGather:
    """The caller has said enough: end a pending ``Gather``, which gives ``Interrupted``. Result: ``Done``.

    After a key nothing changes.
    """


@dataclass(frozen=True, slots=True)
class Hold:
    """Hold the caller with music. Result: ``Done`` after ``for_s``, or ``Interrupted`` by Connect or Hangup.

    With a ``plan``, whose choices are single keys, one of them ends the hold with ``Match``; other keys, and all keys
    without a plan, change nothing.
    """

    for_s: float
    music: str = "default"
    plan: KeyPlan | None = None


@dataclass(frozen=True, slots=True)
class Connect:
    """Bring the caller together with the agent's leg, which is up already. Interrupts what is pending.

    The moment the two can hear each other the driver tells :class:`CallConnected`, once.
    Result: ``TalkEnded`` when the talk is over and the caller is ours again, or ``HungUp`` when the caller left,
    or ``NotConnected`` when the two never met (the leg had gone).
    """

    agent_leg: LegId
    record: str = ""
    """The id of a recording of this talk alone, both sides of it, from the moment the two can hear each other to the
    talk's end; "": there is none. Not where the call is being recorded already. ``MuteRecording`` reaches it."""


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record the call from here on, both sides of it, through every talk and transfer, until ``StopRecording`` or the
    call's end. Result: ``Done``, or ``RecordingFailed`` (``running`` where the call is being recorded already)."""

    name: str
    """The recording's id."""


@dataclass(frozen=True, slots=True)
class MuteRecording:
    """Let the recording hold silence instead of what is said, or no longer, as where a card number is keyed.

    Result: ``Done``: nothing of what follows is recorded. This is so, too, where the call is not being recorded.
    ``RecordingFailed``: unknown, so nothing may be said that must not be recorded.
    """

    muted: bool


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End the recording. Result: ``Done``, also where there is none, or ``RecordingFailed``."""


@dataclass(frozen=True, slots=True)
class Record:
    """Play the prompts, then a beep, and record what the caller says. Result: ``Recorded`` or ``RecordingFailed``.

    One of ``end_keys`` ends the prompts, and then the recording. It ends by itself after ``longest_s``, or when the
    caller has said nothing for ``silence_s`` (from its beginning on too). A switch that hears nothing at all, because
    the caller's telephone sends no audio in silence, may find only ``longest_s``.
    """

    name: str
    """The recording's id."""
    prompts: tuple[Prompt, ...]
    longest_s: float
    silence_s: float
    end_keys: str = "#"
    beep: bool = True


@dataclass(frozen=True, slots=True)
class PlayRecording:
    """Play what ``Record`` has recorded, whole; keys are ignored. Result: ``Done`` or ``RecordingFailed``."""

    name: str
    duration_s: float
    """How long it plays, as ``Recorded`` said."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Dial a destination of the settings by its name and join it to the caller. Result: ``Transferred`` when that
    talk is over, or ``TransferFailed``.

    Where it answers it hears ``whisper`` first, and the caller does not. With ``take_key`` it must press that key
    within five seconds of the prompts, or the caller comes back: ``TransferFailed``, ``declined``. The talk's length
    counts from when the two hear each other.
    """

    destination: str
    """A destination's name, or with ``number`` a trunk's."""
    ring_timeout_s: float
    number: str = ""
    """In E.164 with ``+``: what is dialled on the trunk. A driver refuses anything else."""
    whisper: tuple[Prompt, ...] = ()
    take_key: str = ""
    """One key; it needs ``whisper``, which says so."""
    music: str = ""
    """A class of music that the caller hears while it rings; "": the ringing itself."""
    talk_limit_s: float = 14_400.0
    """The talk is ended after this."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call with a Q.850 cause. Interrupts what is pending. Result: ``HungUp``."""

    cause: int = 16


SwitchCommand = (
    Answer
    | Play
    | Gather
    | StopPrompts
    | StopGather
    | Hold
    | Connect
    | Transfer
    | StartRecording
    | MuteRecording
    | StopRecording
    | Record
    | PlayRecording
    | Hangup
)
