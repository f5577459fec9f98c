/**
 * What the submission door says in its own name: the words of SES where they are known (SES facts: smtp, "Dialog" and "Reply codes"), and
 * no enhanced status codes anywhere, since SES offers none.
 */
import type { Reply } from '../mail/reply.ts'
import { type PhraseName, type Phrases, STANDARD } from '../wire/smtp-phrases.ts'

const SES: Partial<Phrases> = {
  timeOut: { code: 451, lines: ['4.4.2 Timeout waiting for data from client.'] },
  localError: { code: 451, lines: ['Temporary service failure'] },
  mailSyntax: { code: 501, lines: ['Invalid MAIL FROM address provided'] },
  needMail: { code: 503, lines: ['Error: need MAIL command'] },
  tooLarge: { code: 552, lines: ['Message is too long.'] },
}

function plain({ code, lines, status }: Reply): Reply {
  return { code, lines: status === undefined ? lines : lines.map(line => line.replace(`${status} `, '')) }
}

const names = Object.keys(STANDARD) as PhraseName[]
export const PHRASES = Object.fromEntries(names.map(name => [name, SES[name] ?? plain(STANDARD[name])])) as Phrases

export const badPath = (verb: 'MAIL' | 'RCPT', path: string): Reply => ({
  code: 553,
  lines: [`${path} ${verb === 'MAIL' ? 'Invalid email address' : 'address unknown'}`],
})
