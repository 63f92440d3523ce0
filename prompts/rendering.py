"""Rendering ahead: every text is spoken, every recording converted, and the index tells the switch of them.

Only what is missing or stale is made. A prompt that cannot be made is reported and does not keep the others back; a
folder that cannot be written ends the run, and the index stands as it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from calls.errors import Location, PromptError
from calls.switch.port import Prompt
from prompts.audio import Audio, encode, read_audio, silence, to_telephone
from prompts.index import Rendered, make_folder, read_index, write_index, write_whole
from prompts.library import PromptLibrary, Wanted
from prompts.pieces import Silence
from prompts.recordings import Recording
from prompts.synthesis import Synthesizer

MOST_AT_ONCE = 4
"""Utterances at once: each is a process of its own, and a switch runs on the same machine."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of :func:`render_all` did."""

    rendered: tuple[Prompt, ...]
    kept: tuple[Prompt, ...]
    failed: tuple[PromptError, ...]
    """Each with the place of the text or recording that could not be made."""


def render_all(library: PromptLibrary, synthesizer: Synthesizer) -> Report:
    """Make what ``library`` lacks. Blocks for 10 ms a new prompt where the synthesizer is warm, else for about 0.1 s;
    calls may go on meanwhile.

    Raises:
        PromptError: the cache cannot be written, another process is rendering into it, or there is no engine.
    """
    with _locked(library):
        engine = ""
        if any(wanted.utterance for wanted in library.wanted.values()):
            engine = str(synthesizer.engine)
            due = dict.fromkeys((*library.missing(), *library.stale(synthesizer.engine)))
        else:
            due = dict.fromkeys((*library.missing(), *library.stale()))
        kept = tuple(prompt for prompt in library.wanted if prompt not in due)
        made, failed = _make(library, synthesizer, engine, tuple(due))
        try:
            if made:
                write_index(library.cache, _next_index(library, made))
        except OSError as error:
            raise _unwritable(library, error) from error
    return Report(tuple(made), kept, failed)


def _make(
    library: PromptLibrary, synthesizer: Synthesizer, engine: str, due: tuple[Prompt, ...]
) -> tuple[dict[Prompt, Rendered], tuple[PromptError, ...]]:
    def one(prompt: Prompt) -> Rendered | PromptError:
        wanted = library.wanted[prompt]
        try:
            return _render(library, synthesizer, engine if wanted.utterance else "", wanted)
        except PromptError as fault:
            return fault if fault.where.file else PromptError(fault.problem, _where(wanted))

    made: dict[Prompt, Rendered] = {}
    failed: list[PromptError] = []
    with ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        try:
            for prompt, result in zip(due, pool.map(one, due), strict=True):
                if isinstance(result, PromptError):
                    failed.append(result)
                else:
                    made[prompt] = result
        except OSError as error:
            pool.shutdown(cancel_futures=True)
            raise _unwritable(library, error) from error
    return made, tuple(failed)


def _render(library: PromptLibrary, synthesizer: Synthesizer, engine: str, wanted: Wanted) -> Rendered:
    """One prompt, made and written.

    Raises:
        PromptError: it cannot be made.
        OSError: it cannot be written.
    """
    telephone = _sound(wanted, synthesizer)
    prompt = wanted.source.prompt
    digest = hashlib.sha256(f"{wanted.recipe} {engine}".encode()).hexdigest()[:8]
    name = f"{prompt.key}.{digest}.{library.form.value}"
    folder = library.cache / prompt.language
    make_folder(folder)
    write_whole(folder / name, encode(telephone, library.form))
    return Rendered(name, wanted.recipe, engine, round(telephone.duration_s, 3))


def _sound(wanted: Wanted, synthesizer: Synthesizer) -> Audio:
    """What the telephone is to carry.

    Raises:
        PromptError: it cannot be made.
    """
    match wanted.source:
        case Silence(duration_s=duration_s):
            return silence(duration_s)
        case Recording(path=path):
            audio = read_audio(path)
        case _:
            assert wanted.utterance is not None
            audio = synthesizer.speak(wanted.utterance)
    return to_telephone(audio, wanted.edges)


def _next_index(library: PromptLibrary, made: Mapping[Prompt, Rendered]) -> dict[Prompt, Rendered]:
    """The index with ``made`` in it, without what is wanted no more."""
    old = {prompt: entry for prompt, entry in read_index(library.cache).items() if prompt in library.wanted}
    return {**old, **made}


@contextmanager
def _locked(library: PromptLibrary) -> Iterator[None]:
    """One render into a cache at a time, over processes; the lock goes with the process."""
    try:
        library.cache.parent.mkdir(parents=True, exist_ok=True)
        make_folder(library.cache)
        file = open(library.cache / ".lock", "wb")
    except OSError as error:
        raise _unwritable(library, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PromptError("another process is rendering here; wait for it", Location(library.cache)) from error
        yield


def _unwritable(library: PromptLibrary, error: OSError) -> PromptError:
    return PromptError(
        f"cannot be written: {error.strerror}; free space or give this user the right to write",
        Location(library.cache),
    )


def _where(wanted: Wanted) -> Location:
    match wanted.source:
        case Recording(path=path):
            return Location(path)
        case text:
            return text.where
