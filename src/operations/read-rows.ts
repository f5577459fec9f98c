/**
 * Rows of a file as objects: CSV, whose first line names the fields (RFC 4180), or JSON, an object a line. They are read as they are asked
 * for, so memory holds a row and what was read ahead, never the file.
 */
import type { Readable } from 'node:stream'
import { MailctlError, messageOf } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { linesOf, type Refused, readable, textOf } from './read-lines.ts'

export type RowFormat = 'csv' | 'json'

export interface Row {
  /** From 1, without the line of names. */
  readonly row: number
  /** On which it ends, from 1. */
  readonly line: number
  readonly fields: Readonly<Record<string, unknown>>
}

export interface RowFile {
  /** Named in refusals. */
  readonly name: string
  /** The file, from its start each time. */
  readonly open: () => Readable
  /** Absent: JSON when its first character is a brace. */
  readonly format?: RowFormat
}

/** The data of one message is smaller: SES fact, 262,144 octets. */
const LONGEST_ROW = 1024 * 1024
const MOST_FIELDS = 1_000

/** @throws MailctlError no-input; bad-data, with file, line and reason */
export async function* rowsOf({ name, open, format }: RowFile): AsyncGenerator<Row> {
  const refused: Refused = (line, error) =>
    error instanceof MailctlError ? new MailctlError('bad-data', `${name}:${line}: ${error.message}`, { hint: error.hint ?? '' }) : error
  const input = open()
  try {
    const octets = readable(input, name)
    const first = await octets.next()
    const whole = joined(first.done ? Buffer.alloc(0) : first.value, octets)
    const isJson = format === undefined ? /^\ufeff?\s*\{/.test(first.done ? '' : first.value.toString('utf8', 0, 1_024)) : format === 'json'
    yield* isJson ? jsonRows(whole, refused) : csvRows(whole, refused)
  } finally {
    input.destroy()
  }
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function* jsonRows(input: AsyncIterable<Buffer>, refused: Refused): AsyncGenerator<Row> {
  let row = 0
  for await (const { line, text } of linesOf(input, { refused, longest: LONGEST_ROW, hint: 'One row a line.' })) {
    if (text.trim() === '') continue
    row += 1
    yield { row, line, fields: readObject(text, line, refused) }
  }
}

function readObject(text: string, line: number, refused: Refused): Row['fields'] {
  const hint = 'Write an object a line: {"to":"ann@example.com","name":"Ann"}'
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw refused(line, new MailctlError('bad-data', 'is not JSON', { hint, cause }))
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row['fields']
  throw refused(line, new MailctlError('bad-data', 'is not a JSON object', { hint }))
}

async function* csvRows(input: AsyncIterable<Buffer>, refused: Refused): AsyncGenerator<Row> {
  const { parse } = await import('csv-parse')
  const { Readable: Stream } = await import('node:stream')
  const source = Stream.from(textOf(input, refused), { objectMode: false })
  const parser = parse({ bom: true, info: true, skipEmptyLines: true, relaxColumnCount: true, maxRecordSize: LONGEST_ROW })
  source.on('error', error => parser.destroy(error))
  source.pipe(parser)
  let names: readonly string[] | undefined
  let row = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const line = info.lines
      if (names === undefined) {
        names = checkNames(record, line, refused)
        continue
      }
      if (record.length !== names.length)
        throw refused(
          line,
          new MailctlError('bad-data', `has ${record.length} fields, the first line names ${names.length}`, {
            hint: 'A field with a comma, a quote or a line break in it stands in double quotes.',
          }),
        )
      row += 1
      yield { row, line, fields: Object.fromEntries(record.map((value, at) => [names?.[at] ?? '', value])) }
    }
  } catch (error) {
    throw asRefusal(error, refused)
  } finally {
    source.destroy()
    parser.destroy()
  }
}

/** What the parser itself says: a quote that is not closed, a record without end. */
function asRefusal(error: unknown, refused: Refused): unknown {
  if (!(error instanceof Error) || error instanceof MailctlError || !('code' in error) || !String(error.code).startsWith('CSV_'))
    return error
  const line = 'lines' in error && typeof error.lines === 'number' ? error.lines : 1
  const why = messageOf(error).replace(/^[^:]*: /, '')
  const hint = 'A field with a comma, a quote or a line break in it stands in double quotes, and a quote within is doubled.'
  return refused(line, new MailctlError('bad-data', `is not CSV: ${printable(why)}`, { hint }))
}

function checkNames(record: readonly string[], line: number, refused: Refused): readonly string[] {
  const names = record.map(name => name.trim())
  const twice = names.find((name, at) => names.indexOf(name) < at)
  const wrong = names.includes('')
    ? 'has a field without a name'
    : twice !== undefined
      ? `names the field '${printable(twice)}' twice`
      : names.length > MOST_FIELDS
        ? `names more than ${MOST_FIELDS} fields`
        : undefined
  if (wrong === undefined) return names
  throw refused(line, new MailctlError('bad-data', wrong, { hint: 'The first line of CSV names the fields: to,name,city' }))
}
