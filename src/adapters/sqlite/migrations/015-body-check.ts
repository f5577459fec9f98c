/** What a body is read back against: four octets are its CRC-32; the 32 of rows that are older than this are its SHA-256. */
export const sql = `
ALTER TABLE content RENAME COLUMN body_sha256 TO body_check;
`
