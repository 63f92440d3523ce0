-- Overrides of opening hours, by the name that flows use. An override that is over stays until it is replaced.
CREATE TABLE overrides (
    name      TEXT PRIMARY KEY,
    state     TEXT NOT NULL CHECK (state IN ('open', 'closed', 'emergency')),
    until_at  TEXT,                          -- empty: until it is cleared
    set_at    TEXT NOT NULL,
    set_by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
