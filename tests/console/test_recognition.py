"""Which processes an engine has for what its callers speak, and that none is left."""

from __future__ import annotations

import asyncio

import pytest

from calls.errors import SpeechUnavailable
from calls.settings import SpeechModel, SpeechSettings
from console.engine.recognition import Recognition
from ivr.speech.events import Broken
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.recognizer import Final
from tests.ivr.speech.services import feed, told, utterance

SETTINGS = SpeechSettings(
    models=(SpeechModel(language="en", engine="scripted"), SpeechModel(language="de", engine="scripted"))
)
ENGLISH, GERMAN = Expected(SpokenKind.FREE, "en-GB"), Expected(SpokenKind.FREE, "de")


async def up(recognition: Recognition, workers: int) -> None:
    async with asyncio.timeout(60):
        while recognition.workers_up() < workers:  # noqa: ASYNC110 - several services, each with events of its own
            await asyncio.sleep(0.02)


async def hear(recognition: Recognition, expected: Expected) -> Final:
    async with recognition.open(expected) as hearing:
        feed(hearing, utterance("hello"))
        hearing.finish()
        final = (await told(hearing))[-1]
    assert isinstance(final, Final)
    return final


async def test_there_is_a_service_for_each_language_that_is_spoken() -> None:
    recognition = Recognition(SETTINGS)
    await recognition.start(["en-GB", "en", "fr"])
    try:
        await up(recognition, 1)
        assert recognition.held_off() == {"en": False}
        assert await hear(recognition, ENGLISH) == Final("hello", "hello")
    finally:
        await recognition.stop()
    assert recognition.workers_up() == 0


async def test_a_language_whose_recogniser_fails_again_and_again_is_left_alone_and_others_are_not() -> None:
    recognition = Recognition(SETTINGS)
    await recognition.start(["en", "de"])
    try:
        await up(recognition, 2)
        for _ in range(3):
            async with recognition.open(ENGLISH) as hearing:
                feed(hearing, utterance("!fail"))
                assert isinstance((await told(hearing))[-1], Broken)
        assert recognition.held_off() == {"en": True, "de": False}
        with pytest.raises(SpeechUnavailable, match="left alone"):
            await hear(recognition, ENGLISH)
        assert await hear(recognition, GERMAN) == Final("hello", "hello")
    finally:
        await recognition.stop()


async def test_a_language_that_nobody_was_expected_to_speak_is_there_for_the_next_question() -> None:
    recognition = Recognition(SETTINGS)
    await recognition.start([])
    assert recognition.held_off() == {}
    try:
        with pytest.raises(SpeechUnavailable, match="no process that understands de is up"):
            await hear(recognition, GERMAN)
        await up(recognition, 1)
        assert await hear(recognition, GERMAN) == Final("hello", "hello")
    finally:
        await recognition.stop()


async def test_what_no_model_serves_and_what_has_stopped_is_not_heard() -> None:
    recognition = Recognition(SETTINGS)
    with pytest.raises(SpeechUnavailable, match="no model understands fr"):
        await hear(recognition, Expected(SpokenKind.FREE, "fr"))
    await recognition.stop()
    with pytest.raises(SpeechUnavailable, match="the engine stops"):
        await hear(recognition, ENGLISH)
    assert recognition.workers_up() == 0
