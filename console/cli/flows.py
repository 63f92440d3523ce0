"""What the commands about flows share: what settings know, and the texts of prompts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from calls.settings import Settings, SpeechSettings
from calls.switch.port import Prompt
from console import building
from ivr.check import Known
from ivr.speech.engines import recognizer_for
from ivr.speech.recognizer import Recognizer
from prompts.library import PromptLibrary
from prompts.texts import PromptText, load_texts, own_languages

File = Annotated[Path, typer.Argument(help="A flow file, e.g. flows/main.yaml.", exists=True, dir_okay=False)]
Alone = Annotated[bool, typer.Option("--alone", help="Without settings: queues, destinations and prompts unchecked.")]

Texts = Callable[[Prompt], str]


def known_by(settings: Settings | None) -> Known:
    """What a flow may name; None: nothing is known, and nothing checked."""
    return Known() if settings is None else building.known(settings, PromptLibrary(settings.prompts))


def recognizers(settings: Settings | None) -> Callable[[str], Recognizer]:
    """What gives the recogniser of a language by the settings, each loaded once; without settings, by the defaults.

    Raises, when it is called:
        SpeechError: no model serves the language, or it cannot be loaded.
    """
    return cache(partial(recognizer_for, SpeechSettings() if settings is None else settings.speech))


def texts_of(settings: Settings | None) -> Texts:
    """The texts of prompts, for the eyes: of one that has none, its key."""
    texts: dict[Prompt, str] = {}
    if settings is not None:
        spoken = PromptLibrary(settings.prompts).sources.items()
        texts = {prompt: source.text for prompt, source in spoken if isinstance(source, PromptText)}
        given = settings.prompts
        own = own_languages(given.texts, given.languages, given.system_texts)
        written = load_texts(given.texts, own).items()
        texts |= {prompt: source.text for prompt, source in written}  # those too that a recording takes the place of

    def text(prompt: Prompt) -> str:
        return prompt.text or texts.get(prompt, f"({prompt.key})")

    return text
