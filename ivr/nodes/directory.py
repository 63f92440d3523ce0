"""``directory``: find a person by spelling the name on the telephone's keys, or by saying it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch, Prompt
from ivr.commands import Deaf, Heard, NotUnderstood
from ivr.nodes.base import (
    Exit,
    Goto,
    LanguageTag,
    NodeModel,
    NodeName,
    Place,
    SomePromptKeys,
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.nodes.menu import NOINPUT, NOMATCH, Retries, further_try
from ivr.nodes.phrases import SomePhrases, choices
from ivr.nodes.voice import AGREEMENT, DID_YOU_SAY, SPEECH, YES_OR_NO, Voice, told
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Json, Kind
from ivr.turn import Turn

KEY = "directory_key"
"""The variable that holds the key of the name that is said next."""

OFFER = "system.directory_key"

MOST = 9
"""Names that are offered at a time: one for each key but 0."""

SPELLING = KeyPlan(frozenset(), frozenset(range(1, 21)))
FIRST_KEY_S, NEXT_KEY_S = 7.0, 3.0

LETTERS = {
    letter: key
    for key, letters in {
        "2": "abc",
        "3": "def",
        "4": "ghi",
        "5": "jkl",
        "6": "mno",
        "7": "pqrs",
        "8": "tuv",
        "9": "wxyz",
    }.items()
    for letter in letters
}
"""Source: ITU-T E.161."""


def spelled(word: str) -> str:
    """The keys that spell ``word``: letters as they look without their accents; ``ß`` is two of them."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(LETTERS.get(letter, letter if letter.isascii() and letter.isdecimal() else "") for letter in plain)


class Person(BaseModel):
    """One who can be found."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    says: SomePromptKeys = Field(description="a list of prompts that say the name")
    to: NodeName = Field(description="the node for whoever asks for this name")
    phrases: Annotated[dict[LanguageTag, SomePhrases], Field(max_length=20)] = Field(
        default_factory=dict,
        description="by language what a caller may say for it, such as {en: [ann baker, ann]}",
    )


class Directory(NodeModel):
    """Let the caller spell the beginning of a name (2 is a, b or c) and choose among those that fit, or say it.

    Each word of a name counts, the first and the last. The tries are counted as in a menu; ``failed`` is where the
    caller goes when they are used up.
    """

    kind: ClassVar[str] = "directory"
    reaches_person: ClassVar[bool] = False
    directory: SomePromptKeys = Field(description="a list of prompts that ask for a name, such as [main.spell]")
    people: Annotated[dict[str, Person], Field(min_length=1, max_length=1000)] = Field(
        description="names, and of each the prompts that say it and the node it leads to"
    )
    noinput: Retries = Field(default=(NOINPUT,), description="a list of prompts, one for each try after a silence")
    nomatch: Retries = Field(
        default=(NOMATCH, NOMATCH), description="a list of prompts, one for each try after a name that nobody has"
    )
    failed: NodeName = Field(description="the node for when all tries are used up")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """The people by the caller, ``failed`` by itself."""
        for name, person in self.people.items():
            yield Exit(("people", name, "to"), person.to, Taken.BY_CALLER, name)
        yield Exit(("failed",), self.failed)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is asked, the names, and what is said before each further try."""
        yield from listed("directory", self.directory)
        for name, person in self.people.items():
            for index, key in enumerate(person.says):
                yield ("people", name, "says", index), key
        yield ("directory",), OFFER
        yield from listed("noinput", self.noinput)
        yield from listed("nomatch", self.nomatch)

    def expects(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """The names of those who have phrases."""
        if phrases := choices(self.phrases, language):
            yield ("people",), Expected(SpokenKind.CHOICE, language, phrases)

    @property
    def phrases(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """What may be said for each name, by language."""
        return {name: person.phrases for name, person in self.people.items() if person.phrases}

    def sets(self) -> Iterator[tuple[Place, str]]:
        """The key that is offered."""
        yield ("directory",), KEY

    def found(self, keys: str) -> list[str]:
        """The names of which a word is spelled so at its beginning, in the order of the file; as many as are told."""
        fit = (name for name in self.people if any(spelled(word).startswith(keys) for word in name.split()))
        return [name for name, _ in zip(fit, range(MOST), strict=False)] if keys else []

    def visit(self, turn: Turn) -> Visit:
        """Ask until a name is chosen, or the tries are used up."""
        before: tuple[str, ...] | None = ()
        silences = misses = 0
        voice = Voice(turn, next((expected for _, expected in self.expects(turn.language)), None))
        while before is not None:
            asked = turn.prompts((*before, *self.directory))
            result = yield voice.ask(Gather(asked, SPELLING, FIRST_KEY_S, NEXT_KEY_S))
            match result:
                case Heard() if voice.listens:
                    settled = yield from voice.settle(result, partial(self._was_meant, turn))
                    if isinstance(settled, Heard):
                        words = told(settled.words)
                        return self._take(turn, settled.value, "", by=SPEECH, words=words, sure=settled.sure)
                    before = settled
                    continue
                case NotUnderstood(words) if voice.listens:
                    before = voice.missed(words)
                    continue
                case Deaf(reason) if voice.listens:
                    before = voice.lost(reason)
                    continue
                case NoInput():
                    silences += 1
                    before = further_try(turn, Kind.NOINPUT, self.noinput, silences)
                    continue
                case Match(keys) | NoMatch(keys):
                    names = self.found(keys)
                case _:
                    raise Unexpected("Gather", result)
            if names:
                choices = {str(index): name for index, name in enumerate(names, start=1)}
                offered = Gather(self._offer(turn, choices), KeyPlan(frozenset(choices)), FIRST_KEY_S, NEXT_KEY_S)
                chosen = yield offered
                if isinstance(chosen, Match):
                    return self._take(turn, choices[chosen.keys], keys)
                if not isinstance(chosen, NoMatch | NoInput):
                    raise Unexpected("Gather", chosen)
            misses += 1
            before = further_try(turn, Kind.NOMATCH, self.nomatch, misses, keys)
        return Goto("failed", self.failed)

    def _offer(self, turn: Turn, choices: dict[str, str]) -> tuple[Prompt, ...]:
        """A key and a name, one after another."""
        heard: list[Prompt] = []
        for key, name in choices.items():
            turn.set(KEY, int(key))
            heard += turn.prompts((OFFER, *self.people[name].says))
        return tuple(heard)

    def _was_meant(self, turn: Turn, name: str) -> Gather:
        """The question whether the caller meant the name."""
        asked = turn.prompts((DID_YOU_SAY, *self.people[name].says, YES_OR_NO))
        return Gather(asked, AGREEMENT, FIRST_KEY_S, NEXT_KEY_S)

    def _take(self, turn: Turn, name: str, keys: str, **more: Json) -> Goto:
        turn.note(Kind.DIRECTORY, keys=keys, to=self.people[name].to, **more)
        return Goto(f"people.{name}.to", self.people[name].to)
