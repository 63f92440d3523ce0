"""A run's agenda: what is to come in the order of time, and of one moment in the order in which it was asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialer.simulation.agenda import Agenda
from dialer.simulation.presence import Inside, Presence
from dialer.simulation.scenario import HOUR_S
from dialer.simulation.tally import Tally

MOMENTS = st.sampled_from([0.0, 0.25, 1.0, 1.5, 1.5, 2.0, 7.75, 30.0])


@given(first=st.lists(MOMENTS), after=st.lists(MOMENTS, max_size=5))
def test_everything_comes_once_in_the_order_of_time_and_of_asking(first: list[float], after: list[float]) -> None:
    agenda, done = Agenda(), list[tuple[float, int]]()
    now, asked = 0.0, 0

    def do(number: int) -> None:
        done.append((now, number))
        if number % 2 == 0 and after:
            push(now + after.pop())

    def push(at_s: float) -> None:
        nonlocal asked
        asked += 1
        agenda.push(at_s, do, asked)

    for at_s in first:
        push(at_s)
    while (second := agenda.next_second) is not None:
        for at_s, _, what, which in agenda.due(second):
            now = at_s
            what(which)
        if after:
            push(float(second))  # in the moment that has just been looked at: it comes with the next
    assert done == sorted(done)
    assert len(done) == len({number for _, number in done}) == asked


def test_agent_seconds_are_booked_by_hour_and_not_in_the_warm_up() -> None:
    tally = Tally()
    presence = Presence(tally, 600.0)
    presence.there_s -= 0.0  # one comes at once and stays; a talk from 300 s to 900 s, another from 3500 s on
    presence.talking_s -= 300.0
    presence.book(presence.next_s, Inside(1, 0, 0, 1))
    presence.talking_s += 900.0
    presence.talking_s -= 3500.0
    assert presence.next_s == HOUR_S
    presence.book(HOUR_S, Inside(1, 0, 0, 1))
    presence.book(4000.0, Inside(1, 0, 0, 1))
    presence.book(4000.0, Inside(1, 0, 0, 1))
    assert (tally.talking_s, tally.logged_in_s) == (300.0 + 100.0 + 400.0, 3400.0)
    assert [(each.busy_s, each.logged_in_s) for each in tally.hours.values()] == [(400.0, 3000.0), (400.0, 400.0)]
