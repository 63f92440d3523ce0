"""What a call is doing on the loopback switch, one class for each command that takes time.

An activity ends in one of two ways: it tells ``finish`` its one result, or it is stopped from outside and tells
nothing. It does neither twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from calls.switch.keys import Complete, KeyBuffer
from calls.switch.loopback.callees import Callee
from calls.switch.port import (
    Done,
    Gather,
    Match,
    Prompt,
    Record,
    Recorded,
    RecordEnd,
    Result,
    TransferFailed,
    Transferred,
)

Finish = Callable[[Result], None]
Timed = Sequence[tuple[Prompt, float]]
"""Prompts and how long each plays, in seconds."""

BUSY = 17
"""Q.850 user busy."""

TAKES_S = 5.0
"""How long a destination may wait with its key."""

REJECTED = 21
"""Q.850 call rejected."""


class Activity(Protocol):
    """See the module."""

    def start(self) -> None:
        """Begin; called once."""

    def key(self, key: str) -> None:
        """The caller pressed a key."""

    def stop(self) -> None:
        """Something else takes the place of it."""


class Timer:
    """One timer that can be set anew."""

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def set(self, after_s: float, do: Callable[[], None]) -> None:
        """Do ``do`` once, ``after_s`` seconds from now, instead of what was set before."""
        self.clear()
        self._handle = asyncio.get_running_loop().call_later(after_s, do)

    def clear(self) -> None:
        """Do nothing."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class Playing:
    """Plays prompts one after another; keys are ignored."""

    def __init__(self, prompts: Timed, hear: Callable[[Prompt, bool], None], done: Callable[[], None]) -> None:
        self._rest = list(prompts)
        self._hear = hear
        self._done = done
        self._timer = Timer()

    def start(self) -> None:
        """Play the next prompt, or be done."""
        if not self._rest:
            self._done()
            return
        prompt, duration_s = self._rest.pop(0)
        self._hear(prompt, False)
        self._timer.set(duration_s, lambda: self._ended(prompt))

    def key(self, key: str) -> None:
        """Ignored."""

    def stop(self) -> None:
        """Fall silent."""
        self._timer.clear()

    def _ended(self, prompt: Prompt) -> None:
        self._hear(prompt, True)
        self.start()


class Gathering:
    """Plays prompts and listens for keys; the decisions are those of :mod:`calls.switch.keys`."""

    def __init__(self, gather: Gather, prompts: Timed, hear: Callable[[Prompt, bool], None], finish: Finish) -> None:
        self._gather = gather
        self._finish = finish
        self._buffer = KeyBuffer(gather.plan)
        self._playing = Playing(prompts, hear, self._prompts_ended)
        self._in_prompt = True
        self._timer = Timer()

    def start(self) -> None:
        """Begin with the prompts."""
        self._playing.start()

    def key(self, key: str) -> None:
        """Take a key, or drop it while a prompt plays that is not to be interrupted."""
        if self._in_prompt and not self._gather.barge_in:
            return
        decision = self._buffer.press(key, in_prompt=self._in_prompt)
        if isinstance(decision, Complete):
            self.stop()
            self._finish(decision.result)
        elif self._buffer.keys:
            self._playing.stop()
            self._in_prompt = False
            self._timer.set(self._gather.next_key_timeout_s, self._timed_out)

    @property
    def keyed(self) -> bool:
        """A key was taken: nothing but keys and their time decides any more."""
        return bool(self._buffer.keys)

    def stop_prompts(self) -> None:
        """The caller has begun to speak: fall silent, unless that is not wanted, and give time anew."""
        if not self.keyed and (self._gather.barge_in or not self._in_prompt):
            self._playing.stop()
            self._prompts_ended()

    def stop(self) -> None:
        """Stop playing and listening."""
        self._playing.stop()
        self._timer.clear()

    def _prompts_ended(self) -> None:
        self._in_prompt = False
        self._timer.set(self._gather.first_key_timeout_s, self._timed_out)

    def _timed_out(self) -> None:
        self._finish(self._buffer.timed_out())


class Recording:
    """Plays prompts, then records the caller: keys end either, silence and the greatest length the recording."""

    def __init__(self, record: Record, prompts: Timed, hear: Callable[[Prompt, bool], None], finish: Finish) -> None:
        self._record = record
        self._finish = finish
        self._playing = Playing(prompts, hear, self._begin)
        self._began_s: float | None = None
        self._quiet_since_s: float | None = None
        """None while the caller speaks."""
        self._speaking = False
        self._silence = Timer()
        self._longest = Timer()

    def start(self) -> None:
        """Begin with the prompts."""
        self._playing.start()

    def key(self, key: str) -> None:
        """End the prompts, or the recording, by one of the keys that do."""
        if key not in self._record.end_keys:
            return
        if self._began_s is None:
            self._playing.stop()
            self._begin()
        else:
            self._finish(self.ended(RecordEnd.KEY))

    def voice(self, speaking: bool) -> None:
        """The caller begins or ends to speak."""
        self._speaking = speaking
        if self._began_s is None:
            return
        self._quiet_since_s = None if speaking else _now_s()
        if speaking:
            self._silence.clear()
        else:
            self._silence.set(self._record.silence_s, lambda: self._finish(self.ended(RecordEnd.SILENCE)))

    def stop(self) -> None:
        """Record no longer."""
        self._playing.stop()
        self._silence.clear()
        self._longest.clear()

    @property
    def begun(self) -> bool:
        """True once the caller is recorded."""
        return self._began_s is not None

    def ended(self, by: RecordEnd) -> Recorded:
        """What is recorded by now."""
        began_s = self._began_s or 0.0
        until_s = self._quiet_since_s if by is RecordEnd.SILENCE and self._quiet_since_s is not None else _now_s()
        return Recorded(self._record.name, max(0.0, until_s - began_s), by)

    def _begin(self) -> None:
        self._began_s = _now_s()
        self._longest.set(self._record.longest_s, lambda: self._finish(self.ended(RecordEnd.LONGEST)))
        self.voice(self._speaking)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


class Holding:
    """Music for a while, or until one of the keys."""

    def __init__(self, for_s: float, finish: Finish, keys: frozenset[str] = frozenset()) -> None:
        self._for_s = for_s
        self._finish = finish
        self._keys = keys
        self._timer = Timer()

    def start(self) -> None:
        """Begin."""
        self._timer.set(self._for_s, lambda: self._finish(Done()))

    def key(self, key: str) -> None:
        """End it by one of the keys; others are ignored."""
        if key in self._keys:
            self._finish(Match(key))

    def stop(self) -> None:
        """The music ends."""
        self._timer.clear()


class Talking:
    """A talk with an agent, for as long as neither ends it: whoever does stops this and tells the result."""

    def __init__(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._begin = begin
        self._end = end

    def start(self) -> None:
        """They hear each other."""
        self._begin()

    def key(self, key: str) -> None:
        """Ignored."""

    def stop(self) -> None:
        """They no longer do."""
        self._end()


class Transferring:
    """Rings a callee and joins it to the caller."""

    def __init__(
        self,
        callee: Callee,
        ring_timeout_s: float,
        whisper_s: float,
        takes: bool,
        talk_limit_s: float,
        met: Callable[[bool], None],
        finish: Finish,
    ) -> None:
        """``whisper_s``: what the callee hears first; ``takes``: whether it takes the call then."""
        self._callee = callee
        self._ring_timeout_s = ring_timeout_s
        self._whisper_s = whisper_s
        self._takes = takes
        self._talk_s = min(max(0.0, callee.talk_s - whisper_s), talk_limit_s)
        self._met = met
        self._finish = finish
        self._talking = False
        self._timer = Timer()

    def start(self) -> None:
        """Ring, or be refused."""
        cause, answer_after_s = self._callee.refuses_with, self._callee.answer_after_s
        if cause is not None:
            reason = {BUSY: "busy", REJECTED: "refused"}.get(cause, "unavailable")
            self._timer.set(0.0, lambda: self._finish(TransferFailed(reason)))
        elif answer_after_s is None or answer_after_s >= self._ring_timeout_s:
            self._timer.set(self._ring_timeout_s, lambda: self._finish(TransferFailed("no_answer")))
        else:
            self._timer.set(answer_after_s, self._answers)

    def key(self, key: str) -> None:
        """Ignored."""

    def stop(self) -> None:
        """The caller is taken away."""
        self._timer.clear()
        self._part()

    def _answers(self) -> None:
        if not self._takes:
            self._timer.set(self._whisper_s + TAKES_S, lambda: self._finish(TransferFailed("declined")))
        else:
            self._timer.set(self._whisper_s, self._joined)

    def _joined(self) -> None:
        self._talking = True
        self._met(True)
        self._timer.set(self._talk_s, self._hung_up)

    def _hung_up(self) -> None:
        self._part()
        self._finish(Transferred(self._talk_s))

    def _part(self) -> None:
        if self._talking:
            self._talking = False
            self._met(False)
