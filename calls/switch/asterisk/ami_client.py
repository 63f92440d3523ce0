"""The AMI client: logs in, stays connected, finds out when the switch is gone, and connects again.

A connection counts as up when the login is accepted, the switch has booted, and ``on_up`` (the reconciling) has
returned. A switch that is frozen, or a connection that is half open, answers no Ping and is given up within
``ping_interval_s + answer_deadline_s``, which RELIABILITY asks to be at most 10 s. Nothing is kept over an outage:
what was pending fails, and whoever sent it decides.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr

from calls import log
from calls.errors import NotSent, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import SAFE_ID, BootId
from calls.switch.asterisk.ami_link import AmiLink, Reply
from calls.wire.ami import Event
from calls.wire.ami_actions import Action, Challenge, CoreStatus, GetGlobal, Login, Logoff, Ping, SetGlobal

EVENT_CLASSES = ("call",)
"""The classes of events that we ask for; the account may read ``call,cdr,user``."""

NOT_BOOTED = "1970-01-01"
"""CoreStartupDate until the modules are loaded: main/asterisk.c sets ``ast_startuptime`` after ``load_modules``."""

MARK = "CW_BOOT"
"""The global variable that tells two runs apart that began within one second: Asterisk boots in 0.3 s, and tells when
it was started to the second. Global variables live as long as the process; see :meth:`AmiClient._mark`."""

LEAST_REST_S = 0.1
"""Between two tries to connect, whoever hurries us."""


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """Where the switch is, who we are, and how patient."""

    host: str
    port: int
    user: str
    secret: SecretStr
    connect_timeout_s: float = 10.0
    """For the whole first connection, and for each step of a later one."""
    answer_deadline_s: float = 4.0
    ping_interval_s: float = 3.0
    retry_first_s: float = 0.2
    retry_most_s: float = 5.0
    """A switch that is back is found within this; RELIABILITY: resume within 15 s."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the client tells and asks, and where its randomness comes from."""

    wanted: frozenset[str]
    """Events that are read, by name."""
    on_event: Callable[[Event], None]
    on_up: Callable[[BootId], Awaitable[None]]
    """Reconcile. A SwitchError from it gives the connection up."""
    on_down: Callable[[str], None]
    """Called once for each connection that was up, and for one whose ``on_up`` failed."""
    nonce: Callable[[], str]
    """A fresh unguessable safe id of at most 40 characters, e.g. ``lambda: secrets.token_hex(8)``."""
    random: Callable[[], float]
    """In [0, 1): spreads the reconnecting of many clients."""


def retry_delay_s(settings: AmiSettings, failures: int, random: float) -> float:
    """How long to wait after ``failures`` (1 or more) in a row: doubling up to a limit, the upper half at random."""
    delay = min(settings.retry_most_s, settings.retry_first_s * 2.0 ** min(failures - 1, 30))
    return delay * (0.5 + random / 2)


def started(status: Reply) -> str:
    """When the switch was started, in its own local time, to the second.

    Raises:
        SwitchUnavailable: it has not booted yet.
    """
    date, time = status.response.get("CoreStartupDate"), status.response.get("CoreStartupTime")
    if not date or not time or date == NOT_BOOTED:
        raise SwitchUnavailable("the switch has not booted yet")
    return f"{date}T{time}"


class AmiClient:
    """Keeps one connection to one switch, from :meth:`start` to :meth:`stop`."""

    def __init__(self, settings: AmiSettings, parts: Client) -> None:
        self._settings = settings
        self._parts = parts
        self._link: AmiLink | None = None
        self._task: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()
        self._first_up: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Connect, and go on connecting until :meth:`stop`. Returns when the first connection is up.

        Raises:
            SwitchRefused: wrong account or secret; nothing goes on.
            SwitchTimeout: not up within ``connect_timeout_s``; nothing goes on.
        """
        self._first_up = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name="ami")
        self._task.add_done_callback(self._failed)
        await asyncio.wait((self._first_up,), timeout=self._settings.connect_timeout_s)
        if not self._first_up.done():
            await self.stop()
            where = f"{self._settings.host}:{self._settings.port}"
            raise SwitchTimeout(f"AMI at {where}: not up within {self._settings.connect_timeout_s:g} s: {self._last}")
        try:
            self._first_up.result()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Log off and disconnect. ``on_down`` is not called."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait((task,))
        link, self._link = self._link, None
        if link is not None and not link.ended.is_set():
            try:
                await link.ask(Logoff(), self._settings.answer_deadline_s)
            except SwitchError as error:
                log.get().debug("ami logoff failed", error=str(error))
            link.close_because("logged off")

    async def ask(
        self,
        action: Action,
        deadline_s: float | None = None,
        action_id: str | None = None,
        on_sent: Callable[[], None] | None = None,
    ) -> Reply:
        """Send ``action`` once; see :meth:`AmiLink.ask`. Without a deadline, the settings' one."""
        if self._link is None:
            raise NotSent("not connected to the switch; nothing was sent")
        return await self._link.ask(action, deadline_s or self._settings.answer_deadline_s, action_id, on_sent)

    def hurry(self) -> None:
        """The switch is known to be there: where the next try to connect waits for its time, it waits no more."""
        self._hurried.set()

    @property
    def answer_deadline_s(self) -> float:
        """How long an answer may take where who asks does not say."""
        return self._settings.answer_deadline_s

    def next_action_id(self) -> str:
        """An ActionID for :meth:`ask`, known before the action is sent.

        Raises:
            NotSent: not connected.
        """
        if self._link is None:
            raise NotSent("not connected to the switch; nothing was sent")
        return self._link.next_action_id()

    # --- inside -----------------------------------------------------------------------------------------------

    def _failed(self, task: asyncio.Task[None]) -> None:
        """A bug of ours ended the client: said loudly, and told as what it is, no connection."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        log.get().error("the ami client failed", exc_info=error)
        link, self._link = self._link, None
        if link is not None:
            link.close_because(f"the client failed: {error!r}")
        self._parts.on_down(f"the client failed: {error!r}")
        if self._first_up is not None and not self._first_up.done():
            self._first_up.set_exception(error)

    _last: str = "no connection"

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                link, mark = await self._connected()
                failures = 0
                await self._watch(link, mark)
                self._gone(link)
            except SwitchError as error:
                failures += 1
                self._last = str(error)
                if self._refused_at_start(error):
                    return
                log.get().warning("no connection to asterisk", error=self._last, failures=failures)
            await self._rest(max(failures, 1))

    async def _rest(self, failures: int) -> None:
        """Until the next try: a short while at least, so that no crowd of callers makes us ask without a pause."""
        self._hurried.clear()
        most_s = retry_delay_s(self._settings, failures, self._parts.random())
        least_s = min(most_s, LEAST_REST_S)
        await asyncio.sleep(least_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most_s - least_s):
                await self._hurried.wait()

    def _refused_at_start(self, error: SwitchError) -> bool:
        """A refused login ends the first start; later on it is a fault of the switch's settings, and passes."""
        assert self._first_up is not None
        if self._first_up.done() or not isinstance(error, SwitchRefused):
            return False
        self._first_up.set_exception(error)
        return True

    async def _connected(self) -> tuple[AmiLink, str]:
        """A connection that is up, and the mark of the run that it leads to.

        Raises:
            SwitchRefused: the login.
            SwitchUnavailable, SwitchTimeout: anything else.
        """
        settings, parts = self._settings, self._parts
        link = AmiLink(
            settings.host, settings.port, wanted=parts.wanted, on_event=parts.on_event, nonce=parts.nonce()
        )
        try:
            await link.open(settings.connect_timeout_s)
            await self._log_in(link)
            since, mark = await self._booted(link)
        except BaseException:
            link.close_because("not logged in")
            raise
        self._link = link
        boot = BootId(f"{since}-{mark}")
        try:
            await parts.on_up(boot)
        except SwitchError as error:
            link.close_because(f"not reconciled: {error}")
            self._gone(link)
            raise SwitchUnavailable(f"not reconciled: {error}") from error
        assert self._first_up is not None
        if not self._first_up.done():
            self._first_up.set_result(None)
        log.get().info("connected to asterisk", boot=boot)
        return link, mark

    async def _log_in(self, link: AmiLink) -> None:
        """Raises: SwitchRefused, SwitchTimeout, SwitchUnavailable: the reply was no, late, or lost (HAZARDS 10)."""
        settings = self._settings
        challenge = await link.ask(Challenge(), settings.connect_timeout_s)
        secret, words = settings.secret.get_secret_value(), challenge.response.get("Challenge")
        await link.ask(Login.answer(settings.user, secret, words, EVENT_CLASSES), settings.connect_timeout_s)

    async def _booted(self, link: AmiLink) -> tuple[str, str]:
        """When this run of the switch began, and its mark. Being refused this is no refused login.

        Raises:
            SwitchUnavailable: it has not booted yet, or does not tell.
            SwitchTimeout: no answer.
        """
        try:
            since = started(await link.ask(CoreStatus(), self._settings.answer_deadline_s))
            return since, await self._mark(link)
        except SwitchRefused as error:
            raise SwitchUnavailable(f"the account needs write=call,reporting: {error}") from error

    async def _mark(self, link: AmiLink, known: str = "") -> str:
        """The mark of this run of the switch; where it has none, ``known`` or a fresh one from now on.

        Raises:
            SwitchRefused, SwitchUnavailable, SwitchTimeout: it was not told.
        """
        deadline_s = self._settings.answer_deadline_s
        found = (await link.ask(GetGlobal(MARK), deadline_s)).response.get("Value")
        if SAFE_ID.match(found):
            return found
        mark = known or self._parts.nonce()
        await link.ask(SetGlobal(MARK, mark), deadline_s)
        return mark

    async def _watch(self, link: AmiLink, mark: str) -> None:
        """Returns when the connection has ended; ends it when a Ping is not answered (HAZARDS 12).

        The mark is set again where ``dialplan reload`` took it away (``clearglobalvars = yes`` of extensions.conf).
        """
        while not link.ended.is_set():
            try:
                async with asyncio.timeout(self._settings.ping_interval_s):
                    await link.ended.wait()
            except TimeoutError:
                try:
                    await link.ask(Ping(), self._settings.answer_deadline_s)
                    await self._mark(link, mark)
                except SwitchError as error:
                    link.close_because(f"no sign of life: {error}")

    def _gone(self, link: AmiLink) -> None:
        self._link = None
        self._last = link.reason
        log.get().warning("connection to asterisk lost", reason=link.reason)
        self._parts.on_down(link.reason)
