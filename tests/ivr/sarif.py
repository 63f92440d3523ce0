"""The essential part of SARIF 2.1.0: what a log of results must have, by hand.

Source: OASIS, SARIF 2.1.0 Errata 01, sections 3.13 (sarifLog), 3.14 (run), 3.19 (toolComponent), 3.27 (result),
3.29 (physicalLocation), 3.30 (region), 3.49 (reportingDescriptor).
"""

from __future__ import annotations

import re
from typing import Any

LEVELS = {"none", "note", "warning", "error"}
URI_REFERENCE = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+\Z")
"""Source: RFC 3986, appendix A."""

LOG = {"$schema", "version", "runs"}
RUN = {"tool", "columnKind", "results"}
DRIVER = {"name", "version", "rules"}
RULE = {"id", "name", "shortDescription", "defaultConfiguration"}
RESULT = {"ruleId", "ruleIndex", "level", "message", "locations"}


def assert_sarif(log: Any) -> list[dict[str, Any]]:
    """The results of ``log``, which is as the standard wants it, and has no property that it does not know."""
    assert set(log) <= LOG and log["version"] == "2.1.0"
    results: list[dict[str, Any]] = []
    for run in log["runs"]:
        assert set(run) <= RUN and {"tool", "results"} <= set(run)
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        driver = run["tool"]["driver"]
        assert set(driver) <= DRIVER and isinstance(driver["name"], str)
        rules = driver["rules"]
        for rule in rules:
            _assert_rule(rule)
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            _assert_result(result, rules)
        results += run["results"]
    return results


def _assert_rule(rule: dict[str, Any]) -> None:
    assert set(rule) <= RULE and isinstance(rule["id"], str)
    assert re.fullmatch(r"([A-Z][a-z0-9]*)+", rule["name"])
    _assert_message(rule["shortDescription"])
    assert rule["defaultConfiguration"]["level"] in LEVELS


def _assert_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert set(result) <= RESULT
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in LEVELS
    _assert_message(result["message"])
    for location in result["locations"]:
        physical = location["physicalLocation"]
        assert URI_REFERENCE.match(physical["artifactLocation"]["uri"])
        line = physical["region"]["startLine"]
        assert type(line) is int and line >= 1
        for logical in location.get("logicalLocations", ()):
            assert isinstance(logical["fullyQualifiedName"], str)


def _assert_message(message: dict[str, Any]) -> None:
    assert set(message) == {"text"} and isinstance(message["text"], str) and message["text"]
