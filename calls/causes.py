"""Hangup causes of Q.850 and what a call came to.

Source: ITU-T Q.850 (10/2018), table 1; how SIP answers become causes: RFC 3398 section 8.2.6.1 as Asterisk and
FreeSWITCH apply it. Asterisk 16 and 22 differ in places (``tests/transcripts/README.md``), see :func:`outcome_of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a call or an attempt came to. The value stands in records."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CONGESTION = "congestion"
    """No line, no circuit, or a fault on the way: says nothing of the person, and the trunk should be given rest."""
    UNALLOCATED = "unallocated"
    """The number leads to nobody: never given, changed, or not well formed. Dialling it again is no use."""
    UNREACHABLE = "unreachable"
    """The number exists and cannot be reached now: switched off, out of coverage, out of order."""
    REJECTED = "rejected"
    FAILED = "failed"
    """It did not come about, and nothing says why: no channel, or a cause that tells nothing."""
    MACHINE = "machine"
    """Answered by a machine, and hung up for that."""
    ABANDONED = "abandoned"
    """Inbound: left while waiting for an agent. Outbound: answered by a person and no agent came in time."""
    CANCELLED = "cancelled"
    """We ended it before it was answered."""
    LOST = "lost"
    """We do not know what became of it: we crashed, and the switch no longer knows it."""
    PBX_LOST = "pbx_lost"
    """The switch crashed or restarted under it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of Q.850: its number, its name there, and what an unanswered call with it came to."""

    number: int
    name: str
    outcome: Outcome


NORMAL_CLEARING = 16

CAUSES: dict[int, Cause] = {
    number: Cause(number, name, outcome)
    for number, name, outcome in (
        (1, "unallocated (unassigned) number", Outcome.UNALLOCATED),
        (2, "no route to specified transit network", Outcome.CONGESTION),
        (3, "no route to destination", Outcome.UNREACHABLE),
        (4, "send special information tone", Outcome.UNREACHABLE),
        (5, "misdialled trunk prefix", Outcome.UNALLOCATED),
        (6, "channel unacceptable", Outcome.CONGESTION),
        (7, "call awarded and being delivered in an established channel", Outcome.FAILED),
        (8, "preemption", Outcome.CONGESTION),
        (9, "preemption, circuit reserved for reuse", Outcome.CONGESTION),
        (14, "query on release: ported number", Outcome.UNALLOCATED),
        (16, "normal call clearing", Outcome.NO_ANSWER),
        (17, "user busy", Outcome.BUSY),
        (18, "no user responding", Outcome.NO_ANSWER),
        (19, "no answer from user (user alerted)", Outcome.NO_ANSWER),
        (20, "subscriber absent", Outcome.UNREACHABLE),
        (21, "call rejected", Outcome.REJECTED),
        (22, "number changed", Outcome.UNALLOCATED),
        (23, "redirection to new destination", Outcome.UNALLOCATED),
        (24, "call rejected due to feature at the destination", Outcome.REJECTED),
        (25, "exchange routing error", Outcome.CONGESTION),
        (26, "non-selected user clearing", Outcome.NO_ANSWER),
        (27, "destination out of order", Outcome.UNREACHABLE),
        (28, "invalid number format (address incomplete)", Outcome.UNALLOCATED),
        (29, "facility rejected", Outcome.REJECTED),
        (30, "response to STATUS ENQUIRY", Outcome.FAILED),
        (31, "normal, unspecified", Outcome.FAILED),
        (34, "no circuit/channel available", Outcome.CONGESTION),
        (38, "network out of order", Outcome.CONGESTION),
        (39, "permanent frame mode connection out of service", Outcome.CONGESTION),
        (40, "permanent frame mode connection operational", Outcome.FAILED),
        (41, "temporary failure", Outcome.CONGESTION),
        (42, "switching equipment congestion", Outcome.CONGESTION),
        (43, "access information discarded", Outcome.FAILED),
        (44, "requested circuit/channel not available", Outcome.CONGESTION),
        (46, "precedence call blocked", Outcome.CONGESTION),
        (47, "resource unavailable, unspecified", Outcome.CONGESTION),
        (49, "quality of service not available", Outcome.CONGESTION),
        (50, "requested facility not subscribed", Outcome.REJECTED),
        (53, "outgoing calls barred within closed user group", Outcome.REJECTED),
        (55, "incoming calls barred within closed user group", Outcome.REJECTED),
        (57, "bearer capability not authorized", Outcome.REJECTED),
        (58, "bearer capability not presently available", Outcome.CONGESTION),
        (62, "inconsistency in outgoing access information and subscriber class", Outcome.FAILED),
        (63, "service or option not available, unspecified", Outcome.CONGESTION),
        (65, "bearer capability not implemented", Outcome.FAILED),
        (66, "channel type not implemented", Outcome.FAILED),
        (69, "requested facility not implemented", Outcome.FAILED),
        (70, "only restricted digital information bearer capability is available", Outcome.FAILED),
        (79, "service or option not implemented, unspecified", Outcome.FAILED),
        (81, "invalid call reference value", Outcome.FAILED),
        (82, "identified channel does not exist", Outcome.FAILED),
        (83, "a suspended call exists, but this call identity does not", Outcome.FAILED),
        (84, "call identity in use", Outcome.FAILED),
        (85, "no call suspended", Outcome.FAILED),
        (86, "call having the requested call identity has been cleared", Outcome.FAILED),
        (87, "user not member of closed user group", Outcome.REJECTED),
        (88, "incompatible destination", Outcome.FAILED),
        (90, "non-existent closed user group", Outcome.FAILED),
        (91, "invalid transit network selection", Outcome.FAILED),
        (95, "invalid message, unspecified", Outcome.FAILED),
        (96, "mandatory information element is missing", Outcome.FAILED),
        (97, "message type non-existent or not implemented", Outcome.FAILED),
        (98, "message not compatible with call state", Outcome.FAILED),
        (99, "information element non-existent or not implemented", Outcome.FAILED),
        (100, "invalid information element contents", Outcome.FAILED),
        (101, "message not compatible with call state", Outcome.FAILED),
        (102, "recovery on timer expiry", Outcome.NO_ANSWER),
        (103, "parameter non-existent or not implemented, passed on", Outcome.FAILED),
        (110, "message with unrecognized parameter, discarded", Outcome.FAILED),
        (111, "protocol error, unspecified", Outcome.FAILED),
        (127, "interworking, unspecified", Outcome.FAILED),
    )
}


def outcome_of(cause: int | None, *, answered: bool, timed_out: bool, never_existed: bool) -> Outcome:
    """What a leg that has ended came to, from what the switch said of its end.

    ``answered``: the far end answered; the cause then says nothing of the outcome (Asterisk 22 ends an answered
    call with cause 0). ``timed_out``: our ring timeout ran out (Asterisk 16 says cause 0, 22 says 19).
    ``never_existed``: the switch could make no channel. ``cause`` None or 0 is "not said", as is a number that
    Q.850 does not have: with nothing else known the call has FAILED.
    """
    if answered:
        return Outcome.ANSWERED
    if never_existed:
        return Outcome.FAILED
    if timed_out:
        return Outcome.NO_ANSWER
    known = CAUSES.get(cause) if cause else None
    return known.outcome if known else Outcome.FAILED


def name_of(cause: int | None) -> str:
    """The cause's name for a person: ``"17 user busy"``; ``""`` where the switch said none (or 0)."""
    if not cause:
        return ""
    known = CAUSES.get(cause)
    return f"{cause} {known.name}" if known else f"{cause} (not in Q.850)"
