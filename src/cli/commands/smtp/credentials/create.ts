/** `mailctl smtp credentials create`: a user name and a password for the SMTP door. */
import { createSmtpCredential } from '../../../../operations/credentials.ts'
import { showFacts } from '../../../account-text.ts'
import { command } from '../../../command.ts'

export default command<{ readonly user: string; readonly password: string }>({
  path: 'smtp credentials create',
  summary: 'Make a user name and a password for the SMTP door',
  details:
    'The password is shown now and never again. It is derived from a secret as SES derives it and is good for the region that is set; the secret is kept ' +
    'encrypted with the master key, keys/master.key or the file that MAILCTL_MASTER_KEY_FILE names.',
  examples: ['mailctl smtp credentials create', 'mailctl smtp credentials create --json > smtp.json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await createSmtpCredential(await app()),
  json: ({ user, password }) => ({ UserName: user, Password: password }),
  show(io, { user, password }) {
    showFacts(io, [
      ['User name', user],
      ['Password', password],
    ])
    io.line('The password is not shown again.')
  },
})
