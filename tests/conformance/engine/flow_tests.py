"""Tests of flows as whole calls on a switch: the file that ``callwright ivr test`` plays offline is played again by a
caller on the wire, and the call must go the same way and come to the same record.

A test is rehearsed offline first: what it heard, asked and came to is the script, and the times of what the caller
does are those of the rehearsal, with a pause before each so that no switch is too slow for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from calls.causes import Outcome
from calls.switch.port import EndedBy, Gather, HungUp, Play, Prompt, TransferFailed
from ivr.callers import Asked, Told, spoken_s
from ivr.check import Known, load
from ivr.commands import (
    Charge,
    CheckCaller,
    Commit,
    Enqueue,
    Listen,
    Lookup,
    NobodyThere,
    Result,
    Served,
    Verify,
    WaitExpired,
)
from ivr.flow import Flow
from ivr.script import Act, Leave, Pass, Press
from ivr.session import Finished
from ivr.testing.running import prompts_of, run
from ivr.testing.script import ExpectOutcome, FlowTest, load_tests
from ivr.trail import Instant, Kind, TrailEvent
from ivr.walk import Walk
from tests.conformance.engine.parts import ANSWERED, AWAY, FAR_END
from tests.conformance.engine.vocabulary import OWN, Agent, FlowScript, Record, Span, said, told
from tests.conformance.vocabulary import DURATIONS_S, HangUp, Need
from tests.conformance.vocabulary import Act as WireAct
from tests.conformance.vocabulary import Press as Keys

FILE = Path(__file__).resolve().parents[1] / "flows" / "tests" / "company.yaml"

PAUSE_S = 0.9
"""Before each thing that the caller does, from the end of the prompts: more than what a switch is behind."""

SPREAD_S = 1.5
"""By how much times differ from the rehearsal's, in which a word of a prompt takes 0.4 s."""

WORDS_PER_S = 2.5


def text(prompt: Prompt) -> str:
    """As many words as the prompt is long, in walks."""
    return " ".join(["word"] * round(DURATIONS_S[prompt] * WORDS_PER_S + 0.49))


def scripts_of(file: Path) -> Iterator[FlowScript]:
    """The tests of ``file``, each as a whole call."""
    tests = load_tests(file)
    flow = load(tests.flow, Known())
    head, nodes = tests.flow.read_text(encoding="utf-8").split("\nnodes:\n")
    kept = [line for line in head.splitlines() if not line.startswith(("#", "language:", "start:"))]
    for test in tests.tests:
        failure = run(test, flow, text).failure
        assert failure is None, str(failure)
        yield _script(test, flow, nodes, "\n".join(kept))


def _script(test: FlowTest, flow: Flow, nodes: str, head: str) -> FlowScript:
    caller = _Unhurried(test)
    walk = Walk(flow, caller, text, Instant(test.at, 0.0), test.context)
    events: list[tuple[Asked, Result]] = []
    asked: Asked | None = None
    for event in walk.events():
        match event:
            case Asked():
                asked = event
                caller.begin(event)
            case Told(_, result):
                assert asked is not None
                events.append((asked, result))
                caller.finish(_wire_s(event.since_s - asked.since_s, result))
    assert walk.finished is not None
    results = [result for _, result in events]
    return FlowScript(
        name=f"test-{test.name}",
        asserts=f"The test of {flow.id}.yaml, {test.name}, goes as it does offline.",
        nodes=nodes,
        caller=tuple(caller.acts),
        commands=" | ".join(said_of for each in events if (said_of := _said(*each))),
        trail="\n".join(_told(walk.session.trail)),
        record=_record(walk.finished, walk.session.trail, results, caller.began_s),
        agent=_agent(results),
        head=head,
        needs=_need(results),
    )


def _wire_s(took_s: float, result: Result) -> float:
    """How long a command that took ``took_s`` in the rehearsal takes on the wire, where agents and busy signals are
    at once there."""
    match result:
        case Served(talk_s):
            return talk_s
        case TransferFailed("busy"):
            return 0.0
        case _:
            return took_s


class _Unhurried:
    """The caller of a test, who hears prompts to their end and pauses; ``acts`` is what one on the wire does."""

    def __init__(self, test: FlowTest) -> None:
        deeds = [step.do for step in test.steps if isinstance(step.do, Act)]
        leaves = [] if isinstance(test.steps[-1].do, ExpectOutcome) else [Leave()]
        self._deeds: list[Act] = [*deeds, *leaves]
        self._now: list[Act] = []
        self.acts: list[WireAct] = []
        self.began_s = 0.0
        self._passed_s = 0.0

    def begin(self, asked: Asked) -> None:
        self._passed_s = 0.0

    def finish(self, took_s: float) -> None:
        self.began_s += took_s

    def act(self, asked: Asked) -> Act | None:
        deed = self._now.pop() if self._now else self._hurried(asked)
        at_s = self.began_s + self._passed_s
        match deed:
            case Pass(seconds):
                self._passed_s += seconds
            case Press(keys):
                self.acts.append(Keys(at_s, keys))
            case Leave():
                self.acts.append(HangUp(at_s))
            case _:
                pass
        return deed

    def _hurried(self, asked: Asked) -> Act | None:
        """What the caller does now, after a pause where there was none."""
        if not self._deeds or (isinstance(asked.command, Play) and not isinstance(self._deeds[0], Leave | Pass)):
            return None
        deed = self._deeds.pop(0)
        if isinstance(deed, Press) and isinstance(asked.command, Gather) and not self._passed_s:
            self._now = [deed]
            return Pass(spoken_s(asked.texts) + PAUSE_S)
        return deed


def _said(asked: Asked, result: Result) -> str:
    """What the engine asks of the channel for one command of the session."""
    match asked.command, result:
        case Commit() | Lookup() | Charge() | CheckCaller() | Verify(), _:
            return ""
        case Enqueue(), Served():
            return "hold | connect"
        case Enqueue(), WaitExpired() | HungUp():
            return "hold"
        case Enqueue(), _:
            return ""
        case command, _:
            assert not isinstance(command, Charge | CheckCaller | Commit | Enqueue | Listen | Lookup | Verify)
            assert set(prompts_of(command)) <= set(DURATIONS_S)
            return said(command)


def _told(trail: tuple[TrailEvent, ...]) -> Iterator[str]:
    """The trail in a script's words, with what the engine adds of a talk."""
    for event in trail[1:]:
        line = told(event.kind.value, event.detail, OWN)
        yield line.replace("agent=agent", f"agent={OWN}")
        if event.kind is Kind.AGENT_CONNECTED:
            yield f"talk_ended agent={OWN} by=agent"


def _record(finished: Finished, trail: tuple[TrailEvent, ...], results: list[Result], lasted_s: float) -> Record:
    """The row of a call that lasts ``lasted_s`` on the wire."""
    last = results[-1]
    assert isinstance(last, HungUp)
    waited = [result for result in results if isinstance(result, Served | WaitExpired)]
    abandoned = any(event.detail.get("reason") == "abandoned" for event in trail)
    in_vain = abandoned or any(isinstance(each, WaitExpired) for each in waited)
    wait_s = finished.wait_s if in_vain else 0.0  # an agent who is there takes the call at once
    return Record(
        outcome=Outcome.ABANDONED if abandoned else ANSWERED,
        ended_by=last.by,
        last_node=finished.last_node,
        causes=FAR_END if last.by is EndedBy.CALLER else frozenset({16}),
        talks=sum(isinstance(result, Served) for result in results),
        in_queue=bool(waited) or abandoned,
        is_abandoned=abandoned,
        menu_s=_near(lasted_s - wait_s - finished.talk_s),
        wait_s=_near(wait_s) if waited or abandoned else None,
        talk_s=_near(finished.talk_s),
    )


def _near(seconds: float) -> Span:
    return (max(0.0, seconds - SPREAD_S), seconds + SPREAD_S)


def _agent(results: list[Result]) -> Agent | None:
    """Who must be there for ``results``."""
    talks = [result.agent_talk_s for result in results if isinstance(result, Served)]
    if talks:
        return Agent(ends_talk_after_s=talks[0])
    return AWAY if any(isinstance(result, WaitExpired) for result in results) else None


def _need(results: list[Result]) -> Need:
    if any(isinstance(result, Served | WaitExpired) for result in results):
        return Need.AGENTS
    return Need.TRANSFER if any(isinstance(result, NobodyThere) for result in results) else Need.MENU


FLOW_TESTS = tuple(scripts_of(FILE))
