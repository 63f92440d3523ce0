"""Which trunk carries a call: prefixes, cost, order, room, and what is said where none does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from calls.settings import Trunk
from dialer import routes
from dialer.routes import NoRoute, Room, Route


def room(name: str, *prefixes: str, cost: float = 0.0, free: int = 1, why: str = "") -> Room:
    trunk = Trunk(
        name=name, dial="PJSIP/{number}@x", lines=9, calls_per_second=9, prefixes=prefixes, cost_a_minute=cost
    )
    return Room(trunk, free, why)


def taken(number: str, *rooms: Room, congested_on: tuple[str, ...] = ()) -> str:
    found = routes.choose(number, rooms, congested_on)
    return found.trunk.name if isinstance(found, Route) else found.reason


def test_the_longest_prefix_comes_before_cost_and_cost_before_order() -> None:
    any_, germany, berlin = room("any"), room("germany", "+49", cost=2.0), room("berlin", "+4930", "+4931", cost=9.0)
    assert taken("+49301234", any_, germany, berlin) == "berlin"
    assert taken("+49891234", any_, germany, berlin) == "germany"
    assert taken("+33123456", any_, germany, berlin) == "any"
    assert taken("+49891234", room("dear", "+49", cost=3.0), germany, room("same", "+49", cost=2.0)) == "germany"


def test_without_room_the_next_best_carries() -> None:
    berlin, germany, any_ = room("berlin", "+4930", free=0), room("germany", "+49"), room("any")
    assert taken("+49301234", any_, germany, berlin) == "germany"
    assert taken("+49301234", any_, replace(germany, free=0), berlin) == "any"


def test_with_no_room_anywhere_it_says_what_each_waits_for() -> None:
    full = [room("a", free=0, why="trunk a is congested: rests 3.0 s"), room("b", free=0)]
    assert routes.choose("+4930", full) == NoRoute("trunk a is congested: rests 3.0 s; trunk b is full")


def test_a_number_that_no_trunk_carries_never_has_one() -> None:
    assert routes.choose("+1202", [room("a", "+49"), room("b", "+33", free=0)]) == NoRoute(
        "no trunk carries +1202: a, b", never=True
    )


def test_after_congestion_it_is_the_turn_of_another_unless_no_other_carries() -> None:
    a, b, abroad = room("a"), room("b", cost=5.0), room("abroad", "+33")
    assert taken("+49301", a, b, abroad, congested_on=("a",)) == "b"
    assert taken("+49301", a, replace(b, free=0), abroad, congested_on=("a",)) == "trunk b is full"
    assert taken("+49301", a, abroad, congested_on=("a",)) == "a"
    assert taken("+49301", a, b, room("c", cost=9.0), congested_on=("a", "b")) == "c"


def test_a_route_says_how_many_carry_such_a_number() -> None:
    found = routes.choose("+49301", [room("a"), room("b", "+49", free=0), room("c", "+33")])
    assert isinstance(found, Route) and found.carriers == 2


PREFIXES = st.sampled_from(["+4", "+49", "+4930", "+1", "+1202"])
ROOMS = st.lists(st.builds(room, st.text("abc", min_size=1), PREFIXES, free=st.integers(0, 2)), max_size=5)


@given(ROOMS, st.sampled_from(["+49301", "+12025", "+336"]), st.frozensets(st.sampled_from("abc")))
def test_whatever_is_chosen_carries_and_has_room(
    rooms: list[Room], number: str, congested_on: frozenset[str]
) -> None:
    found = routes.choose(number, rooms, congested_on)
    fitting = [each for each in rooms if routes.carries([each.trunk], number)]
    if isinstance(found, Route):
        assert any(each.trunk == found.trunk and each.free for each in fitting)
        assert found.trunk.name not in congested_on or all(each.trunk.name in congested_on for each in fitting)
    else:
        assert found.never == (not fitting) and found.reason


@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3)))
def test_trunks_that_campaigns_share_stand_together_and_others_apart(ways: list[list[str]]) -> None:
    groups = routes.joined(ways)
    assert sorted(name for group in groups for name in group) == sorted({name for way in ways for name in way})
    assert all(any(group >= set(way) for group in groups) for way in ways)
    for group in groups:  # and no group could be split: from any of its trunks the others are reached
        reached = {min(group)}
        while more := {name for way in ways if reached & set(way) for name in way} - reached:
            reached |= more
        assert reached == group


def test_a_detour_names_what_is_ill_and_what_carries() -> None:
    a, b, c = room("a"), room("b"), room("c")
    assert routes.describe([a, b], ["trunk a is congested: rests 1.0 s", ""]) == (
        "trunk a is congested: rests 1.0 s; b carries"
    )
    assert routes.describe([a, b, c], ["", "trunk b is broken: one probe at a time", ""]).endswith("; a, c carry")
    assert routes.describe([a, b], ["", ""]) == routes.describe([a], ["ill"]) == ""
