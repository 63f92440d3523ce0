"""Which synthesizer speaks: espeak-ng, or one that another package brings along by an entry point.

A package names a function in the group :data:`GROUP`; it takes the options of the settings and gives a context
manager whose value is a :class:`prompts.synthesis.Synthesizer`. Its sound may have any rate from 8 kHz. What it gives
is checked here, and what it raises becomes an error of the prompt that it was to speak: the others are rendered all
the same.
"""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import numpy

from calls.errors import PromptError
from prompts.audio import MIN_ACTIVE_DBOV, Audio, measure
from prompts.espeak import DEADLINE_S, find_espeak
from prompts.formats import TELEPHONE_RATE_HZ
from prompts.synthesis import EngineVersion, NothingSpoken, Synthesizer, Utterance
from prompts.warm import WarmEspeak

GROUP = "callwright.synthesizers"
"""The group of entry points."""

ESPEAK = "espeak-ng"
"""The one that comes with us."""

Opening = Callable[[Mapping[str, str]], AbstractContextManager[Synthesizer]]
"""What an entry point names."""

T = TypeVar("T")


def open_synthesizer(
    name: str,
    options: Mapping[str, str],
    env: Mapping[str, str],
    folders: Sequence[Path] = (),
    *,
    deadline_s: float = DEADLINE_S,
) -> AbstractContextManager[Synthesizer]:
    """The synthesizer ``name``, open while the context lasts. ``env``, ``folders`` and ``deadline_s`` are for
    espeak-ng: where it may be, and how long one text may take it.

    Raises:
        PromptError: there is none of that name, or it is not to be had on this machine.
    """
    if name != ESPEAK:
        return _plugged(name, options)
    if options:
        raise PromptError(f"{ESPEAK} takes no options; remove {', '.join(sorted(options))}")
    return WarmEspeak(find_espeak(env, folders), deadline_s=deadline_s)


@contextmanager
def _plugged(name: str, options: Mapping[str, str]) -> Iterator[Synthesizer]:
    opening = _entry(name)
    with ExitStack() as stack:
        synthesizer = _guarded(name, lambda: stack.enter_context(opening(dict(options))))
        yield Plugged(name, synthesizer)


def _entry(name: str) -> Opening:
    """The function that a package names.

    Raises:
        PromptError: no package does, several do, or it cannot be imported.
    """
    known = importlib.metadata.entry_points(group=GROUP)
    found = [entry for entry in known if entry.name == name]
    if not found:
        names = ", ".join(sorted({ESPEAK, *known.names}))
        raise PromptError(f"no synthesizer {name!r} is installed; expected one of {names}")
    if len(found) > 1:
        packages = ", ".join(sorted(entry.dist.name for entry in found if entry.dist is not None))
        raise PromptError(f"several packages bring a synthesizer {name!r} along ({packages}); remove all but one")
    opening: Opening = _guarded(name, found[0].load)
    return opening


def _guarded(name: str, work: Callable[[], T]) -> T:
    """What ``work`` gives.

    Raises:
        PromptError: it raised something; the code is not ours, so it may be anything.
    """
    try:
        return work()
    except PromptError:
        raise
    except Exception as error:
        raise PromptError(f"the synthesizer {name!r} failed: {type(error).__name__}: {error}") from error


class Plugged:
    """A synthesizer of another package: asked by one thread at a time, and not believed."""

    def __init__(self, name: str, synthesizer: Synthesizer) -> None:
        self._name = name
        self._synthesizer = synthesizer
        self._lock = threading.Lock()

    @property
    def engine(self) -> EngineVersion:
        """See :attr:`prompts.synthesis.Synthesizer.engine`; under the name of its entry point."""
        with self._lock:
            return EngineVersion(self._name, str(_guarded(self._name, lambda: self._synthesizer.engine)))

    def speak(self, utterance: Utterance) -> Audio:
        """See :meth:`prompts.synthesis.Synthesizer.speak`."""
        with self._lock:
            given = _guarded(self._name, lambda: self._synthesizer.speak(utterance))
        audio = _guarded(self._name, lambda: self._checked(given))
        if measure(audio).active_dbov < MIN_ACTIVE_DBOV:
            raise NothingSpoken(f"the voice {utterance.voice!r} gave silence: is the text in its language?")
        return audio

    def _checked(self, given: Audio) -> Audio:
        samples = numpy.asarray(given.samples, dtype=numpy.float32)
        if samples.ndim != 1 or len(samples) == 0 or not numpy.isfinite(samples).all():
            raise PromptError(f"the synthesizer {self._name!r} gave no sound of one channel")
        if given.rate_hz < TELEPHONE_RATE_HZ:
            raise PromptError(f"the synthesizer {self._name!r} gave {given.rate_hz} Hz; 8000 or more are needed")
        return Audio(samples, int(given.rate_hz))
