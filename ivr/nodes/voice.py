"""Answers by voice, beside keys: how often it is tried, and questions of yes or no."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from types import MappingProxyType

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch
from calls.text import printable
from ivr.commands import Command, Deaf, Heard, Listen, NotUnderstood, Result
from ivr.nodes.base import Unexpected
from ivr.nodes.phrases import of_language
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Kind
from ivr.turn import Turn

DID_YOU_SAY = "system.did_you_say"
YES_OR_NO = "system.yes_or_no"
NOT_UNDERSTOOD = "system.not_understood"
KEYS_ONLY = "system.keys_only"

IS_THAT_RIGHT = "system.is_that_right"

PROMPTS = (DID_YOU_SAY, YES_OR_NO, IS_THAT_RIGHT, NOT_UNDERSTOOD, KEYS_ONLY)
"""What callers of a flow may hear who may answer by voice."""

TRIES = (NOT_UNDERSTOOD, KEYS_ONLY)
"""What is said after each answer by voice that was not understood, or not meant. The last leaves keys alone: a caller
whom the recogniser does not understand twice is not understood a third time either."""

SPEECH = "speech"
"""By what a choice was made, in the trail."""

LONGEST_WORDS = 300
"""Characters of what was heard that the trail keeps."""

YES: Mapping[str, tuple[str, ...]] = {
    "en": ("yes", "yeah", "correct", "right", "yes please"),
    "de": ("ja", "jawohl", "richtig", "genau", "stimmt", "ja bitte", "ja gerne"),
    "es": ("sí", "claro", "correcto", "exacto", "sí por favor"),
    "fr": ("oui", "exact", "exactement", "correct", "oui merci"),
}
NO: Mapping[str, tuple[str, ...]] = {
    "en": ("no", "nope", "wrong", "no thank you"),
    "de": ("nein", "falsch", "nein danke"),
    "es": ("no", "incorrecto", "no gracias"),
    "fr": ("non", "faux", "non merci"),
}
"""Words that every model of the language has: a phrase with a word that a model lacks cannot be listened for."""


NOTHING_ELSE: Mapping[str, str] = MappingProxyType({})

AGREES, DISAGREES = "1", "2"
"""The keys of the question whether a choice was meant."""

AGREEMENT = KeyPlan(frozenset({AGREES, DISAGREES}))

TIMES_ASKED = 2
"""So often at most, where nothing clear came of it."""


def yes_or_no(language: str, yes: str, no: str, instead: Mapping[str, str] = NOTHING_ELSE) -> Expected | None:
    """What says ``yes`` and what says ``no``, which are keys; None where we do not know the language's words.

    ``instead`` are phrases of choices that may be said in place of either. A word for yes or no is that.
    """
    agree, disagree = of_language(YES, language), of_language(NO, language)
    if agree is None or disagree is None:
        return None
    choices = {words: choice for words, choice in instead.items() if choice not in (yes, no)}
    phrases = choices | dict.fromkeys(agree, yes) | dict.fromkeys(disagree, no)
    return Expected(SpokenKind.CHOICE, language, phrases, lenient=True, strict=frozenset(choices.values()))


def told(words: str) -> str:
    """What was heard, as the trail keeps it."""
    return printable(words)[:LONGEST_WORDS]


class Voice:
    """What is left of the tries by voice at one question. Without anything ``expected``, keys alone are taken."""

    def __init__(self, turn: Turn, expected: Expected | None) -> None:
        self._turn = turn
        self._expected = expected if turn.scope.speech else None
        self.misses = 0

    @property
    def listens(self) -> bool:
        """True while an answer by voice is taken."""
        return self._expected is not None

    def ask(self, gather: Gather) -> Command:
        """The command that asks the question."""
        return gather if self._expected is None else Listen(gather, self._expected, self._turn.scope.zone)

    def missed(self, words: str, value: str = "", left: int | None = None) -> tuple[str, ...]:
        """What is said before the next try, since ``words`` were not understood, or ``value`` was not meant.

        ``left`` tries are left; None: as many as there are by voice, and one by keys.
        """
        self.misses += 1
        left = len(TRIES) - self.misses + 1 if left is None else left
        heard = {"words": told(words), "value": told(value)}
        self._turn.note(Kind.NOMATCH, keys="", count=self.misses, left=left, by=SPEECH, **heard)
        if self.misses >= len(TRIES):
            self._expected = None
        return TRIES[self.misses - 1 : self.misses]

    def settle(
        self, heard: Heard, question: Callable[[str], Gather]
    ) -> Generator[Command, Result, Heard | tuple[str, ...]]:
        """What to take of a choice that was ``heard``, or what is said before the next try.

        What was heard unsurely is asked about by ``question``, which is given the choice. Who says another choice
        to that means the other. Each that was not meant costs a try.
        """
        phrases = NOTHING_ELSE if self._expected is None else self._expected.phrases
        while not heard.sure:
            asked = YesOrNo(self._turn, AGREES, DISAGREES, TIMES_ASKED, doubted=heard.value, instead=phrases)
            if (yield from asked.settled(question(heard.value))):
                return heard
            before = self.missed(heard.words, heard.value)
            if asked.instead is None or not (asked.instead.sure or self.listens):
                return before
            heard = asked.instead
        return heard

    def lost(self, reason: str) -> tuple[str, ...]:
        """What is said before the next try, which is by keys, since recognition failed."""
        self._turn.note(Kind.DEAF, reason=told(reason))
        self._expected = None
        return (KEYS_ONLY,)


class YesOrNo:
    """A question of yes or no, by voice or by the keys ``yes`` and ``no``, that is asked ``tries`` times at most.

    A "no" counts though it was heard unsurely; a "yes" like that is asked for again. Where a choice is ``doubted``
    the phrases of ``instead`` may be said: another choice is a no, and the doubted one, if it is heard surely, a yes.
    """

    def __init__(
        self,
        turn: Turn,
        yes: str,
        no: str,
        tries: int,
        *,
        by_voice: bool = True,
        doubted: str = "",
        instead: Mapping[str, str] = NOTHING_ELSE,
    ) -> None:
        self._turn = turn
        self._yes, self._no = yes, no
        self._left = tries
        self._voice = Voice(turn, yes_or_no(turn.language, yes, no, instead) if by_voice else None)
        self._doubted = doubted
        self.instead: Heard | None = None
        """The choice that was said in place of yes or no."""
        self._before: tuple[str, ...] = ()

    def ask(self, gather: Gather) -> Generator[Command, Result, bool | None]:
        """Whether the caller says yes to ``gather``; None where nothing clear came of it."""
        prompts = (*self._turn.prompts(self._before), *gather.prompts)
        self._before = ()
        self._left -= 1
        voice = self._voice
        result = yield voice.ask(replace(gather, prompts=prompts))
        match result:
            case Match(keys):
                return keys == self._yes
            case Heard() if voice.listens and (answer := self._told(result)) is not None:
                return answer
            case NoMatch() | NoInput():
                pass
            case Heard(_, words) | NotUnderstood(words) if voice.listens:
                self._before = voice.missed(words, left=self._left)
            case Deaf(reason) if voice.listens:
                self._before = voice.lost(reason)
            case _:
                raise Unexpected("Gather", result)
        return None

    def _told(self, heard: Heard) -> bool | None:
        match heard.value:
            case self._yes | self._doubted:
                return heard.sure or None
            case self._no:
                return False
        self.instead = heard
        return False

    def settled(self, gather: Gather) -> Generator[Command, Result, bool]:
        """Whether the caller says yes to ``gather``, which is asked as often as there are tries."""
        while self._left:
            if (answer := (yield from self.ask(gather))) is not None:
                return answer
        return False
