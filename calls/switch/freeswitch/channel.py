"""One live call on FreeSWITCH, driven through its outbound socket.

Unlike AGI the socket takes a command at any time, and FreeSWITCH runs it within what is pending (seen on 1.11.1 with
a playback), so a hang-up simply follows. How the call ended comes as ``CHANNEL_HANGUP_COMPLETE``, which is awaited,
because a caller may have been faster than we were. A talk with an agent takes the channel away from the socket's
action and brings it back over a new connection: :mod:`calls.switch.freeswitch.talk`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from calls import log
from calls.errors import CommandRefused, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.switch.freeswitch import causes
from calls.switch.freeswitch.amd import AmdRule
from calls.switch.freeswitch.call_recording import CallRecording
from calls.switch.freeswitch.connection import EslConnection, Link
from calls.switch.freeswitch.message import file_of
from calls.switch.freeswitch.talk import BACK, OURS, Talk, way_to_leg
from calls.switch.freeswitch.turn import MARGIN_S, Cut, Surroundings, Turn
from calls.switch.freeswitch.turns import InTurn, run
from calls.switch.freeswitch.watchdog import Watchdog
from calls.switch.hearing import CallerAudio
from calls.switch.port import (
    Answer,
    CallInfo,
    Connect,
    Detected,
    Done,
    EndedBy,
    Gather,
    Hangup,
    Hold,
    HungUp,
    Interrupted,
    MuteRecording,
    NotConnected,
    Play,
    PlayRecording,
    Record,
    Result,
    StartRecording,
    StopGather,
    StopPrompts,
    StopRecording,
    SwitchCommand,
    TalkEnded,
    Transfer,
)
from calls.wire.esl import Event, Reply
from calls.wire.esl_applications import Set, Variable
from calls.wire.esl_commands import Command, EventName, Execute, Exit, FilterCall, HangupCall, Linger, Subscribe
from calls.wire.esl_control import Kill, SendTo, SetValues

WANTED = (
    EventName.EXECUTE,
    EventName.EXECUTE_COMPLETE,
    EventName.DTMF,
    EventName.HANGUP_COMPLETE,
    EventName.BRIDGE,
    EventName.ANSWER,
)
"""The events that a call's own connection asks for; ``CHANNEL_ANSWER`` is that of a transfer's target."""

LINGER_S = 5
"""How long FreeSWITCH keeps the connection after the end of the call; we close as soon as its last event is here."""

HANGUP_S = 5.0
"""How long a hang-up may take: 20 ms were seen."""

LAST_WORD_S = 0.5
"""How long the event socket may lag behind the end of a call's connection: 1 ms was seen."""

NORMAL_CLEARING = 16
EXIT_S = 1.0
JOINS_S = 5.0
COMES_BACK_S = 5.0
FETCHES = 5
ALONE_S = 0.3
"""How long a customer may take to come back by itself whose agent's leg ended on the way: 0.1 s was seen."""


class FreeSwitchChannel:
    """See :class:`calls.switch.port.CallChannel`."""

    def __init__(self, info: CallInfo, link: Link, around: Surroundings, on_connected: Callable[[], object]) -> None:
        self._info = info
        self._around = around
        self._on_connected = on_connected
        self._turn: Turn | None = None
        self._talk: Talk | None = None
        self._asked: int | None = None
        """The cause with which we asked for the end."""
        self._gone: HungUp | None = None
        self._fault: SwitchError | None = None
        self._over = asyncio.Event()
        self._away = False
        """The channel is in a talk, and has no connection to us."""
        self._outside: HungUp | None = None
        """How the call has ended, as the event socket told."""
        self._last_word: asyncio.TimerHandle | None = None
        """The connection has ended; how the call has is told until then."""
        self._connection = self._attach(link)
        self._recording = CallRecording(info.channel, self._ask)
        self._watchdog = Watchdog(info.channel, around.context, lambda command: self._connection.submit(command))

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        return self._info

    @property
    def connection(self) -> EslConnection:
        """The call's connection, for the bridge."""
        return self._connection

    @property
    def over(self) -> bool:
        """The call has ended."""
        return self._gone is not None

    async def set_up(self) -> None:
        """The first words: keep the connection through the hang-up, tell the events, and let no key end a prompt.
        A call that has ended meanwhile is set up enough: its every command gives ``HungUp``.

        Raises:
            SwitchError: it could not be done; the call is to be given back.
        """
        await self._say_all(
            Linger(LINGER_S),
            Subscribe(WANTED),
            FilterCall(self._info.channel),
            Execute(Set(Variable.PLAYBACK_TERMINATORS, "none"), self._around.new_id()),
        )
        if not self._is_at_end():
            self._watchdog.watch()

    async def detect(self, rule: AmdRule) -> None:
        """Find out what has answered a dialled call; where it ends meanwhile it is ``UNSURE``.

        Raises:
            SwitchError: the connection failed.
        """
        turn = self._turn = Turn(self._connection, self._info.channel, self._around)
        try:
            found = rule.judge(await turn.execute(rule.application, rule.total_analysis_ms / 1_000 + MARGIN_S))
        except Cut:
            found = Detected.UNSURE
        finally:
            self._turn = None
        self._info = replace(self._info, detected=found)

    async def perform(self, command: SwitchCommand) -> Result:
        """See :meth:`calls.switch.port.CallChannel.perform`."""
        await self._told_the_end()
        if self._gone is not None:
            return self._gone
        if self._fault is not None:
            raise SwitchUnavailable(f"the call's connection failed: {self._fault}") from self._fault
        match command:
            case Hangup():
                return await self._hang_up(command.cause)
            case Connect():
                return await self._connect(command)
            case Answer() | Play() | Gather() | Hold() | Transfer() | Record() | PlayRecording():
                return await self._in_turn(command)
            case StopPrompts() | StopGather():
                if self._turn is not None:
                    self._turn.hush() if isinstance(command, StopPrompts) else self._turn.stop()
                return Done()
            case StartRecording() | MuteRecording() | StopRecording():
                return await self._record(command)
            case _:
                raise CommandRefused(f"FreeSWITCH: {type(command).__name__} is no command")

    async def end_talk(self) -> None:
        """See :meth:`calls.switch.port.CallChannel.end_talk`. With no talk under way nothing happens."""
        if self._talk is not None:
            await self._fetch_back()

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        """See :meth:`calls.switch.port.CallChannel.hear`.

        Raises:
            SwitchUnavailable: the call has ended, or the caller cannot be heard.
        """
        if self._gone is not None or self._around.hearings is None:
            raise SwitchUnavailable("the call has ended" if self._gone is not None else "this switch hears nobody")
        async with self._around.hearings.hear(self._info.channel, self._ask) as audio:
            if self._is_at_end():
                self._around.hearings.over(self._info.channel)
            yield audio

    async def finish(self, *, planned: bool, stopped: bool = False) -> None:
        """The call's handler is through. ``planned``, or in a talk: a call that is still up is hung up; else it is
        given back to its dialplan, whose next action speaks where ``socket_resume`` is set. ``stopped``: we end, and
        a talk goes on."""
        self._watchdog.rest()
        try:
            if self._gone is None and self._fault is None and not (stopped and self._away):
                if planned or self._away or self._talk is not None:
                    await self._hang_up(NORMAL_CLEARING)
                else:
                    await asyncio.wait([self._connection.submit(Exit())], timeout=EXIT_S)
        except SwitchError as error:
            log.get().warning("ESL: the call was not ended", error=str(error))
        finally:
            self._connection.close()

    def rebind(self, link: Link) -> None:
        """The customer is back from a talk, over a new connection, which counts from now on."""
        before, self._away = self._connection, False
        self._connection = self._attach(link)
        before.close()  # behind the change: where the leg ended as the two were joined, it is no fault of this one

    async def back(self) -> None:
        """The first words on the new connection.

        Raises:
            SwitchError: the channel cannot be had.
        """
        await self.set_up()
        await self._ask(SetValues(self._info.channel, OURS))
        if self._talk is not None:
            self._talk.back = True
            self._talk.tell()

    def heard_outside(self, event: Event) -> None:
        """The event socket tells of the channel; it counts while the channel itself does not."""
        if event.name == EventName.HANGUP_COMPLETE.value:
            self._outside = causes.hung_up(event.headers, self._asked)
            if self._last_word is not None:
                self.left(self._outside)
        if self._away:
            self._heard(event)

    def leg_ended(self, leg_id: str) -> None:
        """The event socket tells of a leg. Where it ended as the call was on its way to it nothing else does."""
        if self._talk is not None and self._talk.leg_id == leg_id:
            self._talk.alone = True
            self._talk.tell()

    def left(self, how: HungUp) -> None:
        """The call is over. Later news of the same end change nothing."""
        if self._last_word is not None:
            self._last_word.cancel()
        if self._gone is None:
            self._gone = how
            self._end_turn()
            self._connection.close()

    # --- turns -------------------------------------------------------------------------------------------------

    async def _in_turn(self, command: InTurn) -> Result:
        if self._turn is not None or self._talk is not None or self._asked is not None:
            raise CommandRefused(f"{type(command).__name__} while another command is pending")
        turn = self._turn = Turn(self._connection, self._info.channel, self._around)
        turn.watch = self._watchdog.watch
        try:
            return await run(turn, command)
        except (Cut, SwitchError) as error:
            if turn.interrupted:
                return Interrupted()
            await self._told_the_end()
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

    def _interrupt(self) -> bool:
        """What is pending gives ``Interrupted``; whether it was a talk."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.cut(interrupted=True)
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.cut = True
            talk.tell()
        return talk is not None

    async def _record(self, command: StartRecording | MuteRecording | StopRecording) -> Result:
        try:
            match command:
                case StartRecording(name):
                    return await self._recording.start(file_of(self._around.recordings, name))
                case MuteRecording(muted):
                    return await self._recording.mute(muted=muted)
                case StopRecording():
                    return await self._recording.stop()
        except (SwitchUnavailable, SwitchTimeout):
            await self._told_the_end()
            if self._gone is not None:
                return self._gone
            raise

    # --- talks -------------------------------------------------------------------------------------------------

    async def _connect(self, command: Connect) -> Result:
        file = file_of(self._around.recordings, command.record) if command.record else ""
        moved = self._interrupt()
        talk = self._talk = Talk(command.agent_leg, record=file)
        try:
            if not await self._join(talk, moved=moved):
                return self._gone or NotConnected()
            await talk.until(lambda: talk.joined or talk.alone or self._is_over(talk), JOINS_S)
            if talk.alone:  # FreeSWITCH brings the customer back by itself, or parks it and tells nobody
                await talk.until(lambda: talk.joined or self._is_over(talk), ALONE_S)
            if not talk.joined and not self._is_over(talk):
                await self._fetch_surely(talk)
            if talk.joined and file:
                await self._recording.start_talk(file)
            await talk.until(lambda: self._is_over(talk), None)
        finally:
            await self._leave(talk)
        if talk.cut:
            return Interrupted()
        if self._gone is not None:
            return self._gone
        if self._fault is not None:
            raise SwitchUnavailable(f"the call's connection failed: {self._fault}") from self._fault
        return TalkEnded(EndedBy.AGENT) if talk.joined else NotConnected()

    async def _join(self, talk: Talk, *, moved: bool) -> bool:
        """Send the two together; whether they are on their way. ``moved``: the customer was in a talk."""
        asked_on = self._connection
        try:
            if await self._sent(talk):
                return True
            if self._gone is None and not talk.cut:
                await self._stay(talk, moved=moved)
            return False
        except (SwitchUnavailable, SwitchTimeout):
            await self._told_the_end()
            if self._gone is not None:
                return False
            if self._connection is not asked_on:  # it has been there, and is back already
                return True
            raise

    async def _sent(self, talk: Talk) -> bool:
        """Whether FreeSWITCH takes the customer to the leg. On its own connection all is said at once: were we killed
        between the words it would be nobody's, and hear no sorry."""
        self._watchdog.rest()
        words = way_to_leg(self._info.channel, talk.leg_id, self._around.context)
        if not self._away:
            replies = [self._connection.submit(word) for word in (self._watchdog.not_later(), *words)]
            _, *answers = [await reply for reply in replies]  # perhaps nothing was to come later
            return not any(answer.refused for answer in answers)
        try:
            for word in words:  # in a talk nothing is to come later
                await self._ask(word)
        except SwitchRefused:
            return False
        return True

    async def _stay(self, talk: Talk, *, moved: bool) -> None:
        """The customer could not be sent to the leg, and is ours as before. Where it has hung up meanwhile FreeSWITCH
        finds its channel no more, some milliseconds before it tells."""
        if moved:
            await self._fetch_back()
        else:
            with contextlib.suppress(SwitchRefused):
                await self._ask(SetValues(self._info.channel, OURS))
                return self._watchdog.watch()
        await talk.until(lambda: self._is_over(talk), COMES_BACK_S)

    async def _leave(self, talk: Talk) -> None:
        if self._talk is talk:
            self._talk = None
        if talk.record and self._gone is None and self._fault is None:
            await self._recording.end_talk()

    def _is_over(self, talk: Talk) -> bool:
        return talk.cut or talk.back or self._gone is not None or self._fault is not None

    async def _fetch_surely(self, talk: Talk) -> None:
        """Fetch back a customer of whom nobody knows where it is: on its way it hears nothing.

        Raises:
            SwitchTimeout: it does not come.
        """
        for _ in range(FETCHES):
            await self._fetch_back()
            if await talk.until(lambda: self._is_over(talk), COMES_BACK_S / FETCHES):
                return
        raise SwitchTimeout("the call was sent to an agent's leg and never came there")

    async def _fetch_back(self) -> None:
        with contextlib.suppress(SwitchRefused):  # no such channel: its end is on its way
            await self._ask(SendTo(self._info.channel, BACK, self._around.context))

    async def _ask(self, command: Command) -> str:
        return await (self._around.ask(command) if self._away else self._connection.ask(command))

    # --- the end -----------------------------------------------------------------------------------------------

    async def _hang_up(self, cause: int) -> Result:
        self._asked = cause
        name = causes.name_of(cause)
        deaf = self._talk is not None or (self._turn is not None and self._turn.dials)
        away = self._away
        if not away:
            self._connection.submit(Kill(self._info.channel, name) if deaf else HangupCall(name))
        self._interrupt()
        if away:
            with contextlib.suppress(SwitchRefused):  # no such channel: its end is on its way
                await self._ask(Kill(self._info.channel, name))
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

    def _attach(self, link: Link) -> EslConnection:
        connection = EslConnection(link, self._heard, lambda fault: self._lost(connection, fault))
        return connection

    async def _say_all(self, *commands: Command) -> None:
        for reply in [self._connection.submit(command) for command in commands]:
            try:
                answer = await reply
            except SwitchUnavailable:
                await self._told_the_end()
                if self._gone is not None:
                    return
                raise
            if isinstance(answer, Reply) and answer.refused:
                raise SwitchRefused(f"FreeSWITCH: {answer.text[:200]!r}")

    def _heard(self, event: Event) -> None:
        ours = event.headers.get("Unique-ID") == self._info.channel
        if ours and event.name == EventName.HANGUP_COMPLETE.value:
            self.left(causes.hung_up(event.headers, self._asked))
        elif ours and event.name == EventName.BRIDGE.value and self._talk is not None:
            if self._talk.leg_id == event.headers.get("Bridge-B-Unique-ID") and not self._talk.joined:
                self._talk.joined = True
                self._talk.tell()
                self._step_aside()
                self._on_connected()
        elif self._turn is not None:
            self._turn.heard(event)

    def _step_aside(self) -> None:
        if not self._away:
            self._away = True
            self._connection.submit(Exit())

    def _lost(self, connection: EslConnection, fault: SwitchError) -> None:
        """FreeSWITCH closes only when it ends, or when the call has. What we close is no end of the call, and of a
        connection from before a talk nothing is believed. Who hung up before FreeSWITCH heard that we want to be
        told is told by the event socket alone, before this or soon."""
        if self._gone is not None or connection is not self._connection or self._away:
            return
        if isinstance(fault, SwitchUnavailable) and not connection.closed_by_us:
            how = HungUp(EndedBy.SWITCH) if self._asked is None else HungUp(EndedBy.US, self._asked)
            if self._asked is not None or self._outside is not None:
                self.left(self._outside or how)
            else:
                self._last_word = asyncio.get_running_loop().call_later(LAST_WORD_S, self.left, how)
            return
        self._fault = fault
        self._end_turn()

    def _is_at_end(self) -> bool:
        return self._gone is not None or self._fault is not None

    async def _told_the_end(self) -> None:
        """Where the connection has ended, until it is known how the call has."""
        if self._last_word is not None:
            await self._over.wait()

    def _end_turn(self) -> None:
        self._over.set()
        self._watchdog.rest()
        if self._around.hearings is not None:
            self._around.hearings.over(self._info.channel)
        if self._turn is not None:
            self._turn.cut()
        if self._talk is not None:
            self._talk.tell()
