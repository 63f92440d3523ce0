-- How far each kind of record was gone through for what is kept no longer, and what the audit is still to be told.
CREATE TABLE retention_marks (
    kind      TEXT PRIMARY KEY,
    upto_at   TEXT NOT NULL DEFAULT '',       -- of calls, attempts and callbacks: those that began before it are done ...
    upto_row  INTEGER NOT NULL DEFAULT 0,     -- ... and of those that began at it the rows up to this one
    removed   INTEGER NOT NULL DEFAULT 0,     -- since the audit was told
    told_at   TEXT
) STRICT, WITHOUT ROWID;
