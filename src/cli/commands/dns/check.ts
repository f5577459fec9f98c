/** `mailctl dns check`: what stands in DNS against what is planned; changes no state. */
import { checkedView } from '../../../operations/identity-view.ts'
import { checkDns, type DomainCheck } from '../../../operations/verify-identity.ts'
import { command } from '../../command.ts'
import { showChecked } from '../../identity-text.ts'
import { RESOLVER_FLAG } from '../../publish-flags.ts'

export default command<DomainCheck>({
  path: 'dns check',
  arguments: '<domain>',
  summary: 'Compare the records in DNS with the plan',
  details: 'As verify domain does, but the state of the identity stays as it is.',
  examples: ['mailctl dns check example.com', 'mailctl dns check example.com --resolver 127.0.0.1:5353 --json'],
  options: [RESOLVER_FLAG],
  fails: ['usage', 'bad-data', 'not-found', 'unreachable', 'forbidden', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'every required record was found', 1: 'some were not' },
  async run({ app, config, signal, progress, notice }, [name = '']) {
    const opened = await app()
    progress(`Looking at the records of ${name}`)
    const check = await checkDns(opened, { name, resolver: config.resolver, limit: signal })
    for (const text of check.notices) notice(text)
    return check
  },
  json: ({ records }) => ({ DnsRecords: records.map(checkedView) }),
  show: async (io, { records }) => await showChecked(io, records),
  exit: ({ records }) => (records.every(({ planned, comparison }) => !planned.required || comparison.status === 'FOUND') ? 0 : 1),
})
