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

-- Who is behind a number or a customer's id ("id:" before it): people are known by the first number under which they
-- were imported. A number that has no row here is its own person's key.
CREATE TABLE person_handles (
    handle      TEXT PRIMARY KEY,
    person_key  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX person_handles_by_person ON person_handles (person_key);

-- A list that is closed is dialled by no campaign.
ALTER TABLE lists ADD COLUMN closed_at TEXT;
ALTER TABLE leads ADD COLUMN region TEXT NOT NULL DEFAULT '';  -- ISO 3166: a country, or a state such as "US-CA"
CREATE INDEX leads_by_list ON leads (list_id);

-- The lists of a campaign.
CREATE TABLE campaign_lists (
    campaign_id   TEXT NOT NULL REFERENCES campaigns(campaign_id),
    list_id       TEXT NOT NULL REFERENCES lists(list_id),
    weight        INTEGER NOT NULL CHECK (weight > 0),
    credit        INTEGER NOT NULL DEFAULT 0, -- of the round robin between them
    enrolled_to   INTEGER NOT NULL DEFAULT 0, -- the leads up to this row are on the roll ...
    enrolled_by   TEXT NOT NULL DEFAULT '',   -- ... by this filter and order ...
    enrolled      INTEGER NOT NULL DEFAULT 0, -- ... and so many they are
    PRIMARY KEY (campaign_id, list_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaign_lists_by_list ON campaign_lists (list_id);
INSERT INTO campaign_lists (campaign_id, list_id, weight) SELECT campaign_id, list_id, 1 FROM campaigns;

-- What is due is one look in an index: "rank" is the campaign's order, "turn" decides between equals (due again before
-- new, then the longest due, then the order of import). A lead that is "new", or is to be tried again and has no
-- next_try_at any more, may be dialled now; "excluded" by the campaign's filter it may not.
ALTER TABLE campaign_leads ADD COLUMN list_id TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign_leads ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign_leads ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign_leads ADD COLUMN excluded INTEGER NOT NULL DEFAULT 0;
UPDATE campaign_leads SET rank = -priority, turn = position,
    list_id = (SELECT list_id FROM leads WHERE leads.lead_id = campaign_leads.lead_id);
DROP INDEX campaign_leads_due;
DROP INDEX campaign_leads_next;
CREATE INDEX campaign_leads_ready ON campaign_leads (campaign_id, list_id, rank, turn)
    WHERE state IN ('new', 'retry') AND next_try_at IS NULL AND excluded = 0;
CREATE INDEX campaign_leads_waiting ON campaign_leads (campaign_id, list_id, next_try_at)
    WHERE state = 'retry' AND next_try_at IS NOT NULL AND excluded = 0;
CREATE INDEX campaign_leads_dialling ON campaign_leads (campaign_id) WHERE state = 'dialling';

-- Imports of files. One that has not ended goes on behind its last committed row when the same file comes again.
CREATE TABLE imports (
    import_id     TEXT PRIMARY KEY,
    list_id       TEXT NOT NULL REFERENCES lists(list_id),
    file          TEXT NOT NULL,             -- its name, for people
    digest        TEXT NOT NULL,             -- SHA-256; empty: done in one transaction, never to go on
    options       TEXT NOT NULL,             -- JSON: how it is read
    began_at      TEXT NOT NULL,
    ended_at      TEXT,
    share         REAL NOT NULL DEFAULT 0,   -- how much of the file is read
    upto          INTEGER NOT NULL DEFAULT 0, -- the last row that is done, as a spreadsheet counts
    rows          INTEGER NOT NULL DEFAULT 0,
    imported      INTEGER NOT NULL DEFAULT 0,
    known         INTEGER NOT NULL DEFAULT 0,
    refused       INTEGER NOT NULL DEFAULT 0,
    left_out      INTEGER NOT NULL DEFAULT 0, -- numbers, of rows that were imported
    without_zone  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX imports_by_list ON imports (list_id, began_at);
CREATE TABLE import_refusals (
    refusal_id  INTEGER PRIMARY KEY,
    import_id   TEXT NOT NULL REFERENCES imports(import_id),
    row         INTEGER NOT NULL,
    reason      TEXT NOT NULL
) STRICT;
CREATE INDEX import_refusals_by_import ON import_refusals (import_id, row);
ALTER TABLE leads ADD COLUMN import_id TEXT;
ALTER TABLE leads ADD COLUMN file_row INTEGER;

-- For the removal of leads.
CREATE INDEX campaign_leads_by_lead ON campaign_leads (lead_id);
