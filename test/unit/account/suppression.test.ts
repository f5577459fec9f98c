import { expect, test } from 'vitest'
import type { Standing } from '../../../src/account/reputation.ts'
import { suppressedEvents } from '../../../src/account/suppressed-event.ts'
import {
  checkReasons,
  globalPeriodMs,
  isListForgotten,
  type Suppressed,
  type SuppressionReason,
  suppressedAmong,
  suppressionKey,
} from '../../../src/account/suppression.ts'

const ACCOUNT = new Map<string, SuppressionReason>([
  ['bounced@x.test', 'BOUNCE'],
  ['complained@x.test', 'COMPLAINT'],
])
const GLOBAL = new Set(['global@x.test', 'bounced@x.test'])
const EVERYBODY = ['ok@x.test', 'bounced@x.test', 'complained@x.test', 'global@x.test']
const BOTH = ['BOUNCE', 'COMPLAINT'] as const

const among = (
  recipients: readonly string[],
  account: readonly SuppressionReason[],
  set?: readonly SuppressionReason[],
): { readonly found: string[]; readonly asked: number } => {
  let asked = 0
  const found = suppressedAmong({
    recipients,
    settings: { account, set },
    onAccountList(key) {
      asked += 1
      return ACCOUNT.get(key)
    },
    onGlobalList(key) {
      asked += 1
      return GLOBAL.has(key)
    },
  })
  return { found: found.map(({ address, list, reason }) => `${address} ${list} ${reason}`), asked }
}

test.each<[account: readonly SuppressionReason[], set: readonly SuppressionReason[] | undefined, who: string[]]>([
  [BOTH, undefined, ['bounced@x.test account BOUNCE', 'complained@x.test account COMPLAINT']],
  [['BOUNCE'], undefined, ['bounced@x.test account BOUNCE']],
  [['COMPLAINT'], undefined, ['complained@x.test account COMPLAINT']],
  // Without reasons the account's list is not used, and the global one is no longer overridden.
  [[], undefined, ['bounced@x.test global BOUNCE', 'global@x.test global BOUNCE']],
  // What a set says goes before what the account says, either way.
  [BOTH, ['COMPLAINT'], ['complained@x.test account COMPLAINT']],
  [[], ['BOUNCE'], ['bounced@x.test account BOUNCE']],
  [BOTH, [], []],
  [[], [], []],
])('account %j, configuration set %j', (account, set, who) => {
  expect(among(EVERYBODY, account, set).found).toEqual(who)
})

const DAY = 86_400_000
const CAUSE: Standing['cause'] = { metric: 'bounce', count: 100, volume: 1_000, rate: 0.1, fromDay: 0, untilDay: 1, verdict: 'pause' }
test.each<[what: string, standing: Partial<Standing>, days: number, forgotten: boolean]>([
  ['suspended for its rates, 90 days ago', {}, 90, true],
  ['suspended a moment less', {}, 90 - 1 / DAY, false],
  ['switched off by its owner', { cause: null }, 400, false],
  ['under review', { status: 'PROBATION' }, 400, false],
  ['healthy', { status: 'HEALTHY', cause: null }, 400, false],
])('the list of an account %s', (_, standing, days, forgotten) => {
  const since = 1_000
  expect(isListForgotten({ status: 'SHUTDOWN', freshStartAt: null, cause: CAUSE, since, ...standing }, since + days * DAY)).toBe(forgotten)
})

test('no list is asked where its answer does not count', () => {
  expect(among(EVERYBODY, BOTH, []).asked).toBe(0)
  expect(among(EVERYBODY, BOTH).asked).toBe(EVERYBODY.length)
})

test('the domain is compared without regard to case, the local part letter by letter', () => {
  expect(suppressionKey(' Ann@EXAMPLE.Test ')).toBe('Ann@example.test')
  expect(suppressionKey('"a@B"@EXAMPLE.Test')).toBe('"a@B"@example.test')
  expect(among(['bounced@X.TEST', 'Bounced@x.test'], BOTH).found).toEqual(['bounced@X.TEST account BOUNCE'])
})

test('the simulator stands for an address on the global list, whatever is set', () => {
  const simulated = [
    'suppressionlist@simulator.amazonses.com',
    'SuppressionList+a1@Simulator.AmazonSES.com',
    'bounce@simulator.amazonses.com',
  ]
  for (const set of [undefined, []] as const)
    expect(among([...simulated, 'suppressionlist@x.test'], BOTH, set).found).toEqual([
      'suppressionlist@simulator.amazonses.com global BOUNCE',
      'SuppressionList+a1@Simulator.AmazonSES.com global BOUNCE',
    ])
})

test('each bounce keeps an address on the global list for longer, to 14 days', () => {
  const days = [1, 2, 3, 4, 5, 6, 2_000].map(bounces => globalPeriodMs(bounces) / 86_400_000)
  expect(days).toEqual([1, 2, 4, 8, 14, 14, 14])
})

test('reasons are read in the words of SES', () => {
  expect(checkReasons(['COMPLAINT', 'BOUNCE', 'BOUNCE'])).toEqual(['BOUNCE', 'COMPLAINT'])
  expect(() => checkReasons(['bounce'])).toThrow('Reason bounce is invalid, must be one of [BOUNCE, COMPLAINT].')
})

test('there is one event for each list and reason, as SES has it', () => {
  const outcome: Suppressed['outcome'] = { action: 'failed', status: '5.1.1', reply: '550 5.1.1 Not sent' }
  const suppressed: Suppressed[] = [
    { index: 0, address: 'g@x.test', list: 'global', reason: 'BOUNCE', outcome },
    { index: 1, address: 'c@x.test', list: 'account', reason: 'COMPLAINT', outcome },
    { index: 2, address: 'a@x.test', list: 'account', reason: 'BOUNCE', outcome },
    { index: 4, address: 'b@x.test', list: 'account', reason: 'BOUNCE', outcome },
  ]
  let serial = 0
  const events = suppressedEvents({ suppressed, at: Date.UTC(2026, 2, 4, 10), newFeedbackId: () => `feedback-${++serial}` })
  const account =
    'Amazon SES did not send the message to this address because it is on the suppression list for your account. For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html'
  const global =
    'Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address. For more information about how to remove an address from the suppression list, see the Amazon SES Developer Guide: http://docs.aws.amazon.com/ses/latest/DeveloperGuide/remove-from-suppressionlist.html '
  const failed = (emailAddress: string, diagnosticCode: string) => ({ emailAddress, action: 'failed', status: '5.1.1', diagnosticCode })
  const common = { timestamp: '2026-03-04T10:00:00.000Z', reportingMTA: 'dns; amazonses.com' }
  expect(events).toEqual([
    {
      type: 'Bounce',
      recipients: ['a@x.test', 'b@x.test'],
      detail: {
        bounce: {
          feedbackId: 'feedback-1',
          bounceType: 'Permanent',
          bounceSubType: 'OnAccountSuppressionList',
          bouncedRecipients: [failed('a@x.test', account), failed('b@x.test', account)],
          ...common,
        },
      },
    },
    {
      type: 'Complaint',
      recipients: ['c@x.test'],
      detail: {
        complaint: {
          feedbackId: 'feedback-2',
          complaintSubType: 'OnAccountSuppressionList',
          complainedRecipients: [{ emailAddress: 'c@x.test' }],
          timestamp: '2026-03-04T10:00:00.000Z',
        },
      },
    },
    {
      type: 'Bounce',
      recipients: ['g@x.test'],
      detail: {
        bounce: {
          feedbackId: 'feedback-3',
          bounceType: 'Permanent',
          bounceSubType: 'Suppressed',
          bouncedRecipients: [failed('g@x.test', global)],
          ...common,
        },
      },
    },
  ])
})
