-- Messages that callers left. The recording itself is a file of the message's id in [recordings] folder.
CREATE TABLE voicemail (
    message_id  TEXT PRIMARY KEY,            -- the recording's id
    mailbox     TEXT NOT NULL,
    call_id     TEXT NOT NULL,
    effect_key  TEXT NOT NULL,               -- the visit of the flow's node: performed twice, it counts once
    caller      TEXT NOT NULL,
    left_at     TEXT NOT NULL,
    duration_s  REAL NOT NULL CHECK (duration_s >= 0),
    state       TEXT NOT NULL CHECK (state IN ('new', 'heard', 'deleted')),
    changed_at  TEXT NOT NULL,
    UNIQUE (call_id, effect_key)
) STRICT;
CREATE INDEX voicemail_by_mailbox ON voicemail (mailbox, left_at);
