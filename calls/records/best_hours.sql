-- In which hours people answer: every attempt that says so is counted once at its end, by the wall clock where the
-- person is, for its list, its campaign and all together.
CREATE TABLE answer_hours (
    scope     TEXT NOT NULL CHECK (scope IN ('all', 'campaign', 'list')),
    of        TEXT NOT NULL,             -- the campaign's or the list's id; empty: all together
    hour      INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
    attempts  INTEGER NOT NULL,
    answers   INTEGER NOT NULL,          -- a person answered
    PRIMARY KEY (scope, of, hour)
) STRICT, WITHOUT ROWID;

-- Since when a lead whose turn it was waits for an hour in which people of its list answer; empty: it does not.
ALTER TABLE campaign_leads ADD COLUMN held_since TEXT;
CREATE INDEX campaign_leads_held ON campaign_leads (campaign_id) WHERE held_since IS NOT NULL;
