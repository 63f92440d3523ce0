-- One row for each agent who talked in a call, from the moment when the two heard each other: what the agent says came
-- of it. Until the wrap-up is over (closed_at) it may be changed; then the disposition of the agent who stands in the
-- call's record goes into that record, and its effects to the lead, once (settled_at).
CREATE TABLE contacts (
    call_id        TEXT NOT NULL,
    agent_id       TEXT NOT NULL,
    number         TEXT NOT NULL,             -- the person's: E.164 where it is such
    queue          TEXT,
    campaign_id    TEXT,                      -- of a dialled call
    lead_id        TEXT,
    required       INTEGER NOT NULL CHECK (required IN (0, 1)),
    began_at       TEXT NOT NULL,
    disposition    TEXT,                      -- NULL: none given yet
    effects        TEXT NOT NULL DEFAULT '{}', -- JSON: the disposition as it was defined when it was given
    note           TEXT NOT NULL DEFAULT '',
    sale_value     TEXT,                      -- a decimal number as a text, which keeps it exact
    sale_currency  TEXT,
    given_at       TEXT,
    closed_at      TEXT,
    settled_at     TEXT,
    PRIMARY KEY (call_id, agent_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_by_lead ON contacts (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX contacts_open ON contacts (campaign_id) WHERE closed_at IS NULL;
CREATE INDEX contacts_by_number ON contacts (number, began_at);

ALTER TABLE calls ADD COLUMN disposition TEXT;
ALTER TABLE calls ADD COLUMN disposition_note TEXT;
ALTER TABLE calls ADD COLUMN disposition_machine INTEGER CHECK (disposition_machine IN (0, 1)); -- 1: the agent met a machine
ALTER TABLE calls ADD COLUMN sale_value TEXT;
ALTER TABLE calls ADD COLUMN sale_currency TEXT;
CREATE INDEX calls_by_disposition ON calls (campaign_id, lead_id, disposition) WHERE disposition IS NOT NULL;

-- What people said to the questions of a campaign's script.
CREATE TABLE script_answers (
    call_id    TEXT NOT NULL,
    step       TEXT NOT NULL,
    agent_id   TEXT NOT NULL,
    answer     TEXT NOT NULL,
    given_at   TEXT NOT NULL,
    PRIMARY KEY (call_id, step)
) STRICT, WITHOUT ROWID;

-- Which webhooks are told of what happens to calls: the settings' words as of the engine's last start, so that whoever
-- writes such a thing writes its messages too, in the same transaction.
CREATE TABLE webhook_events (
    webhook  TEXT NOT NULL,
    event    TEXT NOT NULL,
    PRIMARY KEY (webhook, event)
) STRICT, WITHOUT ROWID;

-- A person is found by the number, over calls; over lists it is by the key of a list's numbers, in each list.
CREATE INDEX calls_by_called ON calls (called, started_at);

-- What agents promise: to one of them, or to whoever of the queue is there.
ALTER TABLE callbacks ADD COLUMN agent_id TEXT;            -- whose it is; empty: everybody's
ALTER TABLE callbacks ADD COLUMN handed_over_at TEXT;      -- since when it is everybody's after all
ALTER TABLE callbacks ADD COLUMN hand_over_after_s REAL NOT NULL DEFAULT 0; -- how long it waits for its agent alone
ALTER TABLE callbacks ADD COLUMN remind_at TEXT;           -- when webhooks are to be told; empty: not, or they were
ALTER TABLE callbacks ADD COLUMN origin TEXT;              -- the campaign under whose rules and number it is dialled
ALTER TABLE callbacks ADD COLUMN booked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE callbacks ADD COLUMN note TEXT NOT NULL DEFAULT '';
CREATE INDEX callbacks_by_number ON callbacks (number);

-- People who were erased: a keyed hash of each number stands where the number stood, so that limits of attempts and the
-- do-not-call list go on holding for it. The key is a file beside the database.
CREATE TABLE erasures (
    token      TEXT PRIMARY KEY,
    erased_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_log_by_subject ON rule_log (subject);
CREATE INDEX voicemail_by_caller ON voicemail (caller);
CREATE INDEX outbox_by_call ON outbox (call_id);
