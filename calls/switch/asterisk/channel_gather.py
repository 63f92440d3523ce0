"""One ``Gather`` in the hands of AGI: prompts, keys, and the caller's voice, which stops the one or the whole.

With barge-in the last prompt and the wait behind it are ``GET DATA``. ``STREAM FILE`` and ``WAIT FOR DIGIT`` leave a
gap between the two, and a key that begins and ends within it is thrown away. Seen on 16.28: in a gap of 60 ms no key
of 100 ms was lost, but it came 100 ms late; an engine may be held up for longer.

AGI cannot be interrupted from its own side. What plays or waits is ended by a key that AMI presses in the caller's
place, :data:`~calls.switch.keys.SIGNAL`: 2 to 3 ms later each of the three has given it (seen on 16.28 and 22.10).
That key says nothing by itself, for it may come late: sent while AGI was between two commands it came up to 100 ms
later, to whichever ran then. What is to be done stands in the flags of :class:`Gathering`, and the key only makes us
look; where nothing is to be done, what it ended goes on. So a caller who really sends it changes nothing either.

Of a caller who is heard by recordings (:mod:`calls.switch.asterisk.tape`) the wait behind the prompts is a recording.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from calls import log
from calls.errors import RemoteProtocolError
from calls.switch.asterisk.tape import Tape
from calls.switch.keys import SIGNAL, Complete, KeyBuffer
from calls.switch.port import Gather, Interrupted, Match, NoInput, NoMatch
from calls.wire import agi
from calls.wire.agi_replies import Reply

STEP_S = 0.25
"""Beside a tape a wait for keys is so long: such a switch may have nothing that ends it."""

Say = Callable[[agi.Command], Awaitable[Reply]]

_RATE_HZ = 8_000
"""Of prompts, in which Asterisk counts where it left one."""


class Gathering:
    """See the module."""

    def __init__(
        self,
        command: Gather,
        files: Sequence[tuple[str, float]],
        say: Say,
        say_whole: Say,
        tape: Callable[[], Tape | None],
    ) -> None:
        """``files``: the prompts without their extensions, and how long they play; ``say`` gives a reply that is no
        failure, ``say_whole`` any; ``tape`` is what the caller is recorded on now."""
        self._command = command
        self._files = files
        self._say = say
        self._say_whole = say_whole
        self._tape = tape
        self._loop = asyncio.get_running_loop()
        self._buffer = KeyBuffer(command.plan)
        self._in_prompts = bool(files)
        self._until: float | None = None
        """When time is up; None while the prompts play."""
        self._keyed = False
        self._stopped = False

    def hush(self) -> bool:
        """The caller begins to speak: whether what AGI does now is to be ended."""
        if self._keyed or self._stopped or (self._in_prompts and not self._command.barge_in):
            return False
        self._until = self._loop.time() + self._command.first_key_timeout_s
        return True

    def stop(self) -> bool:
        """The caller has said enough: whether what AGI does now is to be ended."""
        if self._keyed:
            return False
        self._stopped = True
        return True

    async def run(self) -> Match | NoMatch | NoInput | Interrupted:
        """The result. Whatever ``say`` raises ends it."""
        key = await self._first_key()
        in_prompt = self._in_prompts
        while key is not None:
            self._keyed = True
            decision = self._buffer.press(key, in_prompt=in_prompt)
            if isinstance(decision, Complete):
                return decision.result
            self._in_prompts = in_prompt = False
            self._until = self._loop.time() + self._command.next_key_timeout_s
            key = await self._key_in_time()
        return self._buffer.timed_out() if self._keyed or not self._stopped else Interrupted()

    async def _first_key(self) -> str | None:
        """The key that ends the prompts, or comes in time after them; ``_in_prompts`` says which."""
        tape = self._tape()
        in_one = self._command.barge_in and (tape is None or tape.ended)
        for path, lasts_s in self._files[:-1] if in_one else self._files:
            key = await self._play(path, lasts_s)
            if key is not None:
                return key
        if in_one and self._files and not self._quiet:
            return await self._play_and_wait(*self._files[-1])
        self._in_prompts = False
        if self._until is None:
            self._until = self._loop.time() + self._command.first_key_timeout_s
        return await self._key_in_time()

    @property
    def _quiet(self) -> bool:
        """No prompt is to play any more."""
        return self._stopped or self._until is not None

    async def _play(self, path: str, lasts_s: float, from_s: float = 0.0) -> str | None:
        """Play a file; the key that ended it. Without barge-in no key of the caller's does."""
        escape = agi.ALL_KEYS if self._command.barge_in else SIGNAL
        while not self._quiet:
            reply = await self._say(agi.StreamFile(path, escape, lasts_s, round(from_s * _RATE_HZ)))
            key = key_of(reply)
            if key != SIGNAL:
                return key
            from_s = min(max(reply.endpos or 0, 0) / _RATE_HZ, lasts_s)
        return None

    async def _play_and_wait(self, path: str, lasts_s: float) -> str | None:
        """Play the last file and wait for the first key, in one command."""
        timeout_s = self._command.first_key_timeout_s
        began = self._loop.time()
        reply = await self._say(agi.GetKey(path, milliseconds(timeout_s), lasts_s))
        played_s = self._loop.time() - began
        self._in_prompts = played_s < lasts_s
        key = _key_or_hash(reply)
        if key not in (None, SIGNAL):
            return key
        if not self._quiet and key is None:
            return None
        if not self._quiet and self._in_prompts:
            key = await self._play(path, lasts_s, played_s)
            if key is not None:
                return key
            began = self._loop.time() - lasts_s
        self._in_prompts = False
        if self._until is None:
            self._until = began + lasts_s + timeout_s
        return await self._key_in_time()

    async def _key_in_time(self) -> str | None:
        """The next key, where it comes before time is up; a caller who begins to speak may put that off."""
        while self._keyed or not self._stopped:
            until = self._until
            assert until is not None, "time runs when the prompts are over"
            rest_s = until - self._loop.time()
            if rest_s <= 0:
                return None
            tape = self._tape()
            if tape is None:
                key = key_of(await self._say(agi.WaitForDigit(milliseconds(rest_s))))
            elif tape.ended or self._keyed:
                key = key_of(await self._say(agi.WaitForDigit(milliseconds(min(rest_s, STEP_S)))))
            else:
                key = await self._key_or_voice(tape, rest_s)
            if key not in (None, SIGNAL):
                return key
            if key is None and tape is None and self._until == until:
                return None
        return None

    async def _key_or_voice(self, tape: Tape, rest_s: float) -> str | None:
        """Record what is said next; the key that ended it."""
        reply = await tape.record(self._say_whole, rest_s)
        if reply.word == "dtmf":
            return key_of(reply)
        if reply.word != "timeout":
            await self._say(agi.ChannelStatus())  # raises where the call has ended
            log.get().error("Asterisk cannot record what a caller says", word=reply.word)
            tape.end()
        return None


def key_of(reply: Reply) -> str | None:
    """The key whose number the reply is; None where there was none.

    Raises:
        RemoteProtocolError: it is no key's.
    """
    number = reply.number
    if number == 0:
        return None
    if not 0 < number < 128 or chr(number) not in agi.ALL_KEYS:
        raise RemoteProtocolError(f"AGI: {number} is the number of no key")
    return chr(number)


def _key_or_hash(reply: Reply) -> str | None:
    """The key of a reply to ``GET DATA``, which leaves ``#`` out."""
    if reply.word == "timeout":
        return None
    if len(reply.data) > 1:
        raise RemoteProtocolError(f"AGI GET DATA: more than one key: {reply.data!r}")
    return reply.data or "#"


def milliseconds(seconds: float) -> int:
    """A wait as AGI takes it."""
    return min(max(1, round(seconds * 1_000)), agi.MAX_WAIT_MS)
