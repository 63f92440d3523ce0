"""Which agent gets which call, were calls and agents all there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from calls.agents.agent import Agent
from calls.agents.events import CallKind
from calls.agents.waiting import WaitingCall


def pairs(calls: Iterable[WaitingCall], agents: Iterable[Agent]) -> Iterator[tuple[WaitingCall, Agent]]:
    """Each call, in the order given, with the free agent who may take it and has been idle for longest.

    Agents who became idle in the same instant are taken in the order given.
    """
    free = sorted((agent for agent in agents if agent.is_free), key=lambda agent: agent.idle_since)
    for call in calls:
        if not free:
            return
        if (agent := next((one for one in free if may_take(one, call)), None)) is not None:
            free.remove(agent)
            yield call, agent


def may_take(agent: Agent, call: WaitingCall) -> bool:
    """True where ``agent`` serves the call's queue, and is quick enough for a dialled person."""
    if call.queue not in agent.profile.queues:
        return False
    return call.kind is not CallKind.DIALLED or agent.profile.takes_dialled
