"""Holds what the engine asked of a call's channel, and what the store has of the call, against the script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calls.ids import AgentId, FlowId, QueueName
from calls.records.store import CallEvent, CallRecord
from ivr.replay import recorded, replay
from ivr.trail import Kind
from tests.conformance.engine.premises import CALLER_ID, WRAP_UP_S, Premises
from tests.conformance.engine.vocabulary import CampaignScript, EngineScript, FlowScript, Span, about, told

COMMAND_S = 0.05
"""What each command may cost beyond its own time, on a switch that has any slack: a message there and back."""

VIRTUAL_S = 0.05
"""By how much times may differ in virtual time: a far end rings 20 ms after it was dialled."""

EXACT_S = 0.001


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one call. ``attempts``: the rows of its attempt, where it was dialled; ``forbidden``: the numbers
    on the do-not-call list."""

    asked: Sequence[str]
    record: CallRecord
    events: Sequence[CallEvent]
    attempts: Sequence[tuple[object, ...]]
    forbidden: frozenset[object]


def differences(script: EngineScript, premises: Premises, slack_s: float, seen: Seen) -> Iterator[str]:
    """All that is not as the script has it, in words; nothing where all is."""
    expected = [command.strip() for command in script.commands.split("|") if command.strip()]
    may_hold = isinstance(script, FlowScript) and script.may_hold
    if [command for command in seen.asked if not (may_hold and command == "hold")] != expected:
        yield f"asked: {' | '.join(seen.asked)}"
    trail = [told(event.kind, event.detail, script.name) for event in seen.events if event.kind != Kind.EXCHANGE]
    if trail != list(_trail(script)):
        yield "\n  ".join(["trail:", *trail])
    yield from _wrong_fields(script, premises, seen.record)
    yield from _wrong_parts(script, slack_s + COMMAND_S * len(expected) if slack_s else VIRTUAL_S, seen.record)
    yield from _wrong_whole(script, slack_s, seen)
    yield from _wrong_attempt(script, seen)
    yield from _wrong_replay(script, premises, seen)
    if (premises.caller(script) in seen.forbidden) is not script.record.is_opted_out:
        yield f"do not call: {sorted(map(str, seen.forbidden))}"


def _trail(script: EngineScript) -> Iterator[str]:
    """The whole trail: a flow's beginning and the record's own words at the end are the same for all."""
    if isinstance(script, FlowScript) and script.nodes:
        yield "flow_started flow=own language=en"
    yield from (line.strip() for line in script.trail.strip().splitlines() if line.strip())
    by = script.record.ended_by
    yield f"ended outcome={script.record.outcome.value} by={by.value if by else None}"


def _wrong_fields(script: EngineScript, premises: Premises, record: CallRecord) -> Iterator[str]:
    expect, own = script.record, script.name
    with_flow = isinstance(script, FlowScript) and bool(script.nodes)
    must = {
        "outcome": expect.outcome,
        "ended_by": expect.ended_by,
        "last_node": expect.last_node,
        "abandoned": expect.is_abandoned,
        "detected": expect.detected,
        "agent_id": AgentId(own) if expect.talks else None,
        "queue": QueueName(own) if expect.in_queue else None,
        "flow": FlowId(own) if with_flow else None,
        "flow_version": premises.flows[FlowId(own)].version if with_flow else None,
        "campaign_id": own if isinstance(script, CampaignScript) else None,
        "caller": premises.caller(script) if isinstance(script, FlowScript) else CALLER_ID,
        "called": premises.called(script),
    }
    for name, value in must.items():
        got = getattr(record, name)
        if got != value:
            yield f"{name}: {got!r} instead of {value!r}"
    if record.cause not in expect.causes:
        yield f"cause: {record.cause}"
    if (record.answered_at is not None) is not expect.is_answered:
        yield f"answered at {record.answered_at}"


def _wrong_parts(script: EngineScript, slack_s: float, record: CallRecord) -> Iterator[str]:
    """Parts of a wrong length."""
    expect = script.record
    spans = {
        "ring_s": expect.ring_s,
        "menu_s": expect.menu_s,
        "wait_s": expect.wait_s,
        "talk_s": expect.talk_s,
        "hold_s": expect.hold_s,
        "connect_s": expect.connect_s,
        "wrap_up_s": about(WRAP_UP_S * expect.talks) if expect.talks else None,
    }
    for name, span in spans.items():
        got = getattr(record, name)
        if not _within(got, span, slack_s):
            yield f"{name}: {got} instead of {span}, {slack_s:.2f} s more or less"


def _wrong_whole(script: EngineScript, slack_s: float, seen: Seen) -> Iterator[str]:
    """A whole that is not its parts, a bill that is more, and clocks that tell two stories."""
    record = seen.record
    own = (record.ring_s, record.menu_s, record.wait_s, record.talk_s, record.hold_s)
    parts = sum(each or 0.0 for each in own)
    if abs(parts - record.duration_s) > EXACT_S:
        yield f"the parts are {parts} and the whole is {record.duration_s}"
    if not 0.0 <= record.billed_s <= record.duration_s or (record.billed_s > 0.0) is not script.record.is_answered:
        yield f"billed {record.billed_s} of {record.duration_s}"
    by_clock_s = (record.ended_at - record.started_at).total_seconds()
    if abs(by_clock_s - record.duration_s) > EXACT_S + slack_s:
        yield f"{by_clock_s} s from start to end, and a duration of {record.duration_s}"
    moments = [event.since_s for event in seen.events]
    if moments != sorted(moments) or moments[-1] > record.duration_s + EXACT_S + slack_s:
        yield f"events at {moments} in {record.duration_s} s"


def _wrong_attempt(script: EngineScript, seen: Seen) -> Iterator[str]:
    must: list[tuple[object, ...]] = []
    if isinstance(script, CampaignScript):
        record = seen.record
        must.append((record.call_id, "done", script.record.outcome.value, record.cause, 1, script.name))
    if list(seen.attempts) != must:
        yield f"attempts: {seen.attempts} instead of {must}"


def _wrong_replay(script: EngineScript, premises: Premises, seen: Seen) -> Iterator[str]:
    """Where the call does not go the same way again, offline, by what its record holds. It holds no secret: where one
    decides, a replay departs and knows it."""
    if isinstance(script, FlowScript) and script.nodes:
        departure = replay(premises.flows[FlowId(script.name)], recorded(seen.events)).departure
        if departure is not None and not departure.masked:
            yield f"replay: {departure}"


def _within(got: float | None, span: Span | None, slack_s: float) -> bool:
    if got is None or span is None:
        return got is None and span is None
    return span[0] - slack_s <= got <= span[1] + slack_s
