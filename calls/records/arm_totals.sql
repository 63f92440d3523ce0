-- Roll-up of the arms of splits, see calls/records/path_totals.py: by the quarter of an hour in which the call began. A
-- call adds a row for each arm that it was sent, once. Who called again within a day is looked for in the calls: few did.
CREATE TABLE arm_totals (
    flow TEXT NOT NULL,
    quarter INTEGER NOT NULL,
    flow_version TEXT NOT NULL,
    split TEXT NOT NULL,
    arm TEXT NOT NULL,
    outcome TEXT NOT NULL,
    calls INTEGER NOT NULL,
    drops INTEGER NOT NULL,
    contained INTEGER NOT NULL,
    PRIMARY KEY (flow, quarter, flow_version, split, arm, outcome)
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_again ON calls (flow, started_at) WHERE contained AND again_s < 86400;
