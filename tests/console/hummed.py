"""Prompts that hum, for an installation of the tests: what was rendered of the same texts before is copied.

To render the hundred and sixty prompts that every installation has takes ten times as long as to copy them.
"""

from __future__ import annotations

from pathlib import Path

from calls.settings import Prompts
from console.demo.hum import Hum
from prompts.library import PromptLibrary
from prompts.rendering import render_all

RENDERED: dict[tuple[object, ...], dict[Path, bytes]] = {}
"""The files of a cache by all that they were made of."""


def hum(prompts: Prompts) -> None:
    """Let every prompt be ready. ``prompts``: the settings of an installation without recordings, whose cache is
    empty."""
    assert not any(prompts.cache.glob("*")) and (prompts.recorded is None or not any(prompts.recorded.rglob("*.wav")))
    texts = sorted((file.name, file.read_bytes()) for file in prompts.texts.rglob("*") if file.is_file())
    made_of = (*texts, prompts.model_dump_json(exclude={"texts", "cache", "recorded"}))
    if made_of not in RENDERED:
        assert render_all(PromptLibrary(prompts), Hum()).failed == ()
        files = (file for file in prompts.cache.rglob("*") if file.is_file())
        RENDERED[made_of] = {file.relative_to(prompts.cache): file.read_bytes() for file in files}
        return
    for name, sound in RENDERED[made_of].items():
        file = prompts.cache / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(sound)
