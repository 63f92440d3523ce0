"""A campaign of 200 leads by last digit, from its start to its end, against an independent checker."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.dialer.checker import broken
from tests.dialer.conftest import Worlds


@pytest.mark.parametrize("detect", ["true", "false"])
def test_every_lead_ends_right(worlds: Worlds, detect: str) -> None:
    world = worlds(200, 5, detect_machine=detect)
    world.start()
    world.run(3600)
    assert world.finished
    assert broken(world, per_person=3, at_end=True) == []
    rows = world.db.execute(
        "SELECT substr(number, -1), last_outcome, state, tries, count(*) FROM leads"
        " JOIN campaign_leads USING (lead_id) GROUP BY 1, 2, 3, 4 ORDER BY 1"
    ).fetchall()
    machine = "machine" if detect == "true" else "answered"
    expected = {
        "0": ("answered", 1),
        "1": ("answered", 1),
        "2": ("answered", 1),
        "3": ("answered", 1),
        "4": (machine, 1),
        "5": ("busy", 3),
        "6": ("no_answer", 1),
        "7": ("congestion", 2),
        "8": ("unallocated", 1),
        "9": ("unreachable", 1),
    }
    assert rows == [(digit, outcome, "done", tries, 20) for digit, (outcome, tries) in expected.items()]
    calls = Counter(row[0] for row in world.db.execute("SELECT outcome FROM calls"))
    assert calls["busy"] == 60
    assert calls["congestion"] == 40


def test_people_are_connected_in_time_and_times_are_kept(worlds: Worlds) -> None:
    world = worlds(20, 2)
    world.start()
    world.run(600)
    rows = world.db.execute(
        "SELECT ring_s, connect_s, talk_s, abandoned, agent_id FROM calls"
        " WHERE called LIKE '%0' AND outcome = 'answered'"
    ).fetchall()
    assert len(rows) == 2
    for ring_s, connect_s, talk_s, abandoned, agent in rows:
        assert ring_s == pytest.approx(1.0)
        assert connect_s == pytest.approx(0.15)
        assert 3.0 <= talk_s <= 7.0
        assert abandoned == 0
        assert agent.startswith("agent")


@pytest.mark.parametrize("detect", ["true", "false"])
def test_agents_who_leave_while_it_rings_leave_nobody_in_silence(worlds: Worlds, detect: str) -> None:
    world = worlds(30, 3, detect_machine=detect)
    world.start()
    for _ in range(40):
        world.run(1.3)
        world.set_agents_away(True)
        world.run(5.0)
        world.set_agents_away(False)
    world.run(600)
    assert world.finished
    assert broken(world, per_person=3, at_end=True) == []
    messages = [entry for entry in world.log if entry.kind == "message"]
    abandoned = world.db.execute("SELECT count(*) FROM calls WHERE outcome = 'abandoned'").fetchone()[0]
    assert len(messages) == abandoned
    assert abandoned > 5


def test_a_talk_that_outlives_the_engine_is_not_called_again(worlds: Worlds) -> None:
    world = worlds(3, 3)
    world.start()
    world.run(4.0)
    assert sum(channel.talking for channel in world.channels.values()) == 3
    world.crash()
    world.run(600)
    assert world.finished
    assert broken(world, per_person=3, at_end=True) == []
    assert len([entry for entry in world.log if entry.kind == "invite"]) == 3
