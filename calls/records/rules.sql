-- What a rule was when an attempt was begun, so that it can be shown afterwards which rule held and in what order.

-- A number may end in "*": all numbers that begin so. An entry counts until "until_at"; empty: for good.
ALTER TABLE do_not_call ADD COLUMN until_at TEXT;
ALTER TABLE do_not_call ADD COLUMN proof TEXT NOT NULL DEFAULT '';

-- Who is not called by one campaign.
CREATE TABLE campaign_do_not_call (
    campaign_id  TEXT NOT NULL,
    number       TEXT NOT NULL,             -- as in do_not_call
    source       TEXT NOT NULL,
    reason       TEXT NOT NULL DEFAULT '',
    added_at     TEXT NOT NULL,
    added_by     TEXT NOT NULL,
    until_at     TEXT,
    proof        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (campaign_id, number)
) STRICT, WITHOUT ROWID;

-- Lists of others with millions of numbers: each in a file of its own, this is the version that holds.
CREATE TABLE number_lists (
    name         TEXT PRIMARY KEY,
    version      TEXT NOT NULL,             -- SHA-256 of the numbers
    path         TEXT NOT NULL,
    numbers      INTEGER NOT NULL,
    listed_at    TEXT NOT NULL,             -- the day of the list itself
    imported_at  TEXT NOT NULL,
    imported_by  TEXT NOT NULL,
    source       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What people have agreed to, with the proof. A row ends by being withdrawn; none is ever removed.
CREATE TABLE consents (
    consent_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    number        TEXT NOT NULL,            -- E.164 with "+"
    kind          TEXT NOT NULL CHECK (kind IN ('calls', 'prerecorded', 'mobile', 'recording')),
    given_at      TEXT NOT NULL,
    source        TEXT NOT NULL,            -- where it was given: a form, a call, a contract
    proof         TEXT NOT NULL DEFAULT '', -- its text, or where it is kept
    expires_at    TEXT,
    withdrawn_at  TEXT,
    withdrawn_by  TEXT,
    reason        TEXT NOT NULL DEFAULT '', -- why it was withdrawn
    added_at      TEXT NOT NULL,
    added_by      TEXT NOT NULL,
    UNIQUE (number, kind, given_at)
) STRICT;

-- Every change of who may be called, in the order of the commits: an attempt keeps the last number that it saw.
CREATE TABLE rule_log (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    what         TEXT NOT NULL CHECK (what IN ('forbidden', 'allowed', 'consented', 'withdrawn', 'listed')),
    subject      TEXT NOT NULL,             -- a number, numbers that begin so, or a list's name
    campaign_id  TEXT,                      -- of an entry that holds for one campaign
    kind         TEXT,                      -- of a consent
    at           TEXT NOT NULL,
    until_at     TEXT,
    detail       TEXT NOT NULL DEFAULT ''   -- of a list: version and path
) STRICT;
INSERT INTO rule_log (what, subject, at) SELECT 'forbidden', number, added_at FROM do_not_call ORDER BY added_at;
CREATE TRIGGER rule_log_is_never_changed BEFORE UPDATE ON rule_log
BEGIN SELECT RAISE(ABORT, 'the log of rules is append-only'); END;
CREATE TRIGGER rule_log_is_never_deleted BEFORE DELETE ON rule_log
BEGIN SELECT RAISE(ABORT, 'the log of rules is append-only'); END;

CREATE TRIGGER do_not_call_added AFTER INSERT ON do_not_call BEGIN
    INSERT INTO rule_log (what, subject, at, until_at) VALUES ('forbidden', NEW.number, NEW.added_at, NEW.until_at);
END;
CREATE TRIGGER do_not_call_renewed AFTER UPDATE ON do_not_call BEGIN
    INSERT INTO rule_log (what, subject, at, until_at) VALUES ('forbidden', NEW.number, NEW.added_at, NEW.until_at);
END;
CREATE TRIGGER do_not_call_removed AFTER DELETE ON do_not_call BEGIN
    INSERT INTO rule_log (what, subject, at) VALUES ('allowed', OLD.number, OLD.added_at);
END;
CREATE TRIGGER campaign_do_not_call_added AFTER INSERT ON campaign_do_not_call BEGIN
    INSERT INTO rule_log (what, subject, campaign_id, at, until_at)
    VALUES ('forbidden', NEW.number, NEW.campaign_id, NEW.added_at, NEW.until_at);
END;
CREATE TRIGGER campaign_do_not_call_renewed AFTER UPDATE ON campaign_do_not_call BEGIN
    INSERT INTO rule_log (what, subject, campaign_id, at, until_at)
    VALUES ('forbidden', NEW.number, NEW.campaign_id, NEW.added_at, NEW.until_at);
END;
CREATE TRIGGER campaign_do_not_call_removed AFTER DELETE ON campaign_do_not_call BEGIN
    INSERT INTO rule_log (what, subject, campaign_id, at)
    VALUES ('allowed', OLD.number, OLD.campaign_id, OLD.added_at);
END;
CREATE TRIGGER consents_given AFTER INSERT ON consents BEGIN
    INSERT INTO rule_log (what, subject, kind, at, until_at)
    VALUES ('consented', NEW.number, NEW.kind, NEW.given_at, NEW.expires_at);
END;
CREATE TRIGGER consents_withdrawn AFTER UPDATE OF withdrawn_at ON consents WHEN NEW.withdrawn_at IS NOT NULL BEGIN
    INSERT INTO rule_log (what, subject, kind, at) VALUES ('withdrawn', NEW.number, NEW.kind, NEW.withdrawn_at);
END;
CREATE TRIGGER number_lists_added AFTER INSERT ON number_lists BEGIN
    INSERT INTO rule_log (what, subject, at, detail)
    VALUES ('listed', NEW.name, NEW.listed_at, NEW.version || ' ' || NEW.path);
END;
CREATE TRIGGER number_lists_renewed AFTER UPDATE ON number_lists BEGIN
    INSERT INTO rule_log (what, subject, at, detail)
    VALUES ('listed', NEW.name, NEW.listed_at, NEW.version || ' ' || NEW.path);
END;

-- The rules of a campaign as they were: its file and its preset, by their digest.
CREATE TABLE campaign_versions (
    campaign_id  TEXT NOT NULL REFERENCES campaigns(campaign_id),
    version      TEXT NOT NULL,
    rules        TEXT NOT NULL,             -- JSON object: file and preset
    first_at     TEXT NOT NULL,
    PRIMARY KEY (campaign_id, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER campaign_versions_are_never_changed BEFORE UPDATE ON campaign_versions
BEGIN SELECT RAISE(ABORT, 'versions of campaigns are append-only'); END;
CREATE TRIGGER campaign_versions_are_never_deleted BEFORE DELETE ON campaign_versions
BEGIN SELECT RAISE(ABORT, 'versions of campaigns are append-only'); END;

ALTER TABLE campaigns ADD COLUMN version TEXT;      -- the one that was started last
ALTER TABLE attempts ADD COLUMN version TEXT;       -- of the campaign's rules; empty: begun by an older release
ALTER TABLE attempts ADD COLUMN rules_seq INTEGER;  -- the last row of rule_log that its transaction saw
ALTER TABLE attempts ADD COLUMN zones TEXT;         -- JSON array: the zones whose hours were looked at

-- A refusal that repeats is counted, not written again.
CREATE TABLE refusals_once (
    campaign_id  TEXT NOT NULL REFERENCES campaigns(campaign_id),
    lead_id      TEXT NOT NULL REFERENCES leads(lead_id),
    rule         TEXT NOT NULL,
    until_at     TEXT,                      -- when the rule may allow it, as of the last time; empty: never
    refused_at   TEXT NOT NULL,             -- the first time
    last_at      TEXT NOT NULL,
    times        INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (campaign_id, lead_id, rule)
) STRICT, WITHOUT ROWID;
INSERT INTO refusals_once (campaign_id, lead_id, rule, until_at, refused_at, last_at, times)
    SELECT campaign_id, lead_id, rule, until_at, first_at, max(refused_at), times FROM refusals
    JOIN (SELECT campaign_id, lead_id, rule, min(refused_at) AS first_at, count(*) AS times FROM refusals
          GROUP BY campaign_id, lead_id, rule) USING (campaign_id, lead_id, rule)
    GROUP BY campaign_id, lead_id, rule;
DROP TABLE refusals;
ALTER TABLE refusals_once RENAME TO refusals;
CREATE INDEX refusals_by_lead ON refusals (lead_id);          -- for the removal of leads

CREATE INDEX audit_by_time ON audit (at);
