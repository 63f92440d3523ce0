-- How long callers were on hold, with what keeps its roll-ups: few calls have any, and only these cost more.

ALTER TABLE calls ADD COLUMN hold_s REAL;
ALTER TABLE call_totals ADD COLUMN hold_s REAL NOT NULL DEFAULT 0.0;
ALTER TABLE call_totals ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_totals ADD COLUMN handled_hold_s REAL NOT NULL DEFAULT 0.0;
ALTER TABLE agent_totals ADD COLUMN hold_s REAL NOT NULL DEFAULT 0.0;
ALTER TABLE agent_totals ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_totals ADD COLUMN handled_hold_s REAL NOT NULL DEFAULT 0.0;
ALTER TABLE attempt_totals ADD COLUMN hold_s REAL NOT NULL DEFAULT 0.0;

CREATE TRIGGER hold_of_a_new_call AFTER INSERT ON calls
WHEN NEW.hold_s IS NOT NULL AND NEW.agent_id IS NOT NULL BEGIN
    INSERT INTO call_totals (
        quarter, direction, switch, queue, campaign_id, flow, hold_s, held, handled_hold_s
    )
    VALUES (
        coalesce(CAST(strftime('%s', NEW.started_at) AS INTEGER) / 900, 0), NEW.direction, NEW.switch,
        coalesce(NEW.queue, ''), coalesce(NEW.campaign_id, ''), coalesce(NEW.flow, ''),
        iif(NEW.direction = 'inbound' AND NEW.wait_s IS NOT NULL, NEW.hold_s, 0.0), 1, NEW.hold_s
    )
    ON CONFLICT (quarter, direction, switch, queue, campaign_id, flow) DO UPDATE SET
        hold_s = hold_s + excluded.hold_s, held = held + excluded.held,
        handled_hold_s = handled_hold_s + excluded.handled_hold_s;
    INSERT INTO agent_totals (quarter, agent_id, direction, queue, campaign_id, hold_s, held, handled_hold_s)
    VALUES (
        coalesce(CAST(strftime('%s', NEW.started_at) AS INTEGER) / 900, 0), NEW.agent_id, NEW.direction,
        coalesce(NEW.queue, ''), coalesce(NEW.campaign_id, ''),
        iif(NEW.direction = 'inbound' AND NEW.wait_s IS NOT NULL, NEW.hold_s, 0.0), 1, NEW.hold_s
    )
    ON CONFLICT (quarter, agent_id, direction, queue, campaign_id) DO UPDATE SET
        hold_s = hold_s + excluded.hold_s, held = held + excluded.held,
        handled_hold_s = handled_hold_s + excluded.handled_hold_s;
    INSERT INTO attempt_totals (quarter, campaign_id, list_id, hold_s)
    SELECT
        coalesce(CAST(strftime('%s', a.intended_at) AS INTEGER) / 900, 0), a.campaign_id, coalesce(a.list_id, ''),
        NEW.hold_s
    FROM attempts AS a WHERE a.attempt_id = NEW.call_id AND NOT a.unsent
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET hold_s = hold_s + excluded.hold_s;
END;

CREATE TRIGGER hold_of_a_changed_call AFTER UPDATE OF agent_id, hold_s, wait_s, queue, started_at ON calls
WHEN OLD.hold_s IS NOT NULL OR NEW.hold_s IS NOT NULL BEGIN
    INSERT INTO call_totals (
        quarter, direction, switch, queue, campaign_id, flow, hold_s, held, handled_hold_s
    )
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), NEW.direction, NEW.switch,
        coalesce(c.queue, ''), coalesce(NEW.campaign_id, ''), coalesce(NEW.flow, ''),
        iif(NEW.direction = 'inbound' AND c.wait_s IS NOT NULL, c.sign * c.hold_s, 0.0), c.sign, c.sign * c.hold_s
    FROM (
        SELECT -1 AS sign, OLD.started_at AS started_at, OLD.queue AS queue, OLD.agent_id AS agent_id,
            OLD.wait_s AS wait_s, OLD.hold_s AS hold_s
        UNION ALL SELECT 1, NEW.started_at, NEW.queue, NEW.agent_id, NEW.wait_s, NEW.hold_s
    ) AS c
    WHERE c.hold_s IS NOT NULL AND c.agent_id IS NOT NULL
    ON CONFLICT (quarter, direction, switch, queue, campaign_id, flow) DO UPDATE SET
        hold_s = hold_s + excluded.hold_s, held = held + excluded.held,
        handled_hold_s = handled_hold_s + excluded.handled_hold_s;
    INSERT INTO agent_totals (quarter, agent_id, direction, queue, campaign_id, hold_s, held, handled_hold_s)
    SELECT
        coalesce(CAST(strftime('%s', c.started_at) AS INTEGER) / 900, 0), c.agent_id, NEW.direction,
        coalesce(c.queue, ''), coalesce(NEW.campaign_id, ''),
        iif(NEW.direction = 'inbound' AND c.wait_s IS NOT NULL, c.sign * c.hold_s, 0.0), c.sign, c.sign * c.hold_s
    FROM (
        SELECT -1 AS sign, OLD.started_at AS started_at, OLD.queue AS queue, OLD.agent_id AS agent_id,
            OLD.wait_s AS wait_s, OLD.hold_s AS hold_s
        UNION ALL SELECT 1, NEW.started_at, NEW.queue, NEW.agent_id, NEW.wait_s, NEW.hold_s
    ) AS c
    WHERE c.hold_s IS NOT NULL AND c.agent_id IS NOT NULL
    ON CONFLICT (quarter, agent_id, direction, queue, campaign_id) DO UPDATE SET
        hold_s = hold_s + excluded.hold_s, held = held + excluded.held,
        handled_hold_s = handled_hold_s + excluded.handled_hold_s;
    INSERT INTO attempt_totals (quarter, campaign_id, list_id, hold_s)
    SELECT
        coalesce(CAST(strftime('%s', a.intended_at) AS INTEGER) / 900, 0), a.campaign_id, coalesce(a.list_id, ''),
        iif(NEW.agent_id IS NOT NULL, coalesce(NEW.hold_s, 0.0), 0.0)
            - iif(OLD.agent_id IS NOT NULL, coalesce(OLD.hold_s, 0.0), 0.0)
    FROM attempts AS a WHERE a.attempt_id = NEW.call_id AND NOT a.unsent
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET hold_s = hold_s + excluded.hold_s;
END;

CREATE TRIGGER hold_of_a_new_attempt AFTER INSERT ON attempts
WHEN NOT NEW.unsent AND EXISTS (
    SELECT 1 FROM calls AS c WHERE c.call_id = NEW.attempt_id AND c.hold_s IS NOT NULL AND c.agent_id IS NOT NULL
) BEGIN
    INSERT INTO attempt_totals (quarter, campaign_id, list_id, hold_s)
    SELECT
        coalesce(CAST(strftime('%s', NEW.intended_at) AS INTEGER) / 900, 0), NEW.campaign_id,
        coalesce(NEW.list_id, ''), c.hold_s
    FROM calls AS c WHERE c.call_id = NEW.attempt_id
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET hold_s = hold_s + excluded.hold_s;
END;

CREATE TRIGGER hold_of_a_changed_attempt AFTER UPDATE OF unsent, list_id, campaign_id, intended_at ON attempts
WHEN EXISTS (
    SELECT 1 FROM calls AS c WHERE c.call_id = NEW.attempt_id AND c.hold_s IS NOT NULL AND c.agent_id IS NOT NULL
) BEGIN
    INSERT INTO attempt_totals (quarter, campaign_id, list_id, hold_s)
    SELECT
        coalesce(CAST(strftime('%s', a.intended_at) AS INTEGER) / 900, 0), a.campaign_id, coalesce(a.list_id, ''),
        a.sign * c.hold_s
    FROM (
        SELECT -1 AS sign, OLD.intended_at AS intended_at, OLD.campaign_id AS campaign_id, OLD.list_id AS list_id,
            OLD.unsent AS unsent
        UNION ALL SELECT 1, NEW.intended_at, NEW.campaign_id, NEW.list_id, NEW.unsent
    ) AS a JOIN calls AS c ON c.call_id = NEW.attempt_id
    WHERE NOT a.unsent
    ON CONFLICT (quarter, campaign_id, list_id) DO UPDATE SET hold_s = hold_s + excluded.hold_s;
END;
