/**
 * A receiver that misbehaves on request: a raw server on an ephemeral loopback port, written without any of our own SMTP code, that
 * answers each step with what the test queued for it and records what arrived. No delays: a step that must time out gets SILENCE, or a
 * text that drips and never ends.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'

/** `GREETING` before anything, `BODY` at the first octets after DATA, `DOT` at the end of the message; the others are commands. */
export type Step = 'GREETING' | 'EHLO' | 'HELO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'BODY' | 'DOT' | 'RSET' | 'QUIT'

/**
 * A reply without its last line end, or octets as they are, or the same text over and over, octet by octet, or no answer from here on, or
 * the end of the connection (`RESET`: by force, or after a reply).
 */
export type Answer =
  | string
  | { readonly raw: string }
  | { readonly drip: string }
  | 'SILENCE'
  | 'DROP'
  | 'RESET'
  | { readonly thenDrop: string }

export interface SinkMessage {
  readonly from: string
  readonly to: readonly string[]
  /** Unstuffed. */
  readonly raw: Buffer
  /** As it came after DATA, its end included. */
  readonly wire: Buffer
  readonly secure: boolean
}

export interface SinkOptions {
  readonly extensions?: readonly string[]
  /** Offers STARTTLS with these; `broken` offers it and then talks nonsense, `silent` nothing. */
  readonly tls?: SecureContextOptions | 'broken' | 'silent'
  readonly implicit?: boolean
  /** For each step the answers to give, in order; afterwards, and without any, a polite default. */
  readonly script?: Partial<Record<Step, readonly Answer[]>>
}

export interface Sink {
  readonly port: number
  readonly messages: readonly SinkMessage[]
  /** Command lines in order, over all connections. */
  readonly commands: readonly string[]
  /** What each read of a socket gave, as text: shows what came in one write. */
  readonly reads: readonly string[]
  readonly connections: () => number
  /** Messages that came to their final dot, whatever it was answered with. */
  readonly ended: () => number
  close(): Promise<void>
}

const DEFAULTS: Readonly<Record<Step, string>> = {
  GREETING: '220 sink.test ESMTP',
  EHLO: '',
  HELO: '250 sink.test',
  STARTTLS: '220 2.0.0 go ahead',
  AUTH: '235 2.7.0 welcome',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go ahead',
  BODY: '',
  DOT: '250 2.0.0 taken',
  RSET: '250 2.0.0 ok',
  QUIT: '221 2.0.0 bye',
}

export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const messages: SinkMessage[] = []
  const commands: string[] = []
  const reads: string[] = []
  const sockets = new Set<Socket>()
  const script = new Map(Object.entries(options.script ?? {}).map(([step, answers]) => [step as Step, [...answers]]))
  let connections = 0
  let ended = 0

  const serve = (plain: Socket): void => {
    connections += 1
    sockets.add(plain)
    plain.on('close', () => sockets.delete(plain))
    plain.on('error', () => {})
    let socket: Socket = plain
    let secure = false
    let pending = Buffer.alloc(0)
    let inData = false
    let mute = false
    let bodySeen = false
    let from: string | undefined
    let to: string[] = []

    /** @returns whether the conversation goes on as the default has it */
    const answer = (step: Step): boolean => {
      const given = script.get(step)?.shift()
      if (given === 'SILENCE') mute = true
      if (mute) return false
      if (given === 'DROP' || given === 'RESET') {
        if (given === 'DROP') socket.destroy()
        else plain.resetAndDestroy()
        return false
      }
      if (typeof given === 'object' && 'drip' in given) {
        mute = true
        drip(given.drip)
        return false
      }
      if (typeof given === 'object' && 'thenDrop' in given) {
        socket.end(`${given.thenDrop}\r\n`)
        return false
      }
      if (typeof given === 'object') {
        socket.write(Buffer.from(given.raw, 'latin1'))
        return true
      }
      const text = given ?? outOfOrder(step) ?? (step === 'EHLO' ? ehlo() : DEFAULTS[step])
      if (text !== '') socket.write(`${text}\r\n`)
      return text === '' || /^[23]/.test(text)
    }
    const drip = (text: string): void => {
      let at = 0
      const octets = setInterval(() => {
        socket.write(text.charAt(at), 'latin1')
        at = (at + 1) % text.length
      }, 2)
      plain.once('close', () => clearInterval(octets))
    }
    const outOfOrder = (step: Step): string | undefined => {
      if (step === 'MAIL' && from !== undefined) return '503 5.5.1 one transaction after the other'
      if (step === 'RCPT' && from === undefined) return '503 5.5.1 MAIL first'
      return step === 'DATA' && to.length === 0 ? '554 5.5.1 no valid recipients' : undefined
    }
    const ehlo = (): string => {
      const lines = ['sink.test', ...(options.extensions ?? ['PIPELINING', '8BITMIME', 'SIZE 0'])]
      if (options.tls && !secure) lines.push('STARTTLS')
      return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n')
    }
    const goSecure = (): void => {
      if (typeof options.tls !== 'object') {
        plain.removeAllListeners('data')
        // Octets that nobody reads would keep the socket from ever closing.
        if (options.tls === 'silent') plain.resume()
        else plain.once('data', () => plain.end('this is not TLS\r\n'))
        return
      }
      plain.removeListener('data', take)
      secure = true
      pending = Buffer.alloc(0)
      socket = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext(options.tls) })
      socket.on('error', () => plain.destroy())
      socket.on('data', take)
    }
    const command = (line: string): void => {
      commands.push(line)
      const step = (line.split(' ')[0] ?? '').toUpperCase() as Step
      if (!(step in DEFAULTS)) {
        socket.write('500 5.5.2 what\r\n')
        return
      }
      const goesOn = answer(step)
      if (!goesOn) return
      if (step === 'MAIL') [from, to] = [line.slice('MAIL FROM:<'.length, line.indexOf('>')), []]
      if (step === 'RSET') [from, to] = [undefined, []]
      if (step === 'RCPT') to.push(line.slice('RCPT TO:<'.length, -1))
      if (step === 'DATA') [inData, bodySeen] = [true, false]
      if (step === 'STARTTLS') goSecure()
      if (step === 'QUIT') socket.end()
    }
    const takeBody = (): boolean => {
      if (!bodySeen && pending.length > 0) {
        bodySeen = true
        if (!answer('BODY')) return false
      }
      const atStart = pending.subarray(0, 3).toString('latin1') === '.\r\n'
      const end = atStart ? 0 : pending.indexOf('\r\n.\r\n')
      if (end === -1) return false
      const body = pending.subarray(0, atStart ? 0 : end + 2)
      const wire = pending.subarray(0, atStart ? 3 : end + 5)
      pending = pending.subarray(wire.length)
      inData = false
      ended += 1
      const unstuffed = body.toString('latin1').replace(/(^|\n)\./g, '$1')
      const message = { from: from ?? '', to: [...to], raw: Buffer.from(unstuffed, 'latin1'), wire: Buffer.from(wire), secure }
      ;[from, to] = [undefined, []]
      if (answer('DOT')) messages.push(message)
      return true
    }
    const take = (chunk: Buffer): void => {
      reads.push(chunk.toString('latin1'))
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        if (inData) {
          if (!takeBody()) return
          continue
        }
        const end = pending.indexOf('\r\n')
        if (end === -1) return
        const line = pending.subarray(0, end).toString('latin1')
        pending = pending.subarray(end + 2)
        command(line)
      }
    }
    if (options.implicit) goSecure()
    else socket.on('data', take)
    answer('GREETING')
  }

  const server: Server = createServer({ noDelay: true }, serve)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the sink has no port')
  return {
    port: address.port,
    messages,
    commands,
    reads,
    connections: () => connections,
    ended: () => ended,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
