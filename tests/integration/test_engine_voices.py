"""Callers choose by voice, end to end: a synthetic voice, SIPp's RTP, Asterisk, our endpoint, vosk, the record.

The voices are none of those that the tiny model was trained with (:mod:`tests.integration.speakers`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from console.demo.sipp import CallerScript
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House, number
from tests.integration.premises import SPOKEN_CHOICES, SPOKEN_FAILED, Plan
from tests.integration.speakers import VOICES, Samples, line, said
from tests.tinyvosk.features import RATE_HZ
from tests.tinyvosk.speakers import Voice

pytestmark = pytest.mark.asterisk

AT_ONCE = (8, 4, 2)
"""How many call at once; and whom the engine left to keys, because what was to hear them was late, calls again among
fewer. On a machine with nothing else to do nobody has to."""

CALL_S = 40.0
LINE_S = 15.0
"""What goes over a line, again and again where a call is longer."""

SAYS_AT_S = (1.5, 4.9)
"""During the menu's prompt, and again to whom did not understand, or asks whether it was meant."""

AGREES_AT_S = (7.5, 10.0)
"""The caller says yes. Who was understood at once has gone long before."""

GIVES_UP_AT_S = 8.0
"""Who says strange words has said them twice by then, and the second time is judged. All that followed is silence."""

GAVE_UP = "hung_up"
"""What a call came to whose caller hung up in the menu."""

NOBODY_LISTENS = ("nobody understands the caller, who has keys", "the caller is not heard any more")
"""What the engine's log says of a call whose question is left to keys."""

STRANGE = (
    "banana umbrella computer yesterday purple elephant window football calendar breakfast mountain science holiday"
    " kitchen garden weather station picture orange dollar"
).split()
"""Words that are none of the menu, nor of the model."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One call: who is meant to be chosen, and what goes over the line."""

    phone: str
    expected: str
    audio: bytes = field(repr=False)
    hangs_up_at_s: float | None = None


def choosing(voice: Voice, snr_db: float, first: int) -> list[Caller]:
    """Callers who choose everything there is, each one thing, in one voice, and say yes if they are asked."""
    return [
        say(first + index, choice, said(voice, phrase), said(voice, "yes"), snr_db)
        for index, (choice, phrase) in enumerate(SPOKEN_CHOICES.items())
    ]


def judged(found: Mapping[str, str], callers: Sequence[Caller]) -> tuple[float, list[Caller]]:
    """The share of the callers who got what they said, and the others."""
    wrong = [caller for caller in callers if found[caller.phone] != caller.expected]
    return 1 - len(wrong) / len(callers), wrong


async def take(house: House, callers: Sequence[Caller]) -> dict[str, str]:
    """Every caller calls, some at once, until somebody has listened; what each came to, by the caller's telephone."""
    found: dict[str, str] = {}
    calls = 0
    for at_once in AT_ONCE:
        again = [caller for caller in callers if caller.phone not in found]
        await call(house, again, at_once)
        calls += len(again)
        await all_recorded(house, calls)
        rows = house.rows("SELECT call_id, caller, flow_outcome FROM calls WHERE called = '4000'")
        deaf = {line.get("call_id") for line in house.log_lines() if line["event"] in NOBODY_LISTENS}
        deaf |= {row["call_id"] for row in house.rows("SELECT call_id FROM call_events WHERE kind = 'deaf'")}
        found |= {str(row["caller"]): str(row["flow_outcome"]) for row in rows if row["call_id"] not in deaf}
        if len(found) == len(callers):
            return found
    raise AssertionError(f"nobody listened to {[each.phone for each in callers if each.phone not in found]}")


async def all_recorded(house: House, calls: int) -> None:
    """Returns when all have gone, and ``calls`` have their records."""
    await house.until(lambda status: not status.calls, "all have gone")
    await house.happens(lambda: len(house.records("called = '4000'")) >= calls, "each call has its record")


async def call(house: House, callers: Sequence[Caller], at_once: int) -> None:
    """Every caller calls and hears the call out."""
    turn = asyncio.Semaphore(at_once)

    async def place(caller: Caller) -> None:
        file = house.folder / f"said-{caller.phone[1:]}.ulaw"
        file.write_bytes(caller.audio)
        async with turn:
            script = CallerScript(
                "4000", caller=caller.phone, voice=file, stays_s=CALL_S, hang_up_at_s=caller.hangs_up_at_s
            )
            sipp = await house.caller(script)
            assert await sipp.wait(CALL_S + 20.0), sipp.trouble

    await asyncio.gather(*map(place, callers))


async def open_ears(house: House) -> None:
    """Start the engine; returns when it understands what callers say."""
    await house.start_engine()
    up = "a process for speech recognition is up"
    await house.happens(lambda: any(line["event"] == up for line in house.log_lines()), up)


def say(index: int, expected: str, word: Samples, yes: Samples, snr_db: float) -> Caller:
    """A caller who says ``word``, says it again if that is asked for, and then yes."""
    words = [*((at_s, word) for at_s in SAYS_AT_S), *((at_s, yes) for at_s in AGREES_AT_S)]
    return Caller(number(index, 1), expected, line(words, LINE_S, snr_db, seed=index))


def strangers() -> list[Caller]:
    """Callers who say words that are none of the menu, each in two of three voices, and give up."""
    return [
        replace(
            say(2000 + 100 * place + index, GAVE_UP, said(voice, word), NOTHING, 25.0), hangs_up_at_s=GIVES_UP_AT_S
        )
        for place, voice in enumerate(VOICES[:3])
        for index, word in enumerate(STRANGE)
        if index % 3 != place
    ]


def noises() -> list[Caller]:
    """Callers who say nothing, on lines that hum, play music or send tones, loudly and softly."""
    sounds = (NOTHING, hum(), music(), dialling())
    return [
        Caller(number(5000 + 10 * place + index, 2), SPOKEN_FAILED, line([(0.0, sound * gain)], LINE_S, 40.0, index))
        for place, gain in enumerate((np.float32(1.0), np.float32(0.3)))
        for index, sound in enumerate(sounds)
    ]


async def test_what_callers_say_is_what_they_get_and_nothing_else(house_of: OpenHouse) -> None:
    """Ten choices, by six voices with little noise and by three with much; strange words, in three voices; noises.

    At 25 dB 95% are right, asked again once at most. At 10 dB half are right, and hardly one is wrong: the caller is
    asked again, and says nothing more. Of strange words that are heard fewer than 5% choose something; silence, hum,
    music and tones never do.
    """
    quiet = [each for place, voice in enumerate(VOICES) for each in choosing(voice, 25.0, 100 * place)]
    noisy = [each for place, voice in enumerate(VOICES[:3]) for each in choosing(voice, 10.0, 1000 + 100 * place)]
    strange, wordless = strangers(), noises()
    async with house_of(Plan(agents=0, speaks=True)) as house:
        await open_ears(house)
        found = await take(house, [*strange, *wordless, *noisy, *quiet])

        right, wrong = judged(found, quiet)
        assert right >= 0.95, wrong
        right, wrong = judged(found, noisy)
        assert right >= 0.4, wrong
        assert sum(found[caller.phone] != SPOKEN_FAILED for caller in wrong) <= 0.1 * len(noisy), wrong

        words = heard(house, strange)
        assert words >= len(strange), "each was heard, most of them twice"
        _, taken = judged(found, strange)
        assert len(taken) / words < 0.05, taken
        assert judged(found, wordless) == (1.0, [])

        assert house.complaints() == []
        assert len(await house.channels()) == 0, "no listening leg is left"


def heard(house: House, callers: Sequence[Caller]) -> int:
    """How many utterances of ``callers`` were heard, whether or not they were understood."""
    results = house.rows(
        "SELECT caller FROM call_events JOIN calls USING (call_id) WHERE kind = 'exchange'"
        " AND coalesce(detail ->> '$.result.Heard', detail ->> '$.result.NotUnderstood') IS NOT NULL"
    )
    return sum(row["caller"] in {caller.phone for caller in callers} for row in results)


NOTHING: Samples = np.zeros(0, dtype=np.float32)


def tones(*frequencies_hz: float) -> Samples:
    """Tones at once, at -26 dBov together."""
    at = np.arange(round(LINE_S * RATE_HZ)) / RATE_HZ
    both = sum((np.sin(2 * np.pi * each * at) for each in frequencies_hz), start=np.zeros_like(at))
    return np.asarray(both * 0.05 * np.sqrt(2 / len(frequencies_hz)), dtype=np.float32)


def hum() -> Samples:
    """A mains hum with its overtones."""
    return tones(50, 100, 150, 250)


def music() -> Samples:
    """Three chords in turn, each for half a second."""
    chords = [tones(262, 330, 392), tones(294, 349, 440), tones(247, 294, 392)]
    return np.concatenate([chord[: RATE_HZ // 2] for chord in chords * 10])


def dialling() -> Samples:
    """DTMF in the audio itself, which Asterisk takes for no key here: 5, again and again."""
    on = (np.arange(round(LINE_S * RATE_HZ)) % RATE_HZ) < RATE_HZ // 5
    return np.asarray(tones(770, 1336) * on, dtype=np.float32)
