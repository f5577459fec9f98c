// Source and sink around a peer: Postfix's smtp-source and smtp-sink where they are installed and can do what is asked, else our own.
// Both ends of one comparison are always the same programs.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, stop } from '../processes.mjs'

/** The sender of every message; peers sign for its domain. */
export const FROM = 'bench@bench.test'
/** How often the count of smtp-sink is looked at. */
const LOOK_MS = 5
const OWN_SINK = fileURLToPath(new URL('smtp-sink.mjs', import.meta.url))
const OWN_SOURCE = fileURLToPath(new URL('smtp-source.mjs', import.meta.url))

/** `postfix`: its programs. `own`: ours, which also spread recipients over domains and count them one by one. */
export const loadKind = () => (findProgram('smtp-source') && findProgram('smtp-sink') ? 'postfix' : 'own')

/** A port that was free a moment ago, for programs that want a number. */
export function freePort() {
  const server = createServer()
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/**
 * @param {{ kind: 'postfix' | 'own', group: import('../processes.mjs').Group, port: number, folder: string }} options
 * @returns {Promise<{ reached(count: number, withinMs: number): Promise<{ at: number, head?: string }>, stop(): Promise<unknown> }>}
 *   `reached` waits until that many messages (own: recipients) were accepted; `at` in epoch milliseconds
 */
export const startSink = options => (options.kind === 'own' ? ownSink(options) : postfixSink(options))

async function ownSink({ group, port }) {
  const child = group.spawn(process.execPath, [OWN_SINK, String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const answer = withinMs =>
    new Promise((done, fail) => {
      const late = withinMs && setTimeout(() => finish(() => fail(new Error(`not all arrived within ${withinMs / 1000} s`))), withinMs)
      const ended = () => finish(() => fail(new Error('the sink ended early')))
      const finish = settle => {
        clearTimeout(late)
        child.off('exit', ended)
        settle()
      }
      child.once('exit', ended)
      child.once('message', message => finish(() => done(message)))
    })
  await answer(5_000)
  return {
    reached(count, withinMs) {
      const reached = answer(withinMs)
      child.send({ until: count })
      return reached
    },
    stop: () => stop(child),
  }
}

async function postfixSink({ group, port, folder }) {
  const log = join(folder, 'sink.log')
  const file = openSync(log, 'w+')
  const user = process.getuid?.() === 0 ? ['-u', 'postfix'] : []
  const child = group.spawn(findProgram('smtp-sink'), [...user, '-c', '-m', '1000', `127.0.0.1:${port}`, '1024'], {
    stdio: ['ignore', file, 'inherit'],
  })
  await greeting(port)
  const tail = Buffer.alloc(120)
  const count = () => {
    const length = readSync(file, tail, 0, tail.length, Math.max(0, fstatSync(file).size - tail.length))
    return Number([...tail.toString('latin1', 0, length).matchAll(/mesg=\s*(\d+)\r/g)].at(-1)?.[1] ?? 0)
  }
  return {
    async reached(wanted, withinMs) {
      const until = Date.now() + withinMs
      while (count() < wanted) {
        if (Date.now() > until) throw new Error(`only ${count()} of ${wanted} arrived within ${withinMs / 1000} s`)
        await new Promise(done => setTimeout(done, LOOK_MS))
      }
      return { at: performance.timeOrigin + performance.now() }
    },
    async stop() {
      await stop(child)
      closeSync(file)
    },
  }
}

/** Waits until somebody greets on the port. @throws Error after 10 s */
export async function greeting(port) {
  const until = Date.now() + 10_000
  for (;;) {
    const greeted = await new Promise(done => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.setTimeout(1_000, () => socket.destroy())
      socket.once('data', text => {
        socket.end('QUIT\r\n')
        done(String(text).startsWith('220'))
      })
      socket.on('error', () => {})
      socket.on('close', () => done(false))
    })
    if (greeted) return
    if (Date.now() > until) throw new Error(`nobody greets on port ${port}`)
    await new Promise(done => setTimeout(done, 20))
  }
}

/**
 * @param {{ kind: 'postfix' | 'own', group: import('../processes.mjs').Group, port: number, messages: number, size: number, sessions: number,
 *   recipients: number, domains: number }} job `size`: octets of the body
 * @returns {Promise<{ began: number, done: Promise<void> }>} `began` in epoch milliseconds; `done` when all are accepted
 */
export async function startSource(job) {
  const now = () => performance.timeOrigin + performance.now()
  if (job.kind === 'own') {
    const child = job.group.spawn(process.execPath, [OWN_SOURCE], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const done = ending(child, 'source')
    const { kind: _kind, group: _group, ...asked } = job
    child.send({ ...asked, from: FROM })
    await Promise.race([new Promise(ready => child.once('message', ready)), done])
    child.send({ go: true })
    return { began: now(), done }
  }
  if (job.domains > 1) throw new Error('smtp-source knows one domain')
  const began = now()
  const several = job.recipients > 1 ? ['-r', String(job.recipients)] : []
  const args = ['-s', Math.min(job.sessions, job.messages), '-m', job.messages, '-l', job.size, '-f', FROM, '-t', 'user@sink.test']
  const child = job.group.spawn(findProgram('smtp-source'), [...several, ...args.map(String), `127.0.0.1:${job.port}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return { began, done: ending(child, 'smtp-source') }
}

function ending(child, name) {
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    errors = (errors + text).slice(-500)
  })
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', code => (code === 0 ? done() : fail(new Error(`${name} ended with ${code}: ${errors.trim()}`))))
  })
}
