"""One connection of ours to FreeSWITCH's event socket, on the hub's thread: greenswitch's ``InboundESL``, hardened.

Taken from greenswitch: ``connect``, from the socket to the login. Ours: a deadline on the whole of it (greenswitch's
is on TCP only, so that a silent peer blocks for ever), a refusal that says why, a stop that frees what it has, and
:mod:`calls.switch.freeswitch.esl_socket`. An object serves one connection and is thrown away then: greenswitch's
cannot be used again, and has no reconnect.
"""

from __future__ import annotations

import gevent
from greenswitch.esl import InboundESL, NotConnectedError, OutboundSessionHasGoneAway
from pydantic import SecretStr

from calls.errors import RemoteProtocolError, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.switch.freeswitch.esl_socket import Upwards, Wire
from calls.wire.esl import AuthRequest, Frame, Rejection
from calls.wire.esl_control import Auth

MOST_WAITING = 4_096
"""Writes that wait: the dials of one tick, and more."""


class Inbound(Wire, InboundESL):  # type: ignore[misc]  # greenswitch has no types
    """See the module. All of its methods are for the hub's thread."""

    most_waiting = MOST_WAITING

    def __init__(self, host: str, port: int, password: SecretStr, within_s: float) -> None:
        """``within_s``: how long the connection and its login may take."""
        self.set_up(host, within_s)
        self.sock = self.sock_file = None
        self._password = password
        self._rejected = False
        super().__init__(host, port, "", within_s)

    def open(self) -> None:
        """Connect and log in. Whatever it raises, nothing is left open.

        Raises:
            SwitchRefused: the password, or our address.
            SwitchTimeout: not within ``within_s``.
            SwitchUnavailable: nobody listens there, or the connection ended.
        """
        where = f"FreeSWITCH's event socket at {self.host}:{self.port}"
        try:
            with gevent.Timeout(self.timeout, SwitchTimeout(f"{where}: not logged in within {self.timeout:g} s")):
                self.connect()
        except (NotConnectedError, OutboundSessionHasGoneAway, OSError) as error:
            self.stop()
            if self._rejected:
                raise SwitchRefused(f"{where}: our address is not on its apply-inbound-acl") from error
            if self._fault is not None and isinstance(self._fault, RemoteProtocolError):
                raise SwitchUnavailable(f"{where}: {self._fault}") from error
            raise SwitchUnavailable(f"{where}: {error or 'the connection ended'}") from error
        except BaseException:
            self.stop()
            raise

    def authenticate(self) -> None:
        """greenswitch's ``connect``, once FreeSWITCH has asked for the password.

        Raises:
            SwitchRefused: it is another one.
        """
        if self.ask(Auth(self._password)).refused:
            raise SwitchRefused("FreeSWITCH's event socket refused the password")

    def run(self, upwards: Upwards) -> None:
        """asyncio's from here on, until the connection has ended: frames go to ``upwards``."""
        try:
            self.hand_over(upwards)
            self.serve()
        finally:
            self.stop()

    def _deliver(self, frames: list[Frame]) -> None:
        """Before the login FreeSWITCH asks for it, or turns us away."""
        if self._upwards is None and not self._auth_request_event.is_set():
            match frames[0]:
                case AuthRequest():
                    self._auth_request_event.set()
                    frames = frames[1:]
                case Rejection():
                    self._rejected = True
                    self.connected = False
                    self._auth_request_event.set()
                    return
                case _:
                    raise RemoteProtocolError(f"ESL: {type(frames[0]).__name__} before a login was asked for")
        if frames:
            super()._deliver(frames)

    def _end(self, fault: SwitchError) -> None:
        super()._end(fault)
        self._auth_request_event.set()  # whoever waits for the login sees that there is no connection
