"""Walks: the words of a script do what they say, on a clock that nobody waits for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from calls.errors import UserError
from calls.switch.port import Prompt
from ivr.callers import Asked, ScriptedCaller, Told, TypingCaller
from ivr.flow import Flow
from ivr.script import Leave, Pass, Press, Silent, parse
from ivr.session import Finished
from ivr.trail import Kind, TrailEvent
from ivr.walk import Walk, json_line, walk
from tests.ivr.conftest import SMALL, Make, at

Go = Callable[[str], tuple[Finished, tuple[TrailEvent, ...]]]


def texts(prompt: Prompt) -> str:
    """Five words, two seconds, for each prompt."""
    return f"{prompt.key} in {prompt.language}, two seconds"


@pytest.fixture
def go(small: Flow) -> Go:
    return lambda keys: walk(small, keys, texts, at(0))


def found(trail: tuple[TrailEvent, ...], kind: Kind) -> list[tuple[float, object]]:
    """When and what of each event of a kind: the keys, the reason or the node."""
    return [
        (round(event.since_s, 3), event.detail.get("keys", event.detail.get("reason", event.detail["node"])))
        for event in trail
        if event.kind is kind
    ]


def test_a_script_is_read() -> None:
    assert parse(" 1, w,200 ,w5,w0.5,h,q- ") == (
        Press("1"),
        Silent(),
        Press("200"),
        Pass(5.0),
        Pass(0.5),
        Leave(),
        parse("q-")[0],
    )
    assert parse("") == ()


@pytest.mark.parametrize("word", ["x", "", "w-1", "w5s", "1 2", "h2", "q", "W"])
def test_a_word_that_is_none_is_named(word: str) -> None:
    with pytest.raises(UserError) as refused:
        parse(f"1,{word},2")
    assert str(refused.value).startswith(f"keys, word 2: {word!a} is not understood; expected keys such as 1 or 200")


def test_a_key_is_pressed_after_the_prompt(go: Go) -> None:
    _, trail = go("1")
    assert found(trail, Kind.CHOICE)[0] == (2.0, "1")


def test_a_key_inside_the_prompt_barges_in(go: Go) -> None:
    _, trail = go("w0.5,1")
    assert found(trail, Kind.CHOICE)[0] == (0.5, "1")
    assert next(event.detail["barged_in"] for event in trail if event.kind is Kind.CHOICE) is True


def test_without_barge_in_keys_inside_the_prompt_are_dropped(make: Make) -> None:
    flow = make(SMALL.replace("direct_dial: true", "barge_in: false"))
    _, trail = walk(flow, "w0.5,1,w3,1,h", texts, at(0))
    assert found(trail, Kind.CHOICE) == [(3.5, "1")]


def test_silence_lasts_until_the_time_is_up(go: Go) -> None:
    _, trail = go("w,w,1,h")
    assert found(trail, Kind.NOINPUT) == [(7.0, "menu"), (16.0, "menu")]
    assert found(trail, Kind.CHOICE) == [(20.0, "1")]


def test_time_that_passes_may_be_a_silence_and_more(go: Go) -> None:
    _, trail = go("w8,1,h")
    assert found(trail, Kind.NOINPUT) == [(7.0, "menu")]
    assert found(trail, Kind.CHOICE) == [(8.0, "1")]


def test_several_keys_and_the_shorter_choice(go: Go) -> None:
    assert found(go("42")[1], Kind.CHOICE) == [(2.3, "42")]
    assert found(go("2")[1], Kind.CHOICE) == [(4.0, "2")]
    assert found(go("200")[1], Kind.DIRECT_DIAL) == [(2.6, "200")]
    assert found(go("2#")[1], Kind.CHOICE) == [(2.3, "2")]


def test_the_next_word_waits_for_the_next_prompt(go: Go) -> None:
    _, trail = go("2,1")
    assert found(trail, Kind.CHOICE) == [(4.0, "2")]
    assert found(go("2,h")[1], Kind.QUEUE_LEFT) == [(4.0, "abandoned")]
    assert found(go("7,1,h")[1], Kind.CHOICE) == [(8.0, "1")]


def test_time_that_passes_between_keys_belongs_to_the_keys(go: Go) -> None:
    assert found(go("2,w1,0,w1,0")[1], Kind.DIRECT_DIAL) == [(4.0, "200")]
    assert found(go("2,w1,h")[1], Kind.HUNG_UP) == [(3.0, "menu")]


def test_a_misdialled_extension_is_one_wrong_choice(go: Go) -> None:
    _, trail = go("345,1,h")
    assert found(trail, Kind.NOMATCH) == [(2.3, "345")]


def test_who_hangs_up_is_gone_at_once(go: Go) -> None:
    finished, trail = go("h")
    assert (finished.outcome, trail[-1].since_s) == ("hung_up", 0.0)
    finished, trail = go("1,w1,h")
    assert (finished.last_node, trail[-1].since_s) == ("info", 3.0)


@pytest.mark.parametrize(
    ("script", "length_s"),
    [
        ("1,h", 2.0),
        ("1,w0.5,w1,h", 3.5),
        ("1,w4.5,h", 6.5),
        ("1", 6.0 + (2.0 + 5.0) + 2 * (4.0 + 5.0) + 60.0),
        ("2,q-", 4.0 + 90.0 + 2.0),
        ("2,w92,h", 4.0 + 90.0),
        ("2,w92.5,w0.5,h", 4.0 + 91.0),
        ("2,q+", 4.0 + 10.0 + 60.0 + 2.0),
        ("42,t+", 2.3 + 60.0),
        ("42,t-", 2.3 + 15.0 + 2.0),
        ("42,w,w", 2.3 + 15.0 + 2.0),
        ("42,w3,w4,tb", 2.3 + 15.0 + 2.0),
        ("42,w3,w4,h", 2.3 + 7.0),
        ("42,w16,w0.5,h", 2.3 + 15.0 + 1.5),
    ],
)
def test_how_long_a_walk_lasts(go: Go, script: str, length_s: float) -> None:
    assert go(script)[1][-1].since_s == pytest.approx(length_s)


@pytest.mark.parametrize(
    ("script", "outcome", "wait_s", "talk_s"),
    [
        ("2", "informed", 10.0, 60.0),
        ("2,q+", "informed", 10.0, 60.0),
        ("2,w30,q+", "informed", 38.0, 60.0),
        ("2,w85,q+", "informed", 90.0, 60.0),
        ("2,q-", "informed", 90.0, 0.0),
        ("2,w", "informed", 90.0, 0.0),
        ("2,w,w100", "informed", 90.0, 0.0),
        ("2,w100", "informed", 90.0, 0.0),
        ("2,q0,t+", "transferred", 0.0, 60.0),
        ("2,q0,t-", "informed", 0.0, 0.0),
        ("2,q0,tb", "informed", 0.0, 0.0),
        ("2,q0,w", "informed", 0.0, 0.0),
        ("2,q0,w3,t+", "transferred", 0.0, 60.0),
        ("2,q0,1", "transferred", 0.0, 60.0),
        ("2,q0,h", "left_in_transfer", 0.0, 0.0),
        ("2,qc", "informed", 0.0, 0.0),
        ("2,w2,w20,h", "abandoned", 20.0, 0.0),
        ("w,w,w,t+", "transferred", 0.0, 60.0),
        ("", "transferred", 0.0, 60.0),
    ],
)
def test_queues_and_transfers(go: Go, script: str, outcome: str, wait_s: float, talk_s: float) -> None:
    finished, _ = go(script)
    assert (finished.outcome, round(finished.wait_s, 3), round(finished.talk_s, 3)) == (outcome, wait_s, talk_s)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "q+",
            'the script does not fit at node "menu", 0.0 s into the call: a menu listens; expected keys, w, wN or h',
        ),
        (
            "2,t+",
            'the script does not fit at node "support", 4.0 s into the call: a caller waits in a queue; '
            "expected q+, q-, q0, qc, qf, a key, w, wN or h",
        ),
        (
            "42,q+",
            'the script does not fit at node "alice", 2.3 s into the call: a telephone rings; '
            "expected t+, t-, tb, td, tr, w, wN or h",
        ),
    ],
)
def test_a_script_that_does_not_fit_says_where(go: Go, script: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        go(script)
    assert str(refused.value) == message


class Terminal:
    """Answers what is asked with prepared lines, and keeps what was shown."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.shown: list[tuple[str, tuple[str, ...], str, str]] = []

    def ask(self, asked: Asked, problem: str) -> str:
        self.shown.append((asked.node, asked.texts, asked.keys, problem))
        return self.lines.pop(0)


def typed(flow: Flow, *lines: str) -> tuple[Terminal, Walk]:
    terminal = Terminal(*lines)
    walked = Walk(flow, TypingCaller(terminal.ask), texts, at(0))
    events = list(walked.events())
    assert isinstance(events[0], Asked) and isinstance(events[1], Told)
    assert terminal.lines == []
    return terminal, walked


def test_a_person_sees_what_is_said_and_what_was_keyed(small: Flow) -> None:
    terminal, walked = typed(small, "2", "0", "0", "q+")
    said = ("main.menu in en, two seconds",)
    assert [shown[:3] for shown in terminal.shown] == [
        ("menu", said, ""),
        ("menu", said, "2"),
        ("menu", said, "20"),
        ("support", ("queue.hold_on in en, two seconds",), ""),
    ]
    assert found(walked.session.trail, Kind.DIRECT_DIAL) == [(2.0, "200")]
    assert found(walked.session.trail, Kind.AGENT_OFFERED) == [(2.0, "support")]
    assert found(walked.session.trail, Kind.AGENT_CONNECTED) == [(12.0, "support")]


def test_an_empty_line_ends_the_keys_and_lets_things_go_well(small: Flow) -> None:
    terminal, walked = typed(small, "", "2", "", "")
    assert [shown[0] for shown in terminal.shown] == ["menu", "menu", "menu", "support"]
    assert walked.finished is not None
    assert (walked.finished.outcome, walked.finished.talk_s) == ("informed", 60.0)
    assert len(found(walked.session.trail, Kind.NOINPUT)) == 1


def test_a_line_may_hold_several_words(small: Flow) -> None:
    _, walked = typed(small, "2,q-")
    assert found(walked.session.trail, Kind.QUEUE_LEFT) == [(94.0, "timeout")]


def test_a_line_that_is_no_use_is_asked_for_again(small: Flow) -> None:
    terminal, _ = typed(small, "x", "q+", "42", "q0", "t-")
    assert [shown[3] for shown in terminal.shown] == [
        "",
        "keys, word 1: 'x' is not understood; expected keys such as 1 or 200, or one of: w, h, "
        "q+, q-, q0, qc, qf, l+, l-, lf, lt, lr, "
        "g+, g-, gm, p+, p-, pl, pf, c+, c-, cf, cu, b-, t+, t-, tb, td, tr, s-, sd, f, w5, m10, s=yes",
        "a menu listens; expected keys, w, wN or h",
        "",
        "a telephone rings; expected t+, t-, tb, td, tr, w, wN or h",
    ]


def test_a_walk_is_the_same_each_time(small: Flow) -> None:
    first, second = (
        [json_line(event) for event in walk(small, "w,7,w2.5,1,2,w30,q+", texts, at(0))[1]] for _ in range(2)
    )
    assert first == second
    line = json.loads(first[0])
    assert list(line) == ["at", "since_s", "kind", "flow", "version", "language"]
    assert line["at"] == "2026-05-04T10:00:00+00:00"
    last = json.loads(first[-1])
    assert datetime.fromisoformat(last["at"]) - datetime.fromisoformat(line["at"]) == timedelta(
        seconds=last["since_s"]
    )


def test_keys_left_over_in_a_prompt_are_dropped(small: Flow) -> None:
    walked = Walk(small, ScriptedCaller([Press("19"), Press("2")]), texts, at(0))
    list(walked.events())
    assert found(walked.session.trail, Kind.CHOICE)[-1][1] == "2"
    assert found(walked.session.trail, Kind.NOMATCH) == []


@pytest.mark.parametrize(("script", "node"), [("f", "menu"), ("2,f", "support"), ("42,f", "alice"), ("1,f", "info")])
def test_a_fault_of_ours_is_walked_to_where_the_flow_says(make: Make, script: str, node: str) -> None:
    flow = make(SMALL.replace("start: menu", "start: menu\nfault: goodbye"))
    finished, trail = walk(flow, script, texts, at(0))
    assert [event.detail["node"] for event in trail if event.kind is Kind.FAULT] == [node]
    assert (finished.outcome, finished.last_node) == ("fault", "goodbye")
