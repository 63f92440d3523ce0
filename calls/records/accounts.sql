-- Who may use the console and its API. A password is kept as a hash of argon2, of sessions and tokens only their SHA-256.
CREATE TABLE accounts (
    account_id   TEXT PRIMARY KEY,
    name         TEXT NOT NULL,              -- as it is shown
    name_key     TEXT NOT NULL UNIQUE,       -- what tells names apart: NFKC and no difference of case
    role         TEXT NOT NULL CHECK (role IN ('agent', 'supervisor', 'manager', 'quality', 'administrator')),
    agent_id     TEXT,                       -- whose desk it is, by the settings
    password     TEXT NOT NULL,
    must_change  INTEGER NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1)), -- 1: somebody else gave the password
    totp         TEXT,                       -- the secret of the second factor, base32; NULL: none
    totp_used    INTEGER NOT NULL DEFAULT 0, -- the last code that counted, by its step: none counts twice
    created_at   TEXT NOT NULL,
    changed_at   TEXT NOT NULL,
    disabled_at  TEXT
) STRICT;

CREATE TABLE account_sessions (
    token       TEXT PRIMARY KEY,            -- SHA-256 of what the browser holds
    account_id  TEXT NOT NULL REFERENCES accounts(account_id),
    began_at    TEXT NOT NULL,
    ends_at     TEXT NOT NULL,
    seen_at     TEXT NOT NULL,               -- the last use, to some minutes
    address     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_sessions_by_account ON account_sessions (account_id);

-- For programs, which have no browser.
CREATE TABLE account_tokens (
    token_id    TEXT PRIMARY KEY,
    token       TEXT NOT NULL UNIQUE,        -- SHA-256
    account_id  TEXT NOT NULL REFERENCES accounts(account_id),
    name        TEXT NOT NULL,               -- what it is for
    scopes      TEXT NOT NULL,               -- JSON array: what of the account's rights it has
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_tokens_by_account ON account_tokens (account_id);
