/** Configuration sets; MTA-STS policies as they were fetched; how TLS went, counted for each day. */
export const sql = `
CREATE TABLE configuration_set (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- id: of the TXT record that announced it. policy: JSON. Moments are the machine's, as those of certificates and caches are.
CREATE TABLE sts_policy (
  domain TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  policy TEXT NOT NULL,
  fetched_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sts_policy_expiry ON sts_policy (expires_at);

-- day: since 1970, UTC. host '': none was reached.
CREATE TABLE tls_report (
  day INTEGER NOT NULL,
  domain TEXT NOT NULL,
  policy TEXT NOT NULL,
  host TEXT NOT NULL,
  result TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, domain, policy, host, result)
) STRICT, WITHOUT ROWID;
`
