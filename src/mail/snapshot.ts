/**
 * A message as text that can be kept beside the code that makes it and read in a review: what a reader gets, without what every sending
 * writes anew or what only the way of writing decides (dates, ids, boundaries, encodings, traces, signatures). Fields first, then texts line
 * by line, then files by name, type, size and hash.
 *
 * The form: `Name: value` for each field, then for each part a line `== title` and its lines, indented by two spaces.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { type LineChange, lineDifference } from './line-difference.ts'
import type { ParsedAttachment, ParsedMessage } from './parse.ts'

/** A field has one line for each time it stands there. */
export interface SnapshotSection {
  /** The name of a field, or `== ` and the title of a part. */
  readonly title: string
  readonly lines: readonly string[]
}

export interface SectionDifference {
  readonly title: string
  readonly changes: readonly LineChange[]
}

const FIRST_LINE = '# A message, as mailctl snapshot write has it: version 1'
const PART = '== '
const INDENT = '  '

/** Written anew with every sending, or on the way. */
const VOLATILE =
  /^(?:date|message-id|mime-version|content-transfer-encoding|dkim-signature|domainkey-signature|received(?:-spf)?|return-path|delivered-to|authentication-results|arc-.*|feedback-id|x-ses-.*|x-received|resent-.*)$/
/** Those that are read first come first, the others by name. */
const FIRST_FIELDS = ['from', 'sender', 'to', 'cc', 'bcc', 'reply-to', 'subject']

export function snapshotOf(message: ParsedMessage): SnapshotSection[] {
  const sections = [...fieldSections(message.fields)]
  if (message.text !== null) sections.push({ title: `${PART}text/plain`, lines: textLines(message.text) })
  if (message.html !== null) sections.push({ title: `${PART}text/html`, lines: textLines(message.html) })
  for (const attachment of message.attachments) sections.push(attachmentSection(attachment))
  if (message.truncated) sections.push({ title: `${PART}not all of it`, lines: ['The message is larger than what is read of one.'] })
  return numbered(sections)
}

function fieldSections(fields: ParsedMessage['fields']): SnapshotSection[] {
  const byName = new Map<string, { readonly name: string; readonly lines: string[] }>()
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    if (VOLATILE.test(key)) continue
    const line = printable(key === 'content-type' ? mediaType(value) : value.replace(/[ \t]+/g, ' ').trim())
    const known = byName.get(key)
    if (known) known.lines.push(line)
    else byName.set(key, { name: printable(name), lines: [line] })
  }
  const rank = (key: string): number => (FIRST_FIELDS.indexOf(key) + FIRST_FIELDS.length + 1) % (FIRST_FIELDS.length + 1)
  return [...byName].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)).map(([, { name, lines }]) => ({ title: name, lines }))
}

/** Without its parameters: boundary and character set are a matter of writing. */
const mediaType = (value: string): string => (value.split(';')[0] ?? '').trim().toLowerCase()

const attachmentSection = ({ name, type, sizeBytes, sha256, disposition, contentId }: ParsedAttachment): SnapshotSection => ({
  title: `${PART}${disposition ?? 'file'} ${name === null ? 'without a name' : printable(name)}`,
  lines: [
    `type ${type}`,
    `size ${sizeBytes} octets`,
    `sha256 ${sha256}`,
    ...(contentId === null ? [] : [`content-id ${printable(contentId)}`]),
  ],
})

/** Blank lines at the end, and white space at the ends of lines, are lost on so many ways that they do not count. */
function textLines(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/).map(line => line.replace(/[ \t]+$/, ''))
  while (lines.at(-1) === '') lines.pop()
  return lines
}

/** Two parts of one title are told apart by their number. */
function numbered(sections: readonly SnapshotSection[]): SnapshotSection[] {
  const seen = new Map<string, number>()
  return sections.map(({ title, lines }) => {
    const times = (seen.get(title) ?? 0) + 1
    seen.set(title, times)
    return { title: times === 1 ? title : `${title} (${times})`, lines }
  })
}

const isPart = ({ title }: SnapshotSection): boolean => title.startsWith(PART)

export function writeSnapshot(sections: readonly SnapshotSection[]): string {
  const fields = sections
    .filter(section => !isPart(section))
    .flatMap(({ title, lines }) => lines.map(line => `${title}: ${line}`.trimEnd()))
  const parts = sections
    .filter(isPart)
    .map(({ title, lines }) => [title, ...lines.map(line => (line === '' ? '' : INDENT + line))].join('\n'))
  return `${[[FIRST_LINE, ...fields].join('\n'), ...parts].join('\n\n')}\n`
}

/** Whether the text is a snapshot and not a message. */
export const isSnapshot = (text: string): boolean => text.startsWith(FIRST_LINE)

/** Takes line ends of any kind, as version control may write them. @throws MailctlError bad-data */
export function readSnapshot(text: string): SnapshotSection[] {
  const [first, ...lines] = text.split(/\r?\n/)
  if (first !== FIRST_LINE) throw notASnapshot('its first line is another')
  const fields = new Map<string, string[]>()
  const parts: { title: string; lines: string[] }[] = []
  for (const line of lines) {
    const part = parts.at(-1)
    if (line.startsWith(PART)) parts.push({ title: line, lines: [] })
    else if (part) part.lines.push(line.startsWith(INDENT) ? line.slice(INDENT.length) : line)
    else if (line !== '') readField(line, fields)
  }
  for (const { lines: own } of parts) while (own.at(-1) === '') own.pop()
  return [...[...fields].map(([title, own]) => ({ title, lines: own })), ...parts]
}

function readField(line: string, fields: Map<string, string[]>): void {
  const [, name, value = ''] = /^([^:\s]+):(?: (.*))?$/.exec(line) ?? []
  if (name === undefined) throw notASnapshot(`'${line.slice(0, 40)}' is no field`)
  fields.set(name, [...(fields.get(name) ?? []), value])
}

const notASnapshot = (why: string): MailctlError =>
  new MailctlError('bad-data', `This is no snapshot: ${why}`, { hint: 'mailctl snapshot write makes one.' })

/** The sections that are not the same, in the order of the first and then of the second. */
export function snapshotDifference(before: readonly SnapshotSection[], after: readonly SnapshotSection[]): SectionDifference[] {
  const [old, now] = [byKey(before), byKey(after)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap(key => {
    const [was, is] = [old.get(key), now.get(key)]
    const changes = lineDifference(was?.lines ?? [], is?.lines ?? [])
    const isSame = was !== undefined && is !== undefined && changes.every(({ kind }) => kind === 'same')
    return isSame ? [] : [{ title: (was ?? is)?.title ?? key, changes }]
  })
}

/** Names of fields are the same in any case. */
const byKey = (sections: readonly SnapshotSection[]): Map<string, SnapshotSection> =>
  new Map(sections.map(section => [isPart(section) ? section.title : section.title.toLowerCase(), section]))
