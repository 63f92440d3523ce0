"""The calls that wait for an agent, in the order in which they are served."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from calls.agents.events import URGENT, CallKind, CallWaiting
from calls.ids import AgentId, CallId, QueueName


@dataclass(slots=True)
class WaitingCall:
    """One call that has no agent yet, or one whose agent has not begun to talk."""

    call_id: CallId
    queue: QueueName
    kind: CallKind
    priority: int
    arrived_at: float
    expires_at: float
    sequence: int
    skills: frozenset[str] = frozenset()
    level: int = 1
    """How well the agent must have the skills."""
    needs: Mapping[str, int] = field(default_factory=dict)
    """Skills that the agent must have at these levels, however long it waits."""
    widen_at: float | None = None
    """When any level will do; None: it does, or never will."""
    overflow_at: float | None = None
    """When the agents of ``overflow`` may take it too; None: they may, or never will."""
    overflow: QueueName | None = None
    present: bool = True
    """False: it is a place, and the person is not on the line."""
    outward: bool = False
    """Nobody asked for the place."""
    keep_s: float | None = None
    """How long an agent is kept for the person who is not there yet; None: as usual."""
    agent_id: AgentId | None = None
    """The agent who is reserved for it."""
    only: AgentId | None = None
    """The one agent who may take it; None: whoever serves its queues."""
    switches: frozenset[str] = frozenset()
    """Where the agent must be reached; empty: anywhere."""
    connecting: bool = False
    """Call and leg are being brought together."""

    @property
    def queues(self) -> tuple[QueueName, ...]:
        """The queues whose agents may take it now."""
        if self.overflow is None or self.overflow_at is not None:
            return (self.queue,)
        return (self.queue, self.overflow)

    @property
    def rank(self) -> tuple[bool, int, int, float, int]:
        """Its place: the smaller is served first. It never changes, so a call that lost its agent has it again."""
        return (self.priority < URGENT, self.kind, -self.priority, self.arrived_at, self.sequence)


def placed(event: CallWaiting, longest_s: float, sequence: int, now: float) -> WaitingCall:
    """The call that waits from ``now`` on, as the ``sequence``-th; ``longest_s``: where ``event`` says no other."""
    max_wait_s = longest_s if event.max_wait_s is None else event.max_wait_s
    overflow = event.overflow
    return WaitingCall(
        call_id=event.call_id,
        queue=event.queue,
        kind=event.kind,
        priority=event.priority,
        arrived_at=now if event.since is None else event.since,
        expires_at=now + max_wait_s,
        sequence=sequence,
        skills=event.skills,
        level=event.level,
        needs=event.needs,
        widen_at=None if event.widen_after_s is None else now + event.widen_after_s,
        overflow_at=None if overflow is None else now + overflow.after_s,
        overflow=None if overflow is None else overflow.queue,
        present=not event.virtual,
        only=event.only,
        switches=event.switches,
        outward=event.outward,
        keep_s=event.keep_s,
    )


@dataclass(slots=True)
class WaitingRoom:
    """All waiting calls of all queues."""

    _calls: dict[CallId, WaitingCall] = field(default_factory=dict)
    _free: list[WaitingCall] = field(default_factory=list)
    """Those without a reserved agent, sorted by rank."""

    def __contains__(self, call_id: CallId) -> bool:
        return call_id in self._calls

    def __iter__(self) -> Iterator[WaitingCall]:
        """Every call, those with a reserved agent too, first the one that is served first."""
        return iter(sorted(self._calls.values(), key=_rank))

    def get(self, call_id: CallId) -> WaitingCall | None:
        """The call, where it waits."""
        return self._calls.get(call_id)

    def free(self) -> list[WaitingCall]:
        """The calls for which no agent is reserved, first the one that is served first."""
        return list(self._free)

    def next_timer(self) -> float | None:
        """When the first wait ends, of those whose end holds now, or more agents may take a call."""
        waits = [call.expires_at for call in self._calls.values() if expires(call)]
        more = (at for call in self._calls.values() for at in (call.widen_at, call.overflow_at))
        return min((*waits, *(at for at in more if at is not None)), default=None)

    def widen(self, now: float) -> None:
        """Let those agents take calls too whose time has come."""
        for call in self._calls.values():
            if call.widen_at is not None and now >= call.widen_at:
                call.level, call.widen_at = 1, None
            if call.overflow_at is not None and now >= call.overflow_at:
                call.overflow_at = None

    def ahead_of(self, call: WaitingCall) -> int:
        """How many without a reserved agent are served before ``call``, by agents who may take it too."""
        before = self._free[: bisect_left(self._free, call.rank, key=_rank)]
        return sum(
            not set(each.queues).isdisjoint(call.queues) and meet(each.switches, call.switches) for each in before
        )

    def free_in(self, queue: QueueName) -> int:
        """How many calls without a reserved agent the agents of ``queue`` may take."""
        return sum(queue in call.queues for call in self._free)

    def expired(self, now: float) -> list[WaitingCall]:
        """The calls whose wait is over."""
        return [call for call in self if expires(call) and now >= call.expires_at]

    def add(self, call: WaitingCall) -> None:
        """``call`` waits from now on."""
        self._calls[call.call_id] = call
        insort(self._free, call, key=_rank)

    def remove(self, call: WaitingCall) -> None:
        """``call`` waits no longer."""
        del self._calls[call.call_id]
        if call.agent_id is None:
            self._take(call)

    def reserve(self, call: WaitingCall, agent_id: AgentId) -> None:
        """``call`` goes to the agent, and to no other one."""
        self._take(call)
        call.agent_id = agent_id

    def give_back(self, call: WaitingCall) -> None:
        """``call`` has lost its agent and stands in its old place again."""
        call.agent_id = None
        call.connecting = False
        insort(self._free, call, key=_rank)

    def _take(self, call: WaitingCall) -> None:
        del self._free[bisect_left(self._free, call.rank, key=_rank)]


def meet(switches: frozenset[str], others: frozenset[str]) -> bool:
    """Whether an agent can be reached on one of both; empty stands for any."""
    return not switches or not others or not switches.isdisjoint(others)


def expires(call: WaitingCall) -> bool:
    """True where the wait's end holds for ``call``.

    A caller whose agent's phone rings is not sent away in that moment; a dialled person has no such time. Whoever is
    being brought together with a leg that is up is not sent away either.
    """
    return call.agent_id is None or (call.kind is CallKind.DIALLED and not call.connecting)


def _rank(call: WaitingCall) -> tuple[bool, int, int, float, int]:
    return call.rank
