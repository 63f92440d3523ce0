-- Numbers of callers who are turned away where a flow says so, as the switch gives them: E.164 where they are such.
CREATE TABLE blocked_numbers (
    number    TEXT PRIMARY KEY,
    reason    TEXT NOT NULL DEFAULT '',
    until_at  TEXT,                          -- empty: until it is taken off
    added_at  TEXT NOT NULL,
    added_by  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What flows would have supervisors look at.
CREATE TABLE flags (
    call_id  TEXT NOT NULL,
    key      TEXT NOT NULL,
    number   TEXT NOT NULL,
    what     TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (call_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX flags_by_time ON flags (at);
