"""When a machine's greeting is over: beeps are found, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.speech.greeting import LONGEST_S, SILENCE_S, Ending, GreetingEnd
from tests.ivr.speech.greetings import Heard, machines, people
from tests.ivr.speech.sounds import hum, key, pcm, silence, vowel

PIECE = 320


def ended(audio: bytes, piece: int = PIECE) -> tuple[Ending | None, float]:
    """What ended it, and when in seconds of audio that was known."""
    greeting = GreetingEnd()
    for at in range(0, len(audio), piece):
        if (ending := greeting.take(audio[at : at + piece])) is not None:
            return ending, greeting.taken_s
    return None, greeting.taken_s


def test_a_message_begins_right_behind_the_beep() -> None:
    def is_right(heard: Heard) -> bool:
        ending, at_s = ended(heard.pcm)
        return ending is Ending.BEEP and heard.beep_s is not None and -0.05 < at_s - heard.beep_s[1] < 0.1

    assert [heard.what for heard in machines() if not is_right(heard)] == []


def test_no_voice_is_taken_for_a_beep() -> None:
    def is_right(heard: Heard) -> bool:
        ending, at_s = ended(heard.pcm)
        return ending is Ending.SILENCE and at_s - heard.ends_s < SILENCE_S + 0.6

    assert [heard.what for heard in machines(beeping=False) + people() if not is_right(heard)] == []


def test_a_machine_that_is_silent_already_has_greeted() -> None:
    ending, at_s = ended(pcm(silence(5.0)))
    assert ending is Ending.SILENCE
    assert at_s == pytest.approx(SILENCE_S)


def test_a_greeting_that_does_not_end_is_not_heard_out() -> None:
    audio = pcm(*([vowel(0.6), silence(0.4)] * 40))
    ending, at_s = ended(audio)
    assert ending is Ending.LONGEST
    assert at_s == pytest.approx(LONGEST_S)


def test_keys_and_a_steady_hum_are_no_beeps() -> None:
    ending, _ = ended(pcm(hum(3.0), key("5", 0.5), silence(0.5)))
    assert ending is not Ending.BEEP


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=4_000), st.integers(1, 999))
def test_any_audio_in_any_pieces_comes_to_the_same(audio: bytes, piece: int) -> None:
    whole = audio * 9
    a, b = GreetingEnd(), GreetingEnd()
    first = [a.take(whole[at : at + piece]) for at in range(0, len(whole), piece)]
    second = b.take(whole)
    assert (first[-1] if first else None) == second
    assert a.taken_s == b.taken_s
