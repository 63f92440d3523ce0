"""What a node sees of the call while the caller is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from calls.agents.events import Claim
from calls.overrides import Override, OverrideState
from calls.switch.port import Prompt
from ivr.effects import Effect
from ivr.expressions import CALL, EvaluationError, Expression
from ivr.trail import Detail, Instant, Json, Kind, TrailEvent
from ivr.values import Value, Values, checked
from prompts.phrases import LiveText, Phrase, Slot, compose, slots
from prompts.spoken import SpokenError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

CALL_NAMES: Mapping[str, str] = {
    "call.caller": "the caller's number as the switch gave it, or empty",
    "call.caller_name": "the caller's name as the switch gave it, or empty",
    "call.called": "the number or extension that was called",
    "call.customer": "the number of the person outside: the caller, or of a dialled call the called",
    "call.language": "the language that is spoken now, such as en",
    "call.date": "today in the flow's zone, such as 2026-12-01",
    "call.time": "the time of day in the flow's zone, such as 09:30",
    "call.weekday": "mon, tue, wed, thu, fri, sat or sun",
}
"""What expressions may read of the call itself."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the call before its flow begins. Text is free of control characters, and still hostile."""

    caller: str = ""
    caller_name: str = ""
    called: str = ""
    customer: str = ""
    call_id: str = "walk"
    """Ours: what the names of the call's recordings begin with."""


UNKNOWN = Facts()
"""Nothing is known."""


Phrases = Mapping[str, Mapping[str, Phrase]]


@dataclass(slots=True)
class Scope:
    """What belongs to the flow that the caller is in: of a subflow, its own."""

    extensions: Mapping[str, str]
    zone: ZoneInfo
    variables: dict[str, Value]
    prefix: str = ""
    """What stands before a node's name in the trail: "" in the call's own flow, else the subflow's id and ``/``."""
    secrets: set[str] = field(default_factory=set)
    """The variables of which nothing is kept: no trail, log or record ever holds their values."""
    speech: bool = False
    """Whether callers may answer by voice, where a node says what."""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Since when a caller waits in a queue, and for whom."""

    since: Instant
    claim: Claim = field(default_factory=Claim)


class Turn:
    """The state of one call that nodes share: the moment, the language, the variables, the trail, the outcome."""

    def __init__(self, language: str, scope: Scope, facts: Facts, now: Instant, draw: float = 0.0) -> None:
        self.language = language
        self.scope = scope
        self.node = ""
        """The node the caller is in; "" before the first."""
        self.outcome: str | None = None
        """The call's outcome, once it is settled."""
        self.trail: list[TrailEvent] = []
        self.talk_s = 0.0
        self.wait_s = 0.0
        self.connected_s: float | None = None
        """When the talk under way with an agent began, on the monotonic clock."""
        self.draw = draw
        """A number in [0, 1) for the next split."""
        self.arms: dict[str, str] = {}
        """The ways that this call was sent by its splits, by their names."""
        self.visits = 0
        """How many nodes were entered so far."""
        self.left_behind: dict[str, Effect] = {}
        """By their keys, the effects that are written down should the caller hang up now; a node takes out what it
        has written itself."""
        self.places: dict[str, QueuePlace] = {}
        """The caller's place in each queue, where no agent has talked with the caller since."""
        self.overrides: Mapping[str, Override] = {}
        """What supervisors have set for opening hours, by name."""
        self.phrases: Phrases = {}
        """The texts with places for values, by language and key."""
        self._facts = facts
        self._recordings = 0
        self._concealed = False
        self._began = now
        self._now = now

    @property
    def extensions(self) -> Mapping[str, str]:
        """The extensions of the flow that the caller is in, and their nodes."""
        return self.scope.extensions

    @property
    def now(self) -> Instant:
        """The moment of the latest result."""
        return self._now

    def move_to(self, now: Instant) -> None:
        """Take ``now`` for the moment; the monotonic clock never runs backwards here."""
        self._now = now if now.mono_s >= self._now.mono_s else Instant(now.at, self._now.mono_s)

    @property
    def began_s(self) -> float:
        """When the session began, on the monotonic clock."""
        return self._began.mono_s

    @property
    def since_s(self) -> float:
        """Seconds since the session began."""
        return self._now.mono_s - self._began.mono_s

    def recording(self, what: str) -> str:
        """A name for this visit's recording of ``what``, a word of small letters. Its parts are ids of ours, so it is
        one; the same in every replay, another in every visit."""
        self._recordings += 1
        return f"{self._facts.call_id}-{what}-{self._recordings}"

    @property
    def key(self) -> str:
        """A name for what this visit leaves in the books: the same in every replay, another in every visit."""
        return f"{self.node}:{self.visits}"

    # --- variables --------------------------------------------------------------------------------------------

    def values(self) -> Values:
        """All that an expression may read now."""
        local = self._now.at.astimezone(self.scope.zone)
        facts = self._facts
        return {
            **self.scope.variables,
            f"{CALL}.caller": facts.caller,
            f"{CALL}.caller_name": facts.caller_name,
            f"{CALL}.called": facts.called,
            f"{CALL}.customer": facts.customer,
            f"{CALL}.language": self.language,
            f"{CALL}.date": f"{local:%Y-%m-%d}",
            f"{CALL}.time": f"{local:%H:%M}",
            f"{CALL}.weekday": DAYS[local.weekday()],
        }

    def value(self, expression: Expression) -> Value:
        """What ``expression`` comes to now. Where its values do not fit it is ``none``, and the trail says why.

        Of a command that follows on a secret nothing is kept.
        """
        if self.is_secret(expression):
            self.conceal()
        try:
            return expression.value(self.values())
        except EvaluationError as problem:
            self.note(Kind.EXPRESSION_FAILED, problem=str(problem))
            return None

    def override(self, name: str) -> OverrideState | None:
        """What a supervisor has set for the hours of this name, where it holds now."""
        found = self.overrides.get(name)
        return found.state if found is not None and found.holds(self._now.at) else None

    def is_secret(self, expression: Expression) -> bool:
        """True where ``expression`` reads a secret."""
        return not expression.names.isdisjoint(self.scope.secrets)

    def set(self, name: str, value: Value, secret: bool = False) -> None:
        """Let the variable hold ``value``, as a secret or not.

        Raises:
            BadValue: no variable can hold it.
        """
        self.scope.variables[name] = checked(value)
        if secret:
            self.scope.secrets.add(name)
        else:
            self.scope.secrets.discard(name)

    # --- prompts and the trail --------------------------------------------------------------------------------

    def prompts(self, keys: Iterable[str]) -> tuple[Prompt, ...]:
        """The prompts of ``keys`` in the caller's language, values spoken where the text has a place for them."""
        phrases = self.phrases.get(self.language, {})
        return tuple(prompt for key in keys for prompt in self._spoken(key, phrases.get(key)))

    def _spoken(self, key: str, phrase: Phrase | None) -> Iterator[Prompt]:
        """What is played for one key. A value that cannot be spoken is left out, and the trail says so. So is a
        secret that no rendered prompts say: the speech of a text is kept in a file."""
        if phrase is None:
            yield Prompt(key, self.language)
            return
        if any(slot.name in self.scope.secrets for slot in slots(phrase)):
            self.conceal()
        for part in phrase:
            try:
                heard = compose((part,), self.scope.variables, self.language)
            except SpokenError as problem:
                told = "a secret" if self._concealed else str(problem)
                self.note(Kind.UNSPOKEN, prompt=key, problem=told)
                continue
            for each in heard:
                if not isinstance(each, LiveText):
                    yield each
                elif isinstance(part, Slot) and part.name in self.scope.secrets:
                    self.note(Kind.UNSPOKEN, prompt=key, problem="a secret is spoken as digits or another kind only")
                else:
                    yield Prompt("", each.language, each.text)

    def conceal(self) -> None:
        """Let nothing be kept of what the caller gives to the next command: a PIN, a card's number.

        A node says so right before it yields the command. What it notes itself is its own affair.
        """
        self._concealed = True

    def revealed(self) -> bool:
        """True where what comes of the command that was given last may be kept; asked once."""
        concealed, self._concealed = self._concealed, False
        return not concealed

    def note(self, kind: Kind, **detail: Json) -> None:
        """Add to the trail, with the node where there is one; seconds to the millisecond."""
        named: Detail = {"node": self.node, **detail} if self.node else detail
        exact = {name: round(value, 3) if isinstance(value, float) else value for name, value in named.items()}
        self.trail.append(TrailEvent(self._now.at, self.since_s, kind, exact))

    def settle(self, outcome: str) -> None:
        """Let ``outcome`` be the call's, unless one is settled already."""
        if self.outcome is None:
            self.outcome = outcome
