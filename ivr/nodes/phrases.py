"""What callers may say for a choice, as it is written in a flow: phrases by language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from calls.errors import SpeechError
from ivr.nodes.base import LanguageTag, NodeName
from ivr.speech.grammar import phrase as heard_phrase

T = TypeVar("T")

MOST_WORDS = 8
"""Words of one phrase: who says more does not answer a menu."""

LONGEST = 80
"""Characters of one phrase."""

MOST_PHRASES = 50
"""Phrases of one choice in one language."""


def phrase(value: object) -> str:
    """``value`` as it is heard: words in small letters, with single spaces between.

    Raises:
        ValueError: it is no phrase, or has characters that nobody can say.
    """
    if not isinstance(value, str):
        raise ValueError("expected the words that a caller may say, such as new order")
    try:
        words = heard_phrase(value)
    except SpeechError as problem:
        raise ValueError(problem.problem) from problem
    if words.count(" ") >= MOST_WORDS or len(words) > LONGEST:
        raise ValueError(f"expected at most {MOST_WORDS} words and {LONGEST} characters")
    return words


def some(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """``phrases``, where there is one.

    Raises:
        ValueError: there is none.
    """
    if not phrases:
        raise ValueError("expected a list of phrases, such as [sales, new order]")
    return phrases


Phrase = Annotated[
    str,
    PlainValidator(phrase),
    WithJsonSchema({"type": "string", "minLength": 1, "pattern": r"^[^0-9_]+$", "examples": ["new order"]}),
]
SomePhrases = Annotated[
    tuple[Phrase, ...],
    AfterValidator(some),
    Field(max_length=MOST_PHRASES, json_schema_extra={"minItems": 1}),
]
InLanguages = Annotated[dict[LanguageTag, SomePhrases], Field(min_length=1)]
Phrases = Annotated[dict[NodeName, InLanguages], Field(max_length=50)]
"""By the node that is chosen, and by language, what a caller may say for it."""


def of_language(by_language: Mapping[str, T], language: str) -> T | None:
    """What is for ``language``, or for the language of its region (``de`` for ``de-AT``); None: nothing is."""
    return by_language.get(language, by_language.get(language.partition("-")[0]))


def choices(phrases: Mapping[str, Mapping[str, tuple[str, ...]]], language: str) -> dict[str, str]:
    """The choice of each phrase of ``language``."""
    return {said: to for to, written in phrases.items() for said in of_language(written, language) or ()}
