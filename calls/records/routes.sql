-- The number that the called person was shown; NULL: an attempt of before this column.
ALTER TABLE attempts ADD COLUMN caller_id TEXT;

-- How often each number of a campaign's pool was shown.
CREATE TABLE caller_ids_shown (
    campaign_id  TEXT NOT NULL REFERENCES campaigns(campaign_id),
    caller_id    TEXT NOT NULL,
    times        INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, caller_id)
) STRICT, WITHOUT ROWID;
