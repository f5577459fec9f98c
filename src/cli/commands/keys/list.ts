/** `mailctl keys list`: access keys without their secrets. */
import type { Credential } from '../../../account/credential.ts'
import { listCredentials } from '../../../operations/credentials.ts'
import { command } from '../../command.ts'
import { credentialJson, showCredentials } from '../../credentials.ts'

export default command<readonly Credential[]>({
  path: 'keys list',
  summary: 'List the access keys for the API',
  details: 'The newest first. Revoked ones stay in the list, without their secrets.',
  examples: ['mailctl keys list', 'mailctl keys list --json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await listCredentials(await app(), 'api'),
  json: keys => ({ AccessKeys: keys.map(key => ({ AccessKeyId: key.id, ...credentialJson(key) })) }),
  show: (io, keys) => showCredentials(io, 'Access key id', keys),
})
