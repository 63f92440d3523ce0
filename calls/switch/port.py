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

Commands and their results, each a type of its own, are in :mod:`calls.switch.commands` and
:mod:`calls.switch.results`; whoever speaks to a switch has all of it from here.

Prompts are named by key and language; the driver is given a :class:`PromptFiles` that knows the files. Recordings are
named by an id of ours, ``[A-Za-z0-9_-]{1,64}``, and lie in one folder of the settings: see
:class:`calls.recordings.RecordingFiles`. No path ever comes from outside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from calls.ids import AttemptId, BootId, CallId, LegId
from calls.switch.commands import (
    Answer,
    Connect,
    Gather,
    Hangup,
    Hold,
    KeyPlan,
    MuteRecording,
    Play,
    PlayRecording,
    Prompt,
    PromptFiles,
    Record,
    StartRecording,
    StopGather,
    StopPrompts,
    StopRecording,
    SwitchCommand,
    Transfer,
)
from calls.switch.events import EventHandler
from calls.switch.hearing import CallerAudio
from calls.switch.results import (
    Done,
    EndedBy,
    HungUp,
    Interrupted,
    Match,
    NoInput,
    NoMatch,
    NotConnected,
    Recorded,
    RecordEnd,
    RecordingFailed,
    Result,
    TalkEnded,
    TransferFailed,
    Transferred,
)

__all__ = [
    "Answer",
    "CallChannel",
    "CallHandler",
    "CallInfo",
    "Connect",
    "Detected",
    "DialAttempt",
    "Done",
    "EndedBy",
    "Gather",
    "Hangup",
    "Hold",
    "HungUp",
    "Interrupted",
    "KeyPlan",
    "Legs",
    "Match",
    "MuteRecording",
    "NoInput",
    "NoMatch",
    "NotConnected",
    "Originate",
    "Play",
    "PlayRecording",
    "Prompt",
    "PromptFiles",
    "Record",
    "RecordEnd",
    "Recorded",
    "RecordingFailed",
    "Result",
    "RingAgent",
    "RingOutside",
    "Seat",
    "StartRecording",
    "StopGather",
    "StopPrompts",
    "StopRecording",
    "Switch",
    "SwitchCommand",
    "TalkEnded",
    "Transfer",
    "TransferFailed",
    "Transferred",
]

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
    switch: str = ""
    """Where the phone is reached; "": there is only one switch."""


class Seat(Enum):
    """Where a leg that ``RingAgent`` or ``RingOutside`` asked for is, and what it hears there."""

    OWN = "own"
    """In a room of its own, where a ``Connect`` finds it. Alone there, it hears nothing."""
    LISTEN = "listen"
    """It hears the talk on another leg, and nobody hears it."""
    WHISPER = "whisper"
    """It hears that talk, and the other leg's agent alone hears it."""
    JOIN = "join"
    """It is in the other leg's room: all hear each other."""


@dataclass(frozen=True, slots=True)
class RingOutside:
    """Ring somebody outside whom an agent asks, and keep the leg as an agent's: for ``seat`` and for ``Connect``.
    Answered, and there for a caller: ``LegAnswered``. The switch ends it ``talk_limit_s`` after the answer."""

    leg_id: LegId
    destination: str
    """A destination's name in the settings, or with ``number`` a trunk's."""
    number: str
    """In E.164 with ``+``, dialled on the trunk; "": the destination itself. A driver refuses anything else."""
    caller_id: str
    ring_timeout_s: float
    talk_limit_s: float
    switch: str = ""
    """That of the call; "": there is only one."""


Originate = DialAttempt | RingAgent | RingOutside

CallHandler = Callable[[CallChannel], Awaitable[None]]
"""Runs one call to its end, in a task of its own that the driver made. A driver ends a call whose handler raised."""


class Legs(Protocol):
    """What is asked for about legs, of one switch or of several."""

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


class Switch(Legs, Protocol):
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
