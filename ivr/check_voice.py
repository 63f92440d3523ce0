"""What is wrong with what callers may say: phrases that cannot be told apart, known, or said in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from ivr.faults import Rule, did_you_mean
from ivr.nodes.base import Place
from ivr.nodes.menu import Menu
from ivr.nodes.phrases import choices, of_language
from ivr.reading import Reading
from ivr.sounds import sound

Dictionary = Callable[[str, frozenset[str]], frozenset[str]]
"""Those of the words that the recogniser of a language does not know; of a language without one, none of them."""

Found = tuple[Place, Rule, str]


def voice_faults(reading: Reading, dictionary: Dictionary | None) -> Iterator[Found]:
    """What is wrong with the phrases of all menus, each with its place and rule."""
    for name, node in reading.nodes.items():
        if isinstance(node, Menu) and node.phrases:
            for path, rule, problem in _of_menu(node, reading, dictionary):
                yield ("nodes", name, "phrases", *path), rule, problem


def _of_menu(menu: Menu, reading: Reading, dictionary: Dictionary | None) -> Iterator[Found]:
    yield from _unlisted(menu, reading.languages)
    for to in menu.phrases:
        if to not in menu.keys.values():
            yield (
                (to,),
                Rule.SPOKEN_ONLY,
                "can be said and not keyed; give it a key, since not everybody is understood",
            )
    languages = dict.fromkeys(tag for written in menu.phrases.values() for tag in written)
    for language in languages:
        yield from _ambiguous(menu, language)
        yield from _alike(menu, language)
    for language in reading.languages:
        yield from _silent(menu, language)
        if dictionary is not None:
            yield from _unknown(menu, language, dictionary)


def _unlisted(menu: Menu, languages: tuple[str, ...]) -> Iterator[Found]:
    """Phrases in languages that the flow does not speak."""
    spoken = {*languages, *(language.partition("-")[0] for language in languages)}
    for to, written in menu.phrases.items():
        for language in written:
            if languages and language not in spoken:
                problem = f'"{language}" is none of the languages of the flow{did_you_mean(language, languages)}'
                yield (to, language), Rule.UNKNOWN_LANGUAGE, problem


def _ambiguous(menu: Menu, language: str) -> Iterator[Found]:
    """Phrases that stand for two choices."""
    first: dict[str, str] = {}
    for to, written in menu.phrases.items():
        for index, phrase in enumerate(written.get(language, ())):
            if first.setdefault(phrase, to) != to:
                problem = f'"{phrase}" is said for {first[phrase]} already; a phrase is for one choice'
                yield (to, language, index), Rule.AMBIGUOUS_PHRASE, problem


def _alike(menu: Menu, language: str) -> Iterator[Found]:
    """Phrases of two choices that are easily taken for each other."""
    said = choices({to: {language: written.get(language, ())} for to, written in menu.phrases.items()}, language)
    for one, other in combinations(said, 2):
        if said[one] == said[other]:
            continue
        shorter, longer = sorted((one, other), key=len)
        if longer.startswith(f"{shorter} "):
            why = f'"{longer}" begins with "{shorter}", which is for {said[shorter]}'
        elif sound(one) == sound(other):
            why = f'"{other}" sounds much like "{one}", which is for {said[one]}'
        else:
            continue
        later = longer if longer.startswith(f"{shorter} ") else other
        index = menu.phrases[said[later]][language].index(later)
        yield (said[later], language, index), Rule.SIMILAR_PHRASES, f"{why}; say it in other words"


def _silent(menu: Menu, language: str) -> Iterator[Found]:
    """Choices that have no phrase in a language of the flow."""
    for to, written in menu.phrases.items():
        if of_language(written, language) is None:
            problem = f"can be said in {', '.join(written)} and not in {language}; give it phrases there too"
            yield (to,), Rule.MISSING_PHRASES, problem


def _unknown(menu: Menu, language: str, dictionary: Dictionary) -> Iterator[Found]:
    """Words that would never be heard."""
    words = frozenset(word for phrase in choices(menu.phrases, language) for word in phrase.split())
    unknown = dictionary(language, words) if words else words
    for to, written in menu.phrases.items():
        tag = language if language in written else language.partition("-")[0]
        for index, phrase in enumerate(written.get(tag, ())):
            if lacking := [word for word in phrase.split() if word in unknown]:
                named = ", ".join(f'"{word}"' for word in lacking)
                problem = f"the recogniser of {language} does not know {named}; say it in other words"
                yield (to, tag, index), Rule.UNKNOWN_WORD, problem
