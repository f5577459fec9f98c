/**
 * What a flag's value stands for: `@file` is the text of a file, `@-` the text on stdin, `@@x` is `@x`. Files are read to a limit and
 * in UTF-8 only; octets go through `openInput`, which streams.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'

/** A value is text to compose with, so it is never larger than a message may be. */
const MAX_VALUE_BYTES = 40 * 1024 * 1024

const camelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** @returns the flags with every `@file` read  @throws MailctlError no-input, too-large, bad-data (not UTF-8) */
export async function expandValues(flags: Flags, options: readonly OptionSpec[], io: Pick<Io, 'stdin'>): Promise<Flags> {
  const expanded: Record<string, Flags[string]> = { ...flags }
  for (const option of options) {
    const name = /--(?:no-)?([\w-]+)/.exec(option.flags)?.[1]
    if (name === undefined || option.path) continue
    const key = camelCase(name)
    const value = flags[key]
    const read = (text: string): Promise<string> => expandValue(option.stdin && text === '-' ? '@-' : text, io, `--${name}`)
    if (typeof value === 'string') expanded[key] = await read(value)
    else if (Array.isArray(value)) expanded[key] = await inOrder(value, read)
  }
  return expanded
}

/** One after the other: two values may both want stdin, and the second must then find it empty rather than race for it. */
async function inOrder(values: readonly string[], read: (value: string) => Promise<string>): Promise<string[]> {
  const done: string[] = []
  for (const value of values) done.push(await read(value))
  return done
}

async function expandValue(value: string, io: Pick<Io, 'stdin'>, flag: string): Promise<string> {
  if (value.startsWith('@@')) return value.slice(1)
  if (!value.startsWith('@') || value.length === 1) return value
  const bytes = await readInput(value.slice(1), io)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new MailctlError('bad-data', `${value.slice(1)}, given to ${flag}, is not UTF-8 text`, { hint: 'Save the file as UTF-8.' })
  }
}

/** A whole file, or stdin for `-`.  @throws MailctlError no-input, too-large (40 MB) */
export async function readInput(path: string, io: Pick<Io, 'stdin'>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of await openInput(path, io)) {
    size += chunk.length
    if (size > MAX_VALUE_BYTES) throw new MailctlError('too-large', `${path} holds more than 40 MB`)
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

/** Octets of a file, or of stdin for `-`. The file is open when this resolves; it is read as it is consumed.  @throws MailctlError no-input */
export async function openInput(path: string, { stdin }: Pick<Io, 'stdin'>): Promise<Readable> {
  if (path === '-') {
    if (stdin.isTTY === true)
      throw new MailctlError('no-input', 'stdin is a terminal', { hint: 'Pipe the text in, or give a file name in place of -.' })
    return stdin
  }
  try {
    const file = await open(path, 'r')
    const stat = await file.stat()
    if (stat.isDirectory()) {
      await file.close()
      throw new MailctlError('no-input', `${path} is a folder, not a file`)
    }
    return createReadStream(path, { fd: file, autoClose: true })
  } catch (thrown) {
    if (thrown instanceof MailctlError) throw thrown
    throw new MailctlError('no-input', `cannot read ${path}: ${reason(thrown)}`, {
      hint: 'Check the name and its permissions.',
      cause: thrown,
    })
  }
}

function reason(thrown: unknown): string {
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  return messageOf(thrown)
}
