/**
 * The package dkim-signer, behind a guard. It is right only for ASCII messages with a body, and its regular expressions are quadratic on long
 * runs of blanks; `fitsDkimSigner` lets through what it signs rightly and quickly. Everything else is the job of `sign.ts`.
 * docs/decisions/002-signer.md has the cases.
 */
import type { KeyObject } from 'node:crypto'
import { MailctlError } from '../base/errors.ts'
import { headerFields } from './dkim-canonical.ts'
import { checkSigningName } from './sign.ts'

const MAX_BYTES = 256 * 1024
const MAX_BLANK_RUN = 1000
const MAX_FOLDED_LINES = 500

/** Names that dkim-signer may sign: it takes one field of each. */
const SIGNED_FIELDS =
  'From:To:Cc:Subject:Reply-To:Date:Message-ID:MIME-Version:Content-Type:Content-Transfer-Encoding:List-Unsubscribe:List-Unsubscribe-Post'.split(
    ':',
  )

export interface DkimSignerRequest {
  readonly head: Buffer
  readonly body: Buffer
  readonly domain: string
  readonly selector: string
  readonly key: KeyObject
  /** Field names to leave out, in any case; From cannot be left out. */
  readonly exclude?: readonly string[]
}

/** Whether dkim-signer signs this message rightly and in linear time. */
export const fitsDkimSigner = (head: Buffer, body: Buffer): boolean => misfit(head, body) === undefined

/**
 * @returns the folded field `DKIM-Signature: …\r\n`
 * @throws MailctlError bad-data: outside the guard, with the reason; no RSA key; unusable domain or selector
 */
export async function signWithDkimSigner({ head, body, domain, selector, key, exclude = [] }: DkimSignerRequest): Promise<Buffer> {
  checkSigningName(domain, selector)
  const reason = key.asymmetricKeyType === 'rsa' && key.type === 'private' ? misfit(head, body) : 'it signs with RSA keys only'
  if (reason) throw new MailctlError('bad-data', `dkim-signer cannot sign this message: ${reason}`, { hint: 'Use --signer own.' })
  const excluded = new Set(exclude.map(name => name.toLowerCase()))
  const names = SIGNED_FIELDS.filter(name => name === 'From' || !excluded.has(name.toLowerCase()))
  const { default: dkimSigner } = await import('dkim-signer')
  const field = dkimSigner.DKIMSign(Buffer.concat([head, body]).toString('latin1'), {
    domainName: domain,
    keySelector: selector,
    privateKey: key,
    headerFieldNames: names.join(':'),
  })
  return Buffer.from(`${field}\r\n`, 'latin1')
}

/** Why dkim-signer would be wrong or slow; undefined when it is neither. */
function misfit(head: Buffer, body: Buffer): string | undefined {
  if (head.length + body.length > MAX_BYTES) return `it is larger than ${MAX_BYTES / 1024} KB`
  const [fields, text] = [head.toString('latin1'), body.toString('latin1')]
  if (!fields.endsWith('\r\n\r\n') || fields.indexOf('\r\n\r\n') !== fields.length - 4) return 'an empty line must end the header'
  if (!/^[\t\r\n\x20-\x7e]*$/.test(fields + text)) return 'it has octets that are not printable ASCII'
  if (/\r(?!\n)|(?<!\r)\n/.test(fields + text)) return 'it has a bare CR or LF'
  if (!/[^ \t\r\n]/.test(text)) return 'its body is empty or blank'
  const blanks = longest((fields + text).match(/[ \t]+/g) ?? [], run => run.length)
  if (blanks >= MAX_BLANK_RUN) return `it has ${blanks} blanks in a row`
  if (longestBlankLineRun(text) >= MAX_BLANK_RUN) return `it has ${MAX_BLANK_RUN} blank lines in a row, or more`
  const parsed = headerFields(head)
  if (parsed.some(field => field.text.split('\r\n').length >= MAX_FOLDED_LINES)) return `a field has ${MAX_FOLDED_LINES} lines or more`
  const signed = new Set(SIGNED_FIELDS.map(name => name.toLowerCase()))
  const names = parsed.map(({ name }) => name).filter(name => signed.has(name))
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice) return `it has ${twice} twice`
  if (!names.includes('from')) return 'it has no From'
  return undefined
}

function longestBlankLineRun(text: string): number {
  let run = 0
  return longest(text.split('\r\n'), line => {
    run = /[^ \t]/.test(line) ? 0 : run + 1
    return run
  })
}

const longest = <T>(items: readonly T[], lengthOf: (item: T) => number): number =>
  items.reduce((most, item) => Math.max(most, lengthOf(item)), 0)
