"""Several numbers a lead: which is dialled when, and what one that may not be dialled means for the others."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.errors import CampaignError
from calls.people import do_not_call
from dialer.compliance import Lead, Refused
from dialer.events import Begun
from dialer.leads.numbers import LeadNumber, in_turn, of_all
from dialer.order import Kind
from tests.dialer.conftest import make_campaign
from tests.dialer.test_attempts import Store, minutes, numbers
from tests.dialer.world import START

MOBILE, HOME, WORK = "+12025550101", "+12025550102", "+12025550103"
EAST, WEST = '["America/New_York"]', '["America/Los_Angeles"]'
AGAIN = "[retries.no_answer]\nafter_s = 60\ntimes = 9\n"
WANTS = '[order]\ntypes = ["mobile", "work"]\n'


def several(store: Store, *further: tuple[Kind, str, str], first: Kind = Kind.HOME) -> None:
    """One lead: HOME, and the further ones."""
    store.add(HOME)
    store.db.execute("UPDATE leads SET kind = ?", (first.value,))
    store.db.executemany(
        "INSERT INTO lead_numbers (lead_id, position, kind, number, time_zones) VALUES (?, ?, ?, ?, ?)",
        [(f"lead{HOME}", place, kind.value, number, zones) for place, (kind, number, zones) in enumerate(further, 2)],
    )


def dial(store: Store, outcome: Outcome, now: datetime) -> list[str]:
    begun = store.begin(1, now)
    for each in begun.attempts:
        store.end(each, outcome, now)
    return numbers(begun)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(make_campaign(tmp_path, AGAIN))
    yield made
    made.db.close()


def test_attempts_go_through_the_numbers_in_the_order_of_the_file(store: Store) -> None:
    several(store, (Kind.MOBILE, MOBILE, EAST), (Kind.WORK, WORK, EAST))
    dialled = [dial(store, Outcome.NO_ANSWER, minutes(9 * 60 * turn)) for turn in range(4)]
    assert dialled == [[HOME], [MOBILE], [WORK], [HOME]]


def test_kinds_that_the_campaign_names_go_first(store: Store, tmp_path: Path) -> None:
    store.campaign = make_campaign(tmp_path, WANTS + AGAIN)
    several(store, (Kind.WORK, WORK, EAST), (Kind.MOBILE, MOBILE, EAST))
    dialled = [dial(store, Outcome.NO_ANSWER, minutes(9 * 60 * turn)) for turn in range(3)]
    assert dialled == [[MOBILE], [WORK], [HOME]]


def test_a_forbidden_number_is_left_out_and_not_the_lead(store: Store) -> None:
    several(store, (Kind.MOBILE, MOBILE, EAST))
    do_not_call.add(store.db, do_not_call.Entry(HOME, "test", "", START, "test"))
    assert [dial(store, Outcome.NO_ANSWER, minutes(9 * 60 * turn)) for turn in range(2)] == [[MOBILE], [MOBILE]]
    do_not_call.add(store.db, do_not_call.Entry(MOBILE, "test", "", START, "test"))
    begun = store.begin(1, minutes(2000))
    assert (numbers(begun), begun.refused, store.lead(HOME)[0]) == ([], {"do_not_call": 1}, "refused")


def test_a_number_that_leads_to_nobody_gives_way_to_the_next_at_once(store: Store) -> None:
    several(store, (Kind.MOBILE, MOBILE, EAST))
    assert dial(store, Outcome.UNALLOCATED, START) == [HOME]
    assert store.lead(HOME)[0] == "retry"
    assert dial(store, Outcome.NO_ANSWER, START) == [MOBILE]
    assert dial(store, Outcome.UNALLOCATED, minutes(2)) == [MOBILE]
    assert store.lead(HOME)[0] == "done"


def test_the_only_number_of_a_lead_that_leads_to_nobody_ends_it(store: Store) -> None:
    several(store)
    assert dial(store, Outcome.UNALLOCATED, START) == [HOME]
    assert store.lead(HOME)[0] == "done"


def test_each_number_has_hours_of_its_own(tmp_path: Path) -> None:
    store = Store(make_campaign(tmp_path, AGAIN, preset='"canada"'))
    store.add(HOME, zones=WEST)
    store.db.execute(
        "INSERT INTO lead_numbers VALUES (?, 2, 'mobile', ?, ?)", (f"lead{HOME}", MOBILE, '["America/Chicago"]')
    )
    begun = store.begin(1, START)  # nine in the morning of UTC: one at night in the west, three in Chicago
    assert begun == Begun((), {"calling_hours": 1}, next_in_s=6 * 3600)
    assert numbers(store.begin(1, START + timedelta(hours=6))) == [MOBILE]
    store.db.close()


def test_the_limit_of_a_person_is_over_all_numbers_and_that_of_a_number_is_not(tmp_path: Path) -> None:
    limits = "[attempts]\nper_number = 1\nper_person = 2\n"
    store = Store(make_campaign(tmp_path, AGAIN + limits))
    several(store, (Kind.MOBILE, MOBILE, EAST), (Kind.WORK, WORK, EAST))
    assert [dial(store, Outcome.NO_ANSWER, minutes(9 * 60 * turn)) for turn in range(3)] == [[HOME], [MOBILE], []]
    store.db.close()


def test_a_kind_that_is_none_is_a_fault_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"autumn\.toml:11: order\.types.*: expected .*mobile"):
        make_campaign(tmp_path, '[order]\ntypes = ["fax"]\n')


KINDS = st.sampled_from(list(Kind))


@given(
    st.lists(KINDS, min_size=1, max_size=6),
    st.lists(KINDS, unique=True),
    st.dictionaries(st.integers(0, 5), st.integers(0, 3)),
    st.sets(st.integers(0, 5)),
)
def test_whose_turn_it_is(kinds: list[Kind], wanted: list[Kind], tries: dict[int, int], dead: set[int]) -> None:
    given_ = [LeadNumber(kind, Lead(str(place), ())) for place, kind in enumerate(kinds)]
    tried = {str(place): count for place, count in tries.items()}
    turn = in_turn(given_, wanted, tried, {str(place) for place in dead})
    assert Counter(turn) == Counter(each for each in given_ if int(each.lead.number) not in dead)
    counts = [tried.get(each.lead.number, 0) for each in turn]
    assert counts == sorted(counts)
    for one, next_ in itertools.pairwise(turn):
        if tried.get(one.lead.number, 0) == tried.get(next_.lead.number, 0):
            places = [wanted.index(each.kind) if each.kind in wanted else len(wanted) for each in (one, next_)]
            assert places[0] < places[1] or (places[0] == places[1] and int(one.lead.number) < int(next_.lead.number))


def test_a_lead_is_refused_until_the_earliest_of_its_numbers() -> None:
    never, late, soon = (
        Refused("do_not_call", None),
        Refused("attempts", minutes(9)),
        Refused("cool_down", minutes(2)),
    )
    assert of_all([never, late, soon]) == soon
    assert of_all([never]) == never
    assert of_all([]) == Refused("number", None)
