/** `mailctl check`: what receivers will say of a message, before it is sent. */
import { isIP } from 'node:net'
import { MailctlError } from '../../base/errors.ts'
import { interruptible } from '../../base/interruptible.ts'
import { printable } from '../../base/redact.ts'
import { type CheckFinding, isRejected, RULE_PACKS } from '../../mail/check-rules.ts'
import { isDnsName } from '../../mail/dns-record.ts'
import { splitMessage } from '../../mail/split.ts'
import { type CheckAsk, checkMessage } from '../../operations/check-message.ts'
import { composeFromRequest } from '../../operations/compose-message.ts'
import { type CommandContext, command, type Flags } from '../command.ts'
import { composeRequest, DRAFT_OPTIONS, givenDraftFlags } from '../draft-flags.ts'
import type { Io } from '../io.ts'
import { toJson } from '../json.ts'
import { textFlag } from '../moments.ts'
import { type CheckedMessage, sarifLog } from '../sarif.ts'
import { openInput } from '../values.ts'

interface Checked extends CheckedMessage {
  readonly version: string
}

export default command<Checked>({
  path: 'check',
  arguments: '[file]',
  summary: 'Say before sending what receivers will make of a message',
  details:
    'The message is a file, - for stdin, or made of the flags of send. It is looked at as it would leave, signed and with its fields rewritten. Each ' +
    'rule comes with its source, what was found, the reply to expect and what mends it. Rules for those who send 5,000 messages a day or more to one ' +
    'provider are warnings unless --bulk is given. Nothing is sent or stored.',
  examples: [
    'mailctl check message.eml',
    "mailctl check --from orders@example.com --to ann@gmail.com --subject Hello --text 'Hello Ann'",
    'mailctl check newsletter.eml --bulk --format sarif > check.sarif',
  ],
  options: [
    ...DRAFT_OPTIONS,
    { flags: '--bulk', summary: 'judge it as mail of a bulk sender' },
    { flags: '--all', summary: 'show what passed and what does not apply too' },
    { flags: '--ip <address>', summary: 'the address it leaves from' },
    { flags: '--dnsbl <zone>', summary: 'ask this block list about the address; not in the lab', repeat: true },
    { flags: '--resolver <ip[:port]>', summary: 'DNS server to ask' },
    { flags: '--format <format>', summary: 'table, json or sarif (default: table)', choices: ['table', 'json', 'sarif'] },
  ],
  fails: ['usage', 'bad-data', 'too-large', 'no-input', 'not-found', 'forbidden', 'config', 'store-unavailable', 'interrupted'],
  results: { 0: 'no rule that leads to a rejection failed', 1: 'a receiver will refuse the message' },
  async run(context, [file], flags) {
    const ip = textFlag(flags, 'ip')
    if (ip !== undefined && isIP(ip) === 0)
      throw new MailctlError('usage', `'${ip}' is not an IP address`, { hint: 'Write --ip 192.0.2.1 or --ip 2001:db8::1.' })
    const dnsbl = (flags['dnsbl'] as readonly string[] | undefined) ?? []
    const badZone = dnsbl.find(zone => !isDnsName(zone))
    if (badZone !== undefined)
      throw new MailctlError('usage', `'${badZone}' is no zone of a block list`, { hint: 'Write --dnsbl zen.example.org.' })
    const asked = await messageOf(context, file, flags)
    context.progress('Looking at the message')
    const findings = await checkMessage(await context.app(), {
      ...asked,
      ...(ip !== undefined && { ip }),
      dnsbl,
      bulk: flags['bulk'] === true,
      signal: context.signal,
    })
    return { file: file ?? null, findings, version: context.version }
  },
  json: checkedJson,
  show(io, checked, flags) {
    if (flags['format'] === 'sarif') io.stdout.write(toJson(sarifLog(checked, checked.version), 2))
    else if (flags['format'] === 'json') io.stdout.write(toJson(checkedJson(checked), 2))
    else showFindings(io, checked, flags['all'] === true)
  },
  exit: ({ findings }) => (isRejected(findings) ? 1 : 0),
})

/** @throws MailctlError usage when there is both a file and a draft, or neither */
async function messageOf(
  { app, io, signal }: CommandContext,
  file: string | undefined,
  flags: Flags,
): Promise<Pick<CheckAsk, 'content' | 'recipients' | 'returnPath'>> {
  const drafted = givenDraftFlags(flags, [])
  if (file !== undefined) {
    if (drafted.length > 0)
      throw new MailctlError('usage', `--${drafted[0]} has no place beside a file`, { hint: 'A ready-made message is looked at as it is.' })
    return { content: await splitMessage(interruptible(await openInput(file, io), signal)) }
  }
  if (drafted.length === 0)
    throw new MailctlError('usage', 'there is no message to check', {
      hint: 'Name a file, - for stdin, or give the flags of mailctl send.',
    })
  const content = await composeFromRequest(await app(), { ...composeRequest(flags), forSending: true, deterministic: true })
  return { content, recipients: content.recipients, ...(content.returnPath !== '' && { returnPath: content.returnPath }) }
}

function checkedJson({ file, findings }: Checked): unknown {
  return {
    File: file,
    Rejected: isRejected(findings),
    Packs: RULE_PACKS.map(({ name, title, version, date }) => ({ Name: name, Title: title, Version: version, Date: date })),
    Findings: findings.map(({ rule, pack, level, status, evidence, predictedReply, fix }) => ({
      Rule: rule.id,
      Pack: pack,
      Title: rule.title,
      Level: level.toUpperCase(),
      Status: status,
      Source: rule.source,
      Evidence: evidence,
      PredictedReply: predictedReply,
      Fix: fix,
    })),
  }
}

function showFindings(io: Io, { findings }: Checked, all: boolean): void {
  const { colour } = io
  const word = ({ status, level }: CheckFinding): string => {
    if (status === 'FAILED') return level === 'rejection' ? colour.red('rejected') : colour.yellow(level.padEnd(8))
    return status === 'PASSED' ? colour.green('ok      ') : colour.dim(status.toLowerCase().padEnd(8))
  }
  const shown = findings.filter(({ status }) => all || status === 'FAILED' || status === 'UNKNOWN')
  for (const finding of shown) {
    io.line(`${word(finding)}  ${finding.rule.id}  ${finding.rule.title}`)
    if (finding.status === 'PASSED' && !all) continue
    const detail = (name: string, text: string | null): void => {
      if (text !== null && text !== '') io.line(`          ${colour.dim(name.padEnd(7))} ${printable(text)}`)
    }
    detail('found', finding.evidence)
    detail('reply', finding.predictedReply)
    detail('mend', finding.fix)
    if (finding.status === 'FAILED') detail('source', finding.rule.source)
  }
  const count = (status: CheckFinding['status']): number => findings.filter(finding => finding.status === status).length
  io.line(`${count('PASSED')} passed, ${count('FAILED')} failed, ${count('UNKNOWN')} cannot be told, ${count('SKIPPED')} do not apply`)
}
