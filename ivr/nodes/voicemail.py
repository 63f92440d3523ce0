"""``voicemail``: let the caller leave a message."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from calls.switch.port import (
    Done,
    Gather,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    PlayRecording,
    Prompt,
    Record,
    Recorded,
    RecordEnd,
    RecordingFailed,
)
from ivr.commands import Command, Commit, CommitFailed, Committed, Result
from ivr.effects import DropRecording, LeaveMessage
from ivr.nodes.base import (
    Duration,
    End,
    Exit,
    Goto,
    Name,
    Need,
    NodeModel,
    NodeName,
    Place,
    PromptKeys,
    SomePromptKeys,
    Unexpected,
    Visit,
    listed,
)
from ivr.trail import Kind
from ivr.turn import Turn

GREETING = "system.voicemail"
EMPTY = "system.voicemail_empty"
REVIEW = "system.voicemail_review"
SENT = "system.voicemail_sent"

LEAST_S = 1.0
"""A message must be longer than this: a hang-up at the beep is none."""

SEND, HEAR, AGAIN = "1", "2", "3"
CHOICES = KeyPlan(frozenset({SEND, HEAR, AGAIN}))
REVIEWS = 10
"""How often a caller may go through the choices: then the message is sent."""

MESSAGE_LEFT = "message_left"
"""The outcome of a call that was hung up after, or in, a message."""


class Voicemail(NodeModel):
    """Play a greeting and a beep, and record a message of the caller for a mailbox.

    ``#``, silence or ``longest`` ends it. Then the caller may send it (1), hear it (2) or record it anew (3); silence
    sends it. A message of more than a second is kept too when the caller just hangs up, in the message or after.
    ``empty`` is played before a further try when nothing was said, ``tries`` in all. ``failed`` is where the caller
    goes when all tries were in vain, or nothing can be recorded or kept.
    """

    kind: ClassVar[str] = "voicemail"
    voicemail: Name = Field(description="the mailbox's name, such as sales")
    greeting: SomePromptKeys = Field(default=(GREETING,), description="a list of prompts before the beep")
    longest: Duration = Field(default="3m", validate_default=True, description="the longest message, such as 3m")
    silence: Duration = Field(default="4s", validate_default=True, description="the silence that ends it, such as 4s")
    tries: Annotated[int, Field(ge=1, le=9)] = Field(default=2, description="a whole number from 1 to 9")
    empty: PromptKeys = Field(default=(EMPTY,), description="a list of prompts before a further try")
    review: PromptKeys = Field(default=(REVIEW,), description="a list of prompts that offer 1, 2 and 3; [] sends it")
    review_within: Duration = Field(
        default="5s", validate_default=True, description="the wait for a key after them, such as 5s"
    )
    sent: PromptKeys = Field(default=(SENT,), description="a list of prompts for when it is kept")
    webhook: Name | None = Field(default=None, description="the name of a webhook in the settings that is told")
    failed: NodeName = Field(description="the node for when no message was left, or none could be kept")
    next: NodeName = Field(description="the node to go on with once it is kept")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """Both by themselves."""
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """All that may be said."""
        for name in ("greeting", "empty", "review", "sent"):
            yield from listed(name, getattr(self, name))

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The webhook."""
        if self.webhook is not None:
            yield ("webhook",), Need.WEBHOOK, self.webhook

    def visit(self, turn: Turn) -> Visit:
        """Record, offer the choices, keep."""
        name, prompts = turn.recording("message"), turn.prompts(self.greeting)
        for _ in range(self.tries):
            taken = yield from self._take(turn, name, prompts)
            match taken:
                case RecordingFailed(reason):
                    return self._failed(turn, reason)
                case Recorded(ended_by=RecordEnd.HANGUP):
                    return (yield from self._keep(turn, taken, gone=True))
                case Recorded():
                    return (yield from self._keep(turn, taken, gone=False))
                case None:
                    prompts = turn.prompts(self.empty)
        yield Commit(DropRecording(name), f"{turn.key}:drop")
        return self._failed(turn, "empty")

    def _take(
        self, turn: Turn, name: str, prompts: tuple[Prompt, ...]
    ) -> Generator[Command, Result, Recorded | RecordingFailed | None]:
        """The message that the caller wants to leave; None where nothing was said."""
        while True:
            result = yield Record(name, prompts, self.longest, self.silence)
            match result:
                case RecordingFailed():
                    return result
                case Recorded(_, duration_s, by):
                    if by is RecordEnd.HANGUP:
                        return result
                    if duration_s <= LEAST_S:
                        return None
                case _:
                    raise Unexpected("Record", result)
            turn.left_behind[turn.key] = self._message(result)
            if not (yield from self._again(turn, result)):
                return result
            del turn.left_behind[turn.key]
            prompts = ()

    def _again(self, turn: Turn, taken: Recorded) -> Generator[Command, Result, bool]:
        """Whether the caller wants to record anew."""
        for _ in range(REVIEWS if self.review else 0):
            result = yield Gather(turn.prompts(self.review), CHOICES, self.review_within, self.review_within)
            match result:
                case Match(keys) if keys == AGAIN:
                    return True
                case Match(keys) if keys == HEAR:
                    yield PlayRecording(taken.name, taken.duration_s)
                case Match() | NoInput():
                    return False
                case NoMatch():
                    continue
                case _:
                    raise Unexpected("Gather", result)
        return False

    def _keep(self, turn: Turn, taken: Recorded, *, gone: bool) -> Generator[Command, Result, Goto | End]:
        """Write it down; ``gone``: the caller has hung up."""
        if gone and taken.duration_s <= LEAST_S:
            yield Commit(DropRecording(taken.name), f"{turn.key}:drop")
            return End("hung_up", "hung_up")
        turn.left_behind[turn.key] = self._message(taken)  # where it cannot be written now, it is tried at the end
        result = yield Commit(self._message(taken), turn.key)
        match result:
            case Committed():
                turn.left_behind.pop(turn.key, None)
                turn.note(
                    Kind.VOICEMAIL,
                    mailbox=self.voicemail,
                    recording=taken.name,
                    duration_s=taken.duration_s,
                    ended_by=taken.ended_by.value,
                    failed=None,
                )
                if gone:
                    return End("hung_up", MESSAGE_LEFT)
                if self.sent:
                    played = yield Play(turn.prompts(self.sent))
                    if not isinstance(played, Done):
                        raise Unexpected("Play", played)
                return Goto("next", self.next)
            case CommitFailed(reason):
                return self._failed(turn, reason)
            case _:
                raise Unexpected("Commit", result)

    def _message(self, taken: Recorded) -> LeaveMessage:
        return LeaveMessage(self.voicemail, taken.name, taken.duration_s, self.webhook)

    def _failed(self, turn: Turn, reason: str) -> Goto:
        turn.note(
            Kind.VOICEMAIL, mailbox=self.voicemail, recording=None, duration_s=None, ended_by=None, failed=reason
        )
        return Goto("failed", self.failed)
