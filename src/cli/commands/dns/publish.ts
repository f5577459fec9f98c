/** `mailctl dns publish`: writes a domain's records, and leaves what is not ours. */
import { plannedView } from '../../../operations/identity-view.ts'
import { type Published, parsePublishTarget, publishDns } from '../../../operations/publish-dns.ts'
import { command } from '../../command.ts'
import { noticeHostname } from '../../hostname-notice.ts'
import { statusCell } from '../../identity-text.ts'
import { PUBLISH_FLAGS, publishTarget } from '../../publish-flags.ts'
import { showTable } from '../../table.ts'

interface Shown extends Published {
  readonly dryRun: boolean
}

export default command<Shown>({
  path: 'dns publish',
  arguments: '<domain>',
  summary: 'Write the records a domain needs into DNS',
  details:
    'To the lab (the default), or by RFC 2136 with TSIG. Only our own records are written; where other data stands, it is kept and a merged ' +
    'value suggested.',
  examples: [
    'mailctl dns publish example.com --publish rfc2136://ns1.example.com --tsig-file mailctl.key',
    'mailctl dns publish example.com --publish lab --dry-run',
  ],
  options: [...PUBLISH_FLAGS, { flags: '-n, --dry-run', summary: 'look, decide, write nothing' }],
  fails: ['usage', 'bad-data', 'no-input', 'not-found', 'unreachable', 'forbidden', 'conflict', 'config', 'store-unavailable'],
  results: { 0: 'every record stands', 1: 'some were refused because other data stands there' },
  async run({ app, progress, notice }, [name = ''], flags) {
    const target = (await publishTarget(flags)) ?? parsePublishTarget('lab', undefined)
    const dryRun = flags['dryRun'] === true
    const opened = await app()
    noticeHostname({ notice }, opened.settings)
    progress(`Publishing the records of ${name}`)
    return { ...(await publishDns(opened, { name, target, dryRun })), dryRun }
  },
  json: ({ target, results, dryRun }) => ({
    Target: target,
    DryRun: dryRun,
    DnsRecords: results.map(({ record, action, detail }) => ({ ...plannedView(record), Action: action, Detail: detail ?? '' })),
  }),
  async show(io, { target, results, dryRun }) {
    io.line(dryRun ? `Would publish to ${target}:` : `Published to ${target}:`)
    const rows = results.map(({ record, action, detail }) => [record.purpose, record.type, record.name, statusCell(action), detail ?? ''])
    await showTable(io, { head: ['Purpose', 'Type', 'Name', 'Action', 'Detail'], rows })
  },
  exit: ({ results }) => (results.some(({ action }) => action === 'REFUSED') ? 1 : 0),
})
