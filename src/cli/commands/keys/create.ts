/** `mailctl keys create`: an access key, for signing requests to the API. */
import { createAccessKey } from '../../../operations/credentials.ts'
import { showFacts } from '../../account-text.ts'
import { command } from '../../command.ts'

export default command<{ readonly id: string; readonly secret: string }>({
  path: 'keys create',
  summary: 'Make an access key for the API',
  details:
    'The secret is shown now and never again: it is kept encrypted with the master key, keys/master.key or the file that MAILCTL_MASTER_KEY_FILE names. ' +
    'Applications take both as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  examples: ['mailctl keys create', 'mailctl keys create --json > key.json'],
  fails: ['config', 'store-unavailable'],
  run: async ({ app }) => await createAccessKey(await app()),
  json: ({ id, secret }) => ({ AccessKeyId: id, SecretAccessKey: secret }),
  show(io, { id, secret }) {
    showFacts(io, [
      ['Access key id', id],
      ['Secret access key', secret],
    ])
    io.line('The secret is not shown again.')
  },
})
