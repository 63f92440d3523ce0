"""Each prompt as it stands: written or recorded, rendered or not, how long, and what an engine is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calls.errors import PromptError
from calls.switch.port import Prompt
from prompts.library import PromptLibrary
from prompts.phrases import Fragment
from prompts.recordings import Recording
from prompts.texts import PromptText, Role


class State(StrEnum):
    """Of what callers hear."""

    READY = "ready"
    STALE = "stale"
    """Callers hear what was before a change."""
    MISSING = "missing"


class Made(StrEnum):
    """How the sound of a prompt comes about."""

    SPOKEN = "spoken"
    RECORDED = "recorded"
    COMPOSED = "composed"
    """Of parts and pieces, in the call."""
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Standing:
    """One prompt."""

    prompt: Prompt
    text: str | None
    """As it is written; None of a recording or a silence that has no text."""
    spoken: str | None
    """What an engine is given; None where none is."""
    made: Made
    state: State
    duration_s: float | None
    """Of what is rendered."""


def overview(library: PromptLibrary, *, pieces: bool = False) -> tuple[Standing, ...]:
    """Every prompt, language by language, each in the order of the files; ``pieces``: those of values at the end."""
    missing, stale = frozenset(library.missing()), frozenset(library.stale())
    listed = [prompt for prompt in library.sources if pieces or prompt not in library.pieces]
    listed.sort(key=lambda prompt: (library.languages.index(prompt.language), prompt in library.pieces))
    return tuple(_standing(library, prompt, missing, stale) for prompt in listed)


def _standing(
    library: PromptLibrary, prompt: Prompt, missing: frozenset[Prompt], stale: frozenset[Prompt]
) -> Standing:
    source = library.sources[prompt]
    written = library.texts.get(prompt)
    text = None if written is None else written.text
    if isinstance(source, PromptText) and source.role is Role.TEMPLATE:
        parts = {Prompt(part.key, prompt.language) for part in source.phrase if isinstance(part, Fragment)}
        return Standing(prompt, text, None, Made.COMPOSED, _state(parts, missing, stale), None)
    wanted = library.wanted[prompt]
    made = Made.RECORDED if isinstance(source, Recording) else Made.SPOKEN if wanted.utterance else Made.SILENCE
    spoken = wanted.utterance.text if wanted.utterance else None
    return Standing(prompt, text, spoken, made, _state({prompt}, missing, stale), _duration_s(library, prompt))


def _state(parts: set[Prompt], missing: frozenset[Prompt], stale: frozenset[Prompt]) -> State:
    if parts & missing:
        return State.MISSING
    return State.STALE if parts & stale else State.READY


def _duration_s(library: PromptLibrary, prompt: Prompt) -> float | None:
    try:
        return library.duration_s(prompt)
    except PromptError:
        return None
