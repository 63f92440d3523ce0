-- Which text of a flow took calls, from when on, and who saw to it.

CREATE TABLE flow_versions (
    number   INTEGER PRIMARY KEY,            -- the order in which they were kept
    flow     TEXT NOT NULL,
    version  TEXT NOT NULL,                  -- as in calls: by what the flow and those that it calls hold
    source   BLOB NOT NULL,                  -- the file as it was, byte for byte
    how      TEXT NOT NULL CHECK (how IN ('start', 'publish', 'reload', 'rollback', 'replaced')),
    kept_at  TEXT NOT NULL,
    who      TEXT NOT NULL,
    note     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX flow_versions_by_flow ON flow_versions (flow, number);

ALTER TABLE live_calls ADD COLUMN flow_version TEXT;
ALTER TABLE calls ADD COLUMN flow_version TEXT;
-- Calls of before have it in their trail.
UPDATE calls SET flow_version = (
    SELECT json_extract(detail, '$.version') FROM call_events
    WHERE call_events.call_id = calls.call_id AND kind = 'flow_started'
) WHERE flow IS NOT NULL;

CREATE INDEX calls_by_flow ON calls (flow, started_at);
CREATE INDEX calls_by_caller ON calls (caller, started_at);
