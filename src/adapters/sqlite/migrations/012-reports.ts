/** Reports that came back by mail, those that changed nothing too, and what was told of each recipient: that counts once. */
export const sql = `
-- message: null where it is about none of ours. octets: the first 64 KB. record: the rest, as JSON.
CREATE TABLE report (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER REFERENCES message (seq) ON DELETE CASCADE,
  received_at INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  record TEXT NOT NULL,
  octets BLOB NOT NULL
) STRICT;
CREATE INDEX report_message ON report (message) WHERE message IS NOT NULL;
CREATE INDEX report_without_effect ON report (id) WHERE verdict <> 'APPLIED';

-- what: bounce, complaint, answer.
CREATE TABLE report_told (
  message INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (message, position, what)
) STRICT, WITHOUT ROWID;
`
