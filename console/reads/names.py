"""What people call the things that records know by ids: agents, campaigns, dispositions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cached_property

from calls.dispositions import DEFAULTS
from calls.errors import CampaignError
from calls.ids import CampaignId, QueueName
from calls.settings import Settings
from dialer import dispositions


class Names:
    """Of one look at the database; each gives the id where nobody has a name for it. ``say``: the language of the
    dispositions that a house has which names none of its own."""

    def __init__(self, connection: sqlite3.Connection, settings: Settings, say: Callable[[str], str] = str) -> None:
        self._say = say
        self._connection = connection
        self._settings = settings
        self._agents = {each.id: each.name for each in settings.agents}
        self._offers: dict[tuple[str | None, str | None], dict[str, str]] = {}

    @cached_property
    def campaigns(self) -> dict[str, str]:
        """All campaigns by id."""
        return dict(self._connection.execute("SELECT campaign_id, name FROM campaigns").fetchall())

    def agent(self, agent_id: str) -> str:
        """An agent's name."""
        return self._agents.get(agent_id, agent_id)

    def campaign(self, campaign_id: str) -> str:
        """A campaign's name."""
        return self.campaigns.get(campaign_id, campaign_id)

    def disposition(self, disposition: str, campaign_id: str | None, queue: str | None) -> str:
        """What agents read of a disposition of a call with that campaign, or of that queue."""
        at = (campaign_id, queue)
        if at not in self._offers:
            self._offers[at] = self._offer(campaign_id, queue)
        return self._offers[at].get(disposition, disposition)

    def _offer(self, campaign_id: str | None, queue: str | None) -> dict[str, str]:
        campaign = None if campaign_id is None else CampaignId(campaign_id)
        waits_in = None if queue is None else QueueName(queue)
        try:
            found = dispositions.offer_of(self._connection, self._settings.queues, campaign, waits_in)
        except CampaignError:  # it was kept by a release that knew other keys
            return {}
        say = self._say if found.dispositions == DEFAULTS else str
        return {name: say(each.label) for name, each in found.dispositions.items()}
