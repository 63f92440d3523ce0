"""A call again, offline: what its record holds is given to a flow, and compared with what happened.

The session of a flow is a function of the flow, of its results and of the time; a record keeps both. So with the flow
that it ran in, a call goes the same way again; with another, the replay shows where it would have gone elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from calls.errors import UserError
from calls.records.store import CallEvent
from calls.switch.port import EndedBy
from ivr.commands import Command
from ivr.exchange import FORMAT, NotAnExchange, decoded, encoded, notice_of, result_of
from ivr.flow import Flow
from ivr.session import Context, Finished, Session
from ivr.trail import Detail, Instant, Kind, TrailEvent

T = TypeVar("T")

NEAR_S = 0.002
"""By how much two times may differ: each is rounded to a millisecond."""

NOT_COMPARED = frozenset({"version", "flow", "traceback"})
"""Details that say which text ran, and not what it did."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a replay leaves what happened. ``was`` and ``now``: what was recorded, and what comes instead."""

    since_s: float
    node: str
    was: str
    now: str
    masked: bool = False
    """True where a secret result came before: a replay does not know it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The trail of the replay, as far as it went along with the record, and where it departed."""

    trail: tuple[TrailEvent, ...]
    departure: Departure | None


def replay(flow: Flow, record: Sequence[TrailEvent]) -> Replay:
    """Run the call of ``record`` again in ``flow``.

    Raises:
        UserError: the record does not hold what a replay needs.
    """
    again = _Again(flow, record)
    departure = again.run()
    trail = again.session.trail
    return Replay(trail, again.first_difference(trail, departure) or departure)


class _Again:
    """One replay."""

    def __init__(self, flow: Flow, record: Sequence[TrailEvent]) -> None:
        self.session = Session(flow)
        self._record = record
        self._masked_s: float | None = None
        """When the first secret result came."""
        self._compared = len(record)
        """How many events of the record the replay has gone along with."""

    def run(self) -> Departure | None:
        """Give the session what it was given; the first command that is another one, if any."""
        step = self.session.start(self._context(), _instant(self._record[0]))
        for position, event in enumerate(self._record):
            match event.kind:
                case Kind.EXCHANGE if "command" in event.detail:
                    now = step if isinstance(step, Finished) else self._named(step, event.detail)
                    if now != event.detail["command"]:
                        self._compared = position
                        return self._departure(event, _line(event.detail["command"]), _said(now))
                    if event.detail.get("masked") and self._masked_s is None:
                        self._masked_s = event.since_s
                    step = self.session.resume(_read(event, result_of, "result"), _instant(event))
                case Kind.EXCHANGE if "notice" in event.detail:
                    step = self.session.notify(_read(event, notice_of, "notice"), _instant(event)) or step
                case Kind.HUNG_UP if not isinstance(step, Finished):
                    by, cause = EndedBy(event.detail["by"]), event.detail["cause"]
                    step = self.session.hangup(_instant(event), by, cause if isinstance(cause, int) else None)
                case _:
                    pass
        return None

    def first_difference(self, trail: Sequence[TrailEvent], departed: Departure | None) -> Departure | None:
        """The first event that came otherwise, up to the command that differs."""
        was = [event for event in self._record[: self._compared] if event.kind is not Kind.EXCHANGE]
        for old, new in zip(was, trail, strict=False):
            if not same(old, new, self._record[0].since_s):
                return self._departure(old, told(old), told(new))
        if departed is None and len(was) > len(trail):
            return self._departure(was[len(trail)], told(was[len(trail)]), "nothing more")
        if departed is None and len(trail) > len(was):
            return self._departure(trail[len(was)], "nothing more", told(trail[len(was)]))
        return None

    def _context(self) -> Context:
        """What was known when the call began."""
        for event in self._record:
            if event.kind is Kind.EXCHANGE:
                if event.detail.get("v") != FORMAT or "context" not in event.detail:
                    break
                try:
                    return decoded(event.detail["context"], Context)
                except NotAnExchange as problem:
                    raise UserError(f"the record cannot be replayed by this release: {problem}") from problem
        raise UserError(
            "the record holds no commands and results that this release can replay: the call is of another release,"
            " or went through no flow"
        )

    def _named(self, command: Command, recorded: Detail) -> object:
        """The command as the record writes it; of one whose result is secret, its name alone."""
        return {type(command).__name__: {}} if recorded.get("masked") else _plain(encoded(command))

    def _departure(self, event: TrailEvent, was: str, now: str) -> Departure:
        masked = self._masked_s is not None and event.since_s >= self._masked_s
        return Departure(event.since_s, str(event.detail.get("node", "")), was, now, masked)


def same(old: TrailEvent, new: TrailEvent, began_s: float) -> bool:
    """True where two events say the same, times to within :data:`NEAR_S`. A record counts from the call's first
    sight; the flow began ``began_s`` later, from where ``new`` counts."""
    if old.kind is not new.kind or abs(old.since_s - began_s - new.since_s) > NEAR_S:
        return False
    names = (old.detail.keys() | new.detail.keys()) - NOT_COMPARED
    return all(_near(old.detail.get(name), new.detail.get(name)) for name in names)


def _near(old: object, new: object) -> bool:
    if isinstance(old, float) or isinstance(new, float):
        return isinstance(old, int | float) and isinstance(new, int | float) and abs(old - new) <= NEAR_S
    return old == new


def told(event: TrailEvent) -> str:
    """An event on one line: its kind, and its details but the node and what is long."""
    details = (f"{name}={value}" for name, value in event.detail.items() if name not in ("node", "traceback"))
    return " ".join([event.kind.value, *details])


def recorded(events: Iterable[CallEvent]) -> tuple[TrailEvent, ...]:
    """The events of a call's record as a session's; what others than the session have written is left out."""
    kinds = {kind.value: kind for kind in Kind}
    return tuple(
        TrailEvent(event.at, event.since_s, kinds[event.kind], json.loads(json.dumps(dict(event.detail))))
        for event in events
        if event.kind in kinds and (event.kind != Kind.FAULT or "traceback" in event.detail)
    )


def _instant(event: TrailEvent) -> Instant:
    return Instant(event.at, event.since_s)


def _read(event: TrailEvent, of: Callable[[object], T], name: str) -> T:
    try:
        return of(event.detail.get(name))
    except NotAnExchange as problem:
        moment = f"{event.since_s:.1f} s into the call"
        raise UserError(f"the record cannot be replayed by this release, {moment}: {problem}") from problem


def _said(now: object) -> str:
    return "the call has ended" if isinstance(now, Finished) else _line(now)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Mapping[str, object]) -> object:
    """As it comes back from the store."""
    return json.loads(json.dumps(value))
