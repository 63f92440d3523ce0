"""Walk through a flow with no switch: a caller of a script or at a terminal, on a clock that only the walk moves.

The walk performs the session's commands as a switch would: prompts last as long as their texts take to say, keys are
judged by the very rules of the drivers (``calls/switch/keys.py``), and time passes without anyone waiting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from calls.switch.keys import Complete, KeyBuffer
from calls.switch.port import (
    Answer,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    MuteRecording,
    Play,
    PlayRecording,
    Prompt,
    Record,
    Recorded,
    RecordEnd,
    StartRecording,
    StopRecording,
    Transfer,
    TransferFailed,
    Transferred,
)
from ivr.callers import Asked, Caller, ScriptedCaller, Told, does_not_fit, spoken_s
from ivr.commands import (
    AgentConnected,
    AgentOffered,
    BrokeOut,
    CallerChecked,
    Charge,
    Charged,
    CheckCaller,
    Command,
    Commit,
    Committed,
    Enqueue,
    Listen,
    LookedUp,
    Lookup,
    NotUnderstood,
    Result,
    Served,
    TransferRefused,
    Verified,
    Verify,
    WaitExpired,
    WaitTold,
)
from ivr.effects import Webhook
from ivr.flow import Flow
from ivr.saying import heard
from ivr.script import (
    SPEECH_S,
    TALK_S,
    Act,
    Comes,
    Fail,
    Leave,
    Mishear,
    Pass,
    Press,
    Say,
    Silent,
    Speak,
    parse,
)
from ivr.session import NOTHING_KNOWN, Context, Finished, Session
from ivr.speech.decision import Progress
from ivr.speech.ear import SILENCE_S
from ivr.trail import Instant, TrailEvent

BETWEEN_KEYS_S = 0.3
"""The time between the keys of one word of a script."""
HANGOVER_S = SILENCE_S[Progress.OPEN]
"""The silence by which it is known that somebody has said all: on a call, of words that answer nothing yet. What
answers is taken sooner, by how much depends on what could follow."""
AGENT_AFTER_S = 10.0
"""When an agent takes the call of a walk."""
QUEUE_MAX_WAIT_S = 300.0
"""The longest wait where the flow leaves it to the queue's settings."""

REFERENCE = "100001"
"""What a caller of a walk is told who asks for something in writing."""

Texts = Callable[[Prompt], str]
"""The text of a prompt, for the eyes."""


class Walk:
    """One walk. ``events`` makes it go; ``session`` holds the trail, ``finished`` the end once it is reached.

    ``context`` is what is known of the call before, its draw for splits too.
    """

    def __init__(
        self, flow: Flow, caller: Caller, texts: Texts, began: Instant, context: Context = NOTHING_KNOWN
    ) -> None:
        self.session = Session(flow)
        self.finished: Finished | None = None
        self._caller = caller
        self._texts = texts
        self._began = began
        self._context = context
        self._since_s = 0.0
        self._held: list[Act] = []
        self._gone = False
        """The caller hung up in a message: it is told, and the hang-up at the next command of the switch."""

    def events(self) -> Iterator[Asked | Told]:
        """What happens, as it happens: each command before it is performed, and its result after.

        Raises:
            UserError: the script does not fit, e.g. ``q+`` where a menu listens.
        """
        step = self.session.start(self._context, self._now())
        while not isinstance(step, Finished):
            if isinstance(step, Enqueue):
                step = self.session.notify(WaitTold(1, AGENT_AFTER_S), self._now()) or step
            asked = Asked(self._since_s, self.session.node, step, self._heard(step))
            yield asked
            result = self._perform(asked)
            yield Told(self._since_s, result)
            step = self.session.resume(result, self._now())
        self.finished = step

    def _now(self) -> Instant:
        return Instant(self._began.at + timedelta(seconds=self._since_s), self._began.mono_s + self._since_s)

    def _heard(self, command: Command) -> tuple[str, ...]:
        match command:
            case (
                Play(prompts)
                | Gather(prompts)
                | Listen(gather=Gather(prompts))
                | Enqueue(announce=prompts)
                | Lookup(meanwhile=prompts)
                | Charge(meanwhile=prompts)
                | Record(prompts=prompts)
            ):
                return tuple(self._texts(prompt) for prompt in prompts)
            case _:
                return ()

    def _act(self, asked: Asked) -> Act | None:
        return self._held.pop() if self._held else self._caller.act(asked)

    def _hold(self, act: Act) -> None:
        """Keep an act for the next time: it is not done now, or not wholly."""
        self._held.append(act)

    def _perform(self, asked: Asked) -> Result:
        if self._gone and not isinstance(asked.command, Commit):
            return HungUp(EndedBy.CALLER)
        match asked.command:
            case Answer() | StartRecording() | MuteRecording() | StopRecording():
                return Done()
            case Play():
                return self._play(asked, spoken_s(asked.texts))
            case PlayRecording(_, duration_s):
                return self._play(asked, duration_s)
            case Record() as record:
                return self._record(asked, record)
            case Gather() as gather:
                return _Gathering(self, asked, gather).result()
            case Listen(gather) as listen:
                return _Gathering(self, asked, gather, listen).result()
            case Enqueue() as wait:
                return self._queue(asked, wait)
            case Transfer() as transfer:
                return self._transfer(asked, transfer)
            case Lookup():
                return self._comes(asked, LookedUp({}))
            case Charge():
                return self._comes(asked, Charged("a-token"))
            case Verify():
                return self._comes(asked, Verified())
            case CheckCaller():
                return self._comes(asked, CallerChecked(blocked=False, calls=1))
            case Commit(effect=Webhook()):
                return self._comes(asked, Committed(REFERENCE))
            case Commit():
                return self._comes(asked, Committed())
            case Hangup():
                return HungUp(EndedBy.US)

    def _record(self, asked: Asked, record: Record) -> Result:
        """What the caller says after the beep; words for menus and queues do not fit."""
        self._since_s += spoken_s(asked.texts)
        said_s: float | None = None
        while True:
            match self._act(asked):
                case Fail():
                    return Interrupted()
                case Leave():
                    self._gone = True
                    return self._recorded(record, said_s or 0.0, RecordEnd.HANGUP)
                case Speak(seconds):
                    said_s = (said_s or 0.0) + seconds
                    if said_s >= record.longest_s:
                        return self._recorded(record, said_s, RecordEnd.LONGEST)
                    continue
                case Pass(seconds) if seconds < record.silence_s:
                    said_s = (said_s or 0.0) + seconds
                    continue
                case Press(keys) if keys[0] in record.end_keys:
                    if keys[1:]:
                        self._hold(Press(keys[1:], at_once=True))
                    return self._recorded(record, said_s or 0.0, RecordEnd.KEY)
                case Silent() | Pass():
                    return self._recorded(record, said_s or 0.0, RecordEnd.SILENCE)
                case None:
                    return self._recorded(record, SPEECH_S if said_s is None else said_s, RecordEnd.SILENCE)
                case Comes() | Say() | Mishear() as wrong:
                    raise does_not_fit(asked, wrong)
                case later:
                    self._hold(later)
                    return self._recorded(record, said_s or 0.0, RecordEnd.SILENCE)

    def _recorded(self, record: Record, said_s: float, by: RecordEnd) -> Recorded:
        if said_s >= record.longest_s:
            said_s, by = record.longest_s, RecordEnd.LONGEST
        self._since_s += said_s + (record.silence_s if by is RecordEnd.SILENCE else 0.0)
        return Recorded(record.name, said_s, by)

    def _play(self, asked: Asked, left_s: float) -> Result:
        while True:
            match self._act(asked):
                case Leave():
                    return HungUp(EndedBy.CALLER)
                case Fail():
                    return Interrupted()
                case Pass(seconds) if seconds < left_s:
                    left_s -= seconds
                    self._since_s += seconds
                    continue
                case Pass(seconds):
                    self._hold(Pass(seconds - left_s))
                case Press(at_once=True):
                    continue
                case None:
                    pass
                case later:
                    self._hold(later)
            self._since_s += left_s
            return Done()

    def _comes(self, asked: Asked, otherwise: Result) -> Result:
        """What comes of what lies outside, once the caller has heard what is said meanwhile. A word for later is left
        for it; what the script says nothing of comes to ``otherwise``."""
        result = otherwise
        match None if self._gone else self._act(asked):
            case Comes(said) as came if came.answers(asked.command):
                result = said
            case Leave():
                return HungUp(EndedBy.CALLER)
            case Fail():
                return Interrupted()
            case None:
                pass
            case later:
                self._hold(later)
        self._since_s += spoken_s(asked.texts)
        return result

    def _queue(self, asked: Asked, wait: Enqueue) -> Result:
        left_s = wait.max_wait_s if wait.max_wait_s is not None else QUEUE_MAX_WAIT_S
        while True:
            match self._act(asked):
                case Leave():
                    return HungUp(EndedBy.CALLER)
                case Fail():
                    return Interrupted()
                case Pass(seconds) if seconds < left_s:
                    left_s -= seconds
                    self._since_s += seconds
                    continue
                case Pass(seconds):
                    self._hold(Pass(seconds - left_s))
                    self._since_s += left_s
                    return WaitExpired()
                case Silent() | Comes(WaitExpired()):
                    self._since_s += left_s
                    return WaitExpired()
                case Comes(Served(talk_s)):
                    return self._serve(talk_s, left_s)
                case Comes(result) as came if came.answers(wait):
                    return result
                case Comes() | Speak() | Say() | Mishear() as wrong:
                    raise does_not_fit(asked, wrong)
                case Press(keys) if keys[0] in wait.keys:
                    if keys[1:]:
                        self._hold(Press(keys[1:], at_once=True))
                    return BrokeOut(keys[0])
                case Press(at_once=True):
                    continue
                case Press() as later:
                    self._hold(later)
                case None:
                    pass
            return self._serve(TALK_S, left_s)

    def _serve(self, talk_s: float, left_s: float) -> Result:
        self.session.notify(AgentOffered("agent"), self._now())
        self._since_s += min(AGENT_AFTER_S, left_s)
        self.session.notify(AgentConnected("agent"), self._now())
        self._since_s += talk_s
        return Served(talk_s)

    def _transfer(self, asked: Asked, transfer: Transfer) -> Result:
        left_s = transfer.ring_timeout_s
        result: Transferred | TransferFailed | TransferRefused = Transferred(TALK_S)
        while True:
            match self._act(asked):
                case Leave():
                    return HungUp(EndedBy.CALLER)
                case Fail():
                    return Interrupted()
                case Pass(seconds) if seconds < left_s:
                    left_s -= seconds
                    self._since_s += seconds
                    continue
                case Pass(seconds):
                    self._hold(Pass(seconds - left_s))
                    result = TransferFailed("no_answer")
                case Silent():
                    result = TransferFailed("no_answer")
                case Comes(Transferred() | TransferFailed() | TransferRefused() as said):
                    result = said
                case Comes() | Speak() | Say() | Mishear() as wrong:
                    raise does_not_fit(asked, wrong)
                case Press(at_once=True):
                    continue
                case Press() as later:
                    self._hold(later)
                case None:
                    pass
            self._since_s += result.talk_s if isinstance(result, Transferred) else left_s
            return result


class _Gathering:
    """One ``Gather`` of a walk, or that of a ``listen``."""

    def __init__(self, walk: Walk, asked: Asked, gather: Gather, listen: Listen | None = None) -> None:
        self._walk = walk
        self._asked = asked
        self._gather = gather
        self._listen = listen
        self._buffer = KeyBuffer(gather.plan)
        self._at_s = 0.0
        self._prompt_s = spoken_s(asked.texts)
        self._deadline_s = self._prompt_s + gather.first_key_timeout_s
        self._let_pass = False

    def result(self) -> Result:
        """What the caller keyed."""
        result: Result | None = None
        while result is None:
            result = self._one(self._walk._act(replace(self._asked, keys=self._buffer.keys)))
        self._walk._since_s += self._at_s
        return result

    def _one(self, act: Act | None) -> Result | None:
        if act is not None and not self._is_for_now(act):
            self._walk._hold(act)
            return self._timed_out()
        match act:
            case Leave():
                return HungUp(EndedBy.CALLER)
            case Fail():
                return Interrupted()
            case None | Silent():
                return self._timed_out()
            case Pass(seconds) if self._at_s + seconds < self._deadline_s:
                self._at_s += seconds
                self._let_pass = True
                return None
            case Pass(seconds):
                self._walk._hold(Pass(self._at_s + seconds - self._deadline_s))
                return self._timed_out()
            case Press():
                return self._press(act)
            case Say() | Mishear() if self._listen is not None:
                return self._say(act, self._listen)
            case Comes() | Speak() | Say() | Mishear():
                raise does_not_fit(self._asked, act)

    def _is_for_now(self, act: Act) -> bool:
        """False where a word is for what comes next: the caller waits to hear it, unless time was let pass."""
        if isinstance(act, Pass) or (isinstance(act, Press) and act.at_once):
            return True
        return self._let_pass or (not self._buffer.keys and bool(self._gather.prompts))

    def _timed_out(self) -> Result:
        self._at_s = self._deadline_s
        return self._buffer.timed_out()

    def _say(self, act: Say | Mishear, listen: Listen) -> Result:
        """What comes of it once the words are said and the caller is silent."""
        if not (self._let_pass and self._gather.barge_in):
            self._at_s = max(self._at_s, self._prompt_s)
        barged_in = self._at_s < self._prompt_s
        words = act.words if isinstance(act, Say) else ""
        self._at_s += spoken_s([words]) + HANGOVER_S
        if isinstance(act, Mishear):
            return act.deaf
        if not act.understood:
            return NotUnderstood(words, barged_in)
        today = self._walk._now().at.astimezone(listen.zone).date()
        return heard(words, listen.expected, today, sure=act.sure, barged_in=barged_in)

    def _press(self, press: Press) -> Result | None:
        if not (press.at_once or self._let_pass):
            self._at_s = max(self._at_s, self._prompt_s)
        for position, key in enumerate(press.keys, start=1):
            self._at_s += BETWEEN_KEYS_S if position > 1 else 0.0
            in_prompt = self._at_s < self._prompt_s
            if in_prompt and not self._gather.barge_in:
                continue
            decision = self._buffer.press(key, in_prompt=in_prompt)
            if in_prompt:
                self._prompt_s = self._at_s
            if isinstance(decision, Complete):
                if press.keys[position:]:
                    self._walk._hold(Press(press.keys[position:], at_once=True))
                return decision.result
            self._let_pass = False
            self._deadline_s = self._at_s + self._gather.next_key_timeout_s
        return None


def walk(
    flow: Flow, keys: str, texts: Texts, began: Instant, draw: float = 0.0
) -> tuple[Finished, tuple[TrailEvent, ...]]:
    """The end and the trail of a walk by the script ``keys``.

    Raises:
        UserError: the script is not understood, or does not fit the flow.
    """
    walked = Walk(flow, ScriptedCaller(parse(keys)), texts, began, Context(draw=draw))
    for _ in walked.events():
        pass
    if walked.finished is None:
        raise RuntimeError("a walk ended without an end")
    return walked.finished, walked.session.trail


def json_line(event: TrailEvent) -> str:
    """One event of a trail as a line of JSON."""
    return json.dumps(
        {"at": event.at.isoformat(), "since_s": round(event.since_s, 3), "kind": event.kind.value, **event.detail}
    )
