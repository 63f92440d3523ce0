-- What calls tell to servers of others. A row is written in the call, before the caller is told, and sent later, again
-- and again until it was taken; "dead" rows were refused or given up and wait for a person.
CREATE TABLE outbox (
    message_id       INTEGER PRIMARY KEY AUTOINCREMENT,
    idempotency_key  TEXT NOT NULL UNIQUE,   -- the call and the visit: a message counts once, however often it is sent
    webhook          TEXT NOT NULL,          -- its name in the settings
    call_id          TEXT NOT NULL,
    flow             TEXT,
    node             TEXT NOT NULL,
    body             TEXT NOT NULL,          -- JSON, as it is sent
    state            TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
    created_at       TEXT NOT NULL,
    since_at         TEXT NOT NULL,          -- since when it is tried: its age counts from here
    next_try_at      TEXT NOT NULL,
    tries            INTEGER NOT NULL DEFAULT 0,
    last_error       TEXT NOT NULL DEFAULT '',
    ended_at         TEXT                    -- when it was taken or given up
) STRICT;
CREATE INDEX outbox_due ON outbox (webhook, next_try_at) WHERE state = 'waiting';
CREATE INDEX outbox_by_state ON outbox (state, webhook) WHERE state <> 'sent';
CREATE INDEX outbox_ended ON outbox (ended_at) WHERE state = 'sent';

-- Numbers that callers are told, such as of a ticket: short, each once in this installation.
CREATE TABLE issued_references (
    reference  INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id    TEXT NOT NULL,
    key        TEXT NOT NULL,                -- of the visit: the same call in the same visit is told the same number
    issued_at  TEXT NOT NULL,
    UNIQUE (call_id, key)
) STRICT;
INSERT INTO sqlite_sequence (name, seq) VALUES ('issued_references', 100000);
