// Haraka with two workers and its DKIM plugin. It is no package of ours: `--haraka FOLDER` names one that is there, or has npm install it.
import { copyFileSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FROM, freePort, greeting } from '../load/load.mjs'
import { stop } from '../processes.mjs'
import { installed } from './npm-package.mjs'

const VERSION = '3.3.4'

const PLUGIN = sinkPort => `exports.hook_rcpt = (next, connection) => { connection.relaying = true; next(OK); };
exports.hook_get_mx = (next) => next(OK, { exchange: '127.0.0.1', port: ${sinkPort}, priority: 0 });
`
const SIGNER = `[sign]
enabled = true
selector = s1
domain = ${FROM.split('@')[1]}
headers = From, Sender, Reply-To, Subject, Date, Message-ID, To, Cc, MIME-Version, Content-Type, Content-Transfer-Encoding
[canon]
body = relaxed
[verify]
enabled = false
`

/** @param {string | undefined} folder of the option `--haraka` */
export function harakaPeer(folder) {
  return {
    name: 'Haraka + DKIM',
    missing: () => (folder === undefined ? 'not asked for (--haraka FOLDER: where it is, or is to be installed by npm)' : undefined),
    async start({ folder: place, group, key, sinkPort }) {
      const modules = installed(folder, 'Haraka', VERSION)
      const port = await freePort()
      const home = join(place, 'haraka')
      for (const part of ['config/dkim', 'plugins', 'queue']) mkdirSync(join(home, part), { recursive: true })
      symlinkSync(modules, join(home, 'node_modules'))
      copyFileSync(join(modules, 'Haraka/config/connection.ini'), join(home, 'config/connection.ini'))
      copyFileSync(key, join(home, 'config/dkim.private.key'))
      const files = {
        'config/me': 'mta.bench.test\n',
        'config/smtp.ini': `listen=127.0.0.1:${port}\nnodes=2\n`,
        'config/outbound.ini': 'concurrency_max=50\nenable_tls=false\nlocal_mx_ok=true\n',
        'config/log.ini': '[main]\nlevel=error\n',
        'config/plugins': 'dkim\nbench\n',
        'config/dkim.ini': SIGNER,
        'plugins/bench.js': PLUGIN(sinkPort),
      }
      for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text)
      const log = openSync(join(home, 'log'), 'w')
      const master = group.spawn(process.execPath, [join(modules, 'Haraka/bin/haraka'), '-c', home], {
        stdio: ['ignore', log, log],
        env: { ...process.env, NODE_CLUSTER_SCHED_POLICY: 'rr' },
      })
      await greeting(port)
      return { port, stop: () => stop(master) }
    },
  }
}
