-- Whom a person who is to be called back waits for: the place in the queue is more than a time.
ALTER TABLE callbacks ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE callbacks ADD COLUMN skills TEXT NOT NULL DEFAULT '[]';   -- JSON: a list of names
ALTER TABLE callbacks ADD COLUMN level INTEGER NOT NULL DEFAULT 1;
ALTER TABLE callbacks ADD COLUMN widen_after_s REAL;
