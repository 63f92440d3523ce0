-- What was decided for each campaign and why, by the minute: decisions to dial nothing too.
CREATE TABLE pacing_decisions (
    decision_id  INTEGER PRIMARY KEY,
    campaign_id  TEXT NOT NULL REFERENCES campaigns (campaign_id),
    kind         TEXT NOT NULL,                        -- the reason without its figures
    from_at      TEXT NOT NULL,
    until_at     TEXT NOT NULL,
    decisions    INTEGER NOT NULL,
    dials        INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    figures      TEXT NOT NULL,                        -- JSON
    alone        INTEGER NOT NULL                      -- 1: nothing else was decided in its minutes
) STRICT;
CREATE INDEX pacing_decisions_of ON pacing_decisions (campaign_id, until_at);
CREATE INDEX pacing_decisions_ended ON pacing_decisions (until_at);
