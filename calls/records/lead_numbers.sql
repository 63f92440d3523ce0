-- The further numbers of a lead, in the order in which it is dialled; its first stands in leads.number. Who dials a
-- lead asks for each of them whether it may be dialled.
CREATE TABLE lead_numbers (
    lead_id     TEXT NOT NULL REFERENCES leads(lead_id),
    position    INTEGER NOT NULL CHECK (position > 1),
    kind        TEXT NOT NULL CHECK (kind IN ('mobile', 'home', 'work', 'other')),
    number      TEXT NOT NULL,               -- E.164 with "+"
    time_zones  TEXT NOT NULL,               -- JSON, as of leads
    PRIMARY KEY (lead_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX lead_numbers_by_number ON lead_numbers (number);
ALTER TABLE leads ADD COLUMN kind TEXT NOT NULL DEFAULT 'other';

-- Which of its numbers a lead was dialled on, and how often it came to what.
CREATE INDEX attempts_by_lead ON attempts (lead_id, campaign_id);
