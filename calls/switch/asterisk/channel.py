"""One live call on Asterisk, driven by FastAGI, and by AMI where AGI cannot reach.

AGI runs one command at a time and cannot be interrupted from its own side, so ``Connect`` and ``Hangup`` reach a
busy channel by AMI: a redirected channel ends its AGI command with ``200 result=-1`` and moves when our side closes
the connection (seen on 16.28 and 22.10; not closing holds the caller for ever). A talk takes place in the room of
the agent's leg, with no AGI connection; when it is over the dialplan asks for us again:
:meth:`AsteriskChannel.rebind`.

Result -1 has three meanings: the caller has hung up, the channel was redirected, the command failed. ``CHANNEL
STATUS`` tells them apart: a dead channel refuses it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from calls import log
from calls.errors import (
    CommandRefused,
    RemoteProtocolError,
    SwitchError,
    SwitchRefused,
    SwitchTimeout,
    SwitchUnavailable,
)
from calls.ids import LegId
from calls.recordings import DEPLOYED, RecordingFiles
from calls.switch.asterisk.channel_recording import NOT_RECORDED, CallRecording, Gone, file_of
from calls.switch.asterisk.channel_talk import NEVER_MET, Talk
from calls.switch.asterisk.channel_turn import Turn
from calls.switch.asterisk.control import ChannelControl
from calls.switch.asterisk.fastagi_connection import AgiConnection, Cut
from calls.switch.asterisk.hearings import Caller
from calls.switch.asterisk.tape import Tape
from calls.switch.backlog import Backlog
from calls.switch.hearing import CallerAudio
from calls.switch.port import (
    Answer,
    CallInfo,
    Connect,
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
    PromptFiles,
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
from calls.wire import agi
from calls.wire.agi import Variable
from calls.wire.agi_replies import DEAD_CHANNEL, SUCCESS, Reply

REDIRECTED_S = 1.0
"""How soon a redirected channel ends its AGI command: 0.5 to 1.0 ms were seen."""

ENTERS_ROOM_S = 5.0
COMES_BACK_S = 5.0


@asynccontextmanager
async def nobody_hears(caller: Caller) -> AsyncIterator[CallerAudio]:
    """Where there is no way to hear callers.

    Raises:
        SwitchUnavailable: always.
    """
    raise SwitchUnavailable(f"the caller on {caller.unique_id} cannot be heard: there is no way for it")
    yield  # what makes this a generator, as its decorator wants it


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of one switch have in common."""

    control: ChannelControl
    prompts: PromptFiles
    destinations: Mapping[str, str]
    """Transfer targets of the settings: name to dial string."""
    context_prefix: str = "callwright"
    recordings: RecordingFiles = DEPLOYED
    """Where recordings lie; the settings say so."""
    trunks: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """What is dialled for a number, by the trunk's name."""
    hear: Callable[[Caller], AbstractAsyncContextManager[CallerAudio]] = nobody_hears
    """What the caller of a call says; raises as :meth:`calls.switch.port.CallChannel.hear` does."""


class AsteriskChannel:
    """See :class:`calls.switch.port.CallChannel`."""

    def __init__(
        self, info: CallInfo, connection: AgiConnection, around: Surroundings, on_connected: Callable[[bool], object]
    ) -> None:
        self._info = info
        self._name = connection.environment.channel
        self._unique_id = connection.environment.unique_id
        self._connection: AgiConnection | None = connection
        self._around = around
        self._on_connected = on_connected
        self._recording = CallRecording(around.control, self._name)
        self._gone: HungUp | None = None
        self._turn: Turn | None = None
        self._talk: Talk | None = None
        self._heard = False
        self._tape: Tape | None = None
        """What is said while keys are gathered goes here, where there is no better way to hear it."""

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        return self._info

    @property
    def name(self) -> str:
        """The switch's name of the channel, for AMI."""
        return self._name

    @property
    def unique_id(self) -> str:
        """The switch's id of the channel."""
        return self._unique_id

    @property
    def connection(self) -> AgiConnection | None:
        """See :class:`calls.switch.asterisk.hearings.Caller`."""
        return self._connection

    def record_on(self, tape: Tape) -> None:
        """See :class:`calls.switch.asterisk.hearings.Caller`."""
        self._tape = tape

    async def perform(self, command: SwitchCommand) -> Result:
        """See :meth:`calls.switch.port.CallChannel.perform`."""
        if self._gone is not None:
            return self._gone
        try:
            match command:
                case Connect():
                    self._interrupt()
                    return await self._connect(command)
                case Hangup():
                    moving = self._talk is not None
                    self._interrupt()
                    return await self._hang_up(command, by_ami=moving)
                case MuteRecording(muted):
                    return await self._recording.mute(muted=muted)
                case StopRecording():
                    return await self._recording.stop()
                case StopPrompts() | StopGather():
                    return await self._on_voice(command)
                case _:
                    return await self._in_turn(command)
        except Cut:
            return Interrupted()
        except Gone:
            assert self._gone is not None
            return self._gone
        except RemoteProtocolError:
            if self._connection is not None:
                self._connection.abort()  # it may have been found here, in a reply that the decoder let pass
            raise

    async def end_talk(self) -> None:
        """See :meth:`calls.switch.port.CallChannel.end_talk`. With no talk under way nothing happens."""
        if self._talk is not None:
            await self._around.control.kick(_room(self._talk.leg_id), self._name)

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        """See :meth:`calls.switch.port.CallChannel.hear`. Of a call that has ended nothing is heard.

        Raises:
            CommandRefused: somebody hears the caller already: our bug.
        """
        if self._gone is not None:
            silence = Backlog()
            silence.end()
            yield silence
            return
        if self._heard:
            raise CommandRefused("the caller is being heard already")
        self._heard = True
        try:
            async with self._around.hear(self) as audio:
                yield audio
        finally:
            self._heard = False

    # --- what the switch tells of the channel ------------------------------------------------------------------

    def joined(self, leg_id: LegId) -> None:
        """AMI: the channel is in the room of ``leg_id``, and the agent is there."""
        talk = self._talk
        if talk is not None and talk.leg_id == leg_id and not talk.joined:
            talk.joined = True
            self._recording.announced = False
            talk.tell()
            self._on_connected(not talk.unrecorded)

    def target_answered(self) -> None:
        """AMI: the target of the transfer that is pending has answered."""
        if self._turn is not None:
            self._turn.target_answered()

    async def rebind(self, connection: AgiConnection) -> None:
        """A new AGI request of the dialplan: the customer is back from a room. Ends when the request is over.

        Its second argument says how the talk ended. :func:`~calls.switch.asterisk.channel_info.take_over` has
        checked before that it is this call's.
        """
        if self._gone is not None:
            connection.close()
            return
        if self._connection is not None:
            self._connection.close()
        self._connection = connection
        if self._talk is not None:
            arguments = connection.environment.arguments
            self._talk.back = arguments[1] if len(arguments) > 1 else ""
            self._talk.tell()
        await connection.ended()

    def left(self, by: EndedBy, cause: int | None) -> None:
        """AMI: the channel is gone. Later news of the same end change nothing."""
        if self._gone is None:
            self._gone = HungUp(by, cause)
        if self._connection is not None:
            self._connection.cut()
            self._connection.close()
        if self._talk is not None:
            self._talk.tell()

    async def finish(self, *, planned: bool) -> None:
        """The call's handler is through. ``planned``: the dialplan hangs up with no further word; else it tells the
        caller that something went wrong."""
        connection = self._connection
        if connection is None or connection.closed:
            return
        if planned and self._gone is None:
            try:
                await connection.send(agi.SetVariable(Variable.DONE, "1"))
            except SwitchError as error:
                log.get().warning("AGI: the dialplan was not told that the call is done", error=str(error))
        connection.close()

    async def _on_voice(self, command: StopPrompts | StopGather) -> Done:
        """Tell a pending ``Gather``, and end the AGI command that it waits for. Where none runs just now, or the call
        is ending, it looks by itself."""
        turn, connection = self._turn, self._connection
        if turn is not None and (turn.hush() if isinstance(command, StopPrompts) else turn.stop()):
            if connection is not None and connection.pending:
                with contextlib.suppress(SwitchRefused):  # no such channel
                    await self._around.control.signal(self._name)
        return Done()

    # --- turns -------------------------------------------------------------------------------------------------

    def _interrupt(self) -> None:
        """What is pending gives ``Interrupted``."""
        if self._turn is not None:
            self._turn.cut = True
            self._turn = None
            if self._connection is not None:
                self._connection.cut()
        if self._talk is not None:
            self._talk.cut = True
            self._talk.tell()
            self._talk = None

    async def _in_turn(
        self, command: Answer | Play | Gather | Hold | Transfer | StartRecording | Record | PlayRecording
    ) -> Result:
        if self._turn is not None or self._talk is not None:
            raise CommandRefused(f"{type(command).__name__} while another command is pending")
        turn = self._turn = self._new_turn()
        try:
            if isinstance(command, StartRecording):
                path = file_of(self._around.recordings, command.name)
                return await self._recording.start(partial(self._say, turn), path)
            return await turn.run(command)
        finally:
            if self._turn is turn:
                self._turn = None

    def _new_turn(self) -> Turn:
        around = self._around
        return Turn(
            self._say,
            around.prompts,
            around.destinations,
            around.recordings,
            around.trunks,
            around.context_prefix,
            lambda: self._tape,
        )

    async def _say(self, turn: Turn, command: agi.Command) -> Reply:
        """The reply of 200 to ``command``.

        Raises:
            Cut, Gone: the turn or the call has ended.
            SwitchError: the connection failed, or the switch refused the command.
        """
        connection = self._connection
        if turn.cut:
            raise Cut
        if connection is None:
            raise SwitchUnavailable("the call has no AGI connection")
        if connection.hung_up:
            await self._hung_up(connection)
        try:
            reply = await connection.send(command)
        except SwitchUnavailable:
            if connection.lost:
                self._ends(HungUp(EndedBy.SWITCH))
            if self._gone is not None:
                raise Gone from None
            raise
        except Cut:
            if turn.cut:
                raise
            raise Gone from None  # cut by the end of the call
        if turn.cut:
            raise Cut
        if reply.status == DEAD_CHANNEL:
            await self._hung_up(connection)
        if reply.status != SUCCESS:
            raise SwitchRefused(f"AGI {type(command).__name__}: {reply.status} {reply.message}")
        return reply

    async def _hung_up(self, connection: AgiConnection) -> None:
        """The caller has gone. A dead channel still tells its cause, where the far end gave one.

        Raises:
            Gone: always.
        """
        cause = None
        try:
            value = (await connection.send(agi.GetVariable(Variable.HANGUP_CAUSE))).value
            if value is not None and value.isascii() and value.isdecimal() and 0 < int(value) < 128:
                cause = int(value)
        except (SwitchError, Cut):
            cause = None
        self._ends(HungUp(EndedBy.CALLER, cause))
        connection.close()
        raise Gone

    def _ends(self, result: HungUp) -> None:
        if self._gone is None:
            self._gone = result

    # --- the room of an agent ----------------------------------------------------------------------------------

    async def _connect(self, command: Connect) -> Result:
        talk = self._talk = Talk(command.agent_leg)
        try:
            if command.record or self._recording.announced:
                talk.unrecorded = not await self._record_talk(command.record)
            if not await self._redirect(talk):
                return NotConnected()
            await talk.until(lambda: talk.joined or self._over(talk), ENTERS_ROOM_S)
            if not talk.joined and not self._over(talk):
                await self._fetch_back(talk)
            await talk.until(lambda: self._over(talk), None)
        finally:
            self._recording.in_talk = False
            if self._talk is talk:
                self._talk = None
        if talk.cut:
            raise Cut
        if self._gone is not None:
            return self._gone
        return NotConnected() if talk.back in NEVER_MET else TalkEnded(EndedBy.AGENT)

    async def _record_talk(self, name: str) -> bool:
        """Have the room record the talk, or not where an earlier one, to be recorded, never began. Where that cannot
        be said the two talk all the same; False: it was refused. One that may be there, for all that AMI has not said
        so, counts as there: it is named, and muted for a card number."""
        if name:
            file_of(self._around.recordings, name)
        try:
            await self._around.control.record_talk(self._name, name or NOT_RECORDED)
        except (SwitchRefused, SwitchUnavailable, SwitchTimeout) as problem:
            log.get().error("a talk is not recorded", recording=name, problem=str(problem))
            if not isinstance(problem, SwitchTimeout):
                return False
        self._recording.in_talk = self._recording.announced = bool(name)
        return True

    def _over(self, talk: Talk) -> bool:
        return talk.cut or talk.back is not None or self._gone is not None

    async def _redirect(self, talk: Talk) -> bool:
        """Send the channel to the room; whether it is on its way. Where AMI gave no answer, the AGI command that
        was running tells: a redirect ends it."""
        connection = self._connection
        running = connection is not None and connection.pending
        try:
            await self._around.control.redirect(self._name, f"{self._around.context_prefix}-room", talk.leg_id)
        except SwitchRefused:
            await talk.until(lambda: self._over(talk), REDIRECTED_S)
            return self._over(talk)
        except (SwitchUnavailable, SwitchTimeout):
            if not running or not await _settles(connection):
                return False
        else:
            if running and not await _settles(connection):
                log.get().warning("a redirected channel went on with its AGI command", channel=self._name)
        if self._connection is connection and connection is not None:
            self._connection = None
            connection.close()
        return True

    async def _fetch_back(self, talk: Talk) -> None:
        """The customer was not seen in the room: back to us, if the switch still knows where the customer is."""
        await self._around.control.kick(_room(talk.leg_id), self._name)
        if not await talk.until(lambda: self._over(talk), COMES_BACK_S):
            raise SwitchTimeout("the call was sent to an agent's room and never came there")

    # --- the end -----------------------------------------------------------------------------------------------

    async def _hang_up(self, command: Hangup, *, by_ami: bool) -> Result:
        """By AGI where it listens, for it is there already; else, and where the channel is being moved, by AMI."""
        connection = self._connection
        if connection is not None and not (by_ami or connection.closed or connection.pending):
            turn = self._turn = self._new_turn()
            try:
                await self._say(turn, agi.SetVariable(Variable.DONE, "1"))
                if connection.hung_up:
                    await self._hung_up(connection)
                await self._say(turn, agi.SetHangupCause(command.cause))
                await connection.send(agi.Hangup())  # refused with 511 where the channel has ended by now
            finally:
                self._turn = None
        else:
            await self._around.control.hang_up(self._name, command.cause)
        self._ends(HungUp(EndedBy.US, command.cause))
        if connection is not None:
            connection.close()
        raise Gone


async def _settles(connection: AgiConnection | None) -> bool:
    """Whether the AGI command that was running has its reply soon."""
    if connection is None:
        return True
    try:
        async with asyncio.timeout(REDIRECTED_S):
            await connection.settled()
    except TimeoutError:
        return False
    return True


def _room(leg_id: LegId) -> str:
    return f"cw-{leg_id}"
