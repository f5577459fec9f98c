/**
 * The flags of /usr/sbin/sendmail, as programs have written them since 1983, in the form that every command's flags have here: letters
 * behind one hyphen, a value in the same word or the next. What only tunes another program is read and dropped; what asks for another
 * job is refused. Long flags are ours and pass.
 */
import { MailctlError } from '../base/errors.ts'
import { GLOBAL_VALUE_FLAGS } from './global-flags.ts'

/** Letters with a value in the rest of the word, else in the next one. */
const VALUES = 'fFrBCLNRVOXhp'
/** Letters whose value can only be the rest of the word. */
const ATTACHED = 'oebdAq'
/** Letters alone. */
const ALONE = 'tivnUmGs'

const OTHER_JOBS: Readonly<Record<string, string>> = {
  bs: 'mailctl serve opens an SMTP door.',
  bp: 'mailctl queue list shows what waits.',
  bi: 'mailctl keeps no aliases.',
  bt: 'mailctl keeps no rules for addresses.',
  bv: 'mailctl send --dry-run checks recipients.',
  bd: 'mailctl serve works in the background of a terminal.',
  q: 'mailctl queue flush tries what waits.',
}

/** @throws MailctlError usage */
export function sendmailArgv(given: readonly string[]): string[] {
  const ours: string[] = []
  const recipients: string[] = []
  for (let at = 0; at < given.length; at += 1) {
    const word = given[at] ?? ''
    if (word === '--') {
      recipients.push(...given.slice(at + 1))
      break
    }
    if (word.startsWith('--')) {
      ours.push(word)
      const next = given[at + 1]
      if (GLOBAL_VALUE_FLAGS.has(word) && next !== undefined) {
        ours.push(next)
        at += 1
      }
    } else if (word === '-h') ours.push(word)
    else if (!word.startsWith('-') || word === '-') recipients.push(word)
    else if (readLetters(word, given[at + 1], ours)) at += 1
  }
  return [...ours, '--', ...recipients]
}

/** @returns whether the next word was a value */
function readLetters(word: string, next: string | undefined, ours: string[]): boolean {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? ''
    const rest = word.slice(at + 1)
    if (VALUES.includes(letter)) {
      if (rest === '' && next === undefined) throw new MailctlError('usage', `-${letter} needs a value`, { hint: HELP })
      const value = rest === '' ? (next ?? '') : rest
      // -r is the old name of -f. In one word, so that a value may begin with a hyphen; an empty one is as good as none.
      if ('fFr'.includes(letter) && value !== '') ours.push(`-${letter === 'r' ? 'f' : letter}${value}`)
      return rest === ''
    }
    if (ATTACHED.includes(letter)) {
      takeAttached(letter, rest, ours)
      return false
    }
    if (!ALONE.includes(letter)) throw new MailctlError('usage', `unknown option '-${letter}'`, { hint: HELP })
    if ('tiv'.includes(letter)) ours.push(`-${letter}`)
  }
  return false
}

const HELP = "'mailctl sendmail --help' shows what is taken."

function takeAttached(letter: string, rest: string, ours: string[]): void {
  const job = OTHER_JOBS[letter === 'b' ? `b${rest}` : letter]
  if (job !== undefined) throw new MailctlError('usage', `sendmail -${letter}${rest} is not offered`, { hint: job })
  if (letter === 'o' && rest === 'i') ours.push('-i')
  if (letter === 'o' && rest === 't') ours.push('-t')
}
