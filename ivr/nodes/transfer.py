"""``transfer``: join the caller to a destination of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import Field, model_validator

import calls.switch.port as port
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
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.trail import Kind
from ivr.turn import Turn

TRANSFERRED = "transferred"
LEFT_IN_TRANSFER = "left_in_transfer"


TAKE = "1"
DECLINED = "declined"


def check_taking(attended: bool, whisper: tuple[str, ...]) -> None:
    """Refuse a call that is to be taken by a key that nobody is told of (ValueError)."""
    if attended and not whisper:
        raise ValueError("attended needs whisper: expected prompts that say to press 1")


class Transfer(NodeModel):
    """Ring a destination by its name in the settings and join it to the caller.

    ``whisper`` is played to the destination alone, before the two are joined. When ``attended`` it must say how to
    take the call: whoever answers presses 1, or the caller comes back and goes to ``declined``. While it rings the
    caller hears ``music``, where it is named, else the ringing. ``failed`` is where the caller goes when it is busy
    or does not answer; ``next``, where the caller goes when the talk is over (without it the call ends).
    """

    kind: ClassVar[str] = "transfer"
    reaches_person: ClassVar[bool] = True
    transfer: Name = Field(description="the name of a destination in the settings")
    ring: Duration = Field(default="20s", validate_default=True, description="how long it rings, such as 20s")
    whisper: PromptKeys = Field(default=(), description="a list of prompts for the destination alone")
    attended: bool = Field(default=False, description="true where the destination takes the call by 1, or false")
    music: Name | None = Field(default=None, description="the name of a class of music while it rings")
    failed: NodeName = Field(description="the node for when nobody was reached")
    declined: NodeName | None = Field(default=None, description="the node for when the destination did not take it")
    next: NodeName | None = Field(default=None, description="the node to go on with after the talk")

    @model_validator(mode="after")
    def _says_how_to_take_it(self) -> Self:
        check_taking(self.attended, self.whisper)
        return self

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``failed`` by itself, ``next`` after a talk."""
        yield Exit(("failed",), self.failed)
        if self.declined is not None:
            yield Exit(("declined",), self.declined)
        if self.next is not None:
            yield Exit(("next",), self.next, Taken.BY_PERSON)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What the destination hears."""
        return listed("whisper", self.whisper)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The destination."""
        yield ("transfer",), Need.DESTINATION, self.transfer

    def visit(self, turn: Turn) -> Visit:
        """Ring, and see what became of it."""
        turn.note(Kind.TRANSFER_STARTED, destination=self.transfer)
        result = yield port.Transfer(
            self.transfer,
            self.ring,
            whisper=turn.prompts(self.whisper),
            take_key=TAKE if self.attended else "",
            music=self.music or "",
        )
        match result:
            case port.Transferred(talk_s):
                turn.talk_s += talk_s
                turn.note(Kind.TRANSFER_ENDED, destination=self.transfer, talk_s=talk_s)
                return Goto("next", self.next) if self.next is not None else End("end", TRANSFERRED)
            case port.TransferFailed(reason):
                turn.note(Kind.TRANSFER_FAILED, destination=self.transfer, reason=reason)
                if reason == DECLINED and self.declined is not None:
                    return Goto("declined", self.declined)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("Transfer", result)
