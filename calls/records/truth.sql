-- Opt-outs that stand beside an agent's entry for the same number, for the day on which the agent withdraws it.
CREATE TABLE do_not_call_beside (
    number    TEXT NOT NULL,                -- as in do_not_call
    source    TEXT NOT NULL,
    reason    TEXT NOT NULL DEFAULT '',
    added_at  TEXT NOT NULL,
    added_by  TEXT NOT NULL,
    until_at  TEXT,
    proof     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (number, source, reason)
) STRICT, WITHOUT ROWID;
-- An agent's entry that took the place of one with an end, before this table was there.
INSERT INTO do_not_call_beside (number, source, reason, added_at, added_by, until_at)
    SELECT do_not_call.number, 'log', 'as before', earlier.at, 'upgrade', earlier.until_at
    FROM do_not_call JOIN rule_log AS earlier ON earlier.subject = do_not_call.number
    WHERE do_not_call.source = 'agent' AND earlier.campaign_id IS NULL AND earlier.what = 'forbidden'
    AND earlier.until_at IS NOT NULL AND earlier.seq = (
        SELECT seq FROM rule_log WHERE subject = do_not_call.number AND campaign_id IS NULL
        AND what IN ('forbidden', 'allowed') ORDER BY seq DESC LIMIT 1 OFFSET 1);
