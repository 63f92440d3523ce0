"""``check``: every rule finds what it is there for, says it in these words, and is silent otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import FlowError
from ivr.check import Known, check, load
from ivr.faults import Fault, Rule, Severity
from ivr.nodes.queue import Queue
from tests.ivr.conftest import NOTHING_KNOWN, SMALL, Write

BAD = Path(__file__).parent / "bad"

KNOWN = Known(
    queues=frozenset({"support"}),
    destinations=frozenset({"operators"}),
    prompts={"en": frozenset({"main.menu", "system.sorry"}), "de": frozenset()},
)

END = "\n  bye: {hangup: []}\n"


def nodes(text: str, extensions: str = "{}") -> str:
    """A flow that begins with the node ``a``, and has ``bye``."""
    return f"language: en\nstart: a\nextensions: {extensions}\nnodes:\n  {text.strip()}{END}"


def told(path: Path, known: Known = NOTHING_KNOWN) -> list[str]:
    """The faults as a person reads them, without the folder."""
    return [str(fault).removeprefix(f"{path.parent}/") for fault in check(path, known)]


def test_every_fault_of_a_file_is_told_at_once_in_these_words() -> None:
    golden = (BAD / "shapes.txt").read_text(encoding="utf-8").splitlines()
    assert told(BAD / "shapes.yaml", KNOWN) == golden


def test_a_good_flow_has_no_error(write: Write) -> None:
    assert [fault.rule for fault in check(write(SMALL), NOTHING_KNOWN)] == ["overlapping-keys", "unreachable"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: {say: [x], next: b}\n  b: {say: [x], next: a}",
            [
                "main.yaml:5: nodes.a: error: a caller who presses nothing goes round for ever: a -> b -> a; "
                "lead one of them to a person or a hangup [endless-loop]",
                "main.yaml:7: nodes.bye: warning: no call comes here; lead a way to it or take it out [unreachable]",
            ],
        ),
        (
            'a: {menu: [x], keys: {"1": bye}, failed: a}',
            [
                "main.yaml:5: nodes.a: error: a caller who presses nothing goes round for ever: a -> a; "
                "lead one of them to a person or a hangup [endless-loop]",
                "main.yaml:5: nodes.a: warning: no way leads from this menu to a person; "
                "add a key for a queue or a transfer [no-person]",
            ],
        ),
        (
            "a: {queue: q, failed: b, next: bye}\n  b: {say: [x], next: a}",
            [
                "main.yaml:5: nodes.a: error: a caller who presses nothing goes round for ever: a -> b -> a; "
                "lead one of them to a person or a hangup [endless-loop]"
            ],
        ),
        (
            'a: {menu: [x], keys: {"1": a, "2": q}, failed: bye}\n  q: {queue: q, failed: bye, next: a}',
            [],
        ),
        (
            "a: {transfer: t, failed: bye}\n  b: {say: [x], next: c}\n  c: {say: [x], next: bye}",
            [
                "main.yaml:6: nodes.b: warning: no call comes here; lead a way to it or take it out [unreachable]",
                "main.yaml:7: nodes.c: warning: no call comes here; lead a way to it or take it out [unreachable]",
            ],
        ),
        (
            'a: {menu: [x], keys: {"1": bye, "2": bye, "3": bye, "4": bye, "5": bye, "6": q}, failed: bye}\n'
            "  q: {queue: q, failed: bye}",
            [
                "main.yaml:5: nodes.a.keys: warning: offers 6 choices; people remember 5: split it [long-menu]",
            ],
        ),
        (
            'a: {menu: [x], keys: {"1": q, "12": q, "13": bye}, next_key: 1.5s, failed: bye}\n'
            "  q: {queue: q, failed: bye}",
            [
                "main.yaml:5: nodes.a.keys.1: warning: 1 is taken only after 1.5s without a further key, "
                "because 12, 13 begin with it [overlapping-keys]",
            ],
        ),
        (
            'a: {menu: [x], keys: {"1": q}, direct_dial: true, failed: bye}\n  q: {queue: q, failed: bye}',
            [
                "main.yaml:5: nodes.a.direct_dial: error: direct dial needs extensions; add them at the top of the "
                "flow, or take direct_dial out [no-extensions]",
            ],
        ),
    ],
)
def test_what_only_the_whole_flow_shows(write: Write, text: str, expected: list[str]) -> None:
    assert told(write(nodes(text))) == expected


def test_a_transfer_is_a_way_to_a_person(write: Write) -> None:
    assert told(write(nodes('a: {menu: [x], keys: {"1": t}, failed: bye}\n  t: {transfer: t, failed: bye}'))) == []


def test_a_subflow_with_a_person_is_a_way_to_one_and_a_return_may_be(write: Write, tmp_path: Path) -> None:
    returning = 'a: {menu: [x], keys: {"1": b, "2": bye}, failed: b}\n  b: {return: done}'
    (tmp_path / "with_person.yaml").write_text(nodes("a: {queue: q, failed: bye}"), encoding="utf-8")
    (tmp_path / "without.yaml").write_text(nodes(returning), encoding="utf-8")
    assert told(tmp_path / "without.yaml") == []
    asks = 'a: {{menu: [x], keys: {{"1": b}}, failed: b}}\n  b: {{subflow: {}, next: bye}}'
    assert told(write(nodes(asks.format("with_person")))) == []
    assert told(write(nodes(asks.format("without")))) == [
        "main.yaml:5: nodes.a: warning: no way leads from this menu to a person; "
        "add a key for a queue or a transfer [no-person]"
    ]


def test_each_line_of_a_list_has_its_own_place(write: Write) -> None:
    text = nodes("a:\n    say:\n      - main.menu\n      - Main.Menu\n      - main.x\n    next: bye")
    assert [line.split(": ")[0:2] for line in told(write(text), KNOWN)] == [["main.yaml:8", "nodes.a.say[1]"]]
    text = nodes("a:\n    say:\n      - main.menu\n      - main.x\n    next: bye")
    assert [line.split(": ")[0:2] for line in told(write(text), KNOWN)] == [["main.yaml:8", "nodes.a.say[1]"]]


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("1ms", 0.001), ("1.5s", 1.5), ("90s", 90), ("3m", 180), ("24h", 86_400)]
)
def test_durations(write: Write, text: str, seconds: float) -> None:
    queue = load(write(nodes(f"a: {{queue: q, max_wait: {text}, failed: bye}}")), NOTHING_KNOWN).nodes["a"]
    assert isinstance(queue, Queue)
    assert queue.max_wait == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["5", "5 s", "-5s", "0s", "25h", "1.5", "1d", "1e3s", "s", "٣s", "12345s", "5s5s", "true"]
)
def test_what_is_no_duration(write: Write, text: str) -> None:
    faults = check(write(nodes(f"a: {{queue: q, max_wait: {text}, failed: bye}}")), NOTHING_KNOWN)
    assert [(fault.rule, fault.where.key) for fault in faults] == [(Rule.BAD_VALUE, "nodes.a.max_wait")]


@pytest.mark.parametrize(
    ("digits", "good"), [("2", False), ("20", True), ("2345678901", True), ("23456789012", False), ("2x", False)]
)
def test_extensions_are_2_to_10_digits(write: Write, digits: str, good: bool) -> None:
    text = nodes('a: {menu: [x], keys: {"1": q}, direct_dial: true, failed: bye}\n  q: {queue: q, failed: bye}')
    faults = told(write(text.replace("extensions: {}", f'extensions: {{"{digits}": q}}')))
    assert faults == (
        []
        if good
        else [
            f'main.yaml:3: extensions.{digits}: error: expected 2 to 10 digits in quotes, such as "201", '
            f"not '{digits}' [bad-value]"
        ]
    )


def test_keys_and_extensions_that_get_in_each_other_s_way(write: Write) -> None:
    text = nodes(
        'a: {menu: [x], keys: {"2": q, "30": q}, direct_dial: true, failed: bye}\n  q: {queue: q, failed: bye}',
        '{"20": q, "201": q, "30": q}',
    )
    assert told(write(text)) == [
        "main.yaml:3: extensions.20: warning: 20 is taken only after 2s without a further key, because 201 begins "
        "with it [overlapping-keys]",
        "main.yaml:5: nodes.a.keys.30: warning: is a key and an extension: the key goes first, so extension 30 is "
        "never reached here [overlapping-keys]",
        "main.yaml:5: nodes.a.keys.2: warning: 2 is taken only after 2s without a further key, because 20, 201 begin "
        "with it [overlapping-keys]",
    ]


def test_extensions_that_nobody_can_dial(write: Write) -> None:
    assert told(write(nodes("a: {queue: q, failed: bye}", '{"20": bye}'))) == [
        "main.yaml:3: extensions: warning: no menu lets callers dial the extensions; add direct_dial: true to one, "
        "or take them out [unused-extensions]"
    ]


def test_prompts_are_looked_for_in_the_flow_s_language(write: Write) -> None:
    text = nodes("a: {say: [main.menu, main.menü], next: bye}".replace("ü", "u2"))
    assert told(write(text), KNOWN) == [
        'main.yaml:5: nodes.a.say[1]: error: there is no prompt "main.menu2" in en; did you mean "main.menu"? '
        "[missing-prompt]"
    ]
    assert told(write(text.replace("language: en", "language: de")), KNOWN)[:2] == [
        'main.yaml:1: language: error: every flow needs the prompt "system.sorry", and there is none in de; '
        "add its text [missing-prompt]",
        'main.yaml:5: nodes.a.say[0]: error: there is no prompt "main.menu" in de; add its text [missing-prompt]',
    ]
    assert told(write(text.replace("language: en", "language: fr")), KNOWN) == [
        'main.yaml:1: language: error: there are no prompts in "fr"; there are: de, en [missing-prompt]'
    ]


def test_the_prompts_that_a_menu_plays_unasked_are_looked_for(write: Write) -> None:
    text = nodes('a: {menu: [main.menu], keys: {"1": a}, failed: bye}')
    assert [line.split(": ")[1] for line in told(write(text), KNOWN)] == [
        "nodes.a.noinput[0]",
        "nodes.a.nomatch[0]",
        "nodes.a",
    ]


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("", 1, "bad-value"),
        ("- a\n", 1, "bad-value"),
        ("language: en\nstart: [a\n", 3, "syntax"),
        ("language: en\n  start: a\n", 2, "syntax"),
        ("language: en\nstart: a\x07b\n", 2, "syntax"),
        ('language: "\\U99999999"\n', 1, "syntax"),
        ("language: en\n---\nlanguage: de\n", 2, "documents"),
        ("a: &x 1\n", 1, "anchor"),
        ("a: 1\nb: *a\n", 2, "alias"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "tag"),
        ("a: 1\n[b]: x\n", 2, "key"),
        ("a: 1\nb: " + "[" * 50_000, 2, "depth"),
        ("a: 1\n" + "b" * 1_100_000, 1, "too-large"),
        ("a: 1\na: {b: 1, b: 2}\n", 2, "duplicate-key"),
    ],
)
def test_what_is_not_the_plain_part_of_yaml(write: Write, text: str, line: int, rule: str) -> None:
    faults = check(write(text), NOTHING_KNOWN)
    assert (line, rule) in [(fault.where.line, fault.rule) for fault in faults]
    assert all(fault.severity is Severity.ERROR for fault in faults)


def test_what_yaml_has_and_flows_have_not_is_told_with_its_key(write: Write) -> None:
    text = "language: &l en\nstart: !!str a\nnodes:\n  a: {menu: [x], keys: {[1]: a}}\n"
    told_ = [line for line in told(write(text)) if "bad-value" not in line and "missing-key" not in line]
    assert told_ == [
        "main.yaml:1: language: error: has an anchor; anchors are not used in flows: take out &l [anchor]",
        "main.yaml:2: start: error: has a tag; tags are not used in flows: take out tag:yaml.org,2002:str [tag]",
        "main.yaml:4: nodes.a.keys: error: expected a key, which is text; a key with braces or brackets is quoted "
        "[key]",
    ]


def test_of_many_longer_choices_three_are_named(write: Write) -> None:
    keys = ", ".join(f'"1{digit}": q' for digit in range(4))
    text = nodes(f'a: {{menu: [x], keys: {{"1": q, {keys}}}, failed: bye}}\n  q: {{queue: q, failed: bye}}')
    assert told(write(text)) == [
        "main.yaml:5: nodes.a.keys.1: warning: 1 is taken only after 2s without a further key, because 10, 11, 12, … "
        "begin with it [overlapping-keys]"
    ]


def test_a_value_that_is_dropped_has_no_faults_of_its_own(write: Write) -> None:
    faults = check(write("a: 1\na: {b: 1, b: 2}\n"), NOTHING_KNOWN)
    assert [fault.where.key for fault in faults if fault.rule == "duplicate-key"] == ["a"]


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "main.yaml"
    path.write_bytes(b"language: en\nstart: \xff\n")
    assert told(path) == ["main.yaml:2: error: is not UTF-8 text; save the file as UTF-8 [not-utf8]"]
    assert told(tmp_path / "none.yaml") == [
        "none.yaml:1: error: cannot be read: No such file or directory [unreadable]"
    ]


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "main.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(path, NOTHING_KNOWN).start == "menu"


def test_the_file_s_name_is_the_flow_s_id(tmp_path: Path) -> None:
    path = tmp_path / "a b.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert told(path)[0] == (
        'a b.yaml:1: error: the file\'s name "a b" names the flow; expected letters, digits, _ and - [flow-id]'
    )


def test_keys_are_text_with_or_without_quotes(write: Write) -> None:
    quoted = load(write(SMALL), NOTHING_KNOWN)
    plain = load(write(SMALL.replace('"1": info, "2"', "1: info, 2")), NOTHING_KNOWN)
    assert plain.nodes == quoted.nodes


def test_load_gives_a_flow_with_its_version(write: Write) -> None:
    flow = load(write(SMALL), NOTHING_KNOWN)
    assert (flow.id, flow.language, flow.start) == ("main", "en", "menu")
    assert flow.extensions == {"200": "support", "201": "alice"}
    assert load(write(SMALL + "# changed\n"), NOTHING_KNOWN).version != flow.version
    assert {"main.menu", "queue.hold_on", "system.sorry", "main.wrong_1"} < set(flow.prompts())


def test_load_refuses_with_the_first_error_and_the_number_of_others(write: Write) -> None:
    path = write(SMALL.replace("start: menu", "start: menue").replace("next: menu}", "next: meno}"))
    with pytest.raises(FlowError) as refused:
        load(path, NOTHING_KNOWN)
    assert str(refused.value) == (
        f'{path}:2: start: there is no node "menue"; did you mean "menu"? (and 1 more: callwright ivr check {path})'
    )


def test_warnings_do_not_keep_a_flow_from_being_used(write: Write) -> None:
    faults: list[Fault] = check(write(SMALL), NOTHING_KNOWN)
    assert {fault.severity for fault in faults} == {Severity.WARNING}
    load(write(SMALL), NOTHING_KNOWN)


def test_the_node_for_faults_must_be_there_and_is_come_to(write: Write) -> None:
    """What leads from it is reached, too, and it is told of in a file that is wrong elsewhere."""
    flow = SMALL.replace("start: menu", "start: menu\nfault: hours")
    assert [fault.rule for fault in check(write(flow), NOTHING_KNOWN)] == ["overlapping-keys"]
    wrong = flow.replace("fault: hours", "fault: hour")
    assert told(write(wrong))[0] == (
        'main.yaml:3: fault: error: there is no node "hour"; did you mean "hours"? [unknown-node]'
    )
    assert check(write(wrong + "more: 1\n"), NOTHING_KNOWN)[0].rule == "unknown-node"
