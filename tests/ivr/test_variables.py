"""Nodes that work on variables, and flows that call each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from calls.switch.port import Answer, Done, EndedBy, Hangup, HungUp, Play, Prompt
from ivr.check import Known, check, load
from ivr.commands import Commit, CommitFailed, Committed, Result
from ivr.effects import OptOut
from ivr.faults import Rule, Severity
from ivr.nodes.base import Exit, Goto, Need, NodeModel, Visit
from ivr.session import Context, Finished, Session
from ivr.trail import Kind
from ivr.turn import Facts, Turn
from prompts.phrases import Split, split
from prompts.spoken import Kind as SpokenKind
from prompts.spoken import spoken
from tests.ivr.conftest import NOTHING_KNOWN, Make, Write, at

CALLER = Context(answered=True, facts=Facts("+4930123", "Ann", "100", "+4930123"))


def flow_text(nodes: str, head: str = "") -> str:
    return f"language: en\nlanguages: [en, de]\nzone: Europe/Berlin\n{head}start: a\nnodes:\n{nodes}"


def run(session: Session, *results: Result, context: Context = CALLER) -> list[object]:
    """What the session gives, for ``results`` one after another."""
    steps: list[object] = [session.start(context, at(0))]
    for second, result in enumerate(results, start=1):
        steps.append(session.resume(result, at(second)))
    return steps


def heard(session: Session, *results: Result, context: Context = CALLER) -> list[str]:
    """The prompts that it plays, by language and key."""
    return [
        f"{prompt.language}:{prompt.key}"
        for step in run(session, *results, context=context)
        if isinstance(step, Play)
        for prompt in step.prompts
    ]


def test_set_and_branch(make: Make) -> None:
    flow = make(
        flow_text(
            "  a:\n    set: {tries: tries + 1}\n    next: b\n"
            "  b:\n    branch: {tries < 3: a, kind == 'x': no}\n    otherwise: yes_\n"
            "  yes_: {hangup: [x.yes]}\n  no: {hangup: [x.no]}\n",
            "variables: {tries: 0, kind: y}\n",
        )
    )
    session = Session(flow)
    assert heard(session) == ["en:x.yes"]
    conditions = [event.detail["condition"] for event in session.trail if event.kind is Kind.BRANCH]
    assert conditions == ["tries < 3", "tries < 3", None]
    assert heard(Session(flow), context=Context(answered=True, variables={"kind": "x"})) == ["en:x.no"]


def test_calls_never_see_each_other_s_variables(make: Make) -> None:
    flow = make(
        flow_text(
            "  a:\n    branch: {seen == none: b}\n    otherwise: no\n"
            "  b: {set: {seen: true}, next: yes_}\n  yes_: {hangup: [x.yes]}\n  no: {hangup: [x.no]}\n"
        )
    )
    assert [heard(Session(flow)), heard(Session(flow))] == [["en:x.yes"], ["en:x.yes"]]
    assert flow.variables == {}


def test_the_call_itself_can_be_asked_for(make: Make) -> None:
    told = "call.caller == '+4930123' and call.caller_name == 'Ann' and call.called == '100'"
    when = "call.date == '2026-05-04' and call.time == '12:00' and call.weekday == 'mon'"
    flow = make(
        flow_text(
            f"  a:\n    branch:\n      ? {told} and call.customer == call.caller\n      : b\n    otherwise: no\n"
            f"  b:\n    branch:\n      ? {when} and call.language == 'en'\n      : yes_\n    otherwise: no\n"
            "  yes_: {hangup: [x.yes]}\n  no: {hangup: [x.no]}\n"
        )
    )
    assert heard(Session(flow)) == ["en:x.yes"]


def test_an_expression_whose_values_do_not_fit_is_none_and_told(make: Make) -> None:
    flow = make(
        flow_text(
            "  a: {set: {n: call.caller - 1}, next: b}\n  b: {branch: {n == none: yes_}, otherwise: no}\n"
            "  yes_: {hangup: [x.yes]}\n  no: {hangup: [x.no]}\n"
        )
    )
    session = Session(flow)
    assert heard(session) == ["en:x.yes"]
    problems = [event.detail["problem"] for event in session.trail if event.kind is Kind.EXPRESSION_FAILED]
    assert problems == ["'call.caller - 1': expected a number, not a text"]


def test_another_language_is_spoken_from_then_on(make: Make) -> None:
    flow = make(flow_text("  a: {language: de, next: b}\n  b: {goto: c}\n  c: {hangup: [x.bye]}\n"))
    assert heard(Session(flow)) == ["de:x.bye"]


@pytest.mark.parametrize(
    ("result", "key"), [(Committed(), "x.yes"), (CommitFailed("no_number"), "x.no"), (HungUp(EndedBy.CALLER), None)]
)
def test_opting_out_is_written_before_it_is_said(make: Make, result: Result, key: str | None) -> None:
    flow = make(
        flow_text(
            "  a: {opt_out: call.customer, failed: no, next: yes_}\n"
            "  yes_: {hangup: [x.yes]}\n  no: {hangup: [x.no]}\n"
        )
    )
    session = Session(flow)
    first, then = run(session, result)
    assert first == Commit(OptOut("+4930123"), "a:1")
    assert then == Play((Prompt(key, "en"),)) if key else isinstance(then, Finished)


INNER = """\
language: en
languages: [en, de]
variables: {asked: nothing, answer: ""}
start: ask
nodes:
  ask: {say: [y.ask], next: keep}
  keep: {set: {answer: asked + "!"}, next: done}
  done: {return: right}
"""

OUTER = flow_text(
    "  a:\n    subflow: inner\n    arguments: {asked: '\"order\"'}\n    into: {got: answer}\n"
    "    returns: {right: b}\n    next: no\n"
    "  b: {branch: {got == 'order!' and asked == 'mine': yes_}, otherwise: no}\n"
    "  yes_: {hangup: [x.yes]}\n  no: {hangup: [x.no]}\n",
    "variables: {asked: mine}\n",
)


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    path = tmp_path / "inner.yaml"
    path.write_text(INNER, encoding="utf-8")
    return path


def test_a_flow_calls_another_and_takes_over_what_it_leaves(make: Make, inner: Path) -> None:

    session = Session(make(OUTER))
    assert heard(session, Done()) == ["en:y.ask", "en:x.yes"]
    entered = [event.detail["node"] for event in session.trail if event.kind is Kind.NODE_ENTERED]
    assert entered == ["a", "inner/ask", "inner/keep", "inner/done", "b", "yes_"]


def test_a_hang_up_inside_leaves_every_node(make: Make, inner: Path) -> None:
    session = Session(make(OUTER))
    run(session)
    finished = session.hangup(at(3))
    assert finished.last_node == "inner/ask"
    left = [event.detail["node"] for event in session.trail if event.kind is Kind.NODE_LEFT]
    assert left == ["inner/ask", "a"]


def test_a_return_to_nobody_ends_the_call(inner: Path) -> None:

    session = Session(load(inner, NOTHING_KNOWN))
    assert run(session, Done())[-1] == Hangup()
    assert session.hangup(at(9)).outcome == "returned"


def test_the_version_is_that_of_all_that_is_run(make: Make, inner: Path) -> None:
    before = make(OUTER).version
    inner.write_text(INNER.replace("right", "wrong"), encoding="utf-8")
    assert make(OUTER).version != before
    assert set(make(OUTER).prompts()) == {"system.sorry", "x.yes", "x.no", "y.ask"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("subflow: inner", "subflow: iner"), 'there is no flow "iner" beside this one; did you mean "inner"?'),
        (("subflow: inner", "subflow: main"), "the flow comes back to itself: main -> main [faulty-flow]"),
        (("{asked: '", "{askd: '"), 'declares no variable "askd"; did you mean "asked"? [unknown-variable]'),
        (("{got: answer}", "{got: anser}"), 'in the flow "inner" sets "anser"; did you mean "answer"?'),
        (("[en, de]", "[en, de, fr]"), 'the flow "inner" does not speak fr; add it to its languages'),
        (("got == '", "gott == '"), 'nothing sets "gott"; did you mean "got"? [unknown-variable]'),
        (("and asked", "and call.asked"), 'there is no "call.asked"; did you mean "call.called"? [unknown-variable]'),
        (("and asked ==", "and asked ="), "is no expression: invalid syntax"),
        (("a:\n", "a: {language: it, next: a2}\n  a2:\n"), '"it" is none of the languages of the flow'),
        (("Europe/Berlin", "Europe/Berln"), "'Europe/Berln' is no time zone"),
        (("{asked: mine}", "{asked: [mine]}"), "expected variables and what they hold at first"),
    ],
)  # fmt: skip
def test_what_check_says(write: Write, inner: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in OUTER
    faults = [str(each) for each in check(write(OUTER.replace(*change)), NOTHING_KNOWN)]
    assert any(told in fault for fault in faults), faults


def test_a_faulty_subflow_is_told_with_its_first_error(write: Write, inner: Path) -> None:
    inner.write_text(INNER.replace("next: keep", "next: kep"), encoding="utf-8")
    errors = [each for each in check(write(OUTER), NOTHING_KNOWN) if each.severity is Severity.ERROR]
    assert [each.rule for each in errors] == ["faulty-flow"]
    assert "inner.yaml:6: nodes.ask.next" in errors[0].problem


def test_flows_that_call_each_other_in_a_round_are_refused(write: Write, tmp_path: Path) -> None:
    ring = flow_text("  a: {subflow: main, next: b}\n  b: {return: x}\n", "variables: {asked: ''}\n")
    (tmp_path / "inner.yaml").write_text(ring, encoding="utf-8")
    faults = check(write(OUTER), NOTHING_KNOWN)
    assert "the flow comes back to itself: main -> inner -> main" in faults[0].problem


def test_a_round_that_changes_nothing_is_a_warning(write: Write) -> None:
    still = flow_text("  a: {branch: {call.caller == '': a}, otherwise: b}\n  b: {hangup: []}\n")
    assert [each.rule for each in check(write(still), NOTHING_KNOWN)] == ["conditional-loop"]
    counting = flow_text(
        "  a: {branch: {n > 3: b}, otherwise: b}\n  b: {set: {n: n + 1}, next: c}\n"
        "  c: {branch: {n < 9: a}, otherwise: d}\n  d: {hangup: []}\n",
        "variables: {n: 0}\n",
    )
    assert check(write(counting), NOTHING_KNOWN) == []


def test_what_a_node_needs_is_looked_for_in_the_settings() -> None:
    assert NOTHING_KNOWN.of(Need.QUEUE) is NOTHING_KNOWN.of(Need.DESTINATION) is None


def test_an_unanswered_call_is_answered_first(make: Make) -> None:
    flow = make(flow_text("  a: {goto: b}\n  b: {hangup: []}\n"))
    assert run(Session(flow), context=Context()) == [Answer()]


# --- values in what is said --------------------------------------------------------------------------------------

TEXTS = {
    "en": "Order {order:digits} costs {price:money EUR}, {name}.",
    "de": "{name}, {price:money EUR} kostet Bestellung {order:digits}.",
}
PHRASES = {
    language: {"x.order": found.phrase}
    for language, text in TEXTS.items()
    if isinstance(found := split("x.order", text, language), Split)
}
SAID = Known(phrases=PHRASES)
SAYING = flow_text(
    "  a: {language: de, next: b}\n  b: {hangup: [x.order]}\n", "variables: {order: '42', price: 3, name: Ann}\n"
)


def test_values_are_spoken_in_the_caller_s_language_where_the_text_has_their_place(write: Write) -> None:
    session = Session(load(write(SAYING), SAID))
    step = session.start(Context(answered=True), at(0))
    assert isinstance(step, Play)
    heard = [(prompt.key, prompt.text) for prompt in step.prompts]
    money = [(key, "") for key in spoken(3, SpokenKind.MONEY, "de", "EUR")]
    digits = [(key, "") for key in spoken("42", SpokenKind.DIGITS, "de")]
    assert {prompt.language for prompt in step.prompts} == {"de"}
    assert heard[0] == ("", "Ann")
    assert [each for each in heard if each in money] == money
    assert heard[-len(digits) :] == digits
    assert ("x.order.part-1", "") in heard


def test_a_value_that_cannot_be_spoken_is_left_out_and_told(write: Write) -> None:
    session = Session(load(write(SAYING), SAID))
    step = session.start(Context(answered=True, variables={"price": "much"}), at(0))
    assert isinstance(step, Play) and "x.order.part-1" in [prompt.key for prompt in step.prompts]
    told = [event.detail for event in session.trail if event.kind is Kind.UNSPOKEN]
    assert [each["prompt"] for each in told] == ["x.order"]
    assert "price" in str(told[0]["problem"])


def test_check_finds_a_text_that_says_what_nothing_sets(write: Write) -> None:
    faults = [str(each) for each in check(write(SAYING.replace("price: 3, ", "")), SAID)]
    assert any(
        'nodes.b.hangup[0]: error: "x.order" in de says "price", which nothing sets' in each for each in faults
    )


def test_check_finds_a_text_that_says_a_secret_in_a_way_that_is_kept(write: Write) -> None:
    text = flow_text(
        "  a: {collect: [x.ask], into: name, length: 4, secret: true, failed: b, next: b}\n"
        "  b: {hangup: [x.order]}\n",
        "variables: {order: '42', price: 3}\n",
    )
    told = [(each.rule, each.where.key, each.problem) for each in check(write(text), SAID)]
    assert told == [
        (Rule.SPOKEN_SECRET, "nodes.b.hangup[0]", '"x.order" in en says the secret "name"; write {name:digits}'),
        (Rule.SPOKEN_SECRET, "nodes.b.hangup[0]", '"x.order" in de says the secret "name"; write {name:digits}'),
    ]
    assert check(write(text.replace("secret: true, ", "")), SAID) == []


# --- secrets ------------------------------------------------------------------------------------------------------

CANARY = "canary4711"


class Ask(NodeModel):
    """Sets a secret, as a node does that asks for a PIN."""

    kind: ClassVar[str] = "ask"
    next: str

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        yield Exit(("next",), self.next)

    def visit(self, turn: Turn) -> Visit:
        yield from ()
        turn.set("pin", CANARY, secret=True)
        return Goto("next", self.next)


SECRETIVE = flow_text(
    "  a: {goto: b}\n"
    "  b: {set: {copy: pin + '!', other: 1}, next: c}\n"
    "  c: {branch: {copy == 'x': d}, otherwise: c2}\n"
    "  c2: {subflow: inner, arguments: {asked: copy}, into: {back: answer}, next: d}\n"
    "  d: {say: [x.pin], next: e}\n"
    "  e: {opt_out: back, failed: f, next: f}\n"
    "  f: {opt_out: text(other), failed: g, next: g}\n"
    "  g: {set: {oops: pin - 1}, next: h}\n"
    "  h: {hangup: [x.bye]}\n",
    "variables: {pin: ''}\n",
)


def test_nothing_that_comes_of_a_secret_is_kept(write: Write, inner: Path) -> None:
    said = split("x.pin", "{pin}", "en")
    assert isinstance(said, Split)
    flow = load(write(SECRETIVE), Known(phrases={"en": {"x.pin": said.phrase}}))
    session = Session(replace(flow, nodes={**flow.nodes, "a": Ask(next="b")}))
    steps = run(session, Done(), Done(), Committed(), Committed(), Done(), HungUp(EndedBy.US))
    assert OptOut(f"{CANARY}!!") in [step.effect for step in steps if isinstance(step, Commit)]
    assert CANARY not in repr([step for step in steps if isinstance(step, Play)]), "its speech would be kept"
    assert [event.detail["prompt"] for event in session.trail if event.kind is Kind.UNSPOKEN] == ["x.pin"]
    assert CANARY not in repr(session.record)
    commands = [event.detail.get("command") for event in session.record if event.kind is Kind.EXCHANGE]
    assert {"Commit": {}} in commands
    assert {"Commit": {"effect": {"number": "1"}, "key": "f:10"}} in commands


class Blabs(NodeModel):
    """Fails with a secret in the message, in one of its steps."""

    kind: ClassVar[str] = "blabs"
    asks: bool

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        yield from ()

    def visit(self, turn: Turn) -> Visit:
        if self.asks:
            yield Play(())
        raise KeyError(turn.scope.variables["pin"])


@pytest.mark.parametrize("asks", [False, True])
def test_a_fault_tells_no_secret(make: Make, asks: bool) -> None:
    flow = make(flow_text("  a: {goto: b}\n  b: {goto: c}\n  c: {hangup: []}\n"))
    session = Session(replace(flow, nodes={**flow.nodes, "a": Ask(next="b"), "b": Blabs(asks=asks)}))
    run(session, Done(), Done(), HungUp(EndedBy.US))
    assert CANARY not in repr(session.record)
    fault = next(event.detail for event in session.trail if event.kind is Kind.FAULT)
    assert fault["error"] == "KeyError" and "in visit" in str(fault["traceback"])
