"""``transfer_to``: join the caller to a number that the flow knows, where the rules of the settings allow it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import Field, model_validator

import calls.switch.port as port
from ivr.commands import TransferRefused
from ivr.exchange import MASK
from ivr.expressions import Expression
from ivr.nodes.base import (
    Duration,
    End,
    Exit,
    Expressed,
    Goto,
    Name,
    NodeModel,
    NodeName,
    Place,
    PromptKeys,
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.nodes.transfer import DECLINED, TAKE, TRANSFERRED, check_taking
from ivr.trail import Kind
from ivr.turn import Turn
from ivr.values import in_words


class TransferTo(NodeModel):
    """Ring a number and join it to the caller, under the rules of ``[transfer]`` in the settings.

    ``refused`` is where the caller goes when a rule forbids the number; the rest is as in ``transfer``.
    """

    kind: ClassVar[str] = "transfer_to"
    reaches_person: ClassVar[bool] = True
    transfer_to: Expressed = Field(description="an expression that gives the number, such as office")
    ring: Duration = Field(default="20s", validate_default=True, description="how long it rings, such as 20s")
    whisper: PromptKeys = Field(default=(), description="a list of prompts for whoever answers, alone")
    attended: bool = Field(default=False, description="true where whoever answers takes the call by 1, or false")
    music: Name | None = Field(default=None, description="the name of a class of music while it rings")
    failed: NodeName = Field(description="the node for when nobody was reached")
    refused: NodeName | None = Field(default=None, description="the node for a number that a rule forbids")
    declined: NodeName | None = Field(default=None, description="the node for when whoever answered did not take it")
    next: NodeName | None = Field(default=None, description="the node to go on with after the talk")

    @model_validator(mode="after")
    def _says_how_to_take_it(self) -> Self:
        check_taking(self.attended, self.whisper)
        return self

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``next`` after a talk, the others by themselves."""
        for name, to in {"failed": self.failed, "refused": self.refused, "declined": self.declined}.items():
            if to is not None:
                yield Exit((name,), to)
        if self.next is not None:
            yield Exit(("next",), self.next, Taken.BY_PERSON)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What whoever answers hears."""
        return listed("whisper", self.whisper)

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """The number."""
        yield ("transfer_to",), self.transfer_to

    def visit(self, turn: Turn) -> Visit:
        """Ask for it, and see what became of it."""
        number = in_words(turn.value(self.transfer_to))
        named = MASK if turn.is_secret(self.transfer_to) else number
        turn.note(Kind.TRANSFER_STARTED, destination=named)
        result = yield port.Transfer(
            "",
            self.ring,
            number=number or NONE,
            whisper=turn.prompts(self.whisper),
            take_key=TAKE if self.attended else "",
            music=self.music or "",
        )
        match result:
            case port.Transferred(talk_s):
                turn.talk_s += talk_s
                turn.note(Kind.TRANSFER_ENDED, destination=named, talk_s=talk_s)
                return Goto("next", self.next) if self.next is not None else End("end", TRANSFERRED)
            case TransferRefused(rule):
                turn.note(Kind.TRANSFER_REFUSED, destination=named, rule=rule)
                return Goto("refused", self.refused) if self.refused is not None else Goto("failed", self.failed)
            case port.TransferFailed(reason):
                turn.note(Kind.TRANSFER_FAILED, destination=named, reason=reason)
                if reason == DECLINED and self.declined is not None:
                    return Goto("declined", self.declined)
                return Goto("failed", self.failed)
            case _:
                raise Unexpected("Transfer", result)


NONE = "none"
"""Stands for a number that is not there: it is no number, and refused as such."""
