"""docs/flow-figures.md names every figure of a flow, with the definition that the report shows."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from calls.ids import FlowId
from calls.records.flow_figures import FlowScope
from calls.reports.of_flow import flow_figures
from ivr.flow import Flow
from tests.calls.records.scratch import taken_back
from tests.ivr import test_flow_figures as walks

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "flow-figures.md").read_text(encoding="utf-8")

connection, flows = walks.connection, walks.flows


@pytest.fixture
def two_calls(connection: sqlite3.Connection, flows: tuple[Flow, ...]) -> Iterator[sqlite3.Connection]:
    with taken_back(connection):
        walks.keep(connection, [walks.row("a", flows[0], [0, 3]), walks.row("b", flows[1], [0, 5])])
        yield connection


def test_the_definitions_are_those_of_the_report(two_calls: sqlite3.Connection) -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| (.*) \|$", TEXT, re.MULTILINE))
    found = flow_figures(two_calls, FlowScope(FlowId("main"), walks.BEGIN, walks.END))
    assert told == {figure.name: figure.definition for figure in found}
