/**
 * Every command with its one-line summary and the module it lives in. Only the chosen command's module is loaded; `--help` of the whole
 * and of a noun needs none. A test compares each summary and path with the module's own.
 */
import type { Command } from './command.ts'

export interface Entry {
  /** The words: `identity show`. */
  readonly path: string
  readonly summary: string
  load(): Promise<{ readonly default: Command }>
}

const entry = (path: string, summary: string, load: Entry['load']): Entry => ({ path, summary, load })

/** In the order of `mailctl --help`. */
export const REGISTRY: readonly Entry[] = [
  entry('demo', 'Take the whole tour in a throw-away home, checking each step', () => import('./commands/demo.ts')),
  entry('init', 'Make an account in this home', () => import('./commands/init.ts')),
  entry('status', 'Show the account on one screen', () => import('./commands/status.ts')),
  entry('quota', 'Show what the account may still send', () => import('./commands/quota.ts')),
  entry('account show', 'Show the account: access, limits, health', () => import('./commands/account/show.ts')),
  entry('account request-production', 'Ask to leave the sandbox', () => import('./commands/account/request-production.ts')),
  entry('account usage', 'Show what was sent and what SES would charge for it', () => import('./commands/account/usage.ts')),
  entry('account pause', 'Stop accepting mail from now on', () => import('./commands/account/pause.ts')),
  entry('account resume', 'Accept mail again', () => import('./commands/account/resume.ts')),
  entry('account set', 'Change what the account does', () => import('./commands/account/set.ts')),
  entry('reputation', 'Show bounce and complaint rates, and what follows from them', () => import('./commands/reputation.ts')),
  entry('stats', 'Count events by day, and TLS results by recipient domain', () => import('./commands/stats.ts')),
  entry('verify domain', 'Prove a domain by its DNS records', () => import('./commands/verify/domain.ts')),
  entry('verify email', 'Prove an address by a code that is mailed to it', () => import('./commands/verify/email.ts')),
  entry('verify all', 'Look at the records of every identity again', () => import('./commands/verify/all.ts')),
  entry('identity list', 'List domains and addresses', () => import('./commands/identity/list.ts')),
  entry('identity show', 'Show a domain or an address', () => import('./commands/identity/show.ts')),
  entry('identity delete', 'Remove a domain or an address, with its keys', () => import('./commands/identity/delete.ts')),
  entry('identity set', 'Change what an identity does', () => import('./commands/identity/set.ts')),
  entry('dkim show', 'Show the DKIM keys of a domain and what each does', () => import('./commands/dkim/show.ts')),
  entry('dkim rotate', 'Let the next DKIM key sign', () => import('./commands/dkim/rotate.ts')),
  entry('dkim import', 'Sign with a key of your own', () => import('./commands/dkim/import.ts')),
  entry('dkim export', 'Write a private DKIM key into a file', () => import('./commands/dkim/export.ts')),
  entry('config-set create', 'Make a configuration set', () => import('./commands/config-set/create.ts')),
  entry('config-set list', 'List configuration sets', () => import('./commands/config-set/list.ts')),
  entry('config-set show', 'Show a configuration set', () => import('./commands/config-set/show.ts')),
  entry('config-set set', 'Change a configuration set', () => import('./commands/config-set/set.ts')),
  entry('config-set delete', 'Remove a configuration set', () => import('./commands/config-set/delete.ts')),
  entry('dns plan', 'Print the records a domain needs', () => import('./commands/dns/plan.ts')),
  entry('dns publish', 'Write the records a domain needs into DNS', () => import('./commands/dns/publish.ts')),
  entry('dns check', 'Compare the records in DNS with the plan', () => import('./commands/dns/check.ts')),
  entry('dns serve', 'Answer DNS questions for our own zone and the planned records', () => import('./commands/dns/serve.ts')),
  entry('compose', 'Write a message as raw MIME', () => import('./commands/compose.ts')),
  entry('send', 'Send a message', () => import('./commands/send.ts')),
  entry('template create', 'Store a template', () => import('./commands/template/create.ts')),
  entry('template list', 'List templates', () => import('./commands/template/list.ts')),
  entry('template show', 'Show a template', () => import('./commands/template/show.ts')),
  entry('template update', 'Change a stored template', () => import('./commands/template/update.ts')),
  entry('template delete', 'Remove a stored template', () => import('./commands/template/delete.ts')),
  entry('template render', 'Fill a template with data and show the message', () => import('./commands/template/render.ts')),
  entry('simulate', 'Send to the mailbox simulator and see the events', () => import('./commands/simulate.ts')),
  entry('why', 'Tell what happened to a message, step by step', () => import('./commands/why.ts')),
  entry('inspect', 'Show what a message is, whether it is authentic, and what it reports', () => import('./commands/inspect.ts')),
  entry('inbox list', "List what the lab's receivers took", () => import('./commands/inbox/list.ts')),
  entry('inbox show', 'Show a message that a lab receiver took', () => import('./commands/inbox/show.ts')),
  entry('inbox wait', 'Wait until matching mail is there', () => import('./commands/inbox/wait.ts')),
  entry('inbox clear', "Remove everything the lab's receivers took", () => import('./commands/inbox/clear.ts')),
  entry('queue list', 'List recipients that wait for delivery', () => import('./commands/queue/list.ts')),
  entry('queue show', 'Show a message and where each recipient stands', () => import('./commands/queue/show.ts')),
  entry('queue retry', 'Make what waits due now', () => import('./commands/queue/retry.ts')),
  entry('queue hold', 'Keep recipients back until they are released', () => import('./commands/queue/hold.ts')),
  entry('queue release', 'Let held recipients go on, due now', () => import('./commands/queue/release.ts')),
  entry('queue delete', 'Remove recipients from the queue for good', () => import('./commands/queue/delete.ts')),
  entry('queue flush', 'Try now what waits for delivery', () => import('./commands/queue/flush.ts')),
  entry('queue stats', 'Count what is in the queue, by state and by destination', () => import('./commands/queue/stats.ts')),
  entry('events list', 'List what happened to messages', () => import('./commands/events/list.ts')),
  entry('suppression list', 'List addresses that get no mail', () => import('./commands/suppression/list.ts')),
  entry('suppression get', 'Show why an address gets no mail', () => import('./commands/suppression/get.ts')),
  entry('suppression add', 'Stop mail to an address', () => import('./commands/suppression/add.ts')),
  entry('suppression remove', 'Let mail go to an address again', () => import('./commands/suppression/remove.ts')),
  entry(
    'suppression import',
    'Put the addresses of a file on the list, or take them off',
    () => import('./commands/suppression/import.ts'),
  ),
  entry('suppression export', 'Write the list as a file that can be imported', () => import('./commands/suppression/export.ts')),
  entry('keys create', 'Make an access key for the API', () => import('./commands/keys/create.ts')),
  entry('keys list', 'List the access keys for the API', () => import('./commands/keys/list.ts')),
  entry('keys revoke', 'Make an access key unusable, at once and for good', () => import('./commands/keys/revoke.ts')),
  entry(
    'smtp credentials create',
    'Make a user name and a password for the SMTP door',
    () => import('./commands/smtp/credentials/create.ts'),
  ),
  entry('smtp credentials list', 'List the users of the SMTP door', () => import('./commands/smtp/credentials/list.ts')),
  entry(
    'smtp credentials revoke',
    'Lock out a user of the SMTP door, at once and for good',
    () => import('./commands/smtp/credentials/revoke.ts'),
  ),
  entry('serve', 'Run the doors and the delivery worker', () => import('./commands/serve.ts')),
  entry('clock show', "Show the account's time", () => import('./commands/clock/show.ts')),
  entry('clock advance', 'Let time pass on a virtual clock', () => import('./commands/clock/advance.ts')),
  entry('config get', 'Print a setting', () => import('./commands/config/get.ts')),
  entry('config set', 'Store a setting', () => import('./commands/config/set.ts')),
  entry('config list', 'List the settings', () => import('./commands/config/list.ts')),
  entry('config path', 'Print where config.json is', () => import('./commands/config/path.ts')),
  entry('completion', 'Print a completion script for bash, zsh or fish', () => import('./commands/completion.ts')),
  entry('commands', 'List every command', () => import('./commands/commands.ts')),
  entry('help', 'Explain a topic or a command', () => import('./commands/help.ts')),
]
