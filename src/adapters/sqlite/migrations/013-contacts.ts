/** The contact list, one row, and its contacts, each a row with its record as JSON. */
export const sql = `
CREATE TABLE contact_list (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, record TEXT NOT NULL) STRICT;
CREATE TABLE contact (address TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
`
