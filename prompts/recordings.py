"""Recorded prompts, which take precedence over texts: ``<folder>/<language>/<key>.wav``, ``.flac`` or ``.ogg``.

A recording is listed by its name and known by its content's digest; it is opened only to be checked or converted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from calls.errors import Location, PromptError
from calls.switch.port import Prompt
from prompts.texts import is_prompt

ENDINGS = (".wav", ".flac", ".ogg")


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded file."""

    prompt: Prompt
    path: Path
    digest: str
    """sha256 of the file's bytes, hexadecimal: another recording under the same name is another prompt."""


def find_recordings(folder: Path | None, languages: Sequence[str]) -> dict[Prompt, Recording]:
    """Every recording of ``languages``; none where ``folder`` is None or has no folder for a language.

    Raises:
        PromptError: a name that is no prompt's, two files of one prompt, a file that cannot be read, or that leads
            out of ``folder``.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise PromptError("there is no such folder of recordings; make it, or remove the setting", Location(folder))
    found: dict[Prompt, Recording] = {}
    for language in languages:
        for path in sorted((folder / language).glob("*")):
            if path.suffix not in ENDINGS:
                continue
            recording = _recording(folder, path, Prompt(path.stem, language))
            if (other := found.get(recording.prompt)) is not None:
                raise PromptError(f"is recorded in {other.path.name} too; remove one of the two", Location(path))
            found[recording.prompt] = recording
    return found


def _recording(folder: Path, path: Path, prompt: Prompt) -> Recording:
    if not is_prompt(prompt):
        raise PromptError(
            f"the name is no prompt's: before {path.suffix!r} 1 to 100 of a-z 0-9 _ . - are expected",
            Location(path),
        )
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PromptError("leads out of the folder of recordings; copy the file there instead", Location(path))
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PromptError(f"cannot be read: {error.strerror}", Location(path)) from error
    return Recording(prompt, path, digest)
