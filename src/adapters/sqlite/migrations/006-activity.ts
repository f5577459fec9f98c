/**
 * What happens, counted as it happens: bills and the last 24 hours are read from a few rows, however much was sent. Filled from what the
 * account has; messages that it no longer has are not in it.
 */
export const sql = `
-- slot: ten minutes, counted from the epoch. recipients of the events; octets of the messages that were accepted, once for each recipient.
CREATE TABLE activity (
  slot INTEGER NOT NULL,
  type TEXT NOT NULL,
  events INTEGER NOT NULL,
  recipients INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  PRIMARY KEY (slot, type)
) STRICT, WITHOUT ROWID;
INSERT INTO activity
  SELECT at / 600000, type, COUNT(*), SUM(json_array_length(recipients)), 0 FROM event WHERE type <> 'Send' GROUP BY 1, 2;
INSERT INTO activity
  SELECT accepted_at / 600000, 'Send', COUNT(*), SUM(copies), SUM(copies * size_bytes)
  FROM (SELECT accepted_at, size_bytes, (SELECT COUNT(*) FROM recipient WHERE message = seq) AS copies FROM message WHERE kind = 'mail')
  GROUP BY 1;
`
