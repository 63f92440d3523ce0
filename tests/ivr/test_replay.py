"""A recorded call goes the same way again, and where another flow leads elsewhere, that is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import UserError
from calls.ids import FlowId
from calls.overrides import Override, OverrideState
from calls.records.store import CallEvent
from calls.switch.port import Done, EndedBy, Gather, HungUp, KeyPlan, Match, NoInput, Prompt
from ivr.callers import ScriptedCaller
from ivr.commands import AgentConnected, AgentOffered, Enqueue, LookedUp, Notice, OverridesChanged, Result
from ivr.exchange import LONGEST_SET, MASK, NotAnExchange, decoded, encoded, masked, result_of
from ivr.flow import Flow
from ivr.nodes.base import End, Exit, NodeModel, Visit
from ivr.replay import Replay, recorded, replay
from ivr.script import parse
from ivr.session import Context, Finished, Session
from ivr.trail import Kind, TrailEvent
from ivr.turn import Facts, Turn
from ivr.values import Value
from ivr.walk import Walk
from tests.ivr import strategies
from tests.ivr.conftest import NOON, SMALL, Make, at
from tests.ivr.test_properties import flow_of, one_that_fits


def stored(record: tuple[TrailEvent, ...]) -> tuple[TrailEvent, ...]:
    """As the store gives it back, among events of others."""
    rows = [CallEvent(event.at, event.since_s, event.kind.value, event.detail) for event in record]
    rows.append(CallEvent(record[-1].at, record[-1].since_s, "ended", {"by": "caller"}))
    back = [replace(row, detail=json.loads(json.dumps(dict(row.detail), allow_nan=False))) for row in rows]
    return recorded(back)


def walked(flow: Flow, keys: str) -> Session:
    walk = Walk(flow, ScriptedCaller(parse(keys)), lambda prompt: f"{prompt.key} in two words", at(0))
    list(walk.events())
    return walk.session


states = st.sampled_from([*OverrideState])
ends = st.none() | st.just(NOON + timedelta(seconds=1))
overrides = st.dictionaries(st.just("main"), st.builds(Override, states, ends))
notices: st.SearchStrategy[Notice] = st.one_of(
    st.just(AgentOffered("a")), st.just(AgentConnected("a")), overrides.map(OverridesChanged)
)


@settings(max_examples=60, deadline=None)
@given(data=strategies.flows, draw=st.data(), moment=st.integers(0, 30))
def test_any_session_replays_to_the_same_trail(data: dict[str, object], draw: st.DataObject, moment: int) -> None:
    flow = flow_of(data)
    session = Session(flow)
    context = Context(
        answered=draw.draw(st.booleans()),
        draw=draw.draw(st.floats(0, 1, exclude_max=True)),
        overrides=draw.draw(overrides),
    )
    step = session.start(context, at(0))
    for tenth in range(moment):
        if isinstance(step, Finished):
            break
        notice: Notice = draw.draw(notices)
        session.notify(notice, at(tenth / 10))
        step = session.resume(one_that_fits(step, draw), at(tenth / 10 + 0.05))
    session.hangup(at(moment / 10), EndedBy.SWITCH, 41)
    again = replay(flow, stored(session.record))
    assert again == Replay(session.trail, None)


@pytest.mark.parametrize("keys", ["1,h", "2,w3,q+", "42,t-", "w,w7,h", "200,q0,tb", "2,w3,h", "345,1,h"])
def test_a_walk_replays_to_the_same_trail(small: Flow, keys: str) -> None:
    session = walked(small, keys)
    assert replay(small, stored(session.record)) == Replay(session.trail, None)


def test_a_flow_that_began_later_than_its_call_replays_to_the_same_trail(small: Flow) -> None:
    session = walked(small, "1")
    later = tuple(replace(event, since_s=event.since_s + 2.0) for event in stored(session.record))
    assert replay(small, later) == Replay(session.trail, None)


def test_another_way_is_told_with_its_moment(small: Flow, make: Make) -> None:
    session = walked(small, "w,1,h")
    other = make(SMALL.replace('"1": info', '"1": alice'))
    departure = replay(other, stored(session.record)).departure
    assert departure is not None
    assert (departure.node, departure.masked) == ("menu", False)
    assert departure.since_s == pytest.approx(9.8)
    assert departure.was == "choice keys=1 to=info barged_in=False"
    assert departure.now == "choice keys=1 to=alice barged_in=False"


def test_another_command_is_told(small: Flow, make: Make) -> None:
    session = walked(small, "w,1,h")
    other = make(SMALL.replace("info: {say: [main.info, main.more]", "info: {say: [main.info]"))
    departure = replay(other, stored(session.record)).departure
    assert departure is not None
    assert departure.node == "info"
    assert (departure.was.count("main.more"), departure.now.count("main.more")) == (1, 0)
    assert departure.now.startswith('{"Play": {"prompts": [{"key": "main.info"')


def test_an_end_that_comes_sooner_is_told(small: Flow, make: Make) -> None:
    session = walked(small, "1,w,w,w,t+")
    text = SMALL.replace('"1": info', '"1": goodbye')
    departure = replay(make(text), stored(session.record)).departure
    assert departure is not None and departure.now == "choice keys=1 to=goodbye barged_in=False"
    longer = stored(walked(make(text), "1").record)
    shorter = replay(make(text.replace("[main.goodbye]", "[]")), longer).departure
    assert shorter is not None and shorter.now == '{"Hangup": {}}'


@pytest.mark.parametrize("drop", [lambda event: True, lambda event: event.kind is Kind.EXCHANGE])
def test_a_record_without_exchanges_is_refused(small: Flow, drop: object) -> None:
    assert callable(drop)
    record = [event for event in walked(small, "1,h").record if not drop(event)]
    with pytest.raises(UserError, match="no commands and results that this release can replay"):
        replay(small, record)


def test_a_record_of_another_format_is_refused(small: Flow) -> None:
    record = [replace(event, detail={**event.detail, "v": 2}) for event in walked(small, "1,h").record]
    with pytest.raises(UserError, match="this release can replay"):
        replay(small, record)


# --- the encoding -----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(result=strategies.results)
def test_results_survive_their_encoding(result: Result) -> None:
    back = result_of(json.loads(json.dumps(encoded(result))))
    assert type(back) is type(result)
    assert encoded(back) == encoded(result)


def test_a_variable_may_be_called_decimal() -> None:
    for held in ("abc", 5, Decimal("2.50")):
        found = LookedUp({"decimal": held})
        assert result_of(json.loads(json.dumps(encoded(found)))) == found


def test_what_a_secret_look_up_found_is_covered_and_how_it_ended_is_not() -> None:
    assert masked(LookedUp({"card": "4711", "holder": 4711})) == {
        "LookedUp": {"values": {"card": MASK, "holder": MASK}}
    }
    assert masked(HungUp(EndedBy.CALLER)) == {"HungUp": {"by": "caller"}}


def test_commands_are_short_and_the_same_each_time() -> None:
    plan = KeyPlan(frozenset({"2", "1"}), frozenset({3}))
    gather = Gather((Prompt("main.menu", "en"),), plan, 5.0, 2.0)
    assert encoded(gather) == {
        "Gather": {
            "prompts": [{"key": "main.menu", "language": "en"}],
            "plan": {"choices": ["1", "2"], "direct_dial_digits": [3]},
            "first_key_timeout_s": 5.0,
            "next_key_timeout_s": 2.0,
        }
    }
    many = KeyPlan(frozenset(str(number) for number in range(LONGEST_SET + 1)))
    assert encoded(many) == {"KeyPlan": {"choices": {"size": LONGEST_SET + 1}}}
    assert encoded(Enqueue("sales")) == {"Enqueue": {"queue": "sales"}}
    assert encoded(HungUp(EndedBy.CALLER)) == {"HungUp": {"by": "caller"}}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "Done",
        {"Done": {}, "Match": {}},
        {"Answer": {}},
        {"Match": {}},
        {"Match": {"keys": 1}},
        {"LookedUp": {"values": {"a": {"$decimal": "x"}}}},
    ],
)
def test_what_is_no_result_is_refused(data: object) -> None:
    with pytest.raises(NotAnExchange):
        result_of(data)


def test_the_context_survives_its_encoding() -> None:
    held: dict[str, Value] = {
        "sum": Decimal("2.50"),
        "many": 3,
        "vip": True,
        "name": "a",
        "none": None,
        "digits": "007",
    }
    for context in (
        Context(),
        Context(answered=True),
        Context(draw=0.1 + 0.2, facts=Facts("1", "n"), variables=held),
    ):
        assert decoded(json.loads(json.dumps(encoded(context))), Context) == context
    assert str(decoded(encoded(Context(variables=held)), Context).variables["sum"]) == "2.50"


# --- secrets ----------------------------------------------------------------------------------------------------


class Pin(NodeModel):
    """Asks for a PIN of which nothing is kept."""

    kind: ClassVar[str] = "pin"

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        yield from ()

    def visit(self, turn: Turn) -> Visit:
        turn.conceal()
        result = yield Gather((), KeyPlan(frozenset({"4711"})), 5.0, 2.0)
        again = yield Gather((), KeyPlan(frozenset({"1", "2"})), 5.0, 2.0)
        return End("pin", "right" if result == Match("4711") and again == Match("1") else "wrong")


@pytest.fixture
def secret() -> Flow:
    return Flow(FlowId("secret"), "0", "en", "pin", {"pin": Pin()}, {})


def test_nothing_is_kept_of_a_secret_result(secret: Flow) -> None:
    session = Session(secret)
    session.start(Context(answered=True), at(0))
    for result in (Match("4711"), Match("1")):
        step = session.resume(result, at(1))
    assert not isinstance(step, Finished)
    session.resume(HungUp(EndedBy.US), at(1))
    exchanges = [event.detail for event in session.record if event.kind is Kind.EXCHANGE]
    assert "4711" not in json.dumps(exchanges)
    assert [each.get("result") for each in exchanges[1:]] == [
        {"Match": {"keys": MASK}},
        {"Match": {"keys": "1"}},
        {"HungUp": {"by": "us"}},
    ]
    assert [each.get("masked", False) for each in exchanges[1:]] == [True, False, False]
    departure = replay(secret, stored(session.record)).departure
    assert departure is not None and departure.masked
    assert (departure.was.split()[1], departure.now.split()[1]) == ("outcome=right", "outcome=wrong")


def test_who_hangs_up_in_a_secret_is_no_secret_and_silence_is_none(secret: Flow) -> None:
    session = Session(secret)
    session.start(Context(answered=True), at(0))
    session.resume(HungUp(EndedBy.CALLER, 16), at(1))
    assert replay(secret, stored(session.record)) == Replay(session.trail, None)
    session = Session(secret)
    session.start(Context(answered=True), at(0))
    session.resume(NoInput(), at(5))
    session.resume(Done(), at(6))
    session.hangup(at(7))
    assert replay(secret, stored(session.record)) == Replay(session.trail, None)
