/**
 * Event destinations, and what each has not taken. The event log itself stays as it is: where there is no destination, a message costs
 * nothing more.
 */
export const sql = `
-- record: its settings. pending: an SNS endpoint that has not confirmed. cursor: the last event looked at. failures, rests_until: batches
-- that failed one after the other, and when the next may be tried. holder, held_until: who publishes to it, in the machine's time.
CREATE TABLE event_destination (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  configuration_set TEXT,
  identity TEXT,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  record TEXT NOT NULL,
  cursor INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  rests_until INTEGER,
  holder INTEGER,
  held_until INTEGER,
  CHECK ((configuration_set IS NULL) <> (identity IS NULL))
) STRICT;
CREATE UNIQUE INDEX event_destination_set ON event_destination (configuration_set, name) WHERE configuration_set IS NOT NULL;
CREATE UNIQUE INDEX event_destination_identity ON event_destination (identity, name) WHERE identity IS NOT NULL;

-- Events that wait to be told again. Those of one message wait in line, so all of them have the next_try_at of the first.
CREATE TABLE publication (
  destination INTEGER NOT NULL REFERENCES event_destination (id) ON DELETE CASCADE,
  message INTEGER NOT NULL,
  event INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  next_try_at INTEGER NOT NULL,
  error TEXT,
  PRIMARY KEY (destination, message, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX publication_due ON publication (destination, next_try_at, message);

CREATE TABLE dead_letter (
  destination INTEGER NOT NULL REFERENCES event_destination (id) ON DELETE CASCADE,
  event INTEGER NOT NULL,
  message INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (destination, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE publish_try (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL,
  event INTEGER NOT NULL,
  at INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX publish_try_message ON publish_try (message);
`
