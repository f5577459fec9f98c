/**
 * What a flag's value stands for: `@file` is the text of a file, `@-` the text on stdin, `@@x` is `@x`. Files are read to a limit and
 * in UTF-8 only; octets go through `openInput`, which streams.
 */
import { close, constants, createReadStream, fstat, open, ReadStream } from 'node:fs'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { MailctlError, messageOf } from '../base/errors.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'

/** A value is text to compose with, so it is never larger than a message may be. */
const MAX_VALUE_BYTES = 40 * 1024 * 1024

const camelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** @returns the flags with every `@file` read  @throws MailctlError no-input, too-large, bad-data (not UTF-8), usage (stdin twice) */
export async function expandValues(flags: Flags, options: readonly OptionSpec[], io: Pick<Io, 'stdin'>): Promise<Flags> {
  const expanded: Record<string, Flags[string]> = { ...flags }
  let stdinOf: string | undefined
  for (const option of options) {
    const name = /--(?:no-)?([\w-]+)/.exec(option.flags)?.[1]
    if (name === undefined || (option.path && !option.stdin)) continue
    const key = camelCase(name)
    const value = flags[key]
    const read = async (text: string): Promise<string> => {
      const isStdin = text === '@-' || (text === '-' && option.stdin === true)
      if (isStdin && stdinOf !== undefined) throw stdinTwice(stdinOf, name)
      if (isStdin) stdinOf = name
      if (!option.path) return expandValue(isStdin ? '@-' : text, io, `--${name}`)
      return isStdin ? asLiteral(await expandValue('@-', io, `--${name}`)) : text
    }
    if (typeof value === 'string') expanded[key] = await read(value)
    else if (Array.isArray(value)) expanded[key] = await inOrder(value, read)
  }
  return expanded
}

const stdinTwice = (first: string, second: string): MailctlError =>
  new MailctlError('usage', `stdin is wanted twice, by --${first} and by --${second}`, { hint: 'Put one of them into a file: @file.' })

/** One after the other, so that what is wrong is said of the first. */
async function inOrder(values: readonly string[], read: (value: string) => Promise<string>): Promise<string[]> {
  const done: string[] = []
  for (const value of values) done.push(await read(value))
  return done
}

/** For a value whose own `@` the command reads: text from stdin never names a file. */
const asLiteral = (text: string): string => (text.startsWith('@') ? `@${text}` : text)

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
export const readInput = async (path: string, io: Pick<Io, 'stdin'>): Promise<Buffer> => readAll(await openInput(path, io), path)

async function readAll(input: Readable, path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    size += chunk.length
    if (size > MAX_VALUE_BYTES) throw new MailctlError('too-large', `${path} holds more than 40 MB`, { hint: 'No message is larger.' })
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

/**
 * Octets of a file, or of stdin for `-`. The file is open when this resolves; it is read as it is consumed. A pipe with a name may have no
 * writer yet: it is waited for in a way that an interruption can end.
 * @throws MailctlError no-input
 */
export async function openInput(path: string, { stdin }: Pick<Io, 'stdin'>): Promise<Readable> {
  if (path === '-') {
    if (stdin.isTTY === true)
      throw new MailctlError('no-input', 'stdin is a terminal', { hint: 'Pipe the text in, or give a file name in place of -.' })
    return stdin
  }
  const { fd, isRegular } = await openFile(path)
  return isRegular ? createReadStream(path, { fd }) : new Socket({ fd, readable: true, writable: false })
}

/** As `openInput`, for who reads more than once: a file anew each time, what can be read only once (40 MB at most) from memory. */
export async function reopenInput(path: string, io: Pick<Io, 'stdin'>): Promise<() => Readable> {
  const input = await openInput(path, io)
  if (path !== '-' && input instanceof ReadStream) {
    input.destroy()
    return () => createReadStream(path)
  }
  const octets = await readAll(input, path)
  return () => Readable.from([octets])
}

/** Opening and reading must not wait in the kernel for a pipe's writer, where no interruption reaches. Absent on Windows. */
const WITHOUT_WAITING = constants.O_NONBLOCK ?? 0

async function openFile(path: string): Promise<{ fd: number; isRegular: boolean }> {
  let fd: number | undefined
  try {
    fd = await promisify<string, number, number>(open)(path, constants.O_RDONLY | WITHOUT_WAITING)
    const stat = await promisify(fstat)(fd)
    if (stat.isDirectory()) throw new MailctlError('no-input', `${path} is a folder, not a file`, { hint: 'Name one file.' })
    return { fd, isRegular: !stat.isFIFO() }
  } catch (thrown) {
    if (fd !== undefined) await promisify(close)(fd)
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
