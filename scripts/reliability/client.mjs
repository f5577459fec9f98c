// The sender: SMTP sessions that hand messages to an engine and write down what each was told. A message is offered once, whatever happens,
// so that whatever arrives twice was doubled by the engine. Written without any code of mailctl.
import { createHash } from 'node:crypto'
import { connect } from 'node:net'

/**
 * @typedef {'unsent' | 'cut' | 'accepted' | 'refused'} Fate
 *   unsent: the end of the message was never written; cut: it was, and no answer came; accepted: 250; refused: another answer
 * @typedef {{ name: string, from: string, recipients: readonly string[], size: number, fate: Fate, answer: string }} Message
 */

/** Lines of seeded text, some of them starting with a dot. */
export function bodyOf(size, random) {
  const lines = []
  for (let left = size; left > 0; ) {
    const length = Math.min(left, random.between(0, 76))
    lines.push(
      random.happens(0.05)
        ? `.${'dot '.repeat(length >> 2)}`
        : 'the quick brown fox jumps over the lazy dog and '.repeat(2).slice(0, length),
    )
    left -= length + 2
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
}

export const hashOf = body => createHash('sha256').update(body).digest('hex')

/** A message as it goes after DATA, without stuffing. @param sha256 of the body, for the receiver to compare */
export function contentOf({ name, recipients }, body, sha256 = hashOf(body)) {
  const head = [
    'From: Shop <orders@shop.example>',
    `To: ${recipients.join(',\r\n ')}`,
    `Subject: ${name}`,
    `X-Body-Sha256: ${sha256}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

const stuffed = content =>
  content.includes('\r\n.') ? Buffer.from(content.toString('latin1').replace(/\r\n\./g, '\r\n..'), 'latin1') : content

class Gone extends Error {}
class Silence extends Error {}

/** An engine that is silent for so long is given up; what it was asked to take stays `cut`. */
const ANSWER_WITHIN_MS = 15_000
/** One whole reply of one or more lines. */
const REPLY = /^(?:\d{3}-[^\n]*\n)*\d{3}[^-\n][^\n]*\n/

/** One connection as a conversation: what was written is answered reply by reply. */
async function dial(port) {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  let text = ''
  let waiting
  let gone = false
  let silent = false
  const replies = []
  const end = () => {
    gone = true
    waiting?.fail(new Gone())
  }
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
    for (let match = REPLY.exec(text); match !== null; match = REPLY.exec(text)) {
      replies.push(match[0].trimEnd())
      text = text.slice(match[0].length)
    }
    if (replies.length > 0) waiting?.done(replies.shift())
  })
  socket.on('error', error => {
    silent = error instanceof Silence
    end()
  })
  socket.on('close', end)
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Silence()))
  return {
    write: octets => socket.write(octets),
    /** @throws Gone when the connection ends first */
    async reply() {
      if (replies.length > 0) return replies.shift()
      if (gone) throw new Gone()
      try {
        return await new Promise((done, fail) => {
          waiting = { done, fail }
        })
      } finally {
        waiting = undefined
      }
    },
    isSilent: () => silent,
    end: () => socket.destroy(),
  }
}

/** Opens a connection and greets. @throws Gone */
async function greet(port) {
  const line = await dial(port)
  try {
    await line.reply()
    line.write('EHLO sender.test\r\n')
    await line.reply()
    return line
  } catch (error) {
    line.end()
    throw error
  }
}

/** Offers one message on a connection. Sets its fate. @throws Gone */
async function offer(line, message, content, { pipelined }) {
  const commands = [`MAIL FROM:<${message.from}>`, ...message.recipients.map(address => `RCPT TO:<${address}>`), 'DATA']
  let refusal
  if (pipelined) line.write(`${commands.join('\r\n')}\r\n`)
  for (const command of commands) {
    if (!pipelined) line.write(`${command}\r\n`)
    const reply = await line.reply()
    if (!/^[23]/.test(reply)) refusal ??= reply
    if (refusal !== undefined && !pipelined) break
  }
  if (refusal !== undefined) {
    Object.assign(message, { fate: 'refused', answer: refusal })
    line.write('RSET\r\n')
    await line.reply()
    return
  }
  // Before the octets, not after: once they are written the engine may have them, whatever becomes of this connection.
  message.fate = 'cut'
  line.write(stuffed(content))
  line.write('.\r\n')
  const answer = await line.reply()
  Object.assign(message, { fate: answer.startsWith('250') ? 'accepted' : 'refused', answer })
}

/**
 * @param {{ next: () => { message: Message, content: Buffer } | undefined | Promise<{ message: Message, content: Buffer } | undefined>, port: () => number | undefined, sessions: number,
 *   keep: boolean, pipelined: boolean, onAnswer?: (message: Message) => void, onSilence?: (message: Message) => void, afterGone?: () => Promise<boolean> }} work
 *   `port` is asked before each connection; a session whose connection broke ends, unless `afterGone` says that it may go on
 */
export async function sendAll({
  next,
  port,
  sessions,
  keep,
  pipelined,
  onAnswer = () => {},
  onSilence = () => {},
  afterGone = async () => false,
}) {
  const session = async () => {
    let line
    for (let work = await next(); work !== undefined; work = await next()) {
      try {
        line ??= await greet(port())
        await offer(line, work.message, work.content, { pipelined })
        onAnswer(work.message)
        if (keep && !/^421/.test(work.message.answer)) continue
        line.write('QUIT\r\n')
        line.end()
        line = undefined
      } catch (error) {
        if (!(error instanceof Gone)) throw error
        if (line?.isSilent()) onSilence(work.message)
        line?.end()
        line = undefined
        if (!(await afterGone())) return
      }
    }
    line?.end()
  }
  await Promise.all(Array.from({ length: sessions }, session))
}
