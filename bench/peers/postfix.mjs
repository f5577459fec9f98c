// Postfix with OpenDKIM as its milter, RSA-2048, relaxed/relaxed; both with a configuration and a queue of their own in a temporary folder,
// so that what the machine's own Postfix has is neither used nor changed. Its limits are lifted as far as they would slow down a load test.
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FROM, freePort, greeting } from '../load/load.mjs'
import { findProgram, stop } from '../processes.mjs'

const DAEMONS = ['/usr/lib/postfix/sbin', '/usr/libexec/postfix', '/usr/lib/postfix']

function mainCf({ folder, sinkPort, milter }) {
  return `compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
daemon_directory = ${DAEMONS.find(existsSync)}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mta.bench.test
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_event_limit_exceptions = static:all
message_size_limit = 52428800
relayhost = [127.0.0.1]:${sinkPort}
smtp_dns_support_level = disabled
smtp_tls_security_level = none
smtpd_tls_security_level = none
initial_destination_concurrency = 20
default_destination_concurrency_limit = 50
default_destination_rate_delay = 0
default_process_limit = 100
smtpd_milters = unix:${milter}
milter_default_action = tempfail
`
}

const masterCf = port => `127.0.0.1:${port} inet n - n - - smtpd
cleanup   unix  n - n -    0 cleanup
qmgr      unix  n - n 300  1 qmgr
rewrite   unix  - - n -    - trivial-rewrite
bounce    unix  - - n -    0 bounce
defer     unix  - - n -    0 bounce
trace     unix  - - n -    0 bounce
proxymap  unix  - - n -    - proxymap
smtp      unix  - - n -    - smtp
error     unix  - - n -    - error
retry     unix  - - n -    - error
anvil     unix  - - n -    1 anvil
scache    unix  - - n -    1 scache
`

const openDkim = ({ folder, key }) => `Socket local:${folder}/sock
UMask 000
UserID opendkim
Mode s
Canonicalization relaxed/relaxed
SignatureAlgorithm rsa-sha256
Domain ${FROM.split('@')[1]}
Selector s1
KeyFile ${key}
RequireSafeKeys no
InternalHosts 127.0.0.1
Syslog no
`

/** Number of a user or group, from a file of passwd's form. */
const idOf = (file, name) =>
  Number(
    readFileSync(file, 'utf8')
      .split('\n')
      .find(line => line.startsWith(`${name}:`))
      ?.split(':')[2],
  )

function makeFolder(path, owner) {
  mkdirSync(path, { mode: 0o755 })
  if (owner) chownSync(path, idOf('/etc/passwd', owner), idOf('/etc/group', owner))
  return path
}

function missing() {
  const absent = ['postfix', 'opendkim'].filter(name => findProgram(name) === undefined)
  if (absent.length > 0) return `${absent.join(' and ')} not installed (Debian: apt-get install postfix opendkim)`
  if (process.getuid?.() !== 0) return 'Postfix starts only as root'
  return undefined
}

export const postfixPeer = {
  name: 'Postfix + OpenDKIM',
  missing,
  async start({ folder, group, key, sinkPort }) {
    const port = await freePort()
    const milter = makeFolder(join(folder, 'opendkim'), 'opendkim')
    writeFileSync(join(milter, 'conf'), openDkim({ folder: milter, key }))
    const signer = group.spawn(findProgram('opendkim'), ['-f', '-x', join(milter, 'conf')], { stdio: ['ignore', 'ignore', 'inherit'] })
    const socket = join(milter, 'sock')
    for (let waited = 0; !existsSync(socket) && waited < 500; waited += 1) await new Promise(done => setTimeout(done, 20))

    const home = makeFolder(join(folder, 'postfix'))
    const conf = makeFolder(join(home, 'conf'))
    makeFolder(join(home, 'spool'))
    makeFolder(join(home, 'data'), 'postfix')
    writeFileSync(join(conf, 'main.cf'), mainCf({ folder: home, sinkPort, milter: socket }))
    writeFileSync(join(conf, 'master.cf'), masterCf(port))
    const master = group.spawn(findProgram('postfix'), ['-c', conf, 'start-fg'], { stdio: 'ignore' })
    await greeting(port)
    return {
      port,
      async stop() {
        // What was started is a script around the master, which a signal would leave behind.
        const ended = new Promise(done => master.once('exit', done))
        spawnSync(findProgram('postfix'), ['-c', conf, 'stop'], { stdio: 'ignore' })
        await ended
        await stop(signer)
      },
    }
  },
}
