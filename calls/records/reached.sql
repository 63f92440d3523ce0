-- How far an attempt came, see calls/records/reached.py: 1 answered (machines too) + 2 an agent talked + 4 and said
-- neither that it was a machine nor that the number was somebody else's. With it the index by time has all that a
-- report needs to count the leads that were dialled, each once.
ALTER TABLE attempts ADD COLUMN reached INTEGER NOT NULL DEFAULT 0 CHECK (reached BETWEEN 0 AND 7);

DROP INDEX attempts_by_time;

CREATE TRIGGER reached_by_a_new_attempt AFTER INSERT ON attempts
WHEN NEW.outcome IS NOT NULL OR EXISTS (SELECT 1 FROM calls WHERE call_id = NEW.attempt_id) BEGIN
    UPDATE attempts SET reached = iif(outcome IN ('answered', 'abandoned', 'machine'), 1, 0) + coalesce((
        SELECT iif(c.disposition_machine OR c.wrong_number, 2, 6) FROM calls AS c
        WHERE c.call_id = NEW.attempt_id AND c.agent_id IS NOT NULL
    ), 0)
    WHERE attempt_id = NEW.attempt_id;
END;

CREATE TRIGGER reached_by_an_ended_attempt AFTER UPDATE OF outcome ON attempts
WHEN (coalesce(OLD.outcome, '') IN ('answered', 'abandoned', 'machine'))
    <> (coalesce(NEW.outcome, '') IN ('answered', 'abandoned', 'machine')) BEGIN
    UPDATE attempts SET reached = reached & 6 | (coalesce(outcome, '') IN ('answered', 'abandoned', 'machine'))
    WHERE attempt_id = NEW.attempt_id;
END;

CREATE TRIGGER reached_by_a_new_call AFTER INSERT ON calls
WHEN NEW.direction = 'outbound' AND NEW.agent_id IS NOT NULL BEGIN
    UPDATE attempts SET reached = reached & 1 | iif(NEW.disposition_machine OR NEW.wrong_number, 2, 6)
    WHERE attempt_id = NEW.call_id;
END;

CREATE TRIGGER reached_by_a_changed_call AFTER UPDATE OF agent_id, disposition_machine, wrong_number ON calls
WHEN NEW.direction = 'outbound' BEGIN
    UPDATE attempts
    SET reached = reached & 1
        | CASE WHEN NEW.agent_id IS NULL THEN 0 WHEN NEW.disposition_machine OR NEW.wrong_number THEN 2 ELSE 6 END
    WHERE attempt_id = NEW.call_id;
END;
