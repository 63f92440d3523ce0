-- Leads that were taken out of their list after they were dialled: their rows stay for attempts, limits and reports.
ALTER TABLE leads ADD COLUMN removed_at TEXT;

CREATE INDEX leads_removed ON leads (list_id) WHERE removed_at IS NOT NULL;
