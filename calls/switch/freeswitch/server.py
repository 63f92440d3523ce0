"""The outbound socket's server: greenswitch's ``OutboundESLServer``, hardened.

A dialplan's ``socket`` action connects here, once a call. Before anything is looked up the peer's address must be
allowed, the call must tell the token that its dialplan has set, and there must be room. Who may not come in is
refused by ``connect`` and a hang-up with a cause, never by closing: FreeSWITCH keeps a call whose connection closes
before ``connect`` for ever.

Taken from greenswitch: the server's bookkeeping, and the way of a call through it (``_handle_call``: connect, make
the application, run it in a greenlet, count, stop the session when it ends). Ours: the socket (a busy port is an
error, not the process's end; ``accept`` waits instead of polling; an error of it is survived), the limits, which are
checked and counted with no gap in between, and that every path ends in ``stop``.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import gevent
import gevent.socket as sockets
from greenswitch.esl import NotConnectedError, OutboundESLServer, OutboundSessionHasGoneAway
from pydantic import SecretStr

from calls import log
from calls.errors import SwitchError, SwitchUnavailable
from calls.ids import is_safe_id
from calls.switch.freeswitch.causes import CALL_REJECTED, SWITCH_CONGESTION, TEMPORARY_FAILURE
from calls.switch.freeswitch.session import Session
from calls.wire.esl import Headers
from calls.wire.esl_commands import HangupCall

TOKEN_VARIABLE = "cw_token"
"""The channel variable with which a dialplan shows that it is ours."""

BACKLOG = 1_024
ACCEPT_PAUSE_S = 0.2
"""After an error of ``accept`` (no descriptors left): long enough for some to be freed, short for a caller."""

REFUSED_S = 2.0
"""How long a refused call's connection may stay: 40 ms were seen."""

LOG_EVERY_S = 60.0
"""A refusal of one kind is logged at most this often: a flood must not fill a disk."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections there may be. ``waiting``: connected, and the reply to ``connect`` has not come; where
    there are too many, the one that has waited longest is closed, so that idle sockets keep no call out."""

    calls: int = 1_000
    waiting: int = 512
    reply_s: float = 5.0


class Server(OutboundESLServer):  # type: ignore[misc]  # greenswitch has no types
    """See the module. Its methods are for the hub's thread; ``refused`` may be read from any."""

    def __init__(
        self,
        address: tuple[str, int],
        token: SecretStr,
        allow: Sequence[IPv4Network | IPv6Network],
        limits: Limits,
        serve: Callable[[Session], None],
    ) -> None:
        self._token = token.get_secret_value().encode()
        if not self._token:
            raise ValueError("the ESL token is empty: anyone could pose as the switch")
        self._allow = tuple(allow)
        self._limits = limits
        self._serve = serve
        self._waiting: dict[Session, None] = {}
        self._serving: set[Session] = set()
        self._listener: gevent.Greenlet | None = None
        self._quiet_until: dict[str, float] = {}
        self.refused: Counter[str] = Counter()
        """How many connections were not served, by reason."""
        super().__init__(address[0], address[1], lambda session: _Call(session, self), max_connections=limits.calls)

    @property
    def calls(self) -> int:
        """How many calls are being served."""
        return len(self._serving)

    @property
    def waiting(self) -> int:
        """How many connections have not told their call yet."""
        return len(self._waiting)

    def open(self) -> int:
        """Bind, listen, and accept from now on; the port.

        Raises:
            SwitchUnavailable: the address cannot be had.
        """
        self.server = sockets.socket()
        self.server.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            self.server.bind((self.bind_address, self.bind_port[0]))
            self.server.listen(BACKLOG)
        except OSError as error:
            self.server.close()
            where = f"{self.bind_address}:{self.bind_port[0]}"
            raise SwitchUnavailable(f"FreeSWITCH cannot be listened for at {where}: {error}") from error
        self.bound_port = int(self.server.getsockname()[1])
        self._running = True
        self._listener = gevent.spawn(self.listen)
        return self.bound_port

    def listen(self) -> None:
        """Accept until :meth:`stop`."""
        while self._running:
            try:
                sock, address = self.server.accept()
            except OSError as error:
                if self._running:
                    self._refuse("accept", "", str(error))
                    gevent.sleep(ACCEPT_PAUSE_S)
                continue
            self._knocked(sock, address)

    def stop(self) -> None:
        """Accept no more and close every connection. Calls stay up on the switch."""
        self._running = False
        if self._listener is not None:
            self._listener.kill()
        if self.server is not None:
            self.server.close()
        for session in [*self._waiting, *(handler.session for handler in self._greenlets)]:
            session.stop()
        gevent.joinall(list(self._greenlets), timeout=REFUSED_S)

    # --- the door ----------------------------------------------------------------------------------------------

    def _knocked(self, sock: sockets.socket, address: tuple[str, int]) -> None:
        if not self._allowed(address[0]):
            self._refuse("address", address[0])
            sock.close()
            return
        try:
            session = Session(address, sock, self._limits.reply_s)
        except OSError as error:
            self._refuse("gone", address[0], str(error))
            sock.close()
            return
        if len(self._waiting) >= self._limits.waiting:
            oldest = next(iter(self._waiting))
            self._refuse("too many waiting", oldest.peer)
            del self._waiting[oldest]
            oldest.stop()
        self._waiting[session] = None
        gevent.spawn(self._accept_call, session)

    def _accept_call(self, session: Session) -> None:
        """greenswitch's way of a call, with its end made sure of."""
        taken = False
        try:
            self._handle_call(session)
            taken = True
        except (NotConnectedError, OutboundSessionHasGoneAway, SwitchError, OSError) as error:
            self._refuse("handshake", session.peer, f"{type(error).__name__}: {error}")
        finally:
            self._waiting.pop(session, None)
            if not taken:
                session.stop()

    def _allowed(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._allow)

    def run_call(self, session: Session) -> None:
        """A call whose reply to ``connect`` has come: serve it, or refuse it with a cause."""
        reason, cause = self._reason_against(session.session_data or Headers({}))
        if reason:
            self._refuse(reason, session.peer)
            try:
                session.ask(HangupCall(cause))
                session.ends_within(REFUSED_S)
            except (NotConnectedError, OutboundSessionHasGoneAway, SwitchError, OSError) as error:
                self._refuse("gone", session.peer, str(error))
            return
        self._serving.add(session)
        try:
            self._serve(session)
        finally:
            self._serving.discard(session)

    def _reason_against(self, call: Headers) -> tuple[str, str]:
        """Why a call is not served, and the cause it is told; two empty texts where it is. The token comes first,
        so that nothing is told to who has none. Between this and the counting no other greenlet runs."""
        token = call.get(f"variable_{TOKEN_VARIABLE}").encode(errors="surrogateescape")
        if not hmac.compare_digest(token, self._token):
            return "token", CALL_REJECTED
        if call.get("Socket-Mode") != "async" or call.get("Control") != "full":
            return "the dialplan's socket action lacks 'async full'", TEMPORARY_FAILURE
        if not is_safe_id(call.get("Unique-ID")):
            return "channel id", TEMPORARY_FAILURE
        if len(self._serving) >= self._limits.calls:
            return "calls", SWITCH_CONGESTION
        return "", ""

    def _refuse(self, reason: str, peer: str, detail: str = "") -> None:
        self.refused[reason] += 1
        now = gevent.get_hub().loop.now()
        if now >= self._quiet_until.get(reason, 0.0):
            self._quiet_until[reason] = now + LOG_EVERY_S
            log.get().warning("ESL call refused", reason=reason, peer=peer, detail=detail, count=self.refused[reason])


class _Call:
    """greenswitch's application: one call."""

    def __init__(self, session: Session, server: Server) -> None:
        self._session = session
        self._server = server

    def run(self) -> None:
        """Until the connection has ended."""
        self._server.run_call(self._session)
