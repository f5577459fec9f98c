// Hostile SMTP sessions from a seed: right dialogues with something wrong in them, commands in any order, noise; cut anywhere, ended anyhow.
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { randomOf } from './random.mjs'

/** A session that is not over by then hangs. Longer than the time-outs before a login. */
const HANGS_AFTER_MS = 75_000

const base64 = text => Buffer.from(text, 'latin1').toString('base64')

/** What a session may hold, each with its weight. All take the session's chance and give octets as latin1. */
const PARTS = [
  [16, random => `${transaction(random)}\r\n`],
  [12, () => 'EHLO client.example\r\n'],
  [10, random => `MAIL FROM:<${address(random)}>${parameters(random)}\r\n`],
  [12, random => `RCPT TO:<${address(random)}>${random.happens(0.1) ? parameters(random) : ''}\r\n`],
  [8, random => `DATA\r\n${message(random)}${random.pick(ENDS)}`],
  [6, chunks],
  [
    6,
    random =>
      `AUTH ${random.pick(['PLAIN', 'LOGIN', 'plain', 'CRAM-MD5', '', 'XOAUTH2'])} ${secret(random)}\r\n${random.happens(0.5) ? `${secret(random)}\r\n` : ''}`,
  ],
  [3, () => 'RSET\r\n'],
  [
    3,
    random =>
      `${random.pick(['NOOP', 'VRFY x', 'HELP', 'EXPN x', 'TURN', 'HELO x', 'QUIT', 'STARTTLS x', 'DATA x', 'GET / HTTP/1.1', 'EHLO'])}\r\n`,
  ],
  [3, random => `${random.octets(random.between(1, 80)).toString('latin1')}\r\n`],
  [1, random => random.octets(random.between(1, 4_000)).toString('latin1')],
  [1, random => `${'A'.repeat(random.between(500, 100_000))}\r\n`],
  [1, random => `RCPT TO:<${address(random)}>\r\n`.repeat(random.between(50, 1_200))],
  [1, random => 'NOOP\r\n'.repeat(random.between(100, 1_000))],
]
const TOTAL = PARTS.reduce((sum, [weight]) => sum + weight, 0)
const ENDS = ['\r\n.\r\n', '\r\n.\r\n', '\r\n.\r\n', '\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '.\r\n', '\r\n..\r\n', '']
const WORDS = [
  '\r',
  '\n',
  '\0',
  '\r\n',
  '.',
  '..',
  '<',
  '>',
  '"',
  '\\',
  '@',
  ':',
  ' ',
  '\t',
  '\x1b[31m',
  '\xff',
  '\xc3\xbc',
  '%s',
  '-',
  '=',
]

function part(random) {
  let left = random.between(1, TOTAL)
  for (const [weight, make] of PARTS) {
    left -= weight
    if (left <= 0) return make(random)
  }
  return ''
}

/** One that may well be right: what only the next one must not be hurt by. */
function transaction(random) {
  const people = `MAIL FROM:<orders@shop.example>\r\n${'RCPT TO:<ann@example.com>\r\n'.repeat(random.between(1, 3))}`
  const text = `From: orders@shop.example\r\nSubject: x\r\n\r\n${'line\r\n'.repeat(random.between(0, 50))}`
  const made = random.happens(0.7) ? `${people}DATA\r\n${text}.` : `${people}BDAT ${text.length} LAST\r\n${text}NOOP`
  return random.happens(0.15) ? spoilt(random, made) : made
}

function address(random) {
  const made = random.pick([
    'orders@shop.example',
    'ann@example.com',
    '',
    'postmaster',
    'a'.repeat(64),
    '"a b"@shop.example',
    'x@[127.0.0.1]',
    '@a,@b:c@d.example',
  ])
  return random.happens(0.25) ? spoilt(random, `${made}@shop.example`) : made
}

function parameters(random) {
  if (random.happens(0.6)) return ''
  const size = random.pick([0, 1, 41_943_040, 41_943_041, '9'.repeat(20), '9'.repeat(21), '-1', 'x'])
  return random.pick([` SIZE=${size}`, ' BODY=8BITMIME', ' BODY=BINARYMIME', ' AUTH=<>', ' SMTPUTF8', ' X=\0', ' SIZE=1 SIZE=1', '  '])
}

function message(random) {
  const fields = ['From: orders@shop.example', 'To: ann@example.com', 'Subject: x']
  const more = [
    () => `${'X-Long: '}${'y'.repeat(random.between(900, 3_000))}`,
    () => `X-Folded: a${'\r\n b'.repeat(random.between(1, 400))}`,
    () => 'Received: from a by b'.concat('\r\nReceived: from a by b'.repeat(random.between(1, 150))),
    () => `X-SES-MESSAGE-TAGS: ${spoilt(random, 'a=b, c=d')}`,
    () => `X-SES-CONFIGURATION-SET: ${spoilt(random, 'none')}`,
    () => `From: ${spoilt(random, '"a" <b@shop.example>')}`,
    () => 'no field at all',
    () => `Content-Type: multipart/mixed; boundary="${'b'.repeat(random.between(0, 200))}"`,
  ]
  while (random.happens(0.4)) fields.splice(random.between(0, fields.length), 0, random.pick(more)())
  const parts = '--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'.repeat(random.happens(0.1) ? random.between(1, 500) : 0)
  const body = random.pick([
    () => 'hi',
    () => parts,
    () => random.octets(random.between(0, 3_000)).toString('latin1'),
    () => 'line\r\n'.repeat(random.between(0, random.pick([10, 1_000, 60_000]))),
  ])()
  const text = `${fields.join('\r\n')}\r\n\r\n${body}`
  return random.happens(0.2) ? spoilt(random, text) : text
}

function chunks(random) {
  const text = message(random)
  const cut = random.between(0, text.length)
  const count = octets =>
    random.pick([octets, octets, octets, octets, octets + random.between(-3, 3), random.between(0, 2_000_000), '9'.repeat(16), '', 'x'])
  return `BDAT ${count(cut)}\r\n${text.slice(0, cut)}BDAT ${count(text.length - cut)}${random.pick([' LAST', ' LAST', ' last', ' X', ''])}\r\n${text.slice(cut)}`
}

const secret = random =>
  random.pick([
    () => base64(`\0${'user'}\0${'password'}`),
    () => base64(random.octets(random.between(0, 60)).toString('latin1')),
    () => '=',
    () => '*',
    () => '!!!',
    () => '',
    () => 'A'.repeat(random.between(1, 3_000)),
  ])()

/** A few words of trouble put in, octets taken out or doubled. */
function spoilt(random, text) {
  let made = text
  for (let times = random.between(1, 4); times > 0; times -= 1) {
    const at = random.between(0, made.length)
    const to = Math.min(made.length, at + random.between(0, 5))
    made = random.pick([
      () => made.slice(0, at) + random.pick(WORDS) + made.slice(at),
      () => made.slice(0, at) + made.slice(to),
      () => made.slice(0, to) + made.slice(at),
    ])()
  }
  return made
}

/** The octets of a session, how they are cut, and how it ends. The same seed makes the same one. */
export function hostileSession(seed) {
  const random = randomOf(seed)
  let text = random.happens(0.8) ? 'EHLO client.example\r\n' : ''
  for (let parts = random.between(1, 14); parts > 0; parts -= 1) text += part(random)
  if (random.happens(0.3)) text = spoilt(random, text)
  return {
    octets: Buffer.from(text, 'latin1'),
    /** `never`: in the clear; `upgrade`: STARTTLS; `noise`: STARTTLS, and then no TLS. */
    tls: random.pick(['never', 'never', 'never', 'upgrade', 'upgrade', 'noise']),
    /** Octets of a piece: most come whole, some one by one. */
    piece: random.pick([Infinity, Infinity, 1460, 100, 7, 1]),
    waits: random.happens(0.8),
    end: random.pick(['end', 'end', 'end', 'quit', 'reset']),
    /** A command stands behind STARTTLS in the clear, as somebody on the path would put it there. RFC 3207 §6. */
    injected: random.happens(0.3),
  }
}

/** @returns what the server said, when it has closed; throws when it does not */
export const playSession = ({ port, seed }) => playSmtp(hostileSession(seed), { port, seed })

/**
 * @param session as `hostileSession` makes it
 * @param {{ port: number, seed: number, localAddress?: string, login?: { user: string, password: string } }} at with `login` the session begins with
 *   STARTTLS and AUTH, whatever else it says
 * @returns what the server said, when it has closed  @throws Error when it does not
 */
export async function playSmtp(session, { port, seed, localAddress, login }) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, ...(localAddress && { localAddress }) })
  const seen = { sent: 0, said: '' }
  try {
    return await within(play(socket, session, { login, seen }), () => {
      const last = seen.said.trimEnd().split('\r\n').at(-1)
      return `session ${seed} hangs: ${seen.sent} of ${session.octets.length} octets sent, last heard '${last}', ${socket.readyState}`
    })
  } finally {
    socket.destroy()
  }
}

async function play(plain, { octets, tls, piece, waits, end, injected }, { login, seen }) {
  const isSecure = tls === 'upgrade' || login !== undefined
  let socket = plain
  let over
  const closed = new Promise(done => {
    over = done
  })
  const hear = chunk => {
    seen.said += chunk.toString('latin1')
    if (seen.said.length > 4_000_000) seen.said = seen.said.slice(-1_000_000)
  }
  const attend = to => to.on('data', hear).on('close', over).on('error', over)
  const heard = async text => {
    while (!seen.said.includes(text) && !plain.destroyed) await Promise.race([closed, new Promise(done => socket.once('data', done))])
  }
  attend(plain)
  if (waits || tls !== 'never' || isSecure) await heard('\r\n')
  if (tls !== 'never' || isSecure) {
    plain.write(`EHLO client.example\r\nSTARTTLS\r\n${injected ? 'VRFY injected\r\n' : ''}`)
    await heard('Ready to start TLS')
    if (isSecure && !plain.destroyed) {
      plain.off('data', hear)
      socket = attend(connectTls({ socket: plain, rejectUnauthorized: false }))
    }
    if (isSecure && injected) {
      const before = seen.said.length
      socket.write('NOOP\r\n')
      while (seen.said.length === before && !plain.destroyed) await Promise.race([closed, new Promise(done => socket.once('data', done))])
      if (seen.said.startsWith('252', before)) throw new Error('what stood behind STARTTLS in the clear was obeyed under TLS')
    }
  }
  if (login !== undefined) {
    socket.write(`EHLO client.example\r\nAUTH PLAIN ${base64(`\0${login.user}\0${login.password}`)}\r\n`)
    await heard('235 ')
  }
  while (seen.sent < octets.length && socket.writable) {
    // Few sessions are that small-minded for all of their length.
    const next = Math.min(octets.length, seen.sent + (seen.sent > 3_000 ? Math.max(piece, 1460) : piece))
    if (!socket.write(octets.subarray(seen.sent, next))) await Promise.race([closed, new Promise(done => socket.once('drain', done))])
    else if (piece !== Infinity) await new Promise(setImmediate)
    seen.sent = next
  }
  if (end === 'reset') plain.resetAndDestroy()
  else if (socket.writable) socket.end(end === 'quit' ? 'QUIT\r\n' : undefined)
  await closed
  socket.destroy()
  return seen.said
}

/** Counts the seconds in which this process ran. While it, or all of the machine, stands still, nobody hangs. */
async function within(work, hangs) {
  let timer
  const late = new Promise((_, fail) => {
    let seconds = 0
    timer = setInterval(() => {
      seconds += 1
      if (seconds * 1_000 >= HANGS_AFTER_MS) fail(new Error(hangs()))
    }, 1_000)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearInterval(timer)
  }
}

/** Plays sessions `from` to `to`, a few at a time. @returns how many were told that a message was accepted */
export async function attackSmtp({ port, from, to, atOnce = 8 }) {
  let seed = from
  let accepted = 0
  const worker = async () => {
    while (seed <= to) {
      const said = await playSession({ port, seed: seed++ })
      accepted += (said.match(/^250 Ok [^\r]+/gm) ?? []).length
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return accepted
}
