"""Whether a PIN is that of an account: tries counted first, judged in constant time, and nothing of it kept."""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from calls import log
from calls.clock import Clock
from calls.errors import RecordError
from calls.people import lockout
from calls.people.lockout import Limits, Try
from calls.records.writer import Writer
from calls.settings import AuthenticatorSettings
from console.engine.lookups import Lookups
from ivr.commands import LockedOut, LookedUp, Lookup, NotVerified, Verdict, Verified, Verify, VerifyFailed

UNAVAILABLE = "unavailable"
PLAIN = "plain:"
"""Before a PIN that is kept as it is; the other form is a hash of argon2, as ``callwright pins hash`` makes it."""

MISSING = "missing"


class PinHasher:
    """Makes and judges hashes. Source: RFC 9106 (argon2id); the library's own parameters."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher()

    @cached_property
    def _nobody_s(self) -> str:
        return self._argon2.hash("nobody's")

    def hash(self, pin: str) -> str:
        """What may be kept of ``pin``."""
        return self._argon2.hash(pin)

    def is_right(self, pin: str, kept: str | None) -> bool:
        """Whether ``pin`` is that of which ``kept`` was made. Each takes the time of one hash: one that is kept as it
        is, and None, nobody's, too.

        Raises:
            InvalidHashError: ``kept`` is of neither form.
        """
        if kept is not None and not kept.isascii():
            raise InvalidHashError("letters beyond ASCII")  # the library raises another error for them
        plain = kept is not None and kept.startswith(PLAIN)
        try:
            hashed = self._nobody_s if kept is None or plain else kept
            right = self._argon2.verify(hashed, pin) and kept is not None
        except VerificationError:
            right = False
        if kept is not None and plain:
            return hmac.compare_digest(pin.encode(), kept.removeprefix(PLAIN).encode())
        return right


class Verifier:
    """Judges the PINs of all calls."""

    def __init__(
        self,
        authenticators: Iterable[AuthenticatorSettings],
        lookups: Lookups,
        writer: Writer,
        clock: Clock,
        hasher: PinHasher,
    ) -> None:
        self._authenticators = {each.name: each for each in authenticators}
        self._lookups = lookups
        self._writer = writer
        self._clock = clock
        self._hasher = hasher
        self.verdicts: Counter[tuple[str, str]] = Counter()
        """How often an authenticator came to what, by its name and the verdict."""

    async def verify(self, asked: Verify, caller: str) -> Verdict:
        """The verdict. Never raises for what a source, the store or a hash does: then nobody is verified."""
        try:
            verdict = await self._verdict(asked, caller)
        except RecordError as problem:
            log.get().error("a PIN was not judged", authenticator=asked.authenticator, problem=str(problem))
            verdict = VerifyFailed(UNAVAILABLE)
        self.verdicts[asked.authenticator, type(verdict).__name__.lower()] += 1
        return verdict

    async def _verdict(self, asked: Verify, caller: str) -> Verdict:
        at = self._authenticators[asked.authenticator]
        tried = Try(at.name, asked.account, caller)
        limits = Limits(at.by_account, at.by_caller, at.within_s, at.locked_s)
        now = self._clock.now()
        until = await self._writer.run(lambda connection: lockout.begin(connection, tried, limits, now))
        if until is not None:
            log.get().warning("too many tries at a PIN", authenticator=at.name, until=until.isoformat())
            return LockedOut()
        found = await self._lookups.ask(Lookup(at.lookup, {"account": asked.account}, {"pin": at.pin}))
        if not isinstance(found, LookedUp) and found.reason != MISSING:
            return VerifyFailed(UNAVAILABLE)
        kept = found.values["pin"] if isinstance(found, LookedUp) else None
        try:
            right = await asyncio.to_thread(self._hasher.is_right, asked.pin, None if kept is None else str(kept))
        except InvalidHashError:
            log.get().error("what is kept of a PIN is neither a hash nor plain:", authenticator=at.name)
            return VerifyFailed(UNAVAILABLE)
        if not right:
            return NotVerified()
        await self._writer.run(lambda connection: lockout.succeeded(connection, tried))
        return Verified()
