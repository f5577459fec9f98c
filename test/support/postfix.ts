/**
 * A private Postfix: own configuration, queue, port, log and certificate in a temporary folder, STARTTLS, delivery of one domain into a
 * maildir. Needs Debian's `postfix` package and root (its master gives up privileges by itself); touches no other instance.
 */
import { execFile } from 'node:child_process'
import { watch } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Debian's nobody: virtual(8) gives up root for it. */
const NOBODY = 65_534

export interface Postfix {
  readonly address: string
  readonly port: number
  /** In the certificate and the greeting. */
  readonly hostName: string
  /** PEM that verifies the certificate. */
  readonly ca: string
  /** The folder of the certificate and the configuration. */
  readonly folder: string
  /** Waits until so many messages lie in the maildir. @returns their octets, as stored, in no order @throws Error with the log after 30 s */
  delivered(count: number): Promise<Buffer[]>
  log(): Promise<string>
  stop(): Promise<void>
}

export interface PostfixOptions {
  readonly hostName: string
  /** Everybody in this domain has the one maildir. */
  readonly domain: string
  /** More lines for main.cf. */
  readonly main?: readonly string[]
}

export async function startPostfix({ hostName, domain, main = [] }: PostfixOptions): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), 'mailctl-postfix-'))
  // Postfix's own user has to reach its queue.
  await chmod(folder, 0o755)
  const inbox = join(folder, 'inbox')
  for (const name of ['conf', 'spool', 'data', 'inbox', 'inbox/new', 'inbox/cur', 'inbox/tmp']) await mkdir(join(folder, name))
  for (const name of ['inbox', 'inbox/new', 'inbox/cur', 'inbox/tmp']) await chown(join(folder, name), NOBODY, NOBODY)
  await run('chown', ['postfix', join(folder, 'data')])
  const ca = await makeCertificate(folder, hostName)
  const port = await freePort()
  await writeFile(join(folder, 'conf/main.cf'), `${[...mainCf(folder, { hostName, domain }), ...main].join('\n')}\n`)
  await writeFile(join(folder, 'conf/master.cf'), `${masterCf(port).join('\n')}\n`)
  const log = (): Promise<string> => readFile(join(folder, 'maillog'), 'utf8').catch(() => '')
  const postfix = (command: string) => run('postfix', ['-c', join(folder, 'conf'), command])
  try {
    await postfix('start')
  } catch (thrown) {
    throw new Error(`Postfix did not start (installed by scripts/install-servers.sh?)\n${await log()}`, { cause: thrown })
  }
  return {
    address: '127.0.0.1',
    port,
    hostName,
    ca,
    folder,
    log,
    async delivered(count) {
      const names = await filesIn(join(inbox, 'new'), count, log)
      return Promise.all(names.map(name => readFile(join(inbox, 'new', name))))
    },
    async stop() {
      await postfix('stop')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function mainCf(folder: string, { hostName, domain }: PostfixOptions): string[] {
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${folder}/spool`,
    `data_directory = ${folder}/data`,
    'command_directory = /usr/sbin',
    'daemon_directory = /usr/lib/postfix/sbin',
    `maillog_file = ${folder}/maillog`,
    `maillog_file_prefixes = ${folder}`,
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    `myhostname = ${hostName}`,
    'mydestination =',
    'alias_maps =',
    'mynetworks = 127.0.0.0/8',
    'smtpd_relay_restrictions = reject_unauth_destination',
    'smtpd_peername_lookup = no',
    'smtp_dns_support_level = disabled',
    // What arrives must be what was sent: no header is added or rewritten for clients of this machine.
    'local_header_rewrite_clients =',
    `smtpd_tls_cert_file = ${folder}/cert.pem`,
    `smtpd_tls_key_file = ${folder}/key.pem`,
    'smtpd_tls_security_level = may',
    'smtpd_tls_received_header = yes',
    'message_size_limit = 52428800',
    'virtual_mailbox_limit = 0',
    `virtual_mailbox_domains = ${domain}`,
    `virtual_mailbox_base = ${folder}`,
    'virtual_mailbox_maps = static:inbox/',
    `virtual_uid_maps = static:${NOBODY}`,
    `virtual_gid_maps = static:${NOBODY}`,
  ]
}

/** Service, type, private, unprivileged, chroot, wake-up, processes, program. */
const masterCf = (port: number): string[] => [
  `127.0.0.1:${port} inet n - n - - smtpd`,
  'pickup unix n - n 60 1 pickup',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
  'rewrite unix - - n - - trivial-rewrite',
  'bounce unix - - n - 0 bounce',
  'defer unix - - n - 0 bounce',
  'trace unix - - n - 0 bounce',
  'verify unix - - n - 1 verify',
  'flush unix n - n 1000? 0 flush',
  'proxymap unix - - n - - proxymap',
  'smtp unix - - n - - smtp',
  'showq unix n - n - - showq',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'virtual unix - n n - - virtual',
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
  'postlog unix-dgram n - n - 1 postlogd',
]

/** By OpenSSL, so that our own certificate code has no part in it. @returns the certificate, PEM */
async function makeCertificate(folder: string, hostName: string): Promise<string> {
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  const name = ['-subj', `/CN=${hostName}`, '-addext', `subjectAltName=DNS:${hostName}`]
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...name])
  return readFile(join(folder, 'cert.pem'), 'utf8')
}

/** Postfix has to be told a port. Free when asked; nobody else takes ports of this range in the moment between. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

function filesIn(folder: string, count: number, log: () => Promise<string>): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(deadline)
      watcher.close()
      settle()
    }
    const look = async (): Promise<void> => {
      const names = await readdir(folder)
      if (names.length >= count) done(() => resolve(names))
    }
    const deadline = setTimeout(async () => {
      const text = await log()
      done(() => reject(new Error(`fewer than ${count} messages after 30 s\n${text}`)))
    }, 30_000)
    const watcher = watch(folder, () => void look())
    void look()
  })
}
