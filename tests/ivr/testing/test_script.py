"""Files of tests are read whole, or refused with line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import UserError
from ivr.script import Leave, Pass, Press, Silent
from ivr.testing.script import STEPS, ExpectNode, ExpectOutcome, ExpectVariable, Hear, load_tests

GOOD = """\
tests:
  - name: first
    caller: "+4930555"
    draw: 0.5
    variables: {vip: true}
    steps:
      - hear: one
      - press: "1#"
      - wait: 1.5s
      - wait: timeout
      - expect: {outcome: done, node: a, variables: {b: 1}}
      - hang_up
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "sales.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    file = load_tests(written(tmp_path, GOOD))
    (test,) = file.tests
    assert file.flow == tmp_path / "../sales.yaml"
    assert (test.name, test.where.line) == ("first", 2)
    assert (test.context.draw, test.context.facts.caller, test.context.variables) == (0.5, "+4930555", {"vip": True})
    assert [step.do for step in test.steps] == [
        Hear(("one",)),
        Press("1#"),
        Pass(1.5),
        Silent(),
        ExpectNode("a"),
        ExpectVariable("b", 1),
        ExpectOutcome("done"),
        Leave(),
    ]
    assert [step.where.line for step in test.steps] == [7, 8, 9, 10, 11, 11, 11, 12]


STEP = "tests:\n  - name: x\n    steps:\n      - "
BAD = [
    ("a: ]", 1, "is not YAML"),
    ("tests: []", 1, "expected a list of tests"),
    ("test: []", 1, 'is not a key of a file of tests; did you mean "tests"?'),
    ("tests:\n  - steps: [hang_up]", 2, "expected a name for the test"),
    ("tests:\n  - {name: x, steps: []}", 2, "expected a list of steps"),
    ("tests:\n  - {name: x, stepps: []}", 2, 'is not a key of a test; did you mean "steps"?'),
    ("tests:\n  - {name: x, steps: [hang_up]}\n  - {name: x, steps: [hang_up]}", 3, "is the name of a test above"),
    ("tests:\n  - {name: x, at: noon, steps: [hang_up]}", 2, "expected a date and a time"),
    ("tests:\n  - {name: x, draw: 1, steps: [hang_up]}", 2, "expected a number from 0 up to, and without, 1"),
    ("tests:\n  - {name: x, variables: [a], steps: [hang_up]}", 2, "expected variables and what they hold"),
    (f"{STEP}hangup", 4, "expected one step: hang_up, or one of hear, press"),
    (f'{STEP}{{press: "1", hear: x}}', 4, "expected one step"),
    (f'{STEP}pres: "1"', 4, 'is no step; did you mean "press"?'),
    (f"{STEP}press: 1", 4, "expected keys of the telephone in quotes"),
    (f'{STEP}press: "x"', 4, "expected keys of the telephone in quotes"),
    (f"{STEP}say: [sales]", 4, "expected what the caller says, such as new order, or {unsure: words}"),
    (f"{STEP}say: {{unsure: 1}}", 4, "expected what the caller says, such as new order"),
    (f"{STEP}say: {{deaf: ears}}", 4, "{deaf: crashed} (crashed, late, lost, unavailable)"),
    (f"{STEP}hear: []", 4, "expected keys of prompts or words of texts"),
    (f"{STEP}wait: 5", 4, "expected a duration, such as 5s, or timeout"),
    (f"{STEP}agent: comes", 4, "expected one of answers, none, nobody, closed, or {answers: 30s}"),
    (f"{STEP}agent: {{answers: 5}}", 4, "expected a duration, such as 30s"),
    (f"{STEP}transfer: gone", 4, "expected one of answers, busy, no_answer, unavailable, refused"),
    (f"{STEP}word: q9", 4, "'q9' is not understood"),
    (f"{STEP}expect: {{}}", 4, "expected node, outcome or variables"),
    (f"{STEP}expect: {{nodes: a}}", 4, 'is not a key of what is expected; did you mean "node"?'),
    (f"{STEP}expect: {{variables: {{a: [1]}}}}", 4, "expected a text, a number, true, false or nothing"),
]


@pytest.mark.parametrize(("text", "line", "problem"), BAD)
def test_what_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserError) as refused:
        load_tests(path)
    assert refused.value.where.line == line
    assert problem in refused.value.problem
    assert str(refused.value).startswith(f"{path}:{line}: ")


def test_every_word_is_refused_without_a_value(tmp_path: Path) -> None:
    for word in STEPS:
        with pytest.raises(UserError):
            load_tests(written(tmp_path, f"{STEP}{word}:"))
