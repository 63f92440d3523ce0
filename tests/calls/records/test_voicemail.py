"""Messages in the store: each once, and a deleted one stays deleted."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from calls.ids import CallId
from calls.records import voicemail
from calls.records.voicemail import Message, MessageState

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
LEFT = Message("c1-message-1", "sales", CallId("c1"), "box:1", "+4930\x1b1", NOW, 3.5, MessageState.NEW, NOW)


def test_a_message_counts_once(connection: sqlite3.Connection) -> None:
    assert voicemail.add_message(connection, LEFT)
    assert not voicemail.add_message(connection, LEFT)
    assert not voicemail.add_message(connection, replace(LEFT, message_id="c1-message-2")), "the same visit"
    assert voicemail.messages(connection) == (replace(LEFT, caller="+49301"),)


def test_messages_are_of_a_mailbox_and_the_deleted_are_left_out(connection: sqlite3.Connection) -> None:
    other = replace(LEFT, message_id="c2-message-1", call_id=CallId("c2"), mailbox="desk", left_at=NOW - timedelta(1))
    for each in (LEFT, other):
        voicemail.add_message(connection, each)
    assert [each.mailbox for each in voicemail.messages(connection)] == ["desk", "sales"]
    assert voicemail.set_state(connection, other.message_id, MessageState.DELETED, "ann", NOW)
    assert [each.mailbox for each in voicemail.messages(connection)] == ["sales"]
    assert [each.state for each in voicemail.messages(connection, "desk", deleted=True)] == [MessageState.DELETED]


def test_a_state_changes_once_and_is_in_the_audit(connection: sqlite3.Connection) -> None:
    voicemail.add_message(connection, LEFT)
    assert voicemail.set_state(connection, LEFT.message_id, MessageState.HEARD, "ann", NOW)
    assert not voicemail.set_state(connection, LEFT.message_id, MessageState.HEARD, "ann", NOW)
    assert voicemail.set_state(connection, LEFT.message_id, MessageState.DELETED, "ann", NOW)
    assert not voicemail.set_state(connection, LEFT.message_id, MessageState.HEARD, "ann", NOW)
    assert not voicemail.set_state(connection, "nobody", MessageState.HEARD, "ann", NOW)
    found = voicemail.message(connection, LEFT.message_id)
    assert found is not None and found.state is MessageState.DELETED
    whats = [row[0] for row in connection.execute("SELECT what FROM audit")]
    assert whats == ["voicemail.state", "voicemail.state"]
