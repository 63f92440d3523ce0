-- What a supervisor gave the agent, within which the agent chooses; NULL: what the settings say.
ALTER TABLE agent_queues ADD COLUMN ordered TEXT;

UPDATE agent_queues SET ordered = queues WHERE set_by <> agent_id;
