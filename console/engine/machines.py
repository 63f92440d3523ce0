"""Answering machines by ear: told from people, and left a message once their greeting is heard out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from calls import log
from calls.errors import SwitchUnavailable
from calls.records.durations import Phase
from calls.switch.port import CallChannel, Detected, Gather, HungUp, KeyPlan, Play, Prompt
from console.engine.recorder import CallRecorder
from console.engine.unbroken import unbroken
from ivr.speech.answerer import Answerer
from ivr.speech.greeting import GreetingEnd

UNHEARD = "unheard"
"""What is noted of a greeting that the switch lets nobody hear."""

UNHEARD_S = 12.0
"""So long such a greeting is waited out: most are over by then, and a machine hangs up on a longer silence."""

GONE = "hangup"
"""What is noted of a greeting that ended with the call."""


async def leave_message(channel: CallChannel, recorder: CallRecorder, prompt: Prompt) -> HungUp | None:
    """Leave ``prompt`` on the machine; how the call ended, None where it is still up.

    A machine that beeps only while the message plays has recorded the rest of it: it is played once more then.

    Raises:
        SwitchError: the switch failed; the call's state is unknown.
    """
    recorder.enter(Phase.MENU)
    async with _greeting_of(channel) as greeting:
        ended_by = await greeting.ended()
        if ended_by == UNHEARD:
            waited = await channel.perform(Gather((), KeyPlan(frozenset()), UNHEARD_S, UNHEARD_S))
            if isinstance(waited, HungUp):
                return waited
        recorder.note("greeting_ended", {"by": ended_by, "after_s": round(greeting.heard.taken_s, 2)})
        beeps = greeting.heard.beeps
        result = await channel.perform(Play((prompt,)))
        await greeting.no_beep.wait()
        if greeting.heard.beeps > beeps and not isinstance(result, HungUp):
            recorder.note("message_again", {"prompt": prompt.key, "because": "the beep came late"})
            result = await channel.perform(Play((prompt,)))
    gone = result if isinstance(result, HungUp) else None
    recorder.note("message_left", {"prompt": prompt.key, "played": "cut" if gone else "whole"})
    return gone


async def tell_apart(channel: CallChannel, recorder: CallRecorder) -> Detected | None:
    """Who has answered, by what is heard; not sure where nobody is heard. None: the call ended meanwhile."""
    answerer = Answerer()
    try:
        async with channel.hear() as audio, aclosing(unbroken(audio)) as pieces:
            if not audio.live:
                raise SwitchUnavailable("callers are heard by recordings here, too late to tell who answered")
            async for piece in pieces:
                answered = answerer.take(piece)
                if answered is not None:
                    recorder.note("told_apart", {"as": answered.value, "after_s": round(answerer.taken_s, 2)})
                    return Detected(answered.value)
    except SwitchUnavailable as problem:
        log.get().warning("the switch lets nobody hear who answered", problem=str(problem))
        recorder.note("told_apart", {"as": UNHEARD})
        return Detected.UNSURE
    return None


class _Greeting:
    """A greeting that is being listened to."""

    def __init__(self) -> None:
        self.heard = GreetingEnd()
        self.no_beep = asyncio.Event()
        """Set while no beep sounds."""
        self.no_beep.set()
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def ended(self) -> str:
        """What told that it is over."""
        return await self._ended

    async def listen(self, channel: CallChannel) -> None:
        """Hear the machine until the call ends, or this is cancelled."""
        try:
            async with channel.hear() as audio, aclosing(unbroken(audio)) as pieces:
                if not audio.live:
                    raise SwitchUnavailable("callers are heard by recordings here, too late for a greeting")
                async for piece in pieces:
                    ending = self.heard.take(piece)
                    if ending is not None:
                        self._end(ending.value)
                    if self.heard.beep_sounds:
                        self.no_beep.clear()
                    else:
                        self.no_beep.set()
            self._end(GONE)
        except SwitchUnavailable as problem:
            log.get().warning("the switch lets nobody hear a machine's greeting", problem=str(problem))
            self._end(UNHEARD)
        finally:
            self.no_beep.set()

    def _end(self, word: str) -> None:
        if not self._ended.done():
            self._ended.set_result(word)


@asynccontextmanager
async def _greeting_of(channel: CallChannel) -> AsyncGenerator[_Greeting, None]:
    greeting = _Greeting()
    listening = asyncio.ensure_future(greeting.listen(channel))
    try:
        yield greeting
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
