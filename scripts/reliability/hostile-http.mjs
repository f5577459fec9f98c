// Requests for the HTTP door: unsigned, wrongly signed, signed rightly and then spoilt; nonsense that is signed rightly; and sound ones.
// Framing that two readers would read in two ways, header fields without end, deep and packed bodies, several requests at once.
import { connect } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { randomOf } from './random.mjs'
import { signed } from './sigv4.mjs'

/** A session that is not over by then hangs: longer than the door waits for header fields. */
const HANGS_AFTER_MS = 30_000
/** Whoever has nothing more to say waits so long for another word before he goes: one who means it for the answer. */
const patienceMs = kind => (kind === 'valid' ? HANGS_AFTER_MS : 300)
const SEND = '/v2/email/outbound-emails'
const HOST = '127.0.0.1'
const OTHERS = [
  ['GET', '/v2/email/account'],
  ['GET', '/v2/email/identities'],
  ['POST', '/v2/email/templates'],
  ['POST', '/v2/email/identities'],
  ['DELETE', '/v2/email/identities/none.example'],
  ['PUT', '/v2/email/account/suppression'],
  ['POST', '/v2/email/outbound-bulk-emails'],
  ['GET', '/metrics'],
  ['GET', '/unsubscribe/a/b'],
  ['GET', '/L0/a/1/b/c'],
  ['POST', '/'],
]
const VALUES = [
  'null',
  '[]',
  '{}',
  '7',
  '-1e999',
  '"\\u0000"',
  '"\\ud800"',
  'true',
  '""',
  '"a@b"',
  '["x"]',
  '{"__proto__":{"a":1}}',
  '"=?utf-8?b?"',
  '"{{#each x}}"',
]

const sendBody = (to, random) =>
  JSON.stringify({
    FromEmailAddress: 'orders@shop.example',
    Destination: { ToAddresses: [to] },
    Content: random.happens(0.5)
      ? { Simple: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Hi' }, Html: { Data: '<a href="http://shop.example/">Hi</a>' } } } }
      : { Raw: { Data: Buffer.from(`From: orders@shop.example\r\nTo: ${to}\r\nSubject: Hello\r\n\r\nHi\r\n`).toString('base64') } },
  })

const sendForm = to =>
  new URLSearchParams({
    Action: 'SendEmail',
    Version: '2010-12-01',
    Source: 'orders@shop.example',
    'Destination.ToAddresses.member.1': to,
    'Message.Subject.Data': 'Hello',
    'Message.Body.Text.Data': 'Hi',
  }).toString()

/** A sound request with what it has to be signed by. */
function soundRequest(random, to) {
  if (random.happens(0.3))
    return { method: 'POST', path: '/', body: Buffer.from(sendForm(to)), fields: [['Content-Type', 'application/x-www-form-urlencoded']] }
  const body = Buffer.from(sendBody(to, random))
  const json = ['Content-Type', 'application/json']
  if (random.happens(0.8)) return { method: 'POST', path: SEND, body, fields: [json] }
  const [coding, packed] = random.pick([
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
  ])
  return { method: 'POST', path: SEND, body: packed, fields: [json, ['Content-Encoding', coding]] }
}

/** The body of a request as nobody sound would write it. */
function spoiltRequest(random, to) {
  const sound = soundRequest(random, to)
  const text = sound.body.toString('latin1')
  const change = random.pick([
    () => ({}),
    () => ({ body: mutated(random, sound.body) }),
    () => ({ body: mutated(random, sound.body) }),
    () => ({
      body: Buffer.from(
        text.replace(/"[^"]*"(?=[,}\]])/, () => random.pick(VALUES)),
        'latin1',
      ),
    }),
    () => ({ body: Buffer.from(random.pick(['[', '{"a":', '[[{"b":[']).repeat(random.between(1, 20_000))) }),
    () => ({ body: Buffer.from(`${'a.member.1.'.repeat(random.between(1, 300))}=1&Action=SendEmail`), path: '/' }),
    () => ({ body: Buffer.from('&a'.repeat(random.between(1, 60_000))), path: '/' }),
    () => ({ body: gzipSync(Buffer.alloc(random.between(1, 3_000_000), 'x')), fields: [['Content-Encoding', 'gzip']] }),
    () => ({
      body: Buffer.concat([deflateSync(sound.body), random.octets(random.between(1, 90))]),
      fields: [['Content-Encoding', 'deflate']],
    }),
    () => ({
      body: mutated(random, gzipSync(sound.body)),
      fields: [['Content-Encoding', random.pick(['gzip', 'GZIP', 'br', 'deflate', 'gzip, gzip'])]],
    }),
    () => {
      const [method, path] = random.pick(OTHERS)
      return { method, path }
    },
    () => ({ body: random.octets(random.between(0, 3_000)) }),
  ])()
  return { ...sound, ...change }
}

/** The request as octets. @param fields without those of the framing */
function octetsOf(random, { method, path, fields, body }, framing = 'length') {
  const frames = {
    length: () => [[['Content-Length', body.length]], body],
    chunks: () => [[['Transfer-Encoding', 'chunked']], chunked(random, body)],
    wrongChunks: () => [[['Transfer-Encoding', 'chunked']], mutated(random, chunked(random, body))],
    wrongLength: () => [
      [['Content-Length', random.pick([body.length + 9, Math.max(0, body.length - 9), '-1', '1e3', '', '9'.repeat(25)])]],
      body,
    ],
    both: () => [
      [
        ['Content-Length', random.pick([0, 5, body.length])],
        ['Transfer-Encoding', random.pick(['chunked', 'chunked, identity', ' chunked', 'xchunked', 'chunked\x0b'])],
      ],
      Buffer.concat([Buffer.from('0\r\n\r\n'), body]),
    ],
    twoLengths: () => [
      [
        ['Content-Length', 0],
        ['Content-Length', body.length],
      ],
      body,
    ],
  }
  const [framed, content] = frames[framing]()
  const head = [`${method} ${path} HTTP/1.1`, ...[...fields, ...framed].map(([name, value]) => `${name}: ${value}`), '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), content])
}

function chunked(random, body) {
  const pieces = []
  for (let at = 0; at < body.length; ) {
    const piece = body.subarray(at, at + random.between(1, 2_000))
    pieces.push(Buffer.from(`${piece.length.toString(16)}${random.happens(0.2) ? ';a=b' : ''}\r\n`), piece, Buffer.from('\r\n'))
    at += piece.length
  }
  return Buffer.concat([...pieces, Buffer.from(random.happens(0.2) ? '0\r\nX-Late: 1\r\n\r\n' : '0\r\n\r\n')])
}

/** Octets changed, taken out, doubled, put in. */
function mutated(random, octets) {
  let made = octets
  for (let times = random.between(1, 4); times > 0; times -= 1) {
    const at = random.between(0, made.length)
    const to = Math.min(made.length, at + random.between(0, 40))
    made = random.pick([
      () => Buffer.concat([made.subarray(0, at), random.octets(random.between(1, 4)), made.subarray(at + 1)]),
      () => Buffer.concat([made.subarray(0, at), made.subarray(to)]),
      () => Buffer.concat([made.subarray(0, to), made.subarray(at)]),
      () =>
        Buffer.concat([
          made.subarray(0, at),
          Buffer.from(random.pick(['\r\n', '\n', '\0', '\r\n\r\n', ':', ' ', '\t', '%00', '"'])),
          made.subarray(at),
        ]),
      () => made.subarray(0, at),
    ])()
  }
  return made
}

/** Who signs, and with what. */
function credentialsOf(random, keys, kind) {
  if (kind !== 'stranger') return { key: keys[kind] }
  return random.pick([
    { key: { id: keys.known.id, secret: 'x'.repeat(40) } },
    { key: { id: 'AKIAXXXXXXXXXXXXXXXX', secret: keys.known.secret } },
    { key: keys.known, at: new Date(Date.now() + random.pick([-1, 1]) * 3_600_000) },
    { key: keys.known, other: true },
    {},
    {},
  ])
}

function withSignature(random, request, { key, at, other }) {
  if (key === undefined) return { ...request, fields: [['Host', HOST], ...request.fields] }
  // A signature of something else.
  const body = other ? Buffer.from(`${random.next()}`) : request.body
  return { ...request, fields: [...signed({ ...request, body, host: HOST, key, ...(at && { at }) }), ...request.fields] }
}

const LINES = [
  () => 'X: y',
  random => `X-${random.between(1, 9)}: ${'y'.repeat(random.between(1, 9_000))}`,
  () => 'Connection: upgrade\r\nUpgrade: websocket',
  () => 'Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  () => 'Expect: 100-continue',
  () => 'Expect: nothing',
  () => 'Authorization: AWS4-HMAC-SHA256 Credential=',
  random => `Authorization: ${'a='.repeat(random.between(1, 4_000))}`,
  () => 'X-Amz-Security-Token: x',
  () => 'Host: evil.example',
  () => 'Origin: http://evil.example',
  () => ' folded: line',
  () => 'no field',
  () => 'X : y',
  random => `Cookie: ${random.octets(60).toString('latin1')}`,
]

/** @returns {{ octets: Buffer, waitsFor: number }} `waitsFor`: answers that are due */
function hostileOctets(random, { seed, kind, keys }) {
  const make = (framing, more = []) => {
    const request = withSignature(random, spoiltRequest(random, `h${seed}@readers.example`), credentialsOf(random, keys, kind))
    const octets = octetsOf(random, request, framing)
    const end = octets.indexOf('\r\n')
    return Buffer.concat([octets.subarray(0, end), Buffer.from(more.map(line => `\r\n${line}`).join(''), 'latin1'), octets.subarray(end)])
  }
  return random.pick([
    () => ({ octets: make('length'), waitsFor: 1 }),
    () => ({ octets: make('length'), waitsFor: 1 }),
    () => ({ octets: make('length'), waitsFor: 1 }),
    () => ({ octets: make('chunks'), waitsFor: 1 }),
    () => ({ octets: make(random.pick(['wrongChunks', 'wrongLength', 'both', 'twoLengths'])), waitsFor: 1 }),
    () => ({ octets: make(random.pick(['wrongChunks', 'wrongLength', 'both', 'twoLengths'])), waitsFor: 1 }),
    () => ({
      octets: make(
        'length',
        Array.from({ length: random.between(1, 5) }, () => random.pick(LINES)(random)),
      ),
      waitsFor: 1,
    }),
    () => ({ octets: make('length', Array(random.between(100, 3_000)).fill('X-Many: 1')), waitsFor: 1 }),
    () => ({ octets: mutated(random, make('length')), waitsFor: 1 }),
    () => {
      const requests = Array.from({ length: random.between(2, 40) }, () => make('length'))
      return { octets: Buffer.concat(requests), waitsFor: requests.length }
    },
    () => ({ octets: make('length').subarray(0, random.between(1, 400)), waitsFor: 0 }),
    () => ({
      octets: Buffer.from(
        `${random.pick(['BREW', 'PRI', 'CONNECT', 'TRACE', 'get', '', 'OPTIONS'])} ${random.pick(['*', 'http://evil.example/v2/email/account', '/%', '/%00', `/${'a/'.repeat(3_000)}`, `/${'x'.repeat(40_000)}`, 'evil.example:80'])} HTTP/${random.pick(['1.1', '1.0', '0.9', '2.0', '9.9'])}\r\nHost: ${HOST}\r\n\r\n`,
      ),
      waitsFor: 1,
    }),
    () => ({ octets: random.octets(random.between(1, 4_000)), waitsFor: 1 }),
    () => ({ octets: Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'latin1'), waitsFor: 1 }),
  ])()
}

function validOctets(random, { seed, keys }) {
  const request = withSignature(random, soundRequest(random, `v${seed}@readers.example`), { key: keys.valid })
  return { octets: octetsOf(random, request, random.pick(['length', 'length', 'chunks'])), waitsFor: 1 }
}

const ACCEPTED = /"MessageId":"([^"]+)"|<MessageId>([^<]+)<\/MessageId>/g
const STATUS = /^HTTP\/1\.1 (\d{3}) /gm

/** @param kind whose session it is  @returns what became of it */
export async function playHttpSession({ seed, kind, localAddress }, { ports, keys }) {
  const random = randomOf(seed)
  const { octets, waitsFor } = (kind === 'valid' ? validOctets : hostileOctets)(random, { seed, kind, keys })
  const piece = random.pick([Infinity, Infinity, Infinity, 1460, 100])
  const isReset = kind !== 'valid' && random.happens(0.05)
  const said = await converse({ port: ports.http, localAddress, octets, waitsFor, piece, isReset, seed, patience: patienceMs(kind) })
  const statuses = [...said.matchAll(STATUS)].map(([, status]) => Number(status))
  return {
    accepted: [...said.matchAll(ACCEPTED)].map(([, json, xml]) => json ?? xml),
    fault: statuses.some(status => status >= 500) ? said.slice(0, 300) : undefined,
    isCut: kind !== 'valid',
  }
}

/** Says all of it, waits for the answers that are due, a little longer for others, and goes. @returns what it heard */
async function converse({ port, localAddress, octets, waitsFor, piece, isReset, seed, patience }) {
  const socket = connect({ host: HOST, port, localAddress, noDelay: true })
  let said = ''
  let heardAt = performance.now()
  let over
  const closed = new Promise(done => {
    over = done
  })
  socket.on('error', over).on('close', over)
  socket.on('data', chunk => {
    said += chunk.toString('latin1')
    heardAt = performance.now()
  })
  let waited = 0
  const every = setInterval(() => {
    waited += 20
    if (waited >= HANGS_AFTER_MS) over(new Error(`session ${seed} hangs: ${socket.readyState}, heard ${JSON.stringify(said.slice(-200))}`))
    const isAnswered = (said.match(STATUS)?.length ?? 0) >= waitsFor
    if (performance.now() - heardAt > (isAnswered ? 60 : patience) && socket.writable) socket.end()
  }, 20)
  try {
    for (let at = 0; at < octets.length && socket.writable; at += piece) {
      heardAt = performance.now()
      if (!socket.write(octets.subarray(at, at + piece))) await Promise.race([closed, new Promise(done => socket.once('drain', done))])
      if (piece === Infinity) break
      if (at < 30 * piece) await new Promise(setImmediate)
    }
    if (isReset) socket.resetAndDestroy()
    const ended = await closed
    if (ended instanceof Error && ended.message.startsWith('session')) throw ended
    return said
  } finally {
    clearInterval(every)
    socket.destroy()
  }
}
