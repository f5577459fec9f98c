/** `mailctl keys revoke`: an access key that is not to be used any more. */
import { revokeCredential } from '../../../operations/credentials.ts'
import { command } from '../../command.ts'

export default command<string>({
  path: 'keys revoke',
  arguments: '<access-key-id>',
  summary: 'Make an access key unusable, at once and for good',
  details: 'Requests that are signed with it are refused from now on. Its secret is removed.',
  examples: ['mailctl keys revoke AKIAEXAMPLEEXAMPLE22'],
  fails: ['not-found', 'config', 'store-unavailable'],
  run: async ({ app }, [id = '']) => await revokeCredential(await app(), 'api', id),
  json: id => ({ AccessKeyId: id, Status: 'REVOKED' }),
  show: (io, id) => io.line(`Revoked ${id}`),
})
