"""How long each kind of record is kept: the settings. Recordings have theirs in ``[recordings] keep_days``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from calls.parts import Part

Days = Annotated[int, Field(ge=0, le=36_500, description="days, 0 to 36500")]


class RetentionSettings(Part):
    """``[retention]``: days by kind; 0: until somebody deletes it."""

    words: Days = 0
    """What callers said and keyed in flows, and answers to scripts, after the call began."""
    calls: Days = 0
    """Who a call or an attempt was with: numbers, notes, and the words; what reports count stays."""
    leads: Days = 0
    """Who a lead is, after its import or its last attempt, whichever was later."""
    audit: Days = 0
    """Entries of the audit."""
    sent_messages: Days = 30
    """Messages to webhooks, after they were taken: long enough to answer a question about one."""
    dead_messages: Days = 90
    """Messages that were refused or given up, after that: time to send them again."""
    pacing_decisions: Days = 90
    """Why campaigns dialled what they dialled, or nothing, by the minute: as long as somebody asks."""
    flow_versions: Days = 730
    """Earlier texts of flows, after another took their place. The newest of each flow, and the one to go back to,
    stay; so does each that a call of that time went through."""
    trunk_lines: Days = 730
    """Lines of trunks that no attempt had, after they were given back: proofs of campaigns of that time need them."""
