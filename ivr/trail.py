"""The trail: what happened in one session, in order, as values. The engine stores each as a call event.

The kinds and the names in ``detail`` are stable: reports, analytics and replay rest on them. ``docs/flows.md`` lists
them for readers; a test holds that list against :class:`Kind`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What happened. The names of the detail follow each."""

    FLOW_STARTED = "flow_started"  # flow, version, language
    NODE_ENTERED = "node_entered"  # node, type
    CHOICE = "choice"  # node, keys, to, barged_in, by, words, confidence, sure, retries
    DIRECT_DIAL = "direct_dial"  # node, keys, to, barged_in
    NOMATCH = "nomatch"  # node, keys, count, left, by, words, value
    NOINPUT = "noinput"  # node, count, left
    DEAF = "deaf"  # node, reason
    COLLECTED = "collected"  # node, into, digits, length, by, words, confidence, sure
    NOT_COLLECTED = "not_collected"  # node, into, problem
    SAID = "said"  # node, into, words, confidence
    AUTHENTICATED = "authenticated"  # node, result
    HOURS = "hours"  # node, way, overridden
    SPLIT = "split"  # node, arm
    LANGUAGE = "language"  # node, language
    BRANCH = "branch"  # node, condition, to
    UNSPOKEN = "unspoken"  # node, prompt, problem
    EXPRESSION_FAILED = "expression_failed"  # node, problem
    SUBFLOW_RETURNED = "subflow_returned"  # node, flow, word
    OPTED_OUT = "opted_out"  # node, failed
    LOOKED_UP = "looked_up"  # node, lookup, result
    ORDER_LINE = "order_line"  # node, code, quantity, confirmed
    ORDERED = "ordered"  # node, lines, total, reference, failed
    PAYMENT = "payment"  # node, gateway, amount, result, reason
    WEBHOOK = "webhook"  # node, webhook, reference, failed
    DIRECTORY = "directory"  # node, keys, to, by, words, sure
    GUARD = "guard"  # node, way, calls
    CALLBACK = "callback"  # node, queue, failed
    QUEUE_ENTERED = "queue_entered"  # node, queue, priority
    AGENT_OFFERED = "agent_offered"  # node, agent
    AGENT_CONNECTED = "agent_connected"  # node, agent, wait_s
    QUEUE_SERVED = "queue_served"  # node, queue, talk_s
    QUEUE_LEFT = "queue_left"  # node, queue, reason, wait_s
    TRANSFER_STARTED = "transfer_started"  # node, destination
    TRANSFER_ENDED = "transfer_ended"  # node, destination, talk_s
    TRANSFER_FAILED = "transfer_failed"  # node, destination, reason
    TRANSFER_REFUSED = "transfer_refused"  # node, destination, rule
    RECORDING = "recording"  # node, what, recording, failed
    VOICEMAIL = "voicemail"  # node, mailbox, recording, duration_s, ended_by, failed
    SURVEY_ANSWER = "survey_answer"  # node, question, asks, value, recording
    SURVEY_ENDED = "survey_ended"  # node, survey, asked, answered, failed
    NODE_LEFT = "node_left"  # node, exit, took_s
    STEP_LIMIT = "step_limit"  # node, steps
    FAULT = "fault"  # node, error, traceback
    HUNG_UP = "hung_up"  # node, by, cause
    OUTCOME = "outcome"  # outcome, menu_s, wait_s, talk_s
    EXCHANGE = "exchange"  # node, v, context, command, result, masked, notice


Json = str | int | float | bool | None | Mapping[str, "Json"] | Sequence["Json"]
Detail = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks: ``at`` is an aware datetime, ``mono_s`` seconds of a monotonic clock."""

    at: datetime
    mono_s: float


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One thing that happened, ``since_s`` monotonic seconds after the session began. ``detail`` is plain JSON."""

    at: datetime
    since_s: float
    kind: Kind
    detail: Detail
