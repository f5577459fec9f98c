/** Zones signed by BIND's tools, a `named` that serves them, and another that validates them by their keys: both on loopback. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, runNamed } from './bind.ts'

export interface SignedDns {
  /** Of the resolver that validates: `127.0.0.1:PORT`. */
  readonly resolver: string
  stop(): Promise<void>
}

interface Zone {
  /** Beside SOA and NS, as lines of a zone file. */
  readonly records: string
  /** `unsigned`: no signatures and no key of it is known. `forged`: signed, by another key than the resolver knows. */
  readonly signed: 'signed' | 'unsigned' | 'forged'
}

/** A file that BIND's key maker has made. @returns its name without an ending */
const makeKey = (folder: string, zone: string): string =>
  execFileSync('dnssec-keygen', ['-q', '-K', folder, '-a', 'ECDSAP256SHA256', '-f', 'KSK', zone], { encoding: 'utf8' }).trim()

/** As `trust-anchors` wants it: flags, protocol, algorithm and the key in quotes. */
function anchorOf(folder: string, key: string): string {
  const [, fields = '', octets = ''] = /DNSKEY\s+(\d+ \d+ \d+) (.+)/.exec(readFileSync(join(folder, `${key}.key`), 'utf8')) ?? []
  return `static-key ${fields} "${octets.replace(/\s/g, '')}"`
}

export async function startSignedDns(zones: Readonly<Record<string, Zone>>): Promise<SignedDns> {
  const folder = mkdtempSync(join(tmpdir(), 'mailctl-dnssec-'))
  const anchors: string[] = []
  for (const [name, { records, signed }] of Object.entries(zones)) {
    const file = join(folder, `${name}.zone`)
    writeFileSync(
      file,
      `$TTL 60\n$ORIGIN ${name}.\n@ IN SOA ns hostmaster 7 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\n${records}\n`,
    )
    if (signed === 'unsigned') continue
    const key = makeKey(folder, name)
    execFileSync('dnssec-signzone', ['-S', '-z', '-K', folder, '-o', name, '-f', `${file}.signed`, file], { cwd: folder, stdio: 'pipe' })
    anchors.push(`"${name}" ${anchorOf(folder, signed === 'forged' ? makeKey(folder, name) : key)};`)
  }
  const [primary, validator] = [await freePort(), await freePort()]
  const common = (port: number): string =>
    `directory "${folder}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; ` +
    `session-keyfile "${folder}/session-${port}.key"; managed-keys-directory "${folder}"; notify no; empty-zones-enable no;`
  const served = Object.entries(zones).map(
    ([name, { signed }]) => `zone "${name}" { type primary; file "${name}.zone${signed === 'unsigned' ? '' : '.signed'}"; };`,
  )
  const forwarded = Object.keys(zones).map(
    name => `zone "${name}" { type forward; forward only; forwarders { 127.0.0.1 port ${primary}; }; };`,
  )
  const stops = [
    await runNamed(
      join(folder, 'primary.conf'),
      `options { ${common(primary)} recursion no; dnssec-validation no; };\ncontrols { };\n${served.join('\n')}\n`,
    ),
    await runNamed(
      join(folder, 'validator.conf'),
      `options { ${common(validator)} recursion yes; dnssec-validation yes; };\ncontrols { };
trust-anchors { ${anchors.join(' ')} };\n${forwarded.join('\n')}\n`,
    ),
  ]
  return {
    resolver: `127.0.0.1:${validator}`,
    async stop() {
      for (const stop of stops) await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
