-- Of a talk in an attempt its campaign and list: a report of how long agents waited for such talks then reads one index,
-- where it looked for the call and the attempt of each talk of the time. Written as the talk begins.
ALTER TABLE agent_states ADD COLUMN dialled_campaign TEXT;

ALTER TABLE agent_states ADD COLUMN dialled_list TEXT;
