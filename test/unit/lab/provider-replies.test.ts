/** The data files of the look-alikes: whole, each thing with its source, and each reply understood by the account and by the engine's pacing. */
import { describe, expect, test } from 'vitest'
import { classifyBounce } from '../../../src/account/classify-bounce.ts'
import { signalOf } from '../../../src/delivery/signal.ts'
import { PROVIDERS, type Provider, providerOf, providerReply } from '../../../src/lab/provider.ts'
import { interpretReply } from '../../../src/mail/interpret-reply.ts'
import { replyText } from '../../../src/mail/reply.ts'

const values = { ip: '192.0.2.1', domain: 'shop.example', from: 'a@shop.example', to: 'ann@mail.example', mailFromDomain: 'shop.example' }
const FACTS =
  'reverseDns tls spf dkim dmarc dmarcPolicy authors messageId marketing oneClick bulk ipRate domainRate triple complaintRate ipUnknownRate'.split(
    ' ',
  )

describe.each(PROVIDERS.map((provider): [string, Provider] => [provider.name, provider]))('%s', (_, provider) => {
  test('everything names a source that is told, and published ones have an address and a date', () => {
    const rules = Object.values(provider.rules).flat()
    const named = [...rules, ...Object.values(provider.replies), ...Object.values(provider.limits)].map(({ source }) => source)
    for (const source of named) expect(provider.sources, source).toHaveProperty(source)
    for (const [name, { kind, url, date }] of Object.entries(provider.sources)) {
      expect(['published', 'seen', 'own'], name).toContain(kind)
      if (kind !== 'own') expect(date).toMatch(/^20\d\d-[01]\d-[0-3]\d$/)
      if (kind === 'published') expect(url).toMatch(/^https:\/\//)
      expect(named, `${name} is used`).toContain(name)
    }
  })

  test('rules ask for facts there are, and end in replies there are', () => {
    for (const { name, when, gives } of Object.values(provider.rules).flat()) {
      for (const fact of Object.keys(when)) expect(FACTS, name).toContain(fact)
      if (gives !== 'to-spam') expect(provider.replies, name).toHaveProperty([gives])
    }
    for (const reply of Object.values(provider.outcomes)) expect(provider.replies).toHaveProperty([reply])
  })

  test('replies are SMTP: printable ASCII in lines of at most 512 octets, one class, nothing left to fill in', () => {
    for (const [name, entry] of Object.entries(provider.replies)) {
      const reply = providerReply(entry, values, provider.suffix)
      expect(entry.code, name).toBeGreaterThanOrEqual(400)
      if (entry.status !== undefined) expect(reply.status, name).toBe(entry.status)
      for (const line of reply.lines) expect(line, name).toMatch(/^[ -z|~]{1,500}$/)
    }
  })
})

test('a client cannot write more into a reply than a word', () => {
  const entry = { code: 550, text: 'Refused {domain}', source: 'own' }
  expect(providerReply(entry, { domain: 'evil\r\n250 Ok\x1b[31m' }).lines).toEqual(['Refused evil__250_Ok_[31m'])
})

test('domains lead to their provider', () => {
  expect(['gmail.com', 'hotmail.com', 'aol.com', 'web.de', 'other.example'].map(domain => providerOf(domain)?.name)).toEqual([
    'gmail',
    'outlook',
    'yahoo',
    'gmx',
    undefined,
  ])
})

/** Bounce type and sub-type for refusals, `later` for what is tried again; then what the pace of the site learns. */
const MEANING: Readonly<Record<string, Readonly<Record<string, readonly [says: string, pace: string]>>>> = {
  gmail: {
    'no-such-user': ['Permanent/NoEmail', 'working'],
    inactive: ['Permanent/General', 'working'],
    'mailbox-full': ['later', 'unrelated'],
    'mailbox-full-for-good': ['Transient/MailboxFull', 'working'],
    'recipient-busy': ['later', 'unrelated'],
    temporary: ['later', 'failing'],
    'server-busy': ['later', 'throttling'],
    'too-large': ['Transient/MessageTooLarge', 'working'],
    dangerous: ['Transient/AttachmentRejected', 'working'],
    spam: ['Transient/ContentRejected', 'working'],
    'no-author': ['Transient/ContentRejected', 'working'],
    'many-authors': ['Transient/ContentRejected', 'working'],
    'no-message-id': ['Transient/ContentRejected', 'working'],
    'no-ptr': ['Transient/General', 'working'],
    'spf-hard-fail': ['Transient/General', 'working'],
    unauthenticated: ['Transient/General', 'working'],
    'dmarc-reject': ['Transient/General', 'working'],
    'bulk-spf': ['Transient/General', 'working'],
    'bulk-spf-slow': ['later', 'throttling'],
    'bulk-dkim': ['Transient/General', 'working'],
    'bulk-dkim-slow': ['later', 'throttling'],
    'bulk-dmarc': ['Transient/General', 'working'],
    'bulk-dmarc-slow': ['later', 'throttling'],
    'bulk-alignment': ['later', 'throttling'],
    'bulk-tls': ['Transient/General', 'working'],
    'bulk-tls-slow': ['later', 'throttling'],
    'rate-ip': ['later', 'throttling'],
    'rate-domain': ['later', 'throttling'],
    'reputation-ip': ['Transient/General', 'throttling'],
    'reputation-domain': ['Transient/General', 'throttling'],
    'reputation-domain-slow': ['later', 'throttling'],
  },
  outlook: {
    'no-such-user': ['Permanent/NoEmail', 'working'],
    'mailbox-full': ['later', 'unrelated'],
    'server-busy': ['later', 'throttling'],
    'rate-ip': ['later', 'throttling'],
    'rate-limit': ['later', 'throttling'],
    'connection-limit': ['later', 'failing'],
    spam: ['Transient/General', 'working'],
    'namespace-mining': ['Transient/ContentRejected', 'working'],
    complaints: ['Transient/ContentRejected', 'working'],
    'block-list': ['Transient/General', 'working'],
    'dmarc-reject': ['Transient/General', 'working'],
    authentication: ['Transient/General', 'working'],
  },
  yahoo: {
    'no-such-user': ['Permanent/NoEmail', 'working'],
    'mailbox-not-found': ['Permanent/NoEmail', 'working'],
    disabled: ['Permanent/General', 'working'],
    'mailbox-full': ['later', 'unrelated'],
    'recipient-busy': ['later', 'unrelated'],
    busy: ['later', 'unrelated'],
    'session-limit': ['later', 'failing'],
    deferred: ['later', 'throttling'],
    'unknown-recipients': ['later', 'unrelated'],
    unauthenticated: ['Transient/General', 'working'],
    policy: ['Transient/ContentRejected', 'working'],
    content: ['Transient/ContentRejected', 'working'],
    'block-list': ['Transient/General', 'working'],
    'no-ptr': ['Transient/General', 'working'],
  },
  gmx: {
    'no-such-user': ['Permanent/NoEmail', 'working'],
    'mailbox-full': ['Transient/MailboxFull', 'working'],
    greylisted: ['later', 'unrelated'],
    'rate-limit': ['later', 'throttling'],
    'unknown-recipients': ['later', 'failing'],
    temporary: ['later', 'unrelated'],
    'no-ptr': ['Transient/General', 'working'],
    'block-list': ['Transient/General', 'working'],
    'spf-fail': ['Transient/General', 'working'],
    policy: ['Permanent/General', 'working'],
  },
}

/** At which step a reply is met. */
const scopeOf = (provider: Provider, name: string) => {
  const step = (['greeting', 'mail', 'recipient', 'message'] as const).find(each =>
    provider.rules[each]?.some(({ gives }) => gives === name),
  )
  return ({ greeting: 'session', mail: 'sender', recipient: 'recipient', message: 'message' } as const)[step ?? 'recipient']
}

test.each(
  PROVIDERS.flatMap(provider => Object.keys(provider.replies).map((name): [string, string, Provider] => [provider.name, name, provider])),
)('%s: %s means what it means to SES, and to the pace of the site', (_, name, provider) => {
  const entry = provider.replies[name]
  if (entry === undefined) throw new Error('no reply')
  const reply = providerReply(entry, values, provider.suffix)
  const verdict = interpretReply(reply, scopeOf(provider, name))
  const { bounceType, bounceSubType } = classifyBounce(verdict, 'default')
  const said = verdict.action === 'delayed' ? 'later' : `${bounceType}/${bounceSubType}`
  expect([said, signalOf([verdict]).kind], replyText(reply)).toEqual(MEANING[provider.name]?.[name])
})
