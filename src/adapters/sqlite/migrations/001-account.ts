/**
 * The account: one row of settings, its clock and randomness, identities, messages with their recipients, attempts and events.
 * Moments are epoch milliseconds of the account's clock, except `lease_until`, which is the machine's, as locks are.
 */
export const sql = `
CREATE TABLE account (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  production_access INTEGER NOT NULL,
  max_24_hour_send REAL NOT NULL,
  max_send_rate REAL NOT NULL,
  sending_enabled INTEGER NOT NULL,
  enforcement_status TEXT NOT NULL
) STRICT;

-- virtual_now: null on a system clock. seed: null when ids come from the operating system.
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  kind TEXT NOT NULL CHECK (kind IN ('system', 'virtual')),
  virtual_now INTEGER,
  seed TEXT,
  salt BLOB NOT NULL
) STRICT;
CREATE TABLE draw (purpose TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- sent is the sum of sent_second.recipients, so that a decision reads one row and removes only what has aged.
CREATE TABLE usage (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  sent INTEGER NOT NULL,
  tokens REAL NOT NULL,
  tokens_at INTEGER NOT NULL
) STRICT;
CREATE TABLE sent_second (second INTEGER PRIMARY KEY, last_at INTEGER NOT NULL, recipients INTEGER NOT NULL) STRICT;

CREATE TABLE identity (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- A process that holds leases or appends to segments.
CREATE TABLE owner (id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, token TEXT NOT NULL) STRICT;
-- owner: null when nobody appends to it any more.
CREATE TABLE segment (name TEXT PRIMARY KEY, owner INTEGER REFERENCES owner (id) ON DELETE SET NULL) STRICT, WITHOUT ROWID;
CREATE INDEX segment_owner ON segment (owner);

-- head null: every recipient is final and the content is gone. inline or segment: where the body lies.
CREATE TABLE message (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  envelope_from TEXT NOT NULL,
  return_path TEXT NOT NULL,
  facts TEXT NOT NULL,
  idempotency_key TEXT,
  size_bytes INTEGER NOT NULL,
  head BLOB,
  inline BLOB,
  segment TEXT REFERENCES segment (name),
  body_offset INTEGER,
  body_length INTEGER,
  body_sha256 BLOB
) STRICT;
CREATE UNIQUE INDEX message_idempotency ON message (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX message_segment ON message (segment) WHERE segment IS NOT NULL;

-- was: the state before the lease, to which a lapsed or released one returns.
CREATE TABLE recipient (
  message INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  address TEXT NOT NULL,
  domain TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  outcome TEXT,
  settled_at INTEGER,
  was TEXT,
  owner INTEGER,
  lease_until INTEGER,
  PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_due ON recipient (next_attempt_at, message) WHERE state IN ('queued', 'deferred');
CREATE INDEX recipient_lapse ON recipient (lease_until) WHERE state = 'active';
CREATE INDEX recipient_owner ON recipient (owner) WHERE state = 'active';
CREATE INDEX recipient_open ON recipient (message, position, state) WHERE state IN ('queued', 'active', 'deferred', 'held');

CREATE TABLE attempt (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
  started_at INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX attempt_message ON attempt (message);

CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  recipients TEXT NOT NULL,
  event TEXT NOT NULL
) STRICT;
CREATE INDEX event_message ON event (message_id);
CREATE INDEX event_at ON event (at, type);
`
