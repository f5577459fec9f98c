/**
 * The account as the engine wants it: a message's row is written once, its octets lie in a table of their own and go when nobody needs
 * them; an event holds what only it has to tell; a lease lapses with its owner, so that what is leased and settled on the way through
 * touches one index.
 *
 * The new tables are made beside the old ones, which go before the new take their names: with foreign keys on, dropping `message` first
 * would take its recipients with it. The conditions of partial indexes are comparisons joined by OR, because for a list behind IN SQLite
 * builds a table each time a row is written, which costs more than the row.
 */
export const sql = `
CREATE TABLE message_new (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  envelope_from TEXT NOT NULL,
  return_path TEXT NOT NULL,
  configuration_set TEXT,
  idempotency_key TEXT,
  size_bytes INTEGER NOT NULL,
  -- What events name the account by: as it was when the message was accepted.
  account_id TEXT NOT NULL,
  region TEXT NOT NULL,
  facts TEXT NOT NULL
) STRICT;
INSERT INTO message_new
  SELECT seq, id, kind, accepted_at, expires_at, envelope_from, return_path, json_extract(facts, '$.configurationSet'), idempotency_key,
    size_bytes, COALESCE(json_extract(mail, '$.sendingAccountId'), account_id), COALESCE(substr(arn, 1, instr(arn, ':') - 1), region), facts
  FROM (SELECT message.*, mail, substr(json_extract(mail, '$.sourceArn'), length('arn:aws:ses:') + 1) AS arn
        FROM message LEFT JOIN (SELECT MIN(id), message_id, json_extract(event, '$.mail') AS mail FROM event GROUP BY message_id)
        ON message_id = message.id), account;

-- Gone once every recipient is final. inline or segment: where the body lies.
CREATE TABLE content (
  message INTEGER PRIMARY KEY REFERENCES message_new (seq) ON DELETE CASCADE,
  head BLOB NOT NULL,
  inline BLOB,
  segment TEXT REFERENCES segment (name),
  body_offset INTEGER,
  body_length INTEGER,
  body_sha256 BLOB
) STRICT;
INSERT INTO content
  SELECT seq, head, inline, segment, body_offset, body_length, body_sha256 FROM message WHERE head IS NOT NULL;

-- was: the state before the lease, to which a lapsed or released one returns. last_status: the enhanced status of the last outcome.
CREATE TABLE recipient_new (
  message INTEGER NOT NULL REFERENCES message_new (seq) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  address TEXT NOT NULL,
  domain TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  last_status TEXT,
  outcome TEXT,
  settled_at INTEGER,
  was TEXT,
  owner INTEGER,
  PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;
INSERT INTO recipient_new
  SELECT message, position, address, domain, state, attempts, next_attempt_at, json_extract(outcome, '$.status'), outcome, settled_at, was, owner
  FROM recipient;

-- lease_until: the machine's time at which everything it holds is taken back; null when it holds nothing.
ALTER TABLE owner ADD COLUMN lease_until INTEGER;
UPDATE owner SET lease_until = (SELECT MAX(lease_until) FROM recipient WHERE recipient.owner = owner.id AND state = 'active');

CREATE TABLE attempt_new (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES message_new (seq) ON DELETE CASCADE,
  started_at INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
INSERT INTO attempt_new SELECT id, message, started_at, record FROM attempt;

-- detail: the object of its type, {"delivery":{…}}. The mail object around it is made from the message. outgoing_ip: its ses:outgoing-ip tag.
CREATE TABLE event_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  message INTEGER NOT NULL REFERENCES message_new (seq) ON DELETE CASCADE,
  recipients TEXT NOT NULL,
  detail TEXT NOT NULL,
  outgoing_ip TEXT
) STRICT;
INSERT INTO event_new
  SELECT event.id, type, at, seq, recipients, json_remove(event, '$.eventType', '$.mail'), json_extract(event, '$.mail.tags."ses:outgoing-ip"[0]')
  FROM event JOIN message ON message.id = message_id;

DROP TABLE event;
DROP TABLE attempt;
DROP TABLE recipient;
DROP TABLE message;
ALTER TABLE message_new RENAME TO message;
ALTER TABLE recipient_new RENAME TO recipient;
ALTER TABLE attempt_new RENAME TO attempt;
ALTER TABLE event_new RENAME TO event;

CREATE UNIQUE INDEX message_idempotency ON message (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX content_segment ON content (segment) WHERE segment IS NOT NULL;
CREATE INDEX recipient_active ON recipient (owner) WHERE state = 'active';
CREATE INDEX recipient_domain ON recipient (domain, next_attempt_at, message) WHERE (state = 'queued' OR state = 'deferred');
CREATE INDEX recipient_due ON recipient (next_attempt_at, message) WHERE (state = 'queued' OR state = 'deferred');
CREATE INDEX recipient_open ON recipient (message, position) WHERE (state = 'queued' OR state = 'deferred' OR state = 'held');
CREATE INDEX attempt_message ON attempt (message);
CREATE INDEX event_message ON event (message);
CREATE INDEX event_at ON event (at, type);
`
