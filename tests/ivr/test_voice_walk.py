"""Callers who speak, in walks, in tests and in replays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import UserError
from calls.switch.port import Prompt
from ivr.callers import Asked, ScriptedCaller, TypingCaller
from ivr.commands import Listen
from ivr.drawing.cards import cards
from ivr.flow import Flow
from ivr.replay import replay
from ivr.script import parse
from ivr.speech.decision import Progress
from ivr.speech.ear import SILENCE_S
from ivr.testing.coverage import coverage
from ivr.testing.running import run
from ivr.testing.script import load_tests
from ivr.trail import Instant, Kind
from ivr.walk import HANGOVER_S, Walk, walk
from tests.ivr import strategies
from tests.ivr.conftest import NOON, Make, at
from tests.ivr.test_properties import flow_of
from tests.ivr.test_voice import FLOW
from tests.ivr.testing.test_recording import again, way


def texts(prompt: Prompt) -> str:
    return f"five words of {prompt.key} here"


@pytest.fixture
def flow(make: Make) -> Flow:
    return make(FLOW)


@pytest.mark.parametrize(
    ("script", "node", "since_s"),
    [
        ("s=billing", "billing", 2.0 + 0.4 + HANGOVER_S),
        ("s=New  ORDER", "sales", 2.0 + 0.8 + HANGOVER_S),
        ("w0.5,s=billing", "billing", 0.5 + 0.4 + HANGOVER_S),
        ("s?=billing,s=yes", "billing", 2.4 + HANGOVER_S + 6.0 + 0.4 + HANGOVER_S),
        ("s?=billing,1", "billing", 2.4 + HANGOVER_S + 6.0),
        ("s?=billing,s=no,s=sales", "sales", 2.4 + HANGOVER_S + 6.4 + HANGOVER_S + 4.0 + 0.4 + HANGOVER_S),
        ("s=pizza,2", "billing", 2.4 + HANGOVER_S + 4.0),
        ("s-,s-,1", "sales", 2.0 + HANGOVER_S + 4.0 + HANGOVER_S + 4.0),
        ("sd,2", "billing", 2.0 + HANGOVER_S + 4.0),
    ],
)
def test_words_are_said_after_the_prompt_or_into_it(flow: Flow, script: str, node: str, since_s: float) -> None:
    _, trail = walk(flow, script, texts, at(0))
    (choice,) = (event for event in trail if event.kind is Kind.CHOICE)
    assert choice.detail["to"] == node
    assert choice.since_s == pytest.approx(since_s)
    assert choice.detail["barged_in"] is script.startswith("w")


def test_a_walk_waits_out_the_silence_that_a_call_does() -> None:
    assert HANGOVER_S == SILENCE_S[Progress.OPEN] == 0.8


@pytest.mark.parametrize("script", ["sd,s=billing", "s-,s-,s=billing"])
def test_where_keys_alone_are_taken_words_do_not_fit(flow: Flow, script: str) -> None:
    with pytest.raises(UserError, match="nothing is answered by voice here; expected keys"):
        walk(flow, script, texts, at(0))


def test_who_types_words_says_them(flow: Flow) -> None:
    lines = ["pizza please", "billing", "q+"]

    def ask(asked: Asked, problem: str) -> str:
        assert problem == ""
        return lines.pop(0)

    walked = Walk(flow, TypingCaller(ask), texts, at(0))
    asked = [event.command for event in walked.events() if isinstance(event, Asked)]
    assert lines == [] and sum(isinstance(command, Listen) for command in asked) == 2
    assert walked.finished is not None and walked.finished.outcome == "served"


SCRIPTS = ["s=billing", "w1,s=sales", "s?=invoice,s=no,s-,1", "s?=billing,1", "sd,2", "w0.2,s-,s=nothing,w,w", "s-,h"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_walk_with_words_passes_as_a_test_and_in_a_replay(flow: Flow, tmp_path: Path, script: str) -> None:
    (tmp_path / "main.yaml").write_text(FLOW, encoding="utf-8")
    walked = Walk(flow, ScriptedCaller(parse(script)), texts, Instant(NOON, 0.0))
    was, now = again(walked, flow, tmp_path / "walk.yaml", walked._context)
    assert way(was) == way(now)
    assert replay(flow, walked.session.record).departure is None


words = st.sampled_from(["1", "9", "w", "w0.2", "h", "s=go to a", "s?=go to b", "s=yes", "s=no", "s-", "sd"])


@settings(max_examples=40, deadline=None)
@given(data=strategies.flows, script=st.lists(words, max_size=8))
def test_any_walk_with_words_goes_the_same_way_in_a_replay(data: dict[str, object], script: list[str]) -> None:
    flow = flow_of(data)
    walked = Walk(flow, ScriptedCaller(parse(",".join(script))), texts, at(0))
    try:
        list(walked.events())
    except UserError:
        return  # the script does not fit the flow
    assert replay(flow, walked.session.record).departure is None


TESTS = """\
flow: main.yaml
tests:
  - name: says it surely
    steps:
      - say: billing
      - expect: {node: billing}
  - name: is asked
    steps:
      - say: {unsure: sales}
      - hear: [system.did_you_say, said.sales]
      - say: "yes"
      - expect: {node: sales}
  - name: is not understood
    steps:
      - say: {unclear: sales}
      - hear: [system.not_understood]
      - say: pizza
      - hear: [system.keys_only]
      - press: "2"
      - expect: {node: billing}
  - name: recognition fails
    steps:
      - say: {deaf: late}
      - hear: [system.keys_only]
      - press: "1"
      - expect: {node: sales}
"""


def test_callers_of_tests_speak_and_their_ways_are_covered(flow: Flow, tmp_path: Path) -> None:
    path = tmp_path / "voice.yaml"
    path.write_text(TESTS, encoding="utf-8")
    ran = [run(test, flow, texts) for test in load_tests(path).tests]
    assert [str(each.failure) for each in ran if each.failure] == []
    (covered,) = coverage([flow], [each.trail for each in ran])
    assert not [way for way in covered.missed_ways if way[0] == "main" and way[1] != "failed"]
    assert ("main", "phrases.billing", "billing") in coverage([flow], [])[0].missed_ways


def test_a_picture_shows_what_is_said(flow: Flow) -> None:
    main = next(card for card in cards(flow) if card.name == "main")
    assert [way.label for way in main.ways] == ["1", "2", '"sales", "verkauf"', '"billing", "rechnung"', "failed"]
