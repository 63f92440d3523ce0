"""``hangup``: say goodbye and end the call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from calls.switch.port import Done, Play
from ivr.nodes.base import End, Exit, Name, NodeModel, Place, PromptKeys, Unexpected, Visit, listed
from ivr.turn import Turn


class Hangup(NodeModel):
    """Play the prompts, if any (``[]``: none), and end the call. ``outcome`` goes into the call's record."""

    kind: ClassVar[str] = "hangup"
    hangup: PromptKeys = Field(description="a list of prompts, such as [main.goodbye], or [] for none")
    outcome: Name = Field(default="completed", description="a word for the call's record, such as completed")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """None: the call ends."""
        yield from ()

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """The goodbye."""
        return listed("hangup", self.hangup)

    def visit(self, turn: Turn) -> Visit:
        """The outcome stands before the goodbye: who hangs up during it has not dropped off."""
        turn.settle(self.outcome)
        if self.hangup:
            result = yield Play(turn.prompts(self.hangup))
            if not isinstance(result, Done):
                raise Unexpected("Play", result)
        return End("hangup", self.outcome)
