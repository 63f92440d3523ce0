"""A file of tests for a flow, and the words its steps are written in.

::

    flow: ../main.yaml                     the flow; without it, the file of this name one folder up
    tests:
      - name: a caller asks when we are open
        at: 2026-05-04T10:00               when the call comes, in UTC
        steps:
          - hear: [main.welcome, "press one"]
          - press: "1"
          - expect: {node: info}
          - hang_up
          - expect: {outcome: hung_up}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from calls.errors import Location, UserError
from calls.switch.keys import KEYS
from calls.switch.port import TransferFailed, Transferred
from ivr.commands import Deaf, LookedUp, LookupFailed, NobodyThere, QueueClosed, QueueResult, Served, WaitExpired
from ivr.document import Data, Document, read
from ivr.faults import did_you_mean
from ivr.nodes.base import Place, duration_s
from ivr.script import TALK_S, Act, Comes, Leave, Mishear, Pass, Press, Say, Silent, Speak, act, as_found
from ivr.session import NOTHING_KNOWN, Context
from ivr.turn import Facts
from ivr.values import BadValue, Value, checked

MONDAY_NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""When a test's call comes where the test does not say."""

TIMEOUT = "timeout"
ANSWERS = "answers"

SAYING = "what the caller says, such as new order"
DEAF = ("crashed", "late", "lost", "unavailable")
"""Why recognition fails. Source: ``Deaf``."""


@dataclass(frozen=True, slots=True)
class Hear:
    """The caller hears these, in this order, since the last thing that was done: keys of prompts, or words."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpectNode:
    """The call has come to the node since the last thing that was done."""

    node: str


@dataclass(frozen=True, slots=True)
class ExpectOutcome:
    """The call comes to its end by itself, with this outcome."""

    outcome: str


@dataclass(frozen=True, slots=True)
class ExpectVariable:
    """The variable holds the value now."""

    name: str
    value: Value


Expectation = Hear | ExpectNode | ExpectOutcome | ExpectVariable


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done, or expected, and where it is written."""

    where: Location
    do: Act | Expectation


@dataclass(frozen=True, slots=True)
class FlowTest:
    """One call."""

    name: str
    where: Location
    steps: tuple[Step, ...]
    at: datetime = MONDAY_NOON
    context: Context = NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class TestFile:
    """The tests of one file, and the file of the flow that they are for."""

    __test__ = False
    file: Path
    flow: Path
    tests: tuple[FlowTest, ...]


def load_tests(file: Path) -> TestFile:
    """The tests in ``file``.

    Raises:
        UserError: the first thing that is wrong with it, with file, line and key.
    """
    document = read(file)
    if document.faults:
        raise UserError(document.faults[0].problem, document.faults[0].where)
    reader = _Reader(document)
    top = reader.mapping((), document.data, ("flow", "tests"), "a file of tests")
    flow = reader.text(("flow",), top.get("flow", f"../{file.name}"), "the path of a flow file, such as ../main.yaml")
    return TestFile(file, file.parent / flow, tuple(reader.tests(top.get("tests"))))


class _Reader:
    """Takes what is written, or refuses it with its place."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def refuse(self, path: Place, problem: str) -> UserError:
        return UserError(problem, self._document.location(path))

    def mapping(self, path: Place, data: Data, keys: tuple[str, ...], what: str) -> dict[str, Data]:
        if not isinstance(data, dict):
            raise self.refuse(path, f"expected {what}: the keys {', '.join(keys)}")
        for key in data:
            if key not in keys:
                raise self.refuse((*path, key), f"is not a key of {what}{did_you_mean(key, keys)}")
        return data

    def text(self, path: Place, data: Data, what: str) -> str:
        if not isinstance(data, str) or not data:
            raise self.refuse(path, f"expected {what}")
        return data

    def tests(self, data: Data) -> Iterator[FlowTest]:
        if not isinstance(data, tuple) or not data:
            raise self.refuse(("tests",), "expected a list of tests, each with a name and steps")
        names: set[str] = set()
        for index, each in enumerate(data):
            test = self._test(("tests", index), each)
            if test.name in names:
                raise self.refuse(("tests", index, "name"), "is the name of a test above; each has its own")
            names.add(test.name)
            yield test

    def _test(self, path: Place, data: Data) -> FlowTest:
        keys = ("name", "at", "caller", "called", "draw", "variables", "steps")
        test = self.mapping(path, data, keys, "a test")
        steps = test.get("steps")
        if not isinstance(steps, tuple) or not steps:
            raise self.refuse((*path, "steps"), 'expected a list of steps, such as - press: "1"')
        numbers = {
            name: self.text((*path, name), test.get(name, "unknown"), "a telephone number in quotes")
            for name in ("caller", "called")
            if name in test
        }
        return FlowTest(
            name=self.text((*path, "name"), test.get("name"), "a name for the test"),
            where=self._document.location(path),
            steps=tuple(
                step for index, each in enumerate(steps) for step in self._steps((*path, "steps", index), each)
            ),
            at=self._moment((*path, "at"), test.get("at")),
            context=Context(
                draw=self._draw((*path, "draw"), test.get("draw")),
                facts=Facts(customer=numbers.get("caller", ""), **numbers),
                variables=self._values((*path, "variables"), test.get("variables")),
            ),
        )

    def _moment(self, path: Place, data: Data) -> datetime:
        if data is None:
            return MONDAY_NOON
        try:
            moment = datetime.fromisoformat(str(data))
        except ValueError:
            raise self.refuse(path, "expected a date and a time, such as 2026-05-04T10:00, in UTC") from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

    def _draw(self, path: Place, data: Data) -> float:
        try:
            draw = float(str(data)) if data is not None else 0.0
        except ValueError:
            draw = -1.0
        if not 0.0 <= draw < 1.0:
            raise self.refuse(path, "expected a number from 0 up to, and without, 1, such as 0.5: what splits go by")
        return draw

    def _values(self, path: Place, data: Data) -> dict[str, Value]:
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise self.refuse(path, "expected variables and what they hold, such as {tries: 2}")
        return {name: self._value((*path, name), value) for name, value in data.items()}

    def _value(self, path: Place, data: Data) -> Value:
        if isinstance(data, dict | tuple):
            raise self.refuse(path, "expected a text, a number, true, false or nothing")
        try:
            return checked(data)
        except BadValue as problem:
            raise self.refuse(path, str(problem)) from problem

    def _steps(self, path: Place, data: Data) -> Iterator[Step]:
        where = self._document.location(path)
        if data == "hang_up":
            yield Step(where, Leave())
            return
        if not isinstance(data, dict) or len(data) != 1:
            raise self.refuse(path, f"expected one step: hang_up, or one of {', '.join(STEPS)} with its value")
        ((name, value),) = data.items()
        if name not in STEPS:
            raise self.refuse((*path, name), f"is no step{did_you_mean(name, [*STEPS, 'hang_up'])}")
        for do in STEPS[name](self, (*path, name), value):
            yield Step(where, do)

    # --- the words ---------------------------------------------------------------------------------------------

    def hear(self, path: Place, data: Data) -> Iterator[Expectation]:
        items = (data,) if isinstance(data, str) else data
        if not isinstance(items, tuple) or not items or not all(isinstance(each, str) and each for each in items):
            raise self.refuse(path, "expected keys of prompts or words of texts, such as [main.menu, press one]")
        yield Hear(tuple(map(str, items)))

    def press(self, path: Place, data: Data) -> Iterator[Act]:
        if not isinstance(data, str) or not data or not KEYS.issuperset(data):
            raise self.refuse(path, 'expected keys of the telephone in quotes, such as "1" or "200"')
        yield Press(data)

    def say(self, path: Place, data: Data) -> Iterator[Act]:
        if isinstance(data, dict) and len(data) == 1:
            ((name, value),) = data.items()
            match name:
                case "unsure":
                    yield Say(self.text((*path, name), value, SAYING), sure=False)
                    return
                case "unclear":
                    yield Say(self.text((*path, name), value, SAYING), understood=False)
                    return
                case "deaf" if value in DEAF:
                    yield Mishear(Deaf(str(value)))
                    return
        what = f"{SAYING}, or {{unsure: words}}, {{unclear: words}} or {{deaf: {DEAF[0]}}} ({', '.join(DEAF)})"
        yield Say(self.text(path, data, what))

    def speak(self, path: Place, data: Data) -> Iterator[Act]:
        yield Speak(self._seconds(path, data, "how long the caller speaks after a beep, such as 10s"))

    def wait(self, path: Place, data: Data) -> Iterator[Act]:
        yield (
            Silent() if data == TIMEOUT else Pass(self._seconds(path, data, f"a duration, such as 5s, or {TIMEOUT}"))
        )

    def agent(self, path: Place, data: Data) -> Iterator[Act]:
        without: dict[str, QueueResult] = {"none": WaitExpired(), "nobody": NobodyThere(), "closed": QueueClosed()}
        if isinstance(data, str) and data in without:
            yield Comes(without[data])
        else:
            yield Comes(Served(self._talk(path, data, without)))

    def transfer(self, path: Place, data: Data) -> Iterator[Act]:
        without = ("busy", "no_answer", "unavailable", "refused", "declined")
        if isinstance(data, str) and data in without:
            yield Comes(TransferFailed(data))
        else:
            yield Comes(Transferred(self._talk(path, data, without)))

    def lookup(self, path: Place, data: Data) -> Iterator[Act]:
        without = ("missing", "failed", "timeout", "refused")
        if isinstance(data, str) and data in without:
            yield Comes(LookupFailed(data))
        elif isinstance(data, dict):
            values = self._values(path, data)
            yield Comes(
                LookedUp({name: as_found(each) if isinstance(each, str) else each for name, each in values.items()})
            )
        else:
            what = f"one of {', '.join(without)}, or variables and what they are given, such as {{price: '9.50'}}"
            raise self.refuse(path, f"expected {what}")

    def word(self, path: Place, data: Data) -> Iterator[Act]:
        try:
            yield act(self.text(path, data, "a word of walks, such as q+"))
        except UserError as problem:
            raise self.refuse(path, problem.problem) from problem

    def expect(self, path: Place, data: Data) -> Iterator[Expectation]:
        expected = self.mapping(path, data, ("node", "outcome", "variables"), "what is expected")
        if not expected:
            raise self.refuse(path, "expected node, outcome or variables")
        if "node" in expected:
            yield ExpectNode(self.text((*path, "node"), expected["node"], "the name of a node"))
        for name, value in self._values((*path, "variables"), expected.get("variables")).items():
            yield ExpectVariable(name, value)
        if "outcome" in expected:
            yield ExpectOutcome(self.text((*path, "outcome"), expected["outcome"], "a word for an outcome"))

    def _talk(self, path: Place, data: Data, others: Mapping[str, object] | tuple[str, ...]) -> float:
        """How long the talk lasts."""
        if data == ANSWERS:
            return TALK_S
        what = f"one of {ANSWERS}, {', '.join(others)}, or {{{ANSWERS}: 30s}} for a talk of that length"
        if not isinstance(data, dict) or list(data) != [ANSWERS]:
            raise self.refuse(path, f"expected {what}")
        return self._seconds((*path, ANSWERS), data[ANSWERS], "a duration, such as 30s")

    def _seconds(self, path: Place, data: Data, what: str) -> float:
        try:
            return duration_s(data)
        except ValueError:
            raise self.refuse(path, f"expected {what}") from None


Words = Callable[[_Reader, Place, Data], Iterator[Act | Expectation]]

STEPS: Mapping[str, Words] = {
    "hear": _Reader.hear,
    "press": _Reader.press,
    "say": _Reader.say,
    "speak": _Reader.speak,
    "wait": _Reader.wait,
    "agent": _Reader.agent,
    "transfer": _Reader.transfer,
    "lookup": _Reader.lookup,
    "word": _Reader.word,
    "expect": _Reader.expect,
}
"""The words that take a value."""


def same_value(expected: Value, got: Value) -> bool:
    """True where a variable holds what is expected; a decimal number is written as text."""
    if isinstance(got, Decimal) and isinstance(expected, str):
        try:
            return Decimal(expected) == got
        except InvalidOperation:
            return False
    return expected == got and isinstance(expected, bool) is isinstance(got, bool)
