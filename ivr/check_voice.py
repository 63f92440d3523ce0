"""What is wrong with what callers may say: phrases that cannot be told apart, known, or said in every language."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass

from calls.errors import SpeechError
from ivr.faults import Rule, did_you_mean
from ivr.nodes.base import NodeModel, Place
from ivr.nodes.directory import Directory
from ivr.nodes.menu import Menu
from ivr.nodes.phrases import choices, of_language
from ivr.reading import Reading
from ivr.sounds import sound
from ivr.speech.grammar import grammar_of

Dictionary = Callable[[str, frozenset[str]], frozenset[str]]
"""Those of the words that the recogniser of a language does not know; ``SpeechError`` where it has none."""

Found = tuple[Place, Rule, str]


@dataclass(frozen=True, slots=True)
class _Said:
    """The phrases of one node, by choice and language. ``before`` and ``after`` a choice make its place."""

    phrases: Mapping[str, Mapping[str, tuple[str, ...]]]
    before: Place
    after: Place = ()

    def place(self, choice: str, *inside: str | int) -> Place:
        return (*self.before, choice, *self.after, *inside)

    @property
    def languages(self) -> tuple[str, ...]:
        """As they are written, each once."""
        return tuple(dict.fromkeys(tag for written in self.phrases.values() for tag in written))


def voice_faults(reading: Reading, dictionary: Dictionary | None) -> Iterator[Found]:
    """What is wrong with all that can be said, each with its place and rule."""
    served: list[str] = []
    if dictionary is not None:
        served = yield from _served(reading, dictionary)
    for name, node in reading.nodes.items():
        yield from _speechless(name, node, reading.languages)
        said = _said(name, node)
        if said is None:
            continue
        if isinstance(node, Menu):
            yield from _not_keyed(node, said)
        yield from _unlisted(said, reading.languages)
        for language in said.languages:
            yield from _ambiguous(said, language)
            yield from _alike(said, language)
        for language in reading.languages:
            yield from _silent(said, language)
            if dictionary is not None and language in served:
                yield from _unknown(said, language, dictionary)


def _served(reading: Reading, dictionary: Dictionary) -> Generator[Found, None, list[str]]:
    """The languages of the flow in which something can be said and understood."""
    served = []
    for language in reading.languages:
        if not any(any(node.expects(language)) for node in reading.nodes.values()):
            continue
        try:
            dictionary(language, frozenset())
        except SpeechError as problem:
            place: Place = ("language",) if language == reading.language else ("languages",)
            yield place, Rule.NO_RECOGNIZER, f"callers who speak {language} have keys alone: {problem.problem}"
        else:
            served.append(language)
    return served


def _said(name: str, node: NodeModel) -> _Said | None:
    match node:
        case Menu(phrases=phrases) if phrases:
            return _Said(phrases, ("nodes", name, "phrases"))
        case Directory(phrases=phrases) if phrases:
            return _Said(phrases, ("nodes", name, "people"), ("phrases",))
        case _:
            return None


def _speechless(name: str, node: NodeModel, languages: tuple[str, ...]) -> Iterator[Found]:
    """Digits, dates and the like that we do not understand in a language of the flow."""
    for language in languages:
        for place, expected in node.expects(language):
            try:
                grammar_of(expected)
            except SpeechError as problem:
                yield ("nodes", name, *place), Rule.MISSING_PHRASES, problem.problem


def _not_keyed(menu: Menu, said: _Said) -> Iterator[Found]:
    """Choices that have no key."""
    for to in menu.phrases:
        if to not in menu.keys.values():
            problem = "can be said and not keyed; give it a key, since not everybody is understood"
            yield said.place(to), Rule.SPOKEN_ONLY, problem


def _unlisted(said: _Said, languages: tuple[str, ...]) -> Iterator[Found]:
    """Phrases in languages that the flow does not speak."""
    spoken = {*languages, *(language.partition("-")[0] for language in languages)}
    for choice, written in said.phrases.items():
        for language in written:
            if languages and language not in spoken:
                problem = f'"{language}" is none of the languages of the flow{did_you_mean(language, languages)}'
                yield said.place(choice, language), Rule.UNKNOWN_LANGUAGE, problem


def _ambiguous(said: _Said, language: str) -> Iterator[Found]:
    """Phrases that stand for two choices."""
    first: dict[str, str] = {}
    for choice, written in said.phrases.items():
        for index, phrase in enumerate(written.get(language, ())):
            if first.setdefault(phrase, choice) != choice:
                problem = f'"{phrase}" is said for {first[phrase]} already; a phrase is for one choice'
                yield said.place(choice, language, index), Rule.AMBIGUOUS_PHRASE, problem


def _alike(said: _Said, language: str) -> Iterator[Found]:
    """Phrases of two choices that are easily taken for each other."""
    of: dict[str, str] = {}
    for choice, written in said.phrases.items():
        for phrase in written.get(language, ()):
            of.setdefault(phrase, choice)
    sounds: dict[str, str] = {}
    for phrase, choice in of.items():
        before = sounds.setdefault(sound(phrase), phrase)
        begins = next((each for each in _beginnings(phrase) if of.get(each, choice) != choice), None)
        if begins is not None:
            why = f'begins with "{begins}", which is for {of[begins]}'
        elif of[before] != choice:
            why = f'sounds much like "{before}", which is for {of[before]}'
        else:
            continue
        index = said.phrases[choice][language].index(phrase)
        problem = f'"{phrase}" {why}; say it in other words'
        yield said.place(choice, language, index), Rule.SIMILAR_PHRASES, problem


def _beginnings(phrase: str) -> Iterator[str]:
    """Its first word, its first two words, and so on, without the whole."""
    words = phrase.split()
    return (" ".join(words[:count]) for count in range(1, len(words)))


def _silent(said: _Said, language: str) -> Iterator[Found]:
    """Choices that have no phrase in a language of the flow."""
    for choice, written in said.phrases.items():
        if of_language(written, language) is None:
            problem = f"can be said in {', '.join(written)} and not in {language}; give it phrases there too"
            yield said.place(choice), Rule.MISSING_PHRASES, problem


def _unknown(said: _Said, language: str, dictionary: Dictionary) -> Iterator[Found]:
    """Words that would never be heard."""
    unknown = dictionary(
        language, frozenset(word for phrase in choices(said.phrases, language) for word in phrase.split())
    )
    for choice, written in said.phrases.items():
        tag = language if language in written else language.partition("-")[0]
        for index, phrase in enumerate(written.get(tag, ())):
            if lacking := [word for word in phrase.split() if word in unknown]:
                named = ", ".join(f'"{word}"' for word in lacking)
                problem = f"the recogniser of {language} does not know {named}; say it in other words"
                yield said.place(choice, tag, index), Rule.UNKNOWN_WORD, problem
