-- What people changed of a campaign while it ran: beside its file, until it is reset or started with another file.
CREATE TABLE campaign_changes (
    campaign_id TEXT NOT NULL REFERENCES campaigns (campaign_id),
    key TEXT NOT NULL,
    value TEXT NOT NULL, -- JSON
    changed_at TEXT NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (campaign_id, key)
) STRICT;

-- What the pacing of a campaign has learnt, for the next run of the engine.
CREATE TABLE pacing_states (
    campaign_id TEXT PRIMARY KEY REFERENCES campaigns (campaign_id),
    state TEXT NOT NULL, -- JSON
    kept_at TEXT NOT NULL
) STRICT;
