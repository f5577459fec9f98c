// One mail, one process: `mailctl send` beside Node doing nothing and the small senders people put into scripts, swaks and msmtp. They take
// turns; wall time, CPU time and peak memory are the operating system's, by GNU time. All send to a sink on loopback. mailctl also applies the
// account's rules, signs, and stores the message, its outcome and its events; msmtp is given a ready-made message, as it does not build one.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { amount, median } from './figures.mjs'
import { FROM, freePort, loadKind, startSink } from './load/load.mjs'
import { environment, prepareHome } from './peers/mailctl.mjs'
import { findProgram, processGroup } from './processes.mjs'
import { makeFolder, makeKey } from './throughput.mjs'

const TIME = '/usr/bin/time'
const TO = 'user@sink.test'
const RUNS = 5
const ATTACHMENT_BYTES = 25_000_000
const BIN = resolve('bin/mailctl.js')

/** @returns why there is no GNU time, or undefined */
function noTime() {
  const works = existsSync(TIME) && spawnSync(TIME, ['-f', '%e', 'true'], { encoding: 'utf8' }).status === 0
  return works ? undefined : 'GNU time is not installed (Debian: apt-get install time)'
}

/** @returns seconds of wall and CPU time, MiB at the peak */
function time({ command, args, stdin = '/dev/null', env }, report) {
  const input = openSync(stdin, 'r')
  const began = performance.now()
  const { status, stderr } = spawnSync(TIME, ['-f', '%U %S %M', '-o', report, command, ...args], {
    stdio: [input, 'ignore', 'pipe'],
    encoding: 'utf8',
    ...(env && { env }),
  })
  const wall = (performance.now() - began) / 1000
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.slice(-500)}`)
  const [user, system, peakKib] = readFileSync(report, 'utf8').trim().split(' ').map(Number)
  return { wall, cpu: user + system, peak: peakKib / 1024 }
}

/** The files that are sent. */
function writeMail(folder) {
  const files = Object.fromEntries(['text', 'attachment', 'small', 'large'].map(name => [name, join(folder, name)]))
  const text = `${'x'.repeat(76)}\n`.repeat(13)
  const attachment = randomBytes(ATTACHMENT_BYTES)
  const header = `From: <${FROM}>\nTo: <${TO}>\nSubject: bench\n`
  const mime = 'MIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n'
  writeFileSync(files.text, text)
  writeFileSync(files.attachment, attachment)
  writeFileSync(files.small, `${header}\n${text}`)
  writeFileSync(files.large, `${header}${mime}\n${attachment.toString('base64').replace(/.{76}/g, '$&\n')}\n`)
  return files
}

/** What is compared: a name and how it is started. */
function commands({ files, port, home }) {
  const mailctl = args => ({
    command: process.execPath,
    args: [BIN, '--no-input', 'send', '--from', FROM, '--to', TO, '--subject', 'bench', ...args],
    env: environment(home),
  })
  const swaks = args => ({
    command: findProgram('swaks'),
    args: ['--server', `127.0.0.1:${port}`, '--from', FROM, '--to', TO, '--silent', '3', ...args],
  })
  const msmtp = stdin => ({
    command: findProgram('msmtp'),
    args: ['--file=/dev/null', '--host=127.0.0.1', `--port=${port}`, `--from=${FROM}`, TO],
    stdin,
  })
  return {
    node: { command: process.execPath, args: ['-e', '0'] },
    small: { mailctl: mailctl(['--text', `@${files.text}`]), swaks: swaks(['--body', `@${files.text}`]), msmtp: msmtp(files.small) },
    large: {
      mailctl: mailctl(['--text', 't', '--attach', files.attachment, '--timeout', '10m']),
      swaks: swaks(['--attach', `@${files.attachment}`]),
      msmtp: msmtp(files.large),
    },
  }
}

export async function* oneshot({ quick }) {
  const reason = noTime()
  if (reason !== undefined) return yield { name: 'mailctl send', skipped: reason }
  const peers = []
  for (const name of ['swaks', 'msmtp'])
    if (findProgram(name)) peers.push(name)
    else yield { name: `mailctl send ÷ ${name}`, skipped: `${name} is not installed (Debian: apt-get install ${name})` }
  const folder = makeFolder()
  const group = processGroup()
  let sink
  try {
    const [home, port] = [join(folder, 'home'), await freePort()]
    prepareHome(home, { key: makeKey(folder), sinkPort: port })
    sink = await startSink({ kind: loadKind(), group, port, folder })
    const { node, ...kinds } = commands({ files: writeMail(folder), port, home })
    const runs = { node: [], small: {}, large: {} }
    for (let round = 0; round < (quick ? 1 : RUNS); round += 1) {
      const report = join(folder, 'time')
      runs.node.push(time(node, report))
      for (const [kind, senders] of Object.entries(kinds))
        for (const name of ['mailctl', ...peers]) {
          runs[kind][name] ??= []
          runs[kind][name].push(time(senders[name], report))
        }
    }
    yield* figures(runs, peers)
  } finally {
    await sink?.stop()
    await group.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function* figures({ node, small, large }, peers) {
  const of = (runs, field) => median(runs.map(run => run[field]))
  const cost = runs => `${amount(of(runs, 'wall'), 's')}, ${amount(of(runs, 'cpu'), 's CPU')}, ${amount(of(runs, 'peak'), 'MiB')}`
  const ratio = (runs, other) => median(runs.map((run, round) => run.wall / other[round].wall))
  yield {
    name: 'send 1 KB ÷ node -e 0',
    value: ratio(small.mailctl, node),
    unit: '×',
    detail: `${cost(small.mailctl)} ÷ ${cost(node)}`,
  }
  for (const peer of peers)
    yield { name: `send 1 KB ÷ ${peer}`, value: ratio(small.mailctl, small[peer]), unit: '×', detail: `${peer} ${cost(small[peer])}` }
  for (const peer of peers)
    yield {
      name: `send 25 MB ÷ ${peer}`,
      value: ratio(large.mailctl, large[peer]),
      unit: '×',
      goal: GOALS[peer],
      better: 'less',
      detail: `${cost(large.mailctl)} ÷ ${cost(large[peer])}`,
    }
  yield {
    name: 'send 25 MB: memory at the peak',
    value: of(large.mailctl, 'peak'),
    unit: 'MiB',
    goal: GOALS.memory,
    better: 'less',
    detail: cost(large.mailctl),
  }
}

/** swaks builds its message as mailctl does; msmtp reads and sends a ready one, so about its time means half as much again. */
const GOALS = { swaks: 1, msmtp: 1.5, memory: 100 }
