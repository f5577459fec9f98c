/** `mailctl identity show`: GetEmailIdentity, with the records it needs; asks no DNS server. */
import type { PlannedRecord } from '../../../account/dns-plan.ts'
import type { Identity } from '../../../account/identity.ts'
import { planFor } from '../../../operations/dns-plan.ts'
import { type IdentityView, identityView, plannedView } from '../../../operations/identity-view.ts'
import { readIdentity } from '../../../operations/read-identity.ts'
import { command } from '../../command.ts'
import { showIdentity } from '../../identity-text.ts'

interface Shown {
  readonly identity: Identity
  readonly view: IdentityView
  readonly records: readonly PlannedRecord[]
}

export default command<Shown>({
  path: 'identity show',
  arguments: '<identity>',
  summary: 'Show a domain or an address',
  examples: ['mailctl identity show example.com', 'mailctl identity show ann@example.com --json'],
  fails: ['bad-data', 'not-found', 'config', 'store-unavailable'],
  async run({ app }, [name = '']) {
    const opened = await app()
    const identity = await readIdentity(opened, name)
    return { identity, view: identityView(identity, opened), records: await planFor(opened, identity) }
  },
  json: ({ view, records }) => ({ ...view, DnsRecords: records.map(plannedView) }),
  show: (io, { identity }) => showIdentity(io, identity),
})
