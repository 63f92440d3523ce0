"""Callers who speak: what hearing them costs, how soon they are answered, and how many a worker hears at once.

``python -m tests.bench.speech``. The model is the tiny one of the tests, and so are the voices, none of which it was
trained with: the figures say what Callwright adds, and nothing of real callers. Moments are taken on the line itself,
by a caller whose every packet is timed (:mod:`tests.bench.talker`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from pathlib import Path

import numpy as np

from calls.settings import SpeechModel
from console.demo.hum import Hum
from ivr.speech.engines import engines
from ivr.speech.events import Broken
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.grammar import grammar_of, known_of
from ivr.speech.recognizer import Final, Recognizer
from ivr.speech.service import SpeechService
from ivr.speech.voice_activity import VoiceActivity
from prompts.audio import decode_ulaw
from tests.bench.centre import open_centre
from tests.bench.machine import described, fetch, others_load
from tests.bench.quantiles import quantile
from tests.bench.talker import PACKET, PACKET_S, Talker
from tests.integration.harness import PROJECT, House
from tests.integration.premises import MODEL, SPOKEN_CHOICES, Plan
from tests.integration.speakers import VOICES, line, said
from tests.tinyvosk.features import RATE_HZ

SNR_DB = 25.0
MENU = Expected(SpokenKind.CHOICE, "en", {phrase: choice for choice, phrase in SPOKEN_CHOICES.items()})
ENGINES: Mapping[str, Path | None] = {"vosk": MODEL, "pocketsphinx": None}

SPEAKS_AT_S = 1.5
QUIET_S = 0.2
"""A prompt has stopped where nothing loud came for so long."""

CALLS_AT_ONCE = 2
ANSWER_S = 15.0

STREAMS = (10, 20, 40, 60, 80, 120)
STREAM_S = 6.0
SPREAD_S = 3.0
"""Between the first to begin and the last."""

LATE_S = 0.5
"""A result that comes so long after the last word is late."""

TEXTS = """\
bench.long: What can we do for you today? Please say what you want in a word or two, whenever you like to.
bench.bye: Thank you very much. Somebody will be with you at once. Goodbye.
"""
"""Hummed: in speech there are pauses, which would be taken for a prompt's end."""

FLOW = """\
language: en
start: menu
nodes:
  menu:
    menu: [bench.long]
    keys: {{"0": operator}}
    phrases: {{{phrases}}}
    failed: failed
  {choices}
  failed: {{hangup: []}}
""".format(
    phrases=", ".join(f"{choice}: {{en: [{phrase}]}}" for choice, phrase in SPOKEN_CHOICES.items()),
    choices="\n  ".join(f"{choice}: {{hangup: [bench.bye]}}" for choice in SPOKEN_CHOICES),
)

SPEECH = f"""
[[speech.models]]
language = "en"
engine = "vosk"
folder = "{MODEL}"
"""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one caller says: the µ-law, and when speech begins and ends in it, in seconds."""

    audio: bytes
    begins_s: float
    ends_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed. Times in seconds."""

    cpu_s: Mapping[str, float]
    """CPU a second of audio, of each engine and of judging the voice."""
    silent_s: Sequence[float]
    """From the first word to the prompt's last loud packet."""
    answered_s: Sequence[float]
    """From the end of speech to the next prompt's first loud packet."""
    calls: int
    delays_s: Mapping[int, Sequence[float]]
    """By the number of streams, from the end of each to its result; a stream that broke has infinity."""
    load: float

    @property
    def held(self) -> int:
        """The most streams of which none was late."""
        return max((count for count, each in self.delays_s.items() if max(each) <= LATE_S), default=0)


def people() -> list[Spoken]:
    """Each voice chooses everything once."""
    return [
        _spoken(line([(SPEAKS_AT_S, word)], SPEAKS_AT_S + len(word) / RATE_HZ + ANSWER_S, SNR_DB, seed), word)
        for seed, word in enumerate(said(voice, phrase) for voice in VOICES for phrase in SPOKEN_CHOICES.values())
    ]


def _spoken(audio: bytes, word: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Spoken:
    loud = np.flatnonzero(np.abs(word) > 0.05 * np.abs(word).max())
    return Spoken(audio, SPEAKS_AT_S + loud[0] / RATE_HZ, SPEAKS_AT_S + loud[-1] / RATE_HZ)


def linear(audio: bytes) -> bytes:
    """16-bit samples of µ-law."""
    return np.asarray(decode_ulaw(audio).samples * 32_768, dtype="<i2").tobytes()


def pieces(pcm: bytes) -> Iterator[bytes]:
    """Packets of 20 ms."""
    return (pcm[place : place + 2 * PACKET] for place in range(0, len(pcm), 2 * PACKET))


# --- what it costs ---------------------------------------------------------------------------------------------


def costs(spoken: Sequence[Spoken]) -> dict[str, float]:
    """CPU seconds a second of audio."""
    audio = [linear(each.audio[: round((each.ends_s + 0.5) * RATE_HZ)]) for each in spoken]
    lasts_s = sum(len(pcm) for pcm in audio) / 2 / RATE_HZ
    found = {name: _cost_of(engines()[name]("en", model), audio) / lasts_s for name, model in ENGINES.items()}
    began = time.process_time()
    for pcm in audio:
        judge = VoiceActivity()
        for piece in pieces(pcm):
            judge.take(piece)
    return found | {"voice": (time.process_time() - began) / lasts_s}


def _cost_of(recognizer: Recognizer, audio: Sequence[bytes]) -> float:
    grammar = known_of(grammar_of(MENU), recognizer.unknown)
    began = time.process_time()
    for pcm in audio:
        session = recognizer.open(RATE_HZ, grammar)
        for piece in pieces(pcm):
            session.feed(piece)
        session.finish()
        session.close()
    return time.process_time() - began


# --- how soon they are answered --------------------------------------------------------------------------------


async def answers(trees: Mapping[str, Path], spoken: Sequence[Spoken]) -> tuple[list[float], list[float]]:
    """How soon the prompt was silent after the first word, and the next one there after the last, for each caller."""
    turn = asyncio.Semaphore(CALLS_AT_ONCE)
    async with open_centre(trees, Plan(agents=0), FLOW, TEXTS, Hum()) as house:
        with (house.folder / "callwright.toml").open("a", encoding="utf-8") as settings:
            settings.write(SPEECH)
        await house.start_engine()
        await house.happens(lambda: "recognition is up" in house.log.read_text(), "callers are understood")

        async def one(each: Spoken) -> tuple[float, float]:
            async with turn:
                return await _answer(house, each)

        found = await asyncio.gather(*map(one, spoken))
        if complaints := house.complaints():
            raise AssertionError(f"the engine complained {len(complaints)} times, first: {complaints[0]}")
    return [silent_s for silent_s, _ in found], [answered_s for _, answered_s in found]


async def _answer(house: House, each: Spoken) -> tuple[float, float]:
    async with Talker(house.pbx.ports.sip) as caller:
        caller.invite("1000")
        await caller.until_status(200)
        speaking = asyncio.ensure_future(caller.speak(each.audio))
        try:
            await asyncio.wait_for(caller.ended.wait(), ANSWER_S + each.ends_s)
        except TimeoutError:
            caller.hang_up()
        finally:
            speaking.cancel()
            await asyncio.wait({speaking})
        return reactions(caller.loud_s, caller.spoke_at + each.begins_s, caller.spoke_at + each.ends_s)


def reactions(loud_s: Sequence[float], began: float, ended: float) -> tuple[float, float]:
    """How soon the prompt was silent after the first word, at ``began``, and the next one loud after the last, at
    ``ended``, by when loud packets came. Infinity where no prompt stopped, or no other came."""
    heard = [at for at in loud_s if at >= began]
    for last, following in pairwise(heard):
        if following - last > QUIET_S:
            return last - began, following - ended
    return float("inf"), float("inf")


# --- how many at once ------------------------------------------------------------------------------------------


async def streams(spoken: Sequence[Spoken], count: int) -> list[float]:
    """One worker hears ``count`` callers who speak without a pause, and end one after the other; how late each result
    is."""
    words = [linear(each.audio[round(each.begins_s * RATE_HZ) : round(each.ends_s * RATE_HZ)]) for each in spoken]
    model = SpeechModel(language="en", engine="vosk", folder=MODEL)
    async with SpeechService(model, 1, most=count) as service:
        await service.ready()
        return list(await asyncio.gather(*(_stream(service, words, place, count) for place in range(count))))


async def _stream(service: SpeechService, words: Sequence[bytes], place: int, count: int) -> float:
    talk = b"".join(islice(cycle(words), place % len(words), place % len(words) + 40))
    loop = asyncio.get_running_loop()
    await asyncio.sleep(place / count * SPREAD_S)
    async with service.open(MENU) as hearing:
        began = loop.time()
        for number, piece in enumerate(islice(pieces(talk), round(STREAM_S / PACKET_S)), start=1):
            hearing.feed(piece)
            await asyncio.sleep(max(0.0, began + number * PACKET_S - loop.time()))
        ended = began + STREAM_S
        hearing.finish()
        while True:
            match await hearing.next_event():
                case Final():
                    return loop.time() - ended
                case Broken():
                    return float("inf")


# --- the whole -------------------------------------------------------------------------------------------------


async def run(trees: Mapping[str, Path]) -> Figures:
    """One run."""
    spoken = people()
    cpu_s = costs(spoken)
    silent_s, answered_s = await answers(trees, spoken)
    delays_s: dict[int, list[float]] = {}
    for count in STREAMS:
        delays_s[count] = await streams(spoken, count)
        if max(delays_s[count]) > LATE_S:
            break
    answered = [each for each in answered_s if each < ANSWER_S]
    silent = [each for each in silent_s if each < ANSWER_S]
    return Figures(cpu_s, silent, answered, len(spoken), delays_s, others_load())


def report(found: Figures) -> list[str]:
    """What one run showed, in lines."""
    lines = [
        f"speech: {found.calls} callers, {len(found.answered_s)} of them answered at once; load {found.load:.1f}"
    ]
    lines += [f"  {name}: {cpu * 1e3:.1f} ms of CPU a second of audio" for name, cpu in found.cpu_s.items()]
    for what, each in (("first word to silence", found.silent_s), ("last word to the next prompt", found.answered_s)):
        lines.append(f"  {what}: p50 {quantile(each, 0.5):.2f} s, p95 {quantile(each, 0.95):.2f} s")
    for count, delays in found.delays_s.items():
        lines.append(f"  {count} streams: result after p50 {quantile(delays, 0.5):.2f} s, most {max(delays):.2f} s")
    return lines


if __name__ == "__main__":
    sys.stdout.write(described(None) + "\n" + "\n".join(report(asyncio.run(run(fetch(PROJECT))))) + "\n")
