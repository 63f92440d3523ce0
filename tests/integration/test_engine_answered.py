"""What happens on a real Asterisk once a dialled call is answered: by a machine, or by a person."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from calls.switch.hearing import RATE_HZ
from prompts.audio import Audio, encode
from prompts.callee import MULAW_SILENCE
from prompts.formats import Format
from tests.integration.conftest import OpenHouse
from tests.integration.harness import House, number
from tests.integration.premises import Plan
from tests.integration.speakers import VOICES, said

pytestmark = pytest.mark.asterisk

GREETING = "Hello. You have reached Anna Miller. I can not take your call now. Please leave a message after the tone."
BEEP_S = 0.5
PAUSE_S = 0.8
MESSAGE = {"machine": '"message"', "machine_message": '"news.left"'}


def machine(path: Path, beep_hz: float | None) -> float:
    """Write what a machine says; until when it greets, its beep and all, in seconds."""
    at = np.arange(round(BEEP_S * RATE_HZ)) / RATE_HZ
    words = encode(Audio(said(VOICES[0], GREETING), RATE_HZ), Format.ULAW)
    beep = b""
    if beep_hz is not None:
        tone = (0.3 * np.sin(2 * np.pi * beep_hz * at)).astype(np.float32)
        beep = MULAW_SILENCE * round(PAUSE_S * RATE_HZ) + encode(Audio(tone, RATE_HZ), Format.ULAW)
    greets = MULAW_SILENCE * round(0.3 * RATE_HZ) + words + beep
    path.write_bytes(greets + MULAW_SILENCE * 20 * RATE_HZ)
    return len(greets) / RATE_HZ


def lasted_s(house: House) -> float:
    """From the callee's answer to the switch's hang-up, by the callee's clock."""
    at = {each.event: each.at_s for each in house.callees.events}
    return at["ended_by_switch"] - at["answered"]


def details(house: House, kind: str) -> list[dict[str, object]]:
    rows = house.rows("SELECT detail FROM call_events WHERE kind = ?", kind)
    return [json.loads(str(row["detail"])) for row in rows]


@pytest.mark.parametrize("beep_hz", [1_000.0, None])
async def test_a_message_is_left_on_a_machine(house_of: OpenHouse, tmp_path: Path, beep_hz: float | None) -> None:
    greets_s = machine(tmp_path / "machine.ulaw", beep_hz)
    plan = Plan(agents=1, detect_machine=True, machine_ms=30_000, machine=tmp_path / "machine.ulaw")
    async with house_of(plan) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("news", [number(1, 4)], MESSAGE)
        await house.campaign_over("news")
        (record,) = house.records()
        assert (record["outcome"], record["detected"], record["agent_id"]) == ("machine", "machine", None)
        (ended,) = details(house, "greeting_ended")
        assert ended["by"] == ("beep" if beep_hz is not None else "silence")
        assert details(house, "message_left") == [{"prompt": "news.left", "played": "whole"}]
        message_s = 11 / 160 * 60  # eleven words by the hum
        waits_s = 0.0 if beep_hz is not None else 2.0
        assert lasted_s(house) == pytest.approx(greets_s + waits_s + message_s, abs=1.0)
        assert house.broken() == []
        assert house.complaints() == []


async def test_the_engine_tells_machines_from_people_by_itself(house_of: OpenHouse, tmp_path: Path) -> None:
    """Four of each at once: their audio reaches the engine in time, and each is what it is."""
    machine(tmp_path / "machine.ulaw", 1_000.0)
    plan = Plan(agents=8, machine_ms=30_000, machine=tmp_path / "machine.ulaw", talk_ms=(6_000, 6_000))
    async with house_of(plan) as house:
        await house.start_engine()
        await house.log_in()
        changed = {"detect_machine": "true", "detector": '"engine"'}
        await house.start_campaign("news", [number(each, 4 * (each % 2)) for each in range(8)], changed)
        await house.campaign_over("news")
        told = sorted((str(each["called"])[-1], each["outcome"], each["detected"]) for each in house.records())
        assert told == [("0", "answered", "human")] * 4 + [("4", "machine", "machine")] * 4
        assert all(float(str(each["connect_s"])) <= 1.8 for each in house.records("outcome = 'answered'"))
        assert house.complaints() == []


async def test_a_key_in_the_safe_harbour_message_ends_all_calls(house_of: OpenHouse) -> None:
    plan = Plan(agents=1, talk_ms=(20_000, 20_000), key=("9", 3_000))
    async with house_of(plan) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("news", [number(1, 0)], {"opt_out_key": '"9"'})
        await house.happens(lambda: bool(house.invited()), "the person's telephone rings")
        await house.order("/v1/agents/agent0/pause")
        await house.campaign_over("news")
        (record,) = house.records()
        assert (record["outcome"], record["abandoned"], record["ended_by"]) == ("abandoned", 1, "us")
        assert house.rows("SELECT number, source FROM do_not_call") == [
            {"number": number(1, 0), "source": "safe-harbour message"}
        ]
        assert details(house, "opted_out") == [{"failed": None}]
        assert lasted_s(house) > 3.0
        assert house.complaints() == []


BROADCAST = {"flow": '"press-one"', "queue": None, "safe_harbour": None}


async def test_who_presses_one_in_a_broadcast_talks_to_an_agent(house_of: OpenHouse) -> None:
    plan = Plan(agents=1, talk_ms=(4_000, 4_000), key=("1", 1_500), pacing='mode = "broadcast"')
    async with house_of(plan) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("news", [number(1, 0)], BROADCAST)
        await house.campaign_over("news")
        (record,) = house.records()
        assert (record["outcome"], record["agent_id"], record["flow"]) == ("answered", "agent0", "press-one")
        assert (record["campaign_id"], record["queue"], record["last_node"]) == ("news", "support", "support")
        assert float(str(record["connect_s"])) < 1.8
        assert 3.0 < float(str(record["talk_s"])) < 4.2
        assert house.complaints() == []


TOLD = '{recording = "announce", recording_announcement = "system.safe_harbour", recording_refuse_key = "9"}'


BERLIN, SEATTLE = number(1, 0), "+12062200010"
ON_IT = ["recording_started", "recording_refused", "recording_dropped"]
"""In Washington the recording begins before the announcement."""


@pytest.mark.parametrize(
    ("person", "key", "told"),
    [(BERLIN, ("", 0), ["recording_announced", "recording_started"]), (SEATTLE, ("9", 2_500), ON_IT)],
)
async def test_people_are_told_of_the_recording(
    house_of: OpenHouse, person: str, key: tuple[str, int], told: list[str]
) -> None:
    """They have met the agent within the two seconds, hear it, and talk on; a key refuses, and what was recorded
    until then is deleted."""
    async with house_of(Plan(agents=1, talk_ms=(12_000, 12_000), key=key)) as house:
        await house.start_engine()
        await house.log_in()
        await house.start_campaign("told", [person], {"record": '"all"', "compliance": TOLD})
        await house.campaign_over("told")
        (record,) = house.records()
        assert (record["outcome"], record["agent_id"], record["abandoned"]) == ("answered", "agent0", 0)
        kinds = [str(row["kind"]) for row in house.rows("SELECT kind FROM call_events ORDER BY seq")]
        assert [kind for kind in kinds if kind.startswith("recording")] == told
        kept = [f"{record['call_id']}-talk-2"] if person == BERLIN else []
        assert record["recording"] == (kept[0] if kept else None)
        assert [each.stem for each in (house.folder / "recordings").iterdir()] == kept
        assert house.rung() == 1, "the agent's leg stays"
        assert house.broken() == []
        assert house.complaints() == []
