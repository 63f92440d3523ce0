-- What is to be sent to people by mail, and reports by webhooks: each once for its report and period, or its alert.
CREATE TABLE notices (
    notice_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL CHECK (kind IN ('report', 'alert')),
    name         TEXT NOT NULL,                        -- of the scheduled report, or of the target
    ref          TEXT NOT NULL,                        -- the period's first and last day; the alert and what came of it
    recipient    TEXT NOT NULL,                        -- an address, or "webhook" and its name
    again        INTEGER NOT NULL DEFAULT 0,           -- how often a person had it sent anew
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
    created_at   TEXT NOT NULL,
    since_at     TEXT NOT NULL,
    next_try_at  TEXT NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT NOT NULL DEFAULT '',
    ended_at     TEXT,
    UNIQUE (kind, name, ref, recipient)
) STRICT;
CREATE INDEX notices_due ON notices (next_try_at) WHERE state = 'waiting';
CREATE INDEX notices_ended ON notices (ended_at) WHERE ended_at IS NOT NULL;

-- Up to when each scheduled report was planned: what came due later was not.
CREATE TABLE report_schedules (
    name           TEXT PRIMARY KEY,
    planned_until  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Figures that came past the alarm of their target, until they came back.
CREATE TABLE alerts (
    alert_id     INTEGER PRIMARY KEY AUTOINCREMENT,
    target       TEXT NOT NULL,                        -- by its name in the settings
    figure       TEXT NOT NULL,
    subject      TEXT NOT NULL,                        -- JSON: whose figure it is, a queue's or a campaign's
    aim          REAL NOT NULL,
    alarm        REAL NOT NULL,
    raised_at    TEXT NOT NULL,
    value        REAL NOT NULL,                        -- as it was then
    numerator    REAL NOT NULL,
    denominator  REAL,
    worst        REAL NOT NULL,                        -- as it was at its worst since
    cleared_at   TEXT,
    cleared_by   TEXT NOT NULL DEFAULT ''              -- "figure", or "settings": the target is gone
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (target) WHERE cleared_at IS NULL;
CREATE INDEX alerts_raised ON alerts (raised_at);
