/** Debian's BIND as a private primary server on loopback, with zones that take updates signed by one TSIG key. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Bind {
  readonly address: string
  readonly port: number
  readonly keyFile: string
  /** Keys of other algorithms, which may change the zones as well. */
  readonly otherKeyFiles: Readonly<Record<string, string>>
  readonly folder: string
  /** What `dig` prints with +short, one answer a line. */
  dig(...words: readonly string[]): Promise<string[]>
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(done => probe.listen(0, '127.0.0.1', done))
  const bound = probe.address()
  await new Promise(done => probe.close(done))
  return bound !== null && typeof bound === 'object' ? bound.port : 0
}

const OTHER_ALGORITHMS = ['hmac-sha1', 'hmac-sha224', 'hmac-sha384', 'hmac-sha512'] as const

/** @param zones records of each zone beside SOA and NS, as lines of a zone file */
export async function startBind(zones: Readonly<Record<string, string>>): Promise<Bind> {
  const folder = mkdtempSync(join(tmpdir(), 'mailctl-bind-'))
  const makeKey = (algorithm: string, name: string): string => {
    const file = join(folder, `${name}.key`)
    writeFileSync(file, execFileSync('tsig-keygen', ['-a', algorithm, name]), { mode: 0o600 })
    return file
  }
  const keyFile = makeKey('hmac-sha256', 'mailctl-key')
  const otherKeyFiles = Object.fromEntries(OTHER_ALGORITHMS.map(algorithm => [algorithm, makeKey(algorithm, `key-${algorithm}`)]))
  const allowed = ['mailctl-key', ...OTHER_ALGORITHMS.map(algorithm => `key-${algorithm}`)].map(name => `key "${name}";`).join(' ')
  for (const [zone, lines] of Object.entries(zones))
    writeFileSync(
      join(folder, `${zone}.zone`),
      `$TTL 60\n$ORIGIN ${zone}.\n@ IN SOA ns hostmaster 7 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\n${lines}\n`,
    )
  const port = await freePort()
  const blocks = Object.keys(zones).map(zone => `zone "${zone}" { type primary; file "${zone}.zone"; allow-update { ${allowed} }; };`)
  const config = `${[keyFile, ...Object.values(otherKeyFiles)].map(file => `include "${file}";`).join('\n')}
options { directory "${folder}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; session-keyfile "${folder}/session.key";
  recursion no; notify no; allow-transfer { none; }; dnssec-validation no; empty-zones-enable no; };
controls { };
${blocks.join('\n')}
`
  const stopNamed = await runNamed(join(folder, 'named.conf'), config)
  return {
    address: '127.0.0.1',
    port,
    keyFile,
    otherKeyFiles,
    folder,
    dig: (...words) => dig(port, ...words),
    async stop() {
      await stopNamed()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves when it answers. @returns what ends it */
export async function runNamed(file: string, config: string): Promise<() => Promise<void>> {
  writeFileSync(file, config)
  const named = spawn('named', ['-g', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise(done => named.once('exit', done))
  let log = ''
  await new Promise<void>((ready, fail) => {
    named.once('error', fail)
    named.once('exit', () => fail(new Error(`named ended:\n${log}`)))
    named.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8')
      if (/ running$/m.test(log)) ready()
    })
  })
  return async () => {
    named.kill('SIGTERM')
    await ended
  }
}

/** An independent client. */
export async function dig(port: number, ...words: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(port), '+short', '+tries=1', '+time=5', ...words])
  return stdout.split('\n').filter(line => line !== '')
}
