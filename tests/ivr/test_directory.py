"""Finding a person by spelling the name."""

from __future__ import annotations

import pytest

from calls.switch.port import Gather, Match, NoInput, Play, Prompt
from ivr.commands import Enqueue, Result
from ivr.nodes.directory import MOST, spelled
from ivr.session import Context, Session
from tests.ivr.conftest import Make, at

FLOW = """\
language: en
start: who
nodes:
  who:
    directory: [x.spell]
    people:
      Ann Smith: {says: [x.ann], to: ann}
      Bea Smyth: {says: [x.bea], to: bea}
      Zoë Größe: {says: [x.zoe], to: zoe}
    failed: bye
  ann: {queue: a, failed: bye}
  bea: {queue: b, failed: bye}
  zoe: {queue: z, failed: bye}
  bye: {hangup: [x.bye]}
"""


@pytest.mark.parametrize(
    ("word", "keys"), [("Smith", "76484"), ("Zoë", "963"), ("Größe", "476773"), ("O'Neil", "66345"), ("4U", "48")]
)
def test_a_word_in_keys(word: str, keys: str) -> None:
    assert spelled(word) == keys


@pytest.mark.parametrize(("keys", "choice", "queue"), [("76", "2", "b"), ("266", "1", "a"), ("4767", "1", "z")])
def test_the_names_that_fit_are_offered_and_one_is_chosen(make: Make, keys: str, choice: str, queue: str) -> None:
    session = Session(make(FLOW))
    session.start(Context(answered=True), at(0))
    offered = session.resume(Match(keys), at(1))
    assert isinstance(offered, Gather)
    assert choice in offered.plan.choices
    assert [prompt.key for prompt in offered.prompts].count("system.directory_key") == len(offered.plan.choices)
    step = session.resume(Match(choice), at(2))
    assert isinstance(step, Enqueue) and step.queue == queue


def test_a_name_that_nobody_has_costs_a_try_and_the_tries_end(make: Make) -> None:
    session = Session(make(FLOW))
    step = session.start(Context(answered=True), at(0))
    tries: tuple[Result, ...] = (Match("999"), NoInput(), Match("5"))
    for moment, result in enumerate(tries, start=1):
        step = session.resume(result, at(moment))
        assert isinstance(step, Gather)
    assert session.resume(NoInput(), at(9)) == Play((Prompt("x.bye", "en"),))


def test_no_more_are_offered_than_there_are_keys(make: Make) -> None:
    people = "".join(f"      Ann{number}: {{says: [x.ann], to: ann}}\n" for number in range(30))
    session = Session(make(FLOW.replace("      Ann Smith: {says: [x.ann], to: ann}\n", people)))
    session.start(Context(answered=True), at(0))
    offered = session.resume(Match("266"), at(1))
    assert isinstance(offered, Gather) and len(offered.plan.choices) == MOST
