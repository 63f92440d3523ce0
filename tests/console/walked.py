"""Calls in the records, made by walking a flow: what an engine would have kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from calls.ids import CallId, FlowId
from calls.records.store import CallEvent, finish_call
from calls.records.writer import write_once
from calls.settings import Settings
from calls.switch.port import Prompt
from ivr.callers import ScriptedCaller
from ivr.check import Known, load
from ivr.script import parse
from ivr.session import Session
from ivr.trail import Instant
from ivr.walk import Walk
from tests.console.command_line import CALL


def walk(settings: Settings, keys: str) -> Walk:
    """A call through the flow ``main`` by a caller who does what ``keys`` say."""
    flow = load(settings.flows / "main.yaml", Known())
    walked = Walk(flow, ScriptedCaller(parse(keys)), _words, Instant(CALL.started_at, 0.0))
    list(walked.events())
    return walked


def keep(settings: Settings, call_id: str, walked: Walk) -> None:
    """Put a walked call into the records."""
    version = load(settings.flows / "main.yaml", Known()).version
    record = replace(CALL, call_id=CallId(call_id), flow=FlowId("main"), flow_version=version)
    events = list(events_of(walked.session))
    write_once(settings.engine.database, partial(finish_call, record=record, events=events))


def events_of(session: Session) -> Iterator[CallEvent]:
    """A session's trail as the records have it."""
    for event in session.record:
        yield CallEvent(event.at, event.since_s, event.kind.value, event.detail)


def _words(prompt: Prompt) -> str:
    return f"{prompt.key} in two words"
