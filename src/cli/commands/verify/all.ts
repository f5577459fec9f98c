/** `mailctl verify all`: looks at every domain again; addresses are shown as they stand. */
import { checkedView, type IdentityView, identityView } from '../../../operations/identity-view.ts'
import { type DomainCheck, isSettled, verifyAll } from '../../../operations/verify-identity.ts'
import { command } from '../../command.ts'
import { nameText, statusCell } from '../../identity-text.ts'
import { RESOLVER_FLAG } from '../../publish-flags.ts'
import { showTable } from '../../table.ts'

interface Shown {
  readonly check: DomainCheck
  readonly view: IdentityView
}

/** Required records that were not found, for one cell. */
const missing = ({ records }: DomainCheck): string =>
  records
    .filter(({ planned, comparison }) => planned.required && comparison.status !== 'FOUND')
    .map(({ planned, comparison }) => `${planned.name}: ${comparison.status}`)
    .join(', ')

export default command<readonly Shown[]>({
  path: 'verify all',
  summary: 'Look at the records of every identity again',
  examples: ['mailctl verify all', 'mailctl verify all --json'],
  options: [RESOLVER_FLAG],
  fails: ['usage', 'unreachable', 'forbidden', 'conflict', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'every identity is verified', 1: 'some are not' },
  async run({ app, config, signal, progress, notice }) {
    const opened = await app()
    progress('Looking at the records of every identity')
    const checks = await verifyAll(opened, { resolver: config.resolver, limit: signal })
    for (const text of new Set(checks.flatMap(({ notices }) => notices))) notice(text)
    return checks.map(check => ({ check, view: identityView(check.identity, opened) }))
  },
  json: shown => ({ EmailIdentities: shown.map(({ check, view }) => ({ ...view, DnsRecords: check.records.map(checkedView) })) }),
  async show(io, shown) {
    if (shown.length === 0) return io.line('No identities. Create one: mailctl verify domain example.com')
    const rows = shown.map(({ check }) => [nameText(check.identity.name), statusCell(check.identity.verification.status), missing(check)])
    await showTable(io, { head: ['Identity', 'Verification', 'Not found'], rows })
  },
  exit: shown => (shown.every(({ check }) => isSettled(check.identity)) ? 0 : 1),
})
