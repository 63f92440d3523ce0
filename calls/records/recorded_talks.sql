-- Of each talk what the record of its call says: a report of how long agents waited for talks, by queue, campaign or
-- direction, then reads one index, where it looked for the call of each talk of the time. Written with the record.
ALTER TABLE agent_states ADD COLUMN call_direction TEXT;

ALTER TABLE agent_states ADD COLUMN call_queue TEXT;

ALTER TABLE agent_states ADD COLUMN call_campaign TEXT;

DROP INDEX agent_states_waited;
