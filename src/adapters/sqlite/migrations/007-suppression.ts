/** The suppression lists. Addresses have their domain in lower case; moments are the account's. */
export const sql = `
ALTER TABLE account ADD COLUMN suppressed_reasons TEXT NOT NULL DEFAULT 'BOUNCE,COMPLAINT';

-- message_id, feedback_id: of the event that put it there; null when a person did.
CREATE TABLE suppressed (
  address TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  message_id TEXT,
  feedback_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX suppressed_latest ON suppressed (reason, updated_at, address);

-- bounces: one after the other. An entry that has expired is kept for a while, so that the next bounce counts on.
CREATE TABLE globally_suppressed (
  address TEXT PRIMARY KEY,
  bounces INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX globally_suppressed_latest ON globally_suppressed (updated_at, address);
CREATE INDEX globally_suppressed_expiry ON globally_suppressed (expires_at);
`
