"""What a caller would hear for a key and its values, as one sound: for the ears of whoever writes prompts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy

from calls.errors import Location, PromptError
from calls.switch.port import Prompt
from prompts.audio import Audio, decode_ulaw, encode, read_audio
from prompts.formats import TELEPHONE_RATE_HZ, Format
from prompts.library import PromptLibrary
from prompts.phrases import LiveText, compose, slots
from prompts.spoken import SpokenError, Value


def heard(library: PromptLibrary, key: str, language: str, values: Mapping[str, Value | None]) -> Audio:
    """The rendered files that are played for ``key``, one after the other.

    Raises:
        PromptError: something of it is not rendered, a value is missing or none of its kind, or it has a text that
            only a call knows.
    """
    phrase = library.phrases.get(language, {}).get(key)
    if phrase is None:
        if values:
            raise PromptError(f"the prompt {key!r} has no placeholders; leave the values out")
        return _sound(library, Prompt(key, language))
    if unknown := values.keys() - {name for slot in slots(phrase) for name in (slot.name, slot.currency_name)}:
        raise PromptError(f"the prompt {key!r} has no placeholder {', '.join(sorted(unknown))}")
    try:
        played = compose(phrase, values, language)
    except SpokenError as error:
        raise PromptError(f"the prompt {key!r} cannot be said: {error}; give --value name=value") from error
    sounds = []
    for each in played:
        if isinstance(each, LiveText):
            raise PromptError(f"the prompt {key!r} has a text that is only spoken in a call")
        sounds.append(_sound(library, each).samples)
    return Audio(numpy.concatenate(sounds), TELEPHONE_RATE_HZ)


def write_wav(audio: Audio, target: Path) -> None:
    """Write a WAV file at 8 kHz.

    Raises:
        PromptError: it cannot be written.
    """
    try:
        target.write_bytes(encode(audio, Format.WAV))
    except OSError as error:
        raise PromptError(f"cannot be written: {error.strerror}", Location(target)) from error


def _sound(library: PromptLibrary, prompt: Prompt) -> Audio:
    path = library.path(prompt)
    return decode_ulaw(path.read_bytes()) if library.form is Format.ULAW else read_audio(path)
