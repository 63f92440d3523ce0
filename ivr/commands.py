"""What a session asks for and what it is told: the port's own words, those of the queue, and those of the books.

A session gives one command at a time and takes exactly one result for it. The port's commands go to the call's
channel as they are. ``Enqueue`` is performed by whoever runs the floor of agents (hold the caller, assign an agent,
connect the two), ``Lookup`` by whoever asks the sources, ``Commit`` by whoever keeps the books. ``RunFlow`` never
leaves the session: it is a node's word to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from calls.agents.events import Overflow
from calls.ids import FlowId
from calls.overrides import Override
from calls.switch.port import (
    Answer,
    Done,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    Match,
    MuteRecording,
    NoInput,
    NoMatch,
    Play,
    PlayRecording,
    Prompt,
    Record,
    Recorded,
    RecordingFailed,
    StartRecording,
    StopRecording,
    Transfer,
    TransferFailed,
    Transferred,
)
from ivr.cards import Card
from ivr.effects import Effect
from ivr.speech.expected import Expected
from ivr.values import Value

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Let the caller wait for an agent of a queue, and talk. Result: one of :data:`QueueResult`, or ``HungUp``.

    The caller hears an announcement when the wait begins and again every ``announce_every_s``, with ``music`` in
    between. What it says changes: before each, ``WaitTold`` tells the session how things stand, and the command that
    it gives then has the prompts of ``announcements`` in ``announce``. ``max_wait_s`` and ``music`` are None where
    the queue's own settings hold. One of ``keys`` ends the wait at any moment of it.
    """

    queue: str
    priority: int = 0
    max_wait_s: float | None = None
    music: str | None = None
    announce: tuple[Prompt, ...] = ()
    announce_every_s: float = 60.0
    announcements: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    level: int = 1
    widen_after_s: float | None = None
    overflow: Overflow | None = None
    waited_s: float = 0.0
    """For how long this caller has a place in this queue already, who left it in this call and came back."""
    urgent: bool = False
    """Taken though the queue is full or closed."""


@dataclass(frozen=True, slots=True)
class Served:
    """An agent took the call; the talk is over and the caller is still there."""

    agent_talk_s: float


@dataclass(frozen=True, slots=True)
class WaitExpired:
    """Nobody was free within the longest wait."""


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """Nobody is logged in for the queue: waiting would be in vain."""


@dataclass(frozen=True, slots=True)
class QueueClosed:
    """The queue takes no callers now: it is closed, or the engine is being drained."""


@dataclass(frozen=True, slots=True)
class QueueFull:
    """As many wait in the queue as may."""


@dataclass(frozen=True, slots=True)
class BrokeOut:
    """The caller pressed one of the keys, and waits no longer."""

    keys: str


QueueResult = Served | WaitExpired | NobodyThere | QueueClosed | QueueFull | BrokeOut


@dataclass(frozen=True, slots=True)
class Listen:
    """As ``Gather``, and the caller may say what is ``expected`` as well. Result: ``Match``, ``NoMatch`` or
    ``NoInput`` by key, or one of :data:`SpeechResult`.

    Keys work at any moment, and one that is pressed decides. Where recognition is not to be had the command is a
    ``Gather`` and no more; where it fails while the caller speaks the result is ``Deaf``.
    """

    gather: Gather
    expected: Expected
    zone: ZoneInfo = UTC
    """The caller's, in which "tomorrow" is a day."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller said something that is expected.

    ``value`` is the choice, the digits, the number, the date (``2026-12-01``), the code, or the words themselves,
    by the expectation's kind. ``sure`` is false where recognition without a grammar heard something else: the caller
    should be asked. ``confidence`` is the engine's own, in [0, 1]; it rejects nothing.
    """

    value: str
    words: str
    sure: bool = True
    confidence: float = 1.0
    barged_in: bool = False


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The caller spoke, and nothing that is expected. ``words``: what it sounded like, or ""."""

    words: str = ""
    barged_in: bool = False


@dataclass(frozen=True, slots=True)
class Deaf:
    """The caller spoke, and recognition failed: only keys are left. ``reason``: ``crashed``, ``late``, ``lost`` (the
    audio) or ``unavailable``."""

    reason: str


SpeechResult = Heard | NotUnderstood | Deaf


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask the source of this name for ``arguments``. Result: ``LookedUp``, or ``LookupFailed``.

    ``into`` names what is wanted by its path in the answer (``ivr/value_path.py``). Where the answer takes longer
    than a moment the caller hears ``meanwhile`` and then ``music``.
    """

    source: str
    arguments: Mapping[str, Value]
    into: Mapping[str, str]
    meanwhile: tuple[Prompt, ...] = ()
    music: str = "default"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """It was found. ``values``: what was wanted by its names; ``none`` where the answer says nothing of it."""

    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class LookupFailed:
    """It was not. ``reason``: ``missing`` (there is no such thing), ``timeout``, ``refused`` or ``failed``."""

    reason: str


@dataclass(frozen=True, slots=True)
class TransferRefused:
    """A ``Transfer`` to a number of the flow's: a rule of the settings forbids it. A session's ``number`` is a text
    as the flow has it; whoever performs it judges it first. ``rule``: see :class:`calls.toll.TollRule`."""

    rule: str


@dataclass(frozen=True, slots=True)
class Charge:
    """Take ``amount`` from the card by a payment gateway of the settings. Result: one of :data:`ChargeResult`.

    It is asked once, under ``key``, and goes on to its end though the caller hangs up. Whoever performs it wipes the
    card. The caller hears ``meanwhile`` and then ``music`` where it takes longer than a moment.
    """

    gateway: str
    amount: Decimal
    card: Card = field(repr=False)
    key: str
    meanwhile: tuple[Prompt, ...] = ()
    music: str = "default"


@dataclass(frozen=True, slots=True)
class Charged:
    """It is paid. ``token``: the gateway's word for it, or ""."""

    token: str


@dataclass(frozen=True, slots=True)
class ChargeDeclined:
    """The card was declined: nothing was taken. ``reason``: the gateway's word."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChargeFailed:
    """Nothing was taken: the gateway was not reached, or refused us."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChargeUnknown:
    """Nobody knows whether it was taken: there was no answer, or none that is understood."""

    reason: str


ChargeResult = Charged | ChargeDeclined | ChargeFailed | ChargeUnknown


@dataclass(frozen=True, slots=True)
class Commit:
    """Write ``effect`` down, for good. Result: ``Committed`` once it is on the disk, or ``CommitFailed``.

    ``key`` is the effect's own within the call: performed twice, it counts once. It is performed though the caller
    has hung up.
    """

    effect: Effect
    key: str


@dataclass(frozen=True, slots=True)
class Committed:
    """It stands in the books. ``reference``: what a caller may be told of it, such as a number of a ticket; or ""."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class CommitFailed:
    """It could not be written. ``reason``: one word, such as ``refused`` or ``unavailable``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Verify:
    """Judge whether ``pin`` is that of ``account``. Result: one of :data:`Verdict`. Nothing of the PIN is kept."""

    authenticator: str
    account: str
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """It is."""


@dataclass(frozen=True, slots=True)
class NotVerified:
    """It is not, or there is no such account."""


@dataclass(frozen=True, slots=True)
class LockedOut:
    """It was not judged: too many tries at the account, or by this caller."""


@dataclass(frozen=True, slots=True)
class VerifyFailed:
    """It could not be judged. ``reason``: one word, such as ``unavailable``."""

    reason: str


@dataclass(frozen=True, slots=True)
class CheckCaller:
    """Look whether a caller's number is blocked, and how often it called within a time. Result: ``CallerChecked``."""

    number: str
    within_s: float


@dataclass(frozen=True, slots=True)
class CallerChecked:
    """``calls`` counts this call too. What cannot be looked up in time is neither blocked nor counted."""

    blocked: bool
    calls: int


Verdict = Verified | NotVerified | LockedOut | VerifyFailed


@dataclass(frozen=True, slots=True)
class RunFlow:
    """Go through another flow, with ``variables`` for its own, ``secrets`` among them. Result: ``FlowReturned``."""

    flow: FlowId
    variables: Mapping[str, Value]
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FlowReturned:
    """The other flow has returned with ``word``; ``variables`` is what it held then, ``secrets`` among them."""

    word: str
    variables: Mapping[str, Value]
    secrets: frozenset[str] = frozenset()


Command = (
    Answer
    | Play
    | Gather
    | Listen
    | Enqueue
    | Transfer
    | Lookup
    | Charge
    | StartRecording
    | MuteRecording
    | StopRecording
    | Record
    | PlayRecording
    | Commit
    | Verify
    | CheckCaller
    | Hangup
)
Ask = Command | RunFlow
"""What a node may ask for."""
Result = (
    Done
    | Match
    | NoMatch
    | NoInput
    | SpeechResult
    | QueueResult
    | Transferred
    | TransferFailed
    | TransferRefused
    | LookedUp
    | LookupFailed
    | ChargeResult
    | Recorded
    | RecordingFailed
    | Committed
    | CommitFailed
    | FlowReturned
    | Verdict
    | CallerChecked
    | Interrupted
    | HungUp
)


@dataclass(frozen=True, slots=True)
class AgentOffered:
    """The call, waiting in a queue, is offered to an agent, whose phone may ring."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class AgentConnected:
    """Agent and caller hear each other: the wait is over and the talk begins."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class OverridesChanged:
    """Supervisors have set these overrides of opening hours, and no others."""

    overrides: Mapping[str, Override]


@dataclass(frozen=True, slots=True)
class WaitTold:
    """How the caller's wait in the queue stands: who is first has ``position`` 1; ``wait_s`` None: nobody knows."""

    position: int
    wait_s: float | None


Notice = AgentOffered | AgentConnected | OverridesChanged | WaitTold
"""What happens while a command is pending and nobody asked for."""
