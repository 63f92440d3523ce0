"""The samples of docs/samples: each is without a fault, its tests pass and go nearly all its ways."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from calls.settings import load as load_settings
from console import building
from console.cli.flows import texts_of
from ivr.callers import spoken_s
from ivr.check import check, load
from ivr.flow import Flow
from ivr.nodes.menu import Menu
from ivr.testing.coverage import coverage
from ivr.testing.running import run
from ivr.testing.script import load_tests
from ivr.trail import TrailEvent
from prompts.library import PromptLibrary

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples"
FLOWS = sorted((SAMPLES / "flows").glob("*.yaml"))
SETTINGS = load_settings(SAMPLES / "callwright.toml", {})
KNOWN = building.known(SETTINGS, PromptLibrary(SETTINGS.prompts))
LANGUAGES = {
    language: YAML(typ="safe", pure=True).load(SAMPLES / "prompts" / f"{language}.yaml")
    for language in SETTINGS.prompts.languages
}

CHOICES = 5
LONGEST_S = 16.0
"""A prompt with five choices takes so long; who hears more has forgotten the first."""


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: str(path.name))
def test_a_sample_has_no_fault(path: Path) -> None:
    assert [str(fault) for fault in check(path, KNOWN)] == []


def test_the_tests_pass_and_go_nearly_everywhere() -> None:
    texts = texts_of(SETTINGS)
    flows: dict[Path, Flow] = {}
    trails: list[Sequence[TrailEvent]] = []
    for file in sorted((SAMPLES / "flows" / "tests").glob("*.yaml")):
        script = load_tests(file)
        flow = flows.setdefault(script.flow.resolve(), load(script.flow, KNOWN))
        for test in script.tests:
            ran = run(test, flow, texts)
            assert ran.failure is None, str(ran.failure)
            trails.append(ran.trail)
    assert {path.stem for path in flows} == {path.stem for path in FLOWS}
    for each in coverage(flows.values(), trails):
        assert min(each.node_percent, each.way_percent) >= 90, each


def test_every_text_is_there_in_both_languages_and_is_heard_in_one_of_the_flows() -> None:
    english, german = (set(texts) for texts in LANGUAGES.values())
    assert english == german
    heard = {key for path in FLOWS for key in load(path, KNOWN).prompts()}
    assert sorted(english - heard) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_short_and_say_the_same_values(language: str) -> None:
    for key, text in LANGUAGES[language].items():
        assert spoken_s([text]) <= LONGEST_S, key
        assert sorted(re.findall(r"{.*?}", text)) == sorted(re.findall(r"{.*?}", LANGUAGES["en"][key])), key


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: str(path.name))
def test_menus_have_few_choices_and_each_key_is_said(path: Path) -> None:
    for name, node in load(path, KNOWN).nodes.items():
        if isinstance(node, Menu):
            assert len(node.keys) <= CHOICES, name
            for language, texts in LANGUAGES.items():
                said = " ".join(texts[key] for key in node.menu)
                assert sorted(re.findall(r"\b[0-9]\b", said)) == sorted(node.keys), (language, name)


def test_the_database_has_what_the_look_ups_ask_for() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript((SAMPLES / "customers.sql").read_text(encoding="utf-8"))
    asked = {"account": "100017", "order": "400112"}
    for lookup in SETTINGS.lookups:
        assert lookup.sql is not None
        assert database.execute(lookup.sql, asked).fetchone() is not None, lookup.name
    database.close()
