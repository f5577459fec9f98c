/**
 * One SMTP command line taken apart: verb, path, parameters. Strict where leniency is dangerous (control characters, octets above 127,
 * malformed mailboxes), lenient in one thing every server allows: a space after `FROM:` and `TO:`. RFC 5321 §4.1.1, §4.1.2.
 */

export interface SmtpCommand {
  /** Upper case. */
  readonly verb: string
  /** What follows the verb, without the spaces around it. */
  readonly argument: string
}

/** `MAIL FROM` or `RCPT TO` with its path and ESMTP parameters; keywords in upper case, `''` for one without a value. */
export interface PathCommand {
  /** `local@domain`, with the domain in lower case; `''` is the null path `<>`; a lone local part is `postmaster` only. */
  readonly path: string
  readonly parameters: ReadonlyMap<string, string>
}

export type PathProblem = 'syntax' | 'address' | 'eight-bit' | 'parameters'

export function parseCommand(line: string): SmtpCommand {
  const space = line.indexOf(' ')
  if (space === -1) return { verb: line.toUpperCase(), argument: '' }
  return { verb: line.slice(0, space).toUpperCase(), argument: line.slice(space + 1).trim() }
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"'
const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const DOMAIN = `${LABEL}(?:\\.${LABEL})*`
const LITERAL = '\\[[A-Za-z0-9.:-]{1,64}\\]'
const MAILBOX = new RegExp(`^(${ATOM}(?:\\.${ATOM})*|${QUOTED})@(${DOMAIN}|${LITERAL})$`)
const SOURCE_ROUTE = new RegExp(`^@${DOMAIN}(?:,@${DOMAIN})*:`)
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?$/

/** @returns the mailbox with its domain in lower case, or undefined when RFC 5321 does not allow it */
export function parseMailbox(text: string): string | undefined {
  if (text.length > 320) return undefined
  const match = MAILBOX.exec(text)
  const local = match?.[1]
  const domain = match?.[2]
  if (local === undefined || domain === undefined || local.length > 64 || domain.length > 255) return undefined
  return `${local}@${domain.toLowerCase()}`
}

/** The end of `<…>`, looking past quoted strings; -1 when there is none. */
function closingBracket(text: string): number {
  let quoted = false
  for (let i = 1; i < text.length; i += 1) {
    const char = text.charAt(i)
    if (quoted && char === '\\') i += 1
    else if (char === '"') quoted = !quoted
    else if (char === '>' && !quoted) return i
  }
  return -1
}

/**
 * @param keyword `FROM:` or `TO:`, in front of the path
 * @param bare whether an address without its angle brackets, up to the first space, is taken as well
 */
export function parsePathCommand(
  argument: string,
  keyword: 'FROM:' | 'TO:',
  bare: 'taken' | 'refused' = 'refused',
): PathCommand | PathProblem {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return 'syntax'
  let rest = argument.slice(keyword.length).trimStart()
  if (bare === 'taken') rest = rest.replace(/^[^<"\s][^\s]*/, '<$&>')
  if (!rest.startsWith('<')) return 'syntax'
  const close = closingBracket(rest)
  if (close === -1) return 'syntax'
  const after = rest.slice(close + 1)
  if (after !== '' && !after.startsWith(' ')) return 'syntax'
  const path = parsePath(rest.slice(1, close))
  if (path === 'address' || path === 'eight-bit') return path
  const parameters = parseParameters(after.trim())
  return parameters === undefined ? 'parameters' : { path: path.address, parameters }
}

/** The path of a `MAIL` or `RCPT` argument as the client wrote it, fit for a reply: `<a b@c>`, printable ASCII, at most 100 characters. */
export function shownPath(argument: string): string {
  const path = argument
    .slice(argument.indexOf(':') + 1)
    .trim()
    .replace(/[^ -~]/g, '?')
  const inside = path.startsWith('<') ? path.slice(1, path.lastIndexOf('>')) : path
  return `<${inside.slice(0, 100)}>`
}

function parsePath(inside: string): { readonly address: string } | 'address' | 'eight-bit' {
  if (inside === '') return { address: '' }
  if (/[^\0-\x7f]/.test(inside)) return 'eight-bit'
  // A source route is accepted and ignored: RFC 5321 §4.1.1.3, appendix C.
  const address = inside.startsWith('@') ? inside.replace(SOURCE_ROUTE, '') : inside
  if (address.toLowerCase() === 'postmaster') return { address: 'postmaster' }
  const mailbox = parseMailbox(address)
  return mailbox === undefined ? 'address' : { address: mailbox }
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

function parseParameters(text: string): ReadonlyMap<string, string> | undefined {
  if (text === '') return NO_PARAMETERS
  const parameters = new Map<string, string>()
  for (const word of text.split(/ +/)) {
    const match = PARAMETER.exec(word)
    const keyword = match?.[1]?.toUpperCase()
    if (keyword === undefined || parameters.has(keyword)) return undefined
    parameters.set(keyword, match?.[2] ?? '')
  }
  return parameters
}
