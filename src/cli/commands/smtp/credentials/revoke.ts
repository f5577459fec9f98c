/** `mailctl smtp credentials revoke`: an SMTP user that may not log in any more. */
import { revokeCredential } from '../../../../operations/credentials.ts'
import { command } from '../../../command.ts'

export default command<string>({
  path: 'smtp credentials revoke',
  arguments: '<user-name>',
  summary: 'Lock out a user of the SMTP door, at once and for good',
  details:
    'Logins are refused from now on; a client that has logged in already is refused with its next message. Messages that were accepted are delivered.',
  examples: ['mailctl smtp credentials revoke AKIAEXAMPLEEXAMPLE22'],
  fails: ['not-found', 'config', 'store-unavailable'],
  run: async ({ app }, [user = '']) => await revokeCredential(await app(), 'smtp', user),
  json: user => ({ UserName: user, Status: 'REVOKED' }),
  show: (io, user) => io.line(`Revoked ${user}`),
})
