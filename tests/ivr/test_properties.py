"""What holds for every flow, every caller and every file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.switch.port import (
    Answer,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    Match,
    MuteRecording,
    NoInput,
    NoMatch,
    Play,
    PlayRecording,
    Record,
    Recorded,
    RecordEnd,
    RecordingFailed,
    StartRecording,
    StopRecording,
    Transfer,
    TransferFailed,
    Transferred,
)
from ivr.check import check
from ivr.commands import (
    AgentConnected,
    AgentOffered,
    CallerChecked,
    Charge,
    Charged,
    ChargeDeclined,
    ChargeFailed,
    ChargeUnknown,
    CheckCaller,
    Command,
    Commit,
    CommitFailed,
    Committed,
    Deaf,
    Enqueue,
    Heard,
    Listen,
    LockedOut,
    LookedUp,
    Lookup,
    LookupFailed,
    NobodyThere,
    Notice,
    NotUnderstood,
    NotVerified,
    Result,
    Served,
    Verified,
    Verify,
    VerifyFailed,
    WaitExpired,
)
from ivr.drawing.cards import exit_name
from ivr.faults import Severity
from ivr.flow import Flow, FlowFile, compiled
from ivr.session import MAX_STEPS, Context, Finished, Session
from ivr.speech.expected import Expected
from ivr.trail import Kind
from tests.fuzz.targets import refused_with_a_place
from tests.ivr import strategies
from tests.ivr.conftest import NOTHING_KNOWN, SMALL, at


def flow_of(data: dict[str, object]) -> Flow:
    """A flow, unchecked: it may go round for ever."""
    return compiled("random", b"", FlowFile.model_validate_json(json.dumps(data), strict=False))


def said_values(expected: Expected) -> list[str]:
    """Values of what is ``expected``, right and wrong ones."""
    return [*expected.phrases.values()] or ["12345678", "2026-12-01", "AB12CD34", "7"]


def one_that_fits(command: Command, draw: st.DataObject) -> Result:
    """A result that ``command`` may have."""
    match command:
        case Answer() | Play():
            return Done()
        case Listen(gather, expected):
            said: tuple[Result, ...] = (
                NotUnderstood("mumble"),
                Deaf("late"),
                *(Heard(value, "x", sure) for value in said_values(expected) for sure in (True, False)),
            )
            by_key = one_that_fits(gather, draw)
            fitting: tuple[Result, ...] = (by_key, *said)
        case Gather(plan=plan) if plan.choices:
            fitting = (NoInput(), NoMatch("9"), *map(Match, sorted(plan.choices)))
        case Gather():
            fitting = (NoInput(), Match("45"), NoMatch("4"))
        case Enqueue():
            fitting = (Served(3.0), WaitExpired(), NobodyThere())
        case Transfer():
            fitting = (Transferred(3.0), TransferFailed("busy"))
        case Lookup():
            fitting = (LookedUp({"r": "x"}), LookupFailed("missing"), LookupFailed("timeout"))
        case Record(name):
            fitting = (
                RecordingFailed("disk"),
                *(Recorded(name, long_s, by) for long_s in (0.5, 9.0) for by in RecordEnd),
            )
        case StartRecording() | MuteRecording() | StopRecording() | PlayRecording():
            fitting = (Done(), RecordingFailed("unavailable"))
        case Commit():
            fitting = (Committed(), CommitFailed("unavailable"))
        case Charge():
            fitting = (Charged("t"), ChargeDeclined("x"), ChargeFailed("x"), ChargeUnknown("x"))
        case CheckCaller():
            fitting = (CallerChecked(blocked=False, calls=1), CallerChecked(blocked=True, calls=9))
        case Verify():
            fitting = (Verified(), NotVerified(), LockedOut(), VerifyFailed("unavailable"))
        case Hangup():
            fitting = (HungUp(EndedBy.US),)
    return draw.draw(st.sampled_from(fitting))


def silent(command: Command) -> Result:
    """What comes of ``command`` when the caller does nothing and nobody of ours is there."""
    match command:
        case Answer() | Play():
            return Done()
        case Gather() | Listen():
            return NoInput()
        case Enqueue():
            return WaitExpired()
        case Transfer():
            return TransferFailed("no_answer")
        case Lookup():
            return LookupFailed("failed")
        case Record(name):
            return Recorded(name, 0.0, RecordEnd.SILENCE)
        case StartRecording() | MuteRecording() | StopRecording() | PlayRecording():
            return RecordingFailed("unavailable")
        case Commit():
            return CommitFailed("unavailable")
        case Charge():
            return ChargeUnknown("timeout")
        case CheckCaller():
            return CallerChecked(blocked=False, calls=1)
        case Verify():
            return NotVerified()
        case Hangup():
            return HungUp(EndedBy.US)


@settings(max_examples=80, deadline=None)
@given(strategies.flows, st.lists(strategies.results, min_size=1, max_size=30))
def test_any_results_end_every_session_within_the_limit(data: dict[str, object], results: list[Result]) -> None:
    session = Session(flow_of(data))
    step = session.start(Context(), at(0))
    given_ = 0
    while not isinstance(step, Finished):
        step = session.resume(results[given_ % len(results)], at(given_))
        given_ += 1
        assert given_ <= MAX_STEPS + 2
    assert session.trail[-1].kind is Kind.OUTCOME


@settings(max_examples=100, deadline=None)
@given(strategies.flows, st.data(), st.integers(0, 25))
def test_a_hangup_at_any_moment_is_the_end(data: dict[str, object], draw: st.DataObject, moment: int) -> None:
    session = Session(flow_of(data))
    step = session.start(Context(answered=draw.draw(st.booleans())), at(0))
    for second in range(moment):
        if isinstance(step, Finished):
            break
        notice: Notice = AgentOffered("a") if draw.draw(st.booleans()) else AgentConnected("a")
        assert session.notify(notice, at(second)) is None
        step = session.resume(one_that_fits(step, draw), at(second))
    ended_before = isinstance(step, Finished)
    finished = session.hangup(at(moment))
    kinds = [event.kind for event in session.trail]
    assert kinds.count(Kind.OUTCOME) == kinds.count(Kind.HUNG_UP) == 1
    assert kinds.count(Kind.NODE_ENTERED) == kinds.count(Kind.NODE_LEFT)
    assert Kind.FAULT not in kinds
    if not ended_before:
        assert finished.menu_s >= 0 and finished.wait_s >= -1e-9 and finished.talk_s >= 0
    assert session.resume(Done(), at(moment + 1)) is finished


ENDS = {"end", "hangup", "hung_up", "fault"}
"""How a node is left by which the call goes nowhere."""


@settings(max_examples=150, deadline=None)
@given(strategies.flows, st.data())
def test_every_way_out_of_a_node_is_one_of_those_that_it_shows(data: dict[str, object], draw: st.DataObject) -> None:
    flow = flow_of(data)
    session = Session(flow)
    step = session.start(Context(), at(0))
    for second in range(25):
        if isinstance(step, Finished):
            break
        step = session.resume(one_that_fits(step, draw), at(second))
    session.hangup(at(25))
    for event in session.trail:
        if event.kind is Kind.NODE_LEFT:
            shown = {exit_name(exit) for exit in flow.nodes[str(event.detail["node"])].exits(dict(flow.extensions))}
            assert event.detail["exit"] in shown | ENDS


@settings(max_examples=40, deadline=None)
@given(data=strategies.unconditional)
def test_where_the_check_finds_no_error_silence_leads_to_an_end(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "random.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    errors = {fault.rule for fault in check(path, NOTHING_KNOWN) if fault.severity is Severity.ERROR}
    outcomes = set()
    for start in strategies.NAMES:
        session = Session(flow_of({**data, "start": start}))
        step = session.start(Context(), at(0))
        while not isinstance(step, Finished):
            step = session.resume(silent(step), at(0))
        outcomes.add(step.outcome)
    assert errors <= {"endless-loop"}
    if not errors:
        assert "step_limit" not in outcomes
    if "step_limit" in outcomes:
        assert "endless-loop" in errors


@settings(max_examples=80, deadline=None)
@given(
    raw=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
)
def test_random_bytes_are_refused_with_a_place(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(raw)
    refused_with_a_place(path)


PIECES = st.sampled_from(
    ["[", "]", "{", "}", ":", ": ", "- ", "#", "&a ", "*a", "!!str ", "'", '"', "\n", "  ", "\t", "? ", "|\n",
     "---\n", "nodes", "say", "menu", "1", "5s", "true", "null", "\x07", "\u2028", "é", ",", "<<: ",
     "%YAML 1.1\n", "\\U99999999"]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_damaged_flow_is_refused_with_a_place(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = SMALL
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        end = min(len(text), begin + data.draw(st.integers(0, 12)))
        text = text[:begin] + data.draw(PIECES) + text[end:]
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text(text, encoding="utf-8")
    refused_with_a_place(path)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(flow=strategies.flows, name=st.sampled_from(strategies.NAMES), data=st.data())
def test_a_wrong_value_anywhere_is_refused_with_a_place(
    tmp_path_factory: pytest.TempPathFactory,
    flow: dict[str, dict[str, dict[str, object]]],
    name: str,
    data: st.DataObject,
) -> None:
    node = dict(flow["nodes"][name])
    node[data.draw(st.one_of(st.sampled_from(sorted(node)), st.text(max_size=5)))] = data.draw(values)
    path = tmp_path_factory.getbasetemp() / "wrong.yaml"
    path.write_text(json.dumps({**flow, "nodes": {**flow["nodes"], name: node}}), encoding="utf-8")
    refused_with_a_place(path)
