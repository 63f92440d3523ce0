"""``language``: speak another language from now on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

import ivr.nodes.base as base
from ivr.nodes.base import Exit, Goto, NodeModel, NodeName, Visit
from ivr.trail import Kind
from ivr.turn import Turn


class Language(NodeModel):
    """Speak another of the flow's ``languages`` from now on, and go on to ``next``."""

    kind: ClassVar[str] = "language"
    language: base.LanguageTag = Field(description="one of the flow's languages, such as de")
    next: NodeName = Field(description="the node to go on with")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """On to ``next``."""
        yield Exit(("next",), self.next)

    def visit(self, turn: Turn) -> Visit:
        """Change the language; no command is given."""
        yield from ()
        turn.language = self.language
        turn.note(Kind.LANGUAGE, language=self.language)
        return Goto("next", self.next)
