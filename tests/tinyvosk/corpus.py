"""What is spoken for training and for measuring: by whom, what, and how. The same seed gives the same corpus."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from tests.tinyvosk.pronunciation import dictionary
from tests.tinyvosk.speakers import HELD_OUT, TRAINED_FLITE, TRAINED_VARIANTS, Manner, Utterance, Voice, speak
from tests.tinyvosk.vocabulary import DIGITS, SPOKEN_PHRASES, WORDS

ACCENTS = ["en-us"] * 7 + ["en-gb", "en-us-nyc", "en-gb-x-rp"]
_RARE_WORDS = 12_000
"""Of the dictionary, for sounds in other company than the vocabulary's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance that is to be spoken."""

    voice: Voice
    text: str
    manner: Manner


def training(seed: int, flite_each: int, espeak: int) -> list[Line]:
    """``flite_each`` lines for each trained voice of flite, which says when each sound ends, and ``espeak`` more."""
    random = Random(seed)
    rare = rare_words(random)
    lines = []
    for voice in TRAINED_FLITE:
        lowest, highest = (140, 230) if voice.name == "slt" else (85, 140)
        for _ in range(flite_each):
            manner = Manner(random.uniform(0.75, 1.3), random.randint(lowest, highest), random.uniform(0.86, 1.16))
            lines.append(Line(voice, a_text(random, rare, 0.3), manner))
    for _ in range(espeak):
        voice = Voice("espeak", f"{random.choice(ACCENTS)}+{random.choice(TRAINED_VARIANTS)}")
        manner = Manner(150 / random.uniform(125, 195), random.randint(25, 75), random.uniform(0.92, 1.09))
        lines.append(Line(voice, a_text(random, rare, 0.08), manner))
    random.shuffle(lines)
    return lines


def held_out(seed: int, count: int) -> list[Line]:
    """``count`` lines of voices that nothing was trained on, of the vocabulary only."""
    random = Random(seed)
    lines = []
    for number in range(count):
        voice = HELD_OUT[number % len(HELD_OUT)]
        pitch = 100 if voice.engine == "flite" else random.randint(35, 65)
        lines.append(Line(voice, a_text(random, [], 0.0), Manner(random.uniform(0.85, 1.15), pitch)))
    return lines


def a_text(random: Random, rare: Sequence[str], rare_share: float) -> str:
    """Something to say: ``rare`` words so often, else a word, a sentence, digits, or a few words together."""
    if random.random() < rare_share:
        return " ".join(random.choice(rare) for _ in range(random.randint(2, 5)))
    match random.choices(("word", "phrase", "digits", "words"), (34, 20, 20, 26))[0]:
        case "word":
            return random.choice(WORDS)
        case "phrase":
            return random.choice(SPOKEN_PHRASES)
        case "digits":
            return " ".join(random.choice(DIGITS) for _ in range(random.randint(1, 6)))
        case _:
            return " ".join(random.choice(WORDS) for _ in range(random.randint(2, 4)))


def rare_words(random: Random) -> list[str]:
    """Words of the dictionary that are said in one way."""
    plain = [word for word, ways in dictionary().items() if len(ways) == 1 and re.fullmatch("[a-z]{3,8}", word)]
    return random.sample(plain, _RARE_WORDS)


def spoken(lines: Iterable[Line], at_once: int = 2) -> list[Utterance]:
    """The lines as audio; one that its program fails at is left out."""

    def say(line: Line) -> Utterance | None:
        try:
            return speak(line.voice, line.text, line.manner)
        except subprocess.SubprocessError:
            return None

    with ThreadPoolExecutor(at_once) as threads:
        return [said for said in threads.map(say, lines) if said is not None and len(said.samples) > 800]
