/** `mailctl reports`: mail that came back to return paths, as far as it was kept. */
import { readReports } from '../../operations/read-reports.ts'
import type { KeptReport } from '../../ports/reports.ts'
import { command } from '../command.ts'
import { isoTime, LIMIT, limitFlag, showTime } from '../moments.ts'
import { showTable } from '../table.ts'

export default command<readonly KeptReport[]>({
  path: 'reports',
  arguments: '[message-id]',
  summary: 'List reports that came back by mail',
  details: 'Of a message all of them, in the order in which they came; without a message id those that changed nothing, the latest first.',
  examples: ['mailctl reports', 'mailctl reports 0100019cf0000000-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee-000000 --json'],
  options: [LIMIT],
  fails: ['usage', 'config', 'store-unavailable'],
  run: async ({ app }, [messageId], flags) => await readReports(await app(), { messageId, limit: limitFlag(flags) }),
  json: reports => ({
    Reports: reports.map(report => ({
      Id: String(report.id),
      Verdict: report.verdict,
      Kind: report.kind,
      ReceivedTimestamp: isoTime(report.receivedAt),
      EnvelopeFrom: report.envelopeFrom,
      EnvelopeTo: report.envelopeTo,
      RemoteIp: report.peer,
      MessageId: report.messageId,
      Size: report.sizeBytes,
      Recipients: report.recipients.map(({ address, verdict }) => ({ EmailAddress: address, Verdict: verdict })),
      PassedOnMessageIds: report.passedOn,
    })),
  }),
  async show(io, reports) {
    if (reports.length === 0) return io.line('There are none.')
    const rows = reports.map(({ receivedAt, verdict, kind, peer, envelopeTo, recipients }) => [
      showTime(receivedAt),
      verdict,
      kind ?? '',
      peer,
      envelopeTo,
      recipients.map(({ address }) => address).join(', '),
    ])
    await showTable(io, { head: ['Received', 'Verdict', 'Kind', 'From', 'To', 'About'], rows })
  },
})
