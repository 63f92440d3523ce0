"""``say``: play prompts, then go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from calls.switch.port import Done, Play
from ivr.nodes.base import Exit, Goto, NodeModel, NodeName, Place, SomePromptKeys, Unexpected, Visit, listed
from ivr.turn import Turn


class Say(NodeModel):
    """Play prompts one after another, whole: keys are ignored. Then go on to ``next``."""

    kind: ClassVar[str] = "say"
    say: SomePromptKeys = Field(description="a list of prompts, such as [main.welcome]")
    next: NodeName = Field(description="the node to go on with")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """On to ``next``."""
        yield Exit(("next",), self.next)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is said."""
        return listed("say", self.say)

    def visit(self, turn: Turn) -> Visit:
        """Play, and leave."""
        result = yield Play(turn.prompts(self.say))
        if not isinstance(result, Done):
            raise Unexpected("Play", result)
        return Goto("next", self.next)
