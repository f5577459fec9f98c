/**
 * Identities are counted as they come and go, and have the moment beside them at which their records are looked for again. Records of
 * before get what is new in them: DKIM keys that were found sign, the others are still to be found.
 */
export const sql = `
UPDATE identity SET record = json_set(record,
  '$.tags', json('[]'),
  '$.nextCheckAt', CASE WHEN record ->> '$.type' = 'DOMAIN' AND record ->> '$.verification.status' <> 'FAILED'
    THEN record ->> '$.verification.startedAt' END,
  '$.dkim.signingChosen', json(CASE record ->> '$.type' WHEN 'DOMAIN' THEN 'true' ELSE 'false' END),
  '$.dkim.startedAt', record ->> '$.verification.startedAt',
  '$.dkim.unproved', json(CASE WHEN record ->> '$.dkim.status' IN ('SUCCESS', 'TEMPORARY_FAILURE') THEN '[]' ELSE record -> '$.dkim.tokens' END),
  '$.dkim.signing', json(CASE WHEN record ->> '$.dkim.status' IN ('SUCCESS', 'TEMPORARY_FAILURE') AND json_array_length(record, '$.dkim.tokens') > 0
    THEN json_object('token', record ->> '$.dkim.tokens[0]', 'method', record ->> '$.dkim.method', 'keyLength', record ->> '$.dkim.keyLength') END),
  '$.dkim.retired', json('[]'),
  '$.dkim.lengthChangedAt', NULL,
  '$.dkim.downgradedAt', NULL);

ALTER TABLE identity ADD COLUMN check_at INTEGER;
UPDATE identity SET check_at = record ->> '$.nextCheckAt';
CREATE INDEX identity_check ON identity (check_at, name) WHERE check_at IS NOT NULL;

CREATE TABLE identity_count (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL) STRICT;
INSERT INTO identity_count (one, count) SELECT 1, COUNT(*) FROM identity;
CREATE TRIGGER identity_added AFTER INSERT ON identity BEGIN UPDATE identity_count SET count = count + 1; END;
CREATE TRIGGER identity_removed AFTER DELETE ON identity BEGIN UPDATE identity_count SET count = count - 1; END;
`
