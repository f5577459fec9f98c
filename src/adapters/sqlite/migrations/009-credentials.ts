/** Access keys and SMTP credentials. Secrets are sealed with the master key, which is a file and not here. */
export const sql = `
-- proof: a known text sealed with the master key, by which another key is told from it.
CREATE TABLE master_key (one INTEGER PRIMARY KEY CHECK (one = 1), proof BLOB NOT NULL) STRICT;

-- kind: api, smtp. sealed: null once it was revoked.
CREATE TABLE credential (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  sealed BLOB,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_latest ON credential (kind, created_at);
`
