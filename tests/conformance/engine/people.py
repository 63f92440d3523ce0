"""Whole calls that come to an agent, wait for one, or are transferred."""

from __future__ import annotations

from calls.causes import Outcome
from tests.conformance.engine.parts import ANSWERED, AWAY, BYE, CALLER, ENDS_TALK, FAR_END, GOODBYE, US
from tests.conformance.engine.vocabulary import Agent, FlowScript, Record, about
from tests.conformance.vocabulary import HangUp, Need

SERVED = """
    node_entered sales type=queue
    queue_entered sales queue=own priority=0
    agent_offered sales agent=own
    agent_connected sales agent=own
    talk_ended agent=own by=agent
    queue_served sales queue=own
"""

HELD = """
    node_entered sales type=queue
    queue_entered sales queue=own priority=0
    agent_offered sales agent=own
    agent_connected sales agent=own
    talk_ended agent=own by=agent
    hold_began agent=own
"""

AGENTS = (
    FlowScript(
        "call-agent-ends-talk",
        "The caller meets an agent who is free; the agent ends the talk and the flow goes on.",
        "sales: {queue: own, failed: bye, next: bye}" + BYE,
        (),
        "answer | hold | connect | play short | hangup 16",
        SERVED + "node_left sales exit=next" + GOODBYE,
        Record(ANSWERED, US, "bye", talks=1, in_queue=True, menu_s=about(1.0), wait_s=about(0.0), talk_s=about(1.5)),
        ENDS_TALK,
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-caller-ends-talk",
        "The caller ends the talk.",
        "sales: {queue: own, priority: 7, failed: bye, next: bye}" + BYE,
        (HangUp(3.0),),
        "answer | hold | connect",
        """
        node_entered sales type=queue
        queue_entered sales queue=own priority=7
        agent_offered sales agent=own
        agent_connected sales agent=own
        queue_served sales queue=own
        hung_up sales by=caller
        node_left sales exit=hung_up
        outcome sales outcome=served
        """,
        Record(ANSWERED, CALLER, "sales", FAR_END, talks=1, in_queue=True, wait_s=about(0.0), talk_s=about(3.0)),
        Agent(),
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-on-hook",
        "An agent who hangs up between calls is rung for this one; with no node after the talk the call ends.",
        "sales: {queue: own, failed: bye}" + BYE,
        (),
        "answer | hold | connect | hangup 16",
        SERVED
        + """
        node_left sales exit=end
        hung_up sales by=us
        outcome sales outcome=served
        """,
        Record(ANSWERED, US, "sales", talks=1, in_queue=True, wait_s=(0.3, 0.6), talk_s=about(1.5)),
        Agent(on_hook=True, ends_talk_after_s=1.5),
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-announcement-cut",
        "An agent who is free is connected in the middle of the announcement.",
        "sales: {queue: own, announce: [conformance.long], failed: bye}" + BYE,
        (),
        "answer | play long | connect | hangup 16",
        SERVED
        + """
        node_left sales exit=end
        hung_up sales by=us
        outcome sales outcome=served
        """,
        Record(ANSWERED, US, "sales", talks=1, in_queue=True, wait_s=(0.3, 0.6), talk_s=about(1.5)),
        Agent(on_hook=True, ends_talk_after_s=1.5),
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-two-talks",
        "One caller has two talks with the same agent, wrap-up between them.",
        "first: {queue: own, failed: bye, next: second}\nsecond: {queue: own, failed: bye, next: bye}" + BYE,
        (),
        "answer | hold | connect | hold | connect | play short | hangup 16",
        SERVED.replace("sales", "first")
        + "node_left first exit=next"
        + SERVED.replace("sales", "second")
        + "node_left second exit=next"
        + GOODBYE,
        Record(ANSWERED, US, "bye", talks=2, in_queue=True, menu_s=about(1.0), wait_s=about(0.5), talk_s=about(3.0)),
        ENDS_TALK,
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-on-hold",
        "The agent puts the caller on hold, takes the caller back and ends the talk.",
        "sales: {queue: own, failed: bye}" + BYE,
        (),
        "answer | hold | connect | hold | connect | hangup 16",
        HELD
        + """
        hold_ended agent=own
        talk_ended agent=own by=agent
        queue_served sales queue=own
        node_left sales exit=end
        hung_up sales by=us
        outcome sales outcome=served
        """,
        Record(
            ANSWERED, US, "sales", talks=1, in_queue=True, wait_s=about(0.0), talk_s=about(3.0), hold_s=about(2.0)
        ),
        Agent(holds_after_s=1.5, takes_back_after_s=2.0, ends_talk_after_s=1.5),
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-hangs-up-on-hold",
        "A caller on hold hangs up.",
        "sales: {queue: own, failed: bye, next: bye}" + BYE,
        (HangUp(4.0),),
        "answer | hold | connect | hold",
        HELD
        + """
        hold_ended agent=own
        queue_served sales queue=own
        hung_up sales by=caller
        node_left sales exit=hung_up
        outcome sales outcome=served
        """,
        Record(
            ANSWERED,
            CALLER,
            "sales",
            FAR_END,
            talks=1,
            in_queue=True,
            wait_s=about(0.0),
            talk_s=about(1.5),
            hold_s=about(2.5),
        ),
        Agent(holds_after_s=1.5),
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-wait-expires",
        "When the longest wait is over the flow goes on.",
        "sales: {queue: own, max_wait: 2s, failed: sorry, timeout: bye}\nsorry: {hangup: []}" + BYE,
        (),
        "answer | hold | play short | hangup 16",
        """
        node_entered sales type=queue
        queue_entered sales queue=own priority=0
        queue_left sales queue=own reason=timeout
        node_left sales exit=timeout
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", in_queue=True, menu_s=about(1.0), wait_s=(2.0, 2.2)),
        AWAY,
        needs=Need.AGENTS,
    ),
    FlowScript(
        "call-abandoned",
        "A caller who hangs up while waiting is abandoned; the announcement is repeated in time until then.",
        "sales: {queue: own, announce: [conformance.short], announce_every: 2s, failed: bye}" + BYE,
        (HangUp(5.3),),
        "answer | play short | hold | play short | hold",
        """
        node_entered sales type=queue
        queue_entered sales queue=own priority=0
        queue_left sales queue=own reason=abandoned
        hung_up sales by=caller
        node_left sales exit=hung_up
        outcome sales outcome=abandoned
        """,
        Record(Outcome.ABANDONED, CALLER, "sales", FAR_END, in_queue=True, is_abandoned=True, wait_s=about(5.3)),
        AWAY,
        needs=Need.AGENTS,
    ),
)

TRANSFERS = (
    FlowScript(
        "call-transfer",
        "A transfer's talk is the call's talk; when the destination hangs up the flow goes on.",
        "boss: {transfer: answers, failed: sorry, next: bye}\nsorry: {hangup: []}" + BYE,
        (),
        "answer | transfer answers | play short | hangup 16",
        """
        node_entered boss type=transfer
        transfer_started boss destination=answers
        transfer_ended boss destination=answers
        node_left boss exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=(2.0, 5.0), talk_s=(3.0, 6.0)),
        needs=Need.TRANSFER,
    ),
    FlowScript(
        "call-transfer-busy",
        "A busy destination leaves the caller in the flow.",
        "boss: {transfer: busy, failed: bye}" + BYE,
        (),
        "answer | transfer busy | play short | hangup 16",
        """
        node_entered boss type=transfer
        transfer_started boss destination=busy
        transfer_failed boss destination=busy reason=busy
        node_left boss exit=failed
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
        needs=Need.TRANSFER,
    ),
    FlowScript(
        "call-transfer-not-answered",
        "A destination that does not answer in time leaves the caller in the flow.",
        "boss: {transfer: silent, ring: 2s, failed: bye}" + BYE,
        (),
        "answer | transfer silent | play short | hangup 16",
        """
        node_entered boss type=transfer
        transfer_started boss destination=silent
        transfer_failed boss destination=silent reason=no_answer
        node_left boss exit=failed
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.0)),
        needs=Need.TRANSFER,
    ),
    FlowScript(
        "call-left-in-transfer",
        "A caller who hangs up while the destination rings has left in the transfer.",
        "boss: {transfer: silent, failed: bye}" + BYE,
        (HangUp(2.5),),
        "answer | transfer silent",
        """
        node_entered boss type=transfer
        transfer_started boss destination=silent
        hung_up boss by=caller
        node_left boss exit=hung_up
        outcome boss outcome=left_in_transfer
        """,
        Record(ANSWERED, CALLER, "boss", FAR_END, menu_s=about(2.5)),
        needs=Need.TRANSFER,
    ),
)
