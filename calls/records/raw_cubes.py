"""What reports add up row by row each time: there are few of them, or they change long after they began."""

from __future__ import annotations

from calls.records.totals import CALLS, Cube, quarter

CALLBACKS = Cube(
    table="callbacks",
    source="callbacks AS b",
    at="b.asked_at",
    wanted="1",
    keys={
        "quarter": quarter("b.asked_at"),
        "queue": "b.queue",
        "campaign_id": "coalesce(b.campaign_id, '')",
    },
    measures={
        "asked": "1",
        "reached": "b.state = 'reached'",
        "kept": "EXISTS (SELECT 1 FROM attempts AS a WHERE a.callback_id = b.callback_id AND NOT a.unsent"
        " AND a.intended_at BETWEEN b.window_begin AND b.window_end)",
        "open": "b.state IN ('waiting', 'dialling')",
        "tries": "b.tries",
    },
    rolled_up=False,
)

TEN_THOUSANDTHS = 10_000
"""What values of sales are added up in: they have at most four decimals, and whole numbers add up exactly."""

_SOLD = "c.sale_value IS NOT NULL AND c.agent_id IS NOT NULL"
_VALUE = f"CAST(round(CAST(c.sale_value AS REAL) * {TEN_THOUSANDTHS}) AS INTEGER)"

SALES = Cube(
    table="sales",
    source="calls AS c",
    at="c.started_at",
    wanted=_SOLD,
    keys={
        "quarter": quarter("c.started_at"),
        "currency": "coalesce(c.sale_currency, '')",
        "direction": "c.direction",
        "switch": "c.switch",
        "queue": "coalesce(c.queue, '')",
        "campaign_id": "coalesce(c.campaign_id, '')",
        "flow": "coalesce(c.flow, '')",
        "agent_id": "c.agent_id",
    },
    measures={"sold": _VALUE},
    rolled_up=False,
)

ATTEMPTED_SALES = Cube(
    table="attempted_sales",
    source="calls AS c CROSS JOIN attempts AS a ON a.attempt_id = c.call_id",
    at="a.intended_at",
    wanted=f"NOT a.unsent AND {_SOLD} AND c.started_at >= strftime('%Y-%m-%dT%H:%M:%S', :begin, '-1 day')"
    " AND c.started_at < strftime('%Y-%m-%dT%H:%M:%S', :end, '+1 day')",
    keys={
        "quarter": quarter("a.intended_at"),
        "currency": "coalesce(c.sale_currency, '')",
        "campaign_id": "a.campaign_id",
        "list_id": "coalesce(a.list_id, '')",
    },
    measures={"sold": _VALUE},
    rolled_up=False,
)
"""From the few calls that were sold in: they begin within a day of what was intended."""

REVIEWS = Cube(
    table="reviews",
    source="reviews AS r JOIN calls AS c ON c.call_id = r.call_id",
    at="r.began_at",
    wanted="NOT r.calibration",
    keys={
        "quarter": quarter("r.began_at"),
        "agent_id": "r.agent_id",
        "queue": "coalesce(c.queue, '')",
        "campaign_id": "coalesce(c.campaign_id, '')",
        "scorecard": "r.scorecard",
    },
    measures={
        "reviews": "1",
        "score": "r.score",
        "passed": "r.passed",
        "critical": "r.failed <> '[]'",
        "answered": "r.replied_at IS NOT NULL",
    },
    rolled_up=False,
)

SURVEYS = Cube(
    table="survey_answers",
    source="survey_answers AS s JOIN calls AS c ON c.call_id = s.call_id",
    at="s.answered_at",
    wanted="1",
    keys={
        "quarter": quarter("s.answered_at"),
        "queue": "coalesce(c.queue, '')",
        "campaign_id": "coalesce(c.campaign_id, '')",
        "agent_id": "coalesce(c.agent_id, '')",
        "flow": "coalesce(s.flow, '')",
        "question": "s.survey || '/' || s.question",
    },
    measures={
        "asked": "1",
        "replied": "s.value IS NOT NULL OR s.recording IS NOT NULL",
        "rated": "s.kind = 'csat' AND s.value IS NOT NULL",
        "satisfied": "s.kind = 'csat' AND coalesce(s.value >= 4, 0)",
        "recommended": "s.kind = 'nps' AND s.value IS NOT NULL",
        "promoters": "s.kind = 'nps' AND coalesce(s.value >= 9, 0)",
        "detractors": "s.kind = 'nps' AND coalesce(s.value <= 6, 0)",
        "decided": "s.kind = 'yes_no' AND s.value IS NOT NULL",
        "yes": "s.kind = 'yes_no' AND coalesce(s.value = 1, 0)",
    },
    rolled_up=False,
)
"""Each counts to the time of its answer."""

FLOWS = Cube(
    table="calls_of_versions",
    source="calls AS c",
    at="c.started_at",
    wanted="c.contained IS NOT NULL",
    keys={
        "quarter": quarter("c.started_at"),
        "flow": "coalesce(c.flow, '')",
        "flow_version": "coalesce(c.flow_version, '')",
        "queue": "coalesce(c.queue, '')",
        "direction": "c.direction",
    },
    measures={name: CALLS.measures[name] for name in ("entered", "contained", "goals", "dropped")},
    rolled_up=False,
)
"""By version, which the roll-up does not have."""

_DIALLED = {
    "quarter": quarter("c.started_at"),
    "switch": "c.switch",
    "queue": "coalesce(c.queue, '')",
    "campaign_id": "coalesce(c.campaign_id, '')",
}

MESSAGES = Cube(
    table="messages",
    source="calls AS c JOIN call_events AS e ON e.call_id = c.call_id AND e.kind = 'message_left'",
    at="c.started_at",
    wanted="c.direction = 'outbound' AND c.detected = 'machine'",
    keys=_DIALLED,
    measures={"messages": "1", "cut": "json_extract(e.detail, '$.played') = 'cut'"},
    rolled_up=False,
)

CALLED_BACK_S = 86_400
"""Who calls within a day of our call calls back."""

MACHINES = Cube(
    table="calls_of_machines",
    source="calls AS c",
    at="c.started_at",
    wanted="c.direction = 'outbound' AND c.outcome = 'machine' AND c.agent_id IS NULL",
    keys=_DIALLED,
    measures={"hung_up": "1", "called_back": f"coalesce(c.again_s - c.duration_s <= {CALLED_BACK_S}, 0)"},
    rolled_up=False,
)
