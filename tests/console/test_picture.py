"""The picture of the floor: that its changes make it, whatever changes, and what each topic shows of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.accounts.roles import RIGHTS, Role
from console.accounts.store import Account, Known
from console.picture import Picture, applied, changes, merged, only, packed
from console.web.live_topics import LONGEST_QUEUE, Topic, Viewer, Wish, chooser, tokens_of, wish_of

KEYS = st.sampled_from(["anna", "ben", "sales", ""])
RECORDS = st.dictionaries(st.sampled_from(["state", "since"]), st.integers(0, 2) | st.none(), max_size=2)
PICTURES = st.dictionaries(
    st.sampled_from(["agents", "queues", "calls"]), st.dictionaries(KEYS, RECORDS, max_size=3), max_size=3
)


def full(picture: Picture) -> Picture:
    """Without sections that hold nothing: there and empty is the same as not there."""
    return {section: records for section, records in picture.items() if records}


@given(PICTURES, PICTURES)
def test_the_changes_make_the_next_picture(before: Picture, after: Picture) -> None:
    assert full(applied(before, changes(before, after))) == full(after)
    assert changes(after, after) == {}


@given(PICTURES, PICTURES, PICTURES)
def test_two_changes_in_one_come_to_the_same(first: Picture, second: Picture, third: Picture) -> None:
    both = merged(changes(first, second), changes(second, third))
    assert full(applied(first, both)) == full(third)


def test_a_record_that_has_not_changed_is_not_sent() -> None:
    before = {"agents": {"anna": {"state": "ready"}, "ben": {"state": "ready"}}}
    after = {"agents": {"anna": {"state": "talking"}, "chloe": {"state": "ready"}}}
    assert changes(before, after) == {
        "agents": {"anna": {"state": "talking"}, "ben": None, "chloe": {"state": "ready"}}
    }


def test_a_message_says_what_it_is_and_when() -> None:
    message = packed("delta", 7, {"agents": {"é": None}}, 1700000000000)
    assert message == '{"kind":"delta","seq":7,"at":1700000000000,"content":{"agents":{"é":null}}}'.encode()


WHOLE: Picture = {
    "agents": {"anna": {"state": "ready"}, "ben": {"state": "ready"}},
    "queues": {"sales": {"waiting": 0}},
    "calls": {"1": {"caller": "+49...001"}},
    "engine": {"": {"calls": 1}},
}


def known(role: Role, agent: str | None = None, *, must_change: bool = False) -> Known:
    return Known(Account("1", "x", role, agent, must_change, False, False), RIGHTS[role], "token")


@pytest.mark.parametrize(
    ("topic", "who", "wish"),
    [
        ("wall", known(Role.QUALITY), Wish("wall")),
        ("wall", known(Role.AGENT, "anna"), None),
        ("floor", known(Role.SUPERVISOR), Wish("floor")),
        ("floor", known(Role.MANAGER), None),
        ("desk", known(Role.AGENT, "anna"), Wish("desk", "anna")),
        ("desk", known(Role.AGENT), None),
        ("desk", known(Role.QUALITY, "anna"), None),
        ("desk", known(Role.AGENT, "anna", must_change=True), None),
        ("", known(Role.ADMINISTRATOR), None),
        ("desk:ben", known(Role.ADMINISTRATOR), None),
    ],
)
def test_who_may_look_at_what(topic: str, who: Known, wish: Wish | None) -> None:
    assert wish_of(topic, who) == wish


def test_each_topic_has_its_part_and_no_more() -> None:
    assert set(chooser(Wish("wall"))(WHOLE)) == {"agents", "queues", "engine"}
    assert set(chooser(Wish("floor"))(WHOLE)) == {"agents", "queues", "engine", "calls"}
    assert chooser(Wish("desk", "anna"))(WHOLE) == {
        "agents": {"anna": {"state": "ready"}},
        "queues": {"sales": {"waiting": 0}},
        "engine": {"": {"away": None}},
    }
    assert chooser(Wish("desk", "anna"))({"agents": {"ben": None}, "queues": {"sales": None}}) == {
        "queues": {"sales": None}
    }
    assert only(WHOLE, ("none", "queues")) == {"queues": {"sales": {"waiting": 0}}}


def topic() -> tuple[Topic, Viewer]:
    made, viewer = Topic(chooser(Wish("wall")), lambda: 5), Viewer(known(Role.QUALITY))
    made.begin(WHOLE)
    made.viewers.add(viewer)
    return made, viewer


async def test_a_wall_is_told_once_of_what_changed_several_times() -> None:
    made, viewer = topic()
    assert await viewer.next(made.whole) == made.whole()
    for waiting in (1, 2, 3):
        made.take({"queues": {"sales": {"waiting": waiting}}})
    made.flush()
    message = await viewer.next(made.whole)
    assert message is not None and json.loads(message)["content"] == {"queues": {"sales": {"waiting": 3}}}
    made.take({"queues": {"sales": {"waiting": 4}}})
    made.take({"queues": {"sales": {"waiting": 3}}})
    made.flush()
    assert json.loads(made.whole())["seq"] == 1  # it came to nothing


async def test_who_is_slow_gets_the_whole_picture_and_the_deltas_after_it() -> None:
    made, viewer = topic()
    await viewer.next(made.whole)
    for waiting in range(1, LONGEST_QUEUE + 2):
        made.take({"queues": {"sales": {"waiting": waiting}}})
        made.flush()
    message = await viewer.next(made.whole)
    assert message == made.whole() and json.loads(message)["seq"] == LONGEST_QUEUE + 1
    made.take({"queues": {"sales": {"waiting": 0}}})
    made.flush()
    message = await viewer.next(made.whole)
    assert message is not None
    assert (json.loads(message)["kind"], json.loads(message)["seq"]) == ("delta", LONGEST_QUEUE + 2)


async def test_all_who_look_are_sent_the_same_bytes() -> None:
    made, viewer = topic()
    others = [Viewer(known(Role.QUALITY)) for _ in range(3)]
    made.viewers.update(others)
    for each in (viewer, *others):
        await each.next(made.whole)
    made.take({"queues": {"sales": {"waiting": 1}}})
    made.flush()
    sent = [await each.next(made.whole) for each in (viewer, *others)]
    assert all(each is sent[0] for each in sent)
    assert tokens_of([made]).keys() == {"token"} and len(tokens_of([made])["token"]) == 4


async def test_who_is_to_go_is_told_nothing_more() -> None:
    made, viewer = topic()
    viewer.end(4401)
    assert await viewer.next(made.whole) is None
