-- Times ending in _at are UTC, ISO 8601 with microseconds and "+00:00"; durations ending in _s are seconds measured
-- on a monotonic clock; of a call that outlives an engine, what came before the restart is by the wall clock. Every
-- call ends in exactly one row of "calls", inbound and outbound alike; until then it stands in "live_calls", so that a
-- crash cannot lose it.

CREATE TABLE lists (
    list_id     TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    created_at  TEXT NOT NULL
) STRICT;

CREATE TABLE leads (
    lead_id      TEXT PRIMARY KEY,
    list_id      TEXT NOT NULL REFERENCES lists(list_id),
    person_key   TEXT NOT NULL,              -- who is called, over lists and spellings: the number in E.164
    number       TEXT NOT NULL,              -- E.164 with "+"
    name         TEXT NOT NULL DEFAULT '',
    time_zones   TEXT NOT NULL,              -- JSON array of IANA names: all candidates, the window must be open in each
    fields       TEXT NOT NULL DEFAULT '{}', -- JSON object: the other columns of the file
    priority     INTEGER NOT NULL DEFAULT 0,
    imported_at  TEXT NOT NULL,
    UNIQUE (list_id, number)
) STRICT;

CREATE TABLE campaigns (
    campaign_id  TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    list_id      TEXT NOT NULL REFERENCES lists(list_id),
    settings     TEXT NOT NULL,              -- JSON: the campaign file as it was read
    state        TEXT NOT NULL CHECK (state IN ('stopped', 'running', 'paused', 'draining', 'finished')),
    created_at   TEXT NOT NULL,
    changed_at   TEXT NOT NULL
) STRICT;

-- A lead as one campaign sees it.
CREATE TABLE campaign_leads (
    campaign_id   TEXT NOT NULL REFERENCES campaigns(campaign_id),
    lead_id       TEXT NOT NULL REFERENCES leads(lead_id),
    state         TEXT NOT NULL CHECK (state IN ('new', 'dialling', 'retry', 'done', 'refused')),
    tries         INTEGER NOT NULL DEFAULT 0,
    next_try_at   TEXT,
    last_outcome  TEXT,
    priority      INTEGER NOT NULL DEFAULT 0, -- the lead's, kept here too so that the next lead is one look in an index
    position      INTEGER NOT NULL DEFAULT 0, -- the order of import
    PRIMARY KEY (campaign_id, lead_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaign_leads_due ON campaign_leads (campaign_id, state, next_try_at);
CREATE INDEX campaign_leads_next ON campaign_leads (campaign_id, state, priority DESC, position);

CREATE TABLE attempts (
    attempt_id    TEXT PRIMARY KEY,          -- equals the call id and the switch's channel id
    campaign_id   TEXT NOT NULL REFERENCES campaigns(campaign_id),
    lead_id       TEXT NOT NULL REFERENCES leads(lead_id),
    person_key    TEXT NOT NULL,
    number        TEXT NOT NULL,
    try_number    INTEGER NOT NULL,
    switch        TEXT NOT NULL,
    boot_id       TEXT NOT NULL,
    trunk         TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('intent', 'live', 'done')),
    intended_at   TEXT NOT NULL,
    ended_at      TEXT,
    outcome       TEXT,
    cause         INTEGER,
    decision      TEXT NOT NULL DEFAULT '{}' -- JSON: why it was dialled: pacing and the rules that allowed it
) STRICT;
-- Invariant I4: a person has at most one attempt in intent or live.
CREATE UNIQUE INDEX attempts_one_open_per_person ON attempts (person_key) WHERE state <> 'done';
CREATE INDEX attempts_by_person ON attempts (person_key, intended_at);
CREATE INDEX attempts_by_campaign ON attempts (campaign_id, intended_at);

CREATE TABLE refusals (
    refusal_id    INTEGER PRIMARY KEY,
    campaign_id   TEXT NOT NULL REFERENCES campaigns(campaign_id),
    lead_id       TEXT NOT NULL REFERENCES leads(lead_id),
    rule          TEXT NOT NULL,
    until_at      TEXT,                      -- when the rule may allow it; empty: never
    refused_at    TEXT NOT NULL
) STRICT;

CREATE TABLE do_not_call (
    number     TEXT PRIMARY KEY,             -- E.164 with "+"
    source     TEXT NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    added_at   TEXT NOT NULL,
    added_by   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE live_calls (
    call_id      TEXT PRIMARY KEY,
    direction    TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    switch       TEXT NOT NULL,
    boot_id      TEXT NOT NULL,
    channel      TEXT NOT NULL,
    caller       TEXT NOT NULL,
    called       TEXT NOT NULL,
    flow         TEXT,
    campaign_id  TEXT,
    lead_id      TEXT,
    agent_id     TEXT,
    started_at   TEXT NOT NULL
) STRICT;

CREATE TABLE calls (
    call_id       TEXT PRIMARY KEY,
    direction     TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    switch        TEXT NOT NULL,
    boot_id       TEXT NOT NULL,
    channel       TEXT NOT NULL,
    caller        TEXT NOT NULL,
    called        TEXT NOT NULL,
    flow          TEXT,
    campaign_id   TEXT,
    lead_id       TEXT,
    queue         TEXT,
    agent_id      TEXT,
    started_at    TEXT NOT NULL,
    answered_at   TEXT,
    ended_at      TEXT NOT NULL,
    ring_s        REAL,
    menu_s        REAL NOT NULL DEFAULT 0,   -- in the flow, waiting and talking not counted
    wait_s        REAL,                      -- for an agent: NULL where none was asked for
    talk_s        REAL NOT NULL DEFAULT 0,
    wrap_up_s     REAL,
    duration_s    REAL NOT NULL,
    billed_s      REAL NOT NULL,
    outcome       TEXT NOT NULL,
    cause         INTEGER,
    ended_by      TEXT,
    detected      TEXT,                      -- answering-machine detection, where it was asked for
    abandoned     INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1)),
    connect_s     REAL,                      -- outbound: from the preset's clock start to the agent or the message
    last_node     TEXT,
    recording     TEXT,
    CHECK (duration_s >= billed_s AND billed_s >= 0)
) STRICT;
CREATE INDEX calls_by_start ON calls (started_at);
CREATE INDEX calls_by_campaign ON calls (campaign_id, started_at);
CREATE INDEX calls_by_agent ON calls (agent_id, started_at);

-- What happened in a call, in order: node entered, keys, queue, agent, legs, hang-up.
CREATE TABLE call_events (
    call_id   TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    at        TEXT NOT NULL,
    since_s   REAL NOT NULL,                 -- since the call began, monotonic
    kind      TEXT NOT NULL,
    detail    TEXT NOT NULL DEFAULT '{}',    -- JSON object
    PRIMARY KEY (call_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_states (
    agent_id    TEXT NOT NULL,
    since_at    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('logged_out', 'ready', 'reserved', 'talking', 'wrap_up', 'paused')),
    reason      TEXT NOT NULL DEFAULT '',
    duration_s  REAL,                        -- NULL: still in it
    call_id     TEXT,
    PRIMARY KEY (agent_id, since_at)
) STRICT, WITHOUT ROWID;

-- Agents' legs that are up or ring, so that a restart of the engine keeps them.
CREATE TABLE agent_legs (
    leg_id    TEXT PRIMARY KEY,
    agent_id  TEXT NOT NULL,
    switch    TEXT NOT NULL,
    boot_id   TEXT NOT NULL,
    since_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE switch_boots (
    switch   TEXT NOT NULL,
    boot_id  TEXT NOT NULL,
    seen_at  TEXT NOT NULL,
    PRIMARY KEY (switch, boot_id)
) STRICT, WITHOUT ROWID;

-- Who changed what; only ever added to.
CREATE TABLE audit (
    audit_id  INTEGER PRIMARY KEY,
    at        TEXT NOT NULL,
    who       TEXT NOT NULL,
    what      TEXT NOT NULL,
    detail    TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
