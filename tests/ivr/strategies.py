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
    TransferFailed,
    Transferred,
)
from ivr.commands import NobodyThere, QueueClosed, Served, WaitExpired

NAMES = ("a", "b", "c", "d", "e", "f")
KEYS = ("1", "2", "12", "#", "200")

target = st.sampled_from(NAMES)
some = st.lists(st.sampled_from(["x.one", "x.two"]), min_size=1, max_size=2)
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
    _node(hours=st.just({"mon-fri": "09:00-17:00"}), zone=st.just("Europe/Berlin"), open=target, closed=target),
    _node(split=st.dictionaries(target, st.integers(1, 1000), min_size=2)),
    _node(queue=st.just("q"), failed=target, next=target),
    _node(queue=st.just("q"), failed=target, timeout=target, nobody=target, closed=target),
    _node(transfer=st.just("t"), failed=target),
    _node(transfer=st.just("t"), failed=target, next=target),
    _node(webhook=st.just("w"), values=st.just({"kind": "'x'"}), reference=st.just("r"), failed=target, next=target),
    _node(hangup=st.lists(st.just("x.bye"), max_size=1)),
)

flows = st.fixed_dictionaries(
    {
        "language": st.just("en"),
        "start": target,
        "extensions": st.dictionaries(st.sampled_from(["200", "201"]), target, min_size=1),
        "nodes": st.fixed_dictionaries(dict.fromkeys(NAMES, node)),
    }
)
"""Flows whose every way leads to a node; many go round for ever."""

results = st.one_of(
    st.sampled_from([Done(), NoInput(), Interrupted(), WaitExpired(), NobodyThere(), QueueClosed()]),
    st.sampled_from(KEYS).map(Match),
    st.sampled_from(["3", "*", "20", "9"]).map(NoMatch),
    st.sampled_from(["busy", "no_answer"]).map(TransferFailed),
    st.floats(0, 1e6).map(Transferred),
    st.floats(0, 1e6).map(Served),
    st.sampled_from([*EndedBy]).map(HungUp),
)
"""Any result, whether or not it fits the command."""
