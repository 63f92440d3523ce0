"""Callers who are heard on one switch: by which way, and each of them by it.

The way is looked for at each connection, and again where one that was found did not lead to a caller. The dialplan
learns of it by the global variable :data:`RELAYED`: with EAGI it lets its requests go by the relay.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from uuid import UUID

from calls import log
from calls.errors import SwitchError, SwitchTimeout, SwitchUnavailable
from calls.recordings import RecordingFiles
from calls.switch.asterisk.ami_client import AmiClient
from calls.switch.asterisk.audio_socket import AudioSocketServer
from calls.switch.asterisk.audio_way import AudioConfig, Way, choose, open_inlets
from calls.switch.asterisk.channels import Channel
from calls.switch.asterisk.fastagi_connection import AgiConnection
from calls.switch.asterisk.hearing_legs import WANTED, HearingLegs
from calls.switch.asterisk.inlets import Inlets
from calls.switch.asterisk.tape import Tape
from calls.switch.hearing import CallerAudio
from calls.switch.tapes import remove_tapes
from calls.wire.agi import hear_line
from calls.wire.ami import Event
from calls.wire.ami_actions import SetGlobal

__all__ = ["RELAYED", "WANTED", "Caller", "Hearings"]

RELAYED = "CW_EAGI"
"""1 where the dialplan is to ask by the relay."""

OPENS_S = 1.0
"""How long the relay may take to send the first of the audio: some milliseconds were seen."""

NO_RELAY = (
    "the call did not come by the relay: install the dialplan again (callwright dialplans install), and load it"
)


class Caller(Protocol):
    """Who is to be heard: one call."""

    @property
    def unique_id(self) -> str:
        """Of the caller's channel."""

    @property
    def connection(self) -> AgiConnection | None:
        """The AGI connection of now."""

    def record_on(self, tape: Tape) -> None:
        """From now on what gathers keys records what is said meanwhile."""


class Hearings:
    """All of one switch."""

    def __init__(
        self,
        client: AmiClient,
        prefix: str,
        audio: AudioConfig,
        recordings: RecordingFiles,
        new_id: Callable[[], UUID],
    ) -> None:
        """``prefix``: of the dialplan's contexts, of the legs' ids and of the tapes' names."""
        self._client = client
        self._mark = f"{prefix}-hear-"
        self._audio = audio
        self._recordings = recordings
        self._new_id = new_id
        self._legs = HearingLegs(client, prefix, new_id, self._doubt)
        self._finding = asyncio.Lock()
        self._ways: dict[Way, Inlets | None] = {}
        """Every way in that was ever taken: a leg that nobody could end may still send by one that is left."""
        self._way: Way | None = None
        self._in_doubt = False
        """The way did not lead to a caller: the switch may have been started anew without the module for it."""
        self._why_not = "the switch is not connected yet"

    def __len__(self) -> int:
        """How many legs of ours there may be on the switch."""
        return len(self._legs)

    def _doubt(self) -> None:
        self._in_doubt = True

    async def find(self) -> None:
        """Look for the way, unless there is one that works and is no makeshift. Calls go on without one, and nothing
        waits for it for longer than for one answer. A switch that is starting is not asked again: it does not know
        yet what it has."""
        async with self._finding:
            makeshift = self._audio.wanted == "auto" and self._way in (Way.EAGI, Way.RECORD)
            if self._way is None or self._in_doubt or makeshift:
                await self._find()

    async def _find(self) -> None:
        try:
            found = await self._look()
        except (SwitchError, OSError) as fault:
            if (self._way, str(fault)) != (None, self._why_not):
                log.get().warning("no caller can be heard", reason=str(fault))
            self._way, self._why_not = None, str(fault)
        else:
            self._in_doubt = False
            if found is not self._way:
                log.get().info("callers can be heard", by=found.value)
            self._way = found
        try:
            await self._client.ask(SetGlobal(RELAYED, "1" if self._way is Way.EAGI else "0"))
        except SwitchError as fault:
            log.get().warning("the dialplan does not know how callers are heard", reason=str(fault))
            self._in_doubt = True

    async def _look(self) -> Way:
        """The way that the switch has now.

        Raises:
            SwitchUnavailable, SwitchTimeout: there is none, or the switch did not tell in time.
            OSError: no port of ours is free.
        """
        within_s = self._client.answer_deadline_s
        try:
            async with asyncio.timeout(within_s):
                way = (await choose(self._client, self._audio.wanted)).way
        except TimeoutError as error:
            raise SwitchTimeout(f"the switch did not tell within {within_s:g} s by which way it has audio") from error
        if way not in self._ways:
            if way is Way.RECORD:
                await asyncio.to_thread(remove_tapes, self._recordings, self._mark)
            self._ways[way] = await open_inlets(way, self._audio, self._new_id)
        return way

    def hear(self, caller: Caller) -> AbstractAsyncContextManager[CallerAudio]:
        """What ``caller`` says, until the context is left or the call ends.

        Raises:
            SwitchUnavailable: the caller cannot be heard, or could not in time.
        """
        way, connection = self._way, caller.connection
        if way is None:
            raise SwitchUnavailable(self._why_not)
        if way is Way.RECORD:
            return self._taped(caller)
        if way is Way.EAGI:
            if connection is not None and connection.environment.enhanced:
                return self._relayed(connection)
            self._in_doubt = True
            if self._audio.wanted == "auto":
                return self._taped(caller)
            raise SwitchUnavailable(NO_RELAY)
        inlets = self._ways[way]
        assert inlets is not None, "legs send to somewhere"
        return self._legs.hear(caller.unique_id, inlets)

    @asynccontextmanager
    async def _relayed(self, connection: AgiConnection) -> AsyncIterator[CallerAudio]:
        """By the relay that the call's AGI goes through; it lets go where we do."""
        server = self._ways[Way.EAGI]
        assert isinstance(server, AudioSocketServer)
        inlet = await server.open()
        try:
            connection.tell_relay(hear_line(server.host, inlet.port, inlet.id))
            try:
                async with asyncio.timeout(OPENS_S):
                    await inlet.connected.wait()
            except TimeoutError as error:
                raise SwitchUnavailable(f"the relay does not send the caller's audio within {OPENS_S:g} s") from error
            yield inlet.audio
        finally:
            inlet.close()

    @asynccontextmanager
    async def _taped(self, caller: Caller) -> AsyncIterator[CallerAudio]:
        tape = Tape(self._recordings, f"{self._mark}{self._new_id().hex[:16]}")
        caller.record_on(tape)
        try:
            yield tape
        finally:
            tape.end()

    def handle(self, event: Event) -> None:
        """What ``event`` says of our legs."""
        self._legs.handle(event)

    def sort_out(self, channels: tuple[Channel, ...], asked_at: float) -> tuple[Channel, ...]:
        """See :meth:`~calls.switch.asterisk.hearing_legs.HearingLegs.sort_out`."""
        return self._legs.sort_out(channels, asked_at)

    async def stop(self) -> None:
        """Let every leg go; returns when they are gone, or after a moment."""
        await self._legs.stop()
        for inlets in self._ways.values():
            if inlets is not None:
                await inlets.stop()
