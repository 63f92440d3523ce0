"""What a flow leaves behind in the books: each effect is written once, before the caller is told of it.

Values only; ``console/engine/effects.py`` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calls.agents.events import Claim
from ivr.values import Value


@dataclass(frozen=True, slots=True)
class OptOut:
    """Never dial ``number`` again. It is as the flow has it: whoever writes makes E.164 of it, or refuses."""

    number: str


Json = Value | Sequence["Json"] | Mapping[str, "Json"]
"""What a message may hold; a decimal number is written as a text, which keeps it exact."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Tell the webhook ``name`` of the settings ``values``. The commit gives a reference that no other call has."""

    name: str
    values: Mapping[str, Json] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """The caller left a message for ``mailbox``: a recording of ours, ``duration_s`` seconds long. ``webhook`` is the
    name of one that is told."""

    mailbox: str
    recording: str
    duration_s: float
    webhook: str | None = None


@dataclass(frozen=True, slots=True)
class DropRecording:
    """Delete a recording that is not wanted: nothing was said, or the caller took it back."""

    recording: str


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """One question that was asked. ``value``: what was keyed, as a number; ``recording``: what was said. Neither: the
    question was skipped, or the caller hung up at it."""

    question: str
    kind: str
    value: int | None = None
    recording: str | None = None

    @property
    def given(self) -> bool:
        """True where it was answered."""
        return self.value is not None or self.recording is not None


@dataclass(frozen=True, slots=True)
class SurveyAnswers:
    """What a caller answered in the survey of a node, in the order of its questions; not those not reached."""

    survey: str
    node: str
    answers: tuple[SurveyAnswer, ...]


@dataclass(frozen=True, slots=True)
class BookCallback:
    """Call a person back, on ``number`` as the flow has it, for an agent of ``queue`` in whose place they have stood
    since ``waiting_since`` (aware), with its ``claim``. ``at``: "" for as soon as may be, a slot of the settings, or
    a time."""

    number: str
    queue: str
    waiting_since: datetime
    at: str = ""
    claim: Claim = field(default_factory=Claim)


@dataclass(frozen=True, slots=True)
class Flag:
    """Show supervisors what a caller does."""

    number: str
    what: str


Effect = BookCallback | Flag | OptOut | Webhook | LeaveMessage | DropRecording | SurveyAnswers
