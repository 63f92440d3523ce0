"""One customer's call on the loopback switch: the port's ``CallChannel``, and the line in the customer's hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, assert_never

from calls.errors import CommandRefused, PromptError, SwitchUnavailable
from calls.ids import LegId, is_safe_id
from calls.switch.events import CallConnected, SwitchEvent
from calls.switch.hearing import CallerAudio
from calls.switch.loopback.activities import (
    Activity,
    Gathering,
    Holding,
    Playing,
    Recording,
    Talking,
    Timed,
    Transferring,
)
from calls.switch.loopback.callees import Callee
from calls.switch.loopback.diary import Diary, Seen
from calls.switch.loopback.earshot import Earshot
from calls.switch.loopback.microphone import Microphone
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
    Prompt,
    PromptFiles,
    Record,
    Recorded,
    RecordEnd,
    RecordingFailed,
    Result,
    StartRecording,
    StopGather,
    StopPrompts,
    StopRecording,
    SwitchCommand,
    TalkEnded,
    Transfer,
)

Command = Answer | Play | Gather | Hold | Connect | Transfer | Record | PlayRecording | Hangup
"""What takes the place of what is pending, or must wait for its end."""


class AgentSide(Protocol):
    """An agent's leg, as a call sees it."""

    def talks_to_another(self, call: LoopbackCall) -> bool:
        """True where the agent has another customer."""

    def join(self, call: LoopbackCall) -> None:
        """The talk begins."""

    def leave(self, call: LoopbackCall) -> None:
        """The talk is over."""


class Exchange(Protocol):
    """The switch, as a call sees it."""

    prompts: PromptFiles
    diary: Diary

    @property
    def connected(self) -> bool:
        """True while commands reach the switch."""

    def tell(self, event: SwitchEvent) -> None:
        """Tell the engine."""

    def agent_leg(self, leg_id: LegId) -> AgentSide | None:
        """The agent's leg, where it is up."""

    def destination(self, name: str, number: str) -> tuple[str, Callee]:
        """What is dialled for a destination, or for a number on a trunk, and who is there.

        Raises:
            CommandRefused: there is no such one.
        """


def _check_recording(name: str) -> None:
    if not is_safe_id(name):
        raise CommandRefused(f"not a recording's id: {name!r}")


class LoopbackCall:
    """One call, from the first ring to its end."""

    def __init__(self, info: CallInfo, exchange: Exchange, ended: Callable[[LoopbackCall, HungUp], None]) -> None:
        self._info = info
        self._exchange = exchange
        self._tell_ended = ended
        self._answered = asyncio.Event()
        self._ended: asyncio.Future[HungUp] = asyncio.get_running_loop().create_future()
        self._earshot = Earshot()
        self._pending: asyncio.Future[Result] | None = None
        self._activity: Activity | None = None
        self._speaking = False
        self._microphone = Microphone()
        self._recording: str | None = None
        """The id of the call's recording."""
        self._messages: set[str] = set()
        """What the caller has recorded."""

    # --- the engine's side --------------------------------------------------------------------------------------

    @property
    def info(self) -> CallInfo:
        """See the port."""
        return self._info

    async def perform(self, command: SwitchCommand) -> Result:
        """See the port.

        Raises:
            CommandRefused: another command is pending, or the command names what there is not: our bug.
            SwitchUnavailable: a ``Connect`` while the way to the switch is lost.
        """
        if self._ended.done():
            return self._ended.result()
        if isinstance(command, StartRecording | MuteRecording | StopRecording):
            return self._on_recording(command)
        if isinstance(command, StopPrompts | StopGather):
            return self._on_speech(command)
        activity = self._prepare(command)
        if self._pending is not None:
            if not isinstance(command, Connect | Hangup):
                raise CommandRefused(f"{type(command).__name__} while another command is pending")
            self._finish(Interrupted())
        match command:
            case Hangup(cause):
                return self.end(EndedBy.US, cause)
            case Answer():
                self.pick_up()
                return Done()
            case PlayRecording() if activity is None:
                return RecordingFailed("unavailable")
        return NotConnected() if activity is None else await self._run(activity)

    async def end_talk(self) -> None:
        """See the port."""
        self.agent_left()

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        """See the port. Of a call that has ended nothing is heard.

        Raises:
            CommandRefused: somebody hears the caller already: our bug.
        """
        audio = self._microphone.open()
        try:
            if self._ended.done():
                self._microphone.close()
            yield audio
        finally:
            self._microphone.close()

    def _on_speech(self, command: StopPrompts | StopGather) -> Result:
        """What the caller's voice does to a pending ``Gather``; a key that was pressed before decides alone."""
        if isinstance(self._activity, Gathering):
            match command:
                case StopPrompts():
                    self._activity.stop_prompts()
                case StopGather() if not self._activity.keyed:
                    self._finish(Interrupted())
        return Done()

    def _on_recording(self, command: StartRecording | MuteRecording | StopRecording) -> Result:
        """What is done at once, whatever is pending."""
        match command:
            case StartRecording(name):
                if self._pending is not None:
                    raise CommandRefused("StartRecording while another command is pending")
                _check_recording(name)
                if self._recording is not None:
                    return RecordingFailed("running")
                self._recording = name
                self._note(Seen.RECORD, f"start {name}")
            case MuteRecording(muted):
                if self._recording is not None:
                    self._note(Seen.RECORD, "mute" if muted else "unmute")
            case StopRecording():
                if self._recording is not None:
                    self._recording = None
                    self._note(Seen.RECORD, "stop")
        return Done()

    def _prepare(self, command: Command) -> Activity | None:
        """What ``command`` will do, if it takes time and can be done; nothing has happened yet."""
        match command:
            case Answer() | Hangup():
                return None
            case Play(prompts):
                return Playing(self._timed(prompts), self._hear, lambda: self._finish(Done()))
            case Gather():
                return Gathering(command, self._timed(command.prompts), self._hear, self._finish)
            case Hold(for_s, _, plan):
                return Holding(for_s, self._finish, frozenset() if plan is None else plan.choices)
            case Connect(leg_id, record):
                return self._talk_with(leg_id, record)
            case Record(name):
                _check_recording(name)
                recording = Recording(command, self._timed(command.prompts), self._hear, self._record_ended)
                recording.voice(self._speaking)
                return recording
            case PlayRecording(name, duration_s):
                if name not in self._messages:
                    return None
                self._note(Seen.RECORD, f"play {name}")
                return Holding(duration_s, self._finish)
            case Transfer():
                return self._transfer_to(command)
            case _:
                assert_never(command)

    async def _run(self, activity: Activity) -> Result:
        """The result of ``activity``; one that is given up by its task is stopped."""
        pending: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending, self._activity = pending, activity
        try:
            activity.start()
            return await pending
        finally:
            if self._pending is pending:
                self._pending = self._activity = None
                activity.stop()

    def _finish(self, result: Result) -> None:
        """The pending command ends in ``result``."""
        pending, activity = self._pending, self._activity
        self._pending = self._activity = None
        if activity is not None:
            activity.stop()
        if pending is not None and not pending.done():
            pending.set_result(result)

    def _timed(self, prompts: tuple[Prompt, ...]) -> Timed:
        try:
            return [(prompt, self._exchange.prompts.duration_s(prompt)) for prompt in prompts]
        except PromptError as error:
            raise CommandRefused(str(error)) from error

    def _hear(self, prompt: Prompt, ended: bool) -> None:
        if not ended:
            self._note(Seen.PROMPT, f"{prompt.key} {prompt.language}")
        self._earshot.tell(prompt.key, ended)

    def _record_ended(self, result: Result) -> None:
        if isinstance(result, Recorded):
            self._messages.add(result.name)
            detail = f"message {result.name} {result.duration_s:g} {result.ended_by.value}"
            self._note(Seen.RECORD, detail)
        self._finish(result)

    def _talk_with(self, leg_id: LegId, record: str) -> Talking | None:
        if record:
            _check_recording(record)
        if not self._exchange.connected:
            raise SwitchUnavailable("the way to the switch is lost")
        leg = self._exchange.agent_leg(leg_id)
        if leg is None or leg.talks_to_another(self):
            return None

        def begin() -> None:
            leg.join(self)
            self._note(Seen.MEET, leg_id)
            if record:
                self._recording = record
                self._note(Seen.RECORD, f"start {record}")
            self._exchange.tell(CallConnected(self._info.call_id))

        def end() -> None:
            leg.leave(self)
            if record and self._recording == record:
                self._recording = None
                self._note(Seen.RECORD, "stop")
            self._note(Seen.PART, leg_id)

        return Talking(begin, end)

    def _transfer_to(self, command: Transfer) -> Transferring:
        dial, callee = self._exchange.destination(command.destination, command.number)
        whisper_s = sum(lasts_s for _, lasts_s in self._timed(command.whisper))
        self._note(Seen.INVITE, dial)
        return Transferring(
            callee,
            command.ring_timeout_s,
            whisper_s,
            not (command.take_key and callee.is_machine),
            command.talk_limit_s,
            lambda met: self._note(Seen.MEET if met else Seen.PART, dial),
            self._finish,
        )

    # --- the agent's side ---------------------------------------------------------------------------------------

    def agent_left(self) -> None:
        """The agent ended the talk, if there is one."""
        if isinstance(self._activity, Talking):
            self._finish(TalkEnded(EndedBy.AGENT))

    # --- the customer's side ------------------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """The customer presses a key; one that nothing listens for is lost."""
        if not self._ended.done():
            self._note(Seen.KEY, key)
            if self._activity is not None:
                self._activity.key(key)

    def voice(self, sound: bytes) -> None:
        """The customer begins to make this sound, or is silent again."""
        self._speaking = bool(sound)
        self._microphone.say(sound)
        if isinstance(self._activity, Recording):
            self._activity.voice(self._speaking)

    def far_hangs_up(self) -> None:
        """The customer hangs up. 16 is Q.850 normal call clearing."""
        self.end(EndedBy.CALLER, 16)

    async def answered(self) -> None:
        """Return when the call is answered."""
        await self._answered.wait()

    async def heard(self, prompt: str, whole: bool) -> None:
        """See :class:`calls.switch.loopback.callers.Hear`."""
        await self._earshot.wait(prompt, whole)

    async def over(self) -> HungUp:
        """Who ended the call, when it has ended."""
        return await asyncio.shield(self._ended)

    # --- the switch's side --------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """True once the call has ended."""
        return self._ended.done()

    def pick_up(self) -> None:
        """The call is answered, by whichever side it rings at."""
        if not self._answered.is_set():
            self._answered.set()
            self._note(Seen.ANSWER)

    def end(self, by: EndedBy, cause: int | None) -> HungUp:
        """The call ends now, if it has not ended before; how it ended."""
        if not self._ended.done():
            how = HungUp(by, cause)
            self._ended.set_result(how)
            if isinstance(self._activity, Recording) and self._activity.begun:
                self._record_ended(self._activity.ended(RecordEnd.HANGUP))
            self._finish(how)
            self._microphone.close()
            self._note(Seen.HANG_UP, f"{by.value} {cause}")
            self._tell_ended(self, how)
        return self._ended.result()

    def _note(self, seen: Seen, detail: str = "") -> None:
        self._exchange.diary.note(asyncio.get_running_loop().time(), self._info.call_id, seen, detail)
