-- Charges of cards, each written before its gateway is asked. "asked" in a row of a run before this one: nobody knows
-- whether it was paid; the gateway's own list under payment_id tells.
CREATE TABLE payments (
    payment_id  TEXT PRIMARY KEY,            -- the key that the gateway got: one charge has one
    call_id     TEXT NOT NULL,
    gateway     TEXT NOT NULL,
    amount      TEXT NOT NULL,               -- decimal, as it was asked for
    currency    TEXT NOT NULL,
    asked_at    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('asked', 'paid', 'declined', 'failed', 'unknown')),
    reason      TEXT,
    settled_at  TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_by_call ON payments (call_id);
CREATE INDEX payments_open ON payments (asked_at) WHERE state IN ('asked', 'unknown');
