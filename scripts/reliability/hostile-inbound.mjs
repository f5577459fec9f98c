// Sessions for the inbound door: reports that nobody made for our mail, reports that are broken in every part, and sound ones.
import { randomOf } from './random.mjs'
import { bounceOf, complaintOf } from './report-mail.mjs'
import { hostileSession, playSmtp } from './smtp-attack.mjs'

const TAKEN = /^250 2\.6\.0 Report taken\r$/gm
/** What the door says when the fault is its own. */
const FAULT = /^451 4\.3\.0 Local error[^\r]*\r$/m
const RUNS = [
  ' ',
  '\t',
  '(',
  '"',
  '\\',
  '=?',
  '=?utf-8?b?YQ==?= ',
  ',',
  '<a@',
  'a@b.cc ',
  "'",
  '=',
  '=20',
  '--b\r\n',
  '&',
  'a',
  ';',
  '\r\n ',
  '\r\n',
]
const CHARSETS = ['utf-8', 'utf-7', 'utf-16', 'iso-2022-jp', 'x-none', '', '\0', "'", 'a'.repeat(900), 'shift_jis']
const ENCODINGS = ['7bit', 'base64', 'quoted-printable', 'uuencode', 'x', 'BASE64 ', '']
const TYPES = [
  'text/plain',
  'text/html',
  'message/delivery-status',
  'message/feedback-report',
  'message/rfc822',
  'text/rfc822-headers',
  'multipart/mixed; boundary=b',
  'multipart/report; boundary=b; report-type=delivery-status',
  'application/octet-stream',
  '',
]

/** Of a report, nearly: more than the door reads of one. */
const MOST_OCTETS = 1_500_000

const longRun = random => {
  const piece = random.pick(RUNS)
  return piece.repeat(random.between(1, random.pick([50, 2_000, 200_000])) / piece.length + 1)
}

/** One part of a report, or anything. */
function anyPart(random, about) {
  const type = random.happens(0.2) ? longRun(random) : random.pick(TYPES)
  const status = () =>
    [
      `Final-Recipient: rfc822; ${random.pick([about.address, 'nobody@example.com', longRun(random)])}`,
      `Action: ${random.pick(['failed', 'delayed', 'relayed', `failed${longRun(random)}(x`])}`,
      `Status: ${random.pick(['5.1.1', '4.2.2', '9.9.9', '', longRun(random)])}`,
      `Diagnostic-Code: smtp; ${random.pick(['550 5.1.1 unknown', longRun(random)])}`,
      '',
    ].join('\r\n')
  const content = random.pick([
    () => status().repeat(random.between(1, random.pick([1, 5, 600]))),
    () => `Feedback-Type: abuse\r\nOriginal-Rcpt-To: ${about.address}\r\n`.repeat(random.between(1, 30)),
    () => longRun(random),
    () => `<${about.address}>: ${longRun(random)}\r\n550 5.1.1 unknown`,
    () =>
      random
        .octets(random.between(0, 3_000))
        .toString('latin1')
        .replace(/[\r\n]/g, ' '),
  ])()
  const fields = [
    `Content-Type: ${type}; charset="${random.pick(CHARSETS)}"`,
    `Content-Transfer-Encoding: ${random.pick(ENCODINGS)}`,
    ...(random.happens(0.2) ? [`X: ${longRun(random)}`] : []),
  ]
  return `--b\r\n${fields.join('\r\n')}\r\n\r\n${content.slice(0, 400_000)}\r\n`
}

function hostileReport(random, about, host) {
  const fields = [
    'From: MAILER-DAEMON@mx.readers.example',
    `To: <${about.id}@${host}>`,
    `Subject: ${random.pick(['Undelivered mail', longRun(random)])}`,
    `Content-Type: ${random.pick(['multipart/report; boundary=b', 'multipart/mixed; boundary="b"', longRun(random)])}`,
  ]
  if (random.happens(0.2)) fields.push(...Array(random.between(1, 20_000)).fill('X-Many: 1'))
  if (random.happens(0.2)) fields.push(...Array(random.between(1, 200)).fill('Received: from a by b'))
  const deep = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n'.repeat(random.happens(0.2) ? random.between(1, 5_000) : 0)
  let parts = ''
  for (let left = random.between(0, random.pick([3, 30, 300])); left > 0 && parts.length < MOST_OCTETS; left -= 1)
    parts += random.happens(0.1) ? longRun(random) : anyPart(random, about)
  return `${fields.join('\r\n')}\r\n\r\n${deep}${parts}--b--\r\n`
}

/** A sound one with something wrong in it. */
function spoiltReport(random, about, host) {
  const text = random.pick([bounceOf, complaintOf])(about, host).toString('latin1')
  const at = random.between(0, text.length)
  return text.slice(0, at) + random.pick([longRun, () => '', () => '\0', () => '\r\n\r\n'])(random) + text.slice(at + random.between(0, 30))
}

/** An address that gives no authority, whatever it looks like. */
const foreignAddress = (random, { id }, host) =>
  random.pick([
    `${id.replace(/[0-9a-f]/, digit => (digit === '0' ? '1' : '0'))}@${host}`,
    `${id.toUpperCase().replace(/A|1/, 'B')}x@${host}`,
    'ann@example.com',
    'postmaster',
    `bounces@shop.example`,
    `"${id}"@evil.example`,
    `@a,@b:${'a'.repeat(64)}@${host}`,
    `${'0'.repeat(16)}-${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}-000000@${host}`,
  ])

function hostileOctets(random, { kind, about, host }) {
  const to = Array.from({ length: random.between(1, random.pick([1, 1, 5, 120])) }, () => foreignAddress(random, about, host))
  if (kind === 'known') to.splice(random.between(0, to.length), 0, `${about.id}@${host}`)
  const from = random.pick([
    '',
    '',
    'mailer-daemon@mx.readers.example',
    `${'a'.repeat(64)}@b.example`,
    '@a:b@c.example',
    'é@x.example',
    '\x1b[2J@x.example',
  ])
  const report = (random.happens(0.3) ? spoiltReport : hostileReport)(random, about, host).replace(/\r\n\./g, '\r\n..')
  return Buffer.from(
    `EHLO mx.readers.example\r\nMAIL FROM:<${from}>\r\n${to.map(address => `RCPT TO:<${address}>\r\n`).join('')}DATA\r\n${report}\r\n.\r\n`,
    'latin1',
  )
}

const validOctets = (random, about, host) => {
  const report = random.pick([bounceOf, complaintOf])(about, host).toString('latin1')
  return Buffer.from(`EHLO mx.readers.example\r\nMAIL FROM:<>\r\nRCPT TO:<${about.id}@${host}>\r\nDATA\r\n${report}.\r\nQUIT\r\n`, 'latin1')
}

/**
 * @param kind whose session it is: `known` has a right return path and what it brings is broken; `stranger` has none
 * @returns what became of it
 */
export async function playInboundSession({ seed, kind, localAddress }, { ports, host, mail }) {
  const random = randomOf(seed)
  const about = kind === 'valid' ? mail.valid.get(seed) : random.pick(kind === 'known' ? mail.known : mail.untouched)
  const plain = { tls: 'never', waits: true, injected: false, piece: random.pick([Infinity, Infinity, 1460, 100]) }
  const session =
    kind === 'valid'
      ? { ...plain, octets: validOctets(random, about, host), end: 'end' }
      : kind === 'stranger' && random.happens(0.3)
        ? hostileSession(seed)
        : { ...plain, octets: hostileOctets(random, { kind, about, host }), end: random.pick(['end', 'end', 'end', 'quit', 'reset']) }
  const said = await playSmtp(session, { port: ports.mx, seed, localAddress })
  return { accepted: [...said.matchAll(TAKEN)].map(([line]) => line), fault: FAULT.exec(said)?.[0], isCut: kind !== 'valid' }
}
