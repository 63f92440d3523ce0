-- The queues that an agent serves, where they are others than the settings say.
CREATE TABLE agent_queues (
    agent_id  TEXT PRIMARY KEY,
    queues    TEXT NOT NULL,                           -- JSON: an array of names
    set_at    TEXT NOT NULL,
    set_by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
