"""The start after a crash: what the store calls open is compared with what lives on the switch."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from calls.causes import Outcome
from calls.ids import AttemptId, BootId, CallId
from calls.people import callbacks
from calls.records import store
from calls.records.store import CallEvent, CallRecord, Direction, LiveCall
from calls.records.times import as_text, as_time
from dialer import dispositions, roll
from dialer.attempts import may_record, region_of, settle_lead
from dialer.campaign import Campaign
from dialer.events import BegunAttempt, OpenAttempt
from dialer.recording_law import on_recording
from dialer.recording_notice import must_be_told
from dialer.run import END_UNSEEN

LEFT_ALONE = "answered, and ended while no engine ran: no agent is known to have come"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found at the start."""

    still_up: tuple[OpenAttempt, ...]
    lost: tuple[AttemptId, ...]
    untold: tuple[AttemptId, ...] = ()
    """Of the lost, people who had to be told of a recording on the recording itself."""


def recover(
    connection: sqlite3.Connection,
    switch: str,
    boot: BootId,
    live_ids: frozenset[str],
    now: datetime,
    others: Collection[str] = (),
) -> Recovery:
    """Reconcile the open attempts with the switch, once at the start, before anything is begun there.

    ``others``: the other switches of the settings, each of which is asked for its own attempts. Those of a switch
    that the settings do not have any more are over.

    ``live_ids``: what lives on the switch, asked after the settling time. An attempt of this run of the switch that
    lives there is still up; every other one is over: ``LOST``, or ``PBX_LOST`` where the switch has restarted since.
    It counts as an attempt and is dialled again only as the campaign's retries say, never at once.

    Whether a person had answered one that is over, and was left alone, nobody knows: unless an agent was noted, it
    counts as abandoned, which its record and an event of it say. That is the careful side of the preset's cap.
    """
    still_up: list[OpenAttempt] = []
    lost: list[AttemptId] = []
    untold: list[AttemptId] = []
    known = {call.call_id: call for call in store.live_calls(connection)}
    for found in _open(connection):
        if found.switch != switch and found.switch in others:
            continue
        campaign = roll.stored(connection, found.begun.campaign_id)
        live = known.get(CallId(found.begun.attempt_id))
        same_run = (found.switch, found.boot) == (switch, boot)
        if same_run and found.begun.attempt_id in live_ids and campaign is not None:
            agent_id = live.agent_id if live is not None else None
            must_be, on_it = _notice(connection, campaign, found.begun)
            begun = replace(
                found.begun,
                may_record=may_record(connection, campaign, found.begun.number, found.intended_at),
                untold=must_be,
                told_on_recording=on_it,
            )
            still_up.append(OpenAttempt(begun, campaign, found.answered, agent_id, found.intended_at))
            continue
        outcome = Outcome.PBX_LOST if found.switch == switch and found.boot != boot else Outcome.LOST
        record = store.lost_record(live or _live_call(found), now, outcome)
        _end_lost(connection, found, campaign, replace(record, abandoned=record.agent_id is None), now)
        lost.append(found.begun.attempt_id)
        if campaign is not None and all(_notice(connection, campaign, found.begun)):
            untold.append(found.begun.attempt_id)
    return Recovery(tuple(still_up), tuple(lost), tuple(untold))


def _notice(connection: sqlite3.Connection, campaign: Campaign, begun: BegunAttempt) -> tuple[bool, bool]:
    """Whether the person must be told of a recording, and on the recording itself."""
    region = region_of(connection, begun.lead_id)
    return must_be_told(campaign.file.compliance.recording, region), on_recording(region)


@dataclass(frozen=True, slots=True)
class _Open:
    begun: BegunAttempt
    switch: str
    boot: BootId
    answered: bool
    intended_at: datetime


def _open(connection: sqlite3.Connection) -> Iterator[_Open]:
    rows = connection.execute(
        "SELECT attempt_id, campaign_id, lead_id, number, trunk, try_number, switch, boot_id, state, intended_at,"
        " coalesce(caller_id, '')"
        " FROM attempts WHERE state <> 'done' ORDER BY +intended_at, attempt_id"
    ).fetchall()
    for row in rows:
        begun = replace(BegunAttempt(*row[:6]), caller_id=row[10])
        yield _Open(begun, row[6], row[7], row[8] == "live", as_time(row[9]))


def _live_call(found: _Open) -> LiveCall:
    """What is known of a call that never came under our control."""
    begun = found.begun
    return LiveCall(
        call_id=CallId(begun.attempt_id),
        direction=Direction.OUTBOUND,
        switch=found.switch,
        boot_id=found.boot,
        channel="",
        caller=begun.caller_id,
        called=begun.number,
        started_at=found.intended_at,
        campaign_id=begun.campaign_id,
        lead_id=begun.lead_id,
    )


def _doubt(found: _Open) -> str:
    return LEFT_ALONE if found.answered else END_UNSEEN


def _end_lost(
    connection: sqlite3.Connection, found: _Open, campaign: Campaign | None, record: CallRecord, now: datetime
) -> None:
    begun = found.begun
    connection.execute(
        "UPDATE attempts SET state = 'done', ended_at = ?, outcome = ? WHERE attempt_id = ?",
        (as_text(now), record.outcome.value, begun.attempt_id),
    )
    events = [CallEvent(now, 0.0, "doubt", {"because": _doubt(found), "counts_as": "abandoned"})]
    store.finish_call(connection, record, events if record.abandoned else ())
    talked = record.agent_id is not None
    callbacks.after_attempt(connection, begun.attempt_id, record.outcome, now, talked=talked)
    settle_lead(connection, campaign, begun.campaign_id, begun.lead_id, record.outcome, found.answered, now)
    dispositions.settle(connection, record.call_id, now)
