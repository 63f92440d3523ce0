"""The script for a voice actor: what is to be spoken, and the name under which each take is delivered."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from calls.switch.port import Prompt
from prompts.library import PromptLibrary
from prompts.recordings import Recording
from prompts.texts import PromptText, Role


@dataclass(frozen=True, slots=True)
class Line:
    """One take."""

    prompt: Prompt
    text: str
    """As it is written: a person reads it."""
    within: str
    """The whole sentence where the take is a part of one, else empty."""
    pronounced: str
    """How words of it are said that the pronunciation list has; else empty."""
    recorded: bool

    @property
    def file(self) -> str:
        """Where the take is delivered."""
        return f"{self.prompt.language}/{self.prompt.key}.wav"


def script(library: PromptLibrary, languages: Collection[str], *, pieces: bool, recorded: bool) -> tuple[Line, ...]:
    """What is to be spoken, in the order of the files. ``pieces``: those of values too; ``recorded``: also what there
    is a recording of."""
    wanted = (
        text
        for prompt, text in library.texts.items()
        if prompt.language in languages and text.role is not Role.TEMPLATE and (pieces or text.role is not Role.PIECE)
    )
    lines = (_line(library, text) for text in wanted)
    return tuple(line for line in lines if recorded or not line.recorded)


def as_csv(lines: Sequence[Line]) -> str:
    """A table for a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("key", "language", "file", "text", "within", "pronounced", "recorded"))
    for line in lines:
        said = "yes" if line.recorded else "no"
        prompt = line.prompt
        writer.writerow((prompt.key, prompt.language, line.file, line.text, line.within, line.pronounced, said))
    return buffer.getvalue()


def as_markdown(lines: Sequence[Line]) -> str:
    """Pages to read from, one a language."""
    return "\n".join(_pages(lines))


def _line(library: PromptLibrary, text: PromptText) -> Line:
    recorded = isinstance(library.sources[text.prompt], Recording)
    within = ""
    if text.role is Role.PART:
        whole = Prompt(text.prompt.key.rpartition(".part-")[0], text.prompt.language)
        within = library.texts[whole].text
    words = library.listed(text.text, text.prompt.language).items()
    return Line(text.prompt, text.text, within, "; ".join(f"{word}: {said}" for word, said in words), recorded)


def _pages(lines: Sequence[Line]) -> Iterator[str]:
    for language, page in groupby(lines, lambda line: line.prompt.language):
        yield f"# {language}\n"
        for line in page:
            yield f"**{line.file}**{' (recorded)' if line.recorded else ''}\n"
            yield f"> {line.text}\n"
            if line.within:
                yield f"It stands in: {line.within}\n"
            if line.pronounced:
                yield f"Say: {line.pronounced}\n"
