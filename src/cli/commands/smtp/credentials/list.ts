/** `mailctl smtp credentials list`: SMTP users without their passwords. */
import type { Credential } from '../../../../account/credential.ts'
import { listCredentials } from '../../../../operations/credentials.ts'
import { command } from '../../../command.ts'
import { credentialJson, showCredentials } from '../../../credentials.ts'

export default command<readonly Credential[]>({
  path: 'smtp credentials list',
  summary: 'List the users of the SMTP door',
  details:
    'The newest first. Revoked ones stay in the list, without their secrets. An access key of the API, which is a user here too, is in keys list.',
  examples: ['mailctl smtp credentials list', 'mailctl smtp credentials list --json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await listCredentials(await app(), 'smtp'),
  json: users => ({ SmtpCredentials: users.map(user => ({ UserName: user.id, ...credentialJson(user) })) }),
  show: (io, users) => showCredentials(io, 'User name', users),
})
