"""Whole calls by voice: a flow, an engine, a switch and what callers say, down to the record and its replay."""

from __future__ import annotations

from pathlib import Path

from calls.switch.loopback.callers import Press, Speak, Step, Wait
from tests.console.held_time import held
from tests.console.world import world_in

FLOW = """\
language: en
zone: Europe/Berlin
start: menu
nodes:
  menu:
    menu: [main.menu]
    keys: {"1": order, "2": bye}
    phrases:
      order: {en: [my order, order status]}
      bye: {en: [goodbye]}
    failed: bye
  order:
    collect: [main.order]
    into: order
    length: 4
    spoken: digits
    read_back: [main.said]
    failed: bye
    next: words
  words: {listen: [main.words], into: words, failed: bye, next: done}
  done: {hangup: [main.done], outcome: told}
  bye: {hangup: [system.goodbye]}
"""


async def trail_of(folder: Path, *steps: Step) -> list[tuple[str, object]]:
    """What a caller came to who does ``steps``: kinds and what is told of each. The call replays as it was."""
    async with world_in(folder, flow=FLOW) as here:
        here.call(*steps, Wait(120.0))
        await here.until(lambda: bool(here.records()), every_s=1.0, within_s=200.0)
        await here.settled()
        call_id = here.record().call_id
        assert here.replayed(call_id).departure is None
        assert here.recognition.opened == here.recognition.closed > 0
        shown = {"choice": "to", "nomatch": "words", "collected": "digits", "said": "words", "outcome": "outcome"}
        return [(e.kind, e.detail[shown[e.kind]]) for e in here.events(call_id) if e.kind in shown]


@held
async def test_a_call_by_voice_from_the_choice_to_the_callers_own_words(tmp_path: Path) -> None:
    told = await trail_of(
        tmp_path,
        *(Wait(3.0), Speak(1.0, "order status")),
        *(Wait(3.0), Speak(2.0, "four seven double one")),
        *(Wait(4.0), Speak(0.6, "yes")),
        *(Wait(3.0), Speak(3.0, "it came without its cable")),
    )
    assert told == [
        ("choice", "order"),
        ("collected", "4711"),
        ("said", "it came without its cable"),
        ("outcome", "told"),
    ]


@held
async def test_who_is_not_understood_twice_keys_and_may_speak_again_at_the_next_question(tmp_path: Path) -> None:
    told = await trail_of(
        tmp_path,
        *(Wait(3.0), Speak(1.0, "pizza please")),
        *(Wait(4.0), Speak(1.0, "no pizza")),
        *(Wait(4.0), Press("1")),
        *(Wait(3.0), Speak(2.0, "one two three four")),
        *(Wait(4.0), Press("1")),
        *(Wait(3.0), Press("#")),
    )
    assert told == [
        ("nomatch", "pizza please"),
        ("nomatch", "no pizza"),
        ("choice", "order"),
        ("collected", "1234"),
        ("outcome", "completed"),
    ]
