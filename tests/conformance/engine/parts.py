"""What many scripts of whole calls have in common."""

from __future__ import annotations

from calls.causes import Outcome
from calls.switch.port import EndedBy
from tests.conformance.engine.vocabulary import Agent

ANSWERED, CALLER, US = Outcome.ANSWERED, EndedBy.CALLER, EndedBy.US
FAR_END = frozenset({16, None})
"""The causes of a far end's hang-up: 22.10 does not say one."""

BYE = "\nbye: {hangup: [conformance.short]}"
GOODBYE = """
    node_entered bye type=hangup
    node_left bye exit=hangup
    hung_up bye by=us
    outcome bye outcome=completed
"""

ENDS_TALK = Agent(ends_talk_after_s=1.5)
AWAY = Agent(is_away=True)
