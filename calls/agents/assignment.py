"""Which agent gets which call, were calls and agents all there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from calls.agents.agent import Agent
from calls.agents.events import CallKind
from calls.agents.states import AgentState
from calls.agents.waiting import WaitingCall


def pairs(calls: Iterable[WaitingCall], agents: Iterable[Agent]) -> Iterator[tuple[WaitingCall, Agent]]:
    """Each call, in the order given, with the free agent who may take it and has been idle for longest.

    A call that needs skills goes to the agent who has them best, before the longest idle. Agents who became idle in
    the same instant are taken in the order given.
    """
    ready = AgentState.READY
    free = [agent for agent in agents if agent.state is ready and agent.is_free]
    free.sort(key=lambda agent: agent.idle_since)
    for call in calls:
        if not free:
            return
        if (agent := _best(free, call)) is not None:
            free.remove(agent)
            yield call, agent


def _best(free: list[Agent], call: WaitingCall) -> Agent | None:
    fit = (agent for agent in free if may_take(agent, call))
    wanted = call.skills | call.needs.keys()
    if not wanted:
        return next(fit, None)
    return max(fit, key=lambda agent: sum(agent.profile.skills[skill] for skill in wanted), default=None)


def may_be_reached(agent: Agent, call: WaitingCall) -> bool:
    """True where the agent's home is a switch of the call."""
    return not call.switches or agent.profile.switch in call.switches


def may_take(agent: Agent, call: WaitingCall) -> bool:
    """True where ``agent`` is reached on a switch of the call, serves a queue of it, has its skills, and is quick
    enough for a dialled person; of a call for one agent, where it is that one and is reached there."""
    profile = agent.profile
    if not may_be_reached(agent, call):
        return False
    if call.only is not None:
        return call.only == profile.agent_id
    if profile.queues.isdisjoint(call.queues):
        return False
    if any(profile.skills.get(skill, 0) < call.level for skill in call.skills):
        return False
    if any(profile.skills.get(skill, 0) < level for skill, level in call.needs.items()):
        return False
    return call.kind is not CallKind.DIALLED or agent.profile.takes_dialled
