"""One live call on FreeSWITCH, driven through its outbound socket.

In this slice: ``Answer``, ``Play``, ``Gather`` with what stops it, and ``Hangup``. Unlike AGI the socket takes a
command at any time, and FreeSWITCH runs it within what is pending (seen on 1.11.1 with a playback), so a hang-up
simply follows. How the call ended comes as ``CHANNEL_HANGUP_COMPLETE``, which is awaited, because a caller may have
been faster than we were.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from calls import log
from calls.errors import CommandRefused, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.switch.freeswitch import causes
from calls.switch.freeswitch.connection import EslConnection, Link
from calls.switch.freeswitch.turn import Cut, Turn
from calls.switch.hearing import CallerAudio
from calls.switch.port import (
    Answer,
    CallInfo,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    MuteRecording,
    Play,
    PlayRecording,
    PromptFiles,
    Record,
    RecordingFailed,
    Result,
    StartRecording,
    StopGather,
    StopPrompts,
    StopRecording,
    SwitchCommand,
)
from calls.wire.esl import Event, Reply
from calls.wire.esl_applications import Set, Variable
from calls.wire.esl_commands import (
    EventName,
    Execute,
    Exit,
    FilterCall,
    HangupCall,
    Linger,
    Subscribe,
)

LINGER_S = 5
"""How long FreeSWITCH keeps the connection after the end of the call; we close as soon as its last event is here."""

HANGUP_S = 5.0
"""How long a hang-up may take: 20 ms were seen."""

EXIT_S = 1.0

NORMAL_CLEARING = 16


class FreeSwitchChannel:
    """See :class:`calls.switch.port.CallChannel`."""

    def __init__(self, info: CallInfo, link: Link, prompts: PromptFiles, new_id: Callable[[], str]) -> None:
        self._info = info
        self._prompts = prompts
        self._new_id = new_id
        self._connection = EslConnection(link, self._heard, self._lost)
        self._turn: Turn | None = None
        self._asked: int | None = None
        """The cause with which we asked for the end."""
        self._gone: HungUp | None = None
        self._fault: SwitchError | None = None
        self._over = asyncio.Event()

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        return self._info

    @property
    def connection(self) -> EslConnection:
        """The call's connection, for the bridge."""
        return self._connection

    async def set_up(self) -> None:
        """The first words: keep the connection through the hang-up, tell the events, and let no key end a prompt.
        A call that has ended meanwhile is set up enough: its every command gives ``HungUp``.

        Raises:
            SwitchError: it could not be done; the call is to be given back.
        """
        channel = self._info.channel
        commands = (
            Linger(LINGER_S),
            Subscribe(tuple(EventName)),
            FilterCall(channel),
            Execute(Set(Variable.PLAYBACK_TERMINATORS, "none"), self._new_id()),
        )
        for reply in [self._connection.submit(command) for command in commands]:
            try:
                answer = await reply
            except SwitchUnavailable:
                if self._gone is not None:
                    return
                raise
            if isinstance(answer, Reply) and answer.refused:
                raise SwitchRefused(f"FreeSWITCH: {answer.text[:200]!r}")

    async def perform(self, command: SwitchCommand) -> Result:
        """See :meth:`calls.switch.port.CallChannel.perform`."""
        if self._gone is not None:
            return self._gone
        if self._fault is not None:
            raise SwitchUnavailable(f"the call's connection failed: {self._fault}") from self._fault
        match command:
            case Hangup():
                return await self._hang_up(command.cause)
            case Answer() | Play() | Gather():
                return await self._in_turn(command)
            case StopPrompts():
                if self._turn is not None:
                    self._turn.hush()
                return Done()
            case StopGather():
                if self._turn is not None:
                    self._turn.stop()
                return Done()
            case StartRecording() | MuteRecording() | Record() | PlayRecording():
                log.get().error("FreeSWITCH records nothing in this release", asked=type(command).__name__)
                return RecordingFailed("unavailable")
            case StopRecording():
                return Done()
            case _:
                raise CommandRefused(f"FreeSWITCH: {type(command).__name__} is not there yet")

    async def end_talk(self) -> None:
        """See :meth:`calls.switch.port.CallChannel.end_talk`. There are no talks yet, so nothing happens."""

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        """See :meth:`calls.switch.port.CallChannel.hear`.

        Raises:
            SwitchUnavailable: always, in this release.
        """
        raise SwitchUnavailable("FreeSWITCH does not let us hear callers in this release")
        yield  # what makes this a generator, as its decorator wants it

    async def finish(self, *, planned: bool) -> None:
        """The call's handler is through. ``planned``: a call that is still up is hung up; else it is given back to
        its dialplan, whose next action speaks where ``socket_resume`` is set."""
        try:
            if self._gone is None and self._fault is None:
                if planned:
                    await self._hang_up(NORMAL_CLEARING)
                else:
                    await asyncio.wait([self._connection.submit(Exit())], timeout=EXIT_S)
        except SwitchError as error:
            log.get().warning("ESL: the call was not ended", error=str(error))
        finally:
            self._connection.close()

    # --- turns -------------------------------------------------------------------------------------------------

    async def _in_turn(self, command: Answer | Play | Gather) -> Result:
        if self._turn is not None or self._asked is not None:
            raise CommandRefused(f"{type(command).__name__} while another command is pending")
        turn = self._turn = Turn(self._connection, self._info.channel, self._prompts, self._new_id)
        try:
            return await turn.run(command)
        except (Cut, SwitchError) as error:
            if turn.interrupted:
                return Interrupted()
            if self._gone is not None:
                return self._gone
            if isinstance(error, Cut):
                raise SwitchUnavailable(f"the call's connection failed: {self._fault}") from self._fault
            if isinstance(error, SwitchTimeout):
                self._connection.close()  # the switch's state is unknown
            raise
        finally:
            if self._turn is turn:
                self._turn = None

    async def _hang_up(self, cause: int) -> Result:
        turn, self._turn = self._turn, None
        self._asked = cause
        self._connection.submit(HangupCall(causes.name_of(cause)))
        if turn is not None:
            turn.cut(interrupted=True)
        try:
            async with asyncio.timeout(HANGUP_S):
                await self._over.wait()
        except TimeoutError as error:
            self._connection.close()
            raise SwitchTimeout(f"FreeSWITCH did not end the call within {HANGUP_S} s") from error
        if self._gone is None:
            raise SwitchUnavailable(f"the call's connection failed: {self._fault}") from self._fault
        return self._gone

    # --- what the connection tells -----------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if event.headers.get("Unique-ID") != self._info.channel:
            return
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            self._left(causes.hung_up(event.headers, self._asked))
        elif self._turn is not None:
            self._turn.heard(event)

    def _lost(self, fault: SwitchError) -> None:
        """FreeSWITCH closes only when it ends, or when the call has. What we close is no end of the call."""
        if self._gone is not None:
            return
        if isinstance(fault, SwitchUnavailable) and not self._connection.closed_by_us:
            self._left(HungUp(EndedBy.SWITCH) if self._asked is None else HungUp(EndedBy.US, self._asked))
            return
        self._fault = fault
        self._end_turn()

    def _left(self, how: HungUp) -> None:
        """The call is over. Later news of the same end change nothing."""
        if self._gone is None:
            self._gone = how
            self._end_turn()
            self._connection.close()

    def _end_turn(self) -> None:
        self._over.set()
        if self._turn is not None:
            self._turn.cut()
