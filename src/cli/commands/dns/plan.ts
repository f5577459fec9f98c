/** `mailctl dns plan`: the records an identity needs, for people or for other tools. */
import { dnsPlan, PLAN_FORMATS, type PlanFormat, renderPlan } from '../../../operations/dns-plan.ts'
import { plannedView } from '../../../operations/identity-view.ts'
import { command } from '../../command.ts'
import { noticeHostname } from '../../hostname-notice.ts'
import { textFlag } from '../../moments.ts'
import { showTable } from '../../table.ts'

type Plan = Awaited<ReturnType<typeof dnsPlan>>

export default command<Plan>({
  path: 'dns plan',
  arguments: '<domain>',
  summary: 'Print the records a domain needs',
  details:
    'SPF and DMARC of the domain are advice: where such a record stands, merge them. The formats for other tools create records and replace none.',
  examples: [
    'mailctl dns plan example.com',
    'mailctl dns plan example.com --format zone >> db.example.com',
    'mailctl dns plan example.com --format route53 > change.json',
  ],
  options: [{ flags: '--format <format>', summary: 'table (default), zone, route53, terraform or octodns', choices: PLAN_FORMATS }],
  fails: ['usage', 'bad-data', 'not-found', 'config', 'store-unavailable'],
  async run(context, [domain = '']) {
    const opened = await context.app()
    noticeHostname(context, opened.settings)
    return await dnsPlan(opened, domain)
  },
  json: ({ records }) => ({ DnsRecords: records.map(plannedView) }),
  async show(io, { identity, records }, flags) {
    const format = (textFlag(flags, 'format') ?? 'table') as PlanFormat
    if (format !== 'table') return io.stdout.write(renderPlan(records, format, identity.name))
    const rows = records.map(({ purpose, type, name, value }) => [purpose, type, name, value])
    await showTable(io, { head: ['Purpose', 'Type', 'Name', 'Value'], rows })
  },
})
