/** Configuration sets. */
export const sql = `
CREATE TABLE configuration_set (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
`
