/** The bench's own source and sink: what they count is what was sent, or every figure made with them is wrong. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'

const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue
    child.kill()
    await once(child, 'exit')
  }
})

function start(name: string): ChildProcess {
  const child = fork(`bench/load/${name}.mjs`, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  children.push(child)
  return child
}
async function startSink(): Promise<{ readonly sink: ChildProcess; readonly port: number }> {
  const sink = start('smtp-sink')
  const [{ port }] = await once(sink, 'message')
  return { sink, port }
}
async function reached(sink: ChildProcess, until: number): Promise<{ readonly reached: number; readonly head: string }> {
  const answer = once(sink, 'message')
  sink.send({ until })
  const [message] = await answer
  return message
}

async function startSource(port: number, job: object): Promise<ChildProcess> {
  const source = start('smtp-source')
  source.send({ port, size: 300, sessions: 4, recipients: 1, domains: 1, from: 'a@bench.test', messages: 1, ...job })
  await once(source, 'message')
  source.send({ go: true })
  return source
}

test('every recipient of every message is counted once', async () => {
  const { sink, port } = await startSink()
  const source = await startSource(port, { messages: 25, recipients: 3, domains: 7 })
  const [code] = await once(source, 'exit')
  expect(code).toBe(0)
  const { reached: count, head } = await reached(sink, 75)
  expect(count).toBe(75)
  expect(head).toMatch(/^From: <a@bench\.test>\r\nTo: <user\d+@d\d\.sink\.test>\r\n/)
})

test('the source ends with 1 when it is refused', async () => {
  const { createServer } = await import('node:net')
  const refusing = createServer(socket => socket.end('554 no\r\n')).listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  const address = refusing.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const source = await startSource(address.port, {})
  const [code] = await once(source, 'exit')
  refusing.close()
  expect(code).toBe(1)
})

/** Writes each piece once the sink has answered what came before. */
async function say(socket: Socket, pieces: readonly string[]): Promise<string> {
  let answers = ''
  for (const piece of pieces) {
    socket.write(piece)
    const [answer] = await once(socket, 'data')
    answers += answer
  }
  return answers
}

test('the sink takes a message to end at CRLF.CRLF only, wherever it is cut', async () => {
  const { sink, port } = await startSink()
  const socket = connect({ host: '127.0.0.1', port, noDelay: true }).setEncoding('latin1')
  await once(socket, 'data')
  const begin = ['EHLO a\r\n', 'MAIL FROM:<a@a.test>\r\n', 'RCPT TO:<b@b.test>\r\n', 'DATA\r\n']
  await say(socket, begin)
  const text = 'Subject: s\r\n\r\nx\n.\nx\r\n.\nx\n.\r\n..\r\n.\r\n'
  for (const octet of text) socket.write(octet)
  await once(socket, 'data')
  expect(await say(socket, [...begin.slice(1), '.\r\n'])).toContain('taken')
  // Pipelined: the end of one message, and the next, in one write.
  expect(await say(socket, [begin.slice(1).join(''), `two\r\n.\r\n${begin.slice(1).join('')}`, 'three\r\n.\r\nQUIT\r\n'])).toContain('221')
  expect(await reached(sink, 4)).toMatchObject({ reached: 4, head: 'Subject: s' })
})
