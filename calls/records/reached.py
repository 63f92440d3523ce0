"""How far each attempt came, in its own row: what the reports count leads by, of a time and without its calls.

The triggers of ``reached.sql`` write ``attempts.reached`` in the transaction that ends an attempt, writes its call,
or notes or corrects what its agent said.
"""

from __future__ import annotations

import sqlite3

from calls.records.totals import ATTEMPTS

ANSWERED, CONTACT, RIGHT_PARTY = 1, 2, 4
"""Added up in ``attempts.reached``: the measures ``answered``, ``contacts`` and ``right_party`` of attempts."""

_REACHED = (
    f"(SELECT {ANSWERED} * {ATTEMPTS.measures['answered']} + {CONTACT} * {ATTEMPTS.measures['contacts']}"
    f" + {RIGHT_PARTY} * {ATTEMPTS.measures['right_party']}"
    " FROM (SELECT attempts.outcome AS outcome) AS a LEFT JOIN calls AS c ON c.call_id = attempts.attempt_id)"
)


def recount(connection: sqlite3.Connection) -> None:
    """Write it anew where it is another than the calls say, inside a transaction of the caller."""
    connection.execute(f"UPDATE attempts SET reached = {_REACHED} WHERE reached <> {_REACHED}")
