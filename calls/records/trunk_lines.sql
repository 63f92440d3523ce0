-- Lines of trunks that no attempt has: of numbers and destinations that calls are handed on to, and of phones.
CREATE TABLE trunk_lines (
    line_id          TEXT PRIMARY KEY,
    holder           TEXT NOT NULL,           -- the call that is handed on, or the phone's leg
    kind             TEXT NOT NULL CHECK (kind IN ('handed_on', 'phone')),
    trunk            TEXT NOT NULL,
    lines            INTEGER,                 -- how many the trunk had; NULL: an earlier release had begun it
    calls_per_second REAL,                    -- how many calls it took in a second; NULL: the same
    planned_at       TEXT NOT NULL,
    placed_at        TEXT,                    -- when the leg went out; NULL: not yet, or a crash came before that was kept
    freed_at         TEXT                     -- NULL: it is up
) STRICT;

CREATE INDEX trunk_lines_open ON trunk_lines (holder) WHERE freed_at IS NULL;

CREATE INDEX trunk_lines_by_trunk ON trunk_lines (trunk, placed_at);

INSERT INTO trunk_lines (line_id, holder, kind, trunk, planned_at)
    SELECT 'toll-' || toll_id, call_id, 'handed_on', trunk, began_at FROM toll_calls
    WHERE ended_at IS NULL AND trunk IS NOT NULL;

ALTER TABLE toll_calls DROP COLUMN trunk;
