// What one seed does to the engine: a pure function of the number, so that a run can be repeated. The seed fixes load, faults and moments;
// how the machine's own scheduling falls between them differs from run to run.
import { randomOf } from './random.mjs'
import { TAILS } from './wal.mjs'

/** Taken in turn, so that any row of as many seeds shows each of them. Those with the greater part of the accidents come more than once. */
const TURN = [
  'kill',
  'two kills',
  'torn log',
  'kill',
  'failed sync',
  'two engines',
  'torn spool',
  'two kills',
  'full disk',
  'kill',
  'read-only disk',
  'clock jump',
  'torn log',
  'spool file gone',
  'two kills',
]
export const FAULTS = [...new Set(TURN)]
/** A disk that fails, by its fault in faults.mjs. */
export const DISK_FAULTS = { 'full disk': 'full', 'read-only disk': 'read-only', 'failed sync': 'sync-fails' }
/** What needs the preloaded library of faults.c, and so do the moments inside a write or sync. */
const NEED_LIBRARY = [...Object.keys(DISK_FAULTS), 'clock jump']

const MOMENTS = ['time', 'accepted', 'taken', 'before the reply', 'in a write', 'before a sync', 'after a sync']
const MOMENTS_OUTSIDE = MOMENTS.slice(0, 4)
const EARLY_MOMENTS = ['start', 'start', 'taken', 'in a write', 'before a sync', 'after a sync']
const EARLY_OUTSIDE = EARLY_MOMENTS.slice(0, 3)

/** How many messages of each fate: most are taken. */
const FATES = [...Array(14).fill('ok'), 'no', 'later', 'never', 'slow']

const MINUTE = 60_000

/**
 * @typedef {{ name: string, from: string, recipients: string[], size: number }} Planned
 * @typedef {{ by: string, at: number }} Moment  `at`: milliseconds for `time` and `start`, else how many of what is counted
 * @typedef {{ kill: Moment | undefined, messages: Planned[] }} Round  the life of one engine; the last one is not killed
 */

/** @param {number} seed  @param {{ library: boolean }} has  @returns the plan, or the fault that cannot be had here */
export function planOf(seed, has) {
  const fault = TURN[(seed - 1) % TURN.length]
  if (!has.library && NEED_LIBRARY.includes(fault)) return { seed, fault, skipped: true }
  const random = randomOf(seed)
  const rounds = fault === 'two kills' || random.happens(0.15) ? 3 : 2
  const perRound = random.between(12, 60)
  const large = fault === 'torn spool' || fault === 'spool file gone' || random.happens(0.3)
  let made = 0
  const messages = count =>
    Array.from({ length: count }, () => {
      made += 1
      return message(`s${seed}-m${made}`, random, { large, fate: fault === 'spool file gone' && random.happens(0.3) ? 'later' : undefined })
    })
  return {
    seed,
    fault,
    skipped: false,
    random,
    sessions: random.between(1, 20),
    keep: random.happens(0.5),
    pipelined: random.happens(0.3),
    replyAfterMs: random.pick([0, 0, 2, 10, 40]),
    tail: random.pick(TAILS),
    disk: {
      // Long enough to be met by several commits, short enough to pass while there is load.
      pass: random.between(0, 12),
      fail: random.pick([1, 2, 5, 20, 100]),
      files: random.pick([['wal'], ['wal', 'database'], ['wal', 'database', 'spool'], ['spool']]),
    },
    jumpMs: random.pick([-1, 1]) * random.pick([2 * MINUTE, 40 * MINUTE, 5 * 60 * MINUTE, 30 * 60 * MINUTE, 400 * 24 * 60 * MINUTE]),
    rounds: Array.from({ length: rounds }, (_, round) => ({
      kill: round === rounds - 1 ? undefined : momentOf(random, round, has.library, fault),
      messages: messages(round === 0 ? perRound : random.between(0, perRound >> 1)),
    })),
  }
}

function message(name, random, { large, fate }) {
  const many = random.happens(0.15) ? random.between(2, 4) : 1
  const recipients = Array.from(
    { length: many },
    (_, i) => `${name}-r${i}-${fate ?? random.pick(FATES)}@${random.pick(['one', 'two', 'three'])}.example`,
  )
  return { name, from: `back+${name}@shop.example`, recipients, size: sizeOf(random, large) }
}

function sizeOf(random, large) {
  if (random.happens(large ? 0.3 : 0.05)) return random.between(4_000, 120_000)
  if (large && random.happens(0.05)) return random.between(200_000, 1_500_000)
  return random.between(0, 3_000)
}

/** The first kill comes under load; a later one, while the engine still puts things in order. */
function momentOf(random, round, library, fault) {
  const diskFails = fault in DISK_FAULTS
  // After the disk has failed, not before: what the engine does then is to be seen.
  if (diskFails && round === 0) return { by: 'answered', at: random.between(8, 40) }
  // The library does one thing at a time, and with two engines it would strike whichever comes first.
  const inside = library && !diskFails && fault !== 'two engines'
  const by = random.pick(round === 0 ? (inside ? MOMENTS : MOMENTS_OUTSIDE) : inside ? EARLY_MOMENTS : EARLY_OUTSIDE)
  const at = {
    time: () => random.between(5, 400),
    start: () => random.between(150, 600),
    accepted: () => random.between(1, 30),
    taken: () => random.between(1, round === 0 ? 30 : 5),
    'before the reply': () => random.between(1, 30),
    'in a write': () => random.between(0, round === 0 ? 80 : 8),
    'before a sync': () => random.between(0, round === 0 ? 30 : 3),
    'after a sync': () => random.between(0, round === 0 ? 30 : 3),
  }
  return { by, at: at[by]() }
}
