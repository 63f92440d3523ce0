"""How words are pronounced, by the dictionary inside the pocketsphinx wheel (CMUdict, with its licence there)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pocketsphinx

SILENCE = "SIL"
PHONES = (
    "SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()
"""The outputs of the network, in their order; the garbage that stands for ``[unk]`` comes after them."""

Pronunciations = Mapping[str, list[list[str]]]


@cache
def dictionary() -> Pronunciations:
    """Each word's pronunciations, in phones."""
    path = Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict"
    found: dict[str, list[list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()
        found.setdefault(word.split("(")[0], []).append(phones)
    return found
