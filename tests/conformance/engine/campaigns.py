"""Leads of campaigns, from the dialling to the record."""

from __future__ import annotations

from calls.causes import Outcome
from calls.switch.port import Detected
from tests.conformance.engine.parts import ANSWERED, CALLER, ENDS_TALK, FAR_END, US
from tests.conformance.engine.vocabulary import Agent, CampaignScript, Record, about

DIALLED = "dialled trunk=own try=1 detect=False"
ARRIVED = DIALLED + "\narrived detected=not_asked"
MET = """
    agent_offered agent=own
    agent_connected agent=own
"""
TOLD = """
record = "all"
[compliance]
recording = "place"
recording_announcement = "conformance.short"
"""


def unanswered(
    name: str, asserts: str, digit: str, outcome: Outcome, causes: frozenset[int | None], rings_s: float = 0.0
) -> CampaignScript:
    """An attempt that nobody answers."""
    record = Record(outcome, None, causes=causes, is_answered=False, ring_s=about(rings_s))
    return CampaignScript(name, asserts, digit, "", DIALLED, record, ring_timeout_s=2.0)


CAMPAIGNS = (
    CampaignScript(
        "lead-person-hangs-up",
        "A person who answers meets the agent at once, and hangs up.",
        "1",
        "hold | connect",
        ARRIVED + MET,
        Record(
            ANSWERED, CALLER, causes=FAR_END, talks=1, in_queue=True, ring_s=(1.0, 4.0), wait_s=about(0.0),
            talk_s=(3.0, 6.0), connect_s=about(0.0),
        ),
    ),
    CampaignScript(
        "lead-agent-ends-talk",
        "When the agent ends the talk we hang up.",
        "4",
        "hold | connect | hangup 16",
        ARRIVED + MET + "talk_ended agent=own by=agent",
        Record(
            ANSWERED, US, talks=1, in_queue=True, ring_s=(1.0, 2.0), wait_s=about(0.0), talk_s=about(1.5),
            connect_s=about(0.0),
        ),
        ENDS_TALK,
    ),
    CampaignScript(
        "lead-told-on-the-recording",
        "In Washington the recording begins before the announcement of it, holds it, and goes on through the talk.",
        "1",
        "hold | connect | start recording | play short | connect | stop recording",
        ARRIVED + MET + "recording_started\nrecording_announced prompt=conformance.short",
        Record(
            ANSWERED, CALLER, causes=FAR_END, talks=1, in_queue=True, ring_s=(1.0, 4.0), wait_s=about(0.0),
            menu_s=about(1.0), talk_s=(2.0, 5.0), connect_s=about(0.0),
        ),
        state="WA",
        tables=TOLD,
        is_told_on_recording=True,
    ),
    CampaignScript(
        "lead-abandoned",
        "A person for whom no agent is there hears the message after 1.8 s and is abandoned.",
        "4",
        "hold | play short | hangup 16",
        ARRIVED + "\nsafe_harbour prompt=conformance.short",
        Record(
            Outcome.ABANDONED, US, in_queue=True, is_abandoned=True, ring_s=(1.0, 2.0), wait_s=about(2.8),
            connect_s=about(1.8),
        ),
        Agent(goes_at_the_ring=True),
    ),
    CampaignScript(
        "lead-quick-hang-up",
        "A person who hangs up before an agent was due is answered, and not abandoned.",
        "3",
        "hold",
        ARRIVED,
        Record(ANSWERED, CALLER, causes=FAR_END, in_queue=True, ring_s=(0.8, 1.0), wait_s=about(0.3)),
        Agent(goes_at_the_ring=True),
    ),
    CampaignScript(
        "lead-human",
        "With detection the clock of a person starts when the greeting is over.",
        "0",
        "hold | connect",
        "dialled trunk=own try=1 detect=True\narrived detected=human" + MET,
        Record(
            ANSWERED, CALLER, causes=FAR_END, talks=1, in_queue=True, detected=Detected.HUMAN, ring_s=(1.0, 4.0),
            wait_s=(0.6, 2.5), talk_s=(0.5, 5.4), connect_s=about(0.0),
        ),
        detect_machine=True,
    ),
    CampaignScript(
        "lead-machine",
        "With detection a machine is hung up, and no agent hears of it.",
        "4",
        "hangup 16",
        "dialled trunk=own try=1 detect=True\narrived detected=machine",
        Record(Outcome.MACHINE, US, detected=Detected.MACHINE, ring_s=(1.0, 2.0), wait_s=(1.0, 5.0)),
        detect_machine=True,
    ),
    unanswered("lead-busy", "486 is busy.", "5", Outcome.BUSY, frozenset({17})),
    unanswered(
        "lead-no-answer",
        "Ringing until our timeout is no answer; the cause may be unsaid.",
        "6",
        Outcome.NO_ANSWER,
        frozenset({19, None}),
        2.0,
    ),
    unanswered("lead-congestion", "503 is congestion.", "7", Outcome.CONGESTION, frozenset({34})),
    unanswered("lead-unallocated", "404 is an unallocated number.", "8", Outcome.UNALLOCATED, frozenset({1})),
    unanswered("lead-unavailable", "480 is no answer.", "9", Outcome.NO_ANSWER, frozenset({19})),
)  # fmt: skip
