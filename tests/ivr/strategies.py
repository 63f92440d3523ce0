"""Random flows and random results."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from calls.switch.port import (
    Done,
    EndedBy,
    HungUp,
    Interrupted,
    Match,
    NoInput,
    NoMatch,
    Recorded,
    RecordEnd,
    RecordingFailed,
    TransferFailed,
    Transferred,
)
from ivr.commands import (
    BrokeOut,
    CommitFailed,
    Committed,
    Deaf,
    Heard,
    LookedUp,
    LookupFailed,
    NobodyThere,
    NotUnderstood,
    QueueClosed,
    QueueFull,
    Served,
    WaitExpired,
)

NAMES = ("a", "b", "c", "d", "e", "f")
KEYS = ("1", "2", "12", "#", "200")

target = st.sampled_from(NAMES)
some = st.lists(st.sampled_from(["x.one", "x.two"]), min_size=1, max_size=2)
phrases = st.lists(target, min_size=1, unique=True).map(lambda names: {to: {"en": [f"go to {to}"]} for to in names})
person = st.fixed_dictionaries({"says": some, "to": target}, optional={"phrases": st.just({"en": ["ann"]})})
retries = st.lists(st.sampled_from(["x.retry"]), max_size=3)


def _node(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields)


node = st.one_of(
    _node(say=some, next=target),
    _node(
        menu=some,
        keys=st.dictionaries(st.sampled_from(KEYS), target, min_size=1),
        direct_dial=st.booleans(),
        barge_in=st.booleans(),
        noinput=retries,
        nomatch=retries,
        failed=target,
    ),
    _node(
        menu=some,
        keys=st.just({"1": "a"}),
        phrases=phrases,
        noinput=retries,
        failed=target,
    ),
    _node(
        collect=some,
        into=st.just("v"),
        length=st.sampled_from([1, "1-3"]),
        read_back=st.lists(st.just("x.back"), max_size=1),
        failed=target,
        next=target,
    ),
    _node(
        collect=some,
        into=st.just("v"),
        length=st.just(8),
        spoken=st.sampled_from(["digits", "number", "date", "spelled"]),
        read_back=st.just(["x.back"]),
        failed=target,
        next=target,
    ),
    _node(listen=some, into=st.just("v"), noinput=retries, nomatch=retries, failed=target, next=target),
    _node(set=st.just({"v": "1"}), next=target),
    _node(
        authenticate=st.just("pins"), account=st.just("v"), pin=some, length=st.just(4), failed=target, next=target
    ),
    _node(goto=target),
    _node(opt_out=st.just("call.caller"), failed=target, next=target),
    _node(hours=st.just({"mon-fri": "09:00-17:00"}), zone=st.just("Europe/Berlin"), open=target, closed=target),
    _node(split=st.dictionaries(target, st.integers(1, 1000), min_size=2)),
    _node(queue=st.just("q"), failed=target, next=target),
    _node(queue=st.just("q"), failed=target, timeout=target, nobody=target, closed=target),
    _node(queue=st.just("q"), announce=some, keys=st.fixed_dictionaries({"1": target}), failed=target, full=target),
    _node(callback=st.just("q"), failed=target, next=target),
    _node(emergency=st.just("q"), transfer=st.just("t"), failed=target),
    _node(
        directory=some,
        people=st.fixed_dictionaries(
            {
                "Ann": st.fixed_dictionaries(
                    {"says": some, "to": target}, optional={"phrases": st.just({"en": ["ann"]})}
                )
            }
        ),
        failed=target,
    ),
    _node(guard=st.just(3), blocked=target, next=target),
    _node(transfer=st.just("t"), failed=target),
    _node(transfer=st.just("t"), whisper=some, attended=st.booleans(), failed=target, declined=target),
    _node(transfer=st.just("t"), failed=target, next=target),
    _node(lookup=st.just("l"), arguments=st.just({"a": "r"}), into=st.just({"r": "x"}), failed=target, next=target),
    _node(lookup=st.just("l"), failed=target, missing=target, timeout=target, refused=target, next=target),
    _node(
        payment=st.sampled_from(["2.50", "v"]),
        gateway=st.just("g"),
        card=some,
        expiry=some,
        code=st.sampled_from([[], ["x.one"]]),
        failed=target,
        unknown=target,
        next=target,
    ),
    _node(
        order=some,
        items=st.just({"1": {"price": "1.5", "prompt": "x.item"}, "12": {"price": 2}}),
        quantity=some,
        confirm=some,
        more=some,
        total=some,
        spoken=st.booleans(),
        noinput=retries,
        nomatch=retries,
        send=st.just("w"),
        failed=target,
        next=target,
    ),
    _node(webhook=st.just("w"), values=st.just({"kind": "'x'"}), reference=st.just("r"), failed=target, next=target),
    _node(transfer_to=st.just('"1"'), failed=target, refused=target),
    _node(record=st.sampled_from(["start", "stop"]), failed=target, next=target),
    _node(record=st.just("start"), consent=some, declined=target, failed=target, next=target),
    _node(voicemail=st.just("box"), tries=st.integers(1, 3), failed=target, next=target),
    _node(voicemail=st.just("box"), review=st.just([]), sent=st.just([]), failed=target, next=target),
    _node(
        survey=st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.sampled_from(NAMES),
                    "kind": st.sampled_from(["csat", "nps", "yes_no", "spoken"]),
                    "ask": some,
                }
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda question: question["id"],
        ),
        failed=target,
        next=target,
    ),
    _node(hangup=st.lists(st.just("x.bye"), max_size=1)),
)

conditional = _node(branch=st.dictionaries(st.sampled_from(["v == 1", "v"]), target, min_size=1), otherwise=target)
"""A node that may go round for as long as a condition holds, which no check can see."""


def flows_of(nodes: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "language": st.just("en"),
            "variables": st.just({"v": 0}),
            "start": target,
            "extensions": st.dictionaries(st.sampled_from(["200", "201"]), target, min_size=1),
            "nodes": st.fixed_dictionaries(dict.fromkeys(NAMES, nodes)),
        },
        optional={"fault": target, "speech": st.booleans()},
    )


unconditional = flows_of(node)
"""Flows whose every way leads to a node; many go round for ever."""
flows = flows_of(st.one_of(node, conditional))
"""The same with conditions."""

results = st.one_of(
    st.sampled_from(
        [Done(), NoInput(), Interrupted(), WaitExpired(), NobodyThere(), QueueClosed(), QueueFull(), BrokeOut("1")]
    ),
    st.sampled_from([LookedUp({"r": 1}), LookupFailed("failed"), Committed("1"), CommitFailed("late")]),
    st.sampled_from(KEYS).map(Match),
    st.builds(Heard, st.sampled_from([*NAMES, "1", "12345678", "Ann"]), st.just("words"), st.booleans()),
    st.sampled_from([NotUnderstood(), NotUnderstood("words", True), Deaf("late")]),
    st.sampled_from(["3", "*", "20", "9"]).map(NoMatch),
    st.sampled_from(["busy", "no_answer", "declined"]).map(TransferFailed),
    st.floats(0, 1e6).map(Transferred),
    st.floats(0, 1e6).map(Served),
    st.sampled_from([*RecordEnd]).map(lambda by: Recorded("a", 3.0, by)),
    st.just(RecordingFailed("disk")),
    st.sampled_from([*EndedBy]).map(HungUp),
)
"""Any result, whether or not it fits the command."""
