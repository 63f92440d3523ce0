"""A question that is answered by voice or by key: both are awaited at once, and one answer comes of it.

The gather for keys begins at once, whatever becomes of recognition: a caller never waits for it. What the caller says
goes to a process that recognises it, and what is to be done about what comes back is for :mod:`ivr.speech.ear` to
say. Whatever happens, nothing of it is left behind.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import assert_never

from calls import log
from calls.clock import Clock
from calls.errors import PromptError, SpeechUnavailable, SwitchError
from calls.histogram import Histogram
from calls.switch import port
from calls.switch.hearing import CallerAudio
from calls.switch.port import CallChannel, Done, Gather, HungUp, Interrupted, Match, NoInput, NoMatch, Play, Prompt
from console.engine.recognition import Recognises
from console.engine.unbroken import unbroken
from ivr.commands import Deaf, Heard, Listen, NotUnderstood, Result
from ivr.speech.ear import AwaitKeys, Decided, Deed, Ear, FinishUtterance, KeyResult, StopPrompts
from ivr.speech.events import Broken, SpeechEvent
from ivr.speech.hearing import Hearing
from ivr.speech.recognizer import Final

MOST_LOST_S = 1.0
"""Who has lost so much of what one caller said cannot tell what it was."""

STOP_S = 0.5
"""So long a switch may take to let prompts fall silent or to end a gather: who was heard waits no longer."""


LOOK_S = 0.01
"""How soon a recogniser that is behind is looked at again."""


class SpeechFigures:
    """How listening went since the start, for the metrics."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        """Questions by what answered them: ``heard``, ``unsure``, ``not_understood``, ``key``, ``nothing``, ``deaf``,
        or ``hung_up``."""
        self.keys_only: Counter[str] = Counter()
        """Questions that were left to keys, by reason: ``unavailable``, ``unheard`` (the switch lets nobody hear),
        ``crashed``, ``late`` or ``lost``."""
        self.audio_s = 0.0
        self.decisions = Histogram()
        """From the end of speech to the answer."""


class Listener:
    """Performs every ``Listen`` of an engine."""

    def __init__(self, recognition: Recognises, clock: Clock, prompt_s: Callable[[Prompt], float]) -> None:
        """``prompt_s``: how long a prompt plays; ``PromptError`` where nobody knows."""
        self._recognition = recognition
        self._clock = clock
        self._prompt_s = prompt_s
        self.figures = SpeechFigures()

    async def listen(self, channel: CallChannel, listen: Listen) -> Result:
        """The one answer.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        gather = listen.gather
        if gather.prompts and not gather.barge_in:  # neither voice nor keys count before these are over
            played = await channel.perform(Play(gather.prompts))
            if not isinstance(played, Done):
                return played  # type: ignore[return-value]  # HungUp or Interrupted: a Play gives nothing else
            gather = replace(gather, prompts=())
        today = self._clock.now().astimezone(listen.zone).date()
        prompts_end_at = asyncio.get_running_loop().time() + self._length_s(gather)
        try:
            async with self._recognition.open(listen.expected) as hearing:
                ear = Ear(listen.expected, today, prompts_end_at)
                answer = await Listening(channel, gather, hearing, ear, self.figures).run()
        except SpeechUnavailable as problem:
            log.get().warning("nobody understands the caller, who has keys", problem=str(problem))
            self.figures.keys_only["unavailable"] += 1
            answer = await channel.perform(gather)  # type: ignore[assignment]  # a Gather gives nothing else
        self.figures.answers[_kind(answer)] += 1
        log.get().info("a question by voice or key is over", answer=_kind(answer))
        return answer

    def _length_s(self, gather: Gather) -> float:
        try:
            return sum(self._prompt_s(prompt) for prompt in gather.prompts)
        except PromptError:
            return 0.0


class Listening:
    """One ``Listen`` under way."""

    def __init__(
        self, channel: CallChannel, gather: Gather, hearing: Hearing, ear: Ear, figures: SpeechFigures
    ) -> None:
        self._channel = channel
        self._asked = gather
        self._hearing = hearing
        self._ear = ear
        self._figures = figures
        self._loop = asyncio.get_running_loop()
        self._gather: asyncio.Task[port.Result] | None = None
        self._event: asyncio.Task[SpeechEvent] | None = None
        self._feed: asyncio.Task[Broken] | None = None
        self._failed: str | None = None
        """Why recognition failed, as it was first known."""

    async def run(self) -> Result:
        """The answer. Nothing is left when this returns or is cancelled.

        Raises:
            SwitchError: the gather failed.
        """
        try:
            self._feed = asyncio.ensure_future(self._feed_audio())  # first: see CallChannel.hear
            self._gather = asyncio.ensure_future(self._channel.perform(self._asked))
            self._event = asyncio.ensure_future(self._hearing.next_event())
            while True:
                for deed in await self._next():
                    answer = await self._do(deed)
                    if answer is not None:
                        self._count(answer)
                        return answer
        finally:
            self._figures.audio_s += self._hearing.fed_s
            await _ended(self._gather, self._feed, self._event)

    async def _next(self) -> list[Deed]:
        """What is to be done about the next thing that happens. A key that was pressed comes first."""
        waiting = [task for task in (self._gather, self._event, self._feed) if task is not None]
        behind_s = self._hearing.behind_s
        timer = self._ear.next_timer(behind_s)
        least_s = LOOK_S if behind_s else 0.0
        timeout = None if timer is None else max(least_s, timer - self._loop.time())
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        now = self._loop.time()
        if self._gather is not None and self._gather.done():
            result, self._gather = self._gather.result(), None
            return self._ear.gathered(result, now)  # type: ignore[arg-type]  # a Gather gives nothing else
        if self._event is not None and self._event.done():
            event, self._event = self._event.result(), None
            if not isinstance(event, Final | Broken):
                self._event = asyncio.ensure_future(self._hearing.next_event())
            return await self._heard(event, now)
        if self._feed is not None and self._feed.done():
            broken, self._feed = self._feed.result(), None
            return await self._heard(broken, now)
        return self._ear.tick(now, self._hearing.behind_s)

    async def _heard(self, event: SpeechEvent, now: float) -> list[Deed]:
        deeds = self._ear.heard(event, now, self._hearing.behind_s)
        if isinstance(event, Broken):
            log.get().warning("the caller is not heard any more", reason=event.reason)
            self._failed = self._failed or event.reason
            await self._stop_feeding()
        return deeds

    def _count(self, answer: Result) -> None:
        """Count what failed. Of a caller who has gone nobody hears anything, which is no failure."""
        if self._failed is not None and not isinstance(answer, HungUp):
            self._figures.keys_only[self._failed] += 1

    async def _do(self, deed: Deed) -> Result | None:
        """Do it; the answer, where it is one."""
        match deed:
            case StopPrompts():
                log.get().info("the caller speaks")
                await self._stop(port.StopPrompts())
            case FinishUtterance():
                self._hearing.finish()
                await self._stop_feeding()
            case AwaitKeys(for_s):
                gather = replace(self._asked, prompts=(), first_key_timeout_s=for_s)
                self._gather = asyncio.ensure_future(self._channel.perform(gather))
            case Decided(answer):
                if self._ear.finished_at is not None and isinstance(answer, Heard | NotUnderstood):
                    self._figures.decisions.observe(self._loop.time() - self._ear.finished_at)
                if answer == Deaf("late"):
                    self._failed = self._failed or "late"
                    self._hearing.fail("late")
                return await self._unless_keyed(answer)
            case _:
                assert_never(deed)
        return None

    async def _unless_keyed(self, answer: Heard | NotUnderstood | Deaf | KeyResult) -> Result:
        """``answer``, or what was keyed before it was known."""
        if self._gather is None:
            return answer
        if not await self._stop(port.StopGather()) and not self._gather.done():
            return answer
        result = await self._gather
        return result if isinstance(result, Match | NoMatch | HungUp) else answer

    async def _stop(self, command: port.StopPrompts | port.StopGather) -> bool:
        """Perform it; False where the switch does not, or not in time."""
        try:
            async with asyncio.timeout(STOP_S):
                await self._channel.perform(command)
        except TimeoutError:
            log.get().warning("the switch did not stop in time for a caller's voice", command=type(command).__name__)
            return False
        except SwitchError as problem:
            log.get().warning("the switch did not stop for a caller's voice", problem=str(problem))
            return False
        return True

    async def _stop_feeding(self) -> None:
        feeding, self._feed = self._feed, None
        await _ended(feeding)

    async def _feed_audio(self) -> Broken:
        """Hand over what the caller says; why that ended."""
        reason = "unheard"
        try:
            async with self._channel.hear() as audio:
                reason = "lost"
                await self._hand_over(audio)
        except SwitchError as problem:
            log.get().warning("the switch lets nobody hear the caller", problem=str(problem))
        return Broken(reason)

    async def _hand_over(self, audio: CallerAudio) -> None:
        """Until no more comes, or too much was lost."""
        while not audio.live:
            piece = await audio.read()
            if not piece:
                return
            self._hearing.feed(piece)
            await self._hearing.kept_up()
        async with aclosing(unbroken(audio)) as pieces:
            async for piece in pieces:
                self._hearing.feed(piece)
                if audio.lost_s >= MOST_LOST_S:
                    return


async def _ended(*tasks: asyncio.Task[port.Result] | asyncio.Task[SpeechEvent] | asyncio.Task[Broken] | None) -> None:
    """Cancel what runs, and return when it is over, how is of no interest any more."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _kind(answer: Result) -> str:
    match answer:
        case Heard(sure=sure):
            return "heard" if sure else "unsure"
        case NotUnderstood():
            return "not_understood"
        case Deaf():
            return "deaf"
        case NoInput():
            return "nothing"
        case HungUp() | Interrupted():
            return "hung_up"
        case _:
            return "key"
