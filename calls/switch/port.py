"""The port: what Callwright asks of a switch, and what a switch tells.

A switch rings, plays, listens, holds and bridges by id; it decides nothing. Every driver keeps this contract, and
the conformance suite holds each of them to it:

1. A call under our control is a :class:`CallChannel`. ``perform`` takes one command and gives exactly one result.
   ``HungUp`` is a result, never an exception; after it every further ``perform`` gives ``HungUp`` again.
2. Only ``Connect`` and ``Hangup`` may be performed while another command is pending. They interrupt it: the
   pending ``perform`` gives ``Interrupted`` at once, then the new command runs.
3. Words of one switch (AGI, channel names, application names) never leave its driver.
4. Everything that came from a caller is hostile; a driver hands it on as plain text with control characters
   already gone, and never puts it back on a wire.
5. Ids of legs are ours. An event with an id that nobody asked for is dropped by the driver (invariant I12).
6. Events come through the handler given to ``start``, on the event loop, in the order the switch told them. Nothing
   may be concluded from the order of two different legs.

7. ``MuteRecording`` and ``StopRecording`` may be performed at any moment, also beside another command, and interrupt
   nothing. A hang-up ends a recording; a talk or a transfer does not.
8. A hang-up during ``Record``, once the recording had begun, still gives ``Recorded``; the next command gives
   ``HungUp``.
9. ``StopPrompts`` and ``StopGather`` may be performed at any moment. They reach a pending ``Gather`` and nothing
   else; where none is pending they change nothing: it may just have ended. A key that was pressed first wins.

Prompts are named by key and language; the driver is given a :class:`PromptFiles` that knows the files. Recordings are
named by an id of ours, ``[A-Za-z0-9_-]{1,64}``, and lie in one folder of the settings: see
:class:`calls.recordings.RecordingFiles`. No path ever comes from outside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from calls.ids import AttemptId, BootId, CallId, LegId
from calls.switch.events import EventHandler
from calls.switch.hearing import CallerAudio

# --- what callers hear and key ---------------------------------------------------------------------------------


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


# --- commands -------------------------------------------------------------------------------------------------


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

# --- results --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """It was done, whole."""


@dataclass(frozen=True, slots=True)
class Match:
    """The caller keyed a sequence that the plan takes. ``barged_in``: during a prompt."""

    keys: str
    barged_in: bool = False


@dataclass(frozen=True, slots=True)
class NoMatch:
    """The caller keyed something that the plan does not take."""

    keys: str
    barged_in: bool = False


@dataclass(frozen=True, slots=True)
class NoInput:
    """The caller keyed nothing in time."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A Connect or a Hangup took the place of the command, or a StopGather ended it."""


class EndedBy(Enum):
    """Who ended a talk or a call."""

    CALLER = "caller"
    AGENT = "agent"
    US = "us"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The talk is over and the caller is still there."""

    by: EndedBy


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Caller and agent never met: the agent's leg had gone."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """The destination answered, and that talk is over."""

    talk_s: float


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The destination was not reached. ``reason``: ``busy``, ``no_answer``, ``unavailable``, ``refused``, or
    ``declined``: it answered and did not take the call."""

    reason: str


class RecordEnd(Enum):
    """What ended a recording of the caller."""

    KEY = "key"
    SILENCE = "silence"
    LONGEST = "longest"
    """It was as long as it may be."""
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the caller said is in the recording ``name``. ``duration_s`` leaves the silence out that ended it; where
    the caller hung up it may be some tenths of a second too long."""

    name: str
    duration_s: float
    ended_by: RecordEnd


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """It was not done. ``reason``: ``running``, ``disk`` (too little is free) or ``unavailable``."""

    reason: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call has ended. ``cause``: Q.850, None where the switch did not say."""

    by: EndedBy
    cause: int | None = None


Result = (
    Done
    | Match
    | NoMatch
    | NoInput
    | Interrupted
    | TalkEnded
    | NotConnected
    | Transferred
    | TransferFailed
    | Recorded
    | RecordingFailed
    | HungUp
)

# --- calls and legs -------------------------------------------------------------------------------------------


class Detected(Enum):
    """What answered a dialled call, by the switch's answering-machine detection."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What is known of a call when it comes under our control. All text is free of control characters."""

    call_id: CallId
    switch: str
    boot: BootId
    channel: str
    """The switch's own id of the customer's channel; for the record only."""
    caller: str
    """The caller's number as the switch gave it, digits and ``+`` only; "" where unknown."""
    caller_name: str
    called: str
    """The number or extension that was called."""
    attempt_id: AttemptId | None = None
    """Set for a dialled call that was answered: equals ``call_id``."""
    detected: Detected = Detected.NOT_ASKED
    variables: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""
    """For a call of an agent's own phone, to a code of ours: that phone, as the settings name it. The switch knows it
    by its log-in or its address, never by what it says of itself."""


class CallChannel(Protocol):
    """One live call under our control. Made by the driver, used by one task."""

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""

    async def perform(self, command: SwitchCommand) -> Result:
        """Perform ``command`` to its one result; see the contract above.

        Raises:
            SwitchError: the switch or the way to it failed; the call's state is unknown.
        """

    async def end_talk(self) -> None:
        """End a talk under way (the agent hung up): the pending ``Connect`` gives ``TalkEnded``."""

    def hear(self) -> AbstractAsyncContextManager[CallerAudio]:
        """What the caller says from now on, until the context is left or the call ends. One at a time.

        Entered before the ``Gather`` beside which the caller is heard: a switch may have to record meanwhile.

        Entering it raises:
            SwitchUnavailable: this switch cannot let us hear callers, or could not in time; the call goes on.
        """


# --- originating ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DialAttempt:
    """Dial a number on a trunk. When answered, the leg arrives as a :class:`CallChannel` with ``attempt_id``."""

    attempt_id: AttemptId
    number: str
    """E.164 with ``+``; the driver refuses anything else."""
    trunk: str
    """A trunk's name in the settings."""
    caller_id: str
    ring_timeout_s: float
    detect_machine: bool = False


@dataclass(frozen=True, slots=True)
class RingAgent:
    """Ring an agent's phone and keep its leg, nailed up, for :class:`Connect`. Answered, and ready for
    a caller: ``LegAnswered``."""

    leg_id: LegId
    endpoint: str
    """An endpoint of the settings, e.g. ``PJSIP/agent1``: never from a person's input."""
    caller_id: str
    ring_timeout_s: float


class Seat(Enum):
    """Where a leg that ``RingAgent`` asked for is, and what it hears there."""

    OWN = "own"
    """In a room of its own, where a ``Connect`` finds it. Alone there, it hears nothing."""
    LISTEN = "listen"
    """It hears the talk on another leg, and nobody hears it."""
    WHISPER = "whisper"
    """It hears that talk, and the other leg's agent alone hears it."""
    JOIN = "join"
    """It is in the other leg's room: all hear each other."""


Originate = DialAttempt | RingAgent

CallHandler = Callable[[CallChannel], Awaitable[None]]
"""Runs one call to its end, in a task of its own that the driver made. A driver ends a call whose handler raised."""


class Switch(Protocol):
    """A switch, seen from Callwright."""

    @property
    def name(self) -> str:
        """The switch's name in the settings and in records."""

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        """Connect, and go on reconnecting until ``stop``. Returns when the first connection stands.

        One that raised leaves nothing behind and may be called again.

        Raises:
            SwitchRefused: the credentials are wrong.
            SwitchTimeout: no connection within the settings' deadline.
            OSError: the port on which the switch finds us cannot be had.
        """

    async def stop(self) -> None:
        """Disconnect. Live calls stay up on the switch."""

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        """Take over what a run of ours before this one had up: ``LegEnded`` and ``CallLost`` will tell of them, and
        ``LegAnswered`` of each leg that is or will be answered: perhaps that happened while nobody listened. A
        customer who comes back from a talk of then is hung up: nothing is left that could lead them on.

        ``calls`` maps each call to its ``CallInfo.channel``, as its record has it.
        """

    async def originate(self, request: Originate) -> None:
        """Ask for a leg; what becomes of it comes as events with its id. Never repeated by the driver.

        Raises:
            SwitchRefused: the switch did not take the request: there is no leg and no event will come.
            SwitchUnavailable, SwitchTimeout: unknown whether there is a leg; ``SwitchUp`` will tell.
        """

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        """Put a leg that is up there, from wherever it is; returns when it is so. ``host``: the other leg, up as
        well; None with ``OWN`` only. When the host's leg ends this one is in its own room again.

        A customer whom ``Connect`` brought to this leg must have left it before.

        Raises:
            SwitchRefused: one of the legs is not there; where this one is has not changed.
            SwitchUnavailable, SwitchTimeout: unknown where it is.
        """

    async def beep(self, leg_id: LegId) -> None:
        """Let a leg that is up hear a short tone, and nobody else; returns when that was asked for.

        Raises:
            SwitchRefused: it cannot be done.
            SwitchUnavailable, SwitchTimeout: unknown whether it will be heard.
        """

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        """End a leg that we originated, or by its channel a call that was adopted; ``LegEnded`` or ``CallLost``
        follows. One that is gone already is no error."""
