"""What ends a call's waiting for an engine that is connected and says nothing any more.

FreeSWITCH waits for such an engine for ever; ``socket_resume`` helps only where the connection ends. So its
dialplan has the call sent on to ``cw-lost`` after :data:`SILENT_S`, where a sorry is heard and the fallback follows,
and we put that off for as long as we live. A talk is not watched: it needs nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calls.wire.esl_applications import MAX_S
from calls.wire.esl_commands import Command
from calls.wire.esl_control import NotLater, SendLater

LOST = "cw-lost"
"""The extension of our context for calls whose engine says nothing."""

SILENT_S = 60
"""How long an engine may be silent."""

RENEW_S = 20.0


class Watchdog:
    """Of one call. Made and used on the event loop."""

    def __init__(self, channel_id: str, context: str, submit: Callable[[Command], object]) -> None:
        """``submit`` sends a command to whose answer nobody listens."""
        self._channel_id = channel_id
        self._context = context
        self._submit = submit
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, silent_s: float = SILENT_S) -> None:
        """From now on the call is sent on when we are silent for so long. Again: for as long from now on."""
        self._put_off()
        self._submit(self.not_later())
        self._submit(SendLater(self._channel_id, LOST, self._context, min(round(silent_s), MAX_S)))
        self._timer = asyncio.get_running_loop().call_later(RENEW_S, self.watch, silent_s)

    def not_later(self) -> Command:
        """What has the call never sent on."""
        return NotLater(self._channel_id)

    def rest(self) -> None:
        """Say no more: the call has ended, or is in a talk."""
        self._put_off()

    def _put_off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
