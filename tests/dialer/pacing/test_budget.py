"""The budget: feedback, the guard, caps too low to steer by."""

from __future__ import annotations

import random
from collections import deque
from math import ceil, inf, log

import pytest

from dialer.pace import LIVE_AIM
from dialer.pacing.budget import DAY_AIM, Account, Budget, Mode
from dialer.pacing.leftovers import LATE_ALLOWS, SLICE_S, Leftovers
from tests.bench.pacing_windows import MANY_OF_A_DAY, windows

FRESH = Account()
MANY = 10_000.0


def test_feedback_finds_the_threshold_that_gives_the_cap() -> None:
    """A world in which a person is abandoned with half the risk that was taken."""
    chance, budget = random.Random(1), Budget(0.03)
    for _ in range(6000):
        _, threshold = budget.threshold(FRESH, MANY)
        budget.outcome(chance.random() < threshold / 2, 20)
    assert budget.run.abandons / budget.run.answers == pytest.approx(0.0295, abs=0.002)
    assert budget.run.abandons <= 0.03 * budget.run.answers


def test_an_abandoned_call_lowers_it_and_a_connected_one_raises_it() -> None:
    budget = Budget(0.03)
    _, before = budget.threshold(FRESH, MANY)
    budget.outcome(False, 20)
    _, raised = budget.threshold(FRESH, MANY)
    budget.outcome(True, 20)
    _, lowered = budget.threshold(FRESH, MANY)
    assert lowered < before < raised


@pytest.mark.parametrize("window", [Account(10_000, 300), Account(10_000, 450), Account(50_000, 1500)])
def test_one_more_that_would_break_the_cap_of_the_window_is_not_risked(window: Account) -> None:
    mode, threshold = Budget(0.03).threshold(window, 5000.0)
    assert mode is Mode.GUARDED
    assert threshold < 0.001


def test_the_own_run_is_guarded_too() -> None:
    budget = Budget(0.03)
    for _ in range(20):
        budget.outcome(True, 10)
    assert budget.threshold(FRESH, MANY)[0] is Mode.GUARDED


def test_answers_that_come_within_minutes_are_counted_in_advance() -> None:
    """A large team has hundreds of them a minute; what is counted never goes past the day's end."""
    budget = Budget(0.03)
    for abandoned in [*[False] * 960, *[True] * 40]:
        budget.outcome(abandoned, 300)
    assert budget.threshold(FRESH, MANY, soon=200.0)[0] is Mode.GUARDED
    assert budget.threshold(FRESH, MANY, soon=1300.0)[0] is Mode.STEERED
    assert budget.threshold(FRESH, 1200.0, soon=1300.0)[0] is Mode.GUARDED


@pytest.mark.parametrize("cap", [0.03, 0.01])
@pytest.mark.parametrize(("before", "mode"), [(8, Mode.STEERED), (9, Mode.GUARDED)])
def test_with_a_low_cap_as_many_abandoned_calls_are_counted_in_advance(cap: float, before: int, mode: Mode) -> None:
    budget = Budget(cap)
    for _ in range(before):
        budget.outcome(True, 20)
    assert budget.threshold(FRESH, MANY)[0] is mode


@pytest.mark.parametrize(("cap", "expected"), [(0.001, 2900.0), (0.03, 99.0), (0.0, MANY)])
def test_a_cap_of_fewer_than_three_calls_is_run_without_risk(cap: float, expected: float) -> None:
    mode, threshold = Budget(cap).threshold(FRESH, expected)
    assert mode is Mode.NONE_RISKED
    assert threshold * expected <= 0.02 + 1e-9


def test_debt_is_paid_faster_than_surplus_is_spent() -> None:
    assert Account(1000, 29).aim(0.029, 300.0) == 0.029
    assert Account(1000, 31).aim(0.029, 300.0) == pytest.approx(0.029 - 2 / 150)
    assert Account(1000, 27).aim(0.029, 300.0) == pytest.approx(0.029 + 2 / 300)
    assert Account(1000, 60).aim(0.029, 300.0) == 0.0
    assert Account(10_000, 0).aim(0.029, 300.0) == pytest.approx(2 * 0.029)


def test_a_small_window_has_the_larger_margin() -> None:
    small, large = Budget(0.03), Budget(0.03)
    for budget, expected in ((small, 800.0), (large, 50_000.0)):
        budget.threshold(FRESH, expected)
    targets = [float(str(each.state()["target"])) for each in (small, large)]
    assert targets[0] == pytest.approx(0.03 * (1 - 1 / 24))
    assert targets[1] == pytest.approx(0.03 * 0.985)


def _worked(budget: Budget, answers: int, abandons: int, at_s: float) -> float:
    """A stretch of work from ``at_s`` on, an answer a second; when it ends."""
    for each in range(answers):
        budget.look(at_s + each)
        budget.outcome(each < abandons, 20)
    return at_s + answers


def test_what_calm_days_did_not_spend_is_not_spent_later() -> None:
    """Thirty days without an abandoned call, then a window that forgets them day by day: each day keeps the cap."""
    budget, at_s = Budget(0.03), 0.0
    for _ in range(30):
        _worked(budget, 1000, 0, at_s)
        at_s += 24 * 3600.0
    budget.look(at_s)
    budget.threshold(Account(30_000, 0), 30_000.0)
    assert budget.run == Account()
    chance = random.Random(7)
    for each in range(4000):
        budget.look(at_s + each)
        _, threshold = budget.threshold(Account(30_000, 0), 30_000.0)
        budget.outcome(chance.random() < threshold / 2, 20)
    assert budget.run.abandons <= 0.03 * budget.run.answers


@pytest.mark.parametrize(("answers", "mode"), [(730, Mode.GUARDED), (740, Mode.STEERED)])
def test_where_the_law_counts_a_day_one_call_is_left_free(answers: int, mode: Mode) -> None:
    """22 abandoned calls are 3% of 733 answers: twenty were, one may be next."""
    budget, day_s = Budget(0.03), 24 * 3600.0
    for day in range(3):
        _worked(budget, 700, 19, day * day_s)
    _worked(budget, answers, 20, 3 * day_s)
    assert budget.threshold(budget.run, 2000.0)[0] is mode


def test_a_pause_of_the_work_ends_a_stretch_and_a_short_one_does_not() -> None:
    budget = Budget(0.03)
    now = _worked(budget, 200, 2, 0.0)
    budget.look(now + 3500.0)
    assert budget.run == Account(200, 2)
    budget.look(now + 3601.0)
    assert budget.run == Account()


def test_what_was_spent_too_much_is_paid_for_in_the_next_stretch() -> None:
    budget = Budget(0.03)
    now = _worked(budget, 200, 26, 0.0) + 7200.0
    budget.look(now)
    assert budget.state()["owed"] == pytest.approx(20.0)
    assert budget.threshold(FRESH, MANY)[0] is Mode.GUARDED
    now = _worked(budget, 900, 0, now)
    assert budget.threshold(FRESH, MANY)[0] is Mode.STEERED
    budget.look(now + 7200.0)
    assert budget.state()["owed"] == 0.0
    restored = Budget(0.03)
    restored.restore(budget.state())
    assert restored.state() == budget.state()


def test_where_the_law_counts_a_day_no_answer_is_counted_in_advance() -> None:
    budget, day_s = Budget(0.03), 24 * 3600.0
    for day in range(3):
        _worked(budget, 700, 19, day * day_s)
    _worked(budget, 690, 21, 3 * day_s)
    within = budget.run
    assert budget.threshold(within, 2000.0)[0] is Mode.GUARDED, "it may end at any answer"
    assert budget.threshold(Account(20_000, 500), 20_000.0)[0] is Mode.STEERED, "the law counts thirty days"
    fresh = Budget(0.03)
    _worked(fresh, 690, 21, 0.0)
    assert fresh.threshold(within, 2000.0)[0] is Mode.STEERED, "the first day may be a long one"


@pytest.mark.parametrize("first_day", ["", "the first window"])
def test_where_it_is_known_that_the_law_counts_a_day_any_answer_may_be_the_last(first_day: str) -> None:
    """Nothing is counted in advance, on a first day too, and room is left for all who may answer what rings."""
    budget, day_s = Budget(0.03, window_s=24 * 3600.0), 24 * 3600.0
    days = 0 if first_day else 3
    for day in range(days):
        _worked(budget, 700, 19, day * day_s)
    _worked(budget, 300, 4, days * day_s)
    assert budget.threshold(budget.run, 2000.0)[0] is Mode.STEERED
    assert budget.threshold(budget.run, 2000.0, coming=4.0)[0] is Mode.GUARDED, "four and three deviations: ten may"
    assert budget.threshold(budget.run, 130.0, coming=4.0)[0] is Mode.STEERED, "no more than a part of a small day"
    month = Budget(0.03, window_s=30 * day_s)
    _worked(month, 300, 4, 0.0)
    assert month.threshold(month.run, 2000.0, coming=4.0)[0] is Mode.STEERED


@pytest.mark.parametrize(
    ("days", "window_s", "first", "used"), [(25, 24 * 3600.0, 0, 0.010), (45, 30 * 24 * 3600.0, 1, 0.022)]
)
def test_every_window_of_weeks_keeps_the_cap(days: int, window_s: float, first: int, used: float) -> None:
    """Days of 150 to 500 answers that begin when they will, on each of which a dial's risk is a third to thrice what
    was forecast. Of thirty days the first is no window that ends."""
    chance, budget = random.Random(3), Budget(0.03, LIVE_AIM, window_s)
    outcomes, ends, held = list[tuple[float, bool]](), list[float](), deque[tuple[float, bool]]()
    nobody = 0
    for day in range(days):
        at_s, wrong = 24 * 3600.0 * day + chance.uniform(8, 14) * 3600.0, chance.uniform(0.3, 3)
        for _ in range(chance.randint(150, 500)):
            at_s += chance.expovariate(1 / 30)
            while held and held[0][0] <= at_s - window_s:
                nobody -= held.popleft()[1]
            budget.look(at_s)
            window = Account(len(held), nobody)
            _, threshold = budget.threshold(window, max(700.0, window.answers), coming=4.0)
            abandoned = chance.random() < threshold * wrong
            budget.outcome(abandoned, 12)
            outcomes.append((at_s, abandoned))
            held.append((at_s, abandoned))
            nobody += abandoned
        ends.append(at_s)
    shares, _ = windows(outcomes, window_s, ends)
    assert max(shares[first:]) <= 0.03
    assert sum(shares) / len(shares) > used, "and what it allows is used"


def test_near_the_cap_what_is_under_way_is_left_room_for() -> None:
    """Of ten persons who will answer a third of one is expected to find nobody, and one more may well."""
    window = Account(4000, 118)
    assert Budget(0.03).threshold(window, 4000.0)[0] is Mode.STEERED
    assert Budget(0.03).threshold(window, 4000.0, coming=10.0)[0] is Mode.GUARDED


DAY_S = 24 * 3600.0


def _answered(budget: Budget, at_s: float, *abandoned: bool) -> None:
    for each in abandoned:
        budget.look(at_s)
        budget.outcome(each, 8)


def test_where_the_law_counts_a_day_the_last_call_of_the_day_before_is_owed() -> None:
    """631 answers allow 18 abandoned calls: with 16, and one call of room, yesterday's last would be the 19th."""
    alike, alone = Budget(0.03, window_s=DAY_S), Budget(0.03, window_s=DAY_S)
    for budget, last in ((alike, False), (alone, True)):
        _answered(budget, 0.0, *[False] * 300, last)
        for hour in range(1, 23):
            budget.look(hour * 3600.0)
        for each in range(631):
            _answered(budget, 22 * 3600.0 + each, each < 16)
    window = Account(632, 17)
    assert alike.threshold(alike.run, 2000.0)[0] is Mode.STEERED
    assert alone.threshold(alone.run, 2000.0)[0] is Mode.GUARDED
    restored = Budget(0.03, window_s=DAY_S)
    restored.restore(alone.state())
    assert restored.state() == alone.state()
    assert restored.threshold(window, 2000.0) == alone.threshold(window, 2000.0)
    for passed_s in (0.0, 2.2 * 3600.0):  # a restart tells no time; then the window has lost yesterday
        restored.look(passed_s)
    assert restored.state()["owed"] == 0.0


def test_of_stretches_before_that_end_is_owed_that_has_most_over_the_cap() -> None:
    left = Leftovers(0.25, DAY_S)
    for minute, abandoned in enumerate([True, False, False, False, True, True, False, True]):
        left.answered(600.0 * minute, abandoned)
    assert left.owed == 0.0, "they are of the stretch that goes on"
    left.stretch_ended()
    assert left.owed == pytest.approx(3 - 0.25 * 4), "of the last four answers"
    left.look(DAY_S + 600.0 * 5 + 301.0)
    assert left.owed == pytest.approx(1 - 0.25), "of the last one, where the fifth and sixth are lost"
    halves = Leftovers(0.25, DAY_S)
    halves.restore({"left": left.state(0.0)}, "left", 0.0, parts=2)
    assert halves.owed == pytest.approx(0.75 / 2)
    left.look(DAY_S + 600.0 * 7 + 301.0)
    assert (left.owed, left.state(0.0)) == (0.0, [])
    with pytest.raises(ValueError, match="5 numbers a slice"):
        left.restore({"left": [1.0]}, "left", 0.0)


ENOUGH = ceil(LATE_ALLOWS / 0.25)


def test_last_answers_are_looked_at_once_the_cap_allows_enough_of_them() -> None:
    left = Leftovers(0.25, DAY_S)
    for minute in range(60):  # a calm beginning, then every third, 15 in all
        left.answered(600.0 * minute, minute >= 15 and minute % 3 == 0)
        if minute == ENOUGH - 2:
            assert left.late == -inf, "one fewer than those of which the cap allows enough"
    assert left.late == pytest.approx(15 - 0.25 * 45), "of those from the first abandoned call on"
    kept = Leftovers(0.25, DAY_S)
    kept.restore({"left": left.state(0.0)}, "left", 0.0)
    assert kept.late == left.late
    left.stretch_ended()
    assert left.late == -inf


@pytest.mark.parametrize("seed", [1, 2])
def test_of_a_day_no_later_part_is_above_the_cap_when_its_beginning_has_left_the_window(seed: int) -> None:
    """Two weeks of days of 500 to 750 answers: windows of 24 hours that hold 200 or more, at every moment, the nights
    too, in which the days before are lost answer by answer."""
    chance, budget = random.Random(seed), Budget(0.03, LIVE_AIM, DAY_S)
    outcomes, ends = list[tuple[float, bool]](), list[float]()
    for day in range(14):
        at_s, wrong, whole = DAY_S * day + chance.uniform(8, 14) * 3600.0, chance.uniform(0.5, 2), Account()
        for _ in range(chance.randint(500, 750)):
            at_s += chance.expovariate(1 / 22)
            budget.look(at_s)
            _, threshold = budget.threshold(whole, 700.0, coming=4.0)
            abandoned = chance.random() < threshold * wrong
            budget.outcome(abandoned, 12)
            outcomes.append((at_s, abandoned))
            whole.answers += 1
            whole.abandons += abandoned
        ends.append(at_s)
    at_ends, worst = windows(outcomes, DAY_S, ends, MANY_OF_A_DAY)
    assert worst <= 0.03
    assert max(at_ends) <= 0.03
    assert sum(at_ends) / len(at_ends) > 0.012, "and what it allows is used"


def test_answers_of_the_same_minutes_are_told_apart_by_their_order() -> None:
    first, last = Leftovers(0.25, DAY_S), Leftovers(0.25, DAY_S)
    for left, order in ((first, (True, False, False, False)), (last, (False, False, False, True))):
        for abandoned in order:
            left.answered(10.0, abandoned)
        left.stretch_ended()
    assert (first.owed, last.owed) == (0.0, 0.75)


def test_last_answers_of_a_large_team_are_no_fewer_than_are_enough() -> None:
    """It has hundreds of them in one slice, of which no part stands for all."""
    left = Leftovers(0.03, DAY_S)
    for slice_ in range(2):
        for each in range(600):
            left.answered(SLICE_S * slice_ + each / 4, slice_ == 0 and each >= 590)
    assert left.late == pytest.approx(10 - 0.03 * 610), "the ten at the end of the first, and all of the second"
    alone = Leftovers(0.03, DAY_S)
    for each in range(600):
        alone.answered(each / 4, each >= 598)
    assert alone.late == pytest.approx(2 - 0.03 * 600), "of the last two alone nothing is told"


def test_where_the_law_counts_a_day_it_aims_lower_and_spends_no_surplus() -> None:
    day, month = Budget(0.03, window_s=DAY_S), Budget(0.03, window_s=30 * DAY_S)
    rises, targets = [], []
    for budget in (day, month):
        budget.threshold(FRESH, 900.0)
        _worked(budget, 100, 0, 0.0)
        _, before = budget.threshold(FRESH, 900.0)
        budget.outcome(False, 20)
        rises.append(log(budget.threshold(FRESH, 900.0)[1] / before))
        targets.append(float(str(budget.state()["target"])))
    assert targets[0] == pytest.approx(DAY_AIM * targets[1])
    assert rises[0] / rises[1] < 0.7 * targets[0] / targets[1], "the month's surplus is spent"
