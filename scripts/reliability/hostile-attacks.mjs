// Attacks that are always the same: slow talkers, crowds that say nothing, header fields without end, parts and brackets as deep as they go, what
// is small until it is unpacked. Each must be bounded, and hear a clear answer. Each gives the answer as a few words, and what was not held.
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { createGzip, gzipSync } from 'node:zlib'
import { signed } from './sigv4.mjs'

const MiB = 2 ** 20
/** A slow talker says an octet a second. */
const SLOW_MS = 1_000
/** Ten seconds, and what the doors take to look. */
const SLOW_WITHIN_MS = 15_000
const SLOW_CLIENTS = 40
/** After ten seconds without a message a client gives way to the next. */
const SHARE_MS = 11_000
/** An answer to something large, on a machine that has other work too. */
const ANSWER_WITHIN_MS = 20_000
/** Connections that are being opened at once: the system's own queue of new ones is not what is attacked. */
const OPENING = 200
/** What one attack may add to the memory that is held. */
const MOST_MEMORY = 192 * MiB
const HOST = '127.0.0.1'

/** A connection and all that it hears. */
function dial(port, localAddress) {
  const socket = connect({ host: HOST, port, noDelay: true, ...(localAddress && { localAddress }) })
  const line = { socket, said: '', openedAt: performance.now(), closedAt: undefined, error: undefined }
  attend(line, socket)
  line.opened = new Promise(done => socket.once('connect', done).once('close', done))
  line.closed = new Promise(done => {
    line.over = done
  })
  return line
}

function attend(line, socket) {
  socket.on('data', chunk => {
    line.said = (line.said + chunk.toString('latin1')).slice(-20_000)
  })
  socket.on('error', error => {
    line.error = error.code
  })
  socket.on('close', () => {
    line.closedAt ??= performance.now()
    line.over?.()
  })
}

/** @returns whether it happened in time */
async function within(ms, condition) {
  for (const until = performance.now() + ms; performance.now() < until; ) {
    if (condition()) return true
    await pause(20)
  }
  return condition()
}

const lastLine = ({ said }) => said.trimEnd().split('\r\n').at(-1) ?? ''
const statusLine = ({ said }) => said.split('\r\n')[0] ?? ''

/** @param begin octets in one piece, then `drip` octet by octet, again and again */
async function slowLoris(port, { begin, drip, answer }) {
  const lines = Array.from({ length: SLOW_CLIENTS }, (_, index) => dial(port, `127.3.0.${index + 1}`))
  await Promise.all(lines.map(({ opened }) => opened))
  for (const { socket } of lines) socket.write(begin)
  let at = 0
  const slow = setInterval(() => {
    for (const { socket } of lines) if (socket.writable) socket.write(drip[at % drip.length])
    at += 1
  }, SLOW_MS)
  const isOver = await within(SLOW_WITHIN_MS, () => lines.every(({ closedAt }) => closedAt !== undefined))
  clearInterval(slow)
  const seconds = Math.max(...lines.map(({ openedAt, closedAt }) => ((closedAt ?? performance.now()) - openedAt) / 1_000))
  for (const { socket } of lines) socket.destroy()
  const told = lines.filter(({ said }) => answer.test(said)).length
  const last = lastLine(lines[0])
  return {
    answer: `${SLOW_CLIENTS} clients, each cut within ${seconds.toFixed(0)} s: \`${last.startsWith('HTTP') || !lines[0].said.startsWith('HTTP') ? last : statusLine(lines[0])}\``,
    violations: [
      ...(isOver ? [] : ['some were not cut']),
      ...(told === lines.length
        ? []
        : [`${lines.length - told} heard no clear answer, but '${lastLine(lines.find(({ said }) => !answer.test(said)))}'`]),
    ],
  }
}

/** As many slow talkers as the door lets in, who do nothing that it would send them away for: the next one takes the place of the oldest. */
async function slowCrowd(port, { kept, drip, serves }) {
  const lines = Array.from({ length: kept }, (_, index) => dial(port, `127.3.1.${index + 1}`))
  await Promise.all(lines.map(({ opened }) => opened))
  let at = 0
  const slow = setInterval(() => {
    for (const { socket } of lines) if (socket.writable) socket.write(drip[at % drip.length])
    at += 1
  }, SLOW_MS)
  await pause(SHARE_MS)
  const isServed = await serves()
  clearInterval(slow)
  const gone = lines.filter(({ closedAt }) => closedAt !== undefined)
  for (const { socket } of lines) socket.destroy()
  return {
    answer: `${kept} clients; after ${SHARE_MS / 1_000} s another is served, and the oldest hears \`${gone[0] === undefined ? '' : lastLine(gone[0])}\``,
    violations: [
      ...(isServed ? [] : ['nobody else is served']),
      ...(gone[0] === undefined || !lastLine(gone[0]).startsWith('421 ') ? ['nobody gave way in words'] : []),
    ],
  }
}

/**
 * Opens as many connections as asked and says nothing on any.
 * @param {{ count: number, kept: number, refusal: RegExp, greeting: RegExp, leaveWithinMs: number, serves: () => Promise<boolean> }} asked `kept`: how many
 *   the door may keep open; `leaveWithinMs`: by then it has sent them away; 0: it keeps them, until somebody else comes
 */
async function idleCrowd(port, { count, kept, refusal, greeting, leaveWithinMs, serves }) {
  const lines = []
  while (lines.length < count) {
    const next = Array.from({ length: Math.min(OPENING, count - lines.length) }, (_, index) =>
      dial(port, `127.4.${Math.floor(lines.length / OPENING) % 250}.${index + 1}`),
    )
    await Promise.all(next.map(({ opened }) => opened))
    lines.push(...next)
  }
  await within(5_000, () => lines.filter(({ closedAt }) => closedAt === undefined).length <= kept)
  const open = lines.filter(({ closedAt }) => closedAt === undefined)
  const refused = lines.filter(({ said }) => refusal.test(said))
  const greeted = lines.filter(({ said }) => greeting.test(said))
  const silent = lines.filter(({ said, closedAt }) => said === '' && closedAt !== undefined)
  const violations = open.length > kept ? [`${open.length} stay open, not ${kept}`] : []
  if (silent.length > 0) violations.push(`${silent.length} heard nothing (${silent[0].error ?? 'closed'})`)
  if (refused.length < count - kept) violations.push(`${refused.length} were refused in words, not ${count - kept}`)
  if (leaveWithinMs > 0 && !(await within(leaveWithinMs, () => lines.every(({ closedAt }) => closedAt !== undefined))))
    violations.push('some stayed for ever')
  if (leaveWithinMs === 0) await pause(SHARE_MS)
  if (!(await serves())) violations.push('nobody is served after it')
  for (const { socket } of lines) socket.destroy()
  const answer = `${count} connections: ${open.length} stay${greeted.length > 0 ? ' and are greeted' : ''}, the others hear \`${refused[0] === undefined ? '' : statusLine(refused[0])}\`${leaveWithinMs > 0 ? '; all are gone when their time is over' : ', then the oldest give way'}`
  return { answer, violations }
}

/** Writes until the other side has enough or `most` octets are written. */
async function flood(line, octets, most) {
  let written = 0
  while (written < most && line.socket.writable) {
    written += octets.length
    if (!line.socket.write(octets)) await Promise.race([line.closed, new Promise(done => line.socket.once('drain', done))])
  }
  return written
}

/** One HTTP request. @returns its status line, and how long that took */
async function request(port, octets) {
  const line = dial(port)
  await line.opened
  const startedAt = performance.now()
  await flood(line, octets, 1)
  await within(ANSWER_WITHIN_MS, () => line.said.includes('\r\n\r\n') || line.closedAt !== undefined)
  await pause(50)
  line.socket.destroy()
  const [head, body = ''] = line.said.split('\r\n\r\n')
  const type = /x-amzn-errortype: (\S+)/.exec(head)?.[1] ?? /<Code>([^<]+)/.exec(body)?.[1]
  return {
    status: statusLine(line),
    shown: `\`${statusLine(line)}\`${type === undefined ? '' : ` ${type}`}`,
    ms: performance.now() - startedAt,
  }
}

const post = (path, body, keys, fields = []) => {
  const head = [
    `POST ${path} HTTP/1.1`,
    ...[...signed({ method: 'POST', path, body, host: HOST, key: keys.known }), ...fields].map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${body.length}`,
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), body])
}

async function refusedRequest(port, octets, wanted) {
  const { status, shown, ms } = await request(port, octets)
  return { answer: `${shown} after ${(ms / 1_000).toFixed(1)} s`, violations: wanted.test(status) ? [] : [`answered '${status}'`] }
}

/** A gigabyte of nothing in a megabyte. */
async function bombOf(megabytes) {
  const packer = createGzip({ level: 9 })
  const packed = []
  packer.on('data', chunk => packed.push(chunk))
  const block = Buffer.alloc(MiB, 'x')
  for (let i = 0; i < megabytes; i += 1) if (!packer.write(block)) await new Promise(done => packer.once('drain', done))
  await new Promise(done => packer.once('end', done).end())
  return Buffer.concat(packed)
}

const SEND = '/v2/email/outbound-emails'

function httpAttacks({ ports: { http }, keys }, idle) {
  const serves = async () => (await request(http, Buffer.from(`GET /readyz HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`))).status.includes(' 200 ')
  const slow = { begin: `GET /readyz HTTP/1.1\r\nHost: ${HOST}\r\n`, drip: 'X-Slow: 1\r\n', answer: /^HTTP\/1\.1 408 / }
  const body = depth => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`)
  return [
    ['slow header fields', () => slowLoris(http, slow)],
    [
      'idle connections',
      () =>
        idleCrowd(http, {
          count: idle,
          kept: 1_000,
          refusal: /^HTTP\/1\.1 503 /,
          greeting: /^220 /,
          leaveWithinMs: SLOW_WITHIN_MS,
          serves,
        }),
    ],
    [
      'header fields without end',
      () => endlessFields(http, { begin: `GET /readyz HTTP/1.1\r\nHost: ${HOST}\r\n`, answer: /^HTTP\/1\.1 431 / }),
    ],
    ['1,000,000 brackets', () => refusedRequest(http, post(SEND, body(500_000), keys), / 400 /)],
    ['1,000,000 open objects', () => refusedRequest(http, post(SEND, Buffer.from('{"a":'.repeat(1_000_000)), keys), / 400 /)],
    [
      'a parameter 1,000,000 levels deep',
      () => refusedRequest(http, post('/', Buffer.from(`Action=SendEmail&${'a.'.repeat(1_000_000)}=1`), keys), / 400 /),
    ],
    ['1,000,000 parameters', () => refusedRequest(http, post('/', Buffer.from('a=1&'.repeat(1_000_000)), keys), / 400 /)],
    [
      'a gigabyte in a gzip of one megabyte',
      async () => refusedRequest(http, post(SEND, await bombOf(1_024), keys, [['Content-Encoding', 'gzip']]), / 413 /),
    ],
    [
      'a gzip in a gzip',
      async () =>
        refusedRequest(http, post(SEND, gzipSync(gzipSync(Buffer.alloc(50 * MiB))), keys, [['Content-Encoding', 'gzip']]), / 400 /),
    ],
    ['MIME 100,000 levels deep', () => refusedRequest(http, post(SEND, rawSend(deepMime(100_000)), keys), / 400 /)],
  ]
}

const rawSend = message =>
  Buffer.from(
    JSON.stringify({
      FromEmailAddress: 'orders@shop.example',
      Destination: { ToAddresses: ['ann@readers.example'] },
      Content: { Raw: { Data: Buffer.from(message, 'latin1').toString('base64') } },
    }),
  )

const deepMime = levels => {
  const parts = Array.from({ length: levels }, (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`)
  return `From: orders@shop.example\r\nTo: ann@readers.example\r\nSubject: Deep\r\nMIME-Version: 1.0\r\n${parts.join('')}Content-Type: text/plain\r\n\r\nHi\r\n`
}

/** Header lines until somebody has enough. */
async function endlessFields(port, { begin, answer, open = async () => dial(port) }) {
  const line = await open()
  await line.opened
  const startedAt = performance.now()
  line.socket.write(begin)
  const octets = Buffer.from('X-Endless: header\r\n'.repeat(1_000))
  const written = await flood(line, octets, 512 * MiB)
  await within(ANSWER_WITHIN_MS, () => line.closedAt !== undefined)
  line.socket.destroy()
  const isClear = answer.test(line.said)
  const shown = line.said.startsWith('HTTP') ? statusLine(line) : lastLine(line)
  return {
    answer: `\`${shown}\` after ${(written / MiB).toFixed(0)} MiB and ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
    violations: [...(isClear ? [] : [`heard '${shown}'`]), ...(line.closedAt === undefined ? ['was not cut'] : [])],
  }
}

/** A client of the SMTP door that has logged in. */
async function loggedIn({ ports, logins }) {
  const line = await greeted(ports.smtp)
  line.socket.write('EHLO client.example\r\nSTARTTLS\r\n')
  await within(ANSWER_WITHIN_MS, () => line.said.includes('Ready to start TLS'))
  line.socket.removeAllListeners('data')
  line.socket = connectTls({ socket: line.socket, rejectUnauthorized: false })
  attend(line, line.socket)
  line.said = ''
  const { user, password } = logins.known
  line.socket.write(`EHLO client.example\r\nAUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}\r\n`)
  await within(ANSWER_WITHIN_MS, () => /^(?:235|535|454) /m.test(line.said))
  return line
}

/** A client that has heard the greeting. */
async function greeted(port) {
  const line = dial(port)
  await within(ANSWER_WITHIN_MS, () => line.said.endsWith('\r\n'))
  return line
}

/** Offers one message. @returns the reply to it */
async function offer(line, commands, message) {
  await line.opened
  const startedAt = performance.now()
  line.said = ''
  line.socket.write(commands.map(command => `${command}\r\n`).join(''))
  await within(ANSWER_WITHIN_MS, () => /^354 /m.test(line.said))
  line.said = ''
  line.socket.write(`${message}\r\n.\r\n`, 'latin1')
  await within(ANSWER_WITHIN_MS, () => line.said.endsWith('\r\n'))
  line.socket.destroy()
  return { reply: line.said.trimEnd(), ms: performance.now() - startedAt }
}

async function answeredMessage(line, commands, message, wanted) {
  const { reply, ms } = await offer(line, commands, message)
  return { answer: `\`${reply}\` after ${(ms / 1_000).toFixed(1)} s`, violations: wanted.test(reply) ? [] : [`answered '${reply}'`] }
}

const ENVELOPE = ['MAIL FROM:<orders@shop.example>', 'RCPT TO:<ann@readers.example>', 'DATA']

function smtpAttacks(world, idle) {
  const { smtp } = world.ports
  const serves = async () => {
    const line = await loggedIn(world)
    line.socket.destroy()
    return /^235 /m.test(line.said)
  }
  return [
    ['a slow command', () => slowLoris(smtp, { begin: '', drip: 'EHLO ', answer: /^451 4\.4\.2 Timeout/m })],
    [
      'idle connections',
      () => idleCrowd(smtp, { count: idle, kept: 50, refusal: /^421 /, greeting: /^220 /, leaveWithinMs: SLOW_WITHIN_MS, serves }),
    ],
    [
      'header fields without end',
      () =>
        endlessFields(smtp, {
          begin: `${ENVELOPE.join('\r\n')}\r\n`,
          answer: /^552 /m,
          open: () => loggedIn(world),
        }),
    ],
    ['MIME 100,000 levels deep', async () => answeredMessage(await loggedIn(world), ENVELOPE, deepMime(100_000), /^554 /)],
  ]
}

function inboundAttacks({ ports: { mx }, host, mail }, idle) {
  const envelope = ['EHLO mx.readers.example', 'MAIL FROM:<>', `RCPT TO:<${mail.known[0].id}@${host}>`, 'DATA']
  const serves = async () => {
    const line = await greeted(mx)
    line.socket.destroy()
    return line.said.startsWith('220 ')
  }
  return [
    ['slow commands on every connection', () => slowCrowd(mx, { kept: 100, drip: 'NOOP\r\n', serves })],
    ['idle connections', () => idleCrowd(mx, { count: idle, kept: 100, refusal: /^421 /, greeting: /^220 /, leaveWithinMs: 0, serves })],
    [
      'header fields without end',
      () => endlessFields(mx, { begin: `${envelope.join('\r\n')}\r\n`, answer: /^552 /m, open: () => greeted(mx) }),
    ],
    ['MIME 100,000 levels deep', async () => answeredMessage(await greeted(mx), envelope, deepMime(100_000), /^250 /)],
  ]
}

const ATTACKS = { smtp: smtpAttacks, http: httpAttacks, inbound: inboundAttacks }

/**
 * @param {{ world: object, idle: number, sample: () => Promise<{ ready: string, rssBytes: number }> }} with `sample`: what the process holds, and
 *   whether it is ready
 * @returns {Promise<{ name: string, answer: string, violations: string[] }[]>}
 */
export async function attackDoor(door, { world, idle, sample }) {
  const made = []
  for (const [name, attack] of ATTACKS[door](world, idle)) {
    const before = await sample()
    let most = before.rssBytes
    const watch = setInterval(() => {
      void sample().then(({ rssBytes }) => {
        most = Math.max(most, rssBytes)
      })
    }, 500)
    const { answer, violations } = await attack()
    clearInterval(watch)
    const after = await sample()
    const held = Math.max(most, after.rssBytes) - before.rssBytes
    if (after.ready !== 'ready') violations.push(`/readyz said '${after.ready}'`)
    if (held > MOST_MEMORY) violations.push(`${(held / MiB).toFixed(0)} MiB were held`)
    made.push({ name, answer: `${answer}; +${Math.max(0, held / MiB).toFixed(0)} MiB`, violations })
  }
  return made
}
