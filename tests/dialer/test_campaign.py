"""Campaign files: what they say, and what is refused with file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from calls.causes import Outcome
from calls.errors import CampaignError
from dialer.campaign import flows_named, load, require_trunk, warnings
from dialer.presets import COUNSEL, PRESETS, ClockStart, Preset
from tests.dialer.conftest import CARRIER, LOOPBACK, SETTINGS, campaign_text, make_campaign


def test_a_campaign_is_read(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, "[retries.busy]\nafter_s = 600\ntimes = 3\n[attempts]\nper_day = 2\n")
    assert campaign.id == "autumn"
    busy = campaign.retry(Outcome.BUSY)
    assert busy is not None
    assert (busy.after_s, busy.times) == (600, 3)
    assert campaign.retry(Outcome.NO_ANSWER) is None
    assert campaign.retry(Outcome.ANSWERED) is None
    assert campaign.file.attempts.per_day == 2
    assert campaign.message.key == "campaign.sorry"
    assert campaign.preset is PRESETS["demo"]


def test_a_campaign_survives_the_store(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, "[retries.no_answer]\nafter_s = 60\ntimes = 1\n")
    assert type(campaign).model_validate_json(campaign.model_dump_json()) == campaign


FLOW: dict[str, str | None] = {"queue": None, "safe_harbour": None, "flow": '"offer"'}
BROADCAST = '[pacing]\nmode = "broadcast"\n'


def test_a_broadcast_leads_into_a_flow(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, BROADCAST, queue=None, safe_harbour=None, flow='"offer"')
    assert campaign.file.flow == "offer"
    assert campaign.prompts == {}
    assert type(campaign).model_validate_json(campaign.model_dump_json()) == campaign
    (tmp_path / "broken.toml").write_text("flow = ", encoding="utf-8")
    (tmp_path / "other.toml").write_text('flow = "../main"', encoding="utf-8")
    assert flows_named(tmp_path) == {"offer"}


@pytest.mark.parametrize(
    ("changed", "tables", "line", "words"),
    [
        ({"preset": '"carrier"'}, "", 6, "preset: expected one of demo"),
        ({"trunk": '"moon"'}, "", 4, "trunk: no trunk moon: the settings have loop, carrier"),
        ({"trunk": '"carrier"'}, "", 6, "preset: preset demo keeps no law and dials only trunks that end on this"),
        ({"queue": '"moon"'}, "", 3, "queue: no queue moon: the settings have sales"),
        ({"preset": '"germany"', "ring_timeout_s": "14.9"}, "", 8, "ring_timeout_s: expected 15 or more"),
        ({"preset": '"uk-strict"', "trunk": '"carrier"', "detect_machine": "true"}, "", 10, "expected false"),
        ({"caller_id": '"Callwright"'}, "", 5, "caller_id: expected a number of 3 to 15 digits"),
        ({"queue": None}, "", None, "queue: missing: expected a name"),
        ({"safe_harbour": None}, "", None, "safe_harbour: missing: expected a prompt's key"),
        ({"flow": '"offer"'}, "", 10, 'flow: is for [pacing] mode = "broadcast"; the mode is "progressive"'),
        ({**FLOW, "flow": None}, BROADCAST, None, "flow: missing: mode"),
        ({**FLOW, "queue": '"sales"'}, BROADCAST, 3, 'queue: mode = "broadcast" promises nobody an agent'),
        ({**FLOW, "safe_harbour": '"sorry"'}, BROADCAST, 8, 'safe_harbour: mode = "broadcast" promises'),
        ({**FLOW, "flow": '"../main"'}, BROADCAST, 8, "flow: expected a name"),
        ({**FLOW, "opt_out_key": '"9"'}, BROADCAST, 9, 'opt_out_key: mode = "broadcast" promises'),
        ({"opt_out_key": '"99"'}, "", 10, "opt_out_key: expected one key of 0 to 9, * and #"),
        ({"machine": '"message"', "machine_message": '"news"'}, "", 10, 'machine: machine = "message" needs detect'),
        ({"detect_machine": "true", "machine": '"message"'}, "", 11, "machine: no message for machines"),
        ({"machine_message": '"news"'}, "", 10, 'machine_message: only machine = "message" leaves a message'),
        ({"machine_message": '"no news"'}, "", 10, "machine_message: expected a prompt's key"),
        ({"detector": '"engine"'}, "", 10, 'detector: detector = "engine" needs detect_machine = true'),
        ({"detector": '"none"'}, "", 10, 'detector: expected "switch" or "engine"'),
        ({"machine": '"talk"'}, "", 10, 'machine: expected "hang_up", "message" or "person"'),
        ({"max_line": "10"}, "", 10, "max_line: unknown key: did you mean max_lines?"),
        ({"list": None}, "", None, "list: missing: expected a name"),
        ({"safe_harbour": '"../../etc/passwd"'}, "", 9, "safe_harbour: expected a prompt's key"),
        ({}, "[retries.bussy]\nafter_s = 60\ntimes = 3\n", 10, "retries.bussy: unknown key: did you mean busy?"),
        ({}, "[retries.unallocated]\nafter_s = 60\ntimes = 3\n", 10, "retries.unallocated: unknown key"),
        ({}, "[retries.lost]\nafter_s = 1\ntimes = 3\n", 11, "retries.lost.after_s: expected 60 or more"),
        ({}, "[retries.busy]\nafter_s = 60\ntimes = 0\n", 12, "retries.busy.times: expected a whole number, 1 to 50"),
    ],
)
def test_faults_are_named(
    tmp_path: Path, changed: dict[str, str | None], tables: str, line: int | None, words: str
) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text(campaign_text(tables, **changed), encoding="utf-8")
    with pytest.raises(CampaignError) as problem:
        load(path, SETTINGS)
    assert words in str(problem.value)
    assert problem.value.where.file == path
    assert problem.value.where.line == line


def test_a_message_without_a_way_out_is_warned_of(tmp_path: Path) -> None:
    def warned(preset: str, tables: str = "", **changed: Any) -> list[str]:
        trunk = '"loop"' if preset == "demo" else '"carrier"'
        campaign = make_campaign(tmp_path, tables, preset=f'"{preset}"', trunk=trunk, **changed)
        return [f"{place[0]} {words}" for place, words in warnings(campaign)]

    (words,) = warned("us-florida")
    assert words.startswith("opt_out_key preset us-florida wants a way out")
    assert warned("us-florida", opt_out_key='"9"') == []
    assert warned("demo") == []
    assert warned("us-florida", BROADCAST, queue=None, safe_harbour=None, flow='"offer"') == []


def test_the_files_name_is_an_id(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="the file's name is the campaign's id"):
        make_campaign(tmp_path, campaign_id="Herbst & Winter")


def test_demo_refuses_a_trunk_that_leads_outside(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path)
    require_trunk(campaign, LOOPBACK)
    with pytest.raises(CampaignError, match="trunk carrier leads outside"):
        require_trunk(campaign, CARRIER)


@pytest.mark.parametrize("preset", [preset for preset in PRESETS.values() if preset.name != "demo"])
def test_every_law_has_sources_and_no_ring_under_15_s(preset: Preset) -> None:

    assert preset.hours
    assert preset.min_ring_s >= 15
    assert preset.abandonment_cap <= 0.05
    assert preset.sources
    assert all(source.where and source.note == COUNSEL for source in preset.sources)
    assert not preset.loopback_only


def test_the_clock_of_the_two_seconds() -> None:
    preset = PRESETS["us-telemarketing"]
    assert preset.clock(detect_machine=False) is ClockStart.ANSWER
    assert preset.clock(detect_machine=True) is ClockStart.GREETING_END
