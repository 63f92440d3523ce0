"""Which right each route of the engine's API takes: what of it the public API has, and for whom.

A route that stands here is at ``/api`` + its path. ``own``: the agent of the account may ask for itself with the
right to a desk, and for others it takes the right to the floor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from console.accounts.roles import Right
from console.accounts.store import Known


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes. ``own``: the name of the path's part that says whose desk it is. ``longest``: bytes of its body;
    None: a file, which the engine reads piece by piece and bounds itself."""

    right: Right
    own: str = ""
    longest: int | None = 1_000_000


_DESK = Need(Right.FLOOR, own="agent_id")

ROUTES: Mapping[tuple[str, str], Need] = {
    ("GET", "/v1/status"): Need(Right.VIEW),
    ("POST", "/v1/campaigns"): Need(Right.CAMPAIGNS),
    ("POST", "/v1/campaigns/{campaign_id}/start"): Need(Right.CAMPAIGNS),
    ("POST", "/v1/campaigns/{campaign_id}/archive"): Need(Right.CAMPAIGNS),
    ("POST", "/v1/campaigns/{campaign_id}/unarchive"): Need(Right.CAMPAIGNS),
    ("POST", "/v1/campaigns/{campaign_id}/{order}"): Need(Right.CAMPAIGNS),
    ("GET", "/v1/campaigns/{campaign_id}"): Need(Right.CAMPAIGNS),
    ("PATCH", "/v1/campaigns/{campaign_id}"): Need(Right.CAMPAIGNS),
    ("DELETE", "/v1/campaigns/{campaign_id}/changes"): Need(Right.CAMPAIGNS),
    ("GET", "/v1/campaigns/{campaign_id}/decisions"): Need(Right.CAMPAIGNS),
    ("GET", "/v1/campaigns/{campaign_id}/forecast"): Need(Right.CAMPAIGNS),
    ("GET", "/v1/campaigns/{campaign_id}/what-if"): Need(Right.CAMPAIGNS),
    ("GET", "/v1/campaigns/{campaign}/audit"): Need(Right.RULES),
    ("GET", "/v1/campaigns/{campaign}/refusals"): Need(Right.RULES),
    ("GET", "/v1/refusals"): Need(Right.RULES),
    ("GET", "/v1/agents/{agent_id}/preview"): _DESK,
    ("POST", "/v1/agents/{agent_id}/preview/dial"): _DESK,
    ("POST", "/v1/agents/{agent_id}/preview/skip"): _DESK,
    ("POST", "/v1/agents/{agent_id}/dial"): _DESK,
    ("POST", "/v1/agents/{agent_id}/disposition"): _DESK,
    ("GET", "/v1/agents/{agent_id}/call"): _DESK,
    ("POST", "/v1/agents/{agent_id}/answers"): _DESK,
    ("POST", "/v1/agents/{agent_id}/callbacks"): _DESK,
    ("GET", "/v1/agents/{agent_id}/callbacks"): _DESK,
    ("POST", "/v1/agents/{agent_id}/done"): _DESK,
    ("POST", "/v1/agents/{agent_id}/extend"): _DESK,
    ("POST", "/v1/agents/{agent}/recording/{order}"): Need(Right.FLOOR, own="agent"),
    ("PUT", "/v1/agents/{agent_id}/queues"): Need(Right.FLOOR),
    ("PUT", "/v1/agents/{agent_id}/own-queues"): _DESK,
    ("POST", "/v1/agents/{agent}/hold"): Need(Right.FLOOR, own="agent"),
    ("POST", "/v1/agents/{agent}/take-back"): Need(Right.FLOOR, own="agent"),
    ("POST", "/v1/agents/{agent}/transfer"): Need(Right.FLOOR, own="agent"),
    ("POST", "/v1/agents/{agent}/transfer/{decision}"): Need(Right.FLOOR, own="agent"),
    ("POST", "/v1/agents/{agent_id}/{order}"): _DESK,
    ("POST", "/v1/callbacks/{callback_id}/move"): Need(Right.FLOOR),
    ("DELETE", "/v1/callbacks/{callback_id}"): Need(Right.FLOOR),
    ("POST", "/v1/calls/{call_id}/disposition"): Need(Right.FLOOR),
    ("POST", "/v1/calls/{call_id}/supervise"): Need(Right.FLOOR),
    ("POST", "/v1/alerts/{alert_id}/acknowledge"): Need(Right.REPORTS),
    ("GET", "/v1/scorecards"): Need(Right.RECORDINGS),
    ("GET", "/v1/calls/{call_id}/reviews"): Need(Right.RECORDINGS),
    ("POST", "/v1/calls/{call_id}/reviews"): Need(Right.RECORDINGS),
    ("GET", "/v1/agents/{agent_id}/reviews"): _DESK,
    ("POST", "/v1/agents/{agent_id}/reviews/{review_id}/reply"): _DESK,
    ("POST", "/v1/supervisors/{supervisor}/leave"): Need(Right.FLOOR),
    ("PUT", "/v1/hours/{name}"): Need(Right.FLOOR),
    ("DELETE", "/v1/hours/{name}"): Need(Right.FLOOR),
    ("POST", "/v1/leads"): Need(Right.LEADS, longest=None),
    ("POST", "/v1/leads/preview"): Need(Right.LEADS, longest=None),
    ("POST", "/v1/leads/recycle/{campaign_id}"): Need(Right.LEADS),
    ("GET", "/v1/lists"): Need(Right.LEADS),
    ("GET", "/v1/lists/{name}"): Need(Right.LEADS),
    ("GET", "/v1/lists/{name}/hours"): Need(Right.LEADS),
    ("GET", "/v1/lists/{name}/leads/{number}"): Need(Right.PEOPLE),
    ("PATCH", "/v1/lists/{name}/leads/{number}"): Need(Right.LEADS),
    ("DELETE", "/v1/lists/{name}/leads/{number}"): Need(Right.LEADS),
    ("POST", "/v1/lists/{name}/close"): Need(Right.LEADS),
    ("POST", "/v1/lists/{name}/open"): Need(Right.LEADS),
    ("POST", "/v1/lists/{name}/move"): Need(Right.LEADS),
    ("DELETE", "/v1/lists/{name}"): Need(Right.LEADS),
    ("GET", "/v1/imports/{import_id}/refused"): Need(Right.LEADS),
    ("POST", "/v1/do-not-call"): Need(Right.RULES),
    ("DELETE", "/v1/do-not-call/{number}"): Need(Right.RULES),
    ("POST", "/v1/consents"): Need(Right.RULES),
    ("POST", "/v1/consents/withdraw"): Need(Right.RULES),
    ("POST", "/v1/consents/import"): Need(Right.RULES, longest=None),
    ("POST", "/v1/reassigned/import"): Need(Right.RULES, longest=None),
    ("GET", "/v1/shifts"): Need(Right.FLOOR),
    ("PUT", "/v1/agents/{agent}/shifts/{day}"): Need(Right.FLOOR),
    ("PUT", "/v1/shifts"): Need(Right.FLOOR, longest=2_000_000),
    ("POST", "/v1/blocked"): Need(Right.RULES),
    ("DELETE", "/v1/blocked/{number}"): Need(Right.RULES),
    ("GET", "/v1/people/{person}"): Need(Right.PEOPLE),
    ("GET", "/v1/people/{person}/export"): Need(Right.PEOPLE),
    ("POST", "/v1/people/{person}/erase"): Need(Right.ERASE),
    ("POST", "/v1/flows/publish"): Need(Right.FLOWS, longest=32_000_000),
    ("POST", "/v1/flows/reload"): Need(Right.FLOWS),
    ("POST", "/v1/flows/{flow}/rollback"): Need(Right.FLOWS),
    ("POST", "/v1/voicemail/{message_id}/heard"): Need(Right.RECORDINGS),
    ("DELETE", "/v1/voicemail/{message_id}"): Need(Right.RECORDINGS),
    ("POST", "/v1/reports/{name}/send"): Need(Right.SYSTEM),
    ("POST", "/v1/webhooks/retry"): Need(Right.SYSTEM),
    ("POST", "/v1/pins/unlock"): Need(Right.SYSTEM),
    ("PATCH", "/v1/accounts/{name}"): Need(Right.SYSTEM),
    ("POST", "/v1/accounts/{name}/unlock"): Need(Right.SYSTEM),
    ("DELETE", "/v1/tokens/{token_id}"): Need(Right.SYSTEM),
}

DOTS = frozenset({".", ".."})

INTERNAL = frozenset(
    {
        ("POST", "/v1/accounts"),
        ("PUT", "/v1/accounts/{name}/password"),
        ("PUT", "/v1/accounts/{name}/second-factor"),
        ("POST", "/v1/accounts/{name}/tokens"),
        ("POST", "/v1/log-ins"),
        ("POST", "/v1/log-ins/right"),
        ("POST", "/v1/sessions"),
        ("POST", "/v1/sessions/{token}/seen"),
        ("DELETE", "/v1/sessions/{token}"),
        ("POST", "/v1/do-not-call-lists"),
        ("POST", "/v1/loopback/calls"),
        ("POST", "/v1/calls/{call_id}/recordings/{name}/heard"),
        ("POST", "/v1/downloads"),
        ("GET", "/v1/feed"),
    }
)
"""What the engine does for processes of ours only: it takes hashes of secrets, paths of files, makes callers, or
writes down who heard or took what; and the feed, of which everybody gets a part by right at ``/live``."""


@dataclass(frozen=True, slots=True)
class Found:
    """The route of a request, and the parts of its path by name."""

    need: Need
    parts: Mapping[str, str]

    def right_for(self, known: Known) -> Right:
        """What it takes of this account."""
        agent = known.account.agent_id
        is_own = bool(self.need.own) and agent is not None and self.parts[self.need.own] == agent
        return Right.DESK if is_own else self.need.right


def find(method: str, path: str) -> Found | None:
    """The route of a request to the public API, ``path`` without ``/api`` and unquoted; None: there is none. Literal
    parts come before names, as in the engine's order. A path with a part ``.`` or ``..`` is another one on its way to
    the engine, whose right was not asked for: there is none."""
    if not DOTS.isdisjoint(path.split("/")):
        return None
    for (wanted, _), need, regex in _PATTERNS:
        if method == wanted and (match := regex.fullmatch(path)):
            return Found(need, match.groupdict())
    return None


def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", pattern)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts)))


_PATTERNS = tuple(
    sorted(
        ((route, need, _regex(route[1])) for route, need in ROUTES.items()), key=lambda each: each[0][1].count("{")
    )
)
