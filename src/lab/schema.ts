/**
 * The lab's own file (`lab.db`): the zone, what receivers remember, what they took, and the authority for their certificates. Steps are
 * only ever added. Moments are epoch milliseconds of the account's clock, except `started_at`, which is the machine's.
 */
import type { Migration } from '../base/database.ts'

const first = `
-- labels: the name's labels from the root, each followed by a full stop, so that everything below a name is one range of the index.
CREATE TABLE zone_record (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  labels TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  record TEXT NOT NULL,
  UNIQUE (name, type, data)
) STRICT;
CREATE INDEX zone_record_labels ON zone_record (labels);

-- taken: 0 while a large message is still arriving; only 1 counts.
CREATE TABLE inbox_message (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  taken INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL DEFAULT 0,
  envelope_from TEXT NOT NULL DEFAULT '',
  receiver TEXT NOT NULL DEFAULT '',
  tls TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '',
  from_text TEXT NOT NULL DEFAULT '',
  from_address TEXT NOT NULL DEFAULT '',
  header_message_id TEXT NOT NULL DEFAULT '',
  size_bytes INTEGER NOT NULL DEFAULT 0,
  trace BLOB,
  authentication TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TABLE inbox_recipient (
  message INTEGER NOT NULL REFERENCES inbox_message (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  address TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_recipient_address ON inbox_recipient (address);
CREATE TABLE inbox_chunk (
  message INTEGER NOT NULL REFERENCES inbox_message (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  octets BLOB NOT NULL,
  PRIMARY KEY (message, position)
) STRICT;

-- What a receiver put off once: who asked, for whom, when.
CREATE TABLE deferral (
  receiver TEXT NOT NULL,
  ip TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (receiver, ip, sender, recipient)
) STRICT, WITHOUT ROWID;
CREATE INDEX deferral_at ON deferral (at);

CREATE TABLE authority (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  certificate TEXT NOT NULL,
  key TEXT NOT NULL
) STRICT;
`

const reports = `
-- Mail that receivers will send back. in_hand_until: the machine's time, until which one process is sending it.
CREATE TABLE pending_report (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  receiver TEXT NOT NULL,
  return_path TEXT NOT NULL COLLATE NOCASE,
  taken_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  in_hand_until INTEGER NOT NULL DEFAULT 0,
  head BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX pending_report_due ON pending_report (due_at, id);
CREATE INDEX pending_report_path ON pending_report (return_path);
`

const receivers = `
-- Where a look-alike put a message, and by which of its rules.
ALTER TABLE inbox_message ADD COLUMN folder TEXT NOT NULL DEFAULT 'inbox';
ALTER TABLE inbox_message ADD COLUMN rules TEXT NOT NULL DEFAULT '[]';

-- What look-alikes remember of a sender: kind is ip or domain, day is days since 1970.
CREATE TABLE sender_day (
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  day INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0,
  unknown INTEGER NOT NULL DEFAULT 0,
  complaints INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (provider, kind, sender, day)
) STRICT, WITHOUT ROWID;
-- allowance: messages that could come at once at the moment \`at\`. bulk_since: for good, once there.
CREATE TABLE sender (
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  allowance REAL NOT NULL,
  at INTEGER NOT NULL,
  bulk_since INTEGER,
  PRIMARY KEY (provider, kind, sender)
) STRICT, WITHOUT ROWID;

-- What a receiver was told to do with one message to one recipient. answered: how often it was asked about it.
CREATE TABLE play (
  recipient TEXT NOT NULL COLLATE NOCASE,
  return_path TEXT NOT NULL,
  outcome TEXT NOT NULL,
  code INTEGER,
  lines TEXT NOT NULL DEFAULT '[]',
  at INTEGER NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (recipient, return_path)
) STRICT, WITHOUT ROWID;
CREATE INDEX play_at ON play (at);
`

const messageIds = `
CREATE INDEX inbox_message_id ON inbox_message (header_message_id) WHERE taken = 1;
`

export const LAB_MIGRATIONS: readonly Migration[] = [
  { name: '001-lab', sql: first },
  { name: '002-reports', sql: reports },
  { name: '003-receivers', sql: receivers },
  { name: '004-message-ids', sql: messageIds },
]
