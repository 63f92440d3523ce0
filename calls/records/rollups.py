"""All roll-up tables together: counted anew from the raw rows."""

from __future__ import annotations

import sqlite3

from calls.records import again, agent_time, agent_waits, lead_totals, path_totals, reached, totals, trail_totals


def recount(connection: sqlite3.Connection) -> None:
    """Fill every roll-up table anew, and write anew what calls say of their trails and of who came again, and what
    attempts say of how far they came; inside a transaction of the caller. For after a restore of single tables, or a
    repair by hand: the engine keeps them itself."""
    recount_calls(connection)
    path_totals.recount(connection)
    reached.recount(connection)
    reached.recount_connected(connection)
    lead_totals.recount(connection)
    agent_waits.recount(connection)
    agent_waits.recount_dialled(connection)
    agent_waits.recount_calls(connection)


def recount_calls(connection: sqlite3.Connection) -> None:
    """As :func:`recount`, but for what is of paths, leads and attempts, which the schema has got later."""
    again.recount(connection)
    trail_totals.recount(connection)
    agent_time.recount(connection)
    totals.recount(connection)
