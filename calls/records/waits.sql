ALTER TABLE agent_states ADD COLUMN waited_s REAL;
-- What percentiles of a time are counted from, all that they need of a row and nothing of other rows.
CREATE INDEX agent_states_waited ON agent_states (since_at, agent_id, call_id, waited_s) WHERE waited_s IS NOT NULL;
CREATE INDEX calls_answered ON calls (started_at, queue, campaign_id, flow, agent_id, switch, direction, wait_s)
    WHERE direction = 'inbound' AND agent_id IS NOT NULL AND wait_s IS NOT NULL;
CREATE INDEX calls_connected ON calls (started_at, call_id, queue, agent_id, direction, connect_s)
    WHERE direction = 'outbound' AND agent_id IS NOT NULL AND connect_s IS NOT NULL;
