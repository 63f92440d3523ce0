"""The prompts of an installation: what is wanted, what is rendered, and the file of each for the switch.

A call only ever asks for a path and a length: nothing is synthesised, converted or searched for on its way. Files lie
at ``<cache>/<language>/<key>.<digest>.<format>``: another text gives another name, so a file that a switch is playing
is never written to, and the last one stays until :meth:`PromptLibrary.remove_unused`.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never

from calls.errors import Location, PromptError
from calls.switch.port import Prompt
from prompts.aloud import read_aloud
from prompts.formats import CHAIN_REVISION, JOINED, WHOLE, Edges, Format
from prompts.index import INDEX_NAME, Rendered, read_index
from prompts.live_cache import LIVE, live_name
from prompts.phrases import Fragment, Phrase
from prompts.pieces import Silence, find_pieces
from prompts.pronunciations import load_pronunciation
from prompts.recordings import Recording, find_recordings
from prompts.synthesis import EngineVersion, Utterance
from prompts.texts import PromptText, Role, is_prompt, load_texts, own_languages, shipped_texts

FALLBACK = "fallback"
"""The folder in the cache with what the switch plays while the engine is away: its files keep their names."""


class LibrarySettings(Protocol):
    """What the library needs to know; ``Settings.prompts`` is one."""

    @property
    def texts(self) -> Path:
        """Folder of ``<language>.yaml``."""

    @property
    def recorded(self) -> Path | None:
        """Folder of ``<language>/<key>.wav``, or None."""

    @property
    def cache(self) -> Path:
        """Folder of what is rendered; the switch's user can read it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there are prompts in."""

    @property
    def system_texts(self) -> bool:
        """Whether the system's prompts are there without texts of the installation's own."""

    @property
    def pronunciation(self) -> Path | None:
        """File of the words that are read otherwise than they are written, or None."""

    @property
    def voices(self) -> Mapping[str, str]:
        """Voice by language; a language that is not in it is spoken by the engine's voice of that name."""


GOES_ON = ","
"""After words that a value follows: without it a voice falls as at the end of a sentence. With it espeak-ng ends
such words at 104 Hz instead of 78."""

Source = PromptText | Recording | Silence
"""What a prompt is made of."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One prompt as it should be."""

    source: Source
    utterance: Utterance | None
    """What an engine is to speak; None for a recording and for silence."""
    edges: Edges
    recipe: str
    """Digest of all that it is made of, the engine aside."""


class PromptLibrary:
    """Implements :class:`calls.switch.port.PromptFiles`. Cheap on a call's path; sees at once what another process
    has rendered."""

    def __init__(self, settings: LibrarySettings, form: Format = Format.ULAW) -> None:
        """Read the texts and list the recordings.

        Raises:
            PromptError: a fault in one of them, with its place.
        """
        self.form = form
        self.cache = Path(os.path.realpath(settings.cache))
        self.languages = settings.languages
        self._voices = settings.voices
        self._pronunciation = load_pronunciation(settings.pronunciation, settings.languages)
        texts = shipped_texts(settings.languages) if settings.system_texts else {}
        own = own_languages(settings.texts, settings.languages, settings.system_texts)
        texts |= load_texts(settings.texts, own)
        recordings = find_recordings(settings.recorded, settings.languages)
        templates = {prompt: text for prompt, text in texts.items() if text.role is Role.TEMPLATE}
        _refuse_whole(recordings, templates)
        self.phrases: Mapping[str, Mapping[str, Phrase]] = {
            language: {prompt.key: text.phrase for prompt, text in templates.items() if prompt.language == language}
            for language in settings.languages
        }
        """What is played for each text with placeholders, by language and key."""
        pieces: dict[Prompt, PromptText | Silence] = {}
        for language, phrases in self.phrases.items():
            where = Location(settings.texts / f"{language}.yaml")
            pieces |= find_pieces(language, tuple(phrases.values()), where)
        self.pieces = frozenset(pieces)
        """Those of the sources that values are composed of."""
        self.sources: Mapping[Prompt, Source] = {
            **texts,
            **recordings,
            **{prompt: piece for prompt, piece in pieces.items() if prompt not in texts and prompt not in recordings},
        }
        """All that there is, in the order of the files; a recording or a text takes the place of a piece."""
        self.texts: Mapping[Prompt, PromptText] = {
            **{prompt: piece for prompt, piece in pieces.items() if isinstance(piece, PromptText)},
            **texts,
        }
        """What is written, also of what there is a recording of."""
        self._followed = _followed(templates)
        joined = self.pieces | {prompt for prompt, text in texts.items() if text.role is Role.PART}
        self.wanted: Mapping[Prompt, Wanted] = {
            prompt: self._wanted(source, JOINED if prompt in joined else WHOLE)
            for prompt, source in self.sources.items()
            if prompt not in templates
        }
        self._plain = frozenset(self.wanted.keys() - joined)
        self._index: dict[Prompt, Rendered] = {}
        self._index_seen: tuple[int, int, int] | None = None

    def keys(self, language: str) -> frozenset[str]:
        """The keys that have a text without placeholders or a recording in ``language``: what a flow may name as it
        is. Those with placeholders are in :attr:`phrases`; their parts and the pieces are no one's to name."""
        return frozenset(prompt.key for prompt in self._plain if prompt.language == language)

    def utterance(self, text: str, language: str) -> Utterance:
        """How ``text``, as it is written, is spoken in ``language``."""
        return self._utterance(read_aloud(text, language, self._pronunciation), language)

    def listed(self, text: str, language: str) -> Mapping[str, str]:
        """The words of ``text`` that the pronunciation list has, each with how it is read."""
        return self._pronunciation.of(language).listed(text)

    def path(self, prompt: Prompt) -> Path:
        """See :meth:`calls.switch.port.PromptFiles.path`."""
        live = live_name(prompt, self.form)
        folder = self.cache / (prompt.language if live is None else LIVE)
        path = folder / (self._rendered(prompt).file if live is None else live)
        try:
            modes = os.lstat(folder).st_mode, os.lstat(path).st_mode
        except OSError as error:
            raise PromptError(f"{_named(prompt)} has lost its file ({error.strerror}); {_RENDER}") from error
        if not stat.S_ISDIR(modes[0]) or not stat.S_ISREG(modes[1]):  # neither is a link: it stays in the cache
            raise PromptError(f"{_named(prompt)} is not a file in its folder", Location(path))
        return path

    def duration_s(self, prompt: Prompt) -> float:
        """See :meth:`calls.switch.port.PromptFiles.duration_s`."""
        if live_name(prompt, self.form) is not None:
            return self.form.duration_s(self.path(prompt).stat().st_size)
        return self._rendered(prompt).duration_s

    def untranslated(self) -> tuple[Prompt, ...]:
        """What one language has and another lacks: neither text nor recording."""
        has = {language: self.keys(language) | self.phrases[language].keys() for language in self.languages}
        keys = sorted(frozenset().union(*has.values()))
        return tuple(Prompt(key, language) for language in self.languages for key in keys if key not in has[language])

    def missing(self) -> tuple[Prompt, ...]:
        """What has a text or a recording and no rendered file."""
        index = self._current_index()
        return tuple(prompt for prompt in self.wanted if not self._has_file(prompt, index))

    def stale(self, engine: EngineVersion | None = None) -> tuple[Prompt, ...]:
        """What is rendered from another text, recording, voice, rate, format or processing than it should be; with
        ``engine``, also what another engine or version spoke."""
        index = self._current_index()
        return tuple(
            prompt
            for prompt, wanted in self.wanted.items()
            if self._has_file(prompt, index) and not _is_fresh(index[prompt], wanted, engine)
        )

    def unused(self) -> tuple[Path, ...]:
        """Files of the cache that speak no prompt any more, and what a killed render left."""
        index = self._current_index()
        used = {self.cache / prompt.language / index[prompt].file for prompt in self.wanted if prompt in index}
        kept = {FALLBACK, LIVE}
        files = (path for path in sorted(self.cache.glob("*/*")) if path.is_file() and path.parent.name not in kept)
        return tuple(path for path in files if path not in used)

    def remove_unused(self) -> int:
        """Delete :meth:`unused` and give their number. Not while calls are up that may play one of them.

        Raises:
            PromptError: one cannot be deleted.
        """
        unused = self.unused()
        for path in unused:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise PromptError(f"cannot be deleted: {error.strerror}", Location(path)) from error
        return len(unused)

    def _wanted(self, source: Source, edges: Edges) -> Wanted:
        chain: list[object] = [CHAIN_REVISION, self.form.value]
        if edges is not WHOLE:
            chain.append([edges.lead_s, edges.tail_s])
        match source:
            case PromptText(text=text, role=role, prompt=prompt):
                if role is Role.PIECE:  # it says how it sounds: nothing of it is written
                    utterance = self._utterance(text, prompt.language)
                else:
                    words = read_aloud(text, prompt.language, self._pronunciation)
                    more = GOES_ON if prompt in self._followed and words[-1].isalnum() else ""
                    utterance = self._utterance(words + more, prompt.language)
                made_of: list[object] = ["text", utterance.text, utterance.voice, utterance.rate_wpm]
                return Wanted(source, utterance, edges, _digest([*chain, *made_of]))
            case Recording(digest=digest):
                return Wanted(source, None, edges, _digest([*chain, "recording", digest]))
            case Silence(duration_s=duration_s):
                return Wanted(source, None, edges, _digest([*chain, "silence", duration_s]))
            case _:
                assert_never(source)

    def _utterance(self, words: str, language: str) -> Utterance:
        return Utterance(words, self._voices.get(language, language))

    def _has_file(self, prompt: Prompt, index: Mapping[Prompt, Rendered]) -> bool:
        return prompt in index and (self.cache / prompt.language / index[prompt].file).is_file()

    def _rendered(self, prompt: Prompt) -> Rendered:
        if not is_prompt(prompt):
            raise PromptError(f"{_named(prompt)} is not the name of a prompt: a-z 0-9 _ . - are expected")
        rendered = self._current_index().get(prompt)
        if rendered is None:
            raise PromptError(f"{_named(prompt)} is not rendered; {_RENDER}")
        return rendered

    def _current_index(self) -> Mapping[Prompt, Rendered]:
        """The index as it is on the disk now: read again only when it was replaced."""
        try:
            found = os.stat(self.cache / INDEX_NAME)
        except FileNotFoundError:
            self._index, self._index_seen = {}, None
            return self._index
        except OSError as error:
            raise PromptError(f"cannot be read: {error.strerror}", Location(self.cache / INDEX_NAME)) from error
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._index_seen:
            self._index, self._index_seen = read_index(self.cache), seen
        return self._index


_RENDER = "run `callwright prompts render`"


def _named(prompt: Prompt) -> str:
    return f"the prompt {prompt.key!r} in {prompt.language!r}"


def _followed(templates: Mapping[Prompt, PromptText]) -> frozenset[Prompt]:
    """The parts of ``templates`` that something is said after."""
    parts = ((prompt.language, part) for prompt, text in templates.items() for part in text.phrase[:-1])
    return frozenset(Prompt(part.key, language) for language, part in parts if isinstance(part, Fragment))


def _refuse_whole(recordings: Mapping[Prompt, Recording], templates: Mapping[Prompt, PromptText]) -> None:
    """A recording of a text with placeholders would say none of its values.

    Raises:
        PromptError: there is one.
    """
    for prompt in recordings.keys() & templates.keys():
        raise PromptError(
            f"{_named(prompt)} has placeholders in its text and cannot be recorded whole; record its parts instead: "
            f"{prompt.key}.part-1.wav and so on, see `callwright prompts list`",
            Location(recordings[prompt].path),
        )


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _is_fresh(rendered: Rendered, wanted: Wanted, engine: EngineVersion | None) -> bool:
    if rendered.recipe != wanted.recipe:
        return False
    return engine is None or wanted.utterance is None or rendered.engine == str(engine)
