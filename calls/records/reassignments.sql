-- What the Reassigned Numbers Database answered of a number: whether it was permanently disconnected since a day.
CREATE TABLE reassignments (
    number    TEXT NOT NULL,             -- E.164 with "+"
    asked_at  TEXT NOT NULL,
    since     TEXT NOT NULL,             -- the day that was asked about: of the consent, or of the last contact
    answer    TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'no_data')),
    source    TEXT NOT NULL,             -- the file of the answers
    added_at  TEXT NOT NULL,
    added_by  TEXT NOT NULL,
    PRIMARY KEY (number, asked_at, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_log_before AS SELECT * FROM rule_log;

DROP TABLE rule_log;

-- Every change of who may be called, in the order of the commits: an attempt keeps the last number that it saw.
CREATE TABLE rule_log (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    what         TEXT NOT NULL CHECK (
        what IN ('forbidden', 'allowed', 'consented', 'withdrawn', 'listed', 'reassigned')),
    subject      TEXT NOT NULL,             -- a number, numbers that begin so, or a list's name
    campaign_id  TEXT,                      -- of an entry that holds for one campaign
    kind         TEXT,                      -- of a consent; of a reassignment the answer
    at           TEXT NOT NULL,
    until_at     TEXT,
    detail       TEXT NOT NULL DEFAULT ''   -- of a list: version and path; of a reassignment the day asked about
) STRICT;

INSERT INTO rule_log SELECT * FROM rule_log_before ORDER BY seq;

DROP TABLE rule_log_before;

CREATE INDEX rule_log_by_subject ON rule_log (subject);

CREATE TRIGGER rule_log_is_never_changed BEFORE UPDATE ON rule_log
BEGIN SELECT RAISE(ABORT, 'the log of rules is append-only'); END;

CREATE TRIGGER rule_log_is_never_deleted BEFORE DELETE ON rule_log
BEGIN SELECT RAISE(ABORT, 'the log of rules is append-only'); END;

CREATE TRIGGER reassignments_told AFTER INSERT ON reassignments BEGIN
    INSERT INTO rule_log (what, subject, kind, at, detail)
    VALUES ('reassigned', NEW.number, NEW.answer, NEW.asked_at, NEW.since);
END;
