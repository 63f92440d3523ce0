"""The states of an agent, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class AgentState(StrEnum):
    """What an agent is doing. The values stand in the records."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    RESERVED = "reserved"
    """A call was given to the agent: the phone rings, or call and leg are being brought together."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


TRANSITIONS: Mapping[AgentState, frozenset[AgentState]] = {
    # To itself: the log-in came to nothing, because the phone was not answered. To TALKING: after a restart of ours.
    AgentState.LOGGED_OUT: frozenset(
        {AgentState.LOGGED_OUT, AgentState.READY, AgentState.TALKING, AgentState.PAUSED}
    ),
    AgentState.READY: frozenset({AgentState.RESERVED, AgentState.PAUSED, AgentState.LOGGED_OUT}),
    AgentState.RESERVED: frozenset({AgentState.TALKING, AgentState.READY, AgentState.PAUSED, AgentState.LOGGED_OUT}),
    # Past WRAP_UP where the agent's profile has none. To itself: one who was asked by another agent takes the caller.
    AgentState.TALKING: frozenset(
        {AgentState.TALKING, AgentState.WRAP_UP, AgentState.READY, AgentState.PAUSED, AgentState.LOGGED_OUT}
    ),
    AgentState.WRAP_UP: frozenset({AgentState.READY, AgentState.PAUSED, AgentState.LOGGED_OUT}),
    # To itself: the reason changes, and time paused is reported by reason.
    AgentState.PAUSED: frozenset({AgentState.PAUSED, AgentState.READY, AgentState.LOGGED_OUT}),
}
"""The states that may follow each state."""


class IllegalTransition(Exception):
    """Our bug: a change of state that the table does not have."""


def check_transition(before: AgentState, after: AgentState) -> None:
    """Nothing, where ``after`` may follow ``before``.

    Raises:
        IllegalTransition: it may not.
    """
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(f"{before.value} -> {after.value}")
