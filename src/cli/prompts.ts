/**
 * Questions to a person, by inquirer, which is loaded only when one is really shown: stdin and stderr are terminals and neither
 * `--no-input` nor `CI` forbids it. Every question has a flag, named in the error that takes its place. Questions go to stderr. Ctrl-C at
 * any of them ends the command (exit 130); commands ask everything before they change anything.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import type { Io } from './io.ts'

interface Question {
  readonly message: string
  /** What answers it without a terminal: `--yes`, `--network lab`. */
  readonly flag: string
}

async function ask<T>(io: Io, { flag, message }: Question, question: Readonly<Record<string, unknown>>): Promise<T> {
  if (!io.interactive) throw new MailctlError('usage', `an answer is missing: ${message}`, { hint: `Give ${flag}.` })
  const { default: inquirer } = await import('inquirer')
  const prompt = inquirer.createPromptModule({ input: io.stdin, output: io.stderr.stream, signal: io.signal })
  const answers: { readonly answer: unknown } = await prompt([{ ...question, message, name: 'answer' } as never])
  return answers.answer as T
}

/** @param question.default what Enter means; no when absent  @throws MailctlError usage, when nobody can be asked */
export const confirm = async (io: Io, question: Question & { readonly default?: boolean }): Promise<boolean> =>
  await ask(io, question, { type: 'confirm', default: question.default ?? false })

export interface TextQuestion extends Question {
  /** Shown, and taken when nothing is typed. */
  readonly default?: string
  /** Throws what is wrong with an answer, which is then shown below it and asked again. */
  readonly check?: (text: string) => void
}

/** A line of text, `''` when nothing was typed. @throws MailctlError usage, when nobody can be asked */
export async function askText(io: Io, question: TextQuestion): Promise<string> {
  const { check = () => {}, default: preset } = question
  const validate = (typed: string): string | true => {
    try {
      check(typed.trim())
      return true
    } catch (thrown) {
      if (!(thrown instanceof MailctlError)) throw thrown
      return printable(thrown.hint === undefined ? thrown.message : `${thrown.message}. ${thrown.hint}`)
    }
  }
  return (await ask<string>(io, question, { type: 'input', validate, ...(preset !== undefined && { default: preset }) })).trim()
}

/** The first choice is what Enter means, unless another is named. @throws MailctlError usage, when nobody can be asked */
export const choose = async <T extends string>(
  io: Io,
  question: Question & { readonly choices: readonly { readonly value: T; readonly name: string }[]; readonly default?: T },
): Promise<T> =>
  await ask(io, question, {
    type: 'select',
    choices: question.choices,
    ...(question.default !== undefined && { default: question.default }),
  })

/** What was answered, once more, and whether it shall be so: Enter means yes. @throws MailctlError interrupted, when it shall not */
export async function agree(io: Io, question: Question, summary: readonly (readonly [label: string, answer: string])[]): Promise<void> {
  const width = Math.max(...summary.map(([label]) => label.length))
  for (const [label, answer] of summary) io.stderr.write(`  ${label.padEnd(width)}  ${printable(answer)}\n`)
  if (!(await confirm(io, { ...question, default: true }))) throw new MailctlError('interrupted', 'nothing was changed')
}
