"""What is kept of why a campaign dialled, or dialled nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from calls.ids import CampaignId
from dialer import decisions
from dialer.reasons import MOST_KINDS, OTHERS, Reasons, kind_of
from tests.fresh_store import fill

AUTUMN = CampaignId("autumn")
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
MINUTE = 60


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('list', 'list', '')")
    connection.execute(
        "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
        " VALUES ('autumn', 'Autumn', 'list', '{}', 'running', '', '')"
    )
    yield connection
    connection.close()


class Kept:
    """A campaign's decisions, kept each minute."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.reasons = Reasons()

    def minute(self, number: int, *decided: tuple[int, str]) -> None:
        """One decision a second from the beginning of that minute on."""
        for second, (dials, reason) in enumerate(decided):
            self.reasons.note(number * MINUTE + second, dials, reason, {"dials": dials})
        taken = self.reasons.take()
        decisions.keep(
            self.db, {AUTUMN: taken, CampaignId("gone"): taken}, lambda at_s: NOON + timedelta(seconds=at_s)
        )

    def shown(self) -> list[tuple[int, int, str]]:
        """From the first on: decisions, dials, the reason."""
        found = decisions.shown(self.db, AUTUMN, NOON, 100)
        return [(each.decisions, each.dials, each.reason) for each in reversed(found)]


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("inbound calls wait: 3", "inbound calls wait: 12"),
        ("agents will be free in time (1 of 20 agents free; cap 3%)", "agents will be free in time (2 of 20 agents)"),
        ("7 wanted, and lines or calls per second leave 2", "9 wanted, and lines or calls per second leave 0"),
    ],
)
def test_figures_make_no_other_kind_of_reason(one: str, another: str) -> None:
    assert kind_of(one) == kind_of(another) != kind_of("no free agent")


def test_names_do() -> None:
    assert kind_of("trunk full: 30 lines of east1") != kind_of("trunk full: 30 lines of east2")


def test_a_minute_leaves_a_row_for_each_reason(db: sqlite3.Connection) -> None:
    kept = Kept(db)
    kept.minute(0, (2, "agents: 5 free"), (0, "none free"), (3, "agents: 7 free"), (0, "agents: 1 free"))
    assert kept.shown() == [(1, 0, "none free"), (3, 5, "agents: 7 free")]
    (row,) = [each for each in decisions.shown(db, AUTUMN, NOON, 100) if each.dials]
    assert (row.from_at, row.until_at) == (NOON, NOON + timedelta(seconds=3))
    assert row.figures == {"dials": 3}, "the last that dialled says more than one that did not"
    assert decisions.shown(db, CampaignId("gone"), NOON, 100) == [], "nobody knows it any more"


def test_a_minute_of_many_reasons_leaves_few_rows(db: sqlite3.Connection) -> None:
    kept = Kept(db)
    kept.minute(0, *((0, f"reason {letter}") for letter in "abcdefgh"))
    assert len(kept.shown()) == MOST_KINDS + 1
    assert db.execute("SELECT decisions FROM pacing_decisions WHERE kind = ?", (OTHERS,)).fetchone() == (4,)


def test_while_nothing_is_dialled_for_one_reason_one_row_goes_on(db: sqlite3.Connection) -> None:
    kept = Kept(db)
    for number in range(120):
        kept.minute(number, (0, f"inbound calls wait: {number}"))
    assert kept.shown() == [(120, 0, "inbound calls wait: 119")]
    kept.minute(120, (1, "agents: 5 free"))
    kept.minute(121, (0, "inbound calls wait: 1"))
    kept.minute(122, (0, "inbound calls wait: 2"), (0, "no free agent"))
    kept.minute(123, (0, "inbound calls wait: 1"))
    assert len(kept.shown()) == 6, "each time something else came between"
    kept.minute(200, (0, "inbound calls wait: 1"))
    assert len(kept.shown()) == 7, "nobody knows what was in between"


def test_such_a_row_ends_after_a_day_so_that_it_can_be_forgotten(db: sqlite3.Connection) -> None:
    kept = Kept(db)
    for number in range(2 * 24 * 60):
        kept.minute(number, (0, "the campaign is paused"))
    assert len(kept.shown()) == 2
    a_day_on = NOON + timedelta(days=1, minutes=30)
    assert decisions.old(db, a_day_on) == decisions.forget(db, a_day_on) == 1
    assert [row[2] for row in kept.shown()] == ["the campaign is paused"]
