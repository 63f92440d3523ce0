"""One ``Listen``, whatever comes in whatever order: one answer, a key first, and nothing later than it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calls.switch.port import EndedBy, HungUp, Interrupted, Match, NoInput, NoMatch
from ivr.commands import Deaf, Heard, NotUnderstood
from ivr.speech.decision import Progress
from ivr.speech.ear import (
    FINAL_S,
    FREE_FINAL_S,
    GRACE_S,
    SILENCE_S,
    STABLE_S,
    AwaitKeys,
    Decided,
    Deed,
    Ear,
    FinishUtterance,
    KeyResult,
    StopPrompts,
)
from ivr.speech.events import Broken, SpeechBegan, SpeechEnded
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.recognizer import Final, Partial

TODAY = date(2026, 1, 5)
LONGEST_S = 6.0
MENU = Expected(SpokenKind.CHOICE, "en", {"sales": "1", "sales abroad": "4", "agent": "0"}, longest_s=LONGEST_S)
PROMPTS_S = 5.0
GONE = HungUp(EndedBy.CALLER, 16)


def ear(at: float = 100.0) -> Ear:
    return Ear(MENU, TODAY, at + PROMPTS_S)


def spoken_to(since: float = 107.0, *words: str) -> Ear:
    """One whose caller speaks since then, and who was told so 0.2 s later."""
    listening = ear()
    assert listening.heard(SpeechBegan(0.2), since + 0.2) == [StopPrompts()]
    for each in words:
        assert listening.heard(Partial(each), since + 0.5) == []
    return listening


def test_nothing_is_awaited_in_silence() -> None:
    assert ear().next_timer() is None
    assert ear().tick(1e9) == []


def test_words_that_nothing_follows_are_taken_once_they_are_stable() -> None:
    listening = spoken_to(107.0, "agent")
    assert listening.next_timer() == pytest.approx(107.5 + STABLE_S)
    assert listening.tick(107.7) == []
    assert listening.tick(107.5 + STABLE_S) == [FinishUtterance()]
    assert listening.heard(Final("agent", "agent"), 107.9) == [Decided(Heard("0", "agent"))]


def test_what_half_a_word_undoes_was_heard_all_the_same() -> None:
    listening = spoken_to(107.0, "agent")
    listening.tick(107.5 + STABLE_S)
    assert listening.heard(Final("", "agent to"), 107.9) == [Decided(Heard("0", "agent"))]


def test_what_a_pause_undoes_was_not_heard() -> None:
    listening = spoken_to(107.0, "agent")
    listening.heard(SpeechEnded(0.24), 107.6)
    listening.tick(107.9)
    assert listening.heard(Final("", "a gent"), 108.0) == [Decided(NotUnderstood("a gent"))]


def test_words_are_not_stable_while_the_second_opinion_changes() -> None:
    listening = spoken_to(107.0)
    listening.heard(Partial("agent", "aging"), 107.5)
    assert listening.next_timer() == pytest.approx(107.0 + LONGEST_S)
    listening.heard(Partial("agent", "agent"), 107.7)
    assert listening.next_timer() == pytest.approx(107.7 + STABLE_S)
    listening.heard(Partial("agent", "agent of"), 107.9)
    assert listening.next_timer() == pytest.approx(107.9 + STABLE_S)


def test_a_change_of_mind_begins_the_time_anew() -> None:
    listening = spoken_to(107.0, "agent")
    listening.heard(Partial("sales"), 107.7)
    assert listening.next_timer() == pytest.approx(113.0)
    listening.heard(Partial("sales abroad"), 108.0)
    listening.heard(Partial("sales abroad"), 108.2)
    assert listening.next_timer() == pytest.approx(108.0 + STABLE_S)


@pytest.mark.parametrize(
    ("words", "progress"), [("", Progress.OPEN), ("sales", Progress.ANSWERED), ("agent", Progress.WHOLE)]
)
def test_silence_ends_an_utterance_the_sooner_the_more_was_said(words: str, progress: Progress) -> None:
    listening = spoken_to(107.0)
    listening.heard(Partial(words), 108.2)
    listening.heard(SpeechEnded(0.24), 108.24)
    assert listening.next_timer() == pytest.approx(108.0 + SILENCE_S[progress])
    assert listening.tick(108.0 + SILENCE_S[progress]) == [FinishUtterance()]
    assert listening.finished_at == pytest.approx(108.0)


def test_what_is_not_judged_yet_is_neither_silence_nor_stable() -> None:
    listening = spoken_to(107.0, "agent")
    assert listening.next_timer(0.4) == pytest.approx(107.9 + STABLE_S)
    assert listening.tick(107.8, 0.4) == []
    listening.heard(SpeechEnded(0.24), 108.64, 0.4)
    assert listening.next_timer(0.4) == pytest.approx(108.4 + SILENCE_S[Progress.WHOLE])
    assert listening.tick(108.65, 0.4) == []
    assert listening.tick(108.65, 0.0) == [FinishUtterance()]
    assert listening.finished_at == pytest.approx(108.0), "by the audio, not by when that was known"


def test_who_goes_on_in_what_is_not_judged_yet_is_waited_for() -> None:
    listening = spoken_to(107.0, "sales")
    listening.heard(SpeechEnded(0.24), 109.0, 1.0)
    assert listening.tick(109.01, 1.0) == []
    assert listening.heard(SpeechBegan(0.15), 109.1, 0.9) == []
    assert listening.tick(109.2, 0.0) == []


def test_who_goes_on_is_waited_for() -> None:
    listening = spoken_to(107.0, "sales")
    listening.heard(SpeechEnded(0.24), 108.24)
    assert listening.heard(SpeechBegan(0.15), 108.4) == []
    assert listening.tick(110.0) == []
    assert listening.next_timer() == pytest.approx(107.0 + LONGEST_S)
    assert listening.tick(113.0) == [FinishUtterance()]


def test_who_spoke_into_the_prompts_barged_in() -> None:
    for since, barged_in in ((104.0, True), (106.0, False)):
        listening = spoken_to(since, "agent")
        listening.tick(since + 1.0)
        assert listening.heard(Final("agent"), since + 1.1) == [Decided(Heard("0", "agent", barged_in=barged_in))]


def test_what_is_none_of_it_is_not_understood() -> None:
    assert spoken_to().heard(Final("", "good morning"), 108.0) == [Decided(NotUnderstood("good morning"))]


def test_an_engine_that_does_not_say_makes_deaf() -> None:
    listening = spoken_to(107.0, "agent")
    listening.tick(107.5 + STABLE_S)
    assert listening.next_timer() == pytest.approx(107.5 + STABLE_S + FINAL_S)
    assert listening.tick(107.5 + STABLE_S + FINAL_S) == [Decided(Deaf("late"))]


def test_an_engine_may_take_longer_without_a_grammar() -> None:
    listening = Ear(Expected(SpokenKind.FREE, "en", longest_s=LONGEST_S), TODAY, 100.0)
    listening.heard(SpeechBegan(0.2), 107.2)
    listening.tick(113.0)
    assert listening.next_timer() == pytest.approx(113.0 + FREE_FINAL_S)


def test_what_breaks_in_silence_leaves_keys() -> None:
    listening = ear()
    assert listening.heard(Broken("crashed"), 103.0) == []
    assert listening.heard(SpeechBegan(0.2), 104.0) == []
    assert listening.gathered(NoInput(), 110.0) == [Decided(NoInput())]


@pytest.mark.parametrize("words", ["", "sales", "agent"])
def test_what_breaks_later_makes_deaf(words: str) -> None:
    assert spoken_to(107.0, words).heard(Broken("late"), 108.0) == [Decided(Deaf("late"))]


def test_silence_is_no_input_after_a_moment_in_which_the_caller_may_be_found_to_speak() -> None:
    listening = ear()
    (await_keys,) = listening.gathered(NoInput(), 110.0)
    assert isinstance(await_keys, AwaitKeys) and await_keys.for_s > LONGEST_S + FINAL_S
    assert listening.next_timer() == pytest.approx(110.0 + GRACE_S)
    assert listening.tick(110.0 + GRACE_S) == [Decided(NoInput())]
    speaks = ear()
    speaks.gathered(NoInput(), 110.0)
    assert speaks.heard(SpeechBegan(0.25), 110.3) == [StopPrompts()]
    assert speaks.tick(110.5) == []
    broken = ear()
    broken.gathered(NoInput(), 110.0)
    assert broken.heard(Broken("crashed"), 110.1) == [Decided(NoInput())]


def test_who_speaks_as_the_gather_ends_is_heard_on() -> None:
    (await_keys,) = spoken_to().gathered(NoInput(), 108.0)
    assert isinstance(await_keys, AwaitKeys)


class Counted(Mapping[str, str]):
    """Phrases that know how often all of them were read."""

    def __init__(self, phrases: Mapping[str, str]) -> None:
        self._phrases = phrases
        self.readings = 0

    def __getitem__(self, phrase: str) -> str:
        return self._phrases[phrase]

    def __iter__(self) -> Iterator[str]:
        self.readings += 1
        return iter(self._phrases)

    def __len__(self) -> int:
        return len(self._phrases)


def test_the_phrases_are_read_once_however_much_is_told() -> None:
    phrases = Counted(MENU.phrases)
    listening = Ear(Expected(SpokenKind.CHOICE, "en", phrases), TODAY, 105.0)
    listening.heard(SpeechBegan(0.2), 107.2)
    for words in ("sales", "sales abroad", "agent"):
        listening.heard(Partial(words), 107.5)
    assert listening.heard(Final("agent", "agent"), 108.0) == [Decided(Heard("0", "agent"))]
    assert phrases.readings == 1


KEYED: list[KeyResult] = [Match("1"), NoMatch("9"), GONE, Interrupted()]


@pytest.mark.parametrize("result", KEYED)
def test_a_key_or_a_hang_up_decides_in_every_state(result: KeyResult) -> None:
    broken, pausing, finishing = ear(), spoken_to(), spoken_to(107.0, "agent")
    broken.heard(Broken("crashed"), 101.0)
    pausing.heard(SpeechEnded(0.24), 108.0)
    finishing.tick(108.0)
    for listening in (ear(), broken, spoken_to(), pausing, finishing):
        assert listening.gathered(result, 109.0) == [Decided(result)]


class Whatever(RuleBasedStateMachine):
    """Whoever performs a ``Listen`` does what the ear says; everything else happens as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.gathers_until: float | None = None
        self.answer: object = None
        self.answers = 0
        self.spoke_at: float | None = None
        self.finish_asked = False
        self.over = False
        """Recognition tells nothing more."""
        self.keyed: KeyResult | None = None

    @initialize(prompts_s=st.floats(0, 10), timeout_s=st.floats(0.5, 10))
    def begin(self, prompts_s: float, timeout_s: float) -> None:
        self.ear = Ear(MENU, TODAY, self.now + prompts_s)
        self.timeout_s = timeout_s
        self.gathers_until = self.now + prompts_s + timeout_s

    def do(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            assert self.answers == 0, "nothing is to be done after the answer"
            match deed:
                case StopPrompts():
                    assert self.gathers_until is not None
                    self.gathers_until = self.now + self.timeout_s
                case FinishUtterance():
                    assert not self.finish_asked
                    self.finish_asked = True
                case AwaitKeys(for_s):
                    assert self.gathers_until is None
                    self.gathers_until = self.now + for_s
                case Decided(answer):
                    self.answers += 1
                    self.answer = answer

    @rule(step_s=st.floats(0, 3))
    def time_passes(self, step_s: float) -> None:
        until = self.now + step_s
        while True:
            timer = self.ear.next_timer()
            dues = [due for due in (timer, self.gathers_until) if due is not None and due <= until]
            if not dues or self.answers:
                break
            self.now = max(self.now, min(dues))
            if self.gathers_until is not None and self.gathers_until <= self.now:
                self.gathers_until = None
                self.do(self.ear.gathered(NoInput(), self.now))
            else:
                before = self.ear.next_timer()
                self.do(self.ear.tick(self.now))
                assert self.ear.next_timer() != before, "a timer that is due is dealt with"
        self.now = until

    @precondition(lambda self: not self.over)
    @rule(since_s=st.floats(0.2, 0.4))
    def speaks(self, since_s: float) -> None:
        if self.spoke_at is None and self.answers == 0:
            self.spoke_at = self.now - since_s
        self.do(self.ear.heard(SpeechBegan(since_s), self.now))

    @precondition(lambda self: not self.over and self.spoke_at is not None)
    @rule(since_s=st.floats(0.2, 0.3))
    def falls_silent(self, since_s: float) -> None:
        self.do(self.ear.heard(SpeechEnded(since_s), self.now))

    @precondition(lambda self: not self.over and self.spoke_at is not None)
    @rule(words=st.sampled_from(["", "sales", "sales abroad", "agent", "well"]))
    def partial(self, words: str) -> None:
        self.do(self.ear.heard(Partial(words), self.now))

    @precondition(lambda self: not self.over and self.finish_asked)
    @rule(words=st.sampled_from(["", "sales", "agent"]), free=st.none() | st.sampled_from(["", "agent"]))
    def final(self, words: str, free: str | None) -> None:
        self.over = True
        self.do(self.ear.heard(Final(words, free), self.now))

    @precondition(lambda self: not self.over)
    @rule(reason=st.sampled_from(["crashed", "late", "lost"]))
    def breaks(self, reason: str) -> None:
        self.over = True
        in_vain = self.spoke_at is not None and self.answers == 0
        self.do(self.ear.heard(Broken(reason), self.now))
        if in_vain:
            assert self.answer == Deaf(reason), "who has spoken is told at once"

    @precondition(lambda self: self.gathers_until is not None)
    @rule(result=st.sampled_from(KEYED))
    def keys(self, result: KeyResult) -> None:
        self.gathers_until = None
        if self.answers == 0:
            self.keyed = result
        self.do(self.ear.gathered(result, self.now))

    @invariant()
    def there_is_one_answer_at_most_and_a_key_is_it(self) -> None:
        assert self.answers <= 1
        if self.keyed is not None:
            assert self.answer == self.keyed

    @invariant()
    def somebody_has_it_in_hand(self) -> None:
        if self.answers == 0:
            assert self.gathers_until is not None or self.ear.next_timer() is not None

    @invariant()
    def who_has_spoken_is_answered_in_time(self) -> None:
        if self.spoke_at is not None and self.answers == 0 and not self.over:
            assert self.now <= self.spoke_at + LONGEST_S + FINAL_S + 0.5

    @invariant()
    def the_answer_fits(self) -> None:
        match self.answer:
            case Heard() | NotUnderstood():
                assert self.spoke_at is not None
                assert self.finish_asked
            case Deaf():
                assert self.spoke_at is not None
            case NoInput():
                assert self.spoke_at is None or self.over
            case _:
                pass


TestWhatever = Whatever.TestCase
TestWhatever.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
