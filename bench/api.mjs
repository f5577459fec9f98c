// The SES API under 64 connections: SendEmail and GetAccount, beside an emulator that keeps what it is given in memory. Ours checks the account's
// rules, signs, and has the message on disk before it answers; delivery goes on meanwhile, to a sink. Both take their turn in each round.
import { join } from 'node:path'
import { amount, median } from './figures.mjs'
import { askOver } from './load/http-load.mjs'
import { FROM, freePort, startSink } from './load/load.mjs'
import { environment, prepareHome, serve } from './peers/mailctl.mjs'
import { installed } from './peers/npm-package.mjs'
import { accounting, processGroup, stop } from './processes.mjs'
import { makeFolder, makeKey } from './throughput.mjs'

const EMULATOR = { name: 'aws-ses-v2-local', version: '2.10.2' }
const CONNECTIONS = 64
const WARM_UP = 200

const SEND = JSON.stringify({
  FromEmailAddress: FROM,
  Destination: { ToAddresses: ['user@example.net'] },
  Content: { Simple: { Subject: { Data: 'bench' }, Body: { Text: { Data: 'x'.repeat(1_024) } } } },
})
/** What the emulator is to say of its account. */
const ACCOUNT = {
  DedicatedIpAutoWarmupEnabled: false,
  Details: {
    AdditionalContactEmailAddresses: ['ops@bench.test'],
    ContactLanguage: 'EN',
    MailType: 'TRANSACTIONAL',
    ReviewDetails: { CaseId: '1', Status: 'GRANTED' },
    UseCaseDescription: 'bench',
    WebsiteURL: 'https://bench.test',
  },
  EnforcementStatus: 'HEALTHY',
  ProductionAccessEnabled: true,
  SendingEnabled: true,
  SendQuota: { Max24HourSend: -1, MaxSendRate: 1_000_000, SentLast24Hours: 0 },
  SuppressionAttributes: { SuppressedReasons: ['BOUNCE', 'COMPLAINT'] },
}

const CALLS = [
  { name: 'SendEmail', method: 'POST', path: '/v2/email/outbound-emails', body: SEND },
  { name: 'GetAccount', method: 'GET', path: '/v2/email/account' },
]

export async function* api({ rounds, messages, 'ses-local': folder }) {
  const reason = accounting()
  if (reason !== undefined) return yield { name: 'the API under 64 connections', skipped: reason }
  const peers = [ours, ...(folder === undefined ? [] : [emulator(folder)])]
  if (folder === undefined)
    yield { name: `against ${EMULATOR.name}`, skipped: 'not asked for (--ses-local FOLDER: where it is, or is to be installed by npm)' }
  for (const call of CALLS) {
    const runs = new Map(peers.map(peer => [peer, []]))
    for (let round = 0; round < rounds; round += 1) for (const [peer, done] of runs) done.push(await run(peer, call, messages))
    const of = (peer, field) => median(runs.get(peer).map(one => one[field]))
    for (const peer of peers)
      yield {
        name: `${call.name} a second, ${peer.name}`,
        value: of(peer, 'perSecond'),
        unit: '/s',
        detail: `half within ${amount(of(peer, 'medianMs'), 'ms')}, 99 % within ${amount(of(peer, 'slowestMs'), 'ms')}`,
      }
    const [own, other] = peers
    if (other)
      yield {
        name: `${call.name} a second ÷ ${other.name}`,
        value: median(runs.get(own).map((one, round) => one.perSecond / runs.get(other)[round].perSecond)),
        unit: '×',
      }
  }
}

async function run(peer, { name, ...ask }, requests) {
  const group = processGroup()
  try {
    const { port, stop: stopPeer } = await peer.start(group)
    try {
      await askOver({ port, ...ask, connections: CONNECTIONS, requests: WARM_UP })
      return await askOver({ port, ...ask, connections: CONNECTIONS, requests })
    } finally {
      await stopPeer()
    }
  } catch (error) {
    throw new Error(`${peer.name}, ${name}: ${error.message}`, { cause: error })
  } finally {
    await group.close()
  }
}

const ours = {
  name: 'mailctl',
  async start(group) {
    const folder = makeFolder()
    const [home, sinkPort] = [join(folder, 'home'), await freePort()]
    prepareHome(home, { key: makeKey(folder), sinkPort })
    const sink = await startSink({ group, port: sinkPort, folder, kind: 'own' })
    const served = await serve({ home, group, http: true })
    return {
      port: served.httpPort,
      async stop() {
        await served.stop()
        await sink.stop()
      },
    }
  },
}

const emulator = folder => ({
  name: EMULATOR.name,
  async start(group) {
    const modules = installed(folder, EMULATOR.name, EMULATOR.version)
    const port = await freePort()
    const child = group.spawn(process.execPath, [join(modules, EMULATOR.name, 'dist/cli.js'), '--port', String(port)], {
      stdio: 'ignore',
      env: { ...environment(folder), AWS_SES_ACCOUNT: JSON.stringify(ACCOUNT) },
    })
    await answers(port)
    return { port, stop: () => stop(child) }
  },
})

async function answers(port) {
  for (const until = performance.now() + 20_000; ; ) {
    const got = await fetch(`http://127.0.0.1:${port}/v2/email/account`).catch(() => undefined)
    if (got !== undefined) return void (await got.arrayBuffer())
    if (performance.now() > until) throw new Error('it does not answer')
    await new Promise(done => setTimeout(done, 20))
  }
}
