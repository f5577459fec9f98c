/** Templates of the account, each one row with its content and tags as JSON. */
export const sql = `
CREATE TABLE template (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX template_latest ON template (created_at, name);
`
