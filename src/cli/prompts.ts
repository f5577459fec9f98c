/**
 * Questions to a person, by inquirer, which is loaded only when one is really shown: stdin and stderr are terminals and neither
 * `--no-input` nor `CI` forbids it. Every question has a flag, named in the error that takes its place. Questions go to stderr.
 */
import { MailctlError } from '../base/errors.ts'
import type { Io } from './io.ts'

interface Question {
  readonly message: string
  /** What answers it without a terminal: `--yes`, `--network lab`. */
  readonly flag: string
}

async function ask<T>(io: Io, { flag, message }: Question, question: Readonly<Record<string, unknown>>): Promise<T> {
  if (!io.interactive) throw new MailctlError('usage', `an answer is missing: ${message}`, { hint: `Give ${flag}.` })
  const { default: inquirer } = await import('inquirer')
  const prompt = inquirer.createPromptModule({ input: io.stdin, output: io.stderr.stream })
  const answers: { readonly answer: unknown } = await prompt([{ ...question, message, name: 'answer' } as never])
  return answers.answer as T
}

/** @throws MailctlError usage, when nobody can be asked */
export const confirm = async (io: Io, question: Question): Promise<boolean> => await ask(io, question, { type: 'confirm', default: false })

/** A line of text, `''` when nothing was typed. @throws MailctlError usage, when nobody can be asked */
export const askText = async (io: Io, question: Question): Promise<string> => (await ask<string>(io, question, { type: 'input' })).trim()

/** @throws MailctlError usage, when nobody can be asked */
export const choose = async <T extends string>(
  io: Io,
  question: Question & { readonly choices: readonly { readonly value: T; readonly name: string }[] },
): Promise<T> => await ask(io, question, { type: 'select', choices: question.choices })
