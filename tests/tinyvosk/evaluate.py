"""Measures a model with voices that it was not trained on, through the product's own engine, off a telephone line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ivr.speech.engines.vosk import VoskRecognizer, load
from ivr.speech.recognizer import Final, Grammar
from tests.tinyvosk.corpus import Line, held_out, spoken
from tests.tinyvosk.features import RATE_HZ
from tests.tinyvosk.speakers import HELD_OUT, PLAIN
from tests.tinyvosk.telephone import telephoned
from tests.tinyvosk.vocabulary import DIGITS, MENU, SPOKEN_PHRASES

ITEMS = ("sales", "support", "billing", "operator", "main menu", "help", "yes", "no", "cancel", "repeat")
OTHERS = (
    "banana umbrella computer yesterday purple elephant window football calendar breakfast mountain science holiday"
    " kitchen garden weather station picture orange dollar"
).split()
SEED = 3
_PIECE = RATE_HZ // 50 * 2


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares of 1. ``phrase_errors``: utterances not heard right among ten other phrases, or among all digits;
    ``free_word_errors``: words wrong, missing or too many without a grammar; ``item_errors``: items of a menu not
    heard; ``others_accepted``: other words taken for an item, and ``others_sure``: also heard so without a grammar.
    ``cpu``: seconds a second."""

    phrase_errors: float
    free_word_errors: float
    item_errors: float
    others_accepted: float
    others_sure: float
    cpu: float


def evaluate(folder: Path, count: int, noise_db: float = 25.0) -> Measured:
    """The figures of the model in ``folder``, by ``count`` utterances and the menu in every held-out voice."""
    recognizer = load("en", folder)
    random = Random(SEED)
    began, seconds = time.process_time(), 0.0
    wrong = words = word_errors = 0
    utterances = spoken(held_out(SEED, count))
    for number, said in enumerate(utterances):
        pcm = telephoned(said.samples, number, noise_db)
        grammar = _among_others(random, said.text)
        final = _heard(recognizer, pcm, grammar)
        wrong += final.words != said.text
        words += len(said.text.split())
        word_errors += distance(said.text.split(), (final.free or "").split())
        seconds += len(pcm) / 2 / RATE_HZ
    cpu = (time.process_time() - began) / seconds
    menu = Grammar("en", frozenset(ITEMS))
    lines = [Line(voice, text, PLAIN) for voice in HELD_OUT for text in (*ITEMS, *OTHERS)]
    finals = [
        (said.text, _heard(recognizer, telephoned(said.samples, number, noise_db), menu))
        for number, said in enumerate(spoken(lines))
    ]
    items = [final.words == text for text, final in finals if text in ITEMS]
    others = [final for text, final in finals if text not in ITEMS]
    return Measured(
        phrase_errors=wrong / len(utterances),
        free_word_errors=word_errors / words,
        item_errors=1 - sum(items) / len(items),
        others_accepted=sum(final.words != "" for final in others) / len(others),
        others_sure=sum(final.words not in ("", None) and final.words == final.free for final in others)
        / len(others),
        cpu=cpu,
    )


def distance(one: list[str], other: list[str]) -> int:
    """How many words are to be changed, put in or left out to make ``other`` of ``one``."""
    row = list(range(len(other) + 1))
    for at, word in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, wanted in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != wanted))
    return row[-1]


def _among_others(random: Random, text: str) -> Grammar:
    if set(text.split()) <= set(DIGITS):
        return Grammar("en", frozenset(DIGITS), repeated=True)
    return Grammar("en", frozenset({text, *random.sample(MENU[:90], 6), *random.sample(SPOKEN_PHRASES, 4)}))


def _heard(recognizer: VoskRecognizer, pcm: bytes, grammar: Grammar) -> Final:
    session = recognizer.open(RATE_HZ, grammar)
    for at in range(0, len(pcm), _PIECE):
        session.feed(pcm[at : at + _PIECE])
    final = session.finish()
    session.close()
    return final
