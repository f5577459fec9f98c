// A sender of many small dialogues: a process of its own, for where Postfix's smtp-source is not installed or cannot say what is asked.
// A new connection for each message, one command at a time as RFC 5321 has it without pipelining, which is what most programs do.
//
// Parent → `{ port, messages, size, sessions, recipients, domains, from }`. Source → `{ ready: true }`, and after the parent's `{ go: true }`
// it exits with 0 when all are accepted, or with 1 and a line on stderr at the first refusal.
import { connect } from 'node:net'

let job
let payload
let taken = 0
let living = 0

function prepare(asked) {
  job = asked
  const line = `${'x'.repeat(76)}\r\n`
  payload = line.repeat(Math.ceil(job.size / line.length)).slice(0, Math.max(0, job.size - 2))
  process.send({ ready: true })
}

/** Round robin over the domains, so that each gets its share at any moment. */
const recipient = number => `user${number}@${job.domains === 1 ? 'sink.test' : `d${number % job.domains}.sink.test`}`

function dialogue(number) {
  const to = Array.from({ length: job.recipients }, (_, index) => recipient(number * job.recipients + index))
  const header = [
    `From: <${job.from}>`,
    `To: <${to[0]}>`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${number}.${process.pid}@${job.from.split('@')[1]}>`,
    'Subject: bench',
  ]
  const commands = ['EHLO source.test', `MAIL FROM:<${job.from}>`, ...to.map(address => `RCPT TO:<${address}>`), 'DATA']
  return [...commands, `${header.join('\r\n')}\r\n\r\n${payload}\r\n.`, 'QUIT']
}

function fail(reason) {
  process.stderr.write(`smtp-source: ${reason}\n`)
  process.exit(1)
}

function session() {
  if (taken === job.messages) {
    living -= 1
    if (living === 0) process.exit(0)
    return
  }
  const steps = dialogue(taken)
  taken += 1
  let next = 0
  let text = ''
  const socket = connect({ host: '127.0.0.1', port: job.port, noDelay: true })
  socket.setEncoding('latin1')
  socket.on('error', ({ message }) => fail(message))
  socket.on('data', chunk => {
    text += chunk
    // The last line of a reply has a space after its code.
    if (!/^\d{3} [^\n]*\n$/m.test(text) || !text.endsWith('\n')) return
    if (!/^[23]/.test(text)) fail(`refused: ${text.trim()}`)
    text = ''
    const step = steps[next]
    next += 1
    if (step !== undefined) socket.write(`${step}\r\n`)
  })
  socket.on('close', () => (next > steps.length ? session() : fail('the connection was closed early')))
}

process.on('message', message => {
  if (message.go !== true) return prepare(message)
  living = Math.min(job.sessions, job.messages)
  for (let begun = 0; begun < living; begun += 1) session()
})
process.on('disconnect', () => process.exit(1))
