"""Dialling people who asked for it: the same attempts as a campaign's, begun one by one when an agent is there.

All invariants of :mod:`dialer.attempts` hold: the rules are looked at again inside the transaction, the row is there
before the switch hears of it, and a person has one open attempt. Only the do-not-call list gives way, to the person's
own request, where that is younger than the entry; the attempt's row says whose request it was. Where an agent has
booked a number, and no call tells that the person asked, nothing gives way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from calls import numbers
from calls.callbacks import CallbackSettings, NoSuchTime
from calls.errors import Location, SettingsError
from calls.ids import AttemptId, CampaignId, LeadId, QueueName
from calls.people import callbacks, do_not_call, number_lists
from calls.people.callbacks import Booking, Callback
from calls.people.do_not_call import Entry
from calls.records.times import as_text
from calls.settings import Settings
from dialer import attempts, campaign, compliance, judging, own_rules, roll
from dialer.attempts import Place
from dialer.campaign import LONGEST_ID, PROMISED, Campaign, CampaignFile, promised_id
from dialer.compliance import History, Refused, Rules
from dialer.events import BegunAttempt
from dialer.hopper import Due
from dialer.leads import people
from dialer.outgoing import Outgoing
from dialer.presets import PRESETS, Limit, Scope

LIST = "callbacks"
"""The list of all people who asked."""

PER_DAY = 3
"""Attempts of one person in any 24 hours, over all campaigns: as every campaign has it."""

KEPT = (
    "preset",
    "ring_timeout_s",
    "language",
    "dispositions",
    "disposition_required",
    "record",
    "script",
    "screen_pop",
)
"""What a call that was promised has of the campaign in whose call that was, beside the ways out."""

SORRY = "system.callback_sorry"
"""What a person hears who was promised a call and for whom no agent was left, where the campaign has no message."""

FULL_REST = timedelta(seconds=2)
"""A full trunk is asked again after this."""


def campaign_of(settings: CallbackSettings, queue: QueueName) -> Campaign:
    """The campaign under which people of ``queue`` are called back: attempts and figures stand under this name."""
    return Campaign(
        id=f"callbacks-{queue}"[:64],
        on_request=True,
        file=CampaignFile(
            name=f"Callbacks of {queue}",
            list=LIST,
            queue=queue,
            trunk=settings.trunk,
            trunks=settings.trunks,
            caller_id=settings.caller_id,
            preset=settings.preset,
            max_lines=1000,
            ring_timeout_s=settings.ring_timeout_s,
            safe_harbour=settings.message,
        ),
    )


def campaign_for(
    connection: sqlite3.Connection, booking: Booking, of_queues: Mapping[QueueName, Campaign]
) -> Campaign | None:
    """The campaign under which a person is called back: like the one in whose call it was promised, with its rules,
    its trunk and its number; else that of the queue. None: there is neither any more."""
    origin = None if booking.origin is None else roll.stored(connection, booking.origin)
    if origin is None:
        return of_queues.get(booking.queue)
    if origin.on_request:
        return origin
    given = origin.file
    kept = {name: getattr(given, name) for name in (*Outgoing.model_fields, *KEPT)}
    own = {
        "name": f"Promised in {given.name}"[:100],
        "list": LIST,
        "queue": given.queue or booking.queue,
        "max_lines": 1000,
        "safe_harbour": given.safe_harbour or SORRY,
        "compliance": own_rules.of_promises(given.compliance),
    }
    return Campaign(
        id=promised_id(origin.id),
        on_request=True,
        promised_by=origin.id,
        file=CampaignFile.model_validate(kept | own),
    )


def require_hours(preset: str, number: str, zones: tuple[str, ...], at: datetime) -> None:
    """Refuse a time at which the person may not be called.

    Raises:
        NoSuchTime: it is outside the preset's calling hours where the person is; says when it would be possible.
    """
    rules = Rules(CampaignId(""), preset, (), ())
    verdict = compliance.check(compliance.Lead(number, zones), History(), rules, at)
    if isinstance(verdict, Refused):
        until = "" if verdict.until is None else f": possible from {_local(verdict.until, zones)}"
        raise NoSuchTime(f"the rules of {preset} refuse a call then ({verdict.rule}){until}")


def _local(at: datetime, zones: tuple[str, ...]) -> str:
    zone = zones[0] if zones else "UTC"
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def instant(text: str, zones: tuple[str, ...]) -> datetime:
    """The time of ``text`` in UTC; without an offset it is the person's own.

    Raises:
        NoSuchTime: it is none, it does not exist where the person is, or the person may be in several zones.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise NoSuchTime(
            f"expected a time such as 2026-12-01T09:30 or 2026-12-01T09:30+01:00; found {text!a}"
        ) from None
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    found = {at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in zones}
    if len(found) != 1:
        known = ", ".join(zones) or "none is known"
        raise NoSuchTime(f"the person's time zone is not clear ({known}): give the time with its offset, +01:00")
    (due,) = found
    if due.astimezone(ZoneInfo(zones[0])).replace(tzinfo=None) != at:
        raise NoSuchTime(f"{text} does not exist in {zones[0]}: the clocks are changed then")
    return due


def require_possible(settings: Settings) -> None:
    """Refuse callbacks that could never be dialled.

    Raises:
        SettingsError: the trunk or the preset is unknown, or they do not fit each other.
    """
    if settings.callbacks is None:
        return
    for key, problem in _faults(settings, settings.callbacks):
        raise SettingsError(problem, Location(key=f"callbacks.{key}"))


def _faults(settings: Settings, given: CallbackSettings) -> Iterator[tuple[str, str]]:
    if given.preset not in PRESETS:
        yield "preset", f"there is no preset {given.preset}: expected one of {', '.join(PRESETS)}"
    for queue in settings.queues:
        for place, problem in campaign.faults(campaign_of(given, QueueName(queue.name)).file, settings):
            yield str(place[0]), problem


def begin(
    connection: sqlite3.Connection,
    callback: Callback,
    of: Campaign,
    now: datetime,
    place: Place,
    attempt_id: AttemptId,
) -> BegunAttempt | Refused:
    """Begin an attempt for a request that waits, or say why not and when again; a request that is refused for good
    is closed by whoever asked."""
    booking = callback.booking
    fresh = callbacks.callback(connection, callback.callback_id)
    if fresh is None or fresh.state is not callbacks.CallbackState.WAITING:
        return Refused("not_waiting", None)
    there = attempts.way_out(connection, place, booking.number, now + FULL_REST)
    if isinstance(there, Refused):
        return there
    due = Due(
        _lead(connection, of, booking.number, now),
        people.join(connection, [booking.number], ""),
        compliance.Lead(booking.number, numbers.time_zones(booking.number)),
        callback.tries,
    )
    entries = _entries(connection, booking, now)
    overridden = bool(entries) and booking.is_wish and all(entry.added_at < booking.asked_at for entry in entries)
    rules = _rules(of) if booking.is_wish else _strict(connection, of)
    verdict = judging.verdict_on(connection, due, rules, now, forbidden=bool(entries) and not overridden)
    if isinstance(verdict, Refused):
        return verdict
    why: dict[str, object] = {"callback": callback.callback_id, "asked_in_call": booking.call_id}
    if overridden:
        why["do_not_call"] = f"overridden by the person's own request of {as_text(booking.asked_at)}"
    begun = attempts.insert(connection, of, due, there, now, attempt_id, why, verdict)
    if begun is None:
        return Refused("open_attempt", now + compliance.OPEN_REST)
    callbacks.dialling(connection, callback.callback_id, attempt_id, of.campaign_id, begun.lead_id)
    return begun


def _entries(connection: sqlite3.Connection, booking: Booking, now: datetime) -> tuple[Entry, ...]:
    """What forbids the call: for everybody, and for the campaign in whose call it was promised."""
    if not numbers.is_dialable(booking.number):
        return ()
    if booking.origin is None:
        return do_not_call.found(connection, booking.number, now)
    found = (
        do_not_call.found(connection, booking.number, now, each) for each in _origins(connection, booking.origin)
    )
    return tuple(dict.fromkeys(entry for entries in found for entry in entries))


def _origins(connection: sqlite3.Connection, origin: CampaignId) -> tuple[CampaignId, ...]:
    """Whose lists hold: the campaign's, and where it kept a promise itself, also of the one whose promise that was.
    Where a release before this one cut the id short, of all that it may be of."""
    campaign = roll.stored(connection, origin)
    if campaign is not None and campaign.promised_by is not None:
        return (origin, CampaignId(campaign.promised_by))
    if not origin.startswith(PROMISED):
        return (origin,)
    rows = connection.execute(
        "SELECT campaign_id FROM campaigns WHERE substr(? || campaign_id, 1, ?) = ?", (PROMISED, LONGEST_ID, origin)
    )
    whole = CampaignId(origin.removeprefix(PROMISED))
    return tuple(dict.fromkeys((origin, whole, *(CampaignId(row[0]) for row in rows))))


def _strict(connection: sqlite3.Connection, of: Campaign) -> Rules:
    """The same where the person did not ask: with the consents that the place wants, and every imported list."""
    asked = compliance.rules_of(of)
    lists = tuple(number_lists.standing(connection))
    return replace(
        _rules(of), consents=asked.consents, mobile_consent=asked.mobile_consent, lists=lists, reassigned=True
    )


def _rules(of: Campaign) -> Rules:
    """Of the place, and so many a day. How often a person asks in a lifetime is not ours to limit."""
    limits = (Limit(Scope.PERSON, PER_DAY, timedelta(hours=24)), *of.preset.limits)
    return Rules(of.campaign_id, of.preset.name, limits, of.preset.cool_downs, reassigned=False)


def register(connection: sqlite3.Connection, of: Campaign, now: datetime) -> None:
    """Let the campaign stand in the store, for its attempts. It has no roll and is never started."""
    at = as_text(now)
    connection.execute(
        "INSERT INTO lists (list_id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (LIST, LIST, at)
    )
    list_id = connection.execute("SELECT list_id FROM lists WHERE name = ?", (LIST,)).fetchone()[0]
    connection.execute(
        "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
        " VALUES (?, ?, ?, ?, 'stopped', ?, ?) ON CONFLICT (campaign_id) DO UPDATE SET settings = excluded.settings",
        (of.id, of.file.name, list_id, of.model_dump_json(), at, at),
    )


def _lead(connection: sqlite3.Connection, of: Campaign, number: str, now: datetime) -> LeadId:
    """The person as a lead of the list, made where there is none yet."""
    list_id = connection.execute("SELECT list_id FROM campaigns WHERE campaign_id = ?", (of.id,)).fetchone()[0]
    lead_id = f"callback{number}"
    connection.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
        " VALUES (?, ?, ?, ?, '[]', ?) ON CONFLICT DO NOTHING",
        (lead_id, list_id, people.join(connection, [number], ""), number, as_text(now)),
    )
    row = connection.execute(  # the list's own, or the one that was moved to another list since
        "SELECT lead_id FROM leads WHERE list_id = ? AND number = ? UNION ALL"
        " SELECT lead_id FROM leads WHERE lead_id = ? LIMIT 1",
        (list_id, number, lead_id),
    ).fetchone()
    return LeadId(row[0])
