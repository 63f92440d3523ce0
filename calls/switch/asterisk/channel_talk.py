"""The state of one ``Connect``: the customer's way into an agent's room and back.

::

    AGI --redirect, our side closes--> on the way --ConfbridgeJoin--> talking --kick, or the agent's leg ends--> AGI

What happened comes from two sides in no fixed order: AMI tells of the room and of hang-ups, a new AGI request of the
dialplan (``callwright-resume``) brings the customer back and says how the talk ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from calls.ids import LegId

NEVER_MET = frozenset({"NO_AGENT", "OCCUPIED", "FAILED", ""})
"""What the dialplan says (CW_TALK) when customer and agent were never in one room: it looked before the customer
went in, or the room refused. Everything else is a CONFBRIDGE_RESULT of a talk that took place.
Source: dialplans, context callwright-room; docs.asterisk.org, application ConfBridge."""


@dataclass(slots=True)
class Talk:
    """One ``Connect`` from its redirect to its end."""

    leg_id: LegId
    joined: bool = False
    back: str | None = None
    """How the dialplan says the talk ended, once the customer is back."""
    cut: bool = False
    """Another command took its place."""
    unrecorded: bool = False
    """A recording of it was refused."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Something changed: whoever waits looks again."""
        self._news.set()

    async def until(self, happened: Callable[[], bool], within_s: float | None) -> bool:
        """Waits for ``happened``, at most ``within_s``; whether it did."""
        try:
            async with asyncio.timeout(within_s):
                while not happened():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return happened()
        return True
