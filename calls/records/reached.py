"""How far each attempt came, in its own row: what the reports count leads by, of a time and without its calls.

The triggers of ``reached.sql`` and ``connected.sql`` write ``attempts.reached`` and what the call says of its agent's
coming in the transaction that ends an attempt, writes its call, or notes or corrects what its agent said.
"""

from __future__ import annotations

import sqlite3

from calls.records.totals import ATTEMPTS

ANSWERED, CONTACT, RIGHT_PARTY = 1, 2, 4
"""Added up in ``attempts.reached``: the measures ``answered``, ``contacts`` and ``right_party`` of attempts."""

_TOLD = f"""
CREATE TEMP TABLE told AS SELECT c.call_id AS call_id,
    {CONTACT} * {ATTEMPTS.measures["contacts"]} + {RIGHT_PARTY} * {ATTEMPTS.measures["right_party"]} AS reached
FROM calls AS c WHERE +c.agent_id IS NOT NULL
"""
_REACHED = f"""(
    {ANSWERED} * {ATTEMPTS.measures["answered"].replace("a.outcome", "attempts.outcome")}
    + coalesce((SELECT told.reached FROM told WHERE told.call_id = attempts.attempt_id), 0)
)"""


def recount(connection: sqlite3.Connection) -> None:
    """Write it anew where it is another than the calls say, inside a transaction of the caller. What calls say is put
    aside first, by one look at each: looking for the call of each attempt would go to and fro in all of them."""
    connection.execute("DROP TABLE IF EXISTS temp.told")
    connection.execute(_TOLD)
    connection.execute("CREATE UNIQUE INDEX temp.told_by_call ON told (call_id, reached)")
    connection.execute(f"UPDATE attempts SET reached = {_REACHED} WHERE reached <> {_REACHED}")
    connection.execute("DROP TABLE temp.told")


_CONNECTED = "connected_after_s, connected_agent, connected_queue"
_MET = "SELECT c.connect_s, c.agent_id, c.queue FROM temp.met AS c WHERE c.call_id = attempts.attempt_id"


def recount_connected(connection: sqlite3.Connection) -> None:
    """Write anew which agent came, for which queue and after how long, as :func:`recount` does."""
    connection.execute("DROP TABLE IF EXISTS temp.met")
    connection.execute(
        "CREATE TEMP TABLE met AS SELECT call_id, connect_s, agent_id, queue FROM calls"
        " WHERE +direction = 'outbound' AND +agent_id IS NOT NULL"
    )
    connection.execute("CREATE UNIQUE INDEX temp.met_by_call ON met (call_id, connect_s, agent_id, queue)")
    connection.execute(
        f"UPDATE attempts SET ({_CONNECTED}) = ({_MET}) WHERE connected_agent IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM temp.met WHERE met.call_id = attempts.attempt_id)"
    )
    connection.execute("DROP TABLE temp.met")
