-- What an attempt's call says of its agent's coming, in the attempt's row: a report of the times to connect then reads
-- one index of the few attempts that came so far, where it looked for the attempt of each call. The same statements
-- that write how far an attempt came write it, see reached.sql.
ALTER TABLE attempts ADD COLUMN connected_after_s REAL;

ALTER TABLE attempts ADD COLUMN connected_agent TEXT;

ALTER TABLE attempts ADD COLUMN connected_queue TEXT;

DROP INDEX calls_connected;

DROP TRIGGER reached_by_a_new_attempt;

DROP TRIGGER reached_by_a_new_call;

DROP TRIGGER reached_by_a_changed_call;

CREATE TRIGGER reached_by_a_new_attempt AFTER INSERT ON attempts
WHEN NEW.outcome IS NOT NULL OR EXISTS (SELECT 1 FROM calls WHERE call_id = NEW.attempt_id) BEGIN
    UPDATE attempts SET reached = iif(outcome IN ('answered', 'abandoned', 'machine'), 1, 0) + coalesce((
        SELECT iif(c.disposition_machine OR c.wrong_number, 2, 6) FROM calls AS c
        WHERE c.call_id = NEW.attempt_id AND c.agent_id IS NOT NULL
    ), 0), (connected_after_s, connected_agent, connected_queue) = (
        SELECT c.connect_s, c.agent_id, c.queue FROM calls AS c
        WHERE c.call_id = NEW.attempt_id AND c.agent_id IS NOT NULL AND c.direction = 'outbound'
    )
    WHERE attempt_id = NEW.attempt_id;
END;

CREATE TRIGGER reached_by_a_new_call AFTER INSERT ON calls
WHEN NEW.direction = 'outbound' AND NEW.agent_id IS NOT NULL BEGIN
    UPDATE attempts SET reached = reached & 1 | iif(NEW.disposition_machine OR NEW.wrong_number, 2, 6),
        connected_after_s = NEW.connect_s, connected_agent = NEW.agent_id, connected_queue = NEW.queue
    WHERE attempt_id = NEW.call_id;
END;

CREATE TRIGGER reached_by_a_changed_call
AFTER UPDATE OF agent_id, disposition_machine, wrong_number, connect_s, queue ON calls
WHEN NEW.direction = 'outbound' BEGIN
    UPDATE attempts
    SET reached = reached & 1
        | CASE WHEN NEW.agent_id IS NULL THEN 0 WHEN NEW.disposition_machine OR NEW.wrong_number THEN 2 ELSE 6 END,
        connected_after_s = iif(NEW.agent_id IS NULL, NULL, NEW.connect_s), connected_agent = NEW.agent_id,
        connected_queue = iif(NEW.agent_id IS NULL, NULL, NEW.queue)
    WHERE attempt_id = NEW.call_id;
END;
