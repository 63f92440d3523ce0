"""What reports add up row by row each time: there are few of them, or they change long after they began."""

from __future__ import annotations

from calls.records.totals import Cube, quarter

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
        "kept": "b.state = 'reached' AND coalesce(b.ended_at <= b.window_end, 0)",
        "open": "b.state IN ('waiting', 'dialling')",
        "tries": "b.tries",
    },
    rolled_up=False,
)

_TRIED = (
    "SELECT {what} FROM attempts AS a WHERE a.person_key = l.person_key AND a.lead_id = l.lead_id AND NOT a.unsent"
)
"""By the person first: there is an index of attempts by them."""

LEADS = Cube(
    table="leads",
    source="leads AS l",
    at="l.imported_at",
    wanted="1",
    keys={"quarter": quarter("l.imported_at"), "list_id": "l.list_id"},
    measures={
        "leads": "1",
        "leads_attempted": f"EXISTS ({_TRIED.format(what='1')})",
        "lead_attempts": f"({_TRIED.format(what='count(*)')})",
    },
    rolled_up=False,
)
