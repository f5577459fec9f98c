/** Settings of Virtual Deliverability Manager (JSON; null: never set) and of warming up, and pools of dedicated addresses. */
export const sql = `
ALTER TABLE account ADD COLUMN vdm TEXT;
ALTER TABLE account ADD COLUMN auto_warmup INTEGER NOT NULL DEFAULT 1;
CREATE TABLE dedicated_ip_pool (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
`
