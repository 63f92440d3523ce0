"""The sample flow and its prompts: what the demo calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from calls.switch.port import Prompt
from ivr.callers import spoken_s
from ivr.check import Known, check, load
from ivr.faults import Rule
from ivr.trail import Kind
from ivr.walk import walk
from tests.ivr.conftest import at

DEMO = Path(__file__).resolve().parents[2] / "console" / "demo"
FLOW = DEMO / "flows" / "main.yaml"
TEXTS: dict[str, str] = YAML(typ="safe", pure=True).load(DEMO / "prompts" / "en.yaml")
KNOWN = Known(frozenset({"support"}), frozenset(), {"en": frozenset(TEXTS)})


def text(prompt: Prompt) -> str:
    return TEXTS[prompt.key]


def test_the_only_fault_is_the_overlap_that_it_shows() -> None:
    assert [(fault.rule, fault.where.key) for fault in check(FLOW, KNOWN)] == [
        (Rule.OVERLAPPING_KEYS, "nodes.menu.keys.2")
    ]


def test_the_engine_s_own_prompts_are_there() -> None:
    assert {"system.sorry", "system.goodbye", "system.safe_harbour", "queue.hold_on"} <= set(TEXTS)


def test_every_text_is_used_or_the_engine_s_own() -> None:
    used = set(load(FLOW, KNOWN).prompts())
    assert [key for key in set(TEXTS) - used if not key.startswith("system.")] == []


@pytest.mark.parametrize("key", TEXTS)
def test_prompts_are_short(key: str) -> None:
    assert spoken_s([TEXTS[key]]) <= (7.0 if key in ("main.menu", "main.legal", "system.safe_harbour") else 5.0)


@pytest.mark.parametrize(
    ("keys", "outcome", "way"),
    [
        ("1", "completed", "welcome opening menu info goodbye"),
        ("2,q+", "completed", "welcome opening menu support goodbye"),
        ("2,q-", "nobody_free", "welcome opening menu support nobody_free"),
        ("200,q+", "completed", "welcome opening menu support goodbye"),
        ("w3,9,1", "completed", "welcome opening menu legal support goodbye"),
        ("9,w1,1,w,w", "completed", "welcome opening menu legal goodbye"),
        ("9,2", "completed", "welcome opening menu legal goodbye"),
        ("5,1", "completed", "welcome opening menu info goodbye"),
        ("5,345,*", "no_choice", "welcome opening menu no_choice"),
        ("w,w,w", "no_choice", "welcome opening menu no_choice"),
        ("w,5,w,5,1", "completed", "welcome opening menu info goodbye"),
        ("w2,h", "hung_up", "welcome opening menu"),
    ],
)
def test_its_ways(keys: str, outcome: str, way: str) -> None:
    finished, trail = walk(load(FLOW, KNOWN), keys, text, at(0))
    assert finished.outcome == outcome
    assert [event.detail["node"] for event in trail if event.kind is Kind.NODE_ENTERED] == way.split()
    assert trail[-1].since_s < 130
