"""One connection of FreeSWITCH to us, on the hub's thread: greenswitch's ``OutboundSession``, hardened.

Taken from greenswitch: the session's life, ``connect`` with what it keeps of the call. Ours:
:mod:`calls.switch.freeswitch.esl_socket`.
"""

from __future__ import annotations

from gevent.socket import socket
from greenswitch.esl import OutboundSession

from calls.errors import CommandRefused
from calls.switch.freeswitch.esl_socket import Wire
from calls.wire.esl import Headers, Reply
from calls.wire.esl_commands import Command, Connect

_WORDS: dict[str, Command] = {"connect": Connect()}
"""What greenswitch's own methods say, as types."""


class Session(Wire, OutboundSession):  # type: ignore[misc]  # greenswitch has no types
    """See the module. All of its methods are for the hub's thread."""

    session_data: Headers | None

    def __init__(self, address: tuple[str, int], sock: socket, reply_s: float) -> None:
        self.set_up(address[0], reply_s)
        super().__init__(address, sock)

    def send(self, data: str) -> Reply:
        """What greenswitch's own ``connect`` says.

        Raises:
            CommandRefused: any other text: commands are types.
        """
        command = _WORDS.get(data)
        if command is None:
            raise CommandRefused(f"ESL: {data!r} is no command of ours")
        return self.ask(command)

    def ends_within(self, seconds: float) -> bool:
        """Whether the peer closes within ``seconds``."""
        reader = self._receive_events_greenlet
        assert reader is not None, "started with the session"
        reader.join(seconds)
        return bool(reader.dead)
