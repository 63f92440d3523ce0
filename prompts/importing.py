"""Recorded takes come in: each is judged against its text and put where recordings are, and nothing is lost.

A take is copied as it is, at the rate and in the format that it came in; rendering resamples, trims and levels it. A
recording whose place it takes is kept under ``earlier``. The same takes again change nothing.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from calls.errors import Location, PromptError
from calls.switch.port import Prompt
from prompts.audio import read_audio
from prompts.index import make_folder, write_whole
from prompts.library import PromptLibrary
from prompts.recordings import ENDINGS, Recording
from prompts.takes import judged
from prompts.texts import Role

EARLIER = "earlier"
"""The folder of recordings that newer ones took the place of: no language's."""

PAPERS = (".csv", ".md", ".txt", ".pdf")
"""What lies beside takes and is none."""


class Came(Enum):
    """What became of a take."""

    NEW = "new"
    REPLACED = "replaced"
    """Another recording of it is kept as an earlier one."""
    SAME = "same"
    """It is there already."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One take that is there now."""

    prompt: Prompt
    path: Path
    came: Came
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    taken: tuple[Imported, ...]
    refused: tuple[PromptError, ...]
    """Each with its file."""
    lacking: tuple[Prompt, ...]
    """What has a text and no recording, of the languages that takes came in."""


def import_takes(library: PromptLibrary, folder: Path, recorded: Path, *, dry: bool = False) -> ImportReport:
    """Take the files of ``folder`` into ``recorded``. ``dry``: only say what would be done.

    Raises:
        PromptError: there is no such folder, it is that of the recordings, or nothing can be written there.
    """
    if not folder.is_dir():
        raise PromptError("there is no such folder of takes", Location(folder))
    if folder.resolve().is_relative_to(recorded.resolve()):
        raise PromptError("is the folder of the recordings itself; import from another one", Location(folder))
    taken: dict[Prompt, Imported] = {}
    refused: list[PromptError] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith(".") or path.suffix.lower() in PAPERS:
            continue
        try:
            prompt = _prompt(library, path)
            if (other := taken.get(prompt)) is not None:
                raise PromptError(
                    f"is a second take of what {other.path.name} is; deliver one of them", Location(path)
                )
            taken[prompt] = _taken(library, path, prompt, recorded, dry)
        except PromptError as fault:
            refused.append(fault if fault.where.file else PromptError(fault.problem, Location(path)))
    return ImportReport(tuple(taken.values()), tuple(refused), _lacking(library, taken))


def _prompt(library: PromptLibrary, path: Path) -> Prompt:
    """Which prompt a file is a take of: ``<language>/<key>.wav`` or ``<key>.<language>.wav``.

    Raises:
        PromptError: of none.
    """
    if path.suffix.lower() not in ENDINGS:
        raise PromptError(f"is no take; expected {', '.join(ENDINGS)}", Location(path))
    key, language = path.stem, path.parent.name
    if language not in library.languages:
        key, _, language = path.stem.rpartition(".")
    if language not in library.languages:
        known = ", ".join(library.languages)
        problem = (
            f"names no language; expected {known} as its folder or before its ending, such as main.welcome.en.wav"
        )
        raise PromptError(problem, Location(path))
    prompt = Prompt(key, language)
    text = library.texts.get(prompt)
    if text is not None and text.role is Role.TEMPLATE:
        raise PromptError(f"the text of {key!r} has placeholders: record its parts, {key}.part-1 ...", Location(path))
    if text is None and prompt not in library.sources:
        near = difflib.get_close_matches(key, [each.key for each in library.texts if each.language == language], 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise PromptError(f"there is no prompt {key!r} in {language!r}{hint}", Location(path))
    return prompt


def _taken(library: PromptLibrary, path: Path, prompt: Prompt, recorded: Path, dry: bool) -> Imported:
    """One take, judged and put in its place.

    Raises:
        PromptError: it cannot be read or is silent.
    """
    audio = read_audio(path)
    text = library.texts.get(prompt)
    words = library.utterance(text.text, prompt.language).text if text else ""
    complaints = judged(audio, words).complaints if words else ()
    data = path.read_bytes()
    target = recorded / prompt.language / f"{prompt.key}{path.suffix.lower()}"
    source = library.sources.get(prompt)
    old = source if isinstance(source, Recording) else None
    if old is not None and old.path == target and old.digest == hashlib.sha256(data).hexdigest():
        return Imported(prompt, path, Came.SAME, complaints)
    if not dry:
        _put(recorded, target, data, old)
    return Imported(prompt, path, Came.NEW if old is None else Came.REPLACED, complaints)


def _put(recorded: Path, target: Path, data: bytes, old: Recording | None) -> None:
    """Write a recording; the old one is kept before it is touched.

    Raises:
        PromptError: it cannot be written.
    """
    try:
        recorded.mkdir(parents=True, exist_ok=True)
        make_folder(target.parent)
        if old is not None:
            kept = recorded / EARLIER / old.prompt.language
            make_folder(kept.parent)
            make_folder(kept)
            write_whole(kept / f"{old.prompt.key}.{old.digest[:8]}{old.path.suffix}", old.path.read_bytes())
            if old.path != target:
                old.path.unlink()
        write_whole(target, data)
    except OSError as error:
        problem = f"cannot be written: {error.strerror}; free space or give this user the right to write"
        raise PromptError(problem, Location(target)) from error


def _lacking(library: PromptLibrary, taken: Mapping[Prompt, Imported]) -> tuple[Prompt, ...]:
    return tuple(_unrecorded(library, taken, {prompt.language for prompt in taken}))


def _unrecorded(library: PromptLibrary, taken: Mapping[Prompt, Imported], languages: set[str]) -> Iterator[Prompt]:
    for prompt, text in library.texts.items():
        if prompt.language not in languages or text.role in (Role.TEMPLATE, Role.PIECE) or prompt in taken:
            continue
        if not isinstance(library.sources[prompt], Recording):
            yield prompt
