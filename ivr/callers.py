"""Who is on the telephone while a flow is walked: a caller of a script, or a person at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from calls.errors import UserError
from calls.switch.port import Gather, Record, Transfer
from ivr.commands import Command, Enqueue, Listen, Lookup, Result
from ivr.script import Act, Comes, Mishear, Press, Say, Speak, parse

WORDS_PER_S = 2.5
"""How fast a prompt is spoken: 150 words a minute, the usual rate of announcements."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command is about to be performed; the caller hears ``texts``. ``since_s``: since the start."""

    since_s: float
    node: str
    command: Command
    texts: tuple[str, ...]
    keys: str = ""
    """What the caller has keyed already, where more keys may follow."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of the command that was asked last."""

    since_s: float
    result: Result


class Caller(Protocol):
    """Who is on the telephone."""

    def act(self, asked: Asked) -> Act | None:
        """What the caller does while ``asked`` is performed; None: nothing more.

        Asked again while the command goes on, e.g. after a key that may be the first of several. For a command at
        which a caller can only listen or hang up, a caller who does neither gives None.
        """


class ScriptedCaller:
    """A caller who does what a script says."""

    def __init__(self, acts: Iterable[Act]) -> None:
        self._acts = iter(acts)

    def act(self, asked: Asked) -> Act | None:
        """The next act, whatever is asked."""
        return next(self._acts, None)


class TypingCaller:
    """A caller at a terminal, who types words of a script where there is something to do.

    ``ask`` shows what is asked, and what was wrong with the line before (""), and gives a line; an empty one is
    silence in a menu, an agent in a queue, and an answer to a transfer. Where an answer by voice is taken, what is no
    word of a script is said.
    """

    def __init__(self, ask: Callable[[Asked, str], str]) -> None:
        self._ask = ask
        self._acts: list[Act] = []

    def act(self, asked: Asked) -> Act | None:
        """The next word of the line, or of a new one."""
        if not self._acts and isinstance(asked.command, Gather | Listen | Enqueue | Transfer | Lookup | Record):
            self._acts = self._line(asked)
        return self._acts.pop(0) if self._acts else None

    def _line(self, asked: Asked) -> list[Act]:
        problem = ""
        while True:
            line = self._ask(asked, problem)
            try:
                acts = list(parse(line))
            except UserError as not_understood:
                if not isinstance(asked.command, Listen):
                    problem = str(not_understood)
                    continue
                acts = [Say(line.strip())]
            problem = misfit(asked, acts[0]) if acts else ""
            if problem:
                continue
            if asked.keys and acts and isinstance(acts[0], Press):
                acts[0] = Press(acts[0].keys, at_once=True)
            return acts


def spoken_s(texts: Iterable[str]) -> float:
    """How long the texts take to say, in seconds."""
    return sum(len(text.split()) for text in texts) / WORDS_PER_S


def misfit(asked: Asked, act: Act) -> str:
    """Why ``act`` cannot be done while ``asked`` is performed, and what was expected; "" where it can."""
    strange = isinstance(act, Comes) and not act.answers(asked.command)
    says = isinstance(act, Say | Mishear)
    match asked.command:
        case Listen() if strange or isinstance(act, Speak):
            return "a menu listens; expected s=words, s?=words, s-, sd, keys, w, wN or h"
        case Gather() if says:
            return "nothing is answered by voice here; expected keys, w, wN or h"
        case Gather() if strange or isinstance(act, Speak):
            return "a menu listens; expected keys, w, wN or h"
        case Enqueue() if strange or says or isinstance(act, Speak):
            return "a caller waits in a queue; expected q+, q-, q0, qc, qf, a key, w, wN or h"
        case Record() if strange or says:
            return "a message is recorded; expected mN, a key that ends it, w, wN or h"
        case Transfer() if strange or says or isinstance(act, Speak):
            return "a telephone rings; expected t+, t-, tb, td, tr, w, wN or h"
        case _:
            return ""


def does_not_fit(asked: Asked, act: Act) -> UserError:
    """What is said of a script that cannot go on."""
    place = f'node "{asked.node}"' if asked.node else "the start"
    return UserError(f"the script does not fit at {place}, {asked.since_s:.1f} s into the call: {misfit(asked, act)}")
