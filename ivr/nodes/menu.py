"""``menu``: let the caller choose by key or by voice, or dial an extension."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch
from ivr.commands import Command, Deaf, Heard, NotUnderstood, Result
from ivr.nodes.base import (
    Duration,
    Exit,
    Goto,
    KeySequence,
    NodeModel,
    NodeName,
    Place,
    PromptKey,
    SomePromptKeys,
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.nodes.phrases import Phrases, choices
from ivr.nodes.voice import AGREEMENT, DID_YOU_SAY, SPEECH, YES_OR_NO, Voice, told
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Json, Kind
from ivr.turn import Turn

NOINPUT = "system.noinput"
NOMATCH = "system.nomatch"

SAID = "said."
"""With a node's name behind it the prompt that names the choice, for the question whether it was meant."""

Retries = Annotated[tuple[PromptKey, ...], Field(max_length=9)]


class Menu(NodeModel):
    """Play the prompts and listen for keys. Each key of ``keys`` leads to a node.

    ``noinput`` and ``nomatch`` are lists of prompts, one for each further try: after the first silence the first
    prompt of ``noinput`` is played and the menu again, and so on; when the list is at its end the caller goes to
    ``failed``. Silence and wrong keys are counted apart. With ``direct_dial`` the caller may dial any of the flow's
    ``extensions`` as well. ``first_key`` runs from the end of the prompts, ``next_key`` from each key. Without
    ``barge_in`` the prompts are played whole, and keys pressed meanwhile are dropped.

    ``phrases`` says what the caller may say for a node. Who was heard unsurely is asked whether that was meant, and
    may say another choice to that; after two answers that were not understood, or not meant, keys alone are taken.
    """

    kind: ClassVar[str] = "menu"
    menu: SomePromptKeys = Field(description="a list of prompts, such as [main.menu]")
    keys: dict[KeySequence, NodeName] = Field(min_length=1, description='keys and nodes, such as {"1": sales}')
    phrases: Phrases = Field(
        default_factory=dict,
        description="nodes, and by language what a caller may say for each, such as {sales: {en: [new order]}}",
    )
    direct_dial: bool = Field(default=False, description="true where the flow's extensions may be dialled, or false")
    barge_in: bool = Field(
        default=True, description="true where a key, or the caller's voice, stops the prompts, or false"
    )
    first_key: Duration = Field(
        default="5s", validate_default=True, description="the wait for the first key, such as 5s"
    )
    next_key: Duration = Field(
        default="2s", validate_default=True, description="the wait for each further key, such as 2s"
    )
    noinput: Retries = Field(default=(NOINPUT,), description="a list of prompts, one for each try after a silence")
    nomatch: Retries = Field(default=(NOMATCH,), description="a list of prompts, one for each try after a wrong key")
    failed: NodeName = Field(description="the node for when all tries are used up")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """The keys, phrases and extensions by the caller, ``failed`` by itself."""
        for keys, to in self.keys.items():
            yield Exit(("keys", keys), to, Taken.BY_CALLER)
        for to, written in self.phrases.items():
            firsts = dict.fromkeys(said[0] for said in written.values())
            yield Exit(("phrases", to), to, Taken.BY_CALLER, ", ".join(f'"{first}"' for first in firsts))
        if self.direct_dial:
            for to in extensions.values():
                yield Exit(("direct_dial",), to, Taken.BY_CALLER)
        yield Exit(("failed",), self.failed)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """The menu and what is said before each further try."""
        yield from listed("menu", self.menu)
        yield from listed("noinput", self.noinput)
        yield from listed("nomatch", self.nomatch)
        for to in self.phrases:
            yield ("phrases", to), f"{SAID}{to}"

    def expects(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """The phrases, where the language has some."""
        if phrases := choices(self.phrases, language):
            yield ("phrases",), Expected(SpokenKind.CHOICE, language, phrases)

    def visit(self, turn: Turn) -> Visit:
        """Ask until a key or a phrase fits or the tries are used up."""
        extensions = turn.extensions if self.direct_dial else {}
        plan = KeyPlan(frozenset(self.keys) | frozenset(extensions))
        voice = Voice(turn, next((expected for _, expected in self.expects(turn.language)), None))
        before: tuple[str, ...] | None = ()
        silences = misses = 0
        while before is not None:
            asked = turn.prompts((*before, *self.menu))
            result = yield voice.ask(Gather(asked, plan, self.first_key, self.next_key, self.barge_in))
            match result:
                case Match():
                    return self._choose(turn, result)
                case Heard() if voice.listens:
                    settled = yield from voice.settle(result, partial(self._was_meant, turn))
                    if isinstance(settled, Heard):
                        return self._take(turn, settled, silences + misses + voice.misses)
                    before = settled
                case NotUnderstood(words) if voice.listens:
                    before = voice.missed(words)
                case Deaf(reason) if voice.listens:
                    before = voice.lost(reason)
                case NoInput():
                    silences += 1
                    before = further_try(turn, Kind.NOINPUT, self.noinput, silences)
                case NoMatch(keys):
                    misses += 1
                    keys += yield from self._rest(keys, plan, extensions)
                    before = further_try(turn, Kind.NOMATCH, self.nomatch, misses, keys)
                case _:
                    raise Unexpected("Gather", result)
        return Goto("failed", self.failed)

    def _choose(self, turn: Turn, match: Match) -> Goto:
        """The way of the keys that fitted. A key goes before an extension of the same digits."""
        if match.keys in self.keys:
            kind, way, to = Kind.CHOICE, f"keys.{match.keys}", self.keys[match.keys]
        else:
            kind, way, to = Kind.DIRECT_DIAL, "direct_dial", turn.extensions[match.keys]
        turn.note(kind, keys=match.keys, to=to, barged_in=match.barged_in)
        return Goto(way, to)

    def _was_meant(self, turn: Turn, to: str) -> Gather:
        """The question whether the caller meant the choice."""
        asked = turn.prompts((DID_YOU_SAY, f"{SAID}{to}", YES_OR_NO))
        return Gather(asked, AGREEMENT, self.first_key, self.next_key)

    def _take(self, turn: Turn, heard: Heard, retries: int) -> Goto:
        """The way of what was said."""
        turn.note(
            Kind.CHOICE,
            keys="",
            to=heard.value,
            barged_in=heard.barged_in,
            by=SPEECH,
            words=told(heard.words),
            confidence=heard.confidence,
            sure=heard.sure,
            retries=retries,
        )
        return Goto(f"phrases.{heard.value}", heard.value)

    def _rest(self, keys: str, plan: KeyPlan, extensions: Mapping[str, str]) -> Generator[Command, Result, str]:
        """The digits that still come of a wrongly dialled extension, so that it costs one try and not one a digit.

        A key that no choice begins with ends the gathering at once; only where it may be the beginning of an
        extension that does not exist do we listen on, for as long as between two keys.
        """
        missing = max(map(len, extensions), default=0) - len(keys)
        timed_out = any(choice.startswith(keys) for choice in plan.choices)
        if missing <= 0 or timed_out or not keys.isdecimal():
            return ""
        result = yield Gather((), KeyPlan(frozenset(), frozenset({missing})), self.next_key, self.next_key)
        match result:
            case Match(rest) | NoMatch(rest):
                return rest
            case NoInput():
                return ""
            case _:
                raise Unexpected("Gather", result)


def further_try(
    turn: Turn, kind: Kind, prompts: tuple[str, ...], count: int, keys: str | None = None, **more: str
) -> tuple[str, ...] | None:
    """What is said before the menu is played again after the ``count``-th failure, or None: no further try.

    ``more`` is noted too.
    """
    detail: dict[str, Json] = {"count": count, "left": max(0, len(prompts) - count + 1), **more}
    if keys is None:
        turn.note(kind, **detail)
    else:
        turn.note(kind, keys=keys, **detail)
    return prompts[count - 1 : count] if count <= len(prompts) else None
