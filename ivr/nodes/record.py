"""``record``: begin or end the recording of the call."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from calls.switch.port import (
    Done,
    Gather,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    RecordingFailed,
    StartRecording,
    StopRecording,
)
from ivr.commands import Command, Deaf, Heard, NotUnderstood, Result
from ivr.nodes.base import (
    Duration,
    Exit,
    Goto,
    KeySequence,
    NodeModel,
    NodeName,
    Place,
    PromptKeys,
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.nodes.voice import Voice, yes_or_no
from ivr.trail import Kind
from ivr.turn import Turn

AGREES = "agrees"
"""What a yes stands for: there is no key for it."""


class RecordCall(NodeModel):
    """Begin the recording of the whole call from here on, through every talk, or end it.

    ``consent`` is played before it begins. With ``declined`` the caller may refuse by pressing ``decline`` during it
    or within ``decline_within`` after it, or by a no in a flow that is answered by voice, and goes there unrecorded.
    """

    kind: ClassVar[str] = "record"
    record: Literal["start", "stop"] = Field(description="start or stop")
    consent: PromptKeys = Field(default=(), description="a list of prompts, such as [main.recorded]")
    decline: KeySequence = Field(default="2", description='the keys that refuse, such as "2"')
    decline_within: Duration = Field(
        default="3s", validate_default=True, description="the wait for them after the prompts, such as 3s"
    )
    declined: NodeName | None = Field(default=None, description="the node for a caller who refuses")
    failed: NodeName = Field(description="the node for when the call cannot be recorded")
    next: NodeName = Field(description="the node to go on with")

    @model_validator(mode="after")
    def _asks_before_it_is_refused(self) -> Self:
        if self.record == "stop" and (self.consent or self.declined):
            raise ValueError("nobody is asked before a recording is stopped: expected no consent and no declined")
        if self.declined is not None and not self.consent:
            raise ValueError("declined needs consent: expected prompts that say how to refuse")
        return self

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``declined`` by the caller, the others by themselves."""
        if self.declined is not None:
            yield Exit(("declined",), self.declined, Taken.BY_CALLER)
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is said before."""
        return listed("consent", self.consent)

    def visit(self, turn: Turn) -> Visit:
        """Ask, where there is something to ask; then begin or end."""
        if self.declined is not None and (yield from self._refuses(turn)):
            turn.note(Kind.RECORDING, what="declined", recording=None, failed=None)
            return Goto("declined", self.declined)
        if self.consent and self.declined is None:
            yield Play(turn.prompts(self.consent))
        name = turn.recording("call") if self.record == "start" else None
        result = yield StopRecording() if name is None else StartRecording(name)
        match result:
            case Done():
                turn.note(Kind.RECORDING, what=self.record, recording=name, failed=None)
                return Goto("next", self.next)
            case RecordingFailed(reason):
                turn.note(Kind.RECORDING, what=self.record, recording=None, failed=reason)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("StartRecording", result)

    def _refuses(self, turn: Turn) -> Generator[Command, Result, bool]:
        """Whether the caller refuses, by key or by a no. Who is not understood is asked again.

        Silence agrees, unless the caller has said something before: it may have been a no that we do not know.
        """
        plan = KeyPlan(frozenset({self.decline}))
        voice = Voice(turn, yes_or_no(turn.language, AGREES, self.decline))
        before: tuple[str, ...] = ()
        spoke = False
        while True:
            asked = turn.prompts((*before, *self.consent))
            result = yield voice.ask(Gather(asked, plan, self.decline_within, self.decline_within))
            match result:
                case Match():
                    return True
                case NoInput() | NoMatch():
                    return spoke
                case Heard(value, sure=sure) if voice.listens and (sure or value == self.decline):
                    return value == self.decline
                case Heard(_, words) | NotUnderstood(words) if voice.listens:
                    before, spoke = voice.missed(words), True
                case Deaf(reason) if voice.listens:
                    before, spoke = voice.lost(reason), True
                case _:
                    raise Unexpected("Gather", result)
