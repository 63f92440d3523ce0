"""``listen``: let the caller say something in their own words, and keep what was understood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch
from calls.text import printable
from ivr.commands import Deaf, Heard, NotUnderstood
from ivr.nodes.base import (
    Duration,
    Exit,
    Goto,
    NodeModel,
    NodeName,
    Place,
    SomePromptKeys,
    Taken,
    Unexpected,
    VariableName,
    Visit,
    listed,
)
from ivr.nodes.menu import NOINPUT, Retries, further_try
from ivr.nodes.voice import NOT_UNDERSTOOD, SPEECH, Voice, told
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Kind
from ivr.turn import Turn

SKIPPED = KeyPlan(frozenset("0123456789*#"))
"""Whoever presses a key does not want to speak."""

LONGEST_TEXT = 1_000
"""Characters of what was said: a minute of fast speech."""


class ListenNode(NodeModel):
    """Play the prompts, and put what the caller says into a variable, as a text.

    It is what a recogniser made of it, with its mistakes, and a stranger's words. A key says nothing, and leads to
    ``failed``; so do silences and what is not understood, when their tries are used up, and recognition that fails.
    """

    kind: ClassVar[str] = "listen"
    listen: SomePromptKeys = Field(description="a list of prompts, such as [complaint.what_happened]")
    into: VariableName = Field(description="the variable that takes the words, such as complaint")
    first_word: Duration = Field(
        default="5s", validate_default=True, description="the wait for the first word, such as 5s"
    )
    longest: Duration = Field(
        default="30s", validate_default=True, description="how long the caller may speak, such as 30s"
    )
    noinput: Retries = Field(default=(NOINPUT,), description="a list of prompts, one for each try after a silence")
    nomatch: Retries = Field(
        default=(NOT_UNDERSTOOD,), description="a list of prompts, one for each try after what was not understood"
    )
    failed: NodeName = Field(description="the node for a caller of whom nothing was understood")
    next: NodeName = Field(description="the node to go on with")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``next`` needs a caller who speaks; ``failed`` by itself."""
        yield Exit(("failed",), self.failed)
        yield Exit(("next",), self.next, Taken.BY_CALLER)

    def sets(self) -> Iterator[tuple[Place, str]]:
        """The words."""
        yield ("into",), self.into

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is asked, and what is said before each further try."""
        yield from listed("listen", self.listen)
        yield from listed("noinput", self.noinput)
        yield from listed("nomatch", self.nomatch)

    def expects(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """Anything."""
        yield ("listen",), Expected(SpokenKind.FREE, language, longest_s=self.longest)

    def visit(self, turn: Turn) -> Visit:
        """Ask until something is understood, or the tries are used up."""
        turn.set(self.into, None)
        voice = Voice(turn, Expected(SpokenKind.FREE, turn.language, longest_s=self.longest))
        before: tuple[str, ...] | None = () if voice.listens else None
        silences = misses = 0
        while before is not None:
            asked = turn.prompts((*before, *self.listen))
            result = yield voice.ask(Gather(asked, SKIPPED, self.first_word, self.first_word))
            match result:
                case Heard(words):
                    text = printable(words)[:LONGEST_TEXT]
                    turn.set(self.into, text)
                    turn.note(Kind.SAID, into=self.into, words=text, confidence=result.confidence)
                    return Goto("next", self.next)
                case NoInput():
                    silences += 1
                    before = further_try(turn, Kind.NOINPUT, self.noinput, silences)
                case NotUnderstood(words):
                    misses += 1
                    before = further_try(turn, Kind.NOMATCH, self.nomatch, misses, "", by=SPEECH, words=told(words))
                case Match() | NoMatch():
                    break
                case Deaf(reason):
                    voice.lost(reason)
                    break
                case _:
                    raise Unexpected("Listen", result)
        return Goto("failed", self.failed)
