"""The pieces that a language's texts with placeholders need: a language without them has none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from calls.errors import Location
from calls.switch.port import Prompt
from prompts.phrases import Fragment, Phrase, currencies, slots
from prompts.spoken import PAUSE, SILENCE, Kind, vocabulary
from prompts.texts import PromptText, Role

PAUSE_S = 0.2
"""Between groups of digits and where a text has a stop: shorter than what callers take for the end."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A prompt that is silence."""

    prompt: Prompt
    duration_s: float
    where: Location


def find_pieces(language: str, phrases: Collection[Phrase], where: Location) -> dict[Prompt, PromptText | Silence]:
    """Every piece that ``phrases`` can need in ``language``; ``where`` is the file that they are in."""
    held = [slot for phrase in phrases for slot in slots(phrase)]
    kinds = {slot.kind for slot in held} - {Kind.TEXT}
    texts = dict(vocabulary(language, kinds, currencies(held))) if kinds else {}
    if any(Fragment(PAUSE) in phrase for phrase in phrases):
        texts[PAUSE] = SILENCE
    found: dict[Prompt, PromptText | Silence] = {}
    for key, text in texts.items():
        prompt, place = Prompt(key, language), Location(where.file, key=key)
        if text == SILENCE:
            found[prompt] = Silence(prompt, PAUSE_S, place)
        else:
            found[prompt] = PromptText(prompt, text, place, Role.PIECE)
    return found
