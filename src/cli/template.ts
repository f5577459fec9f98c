/** The flags that give a template its content, and how one is shown. */
import type { TemplateContent } from '../account/template.ts'
import type { FoundTemplate } from '../operations/templates.ts'
import type { Flags, OptionSpec } from './command.ts'
import type { Io } from './io.ts'
import { textFlag } from './moments.ts'

export const CONTENT_FLAGS: readonly OptionSpec[] = [
  { flags: '--subject <text|@file>', summary: 'subject' },
  { flags: '--text <text|@file>', summary: 'plain text; - is stdin', stdin: true },
  { flags: '--html <html|@file>', summary: 'HTML; - is stdin', stdin: true },
]

/** What was not given stays as it was; an empty text takes the part away. */
export function contentFlags(flags: Flags, before: TemplateContent): TemplateContent {
  const part = (name: keyof TemplateContent): string | null => {
    const given = textFlag(flags, name)
    return given === undefined ? before[name] : given === '' ? null : given
  }
  // An editor ends a file with a line end, which no subject has.
  return { subject: part('subject')?.replace(/\r?\n$/, '') ?? null, text: part('text'), html: part('html') }
}

export function showTemplate(io: Io, { name, content: { subject, text, html }, stored }: FoundTemplate): void {
  const { bold, dim } = io.colour
  io.line(`${bold(name)}${stored ? '' : dim('  ships with mailctl')}`)
  for (const { key, value } of stored?.tags ?? []) io.line(dim(`${key}=${value}`))
  if (subject !== null) io.line(`Subject: ${subject}`)
  for (const [kind, part] of [
    ['Text', text],
    ['HTML', html],
  ] as const) {
    if (part === null) continue
    io.line()
    io.line(dim(kind))
    io.line(part.replace(/\n$/, ''))
  }
}
