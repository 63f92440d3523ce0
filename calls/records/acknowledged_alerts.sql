ALTER TABLE alerts ADD COLUMN acknowledged_at TEXT;

ALTER TABLE alerts ADD COLUMN acknowledged_by TEXT NOT NULL DEFAULT '';
