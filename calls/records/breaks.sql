-- Planned breaks stand beside the shifts that they lie in: one may begin at the same time as its shift.

CREATE TABLE work_shifts_with_breaks (
    agent_id TEXT NOT NULL,
    since    TEXT NOT NULL,
    day      TEXT NOT NULL,
    kind     TEXT NOT NULL DEFAULT '',
    begins   TEXT NOT NULL,
    ends     TEXT NOT NULL,
    paid     INTEGER NOT NULL DEFAULT 1 CHECK (paid IN (0, 1)),
    zone     TEXT NOT NULL,
    set_at   TEXT NOT NULL,
    set_by   TEXT NOT NULL,
    PRIMARY KEY (agent_id, since, day, kind, begins)
) WITHOUT ROWID;
INSERT INTO work_shifts_with_breaks (agent_id, since, day, begins, ends, zone, set_at, set_by)
SELECT agent_id, since, day, begins, ends, zone, set_at, set_by FROM work_shifts;
DROP TABLE work_shifts;
ALTER TABLE work_shifts_with_breaks RENAME TO work_shifts;
