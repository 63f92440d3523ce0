-- People who asked to be called back. A row is written in the call that asked, before the caller is told: it is the
-- proof of the person's own request. "waiting" keeps the place in the queue, "dialling" has an attempt under way.
CREATE TABLE callbacks (
    callback_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id        TEXT NOT NULL,            -- the call that asked
    key            TEXT NOT NULL,            -- of the visit: asked once, however often it is written
    number         TEXT NOT NULL,            -- E.164 with "+"
    queue          TEXT NOT NULL,
    asked_at       TEXT NOT NULL,
    waiting_since  TEXT NOT NULL,            -- the place in the queue
    appointment    INTEGER NOT NULL CHECK (appointment IN (0, 1)),
    window_begin   TEXT NOT NULL,            -- from when and until when the person is to be reached
    window_end     TEXT NOT NULL,
    due_at         TEXT NOT NULL,            -- not before this is it tried, or tried again
    tries          INTEGER NOT NULL DEFAULT 0,
    max_tries      INTEGER NOT NULL,
    retry_after_s  REAL NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('waiting', 'dialling', 'reached', 'closed')),
    reason         TEXT NOT NULL DEFAULT '', -- why it waits again, or is closed
    campaign_id    TEXT,                     -- of the last attempt, as is
    lead_id        TEXT,
    attempt_id     TEXT,                     -- equals its call's id
    ended_at       TEXT,
    UNIQUE (call_id, key)
) STRICT;
CREATE INDEX callbacks_open ON callbacks (due_at) WHERE state IN ('waiting', 'dialling');
CREATE INDEX callbacks_by_attempt ON callbacks (attempt_id) WHERE attempt_id IS NOT NULL;
CREATE INDEX callbacks_asked ON callbacks (asked_at);
