"""Tests of flows do what their steps say, and a failure names the line and what came instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ivr.testing.conftest import Play

HOLDS = [
    # What is heard: keys, words of a text, words over several prompts; other prompts may stand between.
    '- hear: [main.welcome, main.menu]\n- press: "1"\n- hear: main.info',
    "- hear: [press 1 for more]",
    "- hear: [main.welcome press 1 for]",
    '- press: "1"\n- hear: ["we are HERE, always"]',
    "- wait: 1s\n- hear: [main.welcome]\n- hear: [main.menu]",
    # Where the call is, and what it holds.
    "- expect: {node: welcome}\n- expect: {node: opening}\n- expect: {node: menu}",
    '- press: "1"\n- expect: {node: info}\n- expect: {variables: {tries: 1, kind: asked}}',
    '- expect: {variables: {tries: 0, kind: none}}\n- press: "1"\n- press: "1"\n- expect: {variables: {tries: 2}}',
    "variables: {tries: 5}\nsteps:\n- expect: {variables: {tries: 5}}",
    # What is done.
    "- wait: timeout\n- hear: [system.noinput]\n- wait: timeout\n- expect: {outcome: completed}",
    "- expect: {outcome: completed}",
    '- press: "2"\n- hear: [queue.hold_on]\n- wait: 10s\n- agent: answers\n- expect: {outcome: completed}',
    '- press: "200"\n- agent: {answers: 5m}\n- hear: [system.goodbye]\n- expect: {node: goodbye, outcome: completed}',
    '- press: "2"\n- agent: none\n- expect: {node: goodbye}',
    '- press: "2"\n- agent: nobody\n- expect: {node: alice}\n- transfer: answers\n- expect: {outcome: transferred}',
    '- press: "2"\n- agent: closed\n- expect: {outcome: completed}',
    '- press: "3"\n- transfer: busy\n- expect: {node: goodbye}',
    '- press: "3"\n- transfer: {answers: 3s}\n- expect: {outcome: transferred}',
    '- press: "3"\n- word: t-\n- expect: {outcome: completed}',
    '- press: "3"\n- wait: 5s\n- hang_up\n- expect: {outcome: left_in_transfer}',
    '- press: "7"\n- hear: [system.nomatch]\n- press: "7"\n- expect: {node: goodbye}',
    '- press: "245"\n- hear: [system.nomatch]\n- hang_up',
    "- hang_up\n- expect: {outcome: hung_up}",
    # When the call comes.
    "at: 2026-05-04T08:59\nsteps:\n- expect: {outcome: closed}",
    "at: 2026-05-04T09:00\nsteps:\n- expect: {node: menu}",
    "at: 2026-05-04T11:00+02:00\nsteps:\n- expect: {node: menu}",
]


@pytest.mark.parametrize("steps", HOLDS)
def test_what_holds(play: Play, steps: str) -> None:
    assert play(steps).failure is None


FAILS = [
    (
        "- hear: [main.menu, main.welcome]",
        4,
        "'main.welcome', and heard main.welcome, main.menu since",
    ),
    (
        '- press: "1"\n- hear: [main.menu]\n- press: "1"\n- hear: [main.closed]',
        7,
        "expected to hear 'main.closed', and heard main.info, main.menu since line 6",
    ),
    ('- press: "9"\n- hear: [main.menu]\n- hear: [main.menu]', 6, "and heard nothing since line 4"),
    (
        '- press: "1"\n- expect: {node: alice}',
        5,
        "to come to the node alice, and came to info, said, menu since",
    ),
    ("- expect: {outcome: closed}", 4, "expected the outcome closed, and it was completed at goodbye"),
    ('- press: "1"\n- expect: {variables: {tries: 2}}', 5, "expected tries to be 2, and it is '1'"),
    ('- press: "1"\n- expect: {variables: {kind: askd}}', 5, "expected kind to be 'askd', and it is 'asked'"),
    ("- expect: {variables: {trie: 2}}", 4, 'there is no variable trie here; did you mean "tries"?'),
    ("- agent: answers", 4, "does not fit at node menu: a menu listens"),
    ('- press: "2"\n- transfer: busy', 5, "does not fit at node support: a caller waits in a queue"),
    ('- press: "2"\n- expect: {outcome: served}', 5, "the caller waits at node support; say before what comes of it"),
    (
        '- wait: timeout\n- wait: timeout\n- press: "1"',
        6,
        "the call had ended (completed at goodbye) before this step",
    ),
    ("- hang_up\n- hear: [main.menu]", 5, "expected to hear 'main.menu', and heard nothing since line 4"),
]


@pytest.mark.parametrize(("steps", "line", "problem"), FAILS)
def test_what_fails_says_where_and_what_came(play: Play, steps: str, line: int, problem: str) -> None:
    failure = play(steps).failure
    assert failure is not None
    assert failure.where.line == line
    assert problem in failure.problem
    assert f"main.yaml:{line}: tests[0].steps[" in str(failure)


def test_hours_of_a_call_pass_without_waiting(play: Play) -> None:
    ran = play('- press: "2"\n- agent: {answers: 10h}\n- expect: {outcome: completed}')
    assert ran.failure is None and ran.lasted_s > 36_000


def test_a_fault_of_the_flow_is_a_failure(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, turn: object) -> object:
        raise ValueError("broken")

    monkeypatch.setattr("ivr.nodes.say.Say.visit", broken)
    failure = play("- expect: {outcome: completed}").failure
    assert failure is not None and "it was fault at welcome" in failure.problem


PROVES = """\
language: en
start: prove
nodes:
  prove: {authenticate: pins, account: call.caller, pin: [main.pin], length: 4, failed: bye, next: stop}
  stop: {opt_out: call.caller, failed: bye, next: stopped}
  stopped: {hangup: [main.stopped], outcome: stopped}
  bye: {hangup: [system.goodbye]}
"""


@pytest.mark.parametrize(
    "steps",
    [
        '- press: "1234"\n- hear: [main.stopped]\n- expect: {outcome: stopped}',
        '- press: "1234"\n- word: p+\n- expect: {node: stop, outcome: stopped}',
        '- press: "1234"\n- word: p-\n- hear: [system.wrong_pin]\n- press: "1234"\n- expect: {outcome: stopped}',
        '- press: "1234"\n- expect: {node: stop}\n- hear: [main.stopped]',
        '- press: "1234"\n- word: pl\n- expect: {node: bye}',
        '- press: "1234"\n- word: b-\n- hear: [system.goodbye]\n- expect: {outcome: completed}',
        '- press: "1234"\n- word: p+\n- word: b-\n- expect: {outcome: completed}',
    ],
)
def test_what_is_judged_or_kept_while_the_caller_only_listens(play: Play, flow_file: Path, steps: str) -> None:
    flow_file.write_text(PROVES, encoding="utf-8")
    assert play(steps).failure is None
