"""In which local hours people of a list answered, for who looks at it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields

from calls.errors import LeadError
from calls.ids import CampaignId
from calls.records import best_hours
from calls.records.best_hours import Scope
from calls.records.proportions import wilson
from dialer import holding
from dialer.leads import lists


@dataclass(frozen=True, slots=True)
class AnswerHour:
    """One hour of the wall clock where people are. ``share``: answers of attempts, with its 95% interval; None where
    nobody was tried. ``expected``: the share by which leads wait."""

    hour: int
    attempts: int
    answers: int
    share: float | None
    low: float | None
    high: float | None
    expected: float


COLUMNS = tuple(each.name for each in fields(AnswerHour))


def answer_hours(connection: sqlite3.Connection, name: str, campaign: str | None = None) -> list[AnswerHour]:
    """All 24 hours of a list. ``campaign``: the one whose other lists it lends what it lacks from, beside all.

    Raises:
        LeadError: there is no such list or no such campaign.
    """
    list_id = lists.find(connection, name)
    campaign_id = None if campaign is None else CampaignId(campaign)
    known = connection.execute("SELECT 1 FROM campaigns WHERE campaign_id = ?", (campaign_id,)).fetchone()
    if campaign_id is not None and known is None:
        raise LeadError(f"campaign {campaign} was not started")
    expected = holding.shares_of(connection, campaign_id, list_id)
    found = []
    for hour, tally in enumerate(best_hours.day(connection, Scope.LIST, list_id)):
        interval = wilson(tally.answers, tally.attempts)
        low, high = (None, None) if interval is None else (round(each, 4) for each in interval)
        share = round(tally.answers / tally.attempts, 4) if tally.attempts else None
        mean = round(expected[hour].mean, 4)
        found.append(AnswerHour(hour, tally.attempts, tally.answers, share, low, high, mean))
    return found
