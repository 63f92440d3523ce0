-- Roll-ups of leads and of campaigns' rolls, see calls/records/lead_totals.py: by the quarter of an hour of the import.
-- Attempts and the roll refer to leads that are there (foreign keys), so that a new lead has neither, and one that is
-- deleted has none left. Leads of an import are counted by the import, a batch at a time: a trigger that inserts makes
-- each row cost twice. A row of no leads is taken away: reports would show its list.
CREATE TABLE lead_totals (
    quarter INTEGER NOT NULL,
    list_id TEXT NOT NULL,
    leads INTEGER NOT NULL DEFAULT 0,
    leads_attempted INTEGER NOT NULL DEFAULT 0,
    lead_attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (quarter, list_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE roll_totals (
    quarter INTEGER NOT NULL,
    list_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    roll INTEGER NOT NULL DEFAULT 0,
    roll_attempted INTEGER NOT NULL DEFAULT 0,
    roll_attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (quarter, list_id, campaign_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER totals_of_a_new_lead AFTER INSERT ON leads WHEN NEW.import_id IS NULL BEGIN
    INSERT INTO lead_totals (quarter, list_id, leads)
    VALUES (coalesce(CAST(strftime('%s', NEW.imported_at) AS INTEGER) / 900, 0), NEW.list_id, 1)
    ON CONFLICT (quarter, list_id) DO UPDATE SET leads = leads + 1;
END;

CREATE TRIGGER totals_of_a_removed_lead AFTER DELETE ON leads BEGIN
    UPDATE lead_totals SET leads = leads - 1
    WHERE quarter = coalesce(CAST(strftime('%s', OLD.imported_at) AS INTEGER) / 900, 0) AND list_id = OLD.list_id;
    DELETE FROM lead_totals
    WHERE quarter = coalesce(CAST(strftime('%s', OLD.imported_at) AS INTEGER) / 900, 0) AND list_id = OLD.list_id
        AND leads = 0;
END;

CREATE TRIGGER totals_of_a_moved_lead AFTER UPDATE OF list_id, imported_at ON leads
WHEN (OLD.list_id, OLD.imported_at) <> (NEW.list_id, NEW.imported_at) BEGIN
    INSERT INTO lead_totals (quarter, list_id, leads, leads_attempted, lead_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id, l.sign,
        l.sign * (tried.attempts > 0), l.sign * tried.attempts
    FROM (
        SELECT -1 AS sign, OLD.imported_at AS imported_at, OLD.list_id AS list_id
        UNION ALL SELECT 1 AS sign, NEW.imported_at AS imported_at, NEW.list_id AS list_id
    ) AS l
    JOIN (SELECT count(*) AS attempts FROM attempts WHERE lead_id = NEW.lead_id AND NOT unsent) AS tried
    WHERE 1
    ON CONFLICT (quarter, list_id) DO UPDATE SET
        leads = leads + excluded.leads, leads_attempted = leads_attempted + excluded.leads_attempted,
        lead_attempts = lead_attempts + excluded.lead_attempts;
    INSERT INTO roll_totals (quarter, list_id, campaign_id, roll, roll_attempted, roll_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id, m.campaign_id, l.sign,
        l.sign * (m.attempts > 0), l.sign * m.attempts
    FROM (
        SELECT -1 AS sign, OLD.imported_at AS imported_at, OLD.list_id AS list_id
        UNION ALL SELECT 1 AS sign, NEW.imported_at AS imported_at, NEW.list_id AS list_id
    ) AS l
    JOIN (
        SELECT campaign_id, (
            SELECT count(*) FROM attempts AS a
            WHERE a.lead_id = roll.lead_id AND a.campaign_id = roll.campaign_id AND NOT a.unsent
        ) AS attempts
        FROM campaign_leads AS roll WHERE lead_id = NEW.lead_id
    ) AS m
    WHERE 1
    ON CONFLICT (quarter, list_id, campaign_id) DO UPDATE SET
        roll = roll + excluded.roll, roll_attempted = roll_attempted + excluded.roll_attempted,
        roll_attempts = roll_attempts + excluded.roll_attempts;
    DELETE FROM lead_totals
    WHERE quarter = coalesce(CAST(strftime('%s', OLD.imported_at) AS INTEGER) / 900, 0) AND list_id = OLD.list_id
        AND leads = 0;
    DELETE FROM roll_totals
    WHERE quarter = coalesce(CAST(strftime('%s', OLD.imported_at) AS INTEGER) / 900, 0) AND list_id = OLD.list_id
        AND roll = 0;
END;

CREATE TRIGGER totals_of_a_lead_on_a_roll AFTER INSERT ON campaign_leads BEGIN
    INSERT INTO roll_totals (quarter, list_id, campaign_id, roll, roll_attempted, roll_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id, NEW.campaign_id, 1,
        tried.attempts > 0, tried.attempts
    FROM leads AS l
    JOIN (
        SELECT count(*) AS attempts FROM attempts
        WHERE lead_id = NEW.lead_id AND campaign_id = NEW.campaign_id AND NOT unsent
    ) AS tried
    WHERE l.lead_id = NEW.lead_id
    ON CONFLICT (quarter, list_id, campaign_id) DO UPDATE SET
        roll = roll + 1, roll_attempted = roll_attempted + excluded.roll_attempted,
        roll_attempts = roll_attempts + excluded.roll_attempts;
END;

CREATE TRIGGER totals_of_a_lead_off_a_roll AFTER DELETE ON campaign_leads BEGIN
    INSERT INTO roll_totals (quarter, list_id, campaign_id, roll, roll_attempted, roll_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id, OLD.campaign_id, -1,
        -(tried.attempts > 0), -tried.attempts
    FROM leads AS l
    JOIN (
        SELECT count(*) AS attempts FROM attempts
        WHERE lead_id = OLD.lead_id AND campaign_id = OLD.campaign_id AND NOT unsent
    ) AS tried
    WHERE l.lead_id = OLD.lead_id
    ON CONFLICT (quarter, list_id, campaign_id) DO UPDATE SET
        roll = roll - 1, roll_attempted = roll_attempted + excluded.roll_attempted,
        roll_attempts = roll_attempts + excluded.roll_attempts;
    DELETE FROM roll_totals
    WHERE roll = 0 AND campaign_id = OLD.campaign_id AND (quarter, list_id) IN (
        SELECT coalesce(CAST(strftime('%s', imported_at) AS INTEGER) / 900, 0), list_id FROM leads
        WHERE lead_id = OLD.lead_id
    );
END;

CREATE TRIGGER lead_totals_of_a_new_attempt AFTER INSERT ON attempts WHEN NOT NEW.unsent BEGIN
    INSERT INTO lead_totals (quarter, list_id, leads_attempted, lead_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id,
        NOT EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.lead_id = NEW.lead_id AND NOT other.unsent AND other.attempt_id <> NEW.attempt_id
        ), 1
    FROM leads AS l WHERE l.lead_id = NEW.lead_id
    ON CONFLICT (quarter, list_id) DO UPDATE SET
        leads_attempted = leads_attempted + excluded.leads_attempted, lead_attempts = lead_attempts + 1;
    INSERT INTO roll_totals (quarter, list_id, campaign_id, roll_attempted, roll_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id, m.campaign_id,
        NOT EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.lead_id = NEW.lead_id AND other.campaign_id = NEW.campaign_id AND NOT other.unsent
                AND other.attempt_id <> NEW.attempt_id
        ), 1
    FROM campaign_leads AS m JOIN leads AS l ON l.lead_id = m.lead_id
    WHERE m.campaign_id = NEW.campaign_id AND m.lead_id = NEW.lead_id
    ON CONFLICT (quarter, list_id, campaign_id) DO UPDATE SET
        roll_attempted = roll_attempted + excluded.roll_attempted, roll_attempts = roll_attempts + 1;
END;

CREATE TRIGGER lead_totals_of_a_changed_attempt AFTER UPDATE OF unsent, lead_id, campaign_id ON attempts
WHEN (OLD.unsent, OLD.lead_id, OLD.campaign_id) <> (NEW.unsent, NEW.lead_id, NEW.campaign_id) BEGIN
    INSERT INTO lead_totals (quarter, list_id, leads_attempted, lead_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id,
        a.sign * NOT EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.lead_id = a.lead_id AND NOT other.unsent AND other.attempt_id <> NEW.attempt_id
        ), a.sign
    FROM (
        SELECT -1 AS sign, OLD.lead_id AS lead_id, OLD.unsent AS unsent
        UNION ALL SELECT 1 AS sign, NEW.lead_id AS lead_id, NEW.unsent AS unsent
    ) AS a JOIN leads AS l ON l.lead_id = a.lead_id
    WHERE NOT a.unsent
    ON CONFLICT (quarter, list_id) DO UPDATE SET
        leads_attempted = leads_attempted + excluded.leads_attempted,
        lead_attempts = lead_attempts + excluded.lead_attempts;
    INSERT INTO roll_totals (quarter, list_id, campaign_id, roll_attempted, roll_attempts)
    SELECT coalesce(CAST(strftime('%s', l.imported_at) AS INTEGER) / 900, 0), l.list_id, m.campaign_id,
        a.sign * NOT EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.lead_id = a.lead_id AND other.campaign_id = a.campaign_id AND NOT other.unsent
                AND other.attempt_id <> NEW.attempt_id
        ), a.sign
    FROM (
        SELECT -1 AS sign, OLD.lead_id AS lead_id, OLD.campaign_id AS campaign_id, OLD.unsent AS unsent
        UNION ALL SELECT 1 AS sign, NEW.lead_id AS lead_id, NEW.campaign_id AS campaign_id, NEW.unsent AS unsent
    ) AS a
    JOIN campaign_leads AS m ON m.campaign_id = a.campaign_id AND m.lead_id = a.lead_id
    JOIN leads AS l ON l.lead_id = m.lead_id
    WHERE NOT a.unsent
    ON CONFLICT (quarter, list_id, campaign_id) DO UPDATE SET
        roll_attempted = roll_attempted + excluded.roll_attempted,
        roll_attempts = roll_attempts + excluded.roll_attempts;
END;
