-- Roll-ups of the ways that calls went through their flows, see calls/records/path_totals.py: by the quarter of an hour
-- in which the call began. They are written with the call's record; a call adds no more rows than its trail has.
CREATE TABLE path_totals (
    flow TEXT NOT NULL,
    quarter INTEGER NOT NULL,
    flow_version TEXT NOT NULL,
    nodes TEXT NOT NULL,
    calls INTEGER NOT NULL,
    drops INTEGER NOT NULL,
    total_s REAL NOT NULL,
    PRIMARY KEY (flow, quarter, flow_version, nodes)
) STRICT, WITHOUT ROWID;

CREATE TABLE link_totals (
    flow TEXT NOT NULL,
    quarter INTEGER NOT NULL,
    flow_version TEXT NOT NULL,
    step INTEGER NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    calls INTEGER NOT NULL,
    total_s REAL NOT NULL,
    PRIMARY KEY (flow, quarter, flow_version, step, source, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE way_totals (
    flow TEXT NOT NULL,
    quarter INTEGER NOT NULL,
    flow_version TEXT NOT NULL,
    source TEXT NOT NULL,
    way TEXT NOT NULL,
    target TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (flow, quarter, flow_version, source, way, target)
) STRICT, WITHOUT ROWID;
