// The receiver at the end of the relay: takes mail over real SMTP and writes down, for each recipient, every attempt and every message it
// answered 250 for. Written without any code of mailctl. It outlives the engines it receives from, so its log is what really happened.
//
// What becomes of a recipient is written in its address: `…-ok@`, `…-no@` (550 at RCPT), `…-later@` (451 at the first attempt),
// `…-never@` (451 every time), `…-slow@` (taken after a while).
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'

const SLOW_MS = 250
const EHLO = ['250-sink.test', '250-PIPELINING', '250-8BITMIME', '250-SMTPUTF8', '250 SIZE 0', ''].join('\r\n')

/**
 * @typedef {{ at: number, engine: string }} Attempt  the engine is told by the name it says in EHLO
 * @typedef {{ at: number, engine: string, intact: boolean | undefined }} Copy  intact: the body has the hash its header announced
 * @typedef {{ attempts: Attempt[], copies: Copy[] }} Received
 */

/**
 * @typedef {{ replyAfterMs: number, onDot: () => void, onTaken: (recipients: readonly string[]) => void }} Watch
 *   `onDot`: a whole message is there, unanswered
 * @param {(address: string) => Watch | undefined} watchOf
 */
export async function startSink(watchOf = () => undefined) {
  /** @type {Map<string, Received>} */
  const log = new Map()
  const open = new Map()
  const received = address => {
    const known = log.get(address)
    if (known !== undefined) return known
    const made = { attempts: [], copies: [] }
    log.set(address, made)
    return made
  }

  function serve(socket) {
    let engine = ''
    let buffer = Buffer.alloc(0)
    let message
    let recipients = []
    let busy = false
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => open.get(engine)?.delete(socket))
    socket.write('220 sink.test ESMTP\r\n')
    socket.on('data', chunk => {
      buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk])
      advance()
    })

    function advance() {
      while (!busy && (message === undefined ? takeLine() : takeBody()));
    }

    /** @returns whether there was a whole one */
    function takeLine() {
      const end = buffer.indexOf('\r\n')
      if (end === -1) return false
      const line = buffer.toString('latin1', 0, end)
      buffer = buffer.subarray(end + 2)
      command(line)
      return true
    }

    function command(line) {
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'EHLO') {
        engine = line.slice(5).trim()
        if (!open.has(engine)) open.set(engine, new Set())
        open.get(engine).add(socket)
        socket.write(EHLO)
      } else if (verb === 'MAIL' || verb === 'RSET') {
        recipients = []
        socket.write('250 2.0.0 ok\r\n')
      } else if (verb === 'RCPT') recipient(/<([^>]*)>/.exec(line)?.[1] ?? '')
      else if (verb === 'DATA') {
        if (recipients.length === 0) return void socket.write('503 5.5.1 no recipient\r\n')
        message = []
        socket.write('354 go ahead\r\n')
      } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n')
      else socket.write('250 2.0.0 ok\r\n')
    }

    function recipient(address) {
      const { attempts } = received(address)
      attempts.push({ at: Date.now(), engine })
      const fate = /-([a-z]+)@/.exec(address)?.[1]
      if (fate === 'no') return void socket.write('550 5.1.1 no such user\r\n')
      if (fate === 'never' || (fate === 'later' && attempts.length === 1)) return void socket.write('451 4.2.2 mailbox busy\r\n')
      recipients.push(address)
      socket.write('250 2.1.5 ok\r\n')
    }

    /** The last four octets stay behind until it is sure that they are not the start of its end. @returns whether it has ended */
    function takeBody() {
      const atStart = message.length === 0 && buffer.subarray(0, 3).toString('latin1') === '.\r\n'
      const end = atStart ? -2 : buffer.indexOf('\r\n.\r\n')
      if (end === -1) {
        if (buffer.length > 4) {
          message.push(buffer.subarray(0, -4))
          buffer = buffer.subarray(-4)
        }
        return false
      }
      message.push(buffer.subarray(0, end + 2))
      buffer = buffer.subarray(end + 5)
      const whole = Buffer.concat(message)
      message = undefined
      const to = recipients
      busy = true
      const watch = watchOf(to[0])
      watch?.onDot()
      const wait = to.some(address => address.includes('-slow@')) ? SLOW_MS : (watch?.replyAfterMs ?? 0)
      const take = () => {
        const intact = isIntact(whole)
        for (const address of to) received(address).copies.push({ at: Date.now(), engine, intact })
        socket.write('250 2.0.0 taken\r\n')
        watch?.onTaken(to)
        busy = false
      }
      const later = () => {
        take()
        advance()
      }
      if (wait > 0) setTimeout(later, wait)
      else take()
      return true
    }
  }

  const server = createServer(serve)
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  return {
    port: server.address().port,
    /** @returns {Received} */
    of: address => log.get(address) ?? { attempts: [], copies: [] },
    addresses: () => log.keys(),
    drop: address => log.delete(address),
    forget: belongs => {
      for (const address of log.keys()) if (belongs(address)) log.delete(address)
    },
    /** Resolves when the last connection of an engine that is gone has been read to its end. */
    async drained(engine) {
      while ((open.get(engine)?.size ?? 0) > 0) await new Promise(done => setTimeout(done, 1))
      open.delete(engine)
    },
    close() {
      for (const sockets of open.values()) for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** @returns whether the body has the SHA-256 of the header field X-Body-Sha256; undefined without one, as in reports */
function isIntact(wire) {
  const split = wire.indexOf('\r\n\r\n')
  const announced = /^X-Body-Sha256: ([0-9a-f]{64})\r?$/im.exec(wire.toString('latin1', 0, split))?.[1]
  if (announced === undefined) return undefined
  let body = wire.subarray(split + 4)
  // Stuffed dots: rare, so the copy is made only when there is one.
  if (body[0] === 0x2e || body.includes('\r\n.')) body = Buffer.from(body.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1')
  return createHash('sha256').update(body).digest('hex') === announced
}
