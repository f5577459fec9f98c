// mailctl as a user has it: an account out of the sandbox, a domain verified with its own RSA-2048 key, rules, signature, events and the
// durable queue on, everything by commands. It hands all mail to the sink as its relay.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FROM } from '../load/load.mjs'
import { stop } from '../processes.mjs'

const BIN = resolve('bin/mailctl.js')

export const environment = home => ({ PATH: process.env.PATH, MAILCTL_HOME: home, CI: 'true' })

/** Runs a command to its end. @returns its stdout. @throws Error when it ends with another code than `exit` */
export function mailctl(home, args, exit = 0) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, '--no-input', ...args], { env: environment(home), encoding: 'utf8' })
  if (status !== exit) throw new Error(`mailctl ${args.join(' ')} ended with ${status}: ${stderr.trim()}`)
  return stdout
}

/** An account that may send as `FROM`, in the lab, or with `sinkPort` through a relay there. */
export function prepareHome(home, { key, sinkPort }) {
  const [, domain] = FROM.split('@')
  mailctl(home, ['init', '--network', 'lab'])
  mailctl(home, ['verify', 'domain', domain, '--dkim', `byo:s1:${key}`, '--publish', 'lab'])
  mailctl(home, ['account', 'request-production', '--approve', '--max-24h-send', '-1', '--max-send-rate', '1000000'])
  if (sinkPort === undefined) return
  mailctl(home, ['config', 'set', 'network', 'relay'])
  mailctl(home, ['config', 'set', 'relay', `smtp://127.0.0.1:${sinkPort}`])
}

/**
 * Starts `mailctl serve` with its SMTP door, and with the API when asked.
 * @param {{ home: string, group: import('../processes.mjs').Group, prefix?: readonly string[], http?: boolean }} options
 *   `prefix`: a command to start it with
 * @returns {Promise<{ port: number, httpPort?: number, readyMs: number, stop(): Promise<void> }>} `readyMs` from its start to its ready file
 */
export async function serve({ home, group, prefix = [], http = false }) {
  const ready = join(home, 'ready.json')
  const log = join(home, 'serve.log')
  rmSync(ready, { force: true })
  const doors = [
    '--smtp',
    '127.0.0.1:0',
    '--smtp-trust',
    '127.0.0.1/32',
    '--smtps',
    'off',
    ...(http ? ['--http', '127.0.0.1:0', '--http-auth', 'none'] : ['--http', 'off']),
    '--https',
    'off',
    '--mx',
    'off',
    '--dns',
    'off',
  ]
  const [command, ...rest] = [...prefix, process.execPath, BIN, '--no-input', 'serve', ...doors, '--ready-file', ready]
  const output = openSync(log, 'w')
  const began = performance.now()
  const child = group.spawn(command, rest, { env: environment(home), stdio: ['ignore', output, output] })
  closeSync(output)
  const lastWords = () => readFileSync(log, 'utf8').slice(-500).trim()
  while (!existsSync(ready)) {
    if (child.exitCode !== null || performance.now() - began > 60_000) throw new Error(`mailctl serve was not ready: ${lastWords()}`)
    await new Promise(done => setTimeout(done, 5))
  }
  const portOf = place => Number(place.split(':').at(-1))
  const { Smtp, Http } = JSON.parse(readFileSync(ready, 'utf8'))
  return {
    port: portOf(Smtp),
    ...(Http !== null && { httpPort: portOf(Http) }),
    readyMs: performance.now() - began,
    async stop() {
      const code = await stop(child)
      if (code === null) throw new Error(`mailctl serve did not end when asked: ${lastWords()}`)
      if (code !== 0) throw new Error(`mailctl serve ended with ${code}: ${lastWords()}`)
    },
  }
}

/** Whether the account tells the same as the sink: after the end, each message has its events. @returns what is wrong, or undefined */
function unaccounted(home, messages) {
  const { EventsLast24Hours: events } = JSON.parse(mailctl(home, ['status', '--json']))
  // Recipients of several domains are delivered to, and told of, one domain at a time.
  return events.Send === messages && events.Delivery >= messages
    ? undefined
    : `${messages} messages were delivered, but its events are ${JSON.stringify(events)}`
}

/** A new account for each run, its `serve` on the first `cores` cores of the machine when they are given. */
const freshPeer = cores => ({
  name: 'mailctl',
  missing: () => undefined,
  async start({ folder, group, key, sinkPort }) {
    const home = join(folder, 'home')
    prepareHome(home, { key, sinkPort })
    const started = await serve({ home, group, prefix: cores === undefined ? [] : ['taskset', '-c', `0-${cores - 1}`] })
    return { ...started, unaccounted: sent => unaccounted(home, sent) }
  },
})
export const mailctlPeer = freshPeer()
export const mailctlOn = cores => freshPeer(cores)

/** A home that is there and keeps what happens in it. `readyMs` gets an entry with each start. */
export function preparedPeer(home) {
  const readyMs = []
  return {
    name: 'mailctl',
    readyMs,
    async start({ group, sinkPort }) {
      mailctl(home, ['config', 'set', 'relay', `smtp://127.0.0.1:${sinkPort}`])
      const started = await serve({ home, group })
      readyMs.push(started.readyMs)
      return started
    },
  }
}
