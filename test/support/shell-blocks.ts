/**
 * The shell blocks of a Markdown page, run as a reader would type them: one after the other, in one shell, with one throw-away account.
 *
 * A `sh` block holds commands. A `console` block holds `$ command` lines, each followed by what it prints. In both, a line `# exit 77` says
 * how the command before it ends; without one it must end with 0. In printed text `…` stands for anything: within a line for some of it,
 * alone for any number of lines. Ids, tokens, moments, sizes and ports are compared by kind, and runs of spaces as one.
 * A third word, `no-run`, marks a block that is only read.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface Block {
  /** Of the opening fence, from 1. */
  readonly line: number
  readonly kind: 'sh' | 'console'
  readonly run: boolean
  readonly text: string
}

export interface Command {
  readonly line: number
  readonly text: string
  readonly exit: number
  /** What it prints, as the page shows it; undefined: the page does not say. */
  readonly prints: string | undefined
}

/** @throws TypeError for a fence that would go unnoticed: one that is indented, or says `shell` or `bash` */
export function shellBlocks(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: { line: number; info: string; lines: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (fence === null) {
      if (open === undefined && /^\s+```/.test(line)) throw new TypeError(`line ${index + 1}: a block must not be indented`)
      open?.lines.push(line)
      continue
    }
    if (open === undefined) {
      open = { line: index + 1, info: fence[1] ?? '', lines: [] }
      continue
    }
    const [kind = '', mark] = open.info.split(' ')
    if (['shell', 'bash', 'zsh', 'shell-session'].includes(kind)) throw new TypeError(`line ${open.line}: write sh or console, not ${kind}`)
    if (kind === 'sh' || kind === 'console') blocks.push({ line: open.line, kind, run: mark !== 'no-run', text: open.lines.join('\n') })
    open = undefined
  }
  return blocks
}

export function commandsOf({ line, kind, text }: Block): Command[] {
  const commands: { line: number; text: string; exit: number; prints: string[] }[] = []
  let continues = false
  for (const [index, one] of text.split('\n').entries()) {
    const last = commands.at(-1)
    const exit = /^# exit (\d+)/.exec(one)
    const typed = kind === 'sh' ? one : one.startsWith('$ ') ? one.slice(2) : undefined
    if (continues && last !== undefined) {
      last.text += `\n${one}`
      continues = one.endsWith('\\')
    } else if (exit !== null && last !== undefined) last.exit = Number(exit[1])
    else if (typed === undefined) last?.prints.push(one)
    else if (typed.trim() !== '' && !typed.startsWith('#')) {
      commands.push({ line: line + index + 1, text: typed, exit: 0, prints: [] })
      continues = typed.endsWith('\\')
    }
  }
  return commands.map(({ prints, ...command }) => ({ ...command, prints: kind === 'sh' ? undefined : prints.join('\n') }))
}

/** Runs the commands and tells what went otherwise than the page says, one text for each. @param page names the page in those texts */
export async function differences(page: string, commands: readonly Command[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mailctl-docs-'))
  try {
    const home = join(folder, 'ann')
    for (const name of ['bin', 'out', 'ann/shop']) mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, 'bin', 'mailctl'), `#!/bin/sh\nexec '${process.execPath}' '${resolve('bin/mailctl.js')}' "$@"\n`, {
      mode: 0o755,
    })
    const script = commands.map(({ text }, i) => `{ ${text}\n} >"$OUT/${i}" 2>&1 </dev/null; echo $? >"$OUT/${i}.exit"\n`).join('')
    writeFileSync(join(folder, 'page.sh'), script)
    const env = {
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      HOME: home,
      MAILCTL_HOME: join(home, '.local/share/mailctl/default'),
      OUT: join(folder, 'out'),
      TMPDIR: folder,
    }
    await new Promise(done => execFile('bash', [join(folder, 'page.sh')], { cwd: join(home, 'shop'), env, timeout: 280_000 }, done))
    return commands.flatMap((command, i) => {
      const printed = read(join(folder, 'out', String(i))).replaceAll(home, '/home/ann')
      return difference(command, printed, read(join(folder, 'out', `${i}.exit`)).trim()).map(
        text => `${page}:${command.line}: ${command.text}\n${text}`,
      )
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function difference({ exit, prints }: Command, printed: string, ended: string): string[] {
  if (ended !== String(exit)) return [`ended with ${ended || 'nothing'}, not with ${exit}; it printed:\n${printed}`]
  if (prints === undefined || pattern(prints).test(`${byKind(printed)}\n`)) return []
  return [`printed:\n${printed}\nbut the page says:\n${prints}`]
}

/** What differs from run to run, as its kind. */
const byKind = (text: string): string =>
  text
    .replace(/\r\n/g, '\n')
    .replace(/\b[0-9a-f]{16}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-000000\b/g, '‹message›')
    .replace(/\b0100[0-9a-f]{4,12}…/g, '‹message›')
    .replace(/\b[a-z2-7]{32}(?=[._])/g, '‹token›')
    .replace(/\b\d{12}\b/g, '‹account›')
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z/g, '‹moment›')
    .replace(/\+\d+(ms|[smhd])?( \d+[smhd])*(?= )/g, '‹later›')
    .replace(/\b\d+(\.\d+)? (B|KB|MB)\b/g, '‹size›')
    .replace(/(127\.0\.0\.1|\[::1\]):\d+/g, '$1:‹port›')
    .replace(/ +/g, ' ')
    .replace(/ $/gm, '')
    .trim()

function pattern(prints: string): RegExp {
  const lines = byKind(prints)
    .split('\n')
    .map(line => (line.trim() === '…' ? '(?:.*\n)*?' : `${line.split('…').map(escaped).join('.*')}\n`))
  return new RegExp(`^${lines.join('')}$`)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
