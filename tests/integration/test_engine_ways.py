"""Callers who speak on an Asterisk that has neither AudioSocket nor RTP for it: by the relay, or by recordings."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import pytest

from console.demo.sipp import CallerScript, Press
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House
from tests.integration.premises import Plan
from tests.integration.test_engine_speech import start_engine, trail, voice

pytestmark = pytest.mark.asterisk

LONE = (1.0, "that is all", 1.2)
"""Said while the prompts play."""

PROMPTS_S = 4.5
"""Longer than those of the menu; shorter than they and the time for an answer."""


def hears_by(house: House, way: str, recordings: Path | None = None) -> None:
    """Let callers be heard by ``way``; the recordings lie in a folder that may not be there."""
    settings = house.folder / "callwright.toml"
    text = settings.read_text("utf-8").replace("[asterisk]\n", f'[asterisk]\naudio = "{way}"\n')
    folder = recordings or house.folder / "recordings"
    if recordings is None:
        folder.mkdir()
    settings.write_text(f'{text}\n[recordings]\nfolder = "{folder}"\n', "utf-8")


def relays(house: House) -> list[int]:
    """The relays of this house's Asterisk."""
    mark = str(house.pbx.folder / "etc/relay_callwright").encode()
    found = []
    for each in Path("/proc").iterdir():
        try:
            if each.name.isdecimal() and mark in (each / "cmdline").read_bytes():
                found.append(int(each.name))
        except OSError:
            continue  # gone meanwhile
    return found


def seconds_between(house: House, first: str, second: str) -> float:
    """From the first line of the log that has ``first`` to the next that has ``second``."""
    lines = house.log_lines()
    begin = next(at for at, line in enumerate(lines) if first in str(line))
    end = next(line for line in lines[begin:] if second in str(line))
    times = [datetime.fromisoformat(str(line["at"])) for line in (lines[begin], end)]
    return (times[1] - times[0]).total_seconds()


async def test_by_the_relay_a_caller_is_heard_in_the_prompts(house_of: OpenHouse, tmp_path: Path) -> None:
    async with house_of(Plan(agents=1)) as house:
        hears_by(house, "eagi")
        await start_engine(house)
        await house.caller(CallerScript("1000", voice=voice(tmp_path, LONE)))
        await house.calls_in("menu", 1)
        assert len(relays(house)) == 1
        await house.happens(lambda: bool(house.records()), "the call is over")
        (choice,) = trail(house, "choice")
        assert (choice["by"], choice["words"], choice["to"]) == ("speech", "that is all", "goodbye")
        assert choice["barged_in"] and choice["sure"]
        await house.happens(lambda: relays(house) == [], "the relay is gone with its call", 5.0)
        assert house.complaints() == [] and house.fallen_back() == []


async def test_by_the_relay_calls_go_to_agents_and_nothing_is_left(house_of: OpenHouse) -> None:
    async with house_of(Plan(agents=3)) as house:
        hears_by(house, "eagi")
        await house.start_engine()
        await house.log_in()
        async with house.callers("2000", 3):
            await house.calls_in("talk", 3)
            await house.happens(lambda: relays(house) == [], "a talk in a room has no AGI and no relay", 5.0)
            for agent in house.agents:
                await house.order(f"/v1/agents/{agent}/end-call")
            await house.happens(lambda: len(house.records()) == 3, "the calls came back and are over")
        assert {row["outcome"] for row in house.records()} == {"answered"}
        await house.happens(lambda: relays(house) == [], "they came back by a relay, which is gone", 5.0)
        assert house.complaints() == [] and house.fallen_back() == []


async def test_the_relay_ends_with_an_engine_that_is_killed_and_with_the_switch(house_of: OpenHouse) -> None:
    async with house_of(Plan(agents=1)) as house:
        hears_by(house, "eagi")
        await start_engine(house)
        async with house.callers("1000", 2):
            await house.calls_in("menu", 2)
            assert len(relays(house)) == 2
            await house.kill_engine()
            await house.happens(lambda: relays(house) == [], "they are gone", 5.0)
        await house.start_engine()
        async with house.callers("1000", 2):
            await house.calls_in("menu", 2)
            assert len(relays(house)) == 2
            await house.kill_asterisk()
            await house.happens(lambda: relays(house) == [], "they are gone", 5.0)


async def test_by_recordings_a_caller_is_heard_after_the_prompts(house_of: OpenHouse, tmp_path: Path) -> None:
    async with house_of(Plan(agents=1)) as house:
        hears_by(house, "record")
        await start_engine(house)
        await house.caller(CallerScript("1000", voice=voice(tmp_path, LONE, (PROMPTS_S, "that is all", 1.2))))
        await house.happens(lambda: bool(house.records()), "the call is over")
        (choice,) = trail(house, "choice")
        assert (choice["by"], choice["words"], choice["to"]) == ("speech", "that is all", "goodbye")
        assert choice["sure"] and not choice["barged_in"]
        decided_s = seconds_between(house, "the caller speaks", "a question by voice or key is over")
        sys.stdout.write(f"record: decided {decided_s:.2f} s after the recording was read\n")
        assert os.listdir(house.folder / "recordings") == []
        assert house.complaints() == [] and house.fallen_back() == []


async def test_by_recordings_a_key_wins_and_nothing_is_kept(house_of: OpenHouse, tmp_path: Path) -> None:
    async with house_of(Plan(agents=1)) as house:
        hears_by(house, "record")
        await start_engine(house)
        spoken = voice(tmp_path, (PROMPTS_S, "that is all", 9.0))
        await house.caller(CallerScript("1000", (Press(PROMPTS_S + 2.0, "1"),), voice=spoken))
        await house.caller(CallerScript("1000", (Press(1.5, "2"),)))
        await house.happens(lambda: len(house.records()) == 2, "the calls are over")
        assert {(choice.get("by", "keys"), choice["to"]) for choice in trail(house, "choice")} == {
            ("keys", "support"),
            ("keys", "goodbye"),
        }
        assert os.listdir(house.folder / "recordings") == []
        assert house.complaints() == [] and house.fallen_back() == []


async def test_without_a_shared_folder_the_caller_has_keys_and_the_log_the_reason(
    house_of: OpenHouse, tmp_path: Path
) -> None:
    async with house_of(Plan(agents=1)) as house:
        hears_by(house, "record", Path("/nowhere/recordings"))
        await start_engine(house)
        await house.caller(CallerScript("1000", (Press(3.0, "2"),)))
        await house.happens(lambda: bool(house.records()), "the call is over")
        assert [choice.get("by", "keys") for choice in trail(house, "choice")] == ["keys"]
        assert "/nowhere/recordings is no folder that can be read and written here" in house.log.read_text("utf-8")
        assert house.complaints() == [] and house.fallen_back() == []
