/** Leaving the sandbox, and how the account's mail is received: counts of each day, and what was made of them. Records are JSON. */
export const sql = `
CREATE TABLE production_case (one INTEGER PRIMARY KEY CHECK (one = 1), record TEXT NOT NULL) STRICT;

-- Why account.enforcement_status is what it is. No row: as the account was made.
CREATE TABLE standing (one INTEGER PRIMARY KEY CHECK (one = 1), record TEXT NOT NULL) STRICT;

-- Recipients. day: since 1970, UTC, by the account's clock. kind: 'account' (name ''), 'set' or 'identity'.
CREATE TABLE reputation_day (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  day INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  bounced INTEGER NOT NULL,
  reportable INTEGER NOT NULL,
  complained INTEGER NOT NULL,
  PRIMARY KEY (kind, name, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX reputation_day_age ON reputation_day (day);

-- Events up to this one are counted. …_proved_at: when the simulator's first came back.
CREATE TABLE reputation_cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  event INTEGER NOT NULL,
  bounce_proved_at INTEGER,
  complaint_proved_at INTEGER
) STRICT;
INSERT INTO reputation_cursor (one, event) VALUES (1, 0);
`
