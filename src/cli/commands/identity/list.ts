/** `mailctl identity list`: ListEmailIdentities. */
import type { Identity } from '../../../account/identity.ts'
import { type IdentityRow, identityRow } from '../../../operations/identity-view.ts'
import { listIdentities } from '../../../operations/read-identity.ts'
import { command } from '../../command.ts'
import { nameText, statusCell } from '../../identity-text.ts'
import { showTable } from '../../table.ts'

interface Shown {
  readonly identity: Identity
  readonly row: IdentityRow
}

export default command<readonly Shown[]>({
  path: 'identity list',
  summary: 'List domains and addresses',
  examples: ['mailctl identity list', 'mailctl identity list --json'],
  fails: ['config', 'store-unavailable'],
  async run({ app }) {
    const opened = await app()
    return (await listIdentities(opened)).map(identity => ({ identity, row: identityRow(identity, opened) }))
  },
  json: shown => ({ EmailIdentities: shown.map(({ row }) => row) }),
  async show(io, shown) {
    if (shown.length === 0) return io.line('No identities. Create one: mailctl verify domain example.com')
    const rows = shown.map(({ identity, row }) => [
      nameText(identity.name),
      row.IdentityType,
      statusCell(row.VerificationStatus),
      row.SendingEnabled ? 'yes' : 'no',
    ])
    await showTable(io, { head: ['Identity', 'Type', 'Verification', 'May send'], rows })
  },
})
