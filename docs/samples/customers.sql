-- The small database that the samples look things up in:  sqlite3 var/customers.db < customers.sql
-- Callwright opens it for reading only.
DROP TABLE IF EXISTS customers;
CREATE TABLE customers (
    account  TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    pin_hash TEXT NOT NULL  -- what "callwright pins hash" makes of a PIN; this is that of 2468
);
INSERT INTO customers VALUES
    ('100017', 'Ada Lind', '$argon2id$v=19$m=65536,t=3,p=4$gWm37/31kaaQ7/Dh70F4HQ$O8Fx3pHW8tCCvqIFyAHDyIjiB9hPQoO69+Uljfy/mq8'),
    ('100025', 'Jon Berg', '$argon2id$v=19$m=65536,t=3,p=4$gWm37/31kaaQ7/Dh70F4HQ$O8Fx3pHW8tCCvqIFyAHDyIjiB9hPQoO69+Uljfy/mq8');

DROP TABLE IF EXISTS orders;
CREATE TABLE orders (
    number  TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES customers (account),
    state   TEXT NOT NULL CHECK (state IN ('unpaid', 'packing', 'sent')),
    due     TEXT NOT NULL,  -- a date as 2026-12-01, which is what prompts say
    total   TEXT NOT NULL   -- an amount as 42.50: a text keeps it exact, and prompts say it
);
INSERT INTO orders VALUES
    ('400112', '100017', 'sent', '2026-12-01', '42.50'),
    ('400145', '100017', 'packing', '2026-12-03', '19.90'),
    ('400153', '100017', 'unpaid', '2026-12-10', '61.80'),
    ('400170', '100025', 'sent', '2026-12-02', '8.75');
