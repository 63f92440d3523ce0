"""Calls share flows, a loop and a process, and nothing else: no value of one is ever seen in another, and a fault in
a node of ours costs one call an apology and no other anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import ClassVar, assert_never

from hypothesis import given, settings
from hypothesis import strategies as st

from calls.ids import FlowId
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
    Prompt,
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
from ivr.commands import (
    CallerChecked,
    Charge,
    Charged,
    ChargeDeclined,
    CheckCaller,
    Command,
    Commit,
    CommitFailed,
    Committed,
    Enqueue,
    Heard,
    Listen,
    LookedUp,
    Lookup,
    LookupFailed,
    NotUnderstood,
    NotVerified,
    Result,
    Served,
    Verified,
    Verify,
    WaitExpired,
)
from ivr.flow import SORRY, Flow, FlowFile, compiled
from ivr.nodes.base import End, Exit, Goto, NodeModel, Return, Visit
from ivr.session import Context, Finished, Session
from ivr.trail import Kind, TrailEvent
from ivr.turn import Facts, Phrases, Turn
from prompts.phrases import Split, split
from tests.ivr import strategies
from tests.ivr.conftest import at

CALLS = 8
MOST_COMMANDS = 60
"""After so many a caller hangs up: many random flows go round."""

SECRET_DIGITS = 9
"""How long a secret is; all else that callers key has 8 digits."""

INNER = {
    "language": "en",
    "variables": {"asked": ""},
    "start": "a",
    "nodes": {
        "a": {"set": {"answer": "text(asked) + '/' + call.caller"}, "next": "b"},
        "b": {"say": ["x.asked"], "next": "c"},
        "c": {"collect": ["x.one"], "into": "own", "length": 8, "failed": "d", "next": "d"},
        "d": {"return": "done"},
    },
}
TEXTS = {"x.one": "{v} and {copy}", "x.two": "It is {v:digits}: {pin}", "x.asked": "{asked} {own}", "x.back": "{v}"}

target = strategies.target
carrying = st.one_of(
    st.fixed_dictionaries({"set": st.just({"copy": "text(v) + '-' + call.caller_name"}), "next": target}),
    st.fixed_dictionaries({"set": st.just({"v": "pin"}), "next": target}),
    st.fixed_dictionaries(
        {
            "collect": st.just(["x.two"]),
            "into": st.sampled_from(["v", "pin"]),
            "length": st.just(SECRET_DIGITS),
            "secret": st.just(True),
            "failed": target,
            "next": target,
        }
    ),
    st.fixed_dictionaries(
        {
            "collect": st.just(["x.one"]),
            "into": st.just("v"),
            "length": st.just(8),
            "read_back": st.just(["x.back"]),
            "failed": target,
            "next": target,
        }
    ),
    st.fixed_dictionaries(
        {
            "subflow": st.just("inner"),
            "arguments": st.fixed_dictionaries({"asked": st.sampled_from(["v", "pin", "copy"])}),
            "into": st.just({"v": "answer"}),
            "next": target,
        }
    ),
    st.fixed_dictionaries(
        {"webhook": st.just("w"), "values": st.just({"v": "v", "c": "copy"}), "failed": target, "next": target}
    ),
    st.fixed_dictionaries({"opt_out": st.just("v"), "failed": target, "next": target}),
    st.fixed_dictionaries(
        {"branch": st.just({"length(v) > 8": "a", "pin == v": "b", "v - 1 == 0": "c"}), "otherwise": target}
    ),
)
"""Nodes that take values of the caller and carry them about."""
flows = strategies.flows_of(st.one_of(carrying, carrying, strategies.node))


def phrases() -> Phrases:
    said = {}
    for key, text in TEXTS.items():
        found = split(key, text, "en")
        assert isinstance(found, Split)
        said[key] = found.phrase
    return {"en": said}


def flow_of(data: Mapping[str, object]) -> Flow:
    """A flow whose texts say what callers gave, with a subflow that does so too."""
    said = phrases()
    inner = compiled("inner", b"", FlowFile.model_validate_json(json.dumps(INNER), strict=False), phrases=said)
    variables = {"v": 0, "copy": "", "pin": ""}
    file = FlowFile.model_validate_json(json.dumps({**data, "variables": variables}), strict=False)
    return compiled("main", b"", file, {FlowId("inner"): inner}, said)


@dataclass(slots=True)
class Caller:
    """One call, all of whose values are its own: ``open`` ones may be kept, ``secret`` ones may not."""

    number: int
    draw: Random
    seen: list[str] = field(default_factory=list)
    session: Session | None = None

    @property
    def open(self) -> str:
        return f"6{self.number:02d}90{self.number:02d}7"

    @property
    def secret(self) -> str:
        return f"8{self.number:02d}51{self.number:02d}31"

    @property
    def context(self) -> Context:
        name, number = f"Ann {self.open}", f"+49{self.open}"
        facts = Facts(number, name, "100", number)
        return Context(draw=self.draw.random(), facts=facts, variables={"v": self.open})

    async def call(self, flow: Flow) -> Finished:
        """Go through ``flow``, in turn with all others."""
        session = self.session = Session(flow)
        step = session.start(self.context, at(0))
        for second in range(1, MOST_COMMANDS):
            if isinstance(step, Finished):
                return step
            self.seen.append(repr(step))
            await asyncio.sleep(0)
            for _ in range(self.draw.randrange(3)):
                await asyncio.sleep(0)
            step = session.resume(self.result(step), at(second))
            self.seen.append(repr(session.variables))
        self.seen.append(repr(step))
        return session.hangup(at(MOST_COMMANDS))

    def result(self, command: Command) -> Result:
        """What may come of it: where it can hold a value, one of this caller's."""
        match command:
            case Answer() | Play():
                fitting: tuple[Result, ...] = (Done(),)
            case Listen(gather, expected):
                values = sorted(set(expected.phrases.values())) or [self.open]
                said = (Heard(value, self.open, sure) for value in values for sure in (True, False))
                fitting = (self.result(gather), NotUnderstood(self.open), *said)
            case Gather(plan=plan) if plan.choices:
                fitting = tuple(map(Match, sorted(plan.choices)))
            case Gather(plan=plan):
                keyed = self.secret if plan.direct_dial_digits == {SECRET_DIGITS} else self.open
                fitting = (Match(keyed), NoMatch(keyed), NoInput())
            case Enqueue():
                fitting = (Served(3.0), WaitExpired())
            case Transfer():
                fitting = (Transferred(3.0), TransferFailed("busy"))
            case Lookup():
                fitting = (LookedUp({"r": self.open}), LookupFailed("missing"))
            case Record(name):
                fitting = (Recorded(name, 9.0, RecordEnd.SILENCE),)
            case StartRecording() | MuteRecording() | StopRecording() | PlayRecording():
                fitting = (Done(), RecordingFailed("disk"))
            case Commit():
                fitting = (Committed(self.open), CommitFailed("unavailable"))
            case Verify():
                fitting = (Verified(), NotVerified())
            case Charge():
                fitting = (Charged("a-token"), ChargeDeclined("declined"))
            case CheckCaller():
                fitting = (CallerChecked(blocked=False, calls=1), CallerChecked(blocked=True, calls=1))
            case Hangup():
                fitting = (HungUp(EndedBy.US),)
            case _:
                assert_never(command)
        return self.draw.choice(fitting)


def all_of(callers: list[Caller], flow: Flow) -> list[Finished]:
    """All calls on one loop."""

    async def run() -> list[Finished]:
        return await asyncio.gather(*(caller.call(flow) for caller in callers))

    return asyncio.run(run())


def callers(seed: int, count: int = CALLS) -> list[Caller]:
    return [Caller(number, Random(f"{seed}/{number}")) for number in range(count)]


@settings(max_examples=30, deadline=None)
@given(data=flows, seed=st.integers(0, 2**16))
def test_no_value_of_a_call_is_seen_in_another(data: dict[str, object], seed: int) -> None:
    flow = flow_of(data)
    before = repr((flow.variables, flow.nodes, flow.subflows))
    people = callers(seed)
    ends = all_of(people, flow)
    assert repr((flow.variables, flow.nodes, flow.subflows)) == before
    for caller, end in zip(people, ends, strict=True):
        assert caller.session is not None
        told = repr((caller.session.record, caller.session.variables, end, caller.seen))
        for other in people:
            if other is not caller:
                assert other.open not in told and other.secret not in told
        assert caller.secret not in repr(caller.session.record)


class Failing(NodeModel):
    """A node that fails, after so many of its commands, for one caller."""

    kind: ClassVar[str] = "failing"
    inner: NodeModel
    after: int
    caller: str

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        yield from self.inner.exits(extensions)

    def visit(self, turn: Turn) -> Visit:
        visit, result = self.inner.visit(turn), None
        unlucky = turn.values()["call.caller"] == self.caller
        for step in range(MOST_COMMANDS):
            if unlucky and step == self.after:
                raise ZeroDivisionError("our bug")
            try:
                result = yield next(visit) if result is None else visit.send(result)
            except StopIteration as left:
                assert isinstance(left.value, Goto | End | Return)
                return left.value
        raise AssertionError("no node gives so many commands")


@settings(max_examples=30, deadline=None)
@given(data=flows, seed=st.integers(0, 2**16), node=target, after=st.integers(0, 3), leads=target)
def test_a_node_that_raises_at_any_step_costs_one_caller_an_apology(
    data: dict[str, object], seed: int, node: str, after: int, leads: str
) -> None:
    flow = replace(flow_of(data), fault=leads)
    alone = callers(seed, 3)
    for caller in alone:
        all_of([caller], flow)
    together = callers(seed, 3)
    broken = Failing.model_construct(inner=flow.nodes[node], after=after, caller=f"+49{together[1].open}")
    all_of(together, replace(flow, nodes={**flow.nodes, node: broken}))
    for before, after_ in zip(alone, together, strict=True):
        assert before.session is not None and after_.session is not None
        if after_ is not together[1]:
            assert list(map(told, after_.session.trail)) == list(map(told, before.session.trail))
    unlucky = together[1].session
    assert unlucky is not None
    kinds = [event.kind for event in unlucky.trail]
    if Kind.FAULT not in kinds:
        return
    assert kinds[-1] in (Kind.OUTCOME, Kind.FAULT)
    assert repr(Play((Prompt(SORRY, "en"),))) in together[1].seen
    later = unlucky.trail[kinds.index(Kind.FAULT) + 1 :]
    entered = [event.detail["node"] for event in later if event.kind is Kind.NODE_ENTERED]
    assert entered[:1] in ([leads], [])
    assert unlucky.trail[-1].detail["outcome"] in ("fault", "step_limit")


def told(event: TrailEvent) -> tuple[float, str, str]:
    """An event without what the nodes' own names for their kinds say of it."""
    detail = {name: value for name, value in event.detail.items() if name not in ("type", "version")}
    return event.since_s, event.kind.value, repr(detail)
