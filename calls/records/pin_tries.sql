-- Tries at PINs, by account and by caller. A right one takes the account's row away.
CREATE TABLE pin_tries (
    authenticator  TEXT NOT NULL,
    side           TEXT NOT NULL CHECK (side IN ('account', 'caller')),
    who            TEXT NOT NULL,
    tries          INTEGER NOT NULL,
    since_at       TEXT NOT NULL,            -- of an account the latest try, of a caller the first that counts
    locked_until   TEXT,
    PRIMARY KEY (authenticator, side, who)
) STRICT, WITHOUT ROWID;
CREATE INDEX pin_tries_by_who ON pin_tries (who);
