"""The JSON Schema takes what the loader takes and refuses what it refuses for its shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from ivr.document import read
from ivr.flow import FlowFile, json_schema
from ivr.nodes import KINDS
from tests.ivr import strategies
from tests.ivr.conftest import SMALL, Write
from tests.ivr.schema import faults

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "console" / "demo" / "flows").glob("*.yaml"))
SCHEMA = json_schema()


def plain(path: Path) -> Any:
    """The data of a file as JSON has it: with lists, and text as keys."""
    return json.loads(json.dumps(read(path).data))


def changed(data: Any, path: tuple[str, ...], value: object) -> Any:
    """A copy of ``data`` with another value at ``path``."""
    copy = json.loads(json.dumps(data))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def test_there_are_samples() -> None:
    assert [path.name for path in SAMPLES] == ["main.yaml"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_samples_fit(path: Path) -> None:
    assert faults(SCHEMA, plain(path)) == []


@settings(max_examples=50, deadline=None)
@given(strategies.flows)
def test_random_flows_fit(data: Any) -> None:
    assert faults(SCHEMA, data) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("title",), "x"),
        (("language",), "English"),
        (("start",), 5),
        (("extensions", "2x"), "menu"),
        (("nodes",), {}),
        (("nodes", "Bad Name"), {"hangup": []}),
        (("nodes", "menu", "direct_dail"), True),
        (("nodes", "menu", "direct_dial"), "yes"),
        (("nodes", "menu", "keys"), {}),
        (("nodes", "menu", "keys", "x"), "menu"),
        (("nodes", "menu", "first_key"), 5),
        (("nodes", "menu", "first_key"), "5"),
        (("nodes", "menu", "noinput"), ["a"] * 10),
        (("nodes", "info", "say"), "main.info"),
        (("nodes", "info", "say"), []),
        (("nodes", "info", "say"), ["Main Info"]),
        (("nodes", "info", "hangup"), []),
        (("nodes", "support", "priority"), 101),
        (("nodes", "support", "priority"), True),
        (("nodes", "new"), {"next": "menu"}),
    ],
)
def test_what_the_loader_refuses_does_not_fit(write: Write, path: tuple[str, ...], value: object) -> None:
    data = changed(plain(write(SMALL)), path, value)
    with pytest.raises(ValidationError):
        FlowFile.model_validate_json(json.dumps(data))
    assert faults(SCHEMA, data) != []


def test_defaults_are_what_may_be_written() -> None:
    definitions: Any = SCHEMA["$defs"]
    nodes = [definition for definition in definitions.values() if "properties" in definition]
    assert len(nodes) == len(KINDS) + 4, (
        "each kind, and a question of a survey, an overflow of a queue, a person of a directory, an item of an order"
    )
    for definition in nodes:
        for name, field in definition["properties"].items():
            if "default" in field:
                assert faults(field, field["default"], SCHEMA) == [], name


def test_the_published_schema_is_that_of_the_code() -> None:
    """Written anew by ``callwright ivr schema > docs/flow.schema.json``."""
    published = (ROOT / "docs" / "flow.schema.json").read_text(encoding="utf-8")
    assert published == json.dumps(SCHEMA, indent=2) + "\n"
