"""Two trunks in the small world: room on each, congestion of one, crashes; no promise is broken."""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialer.checker import broken
from tests.dialer.conftest import SECOND, make_world
from tests.dialer.world import World


def two_trunks(folder: Path, leads: int, agents: int) -> World:
    world = make_world(folder, leads, agents, trunk=None, trunks='["loop", "second"]')
    world.others = (SECOND,)
    return world


def invites(world: World) -> Counter[str]:
    return Counter(entry.trunk for entry in world.log if entry.kind == "invite")


def test_while_one_trunk_is_congested_the_other_carries_and_the_view_says_so(tmp_path: Path) -> None:
    world = two_trunks(tmp_path, 20, 2)
    world.congested = {"loop"}
    world.start()
    world.run(4.0)
    assert world.core is not None
    [campaign] = world.core.view(world.now).campaigns
    assert "trunk loop is " in campaign.reason and "; second carries" in campaign.reason
    by_lead = world.db.execute("SELECT lead_id, trunk, outcome FROM attempts ORDER BY rowid").fetchall()
    first = by_lead[0][0]
    assert [row[1] for row in by_lead if row[0] == first][:2] == ["loop", "second"], "at once, and over the other"
    world.run(3600)
    assert world.finished and broken(world, per_person=3, at_end=True) == []
    found = invites(world)
    assert found["second"] > found["loop"], "the congested one was only tried, one call at a time"
    world.db.close()


def test_a_lead_is_never_dialled_twice_in_a_row_over_a_congested_trunk(tmp_path: Path) -> None:
    world = two_trunks(tmp_path, 12, 2)
    world.congested = {"loop", "second"}
    world.start()
    world.run(300)
    rows = world.db.execute(
        "SELECT lead_id, trunk FROM attempts WHERE outcome = 'congestion' ORDER BY rowid"
    ).fetchall()
    taken: dict[str, list[str]] = {}
    for lead_id, trunk in rows:
        taken.setdefault(lead_id, []).append(trunk)
    assert any(len(trunks) > 1 for trunks in taken.values())
    for trunks in taken.values():
        assert all(one != other for one, other in pairwise(trunks)), trunks
    assert broken(world, per_person=3) == []
    world.db.close()


ILL = {"first": {"loop"}, "second": {"second"}, "both": {"loop", "second"}, "none": set[str]()}
EVENTS = st.sampled_from(["crash", "kill", "lose", *ILL])


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 12), st.lists(st.tuples(st.sampled_from([0.1, 0.7, 3.0, 20.0]), EVENTS), max_size=8))
def test_no_trunk_has_more_than_its_lines_and_calls_per_second(agents: int, happens: list[tuple[float, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = two_trunks(Path(folder), 40, agents)
    world.start()
    for after_s, what in happens:
        world.run(after_s)
        match what:
            case "crash":
                world.crash()
            case "kill":
                world.kill_switch()
            case "lose":
                world.lose_switch()
            case _:
                world.congested = {"first": {"loop"}, "second": {"second"}, "both": {"loop", "second"}}.get(
                    what, set()
                )
    world.congested = set()
    world.run(7200)
    assert broken(world, per_person=3, at_end=world.finished) == []
    world.db.close()


@pytest.mark.parametrize("fuse", [5, 12, 19, 26])
def test_the_engine_is_killed_while_a_trunk_is_congested(tmp_path: Path, fuse: int) -> None:
    world = two_trunks(tmp_path, 15, 2)
    world.congested = {"loop"}
    world.start()
    world.fuse = fuse
    world.run(7200)
    assert world.finished and broken(world, per_person=3, at_end=True) == []
    world.db.close()
