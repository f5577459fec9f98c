/** Access keys and SMTP users in lists, for people and for `--json`. */
import type { Credential } from '../account/credential.ts'
import type { Io } from './io.ts'
import { isoTime, showTime } from './moments.ts'
import { showTable } from './table.ts'

export const credentialJson = ({ createdAt, revokedAt }: Credential) => ({
  Status: revokedAt === null ? 'ACTIVE' : 'REVOKED',
  CreatedTimestamp: isoTime(createdAt),
  ...(revokedAt !== null && { RevokedTimestamp: isoTime(revokedAt) }),
})

export async function showCredentials(io: Io, name: string, credentials: readonly Credential[]): Promise<void> {
  if (credentials.length === 0) return io.line('There are none.')
  const rows = credentials.map(({ id, createdAt, revokedAt }) => [id, showTime(createdAt), revokedAt === null ? '' : showTime(revokedAt)])
  await showTable(io, { whole: true, head: [name, 'Made', 'Revoked'], rows })
}
