"""Callers who speak, on a real engine and a real Asterisk: processes that recognise are there, and may die."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from calls.switch.hearing import RATE_HZ
from calls.switch.loopback.voice import said
from console.demo.sipp import CallerScript, Press
from prompts.audio import Audio, encode
from prompts.formats import Format
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House
from tests.integration.premises import Plan

pytestmark = pytest.mark.asterisk

FLOW = """\
language: en
start: menu

nodes:
  menu:
    menu: [main.menu, main.silence, main.menu]
    keys: {"1": support, "2": goodbye}
    phrases: {support: {en: [some help]}, goodbye: {en: [that is all]}}
    first_key: 5s
    failed: goodbye

  support: {hangup: [system.goodbye], outcome: helped}
  goodbye: {hangup: [system.goodbye], outcome: done}
"""

SPEECH = """
[[speech.models]]
language = "en"
engine = "scripted"
"""


def voice(folder: Path, *parts: tuple[float, str, float]) -> Path:
    """A file in µ-law: for each part so much silence, and then words that take so long."""
    pcm = b"".join(bytes(2 * round(wait_s * RATE_HZ)) + said(words, lasts_s) for wait_s, words, lasts_s in parts)
    pcm += bytes(2 * 60 * RATE_HZ)  # SIPp begins again at its end
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768)
    file = folder / "voice.ulaw"
    file.write_bytes(encode(Audio(samples, RATE_HZ), Format.ULAW))
    return file


async def start_engine(house: House) -> None:
    """Start it with a flow that listens; returns when somebody understands."""
    (house.folder / "flows/main.yaml").write_text(FLOW, encoding="utf-8")
    with (house.folder / "callwright.toml").open("a", encoding="utf-8") as settings:
        settings.write(SPEECH)
    await house.start_engine()
    await house.happens(lambda: "recognition is up" in house.log.read_text(), "somebody understands")


def trail(house: House, kind: str) -> list[dict[str, object]]:
    """What the calls' records say of ``kind``, in order."""
    rows = house.rows("SELECT detail FROM call_events WHERE kind = ? ORDER BY at, seq", kind)
    return [json.loads(str(row["detail"])) for row in rows]


def recognisers(house: House) -> list[int]:
    """The engine's processes that recognise."""
    assert house.engine is not None
    children = Path(f"/proc/{house.engine.pid}/task/{house.engine.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"ivr.speech.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def test_who_speaks_is_heard_in_the_prompts(house_of: OpenHouse, tmp_path: Path) -> None:
    async with house_of(Plan(agents=1)) as house:
        await start_engine(house)
        await house.caller(CallerScript("1000", voice=voice(tmp_path, (1.0, "that is all", 1.2))))
        await house.happens(lambda: bool(house.records()), "the call is over")
        (choice,) = trail(house, "choice")
        assert (choice["by"], choice["words"], choice["to"]) == ("speech", "that is all", "goodbye")
        assert choice["barged_in"] and choice["sure"]
        assert [each["outcome"] for each in trail(house, "outcome")] == ["done"]
        assert house.complaints() == []


async def test_who_loses_the_recogniser_has_keys_and_the_next_caller_is_heard(
    house_of: OpenHouse, tmp_path: Path
) -> None:
    async with house_of(Plan(agents=1)) as house:
        await start_engine(house)
        (pid,) = recognisers(house)
        spoken = voice(tmp_path, (1.0, "well i think that i want", 6.0))
        await house.caller(CallerScript("1000", (Press(12.0, "1"),), voice=spoken))
        await house.calls_in("menu", 1)
        await house.happens(lambda: "the caller speaks" in house.log.read_text(), "the caller is heard to speak")
        os.kill(pid, signal.SIGKILL)
        await house.happens(lambda: bool(house.records()), "the call is over")
        assert [each["reason"] for each in trail(house, "deaf")] == ["crashed"]
        assert [each["outcome"] for each in trail(house, "outcome")] == ["helped"]
        await house.happens(lambda: len(recognisers(house)) == 1, "another is there")
        await house.caller(CallerScript("1000", voice=voice(tmp_path, (1.0, "that is all", 1.2))))
        await house.happens(lambda: len(house.records()) == 2, "the second call is over")
        assert [each["words"] for each in trail(house, "choice") if each.get("by") == "speech"] == ["that is all"]
        assert house.complaints() == []


async def test_nothing_of_an_engine_that_is_killed_is_left(house_of: OpenHouse) -> None:
    async with house_of(Plan(agents=1)) as house:
        await start_engine(house)
        (pid,) = recognisers(house)
        await house.kill_engine()
        await house.happens(lambda: not Path(f"/proc/{pid}").exists(), "it has gone too", 5.0)
