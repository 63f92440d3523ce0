"""What flows leave behind, written into the books: each effect in one transaction, before the caller is told."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from calls import log, numbers
from calls.clock import Clock
from calls.errors import RecordError, RecordingError
from calls.ids import CallId
from calls.numbers import NumberProblem
from calls.people import blocked, do_not_call
from calls.people.blocked import Flagged
from calls.records import outbox, surveys, voicemail
from calls.records.outbox import Message
from calls.records.store import Direction, LiveCall
from calls.records.voicemail import MessageState
from calls.records.writer import Writer
from ivr.commands import Commit, CommitFailed, Committed
from ivr.effects import BookCallback, DropRecording, Flag, Json, LeaveMessage, OptOut, SurveyAnswers, Webhook

WITHIN_S = 5.0
"""How long a caller waits for the books: a longer silence is worse than an apology."""

FLAGS = 20
"""As many as are looked at in one glance; the store has all."""

NO_NUMBER = "no_number"
UNAVAILABLE = "unavailable"


class Effects:
    """Writes the effects of all calls."""

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        region: str | None,
        forbidden: Callable[[str], None],
        to_send: Callable[[], None],
        drop: Callable[[str], Awaitable[None]],
        book: Callable[[LiveCall, str, BookCallback], Awaitable[Committed | CommitFailed]],
    ) -> None:
        """``region``: the country of numbers without one; ``forbidden`` hears of numbers never to be dialled,
        ``to_send`` that a message was written; ``drop`` deletes a recording; ``book`` has
        somebody called back."""
        self.flagged: deque[Flagged] = deque(maxlen=FLAGS)
        """What supervisors are to look at, of this run."""
        self._writer = writer
        self._clock = clock
        self._region = region
        self._forbidden = forbidden
        self._to_send = to_send
        self._drop = drop
        self._book = book

    async def commit(self, live: LiveCall, commit: Commit) -> Committed | CommitFailed:
        """Write it down. What fails is said by a word; it may still have been written where the store was late."""
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._commit(live, commit)
        except NumberProblem:
            return CommitFailed(NO_NUMBER)
        except (RecordError, RecordingError, TimeoutError) as problem:
            log.get().error("an effect of a call was not written", key=commit.key, problem=str(problem) or "late")
            return CommitFailed(UNAVAILABLE)

    async def _commit(self, live: LiveCall, commit: Commit) -> Committed | CommitFailed:
        effect = commit.effect
        match effect:
            case OptOut():
                await self._forbid(live.call_id, effect)
                return Committed()
            case Webhook():
                return await self._post(live, commit.key, effect)
            case LeaveMessage():
                return await self._leave(live, commit.key, effect)
            case DropRecording(recording):
                await self._drop(recording)
                return Committed()
            case SurveyAnswers():
                return await self._answer(live, commit.key, effect)
            case Flag(number, what):
                flagged = Flagged(live.call_id, number, what, self._clock.now())
                if await self._writer.run(lambda connection: blocked.flag(connection, commit.key, flagged)):
                    self.flagged.append(flagged)
                return Committed()
            case BookCallback():
                return await self._book(live, commit.key, effect)
            case _:
                assert_never(effect)

    async def _forbid(self, call_id: CallId, effect: OptOut) -> None:
        number = numbers.to_e164(effect.number, self._region)
        entry = do_not_call.Entry(number, "flow", f"asked for in call {call_id}", self._clock.now(), "the caller")
        await self._writer.run(lambda connection: do_not_call.add(connection, entry))
        self._forbidden(number)

    async def _leave(self, live: LiveCall, key: str, effect: LeaveMessage) -> Committed:
        now = self._clock.now()
        caller = live.caller if live.direction is Direction.INBOUND else live.called
        left = voicemail.Message(
            effect.recording, effect.mailbox, live.call_id, key, caller, now, effect.duration_s, MessageState.NEW, now
        )
        values = {
            "mailbox": left.mailbox,
            "message": left.message_id,
            "caller": caller,
            "duration_s": f"{left.duration_s:.1f}",
        }

        def write(connection: sqlite3.Connection) -> None:
            if voicemail.add_message(connection, left) and effect.webhook is not None:
                told = Webhook(effect.webhook, values)
                outbox.put(connection, message(live, key, "", told, now), now)

        await self._writer.run(write)
        self._to_send()
        return Committed()

    async def _answer(self, live: LiveCall, key: str, effect: SurveyAnswers) -> Committed:
        now = self._clock.now()
        answers = [
            surveys.Answer(
                live.flow, effect.node, effect.survey, each.question, each.kind, each.value, each.recording
            )
            for each in effect.answers
        ]
        await self._writer.run(lambda connection: surveys.add_answers(connection, live.call_id, key, answers, now))
        return Committed()

    async def _post(self, live: LiveCall, key: str, effect: Webhook) -> Committed:
        now = self._clock.now()

        def write(connection: sqlite3.Connection) -> str:
            reference = outbox.issue_reference(connection, live.call_id, key, now)
            outbox.put(connection, message(live, key, reference, effect, now), now)
            return reference

        reference = await self._writer.run(write)
        self._to_send()
        return Committed(reference)


def message(live: LiveCall, key: str, reference: str, effect: Webhook, now: datetime) -> Message:
    """What a webhook is told, under a key that is the same however often it is."""
    node, identity = key.rpartition(":")[0], f"{live.call_id}:{key}"
    body: Mapping[str, Json] = {
        "id": identity,
        "webhook": effect.name,
        "call_id": live.call_id,
        "flow": live.flow,
        "node": node,
        "at": now.isoformat(timespec="milliseconds"),
        "reference": reference,
        "values": effect.values,
    }
    return Message(identity, effect.name, live.call_id, node, json.dumps(body, default=_exact), live.flow)


def _exact(value: object) -> str:
    """A decimal number as a text: a float would round what was agreed with the caller."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} cannot be sent")
