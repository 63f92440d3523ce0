"""The state of one ``Connect``: the customer's way to an agent's leg and back.

::

    our socket --uuid_bridge--> on the way --CHANNEL_BRIDGE--> talking --the leg ends, or uuid_transfer--> our socket

The talk takes the channel out of the dialplan's ``socket`` action. Its connection would stay, but whenever it ends
FreeSWITCH clears a flag of the channel by which a later ``socket`` action waits (CF_CONTROLLED, mod_event_socket.c),
which would lead that one on in its dialplan (seen on 1.11.1): so it is ended as soon as the two hear each other, and
the event socket tells and commands meanwhile. When the talk is over FreeSWITCH sends the channel to our extension
``cw-back`` (``transfer_after_bridge``), which connects to us anew: so a caller whose talk outlived us is not left in
silence. Seen: 42 ms from the command to the talk, 15 ms from its end to the new connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from calls.ids import LegId

BACK = "cw-back"
"""The extension of our context to which customers come back from talks."""


@dataclass(slots=True)
class Talk:
    """One ``Connect`` from its command to its end."""

    leg_id: LegId
    joined: bool = False
    back: bool = False
    """The customer is ours again."""
    alone: bool = False
    """The agent's leg has ended."""
    cut: bool = False
    """Another command took its place."""
    record: str = ""
    """The file of a recording of this talk alone."""
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
