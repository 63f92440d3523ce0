CREATE TABLE work_shifts (
    agent_id TEXT NOT NULL,
    since    TEXT NOT NULL,
    day      TEXT NOT NULL,
    begins   TEXT NOT NULL,
    ends     TEXT NOT NULL,
    zone     TEXT NOT NULL,
    set_at   TEXT NOT NULL,
    set_by   TEXT NOT NULL,
    PRIMARY KEY (agent_id, since, day, begins)
) WITHOUT ROWID;
