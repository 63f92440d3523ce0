-- What reviewers say of agents' talks, by a form of the settings as it was then.
CREATE TABLE reviews (
    review_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id      TEXT NOT NULL,
    agent_id     TEXT NOT NULL,
    scorecard    TEXT NOT NULL,
    form         TEXT NOT NULL,              -- JSON: the scorecard as it was
    answers      TEXT NOT NULL,              -- JSON object: the answer by the question's name
    score        REAL NOT NULL CHECK (score BETWEEN 0 AND 1),
    passed       INTEGER NOT NULL CHECK (passed IN (0, 1)),
    failed       TEXT NOT NULL,              -- JSON array: critical questions that were failed
    note         TEXT NOT NULL DEFAULT '',
    calibration  INTEGER NOT NULL CHECK (calibration IN (0, 1)),
    reviewer     TEXT NOT NULL,
    reviewed_at  TEXT NOT NULL,
    began_at     TEXT NOT NULL,              -- when the call began: figures count it to that time
    reply        TEXT NOT NULL DEFAULT '',   -- the agent's
    replied_at   TEXT,
    UNIQUE (call_id, agent_id, scorecard, reviewer, calibration)
) STRICT;
CREATE INDEX reviews_by_time ON reviews (began_at);
CREATE INDEX reviews_by_agent ON reviews (agent_id, reviewed_at);
