"""Callers who are heard: for each a leg of ours on the switch, which listens to the one side and sends it to us.

::

    AMI Originate --answer, ChanSpyStart--> heard --Hangup of the leg: by us, by the call's end, by its limit--> gone

The leg runs in the dialplan's context ``callwright-hear``, under an id that says what it is. It can outlive neither
the call nor, for long, us: it has :data:`LIMIT_S` seconds, which are put off again and again while somebody listens.
What an earlier run of ours left is hung up when the connection is made. An inlet is closed, and its port free, when
its leg is known to be gone.

These legs are no calls and nobody's legs: :meth:`HearingLegs.sort_out` keeps them from who reads the switch's list.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from calls import log
from calls.errors import CommandRefused, NotSent, SwitchError, SwitchRefused, SwitchUnavailable
from calls.switch.asterisk.ami_client import AmiClient
from calls.switch.asterisk.channels import Channel
from calls.switch.asterisk.config import HEARING_LIMIT_S
from calls.switch.asterisk.inlets import Inlet, Inlets
from calls.switch.asterisk.legs import genuine
from calls.switch.hearing import CallerAudio
from calls.wire.ami import Event
from calls.wire.ami_actions import AbsoluteTimeout, Hangup, Overhear

WANTED = frozenset(("ChanSpyStart", "Newchannel", "OriginateResponse", "Hangup"))
"""The events that :meth:`HearingLegs.handle` reads."""

OPENS_S = 1.0
"""How long it may take until a caller is heard: 0.1 s were seen, in which ChanSpy listens for keys of its own."""

ENDS_S = 1.0
"""How long the end of a leg is waited for: some milliseconds were seen."""

WAITS_S = 0.05
"""How long the caller waits for that. The leg beside a telephone that sends nothing ends only with the next prompt,
or the call: to let go of a channel ChanSpy waits for the channel's next audio, in either direction (seen on 16.28
and 22.10; ``ast_audiohook_detach`` of main/audiohook.c)."""

RENEW_S = HEARING_LIMIT_S / 3

SLACK_S = 5.0
"""A leg whose end nobody told is gone so long after its limit."""


@dataclass(slots=True)
class _Hearing:
    """One leg that hears a caller."""

    leg_id: str
    action_id: str
    inlet: Inlet
    asked_at: float
    begun: bool = False
    closing: bool = False
    """Nobody listens any more: it is to end as soon as it is there."""
    gone: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_begun(self) -> None:
        """Returns when the caller is heard, or the leg is gone."""
        while not (self.begun or self.gone):
            self.news.clear()
            await self.news.wait()

    async def until_gone(self) -> None:
        """Returns when the leg is gone."""
        while not self.gone:
            self.news.clear()
            await self.news.wait()


class HearingLegs:
    """All of one switch."""

    def __init__(
        self, client: AmiClient, prefix: str, new_id: Callable[[], UUID], failed: Callable[[], object]
    ) -> None:
        """``prefix``: of the dialplan's contexts, and of the legs' ids; ``failed`` hears where a leg did not come."""
        self._client = client
        self._context = f"{prefix}-hear"
        self._new_id = new_id
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._hearings: dict[str, _Hearing] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        """How many legs of ours there may be on the switch."""
        return len(self._hearings)

    @asynccontextmanager
    async def hear(self, unique_id: str, inlets: Inlets) -> AsyncIterator[CallerAudio]:
        """What the caller on the channel ``unique_id`` says, by a leg that sends to ``inlets``.

        Raises:
            SwitchUnavailable: the caller cannot be heard, or could not in time.
        """
        hearing = await self._open(unique_id, inlets)
        keeper = self._start(self._keep(hearing), f"keep {hearing.leg_id}")
        try:
            yield hearing.inlet.audio
        finally:
            keeper.cancel()
            await asyncio.wait((self._start(self._close(hearing), f"close {hearing.leg_id}"),), timeout=WAITS_S)

    # --- what the switch tells --------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """What ``event`` says of our legs."""
        hearing = self._of(event) if self._hearings else None
        if hearing is None or not genuine(event):
            return
        match event.name:
            case "ChanSpyStart":
                hearing.begun = True
                hearing.news.set()
            case "Newchannel" if hearing.closing:
                self._start(self._hang_up(hearing.leg_id), f"hangup {hearing.leg_id}")
            case "Hangup":
                self._ended(hearing)
            case "OriginateResponse" if event.get("Response") == "Failure":
                self._ended(hearing)

    def _of(self, event: Event) -> _Hearing | None:
        match event.name:
            case "ChanSpyStart":
                return self._hearings.get(event.get("SpyerUniqueid"))
            case "OriginateResponse":
                return next((each for each in self._hearings.values() if each.action_id == event.action_id), None)
            case _:
                return self._hearings.get(event.get("Uniqueid"))

    def sort_out(self, channels: tuple[Channel, ...], asked_at: float) -> tuple[Channel, ...]:
        """The switch's list, asked for at ``asked_at``, without our legs; those of no hearing are hung up."""
        mark = f"{self._context}-"
        ours = {each.unique_id for each in channels if each.unique_id.startswith(mark)}
        for hearing in list(self._hearings.values()):
            if hearing.leg_id not in ours and hearing.asked_at < asked_at and (hearing.begun or hearing.closing):
                self._ended(hearing)
        for leg_id in ours:
            if leg_id not in self._hearings or self._hearings[leg_id].closing:
                log.get().info("a leg that nobody listens to any more is hung up", leg_id=leg_id)
                self._start(self._hang_up(leg_id), f"hangup {leg_id}")
        return tuple(each for each in channels if each.unique_id not in ours)

    async def stop(self) -> None:
        """Let every leg go; returns when they are gone, or after a moment."""
        legs = list(self._hearings.values())
        if legs:
            await asyncio.wait([self._start(self._close(leg), f"close {leg.leg_id}") for leg in legs], timeout=ENDS_S)
        for task in list(self._tasks):
            task.cancel()

    # --- one leg ----------------------------------------------------------------------------------------------

    async def _open(self, unique_id: str, inlets: Inlets) -> _Hearing:
        inlet = await inlets.open()
        try:
            action_id = self._client.next_action_id()
        except NotSent:
            inlet.close()
            raise
        leg_id = f"{self._context}-{self._new_id().hex[:16]}"
        hearing = self._hearings[leg_id] = _Hearing(leg_id, action_id, inlet, self._loop.time())
        begun = False
        try:
            async with asyncio.timeout(OPENS_S):
                action = Overhear(leg_id, inlet.far_end, self._context, unique_id, OPENS_S)
                await self._client.ask(action, action_id=action_id)
                await hearing.until_begun()
            begun = hearing.begun and not hearing.gone
        except (NotSent, SwitchRefused, CommandRefused) as error:
            self._ended(hearing)
            raise SwitchUnavailable(f"the caller cannot be heard: {error}") from error
        except (TimeoutError, SwitchError) as error:
            raise SwitchUnavailable(f"the caller is not heard within {OPENS_S:g} s: {error}") from error
        finally:
            if not begun:
                self._failed()
                self._start(self._close(hearing), f"close {leg_id}")
        if not begun:
            raise SwitchUnavailable("the caller cannot be heard: the switch ended the leg that would")
        return hearing

    async def _keep(self, hearing: _Hearing) -> None:
        """Put the leg's limit off for as long as somebody listens."""
        ends_at = self._loop.time() + HEARING_LIMIT_S
        while not hearing.gone:
            await asyncio.sleep(RENEW_S)
            try:
                await self._client.ask(AbsoluteTimeout(hearing.leg_id, HEARING_LIMIT_S))
                ends_at = self._loop.time() + HEARING_LIMIT_S
            except SwitchError as error:
                if await self._is_gone(hearing.leg_id, error) or self._loop.time() > ends_at + SLACK_S:
                    self._ended(hearing)

    async def _is_gone(self, leg_id: str, error: SwitchError) -> bool:
        """Whether a leg whose limit could not be put off is known to be gone. One that the switch has, and will not
        put off, is hung up: whoever listens is told by its end."""
        if _is_no_channel(error):
            return True
        log.get().warning("a caller may be heard no longer", leg_id=leg_id, error=str(error))
        return isinstance(error, SwitchRefused) and await self._hang_up(leg_id) is False

    async def _close(self, hearing: _Hearing) -> None:
        """Nobody listens any more. Returns when the leg is gone; where that is not known after a moment it is by its
        limit."""
        hearing.closing = True
        hearing.inlet.audio.end()
        if hearing.gone:
            return
        was_there = await self._hang_up(hearing.leg_id)
        if was_there is None:
            hearing.inlet.cut()
        elif not was_there and hearing.begun:
            self._ended(hearing)
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_S):
                await hearing.until_gone()
        if not hearing.gone:
            hearing.inlet.cut()
            log.get().info("a leg that heard a caller ends later", leg_id=hearing.leg_id)
            self._loop.call_later(HEARING_LIMIT_S + SLACK_S, self._ended, hearing)

    async def _hang_up(self, leg_id: str) -> bool | None:
        """Whether there was such a leg; None: unknown."""
        try:
            await self._client.ask(Hangup(leg_id))
        except SwitchError as error:
            if _is_no_channel(error):
                return False
            log.get().warning("a leg that heard a caller could not be ended", leg_id=leg_id, error=str(error))
            return None
        return True

    def _ended(self, hearing: _Hearing) -> None:
        """The leg is gone, or never was."""
        self._hearings.pop(hearing.leg_id, None)
        hearing.gone = True
        hearing.inlet.close()
        hearing.news.set()

    def _start(self, work: Coroutine[None, None, object], name: str) -> asyncio.Task[object]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _is_no_channel(error: SwitchError) -> bool:
    """Whether the switch says that there is none by that id; any other no says nothing of it. Source: "No such
    channel" of ``action_hangup`` and ``action_timeout`` in main/manager.c."""
    return isinstance(error, SwitchRefused) and "no such channel" in str(error).lower()
