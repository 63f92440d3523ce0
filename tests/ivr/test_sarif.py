"""Faults for programs: nothing of a fault is lost, and what is written is SARIF."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calls.errors import Location
from ivr.check import check
from ivr.faults import RULES, Fault, Rule
from ivr.sarif import as_json, sarif
from tests.ivr.conftest import NOTHING_KNOWN
from tests.ivr.sarif import assert_sarif

SHAPES = Path(__file__).parent / "bad" / "shapes.yaml"


def test_every_fault_has_its_line_rule_and_level() -> None:
    faults = check(SHAPES, NOTHING_KNOWN)
    results = assert_sarif(json.loads(json.dumps(sarif(faults, "1.2.3"))))
    assert len(faults) > 20
    for fault, result in zip(faults, results, strict=True):
        location = result["locations"][0]
        assert location["physicalLocation"]["region"] == {"startLine": fault.where.line}
        assert location["logicalLocations"][0]["fullyQualifiedName"] == fault.where.key
        assert (result["ruleId"], result["level"]) == (fault.rule.value, fault.severity.value)
        assert result["message"]["text"] == fault.problem


def test_every_rule_is_described_once() -> None:
    log = sarif((), "1.2.3")
    assert assert_sarif(log) == []
    rules = log["runs"][0]["tool"]["driver"]["rules"]  # type: ignore[index]
    assert [rule["id"] for rule in rules] == [rule.value for rule in Rule]
    assert all(note.finds and "\n" not in note.finds for note in RULES.values())


def test_faults_have_the_severity_of_their_rule() -> None:
    for fault in check(SHAPES, NOTHING_KNOWN):
        assert fault.severity is RULES[fault.rule].severity


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("flows/main.yaml", "flows/main.yaml"),
        ("/srv/flows/main.yaml", "file:///srv/flows/main.yaml"),
        ("my flows/männer 100%.yaml", "my%20flows/m%C3%A4nner%20100%25.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
    ],
)
def test_files_are_named_by_uris(path: str, uri: str) -> None:
    fault = Fault(Location(Path(path), 3), RULES[Rule.SYNTAX].severity, Rule.SYNTAX, "is not YAML")
    (result,) = assert_sarif(sarif([fault], "1.2.3"))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert "logicalLocations" not in result["locations"][0]


def test_a_fault_as_json_holds_all_of_it() -> None:
    fault = check(SHAPES, NOTHING_KNOWN)[0]
    assert as_json(fault) == {
        "file": str(SHAPES),
        "line": fault.where.line,
        "key": fault.where.key,
        "severity": "error",
        "rule": fault.rule.value,
        "problem": fault.problem,
    }
