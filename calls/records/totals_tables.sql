-- Roll-ups for reports, see calls/records/totals.py: kept by triggers in the transaction that writes the record.
-- "quarter" is the number of the quarter of an hour, from 1970 in UTC.
ALTER TABLE calls ADD COLUMN flow_outcome TEXT;           -- the flow's word for how it ended

ALTER TABLE calls ADD COLUMN contained INTEGER CHECK (contained IN (0, 1)); -- 1: in a flow, and no queue or transfer

ALTER TABLE calls ADD COLUMN transferred INTEGER NOT NULL DEFAULT 0 CHECK (transferred IN (0, 1)); -- by an agent

ALTER TABLE calls ADD COLUMN again_s REAL;                -- from its begin to that of the same person's next call to us

ALTER TABLE calls ADD COLUMN wrong_number INTEGER CHECK (wrong_number IN (0, 1)); -- by the agent's word

ALTER TABLE attempts ADD COLUMN list_id TEXT;             -- the lead's list at that time

ALTER TABLE attempts ADD COLUMN unsent INTEGER NOT NULL DEFAULT 0 CHECK (unsent IN (0, 1)); -- 1: nobody was dialled

ALTER TABLE attempts ADD COLUMN callback_id INTEGER;      -- of somebody who is called back

UPDATE attempts SET list_id = (SELECT list_id FROM leads WHERE leads.lead_id = attempts.lead_id),
    unsent = json_extract(decision, '$.sent') IS 0, callback_id = json_extract(decision, '$.callback');

CREATE INDEX attempts_by_time ON attempts (intended_at);

CREATE INDEX attempts_by_callback ON attempts (callback_id) WHERE callback_id IS NOT NULL;

CREATE INDEX calls_sold ON calls (started_at) WHERE sale_value IS NOT NULL;

CREATE TABLE call_totals (
    quarter INTEGER NOT NULL,
    direction TEXT NOT NULL,
    switch TEXT NOT NULL,
    queue TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    flow TEXT NOT NULL,
    calls INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0,
    offered INTEGER NOT NULL DEFAULT 0,
    answered INTEGER NOT NULL DEFAULT 0,
    abandoned INTEGER NOT NULL DEFAULT 0,
    waited_s REAL NOT NULL DEFAULT 0.0,
    talk_s REAL NOT NULL DEFAULT 0.0,
    wrap_up_s REAL NOT NULL DEFAULT 0.0,
    answered_in_5 INTEGER NOT NULL DEFAULT 0,
    answered_in_10 INTEGER NOT NULL DEFAULT 0,
    answered_in_15 INTEGER NOT NULL DEFAULT 0,
    answered_in_20 INTEGER NOT NULL DEFAULT 0,
    answered_in_30 INTEGER NOT NULL DEFAULT 0,
    answered_in_45 INTEGER NOT NULL DEFAULT 0,
    answered_in_60 INTEGER NOT NULL DEFAULT 0,
    answered_in_90 INTEGER NOT NULL DEFAULT 0,
    answered_in_120 INTEGER NOT NULL DEFAULT 0,
    answered_in_180 INTEGER NOT NULL DEFAULT 0,
    answered_in_300 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_5 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_10 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_15 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_20 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_30 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_45 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_60 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_90 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_120 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_180 INTEGER NOT NULL DEFAULT 0,
    abandoned_in_300 INTEGER NOT NULL DEFAULT 0,
    handled INTEGER NOT NULL DEFAULT 0,
    handled_talk_s REAL NOT NULL DEFAULT 0.0,
    handled_wrap_up_s REAL NOT NULL DEFAULT 0.0,
    transferred INTEGER NOT NULL DEFAULT 0,
    persons INTEGER NOT NULL DEFAULT 0,
    persons_again INTEGER NOT NULL DEFAULT 0,
    dispositions INTEGER NOT NULL DEFAULT 0,
    dispositions_missing INTEGER NOT NULL DEFAULT 0,
    sales INTEGER NOT NULL DEFAULT 0,
    machines_by_agents INTEGER NOT NULL DEFAULT 0,
    entered INTEGER NOT NULL DEFAULT 0,
    contained INTEGER NOT NULL DEFAULT 0,
    goals INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    detection_asked INTEGER NOT NULL DEFAULT 0,
    machines_detected INTEGER NOT NULL DEFAULT 0,
    dialled_handled INTEGER NOT NULL DEFAULT 0,
    dialled_abandoned INTEGER NOT NULL DEFAULT 0,
    taken_for_people INTEGER NOT NULL DEFAULT 0,
    machines_missed INTEGER NOT NULL DEFAULT 0,
    taken_for_machines INTEGER NOT NULL DEFAULT 0,
    people_taken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (quarter, direction, switch, queue, campaign_id, flow)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_totals (
    quarter INTEGER NOT NULL,
    agent_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    queue TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    answered INTEGER NOT NULL DEFAULT 0,
    waited_s REAL NOT NULL DEFAULT 0.0,
    talk_s REAL NOT NULL DEFAULT 0.0,
    wrap_up_s REAL NOT NULL DEFAULT 0.0,
    handled INTEGER NOT NULL DEFAULT 0,
    handled_talk_s REAL NOT NULL DEFAULT 0.0,
    handled_wrap_up_s REAL NOT NULL DEFAULT 0.0,
    transferred INTEGER NOT NULL DEFAULT 0,
    persons INTEGER NOT NULL DEFAULT 0,
    persons_again INTEGER NOT NULL DEFAULT 0,
    dispositions INTEGER NOT NULL DEFAULT 0,
    dispositions_missing INTEGER NOT NULL DEFAULT 0,
    sales INTEGER NOT NULL DEFAULT 0,
    machines_by_agents INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (quarter, agent_id, direction, queue, campaign_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ending_totals (
    quarter INTEGER NOT NULL,
    direction TEXT NOT NULL,
    queue TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    flow TEXT NOT NULL,
    outcome TEXT NOT NULL,
    cause INTEGER NOT NULL,
    disposition TEXT NOT NULL,
    calls INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (quarter, direction, queue, campaign_id, flow, outcome, cause, disposition)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt_totals (
    quarter INTEGER NOT NULL,
    campaign_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    answered INTEGER NOT NULL DEFAULT 0,
    machines INTEGER NOT NULL DEFAULT 0,
    by_person INTEGER NOT NULL DEFAULT 0,
    late INTEGER NOT NULL DEFAULT 0,
    contacts INTEGER NOT NULL DEFAULT 0,
    right_party INTEGER NOT NULL DEFAULT 0,
    sales INTEGER NOT NULL DEFAULT 0,
    talk_s REAL NOT NULL DEFAULT 0.0,
    wrap_up_s REAL NOT NULL DEFAULT 0.0,
    PRIMARY KEY (quarter, campaign_id, list_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE node_totals (
    quarter INTEGER NOT NULL,
    flow TEXT NOT NULL,
    flow_version TEXT NOT NULL,
    node TEXT NOT NULL,
    entries INTEGER NOT NULL,
    took_s REAL NOT NULL,
    noinput INTEGER NOT NULL,
    nomatch INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    drops INTEGER NOT NULL,
    choices INTEGER NOT NULL,
    by_keys INTEGER NOT NULL,
    by_speech INTEGER NOT NULL,
    zero_outs INTEGER NOT NULL,
    confidence REAL NOT NULL,
    confidences INTEGER NOT NULL,
    PRIMARY KEY (quarter, flow, flow_version, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_time_totals (
    quarter INTEGER NOT NULL,
    agent_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (quarter, agent_id, state, reason)
) STRICT, WITHOUT ROWID;
