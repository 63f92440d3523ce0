"""What agents said came of calls, in figures: dispositions, sales, conversion. Of calls that an agent talked in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal

from calls.records.figure import Figure, Scope, counted, ratio, select
from calls.records.totals import QUARTER_S
from calls.reports.of_scope import figures_of

SECONDS_PER_HOUR = 3600.0

_IN_SCOPE = (
    "agent_id IS NOT NULL AND started_at >= :begin AND started_at < :end"
    " AND (:campaign IS NULL OR campaign_id = :campaign) AND (:queue IS NULL OR queue = :queue)"
)

_BY_DISPOSITION = f"""
SELECT disposition, count(*) AS calls FROM calls WHERE {_IN_SCOPE} AND disposition IS NOT NULL
GROUP BY disposition ORDER BY disposition
"""
_BY_AGENT = f"""
SELECT agent_id, count(*) AS contacts, count(sale_value) AS sales, total(talk_s + coalesce(wrap_up_s, 0)) AS worked_s
FROM calls WHERE {_IN_SCOPE} GROUP BY agent_id ORDER BY agent_id
"""
_VALUES = f"SELECT sale_currency, sale_value FROM calls WHERE {_IN_SCOPE} AND sale_value IS NOT NULL"

SALES_PER_HOUR = "sales / hours that agents talked and wrapped up in these calls, not those of the log-in"


def any_dispositions(connection: sqlite3.Connection, scope: Scope) -> bool:
    """Whether agents have said what came of any call, in the quarters of an hour that the scope touches."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM call_totals WHERE dispositions > 0 AND quarter >= :first AND quarter <= :last"
        " AND (:campaign IS NULL OR campaign_id = :campaign) AND (:queue IS NULL OR queue = :queue))",
        scope.parameters()
        | {"first": scope.begin.timestamp() // QUARTER_S, "last": scope.end.timestamp() // QUARTER_S},
    ).fetchone()
    return bool(row[0])


def sales(connection: sqlite3.Connection, scope: Scope) -> list[Figure]:
    """Dispositions and sales; nothing where agents have said nothing."""
    if not any_dispositions(connection, scope):
        return []
    return [
        *figures_of(connection, scope, ("conversion", "sales_per_handling_hour", "dispositions_missing")),
        *_sold(connection, scope),
        *_dispositions(connection, scope),
        *_agents(connection, scope),
    ]


def _sold(connection: sqlite3.Connection, scope: Scope) -> Iterator[Figure]:
    """The sums are exact: decimal numbers, by currency, which are never added to each other."""
    sums: dict[str, Decimal] = {}
    for currency, value in connection.execute(_VALUES, scope.parameters()):
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(value)
    for currency, value in sorted(sums.items()):
        yield Figure("sold", float(value), currency, float(value), None, "sum of the sales' values", currency)


def _dispositions(connection: sqlite3.Connection, scope: Scope) -> Iterator[Figure]:
    for row in select(connection, _BY_DISPOSITION, scope.parameters()):
        yield counted("dispositions", row["calls"], "calls", "calls with this disposition", row["disposition"])


def _agents(connection: sqlite3.Connection, scope: Scope) -> Iterator[Figure]:
    for row in select(connection, _BY_AGENT, scope.parameters()):
        subject, sold = row["agent_id"], row["sales"]
        yield ratio("agent_sales", sold, row["contacts"], "calls sold in / calls talked in", subject=subject)
        yield ratio(
            "agent_sales_per_handling_hour",
            sold,
            row["worked_s"] / SECONDS_PER_HOUR,
            SALES_PER_HOUR,
            "calls",
            subject,
        )
