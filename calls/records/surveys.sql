-- What callers answered in surveys: one row for each question that was asked.
CREATE TABLE survey_answers (
    call_id      TEXT NOT NULL,
    effect_key   TEXT NOT NULL,              -- the visit of the flow's node: performed twice, it counts once
    position     INTEGER NOT NULL,           -- of the question among those asked, from 1
    flow         TEXT,
    node         TEXT NOT NULL,
    survey       TEXT NOT NULL,
    question     TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('csat', 'nps', 'yes_no', 'spoken')),
    value        INTEGER,                    -- NULL: skipped, left by a hang-up, or spoken
    recording    TEXT,                       -- of a spoken answer
    answered_at  TEXT NOT NULL,
    PRIMARY KEY (call_id, effect_key, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX survey_answers_by_time ON survey_answers (answered_at);
