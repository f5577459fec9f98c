// The built program as the runs use it: a home that may send, and `mailctl serve` in a process of its own.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../bin/mailctl.js', import.meta.url))
const READY_WITHIN_MS = 20_000

/** Contract: SIGTERM ends it within 10 s. */
export const STOP_WITHIN_MS = 10_000

/** Makes a home whose domain shop.example may send without limit, through whatever relay an engine is started with. */
export function makeHome(home) {
  const commands = [
    ['init'],
    ['verify', 'domain', 'shop.example', '--key', 'rsa1024'],
    ['account', 'request-production', '--approve', '--max-24h-send', '10000000', '--max-send-rate', '1000000'],
  ]
  for (const args of commands) runCommand(home, ...args)
}

/** @returns what it said on stdout  @throws Error when it ends with anything but 0 */
export function runCommand(home, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args, '--home', home], { encoding: 'utf8', env: environment() })
  if (status !== 0) throw new Error(`mailctl ${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout
}

const environment = more => ({ PATH: process.env.PATH, ...more })

const wayOut = sinkPort => (sinkPort === undefined ? {} : { MAILCTL_NETWORK: 'relay', MAILCTL_RELAY: `smtp://127.0.0.1:${sinkPort}` })
const portOf = place => Number(/:(\d+)$/.exec(place)?.[1])

/**
 * Starts `serve` with an open SMTP door for loopback and the sink as its relay.
 * @param {{ home: string, name: string, sinkPort?: number, env?: Record<string, string>, mx?: string, http?: string, trust?: string, auth?: string }} ask
 *   `name`: how it says EHLO; `sinkPort` absent: mail goes to the receivers of the lab; `mx`: where reports come in, else nowhere; `http`: where
 *   the API listens, else nowhere; `trust`: who needs no login; `auth`: who may use the API
 */
export function startEngine({ home, name, sinkPort, env = {}, mx = 'off', http = 'off', trust = '127.0.0.1/32', auth = 'sigv4' }) {
  const readyFile = `${home}/${name}.ready`
  rmSync(readyFile, { force: true })
  const flags = [
    '--smtp',
    '127.0.0.1:0',
    '--smtp-trust',
    trust,
    '--smtps',
    'off',
    '--http',
    http,
    '--http-auth',
    auth,
    '--https',
    'off',
    '--mx',
    mx,
    '--dns',
    'off',
  ]
  const child = spawn(process.execPath, [BIN, 'serve', '--home', home, ...flags, '--ready-file', readyFile], {
    env: environment({ ...wayOut(sinkPort), MAILCTL_HOSTNAME: name, ...env }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr = (stderr + text).slice(-4_000)
  })
  const ended = new Promise(done => child.on('exit', (code, signal) => done({ code, signal })))
  let over
  void ended.then(how => {
    over = how
  })
  const doors = () => JSON.parse(readFileSync(readyFile, 'utf8'))
  return {
    name,
    pid: child.pid,
    startedAt: Date.now(),
    ended,
    /** How it ended; undefined while it runs. */
    over: () => over,
    stderr: () => stderr,
    /** @returns the SMTP port, or undefined when it ended first  @throws Error when it is not ready in time */
    async ready() {
      for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; ) {
        if (existsSync(readyFile)) return portOf(doors().Smtp)
        if (over) return undefined
        await new Promise(done => setTimeout(done, 4))
      }
      child.kill('SIGKILL')
      throw new Error(`${name} was not ready within ${READY_WITHIN_MS} ms: ${stderr}`)
    },
    /** The port for reports, and that of the API, once it is ready. */
    mxPort: () => portOf(doors().Mx),
    httpPort: () => portOf(doors().Http),
    kill: () => child.kill('SIGKILL'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    /** @returns how it ended and how long that took */
    async stop() {
      const askedAt = Date.now()
      child.kill('SIGTERM')
      const giveUp = setTimeout(() => child.kill('SIGKILL'), 2 * STOP_WITHIN_MS)
      const how = await ended
      clearTimeout(giveUp)
      return { ...how, ms: Date.now() - askedAt }
    },
  }
}
