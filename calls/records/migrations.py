"""The schema's versions, by name. A release knows its own and the older ones; a newer one's database is refused.

``sqlite-utils`` keeps the list of what was applied in the database itself. All that are missing are applied in one
``BEGIN IMMEDIATE``: a database is never half upgraded, and one whose upgrade was killed is as it was before. Until
then all that changes stands in the write-ahead log, so that the disk has to have room for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from calls.errors import RecordError, SchemaTooNew
from calls.records import agent_waits, best_hours, lead_totals, path_totals, reached, rollups

APPLICATION_ID = 0x43575254
"""``CWRT``, in the file's header: this database is Callwright's."""

CACHE_KIB = 256 * 1024
"""Memory that an upgrade may take, instead of SQLite's 2 MB: roll-ups and indexes are counted and sorted in it, and a
changed page is written to the log once, where it would be written each time that it is pushed out."""

MIGRATIONS = Migrations("callwright")


@MIGRATIONS(name="0001_first")
def _first(database: Database) -> None:
    _execute(database, "first.sql")


@MIGRATIONS(name="0002_flow_versions")
def _flow_versions(database: Database) -> None:
    _execute(database, "flow_versions.sql")


@MIGRATIONS(name="0003_overrides")
def _overrides(database: Database) -> None:
    _execute(database, "overrides.sql")


@MIGRATIONS(name="0004_outbox")
def _outbox(database: Database) -> None:
    _execute(database, "outbox.sql")


@MIGRATIONS(name="0005_voicemail")
def _voicemail(database: Database) -> None:
    _execute(database, "voicemail.sql")


@MIGRATIONS(name="0006_surveys")
def _surveys(database: Database) -> None:
    _execute(database, "surveys.sql")


@MIGRATIONS(name="0007_pin_tries")
def _pin_tries(database: Database) -> None:
    _execute(database, "pin_tries.sql")


@MIGRATIONS(name="0008_toll")
def _toll(database: Database) -> None:
    _execute(database, "toll.sql")


@MIGRATIONS(name="0009_callbacks")
def _callbacks(database: Database) -> None:
    _execute(database, "callbacks.sql")


@MIGRATIONS(name="0010_blocked")
def _blocked(database: Database) -> None:
    _execute(database, "blocked.sql")


@MIGRATIONS(name="0011_payments")
def _payments(database: Database) -> None:
    _execute(database, "payments.sql")


@MIGRATIONS(name="0012_callback_claims")
def _callback_claims(database: Database) -> None:
    _execute(database, "callback_claims.sql")


@MIGRATIONS(name="0013_lead_numbers")
def _lead_numbers(database: Database) -> None:
    _execute(database, "lead_numbers.sql")


@MIGRATIONS(name="0014_rules")
def _rules(database: Database) -> None:
    _execute(database, "rules.sql")


@MIGRATIONS(name="0015_control")
def _control(database: Database) -> None:
    _execute(database, "control.sql")


@MIGRATIONS(name="0017_dispositions")
def _dispositions(database: Database) -> None:
    _execute(database, "contacts.sql")


@MIGRATIONS(name="0019_routes")
def _routes(database: Database) -> None:
    _execute(database, "routes.sql")


@MIGRATIONS(name="0020_best_hours")
def _best_hours(database: Database) -> None:
    _execute(database, "best_hours.sql")
    best_hours.recount(database.conn)


@MIGRATIONS(name="0022_truth")
def _truth(database: Database) -> None:
    _execute(database, "truth.sql")


@MIGRATIONS(name="0024_accounts")
def _accounts(database: Database) -> None:
    _execute(database, "accounts.sql")


@MIGRATIONS(name="0025_totals")
def _totals(database: Database) -> None:
    _execute(database, "totals_tables.sql")
    rollups.recount_calls(database.conn)
    _execute(database, "totals.sql")


@MIGRATIONS(name="0026_open_states")
def _open_states(database: Database) -> None:
    database.conn.execute("CREATE INDEX agent_states_open ON agent_states (agent_id) WHERE duration_s IS NULL")


@MIGRATIONS(name="0030_left_states")
def _left_states(database: Database) -> None:
    database.execute("ALTER TABLE agent_states ADD COLUMN left_at TEXT")


@MIGRATIONS(name="0031_machine_hours")
def _machine_hours(database: Database) -> None:
    """What agents say to be machines was counted as answers."""
    best_hours.recount(database.conn)


@MIGRATIONS(name="0033_agent_queues")
def _agent_queues(database: Database) -> None:
    _execute(database, "agent_queues.sql")


@MIGRATIONS(name="0044_ordered_queues")
def _ordered_queues(database: Database) -> None:
    _execute(database, "ordered_queues.sql")


@MIGRATIONS(name="0045_announced_pauses")
def _announced_pauses(database: Database) -> None:
    _execute(database, "announced_pauses.sql")


@MIGRATIONS(name="0046_toll_trunk")
def _toll_trunk(database: Database) -> None:
    _execute(database, "toll_trunk.sql")


@MIGRATIONS(name="0047_notices")
def _notices(database: Database) -> None:
    _execute(database, "notices.sql")


@MIGRATIONS(name="0048_trunk_lines")
def _trunk_lines(database: Database) -> None:
    _execute(database, "trunk_lines.sql")


@MIGRATIONS(name="0050_retention")
def _retention(database: Database) -> None:
    _execute(database, "retention.sql")


@MIGRATIONS(name="0051_reviews")
def _reviews(database: Database) -> None:
    _execute(database, "reviews.sql")


@MIGRATIONS(name="0052_acknowledged_alerts")
def _acknowledged_alerts(database: Database) -> None:
    _execute(database, "acknowledged_alerts.sql")


@MIGRATIONS(name="0053_leads_by_time")
def _leads_by_time(database: Database) -> None:
    """Reports ask for the leads of a time: a look at each of a million took longer than all the rest."""
    database.conn.execute("CREATE INDEX leads_by_time ON leads (imported_at)")


@MIGRATIONS(name="0056_reassignments")
def _reassignments(database: Database) -> None:
    _execute(database, "reassignments.sql")


@MIGRATIONS(name="0059_lead_totals")
def _lead_totals(database: Database) -> None:
    _execute(database, "lead_totals.sql")
    lead_totals.recount(database.conn)


@MIGRATIONS(name="0060_reached")
def _reached(database: Database) -> None:
    _execute(database, "reached.sql")
    reached.recount(database.conn)
    database.conn.execute(
        "CREATE INDEX attempts_by_time ON attempts (intended_at, campaign_id, list_id, lead_id, unsent, reached)"
    )


@MIGRATIONS(name="0061_work_shifts")
def _work_shifts(database: Database) -> None:
    _execute(database, "work_shifts.sql")


@MIGRATIONS(name="0062_waits")
def _waits(database: Database) -> None:
    _execute(database, "waits.sql")
    agent_waits.recount(database.conn)


@MIGRATIONS(name="0066_pacing_decisions")
def _pacing_decisions(database: Database) -> None:
    _execute(database, "pacing_decisions.sql")


@MIGRATIONS(name="0067_path_totals")
def _path_totals(database: Database) -> None:
    _execute(database, "path_totals.sql")
    path_totals.recount(database.conn, [path_totals.PATHS, path_totals.LINKS, path_totals.WAYS])


@MIGRATIONS(name="0068_connected")
def _connected(database: Database) -> None:
    _execute(database, "connected.sql")
    reached.recount_connected(database.conn)
    database.conn.execute(
        "CREATE INDEX attempts_connected ON attempts (intended_at, campaign_id, list_id, connected_queue,"
        " connected_agent, connected_after_s, unsent) WHERE connected_after_s IS NOT NULL"
    )


@MIGRATIONS(name="0069_machines")
def _machines(database: Database) -> None:
    """The reports of machines read a tenth of the dialled calls, and from this index alone."""
    database.conn.execute(
        "CREATE INDEX calls_of_machines ON calls (started_at, call_id, switch, queue, campaign_id, detected, outcome,"
        " agent_id, again_s, duration_s)"
        " WHERE direction = 'outbound' AND (detected = 'machine' OR outcome = 'machine')"
    )


@MIGRATIONS(name="0069_arms")
def _arms(database: Database) -> None:
    _execute(database, "arm_totals.sql")
    path_totals.recount(database.conn, [path_totals.ARMS])


@MIGRATIONS(name="0069_dialled_talks")
def _dialled_talks(database: Database) -> None:
    _execute(database, "dialled_talks.sql")
    agent_waits.recount_dialled(database.conn)
    database.conn.execute(
        "CREATE INDEX agent_states_dialled ON agent_states (since_at, dialled_campaign, dialled_list, waited_s)"
        " WHERE dialled_campaign IS NOT NULL AND waited_s IS NOT NULL"
    )


@MIGRATIONS(name="0072_hold")
def _hold(database: Database) -> None:
    """No record of before says how long its caller was on hold: there is nothing to count anew."""
    _execute(database, "hold.sql")


@MIGRATIONS(name="0073_breaks")
def _breaks(database: Database) -> None:
    _execute(database, "breaks.sql")


@MIGRATIONS(name="0074_removed_leads")
def _removed_leads(database: Database) -> None:
    _execute(database, "removed_leads.sql")


@MIGRATIONS(name="0075_archived_campaigns")
def _archived_campaigns(database: Database) -> None:
    database.execute("ALTER TABLE campaigns ADD COLUMN archived_at TEXT")


@MIGRATIONS(name="0076_recorded_talks")
def _recorded_talks(database: Database) -> None:
    _execute(database, "recorded_talks.sql")
    agent_waits.recount_calls(database.conn)
    database.conn.execute(
        "CREATE INDEX agent_states_waited ON agent_states (since_at, agent_id, call_direction, call_queue,"
        " call_campaign, waited_s) WHERE waited_s IS NOT NULL"
    )
    database.conn.execute(
        "CREATE INDEX agent_states_unrecorded ON agent_states (call_id)"
        " WHERE state = 'talking' AND call_id IS NOT NULL AND call_direction IS NULL"
    )


def applied(connection: sqlite3.Connection, migrations: Migrations = MIGRATIONS) -> tuple[str, ...]:
    """The names of the migrations that the database has, in their order."""
    return tuple(each.name for each in migrations.applied(_wrapped(connection)))


def missing(connection: sqlite3.Connection, migrations: Migrations = MIGRATIONS) -> tuple[str, ...]:
    """The names of this release's migrations that the database does not have yet."""
    return tuple(each.name for each in migrations.pending(_wrapped(connection)))


def migrate(
    connection: sqlite3.Connection, migrations: Migrations = MIGRATIONS, told: Callable[[str], None] | None = None
) -> tuple[str, ...]:
    """Bring the database to this release's schema, in place; gives the names of what was applied. ``told`` hears
    which one begins, and the commit.

    Raises:
        SchemaTooNew: a newer release has written it.
        RecordError: the database is another program's.
    """
    database = _wrapped(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        refuse_unknown(connection, migrations)
        pending = migrations.pending(database)
        if pending:
            is_new = not migrations.applied(database)
            with _roomy(connection):
                _telling(migrations, database, told).apply(database)
            if is_new:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            if told is not None:
                told("writing it into the database")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return tuple(each.name for each in pending)


def _telling(migrations: Migrations, database: Database, told: Callable[[str], None] | None) -> Migrations:
    """Those that are pending, each told of as it begins."""
    if told is None:
        return migrations
    pending = migrations.pending(database)
    found = Migrations(migrations.name)
    for place, each in enumerate(pending, start=1):
        found(name=each.name)(_told_of(each.fn, partial(told, f"{each.name} ({place} of {len(pending)})")))
    return found


def _told_of(step: Callable[[Database], None], tell: Callable[[], None]) -> Callable[[Database], None]:
    def told(database: Database) -> None:
        tell()
        step(database)

    return told


@contextmanager
def _roomy(connection: sqlite3.Connection) -> Iterator[None]:
    """Give the connection and its temporary tables more memory for a while."""
    schemas = ("main", "temp")
    before = {each: connection.execute(f"PRAGMA {each}.cache_size").fetchone()[0] for each in schemas}
    try:
        for each in schemas:
            connection.execute(f"PRAGMA {each}.cache_size = {-CACHE_KIB}")
        yield
    finally:
        for each, size in before.items():
            connection.execute(f"PRAGMA {each}.cache_size = {size}")
        connection.execute("PRAGMA shrink_memory")


def refuse_unknown(connection: sqlite3.Connection, migrations: Migrations = MIGRATIONS) -> None:
    """Look at the database before anything is changed in it.

    Raises:
        SchemaTooNew: it has migrations that this release does not know.
        RecordError: it holds tables and is not Callwright's.
    """
    has = set(applied(connection, migrations))
    if newer := sorted(has - _names(migrations)):
        raise SchemaTooNew(
            f"the database was written by a newer release (it has {', '.join(newer)}):"
            " use that release, or restore a backup from before the upgrade"
        )
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    if not has and (mark or _wrapped(connection).table_names()):
        raise RecordError("the database is not Callwright's: name another file in engine.database")


def _statements(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _execute(database: Database, name: str) -> None:
    """Every statement of a file, within the transaction that is open: a statement ends with a line. The methods named
    ``executescript`` end the transaction, or look at each letter of a statement again for each that follows."""
    statement = ""
    for line in _statements(name).splitlines(keepends=True):
        statement += line
        if ";" in line and sqlite3.complete_statement(statement):
            database.conn.execute(statement)
            statement = ""
    if statement.strip():
        raise ValueError(f"{name} ends within a statement")


def _names(migrations: Migrations) -> set[str]:
    """Every name that this release knows: what would be pending in an empty database."""
    empty = sqlite3.connect(":memory:", isolation_level=None)
    try:
        return {each.name for each in migrations.pending(_wrapped(empty))}
    finally:
        empty.close()


def _wrapped(connection: sqlite3.Connection) -> Database:
    return Database(connection, recursive_triggers=False, execute_plugins=False)
