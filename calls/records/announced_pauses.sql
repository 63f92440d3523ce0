-- Pauses that agents have announced and that have not begun.
CREATE TABLE announced_pauses (
    agent_id  TEXT PRIMARY KEY,
    begins_at TEXT NOT NULL,
    reason    TEXT NOT NULL
) STRICT;
