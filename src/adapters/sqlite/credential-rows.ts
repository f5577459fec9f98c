/** The `Credentials` port on rows: ids in the clear, secrets sealed (`vault.ts`). A revoked key keeps its row and loses its secret. */
import { randomBytes } from 'node:crypto'
import { type Credential, type CredentialKind, KEY_OCTETS, newAccessKey } from '../../account/credential.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import type { Credentials } from '../../ports/credentials.ts'
import { blob, number, optional, text } from './columns.ts'
import type { Vault } from './vault.ts'

const toCredential = (row: SqlRow): Credential => ({
  id: text(row, 'id'),
  kind: text(row, 'kind') as CredentialKind,
  createdAt: number(row, 'created_at'),
  revokedAt: optional(row, 'revoked_at', number),
})

export function openCredentials(database: Database, vault: Vault): Credentials {
  /** Opened for whoever asks for a key that is not there, so that his answer takes as long. */
  let decoy: { readonly id: string; readonly sealed: Buffer } | undefined

  function openDecoy(): void {
    if (decoy === undefined) {
      const { id, secret } = newAccessKey(randomBytes(KEY_OCTETS))
      decoy = { id, sealed: vault.seal(id, secret) }
    }
    vault.open(decoy.id, decoy.sealed)
  }

  return {
    async create(kind, at) {
      const made = newAccessKey(randomBytes(KEY_OCTETS))
      const sealed = vault.seal(made.id, made.secret)
      database.prepare('INSERT INTO credential (id, kind, sealed, created_at) VALUES (?, ?, ?, ?)').run(made.id, kind, sealed, at)
      return made
    },
    list: async kind =>
      database.prepare('SELECT * FROM credential WHERE kind = ? ORDER BY created_at DESC, id').all(kind).map(toCredential),
    async revoke(kind, id, at) {
      const { changes } = database
        .prepare('UPDATE credential SET sealed = NULL, revoked_at = ? WHERE id = ? AND kind = ? AND revoked_at IS NULL')
        .run(at, id, kind)
      return changes > 0
    },
    isInUse: async id => database.prepare('SELECT 1 FROM credential WHERE id = ? AND revoked_at IS NULL').get(id) !== undefined,
    async secretOf(id) {
      const row = database.prepare('SELECT kind, sealed FROM credential WHERE id = ? AND revoked_at IS NULL').get(id)
      if (row === undefined) {
        openDecoy()
        return undefined
      }
      return { secret: vault.open(id, blob(row, 'sealed')), kind: text(row, 'kind') as CredentialKind }
    },
  }
}
