/**
 * The Authenticator port: DKIM by our own strict verifier, SPF, DMARC and ARC by mailauth over this mode's resolver. DMARC rests on the
 * DKIM verdicts of our verifier. Messages stream; a message with an ARC chain is read twice.
 */
import type { Readable } from 'node:stream'
import { parseMailboxList } from '../mail/address.ts'
import { headerFields } from '../mail/dkim-canonical.ts'
import { checkDmarc, checkSpf, type Lookup, readWithMailauth } from '../mail/mailauth.ts'
import { readRawMessage } from '../mail/raw-message.ts'
import { type DkimVerdict, verifyDkim } from '../mail/verify-dkim.ts'
import type { AuthenticationQuery, AuthenticationReport, Authenticator } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Resolver } from '../ports/resolver.ts'

export function createAuthenticator({ resolver, clock }: { readonly resolver: Resolver; readonly clock: Clock }): Authenticator {
  const lookup: Lookup = (name, type) => resolver.lookup(name, type)
  return {
    authenticate: async (message, query) => {
      const [spf, { head, dkim }] = await Promise.all([spfOf(query, lookup), dkimOf(message(), lookup, clock.now())])
      const author = authorDomain(head)
      const passed = {
        spf: spf.result === 'pass' ? [spf.domain] : [],
        dkim: dkim.filter(({ result }) => result === 'pass').map(({ domain }) => domain),
      }
      return {
        spf,
        dkim,
        dmarc: await checkDmarc(author, passed, lookup),
        arc: await arcOf(head, message, lookup, clock.now()),
      }
    },
  }
}

async function spfOf({ ip, helo, mailFrom }: AuthenticationQuery, lookup: Lookup): Promise<NonNullable<AuthenticationReport['spf']>> {
  const sender = mailFrom || helo || ''
  if (ip === undefined) {
    return {
      domain: sender.slice(sender.lastIndexOf('@') + 1).toLowerCase(),
      result: 'none',
      detail: 'the address of the client is not known',
    }
  }
  return checkSpf({ ip, ...(helo === undefined ? {} : { helo }), ...(mailFrom === undefined ? {} : { mailFrom }) }, lookup)
}

async function dkimOf(message: Readable, lookup: Lookup, now: number): Promise<{ head: Buffer; dkim: DkimVerdict[] }> {
  try {
    const { head, body } = await readRawMessage(message)
    return { head, dkim: await verifyDkim({ head, body, lookup, now }) }
  } finally {
    message.destroy()
  }
}

/** The domain of the one author; undefined when From is missing, repeated, unreadable or names several. RFC 7489 §6.6.1. */
function authorDomain(head: Buffer): string | undefined {
  const fields = headerFields(head).filter(({ name }) => name === 'from')
  const [field] = fields
  if (!field || fields.length > 1) return undefined
  try {
    const value = field.text.slice(field.text.indexOf(':') + 1).replace(/\r\n(?=[ \t])/g, '')
    const mailboxes = parseMailboxList(Buffer.from(value, 'latin1').toString('utf8').trim())
    return mailboxes.length === 1 ? mailboxes[0]?.domain : undefined
  } catch {
    return undefined
  }
}

async function arcOf(head: Buffer, message: () => Readable, lookup: Lookup, now: number): Promise<AuthenticationReport['arc']> {
  if (!headerFields(head).some(({ name }) => name === 'arc-seal')) return null
  const { arc } = await readWithMailauth(message(), lookup, now)
  return arc
}
