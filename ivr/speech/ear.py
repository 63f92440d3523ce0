"""Listening to one answer, by voice and by key at once: what is told goes in, and what is to be done comes out. Pure.

::

    QUIET --speaks--> SPEAKING --silent--> PAUSED --hang-over--> FINISHING --final--> DECIDED
      |                  ^                   |                                          ^
      |                  +------speaks-------+                  keys, from any state ---+
      +--broken--> KEYS --keys--------------------------------------------------------->+

A key always wins: what the gather gives by keys is the result, whatever was said. Speech stops the prompts. It is
over when the caller is silent for a while, which is short where what was said so far is an answer; at once where
nothing could follow it; and in any case after the longest utterance. Where recognition breaks while the caller is
silent, keys are left and nothing else changes; where it breaks later, the caller has spoken in vain: ``Deaf``.

Time is of any clock that never goes back, in seconds. Whoever uses this sees to it that :meth:`Ear.tick` is called
at :meth:`Ear.next_timer`. While the caller speaks or pauses it is the audio's: ``behind_s`` says how much of what the
caller said waits to be judged, and for so long nobody knows that the caller was silent, or that words did not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto
from typing import assert_never

from calls.switch.port import HungUp, Interrupted, Match, NoInput, NoMatch
from ivr.commands import Deaf, Heard, NotUnderstood
from ivr.speech.decision import Progress, decide, progress
from ivr.speech.events import Broken, SpeechBegan, SpeechEnded, SpeechEvent
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import choices
from ivr.speech.recognizer import Final, Partial

STABLE_S = 0.36
"""Words that nothing could follow are taken where the engine has not changed its mind for so long: vosk looks every
120 ms, and has seen them three times then."""

SILENCE_S: Mapping[Progress, float] = {
    Progress.WHOLE: 0.3,
    Progress.ANSWERED: 0.5,
    Progress.OPEN: 0.8,
    Progress.MORE: 0.8,
    Progress.BEGUN: 1.2,
}
"""How long a caller is silent who has said all. People think within a sentence, and pause between groups of digits;
the end of speech is known 240 ms late, so nothing under that is shorter."""

GRACE_S = 0.4
"""A caller who begins to speak as the time for it runs out is heard: that takes up to 360 ms to be known."""

FINAL_S = 1.8
"""How long an engine may take to say what an utterance was."""


EARLY_S = 0.001
"""A timer that comes so much too early is on time: clocks are coarse."""


FREE_FINAL_S = 5.0
"""The same without a grammar, for engines that make it out at the end."""


@dataclass(frozen=True, slots=True)
class StopPrompts:
    """To be done: let the prompts fall silent, the caller speaks."""


@dataclass(frozen=True, slots=True)
class FinishUtterance:
    """To be done: ask the engine what the utterance was."""


@dataclass(frozen=True, slots=True)
class AwaitKeys:
    """To be done: gather keys for ``for_s`` more, without prompts: the gather has ended before it was decided."""

    for_s: float


KeyResult = Match | NoMatch | NoInput | Interrupted | HungUp
"""What a gather gives."""

Answer = Heard | NotUnderstood | Deaf | KeyResult


@dataclass(frozen=True, slots=True)
class Decided:
    """To be done: end what still gathers, and give this as the result, unless a key was pressed first."""

    answer: Answer


Deed = StopPrompts | FinishUtterance | AwaitKeys | Decided


class _State(Enum):
    QUIET = auto()
    SPEAKING = auto()
    PAUSED = auto()
    FINISHING = auto()
    KEYS = auto()
    DECIDED = auto()


class Ear:
    """One ``Listen``. After ``Decided`` nothing is to be done any more."""

    def __init__(self, expected: Expected, today: date, prompts_end_at: float) -> None:
        """``today`` is the caller's; ``prompts_end_at``: when the prompts will have been played.

        Raises:
            SpeechError: nothing like ``expected`` can be heard; see :func:`ivr.speech.grammar.grammar_of`.
        """
        self._expected = expected
        self._among = choices(expected) if expected.kind is SpokenKind.CHOICE else {}
        self._today = today
        self._prompts_end_at = prompts_end_at
        self._final_s = FREE_FINAL_S if expected.kind is SpokenKind.FREE else FINAL_S
        self._state = _State.QUIET
        self._told = Partial("")
        self._told_at = 0.0
        self._progress = Progress.OPEN
        self._began_at = 0.0
        self._paused_at = 0.0
        self._due_at: float | None = None
        self._is_early = False
        """It was ended while the caller spoke: what came of half a word may undo what was stable before."""
        self.finished_at: float | None = None
        """When the caller had said all, once that is known."""

    def next_timer(self, behind_s: float = 0.0) -> float | None:
        """When :meth:`tick` is due, if no more than ``behind_s`` waits to be judged; None: nothing is awaited."""
        longest_at = self._began_at + self._expected.longest_s + behind_s
        match self._state:
            case _State.SPEAKING if self._progress is Progress.WHOLE:
                return min(longest_at, self._told_at + STABLE_S + behind_s)
            case _State.SPEAKING:
                return longest_at
            case _State.PAUSED:
                return min(longest_at, self._paused_at + SILENCE_S[self._progress] + behind_s)
            case _:
                return self._due_at

    def tick(self, now: float, behind_s: float = 0.0) -> list[Deed]:
        """What is to be done now that time has passed."""
        due = self.next_timer(behind_s)
        if due is None or now < due - EARLY_S:
            return []
        match self._state:
            case _State.SPEAKING | _State.PAUSED:
                self.finished_at = self._paused_at if self._state is _State.PAUSED else now - behind_s
                self._is_early = self._state is _State.SPEAKING and self._progress is Progress.WHOLE
                self._state, self._due_at = _State.FINISHING, now + self._final_s
                return [FinishUtterance()]
            case _State.FINISHING:
                return self._decided(Deaf("late"))
            case _:
                return self._decided(NoInput())

    def heard(self, event: SpeechEvent, now: float, behind_s: float = 0.0) -> list[Deed]:
        """What is to be done about what recognition tells, which had judged all but ``behind_s`` by then."""
        if self._state in (_State.KEYS, _State.DECIDED):
            return []
        judged_at = now - behind_s
        match event:
            case SpeechBegan(since_s):
                return self._speaks(judged_at - since_s)
            case SpeechEnded(since_s):
                if self._state is _State.SPEAKING:
                    self._state, self._paused_at = _State.PAUSED, judged_at - since_s
                return []
            case Partial():
                if event != self._told:
                    self._told, self._told_at = event, judged_at
                    self._progress = progress(self._expected, event, self._today, self._among)
                return []
            case Final(words):
                barged_in = self._began_at < self._prompts_end_at
                final = replace(event, words=self._told.words) if self._is_early and not words else event
                answer = decide(self._expected, final, self._today, barged_in=barged_in, among=self._among)
                return self._decided(answer)
            case Broken(reason):
                return self._broke(reason)
            case _:
                assert_never(event)

    def gathered(self, result: KeyResult, now: float) -> list[Deed]:
        """What is to be done about what the gather gave, which has ended."""
        match result, self._state:
            case _, _State.DECIDED:
                return []
            case NoInput(), _State.QUIET if self._due_at is None:
                self._due_at = now + GRACE_S
                return [AwaitKeys(self._longest_wait_s())]
            case NoInput(), _State.SPEAKING | _State.PAUSED | _State.FINISHING:
                return [AwaitKeys(self._longest_wait_s())]
            case _:
                return self._decided(result)

    def _speaks(self, since: float) -> list[Deed]:
        match self._state:
            case _State.QUIET:
                self._state, self._began_at, self._due_at = _State.SPEAKING, since, None
                return [StopPrompts()]
            case _State.PAUSED:
                self._state = _State.SPEAKING
                return []
            case _:
                return []

    def _broke(self, reason: str) -> list[Deed]:
        if self._state is not _State.QUIET:
            return self._decided(Deaf(reason))
        if self._due_at is not None:
            return self._decided(NoInput())
        self._state = _State.KEYS
        return []

    def _decided(self, answer: Answer) -> list[Deed]:
        self._state, self._due_at = _State.DECIDED, None
        return [Decided(answer)]

    def _longest_wait_s(self) -> float:
        """By then it is decided, whatever happens."""
        return GRACE_S + self._expected.longest_s + self._final_s
