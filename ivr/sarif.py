"""Faults for programs: as plain JSON, and as SARIF, which code hosts and editors show beside the lines.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", Errata 01.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from ivr.faults import RULES, Fault, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"

_RULES = tuple(RULES)


def as_json(fault: Fault) -> dict[str, object]:
    """One fault as plain JSON."""
    where = fault.where
    return {
        "file": str(where.file) if where.file is not None else None,
        "line": where.line,
        "key": where.key,
        "severity": fault.severity.value,
        "rule": fault.rule.value,
        "problem": fault.problem,
    }


def sarif(faults: Iterable[Fault], version: str) -> dict[str, object]:
    """The log of one run that found ``faults``; ``version``: of the tool, which is us."""
    driver = {
        "name": "callwright",
        "version": version,
        "rules": [_rule(rule) for rule in _RULES],
    }
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(fault) for fault in faults],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, object]:
    note = RULES[rule]
    return {
        "id": rule.value,
        "name": "".join(word.capitalize() for word in rule.value.split("-")),
        "shortDescription": {"text": note.finds},
        "defaultConfiguration": {"level": note.severity.value},
    }


def _result(fault: Fault) -> dict[str, object]:
    location: dict[str, object] = {}
    if fault.where.file is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(fault.where.file)},
            "region": {"startLine": fault.where.line or 1},
        }
    if fault.where.key:
        location["logicalLocations"] = [{"fullyQualifiedName": fault.where.key}]
    return {
        "ruleId": fault.rule.value,
        "ruleIndex": _RULES.index(fault.rule),
        "level": fault.severity.value,
        "message": {"text": fault.problem},
        "locations": [location],
    }


def _uri(path: Path) -> str:
    """A relative reference where the path is relative, as it was given; else a file's URI. Source: RFC 3986."""
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
