"""The best hour of a list: how it is learnt, when a lead waits for it, and that more people are reached by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.causes import Outcome
from calls.ids import AgentId, CampaignId, LeadId, ListId
from calls.records import best_hours as counted
from calls.records.best_hours import EMPTY, HOURS, Day, Scope, Tally, hour_of
from calls.switch.port import DialAttempt
from dialer import best_hours, hopper, requested
from dialer.attempts import Place
from dialer.holding import Holding
from tests.dialer.actors import Agent, Channel
from tests.dialer.conftest import LOOPBACK, RETRIES, Worlds, make_campaign, numbers
from tests.dialer.world import World

NEW_YORK = ("America/New_York",)
TALLIES = st.builds(
    lambda attempts, share: Tally(attempts, round(attempts * share)), st.integers(0, 500), st.floats(0, 1)
)
DAYS = st.tuples(*[TALLIES] * HOURS)
TIMES = st.integers(0, 2 * 365 * 86400).map(lambda past: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=past))
ZONES = st.sampled_from(
    [
        NEW_YORK,
        ("Europe/London",),
        ("Australia/Lord_Howe",),
        ("Asia/Kolkata",),
        ("America/New_York", "America/Toronto"),
    ]
)


def day(*tallies: tuple[int, int, int]) -> Day:
    """A day from (hour, attempts, answers)."""
    found = list(EMPTY)
    for hour, attempts, answers in tallies:
        found[hour] = Tally(attempts, answers)
    return tuple(found)


EVENING = day((9, 400, 40), (13, 400, 40), (18, 400, 200), (19, 400, 190))


def at(hour: int, minute: int = 0, day_of_month: int = 3) -> datetime:
    """A time in New York in March 2027, in UTC."""
    return datetime(2027, 3, day_of_month, hour, minute, tzinfo=UTC) + timedelta(hours=5)


# --- learning ---------------------------------------------------------------------------------------------------


@given(levels=st.lists(DAYS, min_size=1, max_size=3))
def test_shares_are_shares(levels: list[Day]) -> None:
    for share in best_hours.shares(levels):
        assert 0 <= share.mean <= 1 and 0 <= share.deviation <= 0.5


@given(levels=st.lists(DAYS, min_size=1, max_size=3), hour=st.integers(0, 23), answered=st.integers(1, 50))
def test_answers_in_an_hour_never_make_it_worse_than_the_others(levels: list[Day], hour: int, answered: int) -> None:
    before = best_hours.shares(levels)
    tally = levels[-1][hour]
    more = list(levels[-1])
    more[hour] = Tally(tally.attempts + answered, tally.answers + answered)
    after = best_hours.shares([*levels[:-1], tuple(more)])
    assert after[hour].mean >= before[hour].mean - 1e-9


@given(day_=DAYS)
def test_with_much_counted_in_a_list_the_list_decides(day_: Day) -> None:
    many = tuple(Tally(each.attempts * 10_000, each.answers * 10_000) for each in day_)
    for tally, share in zip(many, best_hours.shares([EMPTY, many]), strict=True):
        if tally.attempts:
            assert share.mean == pytest.approx(tally.answers / tally.attempts, abs=0.005)


def test_with_nothing_counted_all_hours_are_alike() -> None:
    assert len({share.mean for share in best_hours.shares([EMPTY, EMPTY, EMPTY])}) == 1


def test_a_new_list_goes_by_its_campaign_and_that_by_all() -> None:
    for levels in ([EVENING, EMPTY, EMPTY], [EMPTY, EVENING, EMPTY], [EMPTY, EMPTY, EVENING]):
        found = best_hours.shares(levels)
        assert found[18].mean > 2 * found[13].mean


def test_a_list_keeps_the_shape_of_its_campaign_at_its_own_height() -> None:
    low = day((9, 200, 4), (13, 200, 4))  # a fifth of what the campaign has at these hours
    found = best_hours.shares([EVENING, low])
    assert found[18].mean == pytest.approx(0.5 * 0.3, rel=0.35)
    assert found[18].mean > 3 * found[9].mean


@pytest.mark.parametrize("lucky", [(20, 1, 1), (20, 19, 19), (20, 30, 8)])
def test_luck_makes_no_best_hour(lucky: tuple[int, int, int]) -> None:
    levels = [day((9, 100, 20), lucky)]
    assert best_hours.wait_until(best_hours.shares(levels), NEW_YORK, at(9), at(9, 0, 4), lambda _: True) is None


# --- waiting ----------------------------------------------------------------------------------------------------


@given(
    days=st.lists(DAYS, min_size=1, max_size=3), zones=ZONES, now=TIMES, span=st.integers(0, 24), seed=st.integers()
)
def test_who_waits_waits_for_a_better_open_hour_within_the_bound(
    days: list[Day], zones: tuple[str, ...], now: datetime, span: int, seed: int
) -> None:
    expected, until = best_hours.shares(days), now + timedelta(hours=span)

    def is_open(when: datetime) -> bool:
        return Random(f"{seed} {when.isoformat()}").random() < 0.5

    found = best_hours.wait_until(expected, zones, now, until, is_open)
    if found is None:
        return
    assert now < found <= until and is_open(found)
    here, there = hour_of(zones, now), hour_of(zones, found)
    assert here is not None and there is not None
    assert expected[there].mean >= best_hours.BETTER * expected[here].mean
    assert max(level[there].attempts for level in days) >= best_hours.TRIED
    assert found.astimezone(UTC).second == 0


@given(zones=ZONES, now=TIMES)
def test_with_nothing_learnt_nobody_waits(zones: tuple[str, ...], now: datetime) -> None:
    expected = best_hours.shares([EMPTY, EMPTY, EMPTY])
    assert best_hours.wait_until(expected, zones, now, now + timedelta(days=1), lambda _: True) is None


def test_the_first_of_the_good_hours_is_waited_for() -> None:
    expected = best_hours.shares([EVENING])
    latest = at(13, 20) + timedelta(days=1)
    assert best_hours.wait_until(expected, NEW_YORK, at(13, 20), latest, lambda _: True) == at(18)
    assert best_hours.wait_until(expected, NEW_YORK, at(18, 5), latest, lambda _: True) is None
    closed_at_six = best_hours.wait_until(expected, NEW_YORK, at(13), latest, lambda when: when != at(18))
    assert closed_at_six == at(19)
    assert best_hours.wait_until(expected, NEW_YORK, at(13), at(17), lambda _: True) is None


def test_where_zones_disagree_about_the_hour_nothing_is_waited_for() -> None:
    both = ("America/New_York", "America/Chicago")
    expected = best_hours.shares([EVENING])
    assert best_hours.wait_until(expected, both, at(13), at(13, 0, 4), lambda _: True) is None
    assert hour_of((), at(13)) is None and hour_of(("Nowhere/At_All",), at(13)) is None


def test_about_a_tenth_is_tried_anyway() -> None:
    found = sum(best_hours.tried_anyway(f"lead-{each}", 0) for each in range(10_000))
    assert 900 < found < 1100


# --- the store --------------------------------------------------------------------------------------------------


def teach(world: World, evening: Day = EVENING) -> None:
    """Let the store have counted this for the list."""
    world.db.executemany(
        "INSERT INTO answer_hours VALUES ('list', 'l', ?, ?, ?)",
        [(hour, tally.attempts, tally.answers) for hour, tally in enumerate(evening) if tally.attempts],
    )


def set_clock(world: World, when: datetime) -> None:
    world.now += (when - world.wall).total_seconds()


def due(world: World, count: int = 100) -> list[hopper.Due]:
    return hopper.due(world.db, world.campaign.campaign_id, world.wall, count)


def waiting(world: World) -> dict[str, int]:
    rows = world.db.execute(
        "SELECT next_try_at, count(*) FROM campaign_leads WHERE held_since IS NOT NULL GROUP BY 1"
    )
    return dict(rows.fetchall())


def test_leads_wait_for_the_evening_and_are_dialled_then(worlds: Worlds) -> None:
    world = worlds(100, 3, "[order]\nbest_hour = true\n")
    teach(world)
    set_clock(world, at(13, 30))
    world.start()
    world.run(600)
    dialled = len(world.dialled)
    assert 0 < dialled < 25, "some are tried anyway"
    held = waiting(world)
    assert set(held) == {at(18).isoformat(timespec="microseconds")}
    assert sum(held.values()) >= 75
    assert world.core is not None
    assert "leads wait for a better hour" in world.core.view(world.now).campaigns[0].reason
    set_clock(world, at(17, 59))
    world.run(40)
    assert len(world.dialled) == dialled
    world.run(1200)
    assert len({row[0] for row in world.db.execute("SELECT lead_id FROM attempts")}) == 100
    assert waiting(world) == {}


def test_without_the_key_nobody_waits(worlds: Worlds) -> None:
    world = worlds(40, 3)
    teach(world)
    set_clock(world, at(13, 30))
    world.start()
    world.run(900)
    assert len({row[0] for row in world.db.execute("SELECT lead_id FROM attempts")}) == 40


def test_no_lead_waits_longer_than_a_day(worlds: Worlds) -> None:
    world = worlds(30, 0, "[order]\nbest_hour = true\n")
    teach(world)
    set_clock(world, at(13, 30))
    world.start()
    since = world.wall
    for look in range(80):  # agents take nobody: as if the evening were always too short
        set_clock(world, since + timedelta(minutes=20 * look))
        holding = Holding(world.db, world.campaign, world.wall)
        free = [each.lead_id for each in due(world) if not holding.holds(each)]
        if world.wall >= since + best_hours.HELD_AT_MOST:
            assert len(free) == 30
    assert world.wall > since + best_hours.HELD_AT_MOST


def test_agents_who_preview_leads_are_shown_none_that_waits(worlds: Worlds) -> None:
    world = worlds(30, 0, "[order]\nbest_hour = true\n")
    teach(world)
    world.start()
    place = Place("main", world.boot_id, LOOPBACK)
    anyway = {lead for lead in (f"lead-{each[1:]}" for each in numbers(30)) if best_hours.tried_anyway(lead, 0)}
    shown: set[LeadId] = set()
    while found := requested.next_lead(world.db, world.campaign, at(13), shown, place):
        shown.add(found.lead_id)
    assert shown == anyway
    assert requested.next_lead(world.db, world.campaign, at(18), shown, place) is not None


def test_the_bound_is_by_lead_and_ends_with_the_attempt(worlds: Worlds) -> None:
    world = worlds(1, 1, "[order]\nbest_hour = true\n")
    teach(world)
    set_clock(world, at(19, 50))
    world.start()
    world.db.execute("UPDATE campaign_leads SET held_since = ?", (at(2).isoformat(timespec="microseconds"),))
    world.run(30)
    assert waiting(world) == {}


def test_each_attempt_that_says_something_is_counted_once_by_the_clock_of_its_person(worlds: Worlds) -> None:
    world = worlds(60, 4)
    set_clock(world, at(13, 59))
    world.start()
    world.run(3000)
    rows = world.db.execute("SELECT intended_at, zones, outcome FROM attempts WHERE state = 'done'").fetchall()
    assert len(rows) > 60
    expected = list(EMPTY)
    for intended_at, zones, outcome in rows:
        hour = hour_of(json.loads(zones), datetime.fromisoformat(intended_at))
        if hour is not None and Outcome(outcome) in counted.TELLING:
            answered = Outcome(outcome) in (Outcome.ANSWERED, Outcome.ABANDONED)
            expected[hour] = Tally(expected[hour].attempts + 1, expected[hour].answers + answered)
    assert {hour for hour, tally in enumerate(expected) if tally.attempts} == {13, 14}
    for scope, of in ((Scope.ALL, ""), (Scope.CAMPAIGN, "autumn"), (Scope.LIST, "l")):
        assert counted.day(world.db, scope, of) == tuple(expected)
    counted.recount(world.db)
    assert counted.day(world.db, Scope.LIST, "l") == tuple(expected)


def test_what_says_nothing_of_the_hour_is_not_counted(worlds: Worlds) -> None:
    world = worlds(1, 1)
    for outcome in set(Outcome) - counted.TELLING:
        counted.count(world.db, CampaignId("autumn"), ListId("l"), NEW_YORK, at(13), outcome)
    counted.count(world.db, CampaignId("autumn"), ListId("l"), ("Europe/London", "Asia/Tokyo"), at(13), Outcome.BUSY)
    assert counted.day(world.db, Scope.ALL) == EMPTY


# --- more people ------------------------------------------------------------------------------------------------


EVENINGS = (18, 19)


class Habits(World):
    """People who answer in the evening far more than over the day; each try is by chance."""

    def _invite(self, dial: DialAttempt) -> None:
        self._note("invite", dial.number, dial.attempt_id, dial.trunk)
        self.dialled[dial.attempt_id] = self.wall
        self.channels[dial.attempt_id] = Channel(dial)
        hour = hour_of(NEW_YORK, self.wall)
        draw = Random(f"{dial.number} {sum(each.number == dial.number for each in self.log)}").random()
        if draw < (0.6 if hour in EVENINGS else 0.08):
            self._later(5.0, partial(self._answer, dial.attempt_id))
        else:
            self._later(dial.ring_timeout_s, partial(self._end, dial.attempt_id, 0, timed_out=True))

    def talk_s(self) -> float:
        return 30.0


def reached(folder: Path, tables: str) -> tuple[int, int]:
    """How many people were reached in two days by three tries each, and in how many attempts. What was learnt before
    is of other people."""
    text = tables + "[retries.no_answer]\nafter_s = 10800\ntimes = 2\n" + RETRIES
    world = Habits(
        make_campaign(folder, text, ring_timeout_s="25"), LOOPBACK, [Agent(AgentId(each)) for each in "abc"]
    )
    world.add_leads(numbers(60))
    world.db.executemany(
        "INSERT INTO answer_hours VALUES ('all', '', ?, 100, ?)",
        [(hour, 60 if hour in EVENINGS else 8) for hour in range(7, 22)],
    )
    set_clock(world, at(8))
    world.start()
    for _ in range(76):  # two days; five minutes of each half hour are enough for so few people
        world.set_agents_away(False)
        world.run(300.0)
        world.set_agents_away(True)
        while world._heap:
            world.run(30.0)
        set_clock(world, world.wall + timedelta(minutes=23))
    people = world.db.execute("SELECT count(DISTINCT person_key) FROM attempts WHERE outcome = 'answered'").fetchone()
    attempts = world.db.execute("SELECT count(*) FROM attempts").fetchone()
    world.db.close()
    return int(people[0]), int(attempts[0])


def test_more_people_are_reached_in_their_hours(tmp_path: Path) -> None:
    without, tries_without = reached(tmp_path, "")
    with_it, tries_with = reached(tmp_path, "[order]\nbest_hour = true\n")
    assert with_it > 1.5 * without
    assert tries_with < tries_without
