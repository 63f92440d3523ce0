"""What people may tell a campaign, and starts: one that is refused changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from calls.errors import CampaignError, UserError
from calls.ids import CampaignId
from dialer import archive
from dialer.core import DialerCore


class Starts:
    """The campaigns that are being put into the store."""

    def __init__(self, core: DialerCore) -> None:
        self._core = core
        self._under_way: set[CampaignId] = set()

    @contextmanager
    def starting(self, campaign_id: CampaignId) -> Iterator[None]:
        """Within it the campaign may be put into the store, and started.

        Raises:
            CampaignError: it runs already.
            UserError: somebody else is starting it.
        """
        self.require_none(campaign_id)
        self._core.require_startable(campaign_id)
        self._under_way.add(campaign_id)
        try:
            yield
        finally:
            self._under_way.discard(campaign_id)

    @contextmanager
    def archiving(self, campaign_id: CampaignId) -> Iterator[None]:
        """Within it the campaign may be put away: nobody starts it meanwhile.

        Raises:
            CampaignError: it is not over.
            UserError: somebody is starting it.
        """
        self.require_none(campaign_id)
        for campaign, state, _ in self._core.campaigns():
            if campaign.campaign_id == campaign_id and not campaign.on_request and state not in archive.OVER:
                raise CampaignError(f"campaign {campaign_id} is {state.value}: stop it first, or drain it")
        self._under_way.add(campaign_id)
        try:
            yield
        finally:
            self._under_way.discard(campaign_id)

    def require_none(self, campaign_id: CampaignId) -> None:
        """Refuse what would have the campaign run while a start puts it into the store.

        Raises:
            UserError: it is being started.
        """
        if campaign_id in self._under_way:
            raise UserError(f"campaign {campaign_id} is being started")

    def require_list(self, campaign_id: CampaignId) -> None:
        """Refuse what is for campaigns that dial lists: people who asked to be called would wait, and each agent who
        is free for them be rung in vain.

        Raises:
            UserError: the campaign calls those who asked for it.
        """
        if any(each.on_request and each.campaign_id == campaign_id for each, _, _ in self._core.campaigns()):
            raise UserError(
                f"campaign {campaign_id} calls people who asked for it, and is not paused or stopped: take their"
                " callbacks back"
            )
