"""The figures of one scope: those of the reports from :mod:`calls.reports`, the others by SQL from the records.

A figure carries its definition, numerator and denominator, so that a page can show how it came about; with a
denominator of 0 it has no value. What the columns say:

- inbound: ``wait_s`` is set where the call asked for an agent (it was *offered*); ``agent_id`` where an agent talked
  with the caller (it was *answered*, or handled); ``abandoned`` where the caller hung up while waiting.
- outbound: an attempt's ``outcome`` is ``answered`` (a person), ``abandoned`` (a person, and no agent in time) or
  ``machine`` where somebody or something answered; ``agent_id`` is set where an agent talked with the person. A lost
  call with ``abandoned`` may have been answered: it counts as a person who was abandoned.
- inbound: a caller who hung up before the answer (``cancelled``) never came into the flow.
- a call counts to the time in which it began, an attempt to that in which it was intended, an agent's state to that
  in which it began; one that has not ended counts up to the scope's ``now``.

Time on hold is part of the talk. Source: the house's table of figures; 16 CFR 310.4(b)(4) for abandonment (US).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from calls.records.figure import Figure, Scope, counted, one, ratio, select
from calls.records.machine_figures import machines
from calls.records.sales_figures import sales
from calls.records.switch_figures import switches
from calls.reports import definitions
from calls.reports.of_scope import figures_of


@dataclass(frozen=True, slots=True)
class Targets:
    """Seconds that some figures are measured against."""

    service_level_s: float = 20.0
    short_abandon_s: float = 5.0
    connect_s: float = 2.0
    """16 CFR 310.4(b)(4)(iii): connected within two seconds of the completed greeting."""


def all_figures(connection: sqlite3.Connection, scope: Scope, targets: Targets) -> list[Figure]:
    """Inbound, callbacks, menus, surveys, outbound, machines, sales, agents and switches, in this order."""
    return [
        *inbound(connection, scope, targets),
        *callbacks(connection, scope),
        *menus(connection, scope),
        *surveys(connection, scope),
        *outbound(connection, scope, targets),
        *machines(connection, scope),
        *sales(connection, scope),
        *agents(connection, scope),
        *switches(connection, scope),
    ]


def callbacks(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """People who asked to be called back in the time of the scope, for its queue where it names one."""
    asked, kept, reached = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM attempts"
        " WHERE attempts.callback_id = callbacks.callback_id AND NOT attempts.unsent"
        " AND intended_at BETWEEN window_begin AND window_end)), count(*) FILTER (WHERE state = 'reached')"
        " FROM callbacks WHERE asked_at >= :begin AND asked_at < :end AND (:queue IS NULL OR queue = :queue)",
        scope.parameters(),
    ).fetchone()
    if not asked:
        return []
    return [
        counted("callbacks_asked", asked, "calls", "people who asked to be called back, each request once"),
        ratio("callbacks_kept", kept, asked, "dialled within their window / asked for"),
        ratio("callbacks_reached", reached, asked, "talked with an agent / asked for"),
    ]


_IN_SCOPE = (
    "started_at >= :begin AND started_at < :end"
    " AND (:campaign IS NULL OR campaign_id = :campaign) AND (:queue IS NULL OR queue = :queue)"
)

_IN_TIME = "started_at >= :begin AND started_at < :end"

# --- inbound ----------------------------------------------------------------------------------------------------

INBOUND = (
    *("offered", "answered", "service_level", "service_level_of_answered", "service_level_of_offered"),
    *("abandonment", "abandonment_adjusted", "asa", "aht"),
)


def inbound(connection: sqlite3.Connection, scope: Scope, targets: Targets) -> list[Figure]:
    """Callers and the queues they waited in: as the reports count them."""
    limits = definitions.Targets(targets.service_level_s, targets.short_abandon_s)
    return figures_of(connection, scope, INBOUND, limits)


# --- menus ------------------------------------------------------------------------------------------------------

_CONTAINED = f"""
SELECT count(*) AS entered,
       count(*) FILTER (WHERE wait_s IS NULL AND NOT EXISTS (
           SELECT 1 FROM call_events WHERE call_events.call_id = calls.call_id AND kind = 'queue_entered'
       )) AS contained
FROM calls WHERE direction = 'inbound' AND flow IS NOT NULL AND outcome <> 'cancelled' AND {_IN_TIME}
"""

_NODES = f"""
SELECT flow || '/' || json_extract(detail, '$.node') AS node,
       count(*) FILTER (WHERE kind = 'node_entered') AS entries,
       count(*) FILTER (WHERE kind = 'hung_up' AND agent_id IS NULL
                        AND json_extract(detail, '$.by') = 'caller') AS drops
FROM calls JOIN call_events USING (call_id)
WHERE direction = 'inbound' AND flow IS NOT NULL AND outcome <> 'cancelled'
  AND kind IN ('node_entered', 'hung_up') AND {_IN_TIME}
GROUP BY node HAVING entries > 0 ORDER BY node
"""


def menus(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """What callers did in the flows. ``subject`` of a node is ``flow/node``."""
    contained = one(connection, _CONTAINED, scope.parameters())
    figures = [
        ratio(
            "containment",
            contained["contained"],
            contained["entered"],
            "technical: calls that never reached a queue / calls that entered a flow, the cancelled left out",
        )
    ]
    definition = "callers who hung up at the node, without an agent / entries to it"
    for row in select(connection, _NODES, scope.parameters()):
        figures.append(ratio("node_drop_off", row["drops"], row["entries"], definition, subject=row["node"]))
    return figures


# --- surveys ----------------------------------------------------------------------------------------------------

_SURVEYS = f"""
SELECT survey || '/' || question AS question, kind,
       count(*) AS asked,
       count(*) FILTER (WHERE value IS NOT NULL OR recording IS NOT NULL) AS answered,
       count(*) FILTER (WHERE value >= 4) AS satisfied,
       count(*) FILTER (WHERE value >= 9) AS promoters,
       count(*) FILTER (WHERE value <= 6) AS detractors,
       count(*) FILTER (WHERE value = 1) AS yes
FROM survey_answers JOIN (SELECT call_id FROM calls WHERE {_IN_SCOPE}) USING (call_id)
GROUP BY survey, question, kind ORDER BY survey, question, kind
"""


def surveys(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """What callers answered; ``subject`` is ``survey/question``. Nothing where nobody was asked."""
    figures: list[Figure] = []
    rate = "answers / callers who were asked; who skipped the question or hung up at it did not answer"
    for row in select(connection, _SURVEYS, scope.parameters()):
        subject, answered = row["question"], row["answered"]
        match row["kind"]:
            case "csat":
                figures.append(
                    ratio("csat", row["satisfied"], answered, "answers of 4 and 5 / answers", subject=subject)
                )
            case "nps":
                net = row["promoters"] - row["detractors"]
                words = "(answers of 9 and 10 - answers of 0 to 6) / answers"
                figures.append(ratio("nps", net, answered, words, subject=subject))
            case "yes_no":
                figures.append(ratio("yes_rate", row["yes"], answered, "answers of yes / answers", subject=subject))
        figures.append(ratio("response_rate", answered, row["asked"], rate, subject=subject))
    return figures


# --- outbound ---------------------------------------------------------------------------------------------------

# An attempt that the switch never took counts as no attempt: nobody was dialled.
_OUTBOUND = """
WITH tried AS (
    SELECT attempts.lead_id, attempts.campaign_id, attempts.outcome,
           attempts.outcome IN ('answered', 'abandoned', 'machine') AS answered,
           (attempts.outcome IN ('answered', 'abandoned') OR coalesce(calls.abandoned, 0))
               AND NOT coalesce(calls.disposition_machine, 0) AS by_person,
           calls.agent_id IS NOT NULL AS contact,
           coalesce(calls.abandoned, 0) OR attempts.outcome = 'abandoned'
               OR (calls.agent_id IS NOT NULL AND calls.connect_s > :connect_s) AS late
    FROM attempts LEFT JOIN calls ON calls.call_id = attempts.attempt_id
    WHERE intended_at >= :begin AND intended_at < :end AND NOT attempts.unsent
      AND (:campaign IS NULL OR attempts.campaign_id = :campaign)
      AND (:queue IS NULL OR calls.queue = :queue)
)
SELECT count(*) AS attempts,
       count(DISTINCT lead_id) AS leads,
       count(DISTINCT campaign_id || ' ' || lead_id) AS tried_leads,
       count(*) FILTER (WHERE answered) AS answered,
       count(DISTINCT lead_id) FILTER (WHERE answered) AS answered_leads,
       count(*) FILTER (WHERE contact) AS contacts,
       count(DISTINCT lead_id) FILTER (WHERE contact) AS contact_leads,
       count(*) FILTER (WHERE by_person) AS by_person,
       count(*) FILTER (WHERE by_person AND late) AS late,
       count(*) FILTER (WHERE outcome = 'machine') AS machines,
       (SELECT count(*) FROM campaign_leads WHERE :campaign IS NULL OR campaign_id = :campaign) AS listed
FROM tried
"""


def outbound(connection: sqlite3.Connection, scope: Scope, targets: Targets) -> list[Figure]:
    """What the campaigns dialled, and whom they reached."""
    row = one(connection, _OUTBOUND, scope.parameters() | {"connect_s": targets.connect_s})
    attempts, leads, contacts = row["attempts"], row["leads"], row["contacts"]
    late = f"an agent came not at all or after more than {targets.connect_s:g} s"
    return [
        counted("attempts", attempts, "attempts", "numbers dialled; each try counts"),
        ratio("answer_rate_of_attempts", row["answered"], attempts, "attempts answered, machines too / attempts"),
        ratio(
            "answer_rate_of_leads", row["answered_leads"], leads, "leads that answered, machines too / leads dialled"
        ),
        ratio("contact_rate_of_attempts", contacts, attempts, "attempts in which an agent talked / attempts"),
        ratio(
            "contact_rate_of_leads", row["contact_leads"], leads, "leads with whom an agent talked / leads dialled"
        ),
        ratio(
            "abandonment_us",
            row["late"],
            row["by_person"],
            f"answered by a person and {late} / answered by a person; the clock starts as the campaign's preset says,"
            " at the answer or at the detected end of the greeting; who hangs up before that was not abandoned;"
            " what its agent found to be a machine's was not answered by a person;"
            " a call of which a crash left unknown whether a person answered counts as abandoned",
        ),
        ratio(
            "penetration_in_time",
            row["tried_leads"],
            row["listed"],
            "leads dialled in the time / leads on the campaigns' rolls",
        ),
        ratio("saturation_in_time", attempts, row["listed"], "attempts of the time / leads on the campaigns' rolls"),
        ratio("attempts_per_contact", attempts, contacts, "attempts / attempts in which an agent talked"),
        ratio("machine_share", row["machines"], row["answered"], "answered by a machine / answered"),
    ]


# --- agents -----------------------------------------------------------------------------------------------------

_STATES = """
SELECT agent_id, state, CASE state WHEN 'paused' THEN reason ELSE '' END AS why,
       sum(coalesce(duration_s, max(0.0, round((julianday(min(:until, coalesce(left_at, :until)))
                                                - julianday(since_at)) * 86400.0, 3)))) AS took_s
FROM agent_states WHERE since_at >= :begin AND since_at < :end
GROUP BY agent_id, state, why ORDER BY agent_id, state, why
"""

_HANDLED = f"""
SELECT agent_id, count(*) AS calls, sum(talk_s + coalesce(wrap_up_s, 0)) AS handling_s
FROM calls WHERE agent_id IS NOT NULL AND {_IN_SCOPE} GROUP BY agent_id ORDER BY agent_id
"""

HANDLING = ("talking", "wrap_up")
WAITING = ("ready", "reserved")


def agents(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """Agents' time and calls, each agent and then all; ``subject`` is the agent, with the reason of a pause."""
    figures: list[Figure] = []
    took: dict[str, dict[str, float]] = {}
    for row in select(connection, _STATES, scope.parameters()):
        of_agent = took.setdefault(row["agent_id"], {})
        of_agent[row["state"]] = of_agent.get(row["state"], 0.0) + row["took_s"]
        subject = f"{row['agent_id']}: {row['why']}" if row["why"] else row["agent_id"]
        figures.append(
            counted(
                f"time_{row['state']}",
                row["took_s"],
                "s",
                "time in this state, up to now where it has not ended",
                subject,
            )
        )
    handled = select(connection, _HANDLED, scope.parameters())
    for row in handled:
        subject, calls = row["agent_id"], row["calls"]
        figures.append(counted("calls", calls, "calls", "calls that the agent talked in, both directions", subject))
        figures.append(ratio("aht", row["handling_s"], calls, "(talk + wrap-up) / calls", "s", subject))
    for agent_id in took:
        figures.extend(_shares(took[agent_id], agent_id))
    together = {state: sum(of.get(state, 0.0) for of in took.values()) for of in took.values() for state in of}
    return [*figures, *_shares(together, "")]


def _shares(took: Mapping[str, float], subject: str) -> list[Figure]:
    handling = sum(took.get(state, 0.0) for state in HANDLING)
    waiting = sum(took.get(state, 0.0) for state in WAITING)
    logged_in = sum(seconds for state, seconds in took.items() if state != "logged_out")
    return [
        ratio(
            "occupancy",
            handling,
            handling + waiting,
            "(talking + wrap-up) / (talking + wrap-up + waiting for a call, ready or reserved)",
            subject=subject,
        ),
        ratio(
            "utilisation",
            handling + waiting,
            logged_in,
            "(talking + wrap-up + ready + reserved) / logged-in time",
            subject=subject,
        ),
    ]
