"""One queue as it is shown: who waits in it, and which agents there are."""

from __future__ import annotations

from collections.abc import Collection

from calls.agents.agent import Agent
from calls.agents.events import CallKind
from calls.agents.states import AgentState
from calls.agents.view import QueueView, WaitingView
from calls.agents.waiting import WaitingRoom
from calls.ids import QueueName


def queue_view(name: QueueName, agents: Collection[Agent], room: WaitingRoom) -> QueueView:
    """The queue ``name`` of a floor with these agents and waiting calls."""
    free = free_for_dialled = 0
    logged_in_on: dict[str, int] = {}
    for agent in agents:
        profile = agent.profile
        if agent.state is AgentState.LOGGED_OUT or name not in profile.queues:
            continue
        logged_in_on[profile.switch] = logged_in_on.get(profile.switch, 0) + 1
        if agent.is_free:
            free += 1
            free_for_dialled += profile.takes_dialled
    overflowing = [call for call in room.free() if call.queue != name and name in call.queues]
    here = [call for call in room.free() if name in call.queues and call.kind is CallKind.INBOUND]
    waiting = (call for call in room if call.queue == name and (call.present or not call.outward))
    return QueueView(
        name=name,
        waiting=tuple(
            WaitingView(
                call_id=call.call_id,
                kind=call.kind,
                priority=call.priority,
                position=position,
                since=call.arrived_at,
                agent_id=call.agent_id,
                virtual=not call.present,
            )
            for position, call in enumerate(waiting, 1)
        ),
        logged_in=sum(logged_in_on.values()),
        free=free,
        free_for_dialled=free_for_dialled,
        overflowing=sum(call.kind is CallKind.INBOUND for call in overflowing),
        logged_in_on=logged_in_on,
        inbound_on=frozenset[str]()
        if any(not call.switches for call in here)
        else frozenset[str]().union(*(call.switches for call in here)),
    )
