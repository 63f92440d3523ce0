"""Writes the folder of a model from the weights and a list of words. New words need no training."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.tinyvosk.features import MFCC_CONF
from tests.tinyvosk.graph import UNKNOWN, any_words, words_from_phones
from tests.tinyvosk.network import WEIGHTS, Scoring, acoustic_model, read_weights
from tests.tinyvosk.openfst import SORTED_BY_INPUT, SORTED_BY_OUTPUT
from tests.tinyvosk.phones import LAST_ID, boundaries
from tests.tinyvosk.pronunciation import dictionary
from tests.tinyvosk.vocabulary import WORDS

MODEL = Path(__file__).with_name("model")
"""The model that tests use."""

MODEL_CONF = """\
--min-active=200
--max-active=3000
--beam=14.0
--lattice-beam=6.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--frames-per-chunk=12
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""
"""``conf/model.conf``. vosk takes every third frame whatever stands here, and ends its process without
``silence-phones``."""

README = "A model of synthetic speech, for tests and demonstrations only: see tests/tinyvosk in Callwright.\n"


def export(folder: Path, more_words: Iterable[str] = (), weights: Path = WEIGHTS) -> None:
    """Write the model of ``weights`` into ``folder``, with ``more_words`` beside the vocabulary.

    Raises:
        ValueError: the dictionary does not know a word.
    """
    pronunciations = dictionary()
    listed = sorted({*WORDS, *more_words})
    if missing := [word for word in listed if word not in pronunciations]:
        raise ValueError(f"the dictionary does not know {', '.join(missing)}")
    words = {word: number for number, word in enumerate(["<eps>", UNKNOWN, *listed])}
    files = {
        "am/final.mdl": acoustic_model(read_weights(weights), Scoring()),
        "graph/HCLr.fst": words_from_phones(words, pronunciations).written(SORTED_BY_OUTPUT),
        "graph/Gr.fst": any_words(words).written(SORTED_BY_INPUT),
        "graph/words.txt": "".join(f"{word} {number}\n" for word, number in words.items()).encode(),
        "graph/disambig_tid.int": f"{2 * LAST_ID + 1}\n".encode(),
        "graph/phones/word_boundary.int": boundaries().encode(),
        "conf/mfcc.conf": MFCC_CONF.encode(),
        "conf/model.conf": MODEL_CONF.encode(),
        "README": README.encode(),
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
