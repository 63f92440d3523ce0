"""A machine or a person: by what is heard right after the answer."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.speech.answerer import LONGEST_S, SILENT_S, WAITS_S, Answered, Answerer
from tests.ivr.speech.greetings import Heard, machines, people
from tests.ivr.speech.sounds import Wave, pcm, silence, vowel

PIECE = 320


def told(audio: bytes) -> tuple[Answered | None, float]:
    """Who has answered, and when in seconds of audio that was known."""
    answerer = Answerer()
    for at in range(0, len(audio), PIECE):
        if (answered := answerer.take(audio[at : at + PIECE])) is not None:
            return answered, answerer.taken_s
    return None, answerer.taken_s


def of(corpus: list[Heard]) -> Counter[Answered | None]:
    return Counter(told(heard.pcm)[0] for heard in corpus)


def test_machines_of_the_corpus_are_machines() -> None:
    assert of(machines()) == {Answered.MACHINE: 55}


def test_people_of_the_corpus_are_people_but_for_long_hellos() -> None:
    found = of(people())
    assert found[Answered.PERSON] >= 58
    assert found[Answered.MACHINE] <= 8
    short = [heard for heard in people() if heard.ends_s < 3.5]
    assert of(short) == {Answered.PERSON: len(short)}


def hello(*waves: Wave) -> bytes:
    return pcm(silence(0.3), *waves, silence(6.0))


def test_a_person_is_known_as_soon_as_they_wait() -> None:
    answered, at_s = told(hello(vowel(0.5)))
    assert answered is Answered.PERSON
    assert at_s == pytest.approx(0.8 + WAITS_S, abs=0.1)


def test_who_says_nothing_stays_unsure() -> None:
    answered, at_s = told(pcm(silence(6.0)))
    assert answered is Answered.UNSURE
    assert at_s == pytest.approx(SILENT_S, abs=0.05)


def test_nobody_is_listened_to_for_long() -> None:
    audio = pcm(silence(2.0), *([vowel(0.4), silence(0.5)] * 8))
    answered, at_s = told(audio)
    assert answered is Answered.UNSURE
    assert at_s == pytest.approx(LONGEST_S)


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=4_000), st.integers(1, 999))
def test_any_audio_in_any_pieces_comes_to_the_same(audio: bytes, piece: int) -> None:
    whole = audio * 30
    a, b = Answerer(), Answerer()
    first = [found for at in range(0, len(whole), piece) if (found := a.take(whole[at : at + piece])) is not None]
    second = b.take(whole)
    assert (first[0] if first else None) == second
