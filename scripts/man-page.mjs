// The manual page, man/mailctl.1, from what the built program says of itself, so that it cannot say anything else. Part of the build.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** In roff a backslash and a line's first dot or quote have a meaning of their own; a dash would become a hyphen. */
const roff = text =>
  text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1')
const lines = text => ['.nf', roff(text.trimEnd()), '.fi']

/** The lines of a section of `--help`, as they stand there. */
function section(help, title) {
  const start = help.indexOf(`\n${title}:\n`)
  const body = help.slice(start + title.length + 3)
  return body.slice(0, body.search(/\n\n|$(?![\s\S])/))
}

/**
 * @param {{ commands: readonly object[], help: string, environment: string, version: string }} said `commands --json`, `--help` and
 *   `help environment`
 */
function manPage({ commands, help, environment, version }) {
  return [
    `.TH MAILCTL 1 "" "mailctl ${version}" "User Commands"`,
    '.SH NAME',
    'mailctl \\- a complete sending account on your own machine',
    '.SH SYNOPSIS',
    '.B mailctl',
    roff('<command> [flags]'),
    '.SH DESCRIPTION',
    'The rules of Amazon SES joined to a real mail transfer agent: verified identities, sandbox, quotas, suppression, configuration sets, events and',
    'reputation, with DKIM, a durable queue and delivery over TLS. Terminal, SMTP and an HTTP API compatible with SES are three doors to one account. It',
    'starts hermetic, with a simulated internet on loopback, and goes live by one setting.',
    '.PP',
    'The first steps are',
    '.BR "mailctl init" ,',
    '.B mailctl verify domain',
    'and',
    '.BR "mailctl send" ;',
    '.B mailctl demo',
    'shows all of it in a throw\\-away home.',
    '.SH GLOBAL FLAGS',
    ...lines(section(help, 'Global flags')),
    '.SH COMMANDS',
    ...commands.flatMap(commandText),
    '.SH EXIT STATUS',
    ...lines(section(help, 'Exit codes')),
    '.SH ENVIRONMENT',
    ...lines(environment.replace(/^[^\n]*\n\n/, '')),
    '.SH SEE ALSO',
    '.BR sendmail (8),',
    '.BR swaks (1),',
    '.BR dig (1)',
    '',
  ].join('\n')
}

/** Where the summary does not name them itself. */
const choicesOf = ({ Summary, Choices = [] }) => (Choices.every(choice => Summary.includes(choice)) ? '' : ` (${Choices.join(', ')})`)

function commandText({ Path, Arguments, Summary, Details, Flags, Examples }) {
  return [
    `.SS ${roff(['mailctl', Path, ...Arguments].join(' '))}`,
    roff(`${Summary}.`),
    ...(Details ? ['.PP', roff(Details)] : []),
    ...Flags.flatMap(flag => [
      '.TP',
      `.B ${roff(flag.Flags)}`,
      roff(flag.Summary + choicesOf(flag) + (flag.Repeatable ? ' (repeatable)' : '')),
    ]),
    '.PP',
    ...lines(Examples.map(example => `  ${example}`).join('\n')),
  ]
}

/** @param {string} version */
export function writeManPage(version) {
  const home = mkdtempSync(join(tmpdir(), 'mailctl-man-'))
  const said = (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/mailctl.js', ...args, '--home', home], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, CI: 'true', LANG: 'C.UTF-8' },
    })
    if (status !== 0) throw new Error(`mailctl ${args.join(' ')} ended with ${status}: ${stderr}`)
    return stdout
  }
  try {
    const commands = JSON.parse(said('commands', '--json')).Commands
    mkdirSync('man', { recursive: true })
    writeFileSync('man/mailctl.1', manPage({ commands, help: said('--help'), environment: said('help', 'environment'), version }))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
