"""One question to a caller, with its tries: what kinds of nodes with several questions share."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch
from ivr.commands import Command, Deaf, Heard, NotUnderstood, Result
from ivr.nodes.base import Unexpected
from ivr.nodes.menu import further_try
from ivr.nodes.voice import Voice
from ivr.speech.expected import Expected
from ivr.trail import Kind
from ivr.turn import Turn


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked and for how long, and what is said before each further try. Of a ``secret`` nothing is kept.

    ``expected`` is what may be said for keys of the plan: its choices or values are these keys. With ``said_again``
    what is heard unsurely is taken too, since the caller hears it and is asked. A secret is never said.
    """

    prompts: tuple[str, ...]
    plan: KeyPlan
    first_key_s: float
    next_key_s: float
    noinput: tuple[str, ...]
    nomatch: tuple[str, ...]
    secret: bool = False
    expected: Expected | None = None
    said_again: bool = False


@dataclass(slots=True)
class Asking:
    """A question that is being asked. Silences and wrong entries are counted apart, as in a menu."""

    turn: Turn
    question: Question
    _silences: int = 0
    _misses: int = 0
    _before: tuple[str, ...] | None = field(default=())
    _voice: Voice = field(init=False)

    def __post_init__(self) -> None:
        self._voice = Voice(self.turn, None if self.question.secret else self.question.expected)

    def keys(self) -> Generator[Command, Result, str | None]:
        """The next entry that fits the plan, or the keys that were said; None where the tries are used up."""
        asked, voice = self.question, self._voice
        while self._before is not None:
            heard = self.turn.prompts((*self._before, *asked.prompts))
            if asked.secret:
                self.turn.conceal()
            result = yield voice.ask(Gather(heard, asked.plan, asked.first_key_s, asked.next_key_s))
            match result:
                case Match(keys):
                    return keys
                case Heard(keys, sure=sure) if voice.listens and (sure or asked.said_again):
                    return keys
                case Heard(value, words) if voice.listens:
                    self._before = voice.missed(words, value)
                case NotUnderstood(words) if voice.listens:
                    self._before = voice.missed(words)
                case Deaf(reason) if voice.listens:
                    self._before = voice.lost(reason)
                case NoMatch(keys):
                    self.wrong(keys)
                case NoInput():
                    self._silences += 1
                    self._before = further_try(self.turn, Kind.NOINPUT, asked.noinput, self._silences)
                case _:
                    raise Unexpected("Gather", result)
        return None

    def wrong(self, keys: str, why: tuple[str, ...] = ()) -> None:
        """The entry is not taken. The caller hears ``why`` before the next try, where there is one."""
        self._misses += 1
        shown = "" if self.question.secret else keys
        further = further_try(self.turn, Kind.NOMATCH, self.question.nomatch, self._misses, shown)
        self._before = None if further is None else (*(why or further),)


def choices(*keys: str) -> KeyPlan:
    """A plan that takes these keys."""
    return KeyPlan(frozenset(keys))


def entry(least: int, most: int) -> KeyPlan:
    """A plan that takes so many digits; ``#`` ends them."""
    return KeyPlan(frozenset(), frozenset(range(least, most + 1)))
