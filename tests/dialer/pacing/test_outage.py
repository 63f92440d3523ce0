"""A dead trunk told from people who do not answer."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from dialer.pacing.learnt import Learnt
from dialer.pacing.model import LiveAnswer, NoAnswer, Snapshot
from dialer.pacing.outage import FAILED_IN_A_ROW, Outage


def test_refusals_of_the_network_say_nothing_of_people() -> None:
    outage = Outage()
    assert [outage.failed(38) for _ in range(FAILED_IN_A_ROW)] == [False] * FAILED_IN_A_ROW
    assert "refused" in outage.reason(0.3)


@pytest.mark.parametrize("cause", [None, 18, 19])
def test_silence_is_an_outage_once_chance_would_hardly_do_it(cause: int | None) -> None:
    outage = Outage()
    for _ in range(25):
        assert outage.failed(cause)
    assert outage.reason(0.3) == ""
    outage.failed(cause)
    assert "none of the last 26" in outage.reason(0.3)
    assert outage.reason(0.05) == ""


def test_a_busy_line_is_a_trunk_that_works() -> None:
    outage = Outage()
    for _ in range(100):
        outage.failed(19)
    outage.failed(17)
    assert outage.reason(0.3) == ""


def test_an_answer_ends_it() -> None:
    outage = Outage()
    for _ in range(100):
        outage.failed(38)
    outage.reached()
    assert outage.reason(0.3) == ""


@pytest.mark.parametrize("first_cause", [None, 17])
def test_dials_that_rang_in_vain_when_the_trunk_came_back_say_nothing(first_cause: int | None) -> None:
    """Two hundred phones seemed to ring for 25 s when it was back; they end after its first answer, or busy line."""
    learnt, at_s = Learnt(2.0, 25.0), 0.0
    for each in range(800):
        at_s += 0.5
        if each % 4:
            learnt.dial_ended(NoAnswer(at_s=at_s + 25.0, dialled_at_s=at_s, cause=19))
        else:
            learnt.dial_ended(LiveAnswer(at_s=at_s + 9.0, dialled_at_s=at_s))
    learnt.look(_nothing(500.0))
    share = learnt.rate.share
    for _ in range(60):
        learnt.dial_ended(NoAnswer(at_s=530.0, dialled_at_s=505.0, cause=19))
    assert learnt.down()
    if first_cause is None:
        learnt.dial_ended(LiveAnswer(at_s=540.0, dialled_at_s=535.0))
    else:
        learnt.dial_ended(NoAnswer(at_s=540.0, dialled_at_s=535.0, cause=first_cause))
    assert not learnt.down()
    for _ in range(200):
        learnt.dial_ended(NoAnswer(at_s=541.0, dialled_at_s=516.0, cause=19))
    learnt.look(_nothing(545.0))
    assert learnt.rate.share == pytest.approx(share, abs=0.01)
    assert learnt.rate.changes == 0


@pytest.mark.parametrize("share", [0.03, 0.1])
def test_chance_silences_of_a_large_team_keep_nothing_from_being_learnt(share: float) -> None:
    """Thirty dials a second, and half of them were expected to be answered: ten in a row without an answer happen
    each second, and are no outage."""
    learnt, chance = Learnt(2.0, 25.0), random.Random(4)
    dials = list[tuple[float, float, bool]]()
    for each in range(1800):
        live, dialled_at_s = chance.random() < share, each / 30
        dials.append((dialled_at_s + (chance.uniform(4.0, 20.0) if live else 25.0), dialled_at_s, live))
    dials.sort()
    for second in range(90):
        for at_s, dialled_at_s, live in dials:
            if second - 1 < at_s <= second and live:
                learnt.dial_ended(LiveAnswer(at_s=at_s, dialled_at_s=dialled_at_s))
            elif second - 1 < at_s <= second:
                learnt.dial_ended(NoAnswer(at_s=at_s, dialled_at_s=dialled_at_s, cause=19))
        ringing = tuple(since for at_s, since, _ in dials if since <= second < at_s)
        learnt.look(replace(_nothing(float(second)), ringing_since_s=ringing))
    assert learnt.rate.resolved > 1200
    assert learnt.rate.share == pytest.approx(share, abs=0.02)


def _nothing(at_s: float) -> Snapshot:
    return Snapshot(at_s, 0, 0, (), (), (), 0)
