import { expect, test } from 'vitest'
import { PROVIDERS, type ProviderRule } from '../../../src/lab/provider.ts'
import { type Condition, type Facts, firstRule } from '../../../src/lab/provider-rules.ts'
import { limitsAt } from '../../../src/lab/provider-visit.ts'

const rule = (name: string, when: Readonly<Record<string, Condition>>): ProviderRule => ({ name, when, gives: 'x', source: 'own' })

test.each<[when: Readonly<Record<string, Condition>>, facts: Facts, fits: boolean]>([
  [{}, {}, true],
  [{ spf: 'fail' }, { spf: 'fail' }, true],
  [{ spf: 'fail' }, { spf: 'pass' }, false],
  [{ spf: { not: 'pass' } }, { spf: 'none' }, true],
  [{ spf: { not: 'pass' } }, { spf: 'pass' }, false],
  [{ spf: { not: 'pass' } }, {}, false],
  [{ reverseDns: false }, { reverseDns: false }, true],
  [{ reverseDns: false }, {}, false],
  [{ authors: 0 }, { authors: 0 }, true],
  [{ authors: { over: 1 } }, { authors: 2 }, true],
  [{ authors: { over: 1 } }, { authors: 1 }, false],
  [{ complaintRate: { over: 'complaintRate' } }, { complaintRate: 0.004 }, true],
  [{ complaintRate: { over: 'complaintRate' } }, { complaintRate: 0.003 }, false],
  [{ complaintRate: { over: 'no such limit' } }, { complaintRate: 1 }, false],
  [{ bulk: true, spf: { not: 'pass' } }, { bulk: true, spf: 'pass' }, false],
  [{ bulk: true, spf: { not: 'pass' } }, { bulk: true, spf: 'softfail' }, true],
])('%j with %j: %s', (when, facts, fits) => {
  expect(firstRule([rule('r', when)], facts, { complaintRate: 0.003 })?.name).toBe(fits ? 'r' : undefined)
})

test('the first rule that fits decides', () => {
  expect(firstRule([rule('a', { tls: true }), rule('b', {}), rule('c', {})], { tls: false }, {})?.name).toBe('b')
})

const good: Facts = {
  reverseDns: true,
  tls: true,
  spf: 'pass',
  dkim: 'pass',
  dmarc: 'pass',
  dmarcPolicy: 'none',
  authors: 1,
  messageId: true,
  marketing: false,
  oneClick: false,
  bulk: false,
  domainRate: 'open',
  complaintRate: 0,
}

/** What each provider does with a message, one thing about it being wrong. */
test.each<[provider: string, wrong: Facts, gives: string | undefined]>([
  ...['gmail', 'outlook', 'yahoo', 'gmx'].flatMap((name): [string, Facts, string | undefined][] => [
    [name, {}, undefined],
    [name, { bulk: true }, undefined],
    [name, { spf: 'fail' }, undefined],
    [name, { dkim: 'none' }, undefined],
    [name, { dmarc: 'none', dmarcPolicy: '' }, undefined],
    [name, { marketing: true }, undefined],
    [name, { complaintRate: 0.5 }, undefined],
    [name, { bulk: true, marketing: true, oneClick: true }, undefined],
    [name, { dmarc: 'fail', dmarcPolicy: 'quarantine' }, 'to-spam'],
  ]),
  ['gmail', { authors: 0 }, 'no-author'],
  ['gmail', { authors: 2 }, 'many-authors'],
  ['gmail', { messageId: false }, 'no-message-id'],
  ['gmail', { reverseDns: false }, 'no-ptr'],
  ['gmail', { spf: 'softfail', dkim: 'none' }, 'unauthenticated'],
  ['gmail', { spf: 'none', dkim: 'fail' }, 'unauthenticated'],
  ['gmail', { spf: 'fail', dkim: 'none' }, 'spf-hard-fail'],
  ['gmail', { dmarc: 'fail', dmarcPolicy: 'reject' }, 'dmarc-reject'],
  ['gmail', { domainRate: 'exceeded' }, 'rate-domain'],
  ['gmail', { bulk: true, spf: 'neutral' }, 'bulk-spf'],
  ['gmail', { bulk: true, dkim: 'none' }, 'bulk-dkim'],
  ['gmail', { bulk: true, dmarc: 'none', dmarcPolicy: '' }, 'bulk-dmarc'],
  ['gmail', { bulk: true, dmarc: 'fail' }, 'bulk-alignment'],
  ['gmail', { bulk: true, tls: false }, 'bulk-tls'],
  ['gmail', { tls: false }, undefined],
  ['gmail', { bulk: true, complaintRate: 0.0031 }, 'reputation-domain-slow'],
  ['gmail', { bulk: true, marketing: true }, 'to-spam'],
  ['outlook', { spf: 'none', dkim: 'none' }, undefined],
  ['outlook', { dmarc: 'fail', dmarcPolicy: 'reject' }, 'dmarc-reject'],
  ['outlook', { bulk: true, spf: 'softfail' }, 'authentication'],
  ['outlook', { bulk: true, dkim: 'none' }, 'authentication'],
  ['outlook', { bulk: true, dmarc: 'none', dmarcPolicy: '' }, 'authentication'],
  ['outlook', { bulk: true, complaintRate: 0.01 }, 'complaints'],
  ['outlook', { bulk: true, marketing: true }, undefined],
  ['outlook', { domainRate: 'exceeded' }, 'rate-limit'],
  ['yahoo', { spf: 'none', dkim: 'none' }, 'unauthenticated'],
  ['yahoo', { reverseDns: false }, 'no-ptr'],
  ['yahoo', { dmarc: 'fail', dmarcPolicy: 'reject' }, 'policy'],
  ['yahoo', { bulk: true, dkim: 'none' }, 'policy'],
  ['yahoo', { bulk: true, spf: 'none' }, 'policy'],
  ['yahoo', { bulk: true, dmarc: 'none', dmarcPolicy: '' }, 'policy'],
  ['yahoo', { bulk: true, complaintRate: 0.01 }, 'deferred'],
  ['yahoo', { bulk: true, marketing: true }, 'to-spam'],
  ['gmx', { dmarc: 'fail', dmarcPolicy: 'reject' }, 'policy'],
  ['gmx', { domainRate: 'exceeded' }, 'rate-limit'],
])('%s and %j: %s', (name, wrong, gives) => {
  const provider = PROVIDERS.find(each => each.name === name)
  if (provider === undefined) throw new Error(`no provider ${name}`)
  expect(firstRule(provider.rules.message ?? [], { ...good, ...wrong }, limitsAt(1, provider))?.gives).toBe(gives)
})

test('the scale makes counts smaller, never less than one, and leaves rates alone', () => {
  const [gmail] = PROVIDERS
  if (gmail === undefined) throw new Error('no provider')
  expect(limitsAt(1, gmail)).toMatchObject({ bulk: 5_000, complaintRate: 0.003 })
  expect(limitsAt(100, gmail)).toMatchObject({ bulk: 50, sample: 1, complaintRate: 0.003 })
  expect(limitsAt(1_000_000, gmail)).toMatchObject({ bulk: 1, perHour: 1 })
})
