/**
 * What an attempt says about its site, as opposed to its message or its recipients. Only that may change a site's pace: a full mailbox or
 * a greylisted pair of addresses must not slow the mail of everybody else there, and an answer that says "slower" must slow it all.
 *
 * Read from outcomes alone. In doubt nothing is said: 4xx without more is mostly about one message, and each message has its own retries.
 * RFC 5321 §3.8 (421), RFC 3463 (4.2.x, 4.3.x, 4.4.x), IANA's X.7.28; texts as Google, Microsoft, Yahoo and United Internet send them.
 */
import type { Outcome } from '../mail/outcome.ts'
import { withoutRepeatedStatus } from '../mail/reply.ts'

export interface Signal {
  /**
   * `working`: the site does its work, if only by refusing a recipient. `failing`: no session, or the site is in trouble or full.
   * `throttling`: it wants less from us. `unrelated`: nothing was learned.
   */
  readonly kind: 'working' | 'failing' | 'throttling' | 'unrelated'
  /** The reply behind it, one line, for display; empty where nothing slows down. */
  readonly reason: string
}

/** Of the outcomes of one attempt the gravest speaks. */
const GRAVITY = { throttling: 3, failing: 2, working: 1, unrelated: 0 } as const

const MAX_REASON = 200

/** @param outcomes of one attempt, one per recipient */
export function signalOf(outcomes: readonly Outcome[]): Signal {
  let gravest: Signal = { kind: 'unrelated', reason: '' }
  for (const outcome of outcomes) {
    const kind = kindOf(outcome)
    if (GRAVITY[kind] <= GRAVITY[gravest.kind]) continue
    gravest = { kind, reason: kind === 'working' ? '' : outcome.reply.slice(0, MAX_REASON) }
  }
  return gravest
}

function kindOf({ action, status, reply }: Outcome): Signal['kind'] {
  if (action === 'delivered') return 'working'
  // Some say for good what they mean for now: "550 5.7.1 … an unusual rate of unsolicited mail".
  if (action === 'failed') return status.startsWith('5.7.') && wantsLess(status, reply) ? 'throttling' : 'working'
  // Said in our own words, with a host's name in them: not to be read.
  if (status === '4.4.1' || status === '4.4.2') return 'failing'
  if (isAbout(reply, GREYLISTED)) return 'unrelated'
  const closes = reply.startsWith('421')
  if (!closes && (status.startsWith('4.2.') || status === '4.5.3')) return 'unrelated'
  if (wantsLess(status, reply)) return 'throttling'
  return closes || SITE_STATUS.has(status) || isAbout(reply, CROWDED) ? 'failing' : 'unrelated'
}

const NOT_ABOUT_RATE: ReadonlySet<number> = new Set([509, 512, 513, 515, 652])

/**
 * X.7.28: mail flood detected (IANA). X.7.500 to X.7.699: Exchange Online and Outlook.com, "server busy" and "rate limited", but for
 * X.7.652, which is about connections, and for those that judge how a message is authenticated or made.
 */
function wantsLess(status: string, reply: string): boolean {
  const detail = status.slice(2).startsWith('7.') ? Number(status.slice(4)) : 0
  return detail === 28 || (detail >= 500 && detail <= 699 && !NOT_ABOUT_RATE.has(detail)) || isAbout(reply, THROTTLED)
}

/**
 * System full, system not accepting; congestion; a peer that lost its way; a login that a relay refuses, which
 * must not be tried for every message. Not TLS: whether it is needed is the message's, or its domain's, own affair.
 */
const SITE_STATUS: ReadonlySet<string> = new Set(['4.3.1', '4.3.2', '4.4.5', '4.5.0', '4.7.8', '4.7.9'])

/** Lower case, like `isAbout`. Plain words in place of patterns: replies are a stranger's text. */
const GREYLISTED = ['greylist', 'graylist', 'grey-list', 'gray-list', 'grey list', 'gray list']
const CROWDED = ['too many connections', 'too many concurrent', 'too many sessions', 'number of connections', 'concurrent connections']
const THROTTLED = [
  'rate limit',
  'rate-limit',
  'ratelimit',
  'unusual rate',
  'sending rate',
  'unexpected volume',
  'unusual traffic',
  'user complaints',
  'temporarily deferred',
  'server busy',
  'throttl',
  'too many messages',
  'too many mails',
  'too many emails',
  'too fast',
  'too quickly',
  'low reputation',
  'ip reputation',
]

/** Of a long text the beginning decides. */
const MAX_READ = 500

function isAbout(reply: string, words: readonly string[]): boolean {
  const text = withoutRepeatedStatus(reply.slice(0, MAX_READ)).toLowerCase()
  return words.some(word => text.includes(word))
}
