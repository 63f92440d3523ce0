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
from calls.wire.esl_control import Join, SetValues, Value

BACK = "cw-back"
"""The extension of our context to which customers come back from talks."""

OURS = ((Value.SOCKET_RESUME, "true"), (Value.TRANSFER_AFTER_BRIDGE, ""))
"""The channel variables of a call that runs our ``socket`` action."""


def way_to_leg(channel_id: str, leg_id: LegId, context: str) -> tuple[SetValues, Join]:
    """What sends a call to a leg: leaving our action it does not go on in its dialplan, and it comes back behind the
    talk, or is parked where the leg ends before."""
    back = (Value.TRANSFER_AFTER_BRIDGE, f"{BACK}:XML:{context}")
    values = (Value.SOCKET_RESUME, "false"), back, (Value.PARK_ON_CANCEL, "true")
    return SetValues(channel_id, values), Join(channel_id, leg_id)


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
