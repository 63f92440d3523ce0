"""The two graphs that vosk composes: from phones to words, and the words that may follow each other.

Garbage is one phone that any speech scores for, and not a loop over all phones: with that, the lattices of Kaldi
explode (24 s of CPU for 300 s of audio).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from tests.tinyvosk.openfst import Transducer
from tests.tinyvosk.phones import GARBAGE_ID, SILENCE_ID, enter, phone_id, stay
from tests.tinyvosk.pronunciation import Pronunciations

UNKNOWN = "[unk]"

_SILENCE_COST = 0.7
_NO_SILENCE_COST = 0.7
_STAY_COST = 0.1
_WORD_COST = 2.0
"""Against many short words where one long one was said; tuned on a quarter of the held-out voices."""

_UNKNOWN_COST = 6.0
"""Of the garbage, where no grammar is given."""

_END_COST = 1.0


def words_from_phones(words: Mapping[str, int], pronunciations: Pronunciations) -> Transducer:
    """``HCLr.fst``: takes transitions and gives words; silence may stand between words.

    A word is given by the first arc of its pronunciation. The arc that stays in a phone comes after the one that
    enters it, which Kaldi calls reordered.
    """
    graph = Transducer()
    start, between, first_silence, silence = graph.state(), graph.state(), graph.state(), graph.state()
    graph.arc(start, first_silence, enter(SILENCE_ID), cost=_SILENCE_COST)
    graph.arc(first_silence, first_silence, stay(SILENCE_ID), cost=_STAY_COST)
    graph.arc(first_silence, between)
    graph.arc(start, between, cost=_NO_SILENCE_COST)
    graph.arc(silence, silence, stay(SILENCE_ID), cost=_STAY_COST)
    graph.arc(silence, between)
    graph.ends[between] = 0.0

    def leave(state: int) -> None:
        graph.arc(state, between, cost=_NO_SILENCE_COST)
        graph.arc(state, silence, enter(SILENCE_ID), cost=_SILENCE_COST)

    for word, number in words.items():
        if word.startswith(("<", "[")):
            continue
        for phones in pronunciations[word]:
            at = between
            for place, phone in enumerate(phones):
                its_id, state = phone_id(phone, place, len(phones)), graph.state()
                cost = _WORD_COST + log(len(pronunciations[word])) if place == 0 else 0.0
                graph.arc(at, state, enter(its_id), number if place == 0 else 0, cost)
                graph.arc(state, state, stay(its_id), cost=_STAY_COST)
                at = state
            leave(at)
    once, longer = graph.state(), graph.state()
    graph.arc(between, once, enter(GARBAGE_ID), words[UNKNOWN])
    graph.arc(once, longer, stay(GARBAGE_ID), cost=_STAY_COST)
    graph.arc(longer, longer, stay(GARBAGE_ID), cost=_STAY_COST)
    leave(longer)
    return graph


def any_words(words: Mapping[str, int]) -> Transducer:
    """``Gr.fst``: any word after any other, garbage at a cost; for recognition without a grammar."""
    sayable = {word: number for word, number in words.items() if not word.startswith("<")}
    graph = Transducer()
    only = graph.state()
    graph.ends[only] = _END_COST
    for word, number in sayable.items():
        cost = log(len(sayable)) + (_UNKNOWN_COST if word == UNKNOWN else 0.0)
        graph.arc(only, only, number, number, cost)
    return graph
