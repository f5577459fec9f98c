/**
 * Outcomes that were ordered: what the receiver of one message does with one recipient of it. Told apart by recipient and return path, kept
 * in `lab.db`, so that any process that delivers the message meets the same receiver. A delay answers once, then the message is taken.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { type Reply, replyOf } from '../mail/reply.ts'
import type { Memory } from './policy.ts'
import { PROVIDERS, type Provider, type ProviderReply, providerOf, providerReply } from './provider.ts'

export type PlayedOutcome = 'success' | 'bounce' | 'delay' | 'complaint' | 'ooto'

export interface Play {
  readonly recipient: string
  /** The envelope sender of the message it is for. */
  readonly returnPath: string
  readonly outcome: PlayedOutcome
  /** Absent: the receiver's own words. */
  readonly reply?: Reply
}

export interface PlayAsk extends Omit<Play, 'reply'> {
  /** Whose words are spoken; absent: those of the provider that the recipient's domain looks like, else our own. */
  readonly isp?: string
  /** Instead of what those words have. */
  readonly code?: number
  readonly status?: string
  readonly text?: string
}

/** What a receiver says that is no look-alike. */
const OWN_WORDS = {
  bounce: { code: 550, status: '5.1.1', text: 'user unknown', source: 'own' },
  delay: { code: 451, status: '4.3.0', text: 'mailbox busy, try again later', source: 'own' },
} as const

/** @returns undefined for outcomes that are a message taken, unless words were given for that  @throws MailctlError usage: no such provider */
export function playedReply({ recipient, returnPath, outcome, isp, code, status, text }: PlayAsk): Reply | undefined {
  const domain = recipient.slice(recipient.lastIndexOf('@') + 1).toLowerCase()
  const provider = isp === undefined ? providerOf(domain) : named(isp)
  const isTaken = outcome !== 'bounce' && outcome !== 'delay'
  if (isTaken && code === undefined && status === undefined && text === undefined) return undefined
  const words = isTaken ? { code: 250, status: '2.0.0', text: 'Ok', source: 'own' } : wordsOf(provider, { outcome, code, status })
  const spoken = {
    ...words,
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
    ...(text !== undefined && { text }),
  }
  const from = returnPath.slice(returnPath.lastIndexOf('@') + 1)
  return providerReply(
    spoken,
    { ip: '127.0.0.1', to: recipient, from: returnPath, domain: from, mailFromDomain: from },
    text === undefined && !isTaken ? provider?.suffix : '',
  )
}

/** What the provider has for this code and status, with those of the outcome first; else the words of the outcome. */
function wordsOf(
  provider: Provider | undefined,
  {
    outcome,
    code,
    status,
  }: { readonly outcome: 'bounce' | 'delay'; readonly code: number | undefined; readonly status: string | undefined },
): ProviderReply {
  const usual = provider?.replies[provider.outcomes[outcome]] ?? OWN_WORDS[outcome]
  const fits = (reply: ProviderReply): boolean =>
    (code === undefined || reply.code === code) &&
    (status === undefined || reply.status === status) &&
    String(reply.code).startsWith(outcome === 'bounce' ? '5' : '4')
  return [usual, ...Object.values(provider?.replies ?? {})].find(fits) ?? OWN_WORDS[outcome]
}

function named(isp: string): Provider {
  const found = PROVIDERS.find(({ name }) => name === isp.toLowerCase())
  if (found) return found
  throw new MailctlError('usage', `'${printable(isp)}' is no provider that the lab knows`, {
    hint: `Choose one of: ${PROVIDERS.map(({ name }) => name).join(', ')}.`,
  })
}

/** An address of the provider for a play that names no other. @throws MailctlError usage: no such provider */
export const addressAt = (isp: string): string => `simulator@${Object.keys(named(isp).mx)[0] ?? ''}`

/** Delivery is over after 14 hours; bounds the table. */
const FORGET_AFTER = 48 * 3_600_000

/** @throws MailctlError usage: no such provider */
export function orderPlay(ask: PlayAsk, { database, now }: Memory): void {
  const { recipient, returnPath, outcome } = ask
  const reply = playedReply(ask)
  database.transaction(() => {
    const at = now()
    database.prepare('DELETE FROM play WHERE at < ?').run(at - FORGET_AFTER)
    database
      .prepare('INSERT OR REPLACE INTO play (recipient, return_path, outcome, code, lines, at) VALUES (?, ?, ?, ?, ?, ?)')
      .run(recipient, returnPath, outcome, reply?.code ?? null, JSON.stringify(reply?.lines ?? []), at)
  })
}

/** The same, read: nothing is counted. */
export function findPlay(returnPath: string, recipient: string, { database }: Memory): Play | undefined {
  const row = database.prepare('SELECT outcome, code, lines FROM play WHERE recipient = ? AND return_path = ?').get(recipient, returnPath)
  if (row === undefined) return undefined
  return {
    recipient,
    returnPath,
    outcome: String(row.outcome) as PlayedOutcome,
    ...(row.code !== null && { reply: replyOf(Number(row.code), JSON.parse(String(row.lines))) }),
  }
}

/** @returns the refusal that the play has for this RCPT, or undefined to take the recipient */
export function refusalOf({ recipient, returnPath, outcome, reply }: Play, { database }: Memory): Reply | undefined {
  if (outcome === 'bounce') return reply
  if (outcome !== 'delay') return undefined
  const row = database
    .prepare('UPDATE play SET answered = answered + 1 WHERE recipient = ? AND return_path = ? RETURNING answered')
    .get(recipient, returnPath)
  return Number(row?.answered) === 1 ? reply : undefined
}
