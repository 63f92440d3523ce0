"""Which leads whose turn it is wait for a better hour: what :mod:`dialer.best_hours` decides, asked of the store."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from calls.ids import CampaignId, ListId
from calls.records import best_hours as counted
from calls.records.best_hours import Scope
from calls.records.times import as_text
from dialer import best_hours, compliance
from dialer.best_hours import Shares
from dialer.campaign import Campaign
from dialer.hopper import Due
from dialer.schedule import opening


class Holding:
    """One look for leads at one moment: leads of one list and the same zones wait for the same hour."""

    def __init__(self, connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> None:
        self._connection = connection
        self._campaign = campaign
        self._now = now
        self._shares: dict[ListId, Shares] = {}
        self._hours: dict[tuple[ListId, tuple[str, ...]], datetime | None] = {}

    def holds(self, due: Due) -> bool:
        """True where the lead was left to wait for its hour: it is due again then, and not to be dialled now."""
        if not self._campaign.file.order.best_hour or due.list_id is None:
            return False
        if best_hours.tried_anyway(due.lead_id, due.tries):
            return False
        latest = (due.held_since or self._now) + best_hours.HELD_AT_MOST
        until = self._hour(due.list_id, due.lead.time_zones)
        if until is None or until > latest:
            return False
        self._connection.execute(
            "UPDATE campaign_leads SET state = 'retry', next_try_at = ?, held_since = coalesce(held_since, ?)"
            " WHERE campaign_id = ? AND lead_id = ?",
            (as_text(until), as_text(self._now), self._campaign.id, due.lead_id),
        )
        return True

    def any_held(self) -> bool:
        """True where a lead of the campaign waits for a better hour."""
        if not self._campaign.file.order.best_hour:
            return False
        row = self._connection.execute(
            "SELECT 1 FROM campaign_leads INDEXED BY campaign_leads_held"
            " WHERE campaign_id = ? AND held_since IS NOT NULL AND state = 'retry' AND next_try_at > ? LIMIT 1",
            (self._campaign.id, as_text(self._now)),
        ).fetchone()
        return row is not None

    def _hour(self, list_id: ListId, zones: tuple[str, ...]) -> datetime | None:
        key = list_id, zones
        if key not in self._hours:
            latest = self._now + best_hours.HELD_AT_MOST
            expected = self._shares.get(list_id)
            if expected is None:
                expected = shares_of(self._connection, self._campaign.campaign_id, list_id)
                self._shares[list_id] = expected
            self._hours[key] = best_hours.wait_until(
                expected, zones, self._now, latest, lambda at: self._is_open(zones, at)
            )
        return self._hours[key]

    def _is_open(self, zones: tuple[str, ...], at: datetime) -> bool:
        preset = self._campaign.file.preset
        return compliance.hours_open(preset, zones, at) and opening(self._campaign.file.schedule, at).is_open


def shares_of(connection: sqlite3.Connection, campaign_id: CampaignId | None, list_id: ListId) -> Shares:
    """What is to be expected of people of a list in each hour, where the campaign dials them; None: any."""
    levels = [counted.day(connection, Scope.ALL)]
    if campaign_id is not None:
        levels.append(counted.day(connection, Scope.CAMPAIGN, campaign_id))
    return best_hours.shares([*levels, counted.day(connection, Scope.LIST, list_id)])
