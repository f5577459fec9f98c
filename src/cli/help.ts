/** The frame of every `--help`: examples first, then how the command is written, last the exit codes it can give. */
import type { Command, OptionSpec } from './command.ts'
import { EXIT_CODES, EXIT_MEANINGS } from './exit-codes.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'
import type { Entry } from './registry.ts'

/** Any command can end so: wrong usage, a bug, an unusable `config.json`, Ctrl-C. */
const ALWAYS = [0, 64, 70, 78, 130]

const WIDTH = 80

export function exitCodesOf(spec: Pick<Command, 'fails' | 'results'>): Map<number, string> {
  const codes = new Set([...ALWAYS, ...spec.fails.map(code => EXIT_CODES[code].exit), ...Object.keys(spec.results ?? {}).map(Number)])
  const own: Readonly<Partial<Record<number, string>>> = spec.results ?? {}
  return new Map([...codes].sort((a, b) => a - b).map(code => [code, own[code] ?? EXIT_MEANINGS[code] ?? '']))
}

export function commandHelp(spec: Command): string {
  const usage = ['mailctl', spec.path, spec.arguments, '[flags]'].filter(Boolean).join(' ')
  const sections = [
    section(
      'Examples',
      spec.examples.map(line => `  ${line}`),
    ),
    section('Usage', [`  ${usage}`]),
    [...wrap(`${spec.summary}.`, ''), ...(spec.details === undefined ? [] : ['', ...wrap(spec.details, '')])],
    section('Flags', columns((spec.options ?? []).map(describe))),
    section('Global flags', columns([...GLOBAL_FLAGS.map(describe), ['-h, --help', 'show this text']])),
    section('Exit codes', columns([...exitCodesOf(spec)].map(([code, meaning]) => [String(code), meaning]))),
  ]
  return assemble(sections)
}

/** `mailctl --help` and `mailctl <noun> --help`. */
export function groupHelp(words: readonly string[], registry: readonly Entry[]): string {
  const prefix = words.map(word => `${word} `).join('')
  const entries = registry.filter(({ path }) => path.startsWith(prefix))
  const topics = words.length > 0 ? [] : section('Topics', columns(TOPICS_LIST))
  return assemble([
    section('Examples', examplesOf(words, entries)),
    section('Usage', [`  mailctl ${prefix}<command> [flags]`]),
    section('Commands', columns(entries.map(({ path, summary }) => [path, summary]))),
    topics,
    section(
      'Global flags',
      columns([...GLOBAL_FLAGS.map(describe), ['-h, --help', 'show help of any command'], ['-V, --version', 'print the version']]),
    ),
    section('Exit codes', columns(Object.entries(EXIT_MEANINGS))),
  ])
}

export const TOPICS_LIST: readonly (readonly [string, string])[] = [
  ['help environment', 'environment variables and where settings come from'],
  ['help exit-codes', 'what each exit code means'],
  ['help json', 'the rules of --json'],
  ['help lab', 'the internet in a box'],
  ['help dns', 'the records a domain needs'],
  ['help sandbox', 'what a new account may send'],
]

function examplesOf(words: readonly string[], entries: readonly Entry[]): string[] {
  if (words.length === 0)
    return [
      '  mailctl demo',
      '  mailctl init',
      '  mailctl verify domain example.com --wait',
      '  mailctl send --from hello@example.com --to ann@example.com --subject Hi --text Hello',
    ]
  return entries.slice(0, 3).map(({ path }) => `  mailctl ${path} --help`)
}

function describe(option: OptionSpec): [string, string] {
  const notes = [...(option.choices ? [`one of ${option.choices.join(', ')}`] : []), ...(option.repeat ? ['repeatable'] : [])]
  const said = option.choices?.every(choice => option.summary.includes(choice)) ? notes.slice(1) : notes
  return [
    option.flags.startsWith('--') ? `    ${option.flags}` : option.flags,
    said.length > 0 ? `${option.summary} (${said.join('; ')})` : option.summary,
  ]
}

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [`${title}:`, ...lines])
const assemble = (sections: readonly (readonly string[])[]): string =>
  `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`

/** Two columns; the second is wrapped below itself. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(30, Math.max(0, ...rows.map(([name]) => name.length)))
  return rows.flatMap(([name, text]) => {
    const indent = ' '.repeat(left + 4)
    const lines = wrap(text, indent)
    if (name.length > left) return [`  ${name}`, ...lines]
    return [`  ${name.padEnd(left)}  ${(lines[0] ?? '').trimStart()}`.trimEnd(), ...lines.slice(1)]
  })
}

function wrap(text: string, indent: string): string[] {
  return text.split('\n').flatMap(paragraph => {
    const lines: string[] = []
    let line = indent
    for (const word of paragraph.split(' ')) {
      if (line.length > indent.length && line.length + word.length + 1 > WIDTH) {
        lines.push(line)
        line = indent
      }
      line += line.length > indent.length ? ` ${word}` : word
    }
    lines.push(line.trimEnd())
    return lines
  })
}
