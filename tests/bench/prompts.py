"""Prompts: how fast texts are rendered and read aloud, what a look-up costs a call, and how late a live text is.

``python -m tests.bench.prompts``. The figure that travels is seconds of speech rendered a second. A look-up is what a
call pays for each prompt: two ``lstat`` and a ``stat`` of the index. A live text is one that nobody has said before,
asked for one after the other, as by a single caller at a time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.aloud import read_aloud
from prompts.espeak import find_espeak
from prompts.library import PromptLibrary
from prompts.live import DEADLINE_S, Attempt, LiveSpeech, Outcome
from prompts.rendering import render_all
from prompts.warm import WarmEspeak
from tests.bench.machine import described, fetch
from tests.bench.quantiles import quantile
from tests.integration.harness import PROJECT

SENTENCES = {
    "en": "Your order number {} of $1,250.50 will reach you on 2026-12-01 between 9am and 5pm, Dr. Smith.",
    "de": "Ihre Bestellung Nr. {} über 1.250,50 € kommt am 01.12.2026 zwischen 9 und 17 Uhr, Dr. Müller.",
    "es": "Su pedido n.º {} de 1.250,50 € llegará el 01/12/2026 entre las 9:00 y las 17:00, Sr. Pérez.",
    "fr": "Votre commande n° {} de 1 250,50 € arrivera le 01/12/2026 entre 9h et 17h30, M. Petit.",
}
EACH = 50
"""Texts of each language: the start of the processes that speak is then a small part."""

T = TypeVar("T")

LOOKUPS = 20_000
LIVE = 200


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run showed."""

    texts: int
    characters: int
    speech_s: float
    rendered_s: float
    read_s: float
    lookup_s: float
    live_s: tuple[float, ...]
    """How long each caller waited who was spoken to."""
    late: int

    @property
    def speech_per_s(self) -> float:
        """Seconds of speech rendered a second."""
        return self.speech_s / self.rendered_s

    @property
    def live_p99_s(self) -> float:
        """What a caller waits for a live text, a late one the whole deadline."""
        return quantile((*self.live_s, *[DEADLINE_S] * self.late), 0.99)


async def measure(espeak: Path) -> Figures:
    """One run. ``espeak``: the folder of espeak-ng."""
    with tempfile.TemporaryDirectory() as name, WarmEspeak(find_espeak({}, [espeak])) as speaker:
        folder = Path(name)
        for language, sentence in SENTENCES.items():
            lines = (f'bench.{number}: "{sentence.format(number)}"\n' for number in range(EACH))
            (folder / f"{language}.yaml").write_text("".join(lines), encoding="utf-8")
        settings = Prompts(texts=folder, cache=folder / "cache", languages=tuple(SENTENCES), system_texts=False)
        library = PromptLibrary(settings)
        str(speaker.engine)
        rendered_s, report = _timed(lambda: render_all(library, speaker))
        if report.failed:
            raise AssertionError(str(report.failed[0]))
        written = [(text.text, prompt.language) for prompt, text in library.texts.items()]
        prompts = [Prompt(f"bench.{number % EACH}", "en") for number in range(LOOKUPS)]
        attempts = await _live(library, speaker)
        return Figures(
            texts=len(library.wanted),
            characters=sum(len(text) for text, _ in written),
            speech_s=sum(library.duration_s(prompt) for prompt in library.wanted),
            rendered_s=rendered_s,
            read_s=_timed(lambda: [read_aloud(text, language) for text, language in written])[0],
            lookup_s=_timed(lambda: [library.path(prompt) for prompt in prompts])[0] / LOOKUPS,
            live_s=tuple(each.took_s for each in attempts if each.outcome is Outcome.RENDERED),
            late=sum(each.outcome is not Outcome.RENDERED for each in attempts),
        )


async def _live(library: PromptLibrary, speaker: WarmEspeak) -> list[Attempt]:
    attempts: list[Attempt] = []
    async with LiveSpeech(library, speaker, observe=attempts.append) as live:
        await live.render("The engine is warm now", "en")
        attempts.clear()
        for number in range(LIVE):
            await live.render(f"Morgan Taylor the {number}th of Example Street & Co.", "en")
    return attempts


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def report(found: Figures) -> list[str]:
    """The lines of the table."""
    return [
        f"prompts: {found.texts} texts of {found.characters:,} characters, {found.speech_s:.0f} s of speech",
        f"  rendered    {found.rendered_s:.1f} s: {found.characters / found.rendered_s:,.0f} characters a second,"
        f" {found.speech_per_s:.0f} s of speech",
        f"  read aloud  {found.read_s * 1e3:.0f} ms: {found.characters / found.read_s:,.0f} characters a second",
        f"  look-up     {found.lookup_s * 1e6:.0f} microseconds",
        f"  live text   p50 {quantile(found.live_s, 0.5) * 1e3:.0f} ms, p99 {found.live_p99_s * 1e3:.0f} ms,"
        f" {found.late} of {LIVE} late",
    ]


def main() -> None:
    """Run it and print the table."""
    trees = fetch(PROJECT)
    sys.stdout.write("\n".join([described(None), *report(asyncio.run(measure(trees["espeak"])))]) + "\n")


if __name__ == "__main__":
    main()
