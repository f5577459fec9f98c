/** `mailctl doctor`: whether this machine can send mail, thing by thing. */
import { isIP } from 'node:net'
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { isDnsName } from '../../mail/dns-record.ts'
import { DEFAULT_DOMAIN, diagnose } from '../../operations/diagnose.ts'
import type { Diagnosis } from '../../operations/diagnosis.ts'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { textFlag } from '../moments.ts'
import { openedOrWhyNot } from '../opened-or-why-not.ts'

const NTP_PORT = 123

export default command<readonly Diagnosis[]>({
  path: 'doctor',
  summary: 'Look whether this machine can send mail',
  details:
    'The home and its files, the disk, the store, keys and certificate, the clock, the resolver, the host name and its address, and the relay or port 25 ' +
    'of a mail host: a session that ends where the first message would begin. What cannot be told is said to be so. In the lab nothing leaves the ' +
    'machine; MAILCTL_NETWORK=live mailctl doctor looks at the real network before the account goes there. Nothing is sent or changed.',
  examples: ['mailctl doctor', 'MAILCTL_NETWORK=live mailctl doctor --domain example.com', 'mailctl doctor --ntp pool.ntp.org --full'],
  options: [
    { flags: '--domain <domain>', summary: `whose mail hosts are asked (default: ${DEFAULT_DOMAIN})` },
    { flags: '--ntp <host[:port]>', summary: 'compare the clock with this time server' },
    { flags: '--full', summary: 'read every page of a large account.db' },
  ],
  fails: ['usage', 'config', 'interrupted'],
  results: { 0: 'nothing keeps mail from going out', 1: 'something does' },
  async run({ app, machine, config, progress, signal }, _, flags) {
    const domain = textFlag(flags, 'domain')
    if (domain !== undefined && !isDnsName(domain))
      throw new MailctlError('usage', `'${domain}' is no domain`, { hint: 'Write --domain example.com.' })
    const ntp = textFlag(flags, 'ntp')
    const server = ntp === undefined ? undefined : serverOf(ntp)
    progress('Looking around')
    return await diagnose({
      home: config.home,
      machine: await machine(),
      app: await openedOrWhyNot(app),
      ...(domain !== undefined && { domain }),
      ...(server && { ntp: server }),
      full: flags['full'] === true,
      signal,
    })
  },
  json: findings => ({
    Healthy: isHealthy(findings),
    Checks: findings.map(({ check, status, evidence, fix }) => ({ Check: check, Status: status, Evidence: evidence, Fix: fix })),
  }),
  show: showFindings,
  exit: findings => (isHealthy(findings) ? 0 : 1),
})

const isHealthy = (findings: readonly Diagnosis[]): boolean => findings.every(({ status }) => status !== 'FAIL')

/** @throws MailctlError usage */
function serverOf(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = String(NTP_PORT)] = /^\[?([^\]]*?)\]?(?::(\d{1,5}))?$/.exec(text) ?? []
  if ((isIP(host) !== 0 || isDnsName(host)) && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) }
  throw new MailctlError('usage', `'${text}' is no time server`, { hint: 'Write --ntp pool.ntp.org or --ntp 192.0.2.1:123.' })
}

const WORDS = { PASS: 'ok', WARN: 'warning', FAIL: 'failed', UNKNOWN: 'cannot tell' } as const

function showFindings(io: Io, findings: readonly Diagnosis[]): void {
  const { colour } = io
  const paint = { PASS: colour.green, WARN: colour.yellow, FAIL: colour.red, UNKNOWN: colour.dim }
  for (const { check, status, evidence, fix } of findings) {
    io.line(`${paint[status](WORDS[status].padEnd(11))}  ${check.toLowerCase().padEnd(11)}  ${printable(evidence)}`)
    if (fix !== null) io.line(`${' '.repeat(26)}${colour.dim(printable(fix))}`)
  }
  const count = (status: Diagnosis['status']): number => findings.filter(finding => finding.status === status).length
  io.line()
  io.line(`${count('PASS')} ok, ${count('WARN')} warnings, ${count('FAIL')} failed, ${count('UNKNOWN')} cannot be told`)
}
