"""Roles and what each may do. Pages, the API and the tests ask here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Right(StrEnum):
    """One kind of thing that somebody may do. The value is a token's scope too."""

    VIEW = "view"
    """See the wallboard: queues, agents by state, campaigns and their figures; no person's number."""
    DESK = "desk"
    """Be the agent of the account: state, own calls, dispositions, callbacks."""
    FLOOR = "floor"
    """See to all agents: change states, move, listen, whisper, join; opening hours and the emergency switch."""
    CAMPAIGNS = "campaigns"
    """Start, pace and stop campaigns, see why they do what they do."""
    LEADS = "leads"
    """Import, mend, move and remove leads."""
    RULES = "rules"
    """The do-not-call list, consents, blocked callers."""
    PEOPLE = "people"
    """See persons: their numbers, contacts and history."""
    ERASE = "erase"
    """Erase a person."""
    FLOWS = "flows"
    """Publish flows and roll them back."""
    REPORTS = "reports"
    """All figures, and the records without persons' numbers."""
    RECORDINGS = "recordings"
    """Hear recordings and messages, judge talks."""
    SYSTEM = "system"
    """Accounts, audit, webhooks, locks, health."""


class Role(StrEnum):
    """What somebody is."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    QUALITY = "quality"
    ADMINISTRATOR = "administrator"


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.AGENT: frozenset({Right.DESK}),
    Role.SUPERVISOR: frozenset(
        {Right.VIEW, Right.DESK, Right.FLOOR, Right.PEOPLE, Right.RULES, Right.REPORTS, Right.RECORDINGS}
    ),
    Role.MANAGER: frozenset(
        {Right.VIEW, Right.CAMPAIGNS, Right.LEADS, Right.RULES, Right.PEOPLE, Right.FLOWS, Right.REPORTS}
    ),
    Role.QUALITY: frozenset({Right.VIEW, Right.PEOPLE, Right.REPORTS, Right.RECORDINGS}),
    Role.ADMINISTRATOR: frozenset(Right),
}
"""Erasure and the system are the administrator's alone."""
