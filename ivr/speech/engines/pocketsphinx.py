"""pocketsphinx with the model inside its package: English, for a start that needs no download.

An utterance is decoded when it is over, and at once. Its model wants the mean of the whole utterance taken off: with
the mean of what was heard so far it got 35 items of a menu right, with that of the whole 61 of 70 (held-out synthetic
voices, telephone band). So there are no partials, and decoders behind a lock serve all sessions: they keep the
interpreter's lock while they decode anyway, 0.03 to 0.07 s for each second of audio.

It would take 0.6 s a second without a grammar and 0.3 to 1.3 s for the words of days or codes, of which it hears few
right besides: it refuses both, for who speaks waits for the answer.

It has no second opinion. Decoys stand beside the grammar instead, any number of them in a row: of 140 words that were
not on the menu 6 were then taken for an item (130 without them), of 30 sentences 1, and 47 of 70 items were still
right, 1 wrong. With what may stand around a phrase much more is taken for one ("the the no"): of 42 other words and
sentences 3 without it, and 6 more with it. So what is heard only that way is told as if a second opinion had nothing
of it, and the caller is asked. Callers with other accents, and digits in a row, fare worse: a vosk model serves them
better.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pocketsphinx
import soxr

from calls.errors import SpeechError
from calls.switch.hearing import SAMPLE_BYTES
from ivr.speech.engines.decoys import decoys
from ivr.speech.grammar import known_of, words_of
from ivr.speech.recognizer import Final, Grammar, Told

LANGUAGE = "en"
RATE_HZ = 16_000
"""Of the bundled model, whose filters reach to 6.8 kHz: telephone audio is brought up to it."""

AROUND_WEIGHT = 1e-3
"""Of what may stand around a phrase, against 1 for all phrases together. An utterance is heard without it first: of
30 items said plainly 28 are heard so, and 16 where phrases may stand around them."""

DECOY_WEIGHT = 1e-12
"""Against the grammar's 1. A hundredfold lost three more items of 70, a thousandth took seven more other words of 140
for an item."""

_START, _END, _DECOY = range(3)
"""States of a grammar; those of phrases follow."""

MOST_IN_A_ROW = 40
"""Words that may come in any number: those of digits (14) and numbers (33) are fewer, of days and codes more."""

_NARROW = {"beam": 1e-30, "pbeam": 1e-30, "wbeam": 1e-20}
"""Narrower than its own 1e-48 and 7e-29, where words may come in any number: the same digits are heard in a third of
the time. Of 72 items with words around them 46 are heard instead of 49, in a quarter of the time, and nobody waits
longer than 0.7 s (4 s)."""

_OWN_SIGNS = ("<", "[", "+")
"""Of silence and noise in its dictionary."""

_SEARCH = "said"
_SILENT = "FATAL"

Transition = tuple[int, int, float] | tuple[int, int, float, str]


def load(language: str, model: Path | None) -> PocketsphinxRecognizer:
    """See :class:`ivr.speech.recognizer.Engine`."""
    if language.partition("-")[0] != LANGUAGE:
        raise SpeechError(f"pocketsphinx understands English only: take vosk, and a model of {language}")
    if model is not None:
        raise SpeechError("pocketsphinx is used with its own model: leave the folder out, or take vosk")
    return PocketsphinxRecognizer()


class PocketsphinxRecognizer:
    """The bundled model. Sessions may be used in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wide, self._narrow = _decoder({}), _decoder(_NARROW)

    def unknown(self, words: Iterable[str]) -> frozenset[str]:
        """Those of ``words`` that are not in the bundled dictionary: nobody guesses how they are said."""
        return frozenset(word for word in words if word.startswith(_OWN_SIGNS) or not self._phones(word))

    def open(self, rate_hz: int, grammar: Grammar) -> PocketsphinxSession:
        """See :meth:`ivr.speech.recognizer.Recognizer.open`.

        Raises:
            SpeechError: a word of a phrase is not in the dictionary, the rate is none, or it would be too slow.
        """
        if rate_hz <= 0:
            raise SpeechError(f"{rate_hz} Hz is no rate of audio")
        if not grammar.phrases or (grammar.repeated and len(grammar.phrases) > MOST_IN_A_ROW):
            raise SpeechError(
                "pocketsphinx is too slow for free speech, days and codes: take vosk with a model of English for them"
            )
        return PocketsphinxSession(self, rate_hz, known_of(grammar, self.unknown))

    def decode(self, pcm: bytes, grammar: Grammar) -> str:
        """The words of an utterance at :data:`RATE_HZ`, decoys among them; "" for none."""
        with self._lock:
            decoder = self._narrow if grammar.repeated or grammar.around else self._wide
            decoder.reinit_feat()  # else what it made of one utterance's noise colours the next
            beside = decoys(words_of(grammar), self._phones)
            decoder.add_fsg(_SEARCH, decoder.create_fsg(_SEARCH, _START, _END, list(transitions(grammar, beside))))
            decoder.activate_search(_SEARCH)
            decoder.start_utt()
            if pcm:
                decoder.process_raw(pcm, full_utt=True)
            decoder.end_utt()
            hypothesis = decoder.hyp()
            return str(hypothesis.hypstr) if hypothesis else ""

    def _phones(self, word: str) -> list[str]:
        return (self._wide.lookup_word(word) or "").split()


class PocketsphinxSession:
    """One utterance, kept until it is over."""

    def __init__(self, recognizer: PocketsphinxRecognizer, rate_hz: int, grammar: Grammar) -> None:
        self._recognizer = recognizer
        self._rate_hz = rate_hz
        self._grammar = grammar
        self._heard = bytearray()

    def feed(self, pcm: bytes) -> list[Told]:
        """Nothing is told before the end."""
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError(f"{len(pcm)} bytes end in half a sample")
        self._heard += pcm
        return []

    def finish(self) -> Final:
        """See :meth:`ivr.speech.recognizer.RecognizerSession.finish`."""
        samples = np.frombuffer(bytes(self._heard), "<i2").astype(np.float64)
        wide = soxr.resample(samples, self._rate_hz, RATE_HZ) if self._rate_hz != RATE_HZ else samples
        pcm = np.clip(np.rint(wide), -32768, 32767).astype("<i2").tobytes()
        bare = self._recognizer.decode(pcm, replace(self._grammar, around=frozenset()))
        if self._grammar.allows(bare):
            return Final(bare)
        polite = self._recognizer.decode(pcm, self._grammar) if self._grammar.around else ""
        return Final(polite, "", 0.0, likely=True) if self._grammar.allows(polite) else Final("")

    def close(self) -> None:
        """See :meth:`ivr.speech.recognizer.RecognizerSession.close`."""
        self._heard.clear()


def transitions(grammar: Grammar, beside: Iterable[str]) -> Iterator[Transition]:
    """The grammar as states and words with their chances, and the decoys ``beside`` it."""
    ways = [(_START, _END, 1 / len(grammar.phrases), phrase) for phrase in sorted(grammar.phrases)]
    ways += [(at, at, AROUND_WEIGHT, phrase) for phrase in sorted(grammar.around) for at in (_START, _END)]
    state = _DECOY
    for begin, end, weight, phrase in ways:
        *first, last = phrase.split(" ")
        at, chance = begin, weight
        for word in first:
            state += 1
            yield at, state, chance, word
            at, chance = state, 1.0
        yield at, end, chance, last
    if grammar.repeated:
        yield _END, _START, 1.0
    for decoy in beside:
        yield _START, _DECOY, DECOY_WEIGHT, decoy
        yield _DECOY, _DECOY, DECOY_WEIGHT, decoy
    yield _DECOY, _END, 1.0


def _decoder(beams: Mapping[str, float]) -> pocketsphinx.Decoder:
    try:
        return pocketsphinx.Decoder(
            hmm=pocketsphinx.get_model_path("en-us/en-us"),
            dict=pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"),
            lm=None,
            samprate=RATE_HZ,
            loglevel=_SILENT,
            **beams,
        )
    except (RuntimeError, ValueError) as error:
        raise SpeechError(f"pocketsphinx cannot load its own model ({error}): install it again") from error
