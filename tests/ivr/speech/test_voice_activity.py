"""When speech begins and ends, and what is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from calls.switch.loopback.voice import said
from ivr.speech.voice_activity import FRAME_BYTES, Began, Change, Ended, VoiceActivity
from tests.ivr.speech.sounds import Wave, click, cough, hiss, hum, key, pcm, silence, vowel

WAITS = silence(1.0)


def changes(audio: bytes, piece: int = 320) -> list[Change]:
    activity = VoiceActivity()
    return [each for at in range(0, len(audio), piece) for each in activity.take(audio[at : at + piece])[1]]


def level_db(audio: bytes) -> float:
    samples = np.frombuffer(audio, "<i2").astype(float) / 32_768
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


@pytest.mark.parametrize("noise_db", [-80.0, -60.0, -45.0])
@pytest.mark.parametrize("pitch_hz", [80.0, 120.0, 210.0, 320.0])
def test_speech_begins_and_ends(pitch_hz: float, noise_db: float) -> None:
    began, ended = changes(pcm(WAITS, vowel(0.8, pitch_hz), WAITS, noise_db=noise_db))
    assert isinstance(began, Began) and began.at_s == pytest.approx(1.0, abs=0.05)
    assert isinstance(ended, Ended) and ended.at_s == pytest.approx(1.8, abs=0.06)


def test_what_changed_is_told_in_time() -> None:
    audio = pcm(WAITS, vowel(0.8), WAITS)
    activity = VoiceActivity()
    told: dict[type[Change], float] = {}
    for at in range(0, len(audio), FRAME_BYTES):
        for change in activity.take(audio[at : at + FRAME_BYTES])[1]:
            told[type(change)] = activity.taken_s
    assert 1.2 <= told[Began] <= 1.25
    assert 2.0 <= told[Ended] <= 2.06


@pytest.mark.parametrize(
    "sound",
    [
        silence(3.0),
        hiss(3.0, -20.0),
        np.concatenate([hiss(2.0, -40.0), hiss(2.0, -60.0), hiss(2.0, -40.0)]),
        hum(5.0),
        np.concatenate([silence(2.0), hum(4.0)]),
        np.concatenate([click(), silence(0.3)] * 8),
        np.concatenate([cough(), silence(0.6)] * 5),
        vowel(0.15),
        np.concatenate([vowel(0.15), silence(0.5)] * 5),
        np.concatenate([key(each) for each in "123456789*0#"]),
        np.concatenate([np.concatenate([key(each), silence(0.1)]) for each in "0022558800"]),
        key("5", 3.0),
        key("1", 1.0, level_db=-40.0, twist_db=-4.0),
    ],
    ids=["silence", "hiss", "gusts", "hum", "hum-begins", "clicks", "coughs", "grunt", "grunts", "keys", "dialled",
         "held-key", "faint-key"],
)  # fmt: skip
def test_a_noise_is_no_speech(sound: Wave) -> None:
    assert changes(pcm(WAITS, sound, WAITS)) == []


def test_a_steady_hum_hides_no_speech() -> None:
    audio = pcm(np.concatenate([silence(3.0), vowel(0.8, level_db=-15.0), silence(1.0)]) + hum(4.8, -38.0))
    assert [type(each) for each in changes(audio)] == [Began, Ended]


def test_keys_in_the_middle_are_no_speech_and_none_is_heard_of_them() -> None:
    audio = pcm(WAITS, key("7", 0.3), WAITS, vowel(0.6), WAITS)
    activity = VoiceActivity()
    heard, found = activity.take(audio)
    assert [type(each) for each in found] == [Began, Ended]
    second = RATE_HZ * SAMPLE_BYTES
    during_key = heard[second + 2 * FRAME_BYTES : int(1.28 * second)]
    assert level_db(during_key) < -100.0
    assert level_db(heard[int(2.4 * second) : int(2.8 * second)]) > -25.0


def test_a_short_pause_within_a_phrase_ends_nothing() -> None:
    found = changes(pcm(WAITS, vowel(0.4), silence(0.15), vowel(0.4), WAITS))
    assert [type(each) for each in found] == [Began, Ended]


def test_who_goes_on_after_a_pause_is_heard_sooner() -> None:
    began, ended, again, over = changes(pcm(WAITS, vowel(0.4), silence(0.4), vowel(0.17), WAITS))
    assert [type(each) for each in (began, ended, again, over)] == [Began, Ended, Began, Ended]


@pytest.mark.parametrize(("words", "seconds"), [("yes", 0.4), ("opening hours", 1.2), ("", 8.0)])
def test_the_voices_of_the_loopback_switch_pass(words: str, seconds: float) -> None:
    second = bytes(RATE_HZ * SAMPLE_BYTES)
    began, ended = changes(second + said(words, seconds) + second)
    assert began.at_s == pytest.approx(1.0, abs=0.02)
    assert ended.at_s == pytest.approx(1.0 + seconds, abs=0.05)


@given(cuts=st.lists(st.integers(0, 3_000), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_how_the_audio_is_cut_changes_nothing(cuts: list[int]) -> None:
    audio = SPOKEN
    whole = VoiceActivity().take(audio)
    activity = VoiceActivity()
    heard, found, at = b"", list[Change](), 0
    for cut in [*cuts, len(audio)]:
        more, changed = activity.take(audio[at : at + cut])
        heard, found, at = heard + more, found + changed, at + cut
    assert (heard, found) == whole


SPOKEN = pcm(silence(0.3), vowel(0.4), silence(0.4), key("4"), silence(0.2))


@given(st.binary(max_size=4_000))
@settings(deadline=None)
def test_any_bytes_are_audio(data: bytes) -> None:
    activity = VoiceActivity()
    heard, _ = activity.take(data)
    assert len(heard) == len(data) // FRAME_BYTES * FRAME_BYTES
