"""vosk: one model for all sessions, one recogniser for each utterance, and one more without the grammar beside it.

The grammar always has ``[unk]``, which takes what is not in it; that is not enough, for vosk fits much into a grammar
and is sure of it. So the likelihoods of both are compared, and :attr:`Final.free` says what was heard without a
grammar where that is likelier. A phrase with ``[unk]`` beside it is none: of 58 that were heard of 240 words and
sentences not one was right, and no item of the menu was lost by that. Where vosk strings words of two phrases
together ("sales order"), the phrase that is nearly as likely was said; it is never sure by itself.

What may stand around a phrase is not in that grammar: of it vosk learns which word follows which, and with thirty
short words more it hears them in plain phrases. An utterance that is no phrase is heard once more with them, at its
end.

Nothing here makes a recogniser before the folder was looked at, nor changes a recogniser's grammar: vosk 0.3.45 ends
its process on either. It may still die of what nobody knows yet, and runs in processes that may.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import vosk

from calls.errors import SpeechError
from calls.switch.hearing import SAMPLE_BYTES
from ivr.speech.engines.vosk_files import ModelFiles, look_at
from ivr.speech.expected import SpokenKind
from ivr.speech.grammar import known_of
from ivr.speech.recognizer import Final, Grammar, Partial, Told
from ivr.speech.words import vocabulary

UNKNOWN = "[unk]"
"""What vosk hears where nothing of a grammar was said."""

_SILENT = -3
"""A log level: Kaldi's failed assertions only."""

POLITE_S = 6.0
"""Who speaks for longer has not just answered, and would wait for what comes of it."""

LIKELY_NATS = 10.0
"""Words that are so much less likely than others, as a logarithm, are likely still. In synthetic voices at 25 dB, by
which it was chosen, of 70 times yes and no 65 were heard so or better, none of them wrong, and of 322 other words and
phrases two were taken for yes or no; by the words of the second opinion alone it was 46 of the 70."""

NEAR_NATS = 3.0
"""A phrase that is so much less likely than words of several is taken before them."""

_ALTERNATIVES = 5

_NO_WORD = -1
_OWN_SIGNS = ("<", "[", "#")
_TRIED_S = 0.2


def load(language: str, model: Path | None) -> VoskRecognizer:
    """See :class:`ivr.speech.recognizer.Engine`. The folder is looked at and the model tried."""
    if model is None:
        raise SpeechError(f"vosk has no model of its own: name the folder of one for {language}")
    files = look_at(model)
    vosk.SetLogLevel(_SILENT)
    recognizer = VoskRecognizer(language, files, _model(files.folder))
    recognizer.verify()
    return recognizer


class VoskRecognizer:
    """One model. Sessions may be opened and used in any thread, each in one."""

    def __init__(self, language: str, files: ModelFiles, model: Any) -> None:
        self._language = language
        self._files = files
        self._model = model

    def verify(self) -> None:
        """Try the model: damage shows only when a recogniser is made, and an empty list of words never by itself.

        Raises:
            SpeechError: it cannot be used, or is a model of another language.
        """
        folder = self._files.folder
        if not self._has(UNKNOWN):
            raise SpeechError(f"{folder} has no word {UNKNOWN}: its list of words is empty, or no model's of vosk")
        digits = vocabulary(SpokenKind.DIGITS, self._language)
        missing = self.unknown(digits)
        if digits and len(missing) > len(digits) / 2:
            raise SpeechError(
                f"{folder} is no model of {self._language}: it does not know {', '.join(sorted(missing))}"
            )
        session = self.open(self._files.rate_hz, Grammar(self._language, digits - missing, repeated=True))
        session.feed(bytes(round(self._files.rate_hz * _TRIED_S) * SAMPLE_BYTES))
        session.finish()
        session.close()

    def unknown(self, words: Iterable[str]) -> frozenset[str]:
        """Those of ``words`` that are not in the model's list, or that vosk has for itself: ``<eps>``, ``[unk]``."""
        return frozenset(word for word in words if word.startswith(_OWN_SIGNS) or not self._has(word))

    def open(self, rate_hz: int, grammar: Grammar) -> VoskSession:
        """See :meth:`ivr.speech.recognizer.Recognizer.open`.

        Raises:
            SpeechError: a phrase holds a word that the model does not know, the rate is none, or vosk fails.
        """
        if rate_hz <= 0:
            raise SpeechError(f"{rate_hz} Hz is no rate of audio")
        known = known_of(grammar, self.unknown)
        resampler = None
        if rate_hz != self._files.rate_hz:
            resampler = soxr.ResampleStream(rate_hz, self._files.rate_hz, 1, dtype="int16")
        if not known.phrases:
            return VoskSession(known, None, _Hearing(self._recognizer()), None, resampler)
        bare = replace(known, around=frozenset())
        polite = _Polite(lambda: _Hearing(self._recognizer(known)), self._files.rate_hz) if known.around else None
        return VoskSession(known, self._among(bare), self._among(None), polite, resampler)

    def _has(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) != _NO_WORD)

    def _among(self, grammar: Grammar | None) -> _Hearing:
        """One of those whose likelihoods are compared."""
        recognizer = self._recognizer(grammar)
        recognizer.SetMaxAlternatives(_ALTERNATIVES if grammar else 1)
        return _Hearing(recognizer)

    def _recognizer(self, grammar: Grammar | None = None) -> Any:
        given = () if grammar is None else (_grammar(grammar),)
        try:
            recognizer = vosk.KaldiRecognizer(self._model, self._files.rate_hz, *given)
        except Exception as error:
            raise SpeechError(f"vosk cannot use the model in {self._files.folder}: unpack it again") from error
        recognizer.SetWords(True)
        return recognizer


def _grammar(grammar: Grammar) -> str:
    """As vosk takes it. What it learns from phrases is which word follows which, so those around them may follow."""
    return json.dumps([*sorted(grammar.phrases), *sorted(grammar.around), UNKNOWN], ensure_ascii=False)


class VoskSession:
    """One utterance, heard with the phrases (``bound``; None: there are none) and without them (``free``)."""

    def __init__(
        self, grammar: Grammar, bound: _Hearing | None, free: _Hearing, polite: _Polite | None, resampler: Any | None
    ) -> None:
        self._grammar = grammar
        self._bare = replace(grammar, around=frozenset())
        self._bound = bound
        self._free = free
        self._polite = polite
        self._resampler = resampler
        self._partial = Partial("")

    def feed(self, pcm: bytes) -> list[Told]:
        """See :meth:`ivr.speech.recognizer.RecognizerSession.feed`."""
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError(f"{len(pcm)} bytes end in half a sample")
        self._take(self._resampled(pcm, last=False))
        free = _known(self._free.partial())
        partial = Partial(free) if self._bound is None else Partial(self._so_far(self._bound.partial()), free)
        if partial == self._partial or (not partial.words and not self._partial.words):
            return []
        self._partial = partial
        return [partial]

    def finish(self) -> Final:
        """See :meth:`ivr.speech.recognizer.RecognizerSession.finish`."""
        self._take(self._resampled(b"", last=True))
        self._free.finish()
        if self._bound is None:
            return Final(_known(self._free.words), None, self._free.confidence)
        self._bound.finish()
        words, short = self._bound.best(self._bare.allows)
        free = self._free.words
        behind = max(0.0, self._free.likelihood - self._bound.likelihood + short)
        is_phrase = self._bare.allows(words)
        if is_phrase and not behind and not short:
            return Final(words, words, 1.0, True)
        if self._grammar.allows(free):
            return Final(free, free, 1.0, True)
        if is_phrase:
            return Final(words, _known(free), exp(-behind), behind <= LIKELY_NATS)
        polite = "" if self._polite is None else self._polite.words()
        return Final(polite if self._grammar.allows(polite) else "", _known(free), 0.0)

    def close(self) -> None:
        """See :meth:`ivr.speech.recognizer.RecognizerSession.close`."""
        self._free.close()
        if self._bound is not None:
            self._bound.close()

    def _so_far(self, words: str) -> str:
        return _known(words) if self._grammar.repeated else words

    def _take(self, pcm: bytes) -> None:
        if pcm:
            self._free.take(pcm)
            if self._bound is not None:
                self._bound.take(pcm)
            if self._polite is not None:
                self._polite.keep(pcm)

    def _resampled(self, pcm: bytes, *, last: bool) -> bytes:
        if self._resampler is None:
            return pcm
        samples = np.frombuffer(pcm, dtype="<i2")
        return bytes(self._resampler.resample_chunk(samples, last=last).astype("<i2").tobytes())


class _Hearing:
    """One recogniser, whose own ends of an utterance do not end ours."""

    def __init__(self, recognizer: Any) -> None:
        self._recognizer: Any | None = recognizer
        self._done: list[str] = []
        self._sure: list[float] = []
        self._others: list[tuple[str, float]] = []
        """What else may have been said, where all of it was in one piece, and how much less likely it is."""
        self.likelihood = 0.0
        """Logarithm of it, of all that is over."""

    @property
    def words(self) -> str:
        """Those of all that is over, ``[unk]`` among them."""
        return " ".join(self._done)

    @property
    def confidence(self) -> float:
        """Of the word that is least sure; 0 where there is none, or likelihoods are told instead."""
        return min(self._sure, default=0.0)

    def best(self, allows: Callable[[str], bool]) -> tuple[str, float]:
        """The words, or other ones that are nearly as likely where only those are allowed; and by how much they are
        less likely. What has ``[unk]`` in it is taken as it is."""
        words = self.words
        if not allows(words) and UNKNOWN not in words:
            for other, less in self._others:
                if less <= NEAR_NATS and allows(other):
                    return other, less
        return words, 0.0

    def take(self, pcm: bytes) -> None:
        """Hear ``pcm``, at the model's rate."""
        recognizer = self._open
        if recognizer.AcceptWaveform(pcm):
            self._keep(recognizer.Result())

    def partial(self) -> str:
        """The words so far. Right after an end of its own the recogniser has no partial."""
        so_far = json.loads(self._open.PartialResult()).get("partial", "")
        return " ".join([*self._done, so_far]).strip()

    def finish(self) -> None:
        """All is over."""
        self._keep(self._open.FinalResult())

    def close(self) -> None:
        """Free the recogniser."""
        self._recognizer = None

    @property
    def _open(self) -> Any:
        assert self._recognizer is not None, "the session is closed"
        return self._recognizer

    def _keep(self, result: str) -> None:
        told = json.loads(result)
        best, *others = told.get("alternatives", [told])
        self.likelihood += best.get("confidence", 0.0)
        if best["text"]:
            in_one_piece = not self._done
            self._others = [
                (each["text"].strip(), best["confidence"] - each["confidence"]) for each in others if in_one_piece
            ]
            self._done.append(best["text"].strip())
            self._sure += [word["conf"] for word in best.get("result", []) if "conf" in word]


class _Polite:
    """What was said, kept to be heard once more with what may stand around a phrase."""

    def __init__(self, opened: Callable[[], _Hearing], rate_hz: int) -> None:
        self._opened = opened
        self._most = int(POLITE_S * rate_hz) * SAMPLE_BYTES
        self._kept = bytearray()

    def keep(self, pcm: bytes) -> None:
        """Keep it, unless there is too much already."""
        if len(self._kept) <= self._most:
            self._kept += pcm

    def words(self) -> str:
        """All that is heard of it, ``[unk]`` among them; "" where it is too long."""
        if len(self._kept) > self._most:
            return ""
        hearing = self._opened()
        hearing.take(bytes(self._kept))
        hearing.finish()
        hearing.close()
        return hearing.words


def _known(words: str) -> str:
    return " ".join(word for word in words.split() if word != UNKNOWN)


def _model(folder: Path) -> Any:
    try:
        return vosk.Model(str(folder))
    except Exception as error:
        raise SpeechError(f"vosk cannot load the model in {folder}: unpack it again") from error
