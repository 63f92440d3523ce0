"""Texts that only a call knows, spoken by the espeak-ng of this machine or its private one."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from calls.settings import Prompts
from console import building
from console.engine.voice import LiveVoice
from prompts.engines import ESPEAK, open_synthesizer
from prompts.library import PromptLibrary
from prompts.synthesis import Synthesizer

ROOT = Path(__file__).resolve().parents[2]


def library(folder: Path, text: str) -> PromptLibrary:
    (folder / "en.yaml").write_text(f"x.hello: {text}\n", encoding="utf-8")
    return PromptLibrary(Prompts(texts=folder, cache=folder / "cache"))


def private(deadline_s: float) -> AbstractContextManager[Synthesizer]:
    return open_synthesizer(ESPEAK, {}, os.environ, [ROOT / building.PRIVATE_ESPEAK], deadline_s=deadline_s)


async def test_a_text_is_spoken_and_counted(tmp_path: Path) -> None:
    voice, prompts = LiveVoice(), library(tmp_path, "Hello {name}")
    async with voice.running(prompts, private):
        for _ in range(20):  # a busy machine may be late at first, and has it the next time
            prompt = await voice.render("Ann", "en")
            if prompt is not None:
                break
        assert prompt is not None and prompts.path(prompt).stat().st_size > 1000
    assert sum(voice.outcomes.values()) >= 1
    assert await voice.render("Ann", "en") is None


async def test_no_engine_runs_where_no_text_asks_for_one(tmp_path: Path) -> None:
    voice = LiveVoice()
    async with voice.running(library(tmp_path, "Hello {n:number}"), private):
        assert await voice.render("Ann", "en") is None
    assert voice.outcomes == {"held_off": 1}


async def test_without_espeak_calls_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLWRIGHT_ESPEAK", str(tmp_path / "nothing"))
    voice = LiveVoice()
    async with voice.running(library(tmp_path, "Hello {name}"), partial(building.synthesizer, Prompts())):
        assert await voice.render("Ann", "en") is None
