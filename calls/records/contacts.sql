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
CREATE INDEX contacts_open ON contacts (campaign_id) WHERE closed_at IS NULL;
CREATE INDEX contacts_by_number ON contacts (number, began_at);

ALTER TABLE calls ADD COLUMN disposition TEXT;
ALTER TABLE calls ADD COLUMN disposition_note TEXT;
ALTER TABLE calls ADD COLUMN disposition_machine INTEGER CHECK (disposition_machine IN (0, 1)); -- 1: the agent met a machine
ALTER TABLE calls ADD COLUMN sale_value TEXT;
ALTER TABLE calls ADD COLUMN sale_currency TEXT;
CREATE INDEX calls_by_disposition ON calls (campaign_id, lead_id, disposition) WHERE disposition IS NOT NULL;
