"""One lead of a list: found by a number, edited, taken out, and taken in again. Functions of a connection, each
inside one transaction of the writer, in which a lead is either being dialled or is not.

A lead that was dialled is never deleted: attempts, limits and reports lead to it. It is marked as removed, stands on
the rolls as left out, and comes back with its tries when the same number comes into the list again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from calls.errors import LeadError
from calls.ids import CampaignId, LeadId, ListId
from calls.people import callbacks
from calls.people.callbacks import CallbackState
from calls.records.times import as_text
from dialer import enrolment, judging, roll
from dialer.leads import adding, people
from dialer.leads.as_row import Written, checked, kept_columns
from dialer.leads.file import MAX_NUMBERS, NewLead, NewNumber
from dialer.leads.lists import find as find_list
from dialer.leads.lists import was_dialled
from dialer.order import Kind


@dataclass(frozen=True, slots=True)
class StoredLead:
    """A lead as it stands in its list. ``numbers`` in the order in which they are dialled."""

    lead_id: LeadId
    list_id: ListId
    list_name: str
    numbers: tuple[NewNumber, ...]
    name: str
    priority: int
    fields: Mapping[str, str]
    region: str
    import_id: str | None
    imported_at: str

    @property
    def written(self) -> Written:
        """As the row of a file."""
        return Written(
            tuple((each.kind, each.number) for each in self.numbers), self.name, self.priority, self.fields
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise; None: as it is. ``time_zone`` "": by the numbers and the place; ``fields``: those that
    change, "" takes one away."""

    numbers: tuple[tuple[Kind, str], ...] | None = None
    name: str | None = None
    priority: int | None = None
    time_zone: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edited:
    """What has changed: ``what`` names it, ``lead`` is the lead as it is now."""

    what: tuple[str, ...]
    lead: StoredLead


@dataclass(frozen=True, slots=True)
class OnRoll:
    """A lead as one campaign sees it."""

    campaign_id: str
    state: str
    tries: int
    last_outcome: str | None
    next_try_at: str | None


_LEAD = (
    "SELECT lead_id, list_id, lists.name, number, kind, time_zones, leads.name, priority, fields, region, import_id,"
    " imported_at FROM leads JOIN lists USING (list_id)"
)


def find(connection: sqlite3.Connection, list_name: str, number: str) -> StoredLead:
    """The lead of a list that has ``number``, in E.164, as its first number; else the one that has it among its
    others.

    Raises:
        LeadError: there is no such list, or no such lead in it, or several have the number.
    """
    list_id = find_list(connection, list_name)
    row = connection.execute(
        f"{_LEAD} WHERE list_id = ? AND number = ? AND removed_at IS NULL", (list_id, number)
    ).fetchone()
    if row is not None:
        return _stored(connection, row)
    rows = connection.execute(
        f"{_LEAD} WHERE list_id = ? AND removed_at IS NULL"
        " AND lead_id IN (SELECT lead_id FROM lead_numbers WHERE lead_numbers.number = ?)",
        (list_id, number),
    ).fetchall()
    if not rows:
        raise LeadError(f"no lead of list {list_name} has the number {number}")
    if len(rows) > 1:
        raise LeadError(f"several leads of list {list_name} have the number {number}: name one by its first number")
    return _stored(connection, rows[0])


def _stored(connection: sqlite3.Connection, row: sqlite3.Row) -> StoredLead:
    lead_id, list_id, list_name, number, kind, zones, name, priority, fields, region, import_id, imported_at = row
    others = connection.execute(
        "SELECT kind, number, time_zones FROM lead_numbers WHERE lead_id = ? ORDER BY position", (lead_id,)
    )
    numbers = [(kind, number, zones), *others.fetchall()]
    return StoredLead(
        LeadId(lead_id),
        ListId(list_id),
        list_name,
        tuple(NewNumber(Kind(each[0]), each[1], tuple(json.loads(each[2]))) for each in numbers),
        name,
        priority,
        json.loads(fields),
        region,
        import_id,
        imported_at,
    )


def on_rolls(connection: sqlite3.Connection, lead: StoredLead) -> list[OnRoll]:
    """The lead on the rolls of campaigns."""
    rows = connection.execute(
        "SELECT campaign_id, iif(excluded AND state IN ('new', 'retry'), 'excluded', state), tries, last_outcome,"
        " next_try_at FROM campaign_leads WHERE lead_id = ? ORDER BY campaign_id",
        (lead.lead_id,),
    )
    return [OnRoll(*row) for row in rows]


# --- edit -------------------------------------------------------------------------------------------------------


def edit(connection: sqlite3.Connection, lead: StoredLead, change: Change, now: datetime) -> Edited:
    """Change a lead of this transaction, checked as an import checks a row: zones and region go by the numbers and
    the place, and who the person is by the numbers and the customer's id. Campaigns that dial the list look at it
    again: by their filters, and at once where it waited for what does not hold any more.

    Raises:
        LeadError: an import would refuse it, the list has its first number already, or its numbers are to change
            while it is being dialled. Nothing has changed.
    """
    kept = kept_columns(connection, lead.import_id)
    wanted = _wanted(lead, change)
    before = checked(lead.written, kept)
    wanted = replace(wanted, time_zone=_given_zone(lead, before) if change.time_zone is None else change.time_zone)
    after = checked(wanted, kept)
    if change.time_zone is None and (after.numbers, after.region) == (before.numbers, before.region):
        after = after._replace(numbers=lead.numbers, region=lead.region)  # nothing says that they are others
    what = tuple(_what(lead, after, change))
    if not what:
        return Edited((), lead)
    renumbered = "numbers" in what
    if renumbered:
        _require_numbers_free(connection, lead, after)
    had_number = {each: judging.another_number(connection, each, lead.lead_id) for each in _done_on(connection, lead)}
    if renumbered or after.person != before.person:
        key = _joined(connection, after)
    else:
        key = connection.execute("SELECT person_key FROM leads WHERE lead_id = ?", (lead.lead_id,)).fetchone()[0]
    adding.rewrite(connection, lead.lead_id, after, key)
    enrol(connection, lead.list_id, lead.list_name, [lead.lead_id])
    connection.execute("UPDATE campaign_leads SET priority = ? WHERE lead_id = ?", (after.priority, lead.lead_id))
    if renumbered or "time_zone" in what:
        look_again(connection, lead.lead_id, now)
        for campaign_id, had in had_number.items():
            if not had and judging.another_number(connection, campaign_id, lead.lead_id):
                _retry(connection, campaign_id, lead.lead_id, now)
    first = after.numbers[0].number
    return Edited(what, find(connection, lead.list_name, first))


def _wanted(lead: StoredLead, change: Change) -> Written:
    fields = {name: text for name, text in {**lead.fields, **change.fields}.items() if text.strip()}
    numbers = lead.written.numbers if change.numbers is None else change.numbers
    if len(numbers) > MAX_NUMBERS:
        raise LeadError(f"a lead has at most {MAX_NUMBERS} numbers")
    return Written(
        numbers,
        lead.name if change.name is None else change.name,
        lead.priority if change.priority is None else change.priority,
        fields,
    )


def given_zone(connection: sqlite3.Connection, lead: StoredLead) -> str:
    """The zone that somebody named for the lead; "": its numbers and its place say it.

    Raises:
        LeadError: the lead is one that an import would refuse today.
    """
    return _given_zone(lead, checked(lead.written, kept_columns(connection, lead.import_id)))


def _given_zone(lead: StoredLead, before: NewLead) -> str:
    """A zone was named where all numbers have it, and they and the place say another."""
    zones = {each.time_zones for each in lead.numbers}
    computed = {each.time_zones for each in before.numbers}
    (first, *_) = zones
    return first[0] if len(zones) == 1 and len(first) == 1 and zones != computed else ""


def _what(lead: StoredLead, after: NewLead, change: Change) -> list[str]:
    """What is otherwise, by name."""
    said = [each[:2] for each in lead.numbers] != [each[:2] for each in after.numbers]
    zones = [each.time_zones for each in lead.numbers] != [each.time_zones for each in after.numbers]
    found = ["numbers"] if said else []
    found += ["name"] if lead.name != after.name else []
    found += ["priority"] if lead.priority != after.priority else []
    found += ["time_zone"] if zones and (not said or change.time_zone is not None) else []
    found += ["region"] if lead.region != after.region else []
    fields = json.loads(after.fields)
    names = dict.fromkeys((*lead.fields, *fields))
    return [*found, *(f"field {name}" for name in names if lead.fields.get(name) != fields.get(name))]


def _require_numbers_free(connection: sqlite3.Connection, lead: StoredLead, after: NewLead) -> None:
    if is_dialled_now(connection, lead.lead_id):
        raise LeadError("the lead is being dialled, or has a call: change its numbers when that is over")
    first = after.numbers[0].number
    row = connection.execute(
        "SELECT removed_at IS NOT NULL FROM leads WHERE list_id = ? AND number = ? AND lead_id <> ?",
        (lead.list_id, first, lead.lead_id),
    ).fetchone()
    if row is not None and row[0]:
        raise LeadError(f"{first} is of a lead that was removed from list {lead.list_name}: add it to the list again")
    if row is not None:
        raise LeadError(f"{first} is the first number of another lead of list {lead.list_name}")


def _joined(connection: sqlite3.Connection, after: NewLead) -> str:
    try:
        return people.join(connection, [each.number for each in after.numbers], after.person)
    except people.BothDialled:
        raise LeadError("its numbers are of two persons who are both being dialled now: change them later") from None


def _done_on(connection: sqlite3.Connection, lead: StoredLead) -> list[CampaignId]:
    """The campaigns that are done with the lead."""
    rows = connection.execute(
        "SELECT campaign_id FROM campaign_leads WHERE lead_id = ? AND state = 'done'", (lead.lead_id,)
    )
    return [CampaignId(row[0]) for row in rows.fetchall()]


def is_dialled_now(connection: sqlite3.Connection, lead_id: LeadId) -> bool:
    """True where a call of the lead is under way."""
    row = connection.execute("SELECT 1 FROM attempts WHERE lead_id = ? AND state <> 'done' LIMIT 1", (lead_id,))
    return row.fetchone() is not None


# --- the rolls --------------------------------------------------------------------------------------------------


def enrol(connection: sqlite3.Connection, list_id: ListId, name: str, lead_ids: Sequence[LeadId]) -> None:
    """Have all campaigns that dial the list look at these leads by their filters and orders."""
    for campaign in roll.dialling(connection, list_id):
        enrolment.these(connection, campaign, list_id, name, lead_ids)


def look_again(connection: sqlite3.Connection, lead_id: LeadId, now: datetime) -> None:
    """What a rule had refused of the lead, or put off, is asked again; what waits for a time that its campaign set
    goes on waiting."""
    connection.execute(
        "UPDATE campaign_leads SET state = 'retry', next_try_at = ?2, held_since = NULL WHERE lead_id = ?1"
        " AND (state = 'refused' OR state = 'retry' AND next_try_at IS NOT NULL AND (held_since IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM refusals WHERE refusals.campaign_id = campaign_leads.campaign_id"
        " AND refusals.lead_id = campaign_leads.lead_id AND until_at = next_try_at)))",
        (lead_id, as_text(now)),
    )


def _retry(connection: sqlite3.Connection, campaign_id: CampaignId, lead_id: LeadId, now: datetime) -> None:
    """None of its numbers had led to anybody: now one may."""
    connection.execute(
        "UPDATE campaign_leads SET state = 'retry', next_try_at = ? WHERE campaign_id = ? AND lead_id = ?"
        " AND state = 'done'",
        (as_text(now), campaign_id, lead_id),
    )


# --- remove -----------------------------------------------------------------------------------------------------


def remove(connection: sqlite3.Connection, lead: StoredLead, now: datetime) -> bool:
    """Take a lead out of its list. True: it was dialled before, so that its row stays for its records and limits.

    Raises:
        LeadError: it has a call, an agent still writes of one, or a callback waits for it. Nothing has changed.
    """
    _require_quiet(connection, lead)
    if not was_dialled(connection, lead.lead_id):
        for table in ("campaign_leads", "refusals", "lead_numbers", "leads"):
            connection.execute(f"DELETE FROM {table} WHERE lead_id = ?", (lead.lead_id,))
        enrolment.forget_rows(connection)
        return False
    connection.execute("UPDATE leads SET removed_at = ? WHERE lead_id = ?", (as_text(now), lead.lead_id))
    connection.execute("UPDATE campaign_leads SET excluded = 1 WHERE lead_id = ?", (lead.lead_id,))
    return True


def _require_quiet(connection: sqlite3.Connection, lead: StoredLead) -> None:
    if is_dialled_now(connection, lead.lead_id):
        raise LeadError("the lead is being dialled, or has a call: remove it when that is over")
    said = "SELECT 1 FROM contacts WHERE lead_id = ? AND closed_at IS NULL LIMIT 1"
    if connection.execute(said, (lead.lead_id,)).fetchone() is not None:
        raise LeadError("an agent has not said yet what is to become of the lead: remove it when that is done")
    for waiting in waiting_callbacks(connection, [each.number for each in lead.numbers]):
        raise LeadError(f"the person waits for callback {waiting}: cancel that first, or remove the lead after it")


def waiting_callbacks(connection: sqlite3.Connection, numbers: Sequence[str]) -> list[int]:
    """The callbacks that were promised to these numbers and are not over."""
    over = {CallbackState.REACHED, CallbackState.CLOSED}
    found = (each for number in numbers for each in callbacks.of_number(connection, number))
    return sorted(each.callback_id for each in found if each.state not in over)
