/**
 * A test send to the mailbox simulator, and whether the events came that its address promises. Nothing is short-cut: the message goes
 * through the account's rules, the queue and a real SMTP session with the simulator's receiver on loopback, whose report comes back as mail
 * to the inbound door. SES facts: simulator.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isVerified } from '../account/admit.ts'
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { parseMailbox } from '../mail/address.ts'
import { bodyInMemory } from '../mail/body.ts'
import { composeMessage } from '../mail/compose.ts'
import type { DraftPart } from '../mail/draft.ts'
import { PAYLOAD } from '../mail/eicar.ts'
import { SIMULATOR_DOMAIN } from '../mail/mailbox-simulator.ts'
import type { PlayAsk } from '../ports/lab.ts'
import type { LoggedEvent, StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'
import { deliverDue } from './deliver-due.ts'
import type { DeliverApp } from './deliver-group.ts'
import { type Preview, previewMessage } from './preview-message.ts'
import { type Accepted, type Submission, type SubmitApp, submitMessage } from './submit-message.ts'
import { waitForOutcome } from './wait-for-outcome.ts'

/** What each simulated outcome leaves in the event log, in order. */
const EXPECTED = {
  success: ['Send', 'Delivery'],
  bounce: ['Send', 'Bounce'],
  complaint: ['Send', 'Delivery', 'Complaint'],
  ooto: ['Send', 'Delivery', 'Bounce'],
  suppressionlist: ['Send', 'Bounce'],
  delay: ['Send', 'DeliveryDelay'],
  reject: ['Send', 'Reject'],
} as const
export type SimulatedOutcome = keyof typeof EXPECTED
export const SIMULATED_OUTCOMES = Object.keys(EXPECTED) as SimulatedOutcome[]

export interface SimulateRequest {
  readonly outcome: SimulatedOutcome
  /** Absent: `simulator@` a verified domain, or a verified address. */
  readonly from?: string
  /** Sub-address: `bounce+label@…`. */
  readonly label?: string
  /** Any address instead of the simulator's: its receiver in the lab plays the outcome. */
  readonly to?: string
  /** In this provider's words, at an address of it unless `to` names one. */
  readonly isp?: string
  /** What the receiver says, in part or whole. */
  readonly reply?: { readonly code?: number; readonly status?: string; readonly text?: string }
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly configurationSet: string | null
  /** How long the simulator waits with its report; absent: as long as SES's. Milliseconds. */
  readonly reportDelayMs?: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface Simulated {
  readonly messageId: string
  readonly outcome: SimulatedOutcome
  readonly events: readonly LoggedEvent[]
  /** `other`: different events came; `timed-out`: not all came in time. */
  readonly verdict: 'expected' | 'other' | 'timed-out'
}

export type SimulateApp = SubmitApp & DeliverApp & Pick<App, 'lab'>

/** @throws MailctlError usage (label), not-verified, and what submitMessage throws */
export async function simulate(app: SimulateApp, request: SimulateRequest): Promise<Simulated> {
  const { outcome, timeoutMs, signal } = request
  const startedAt = app.clock.now()
  const played = playOf(app, request)
  const {
    messageId,
    reports = [],
    held,
  } = await submitMessage(app, {
    ...(await testMessage(app, request)),
    ...(played && { holdMs: PLAY_HOLD_MS }),
  })
  if (played) await order(app, { ...played, messageId, held })
  const goal = outcome === 'delay' ? 'first-attempt' : 'final'
  const deadline = startedAt + timeoutMs
  const left = (): number => Math.max(0, deadline - app.clock.now())
  const message = await waitForOutcome(app, messageId, { goal, timeoutMs: left(), reports, signal })
  if (RETURNED.has(outcome) && message.recipients.some(({ state }) => state === 'delivered')) {
    if (request.reportDelayMs !== undefined) await app.lab.reports.setDelay(message.envelopeFrom, request.reportDelayMs)
    await waitForReport(app, message, { deadline, signal })
  }
  const events = await app.store.events({ messageId })
  return { messageId, outcome, events, verdict: verdictOf(EXPECTED[outcome], events) }
}

/** Until the receiver knows what it is to do, nobody delivers the message. */
const PLAY_HOLD_MS = 60_000

/** What the lab's receiver is told; undefined: the simulator's own address is mailed, which tells it all. @throws MailctlError usage */
function playOf(
  { settings }: SimulateApp,
  request: SimulateRequest,
): Pick<PlayAsk, 'outcome' | 'isp' | 'code' | 'status' | 'text'> | undefined {
  const { outcome, to, isp, reply, label } = request
  if (to === undefined && isp === undefined) {
    if (reply === undefined) return undefined
    throw new MailctlError('usage', "the simulator's own address answers in its own words", {
      hint: 'Give --to or --isp with --code, --status or --text.',
    })
  }
  if (settings.network !== 'lab')
    throw new MailctlError('usage', `receivers play an outcome in the lab only, and this account is in ${settings.network} mode`, {
      hint: 'Leave --to and --isp out: the address of the simulator works in every mode.',
    })
  if (label !== undefined)
    throw new MailctlError('usage', "--label belongs to the simulator's own address", { hint: 'Write it into --to.' })
  if (outcome === 'suppressionlist')
    throw new MailctlError('usage', 'who is on the suppression list is not mailed, so no receiver can play it', {
      hint: 'mailctl suppression add puts an address on it.',
    })
  if (outcome === 'reject') {
    if (reply === undefined) return undefined
    throw new MailctlError('usage', 'a message that is rejected reaches no receiver', { hint: 'Leave --code, --status and --text out.' })
  }
  checkReply(outcome, reply)
  return { outcome, ...(isp !== undefined && { isp }), ...reply }
}

/** The first digit of the reply to an outcome. */
const CLASS: Readonly<Record<PlayAsk['outcome'], 2 | 4 | 5>> = { success: 2, complaint: 2, ooto: 2, delay: 4, bounce: 5 }
const LONGEST_TEXT = 400

function checkReply(outcome: PlayAsk['outcome'], { code, status, text }: NonNullable<SimulateRequest['reply']> = {}): void {
  const first = CLASS[outcome]
  const fits = (value: string, shape: RegExp): boolean => shape.test(value) && value.startsWith(String(first))
  if (code !== undefined && !fits(String(code), /^[245]\d\d$/))
    throw new MailctlError('usage', `${code} is no reply code of a ${outcome}`, { hint: `Use ${first}00 to ${first}99.` })
  if (status !== undefined && !fits(status, /^[245]\.\d{1,3}\.\d{1,3}$/))
    throw new MailctlError('usage', `'${printable(status)}' is no enhanced status code of a ${outcome}`, {
      hint: `Use ${first}.1.1 or the like.`,
    })
  if (text !== undefined && !/^[ -~]+$/.test(text))
    throw new MailctlError('usage', 'the text of a reply is printable ASCII', { hint: 'RFC 5321 §4.2 allows nothing else.' })
  if (text !== undefined && text.length > LONGEST_TEXT)
    throw new MailctlError('usage', `the text of a reply has at most ${LONGEST_TEXT} characters here`, { hint: 'Shorten it.' })
}

/** Tells the receiver, then lets the message go its way. */
async function order(
  { store, lab }: SimulateApp,
  { messageId, held, ...play }: NonNullable<ReturnType<typeof playOf>> & Pick<Accepted, 'messageId' | 'held'>,
): Promise<void> {
  const message = await store.message(messageId)
  for (const { address } of message?.recipients ?? [])
    await lab.play({ ...play, recipient: address, returnPath: message?.envelopeFrom ?? '' })
  await store.release(held)
}

/** What comes back as mail, after the message was delivered. */
const RETURNED: ReadonlySet<SimulatedOutcome> = new Set(['complaint', 'ooto'])
/** How often it is looked whether another process has brought the report. */
const OTHER_SENDER_POLL_MS = 50

/** Lets time pass until the report is due, and has it sent; what it makes us send on is tried once. */
async function waitForReport(
  app: SimulateApp,
  { id: messageId, envelopeFrom }: StoredMessage,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<void> {
  const { store, clock, lab } = app
  const timeUp = AbortSignal.timeout(Math.min(Math.max(0, deadline - clock.now()), 2 ** 31 - 1))
  for (;;) {
    const [report] = await store.reports({ messageId, limit: 1 })
    if (report !== undefined) {
      for (const passedOn of report.passedOn) await deliverDue(app, { messageId: passedOn, signal })
      return
    }
    if (signal.aborted) throw new MailctlError('interrupted', `interrupted while waiting for the report about ${messageId}`)
    const next = await lab.reports.nextDueAt(envelopeFrom)
    if (timeUp.aborted || (next !== undefined && next > deadline)) return
    if (next === undefined) await sleep(OTHER_SENDER_POLL_MS, undefined, { signal: AbortSignal.any([signal, timeUp]) }).catch(() => {})
    else {
      await clock.waitUntil(next, signal)
      await lab.reports.sendDue()
    }
  }
}

/** A dry run: nothing is stored. @throws as `simulate` */
export async function previewSimulation(app: SimulateApp, request: SimulateRequest): Promise<Preview> {
  playOf(app, request)
  return await previewMessage(app, await testMessage(app, request))
}

async function testMessage(
  app: SimulateApp,
  { outcome, label, to: named, isp, tags, configurationSet, timeoutMs, signal, ...request }: SimulateRequest,
): Promise<Submission> {
  if (label !== undefined && !/^[A-Za-z0-9._=-]{1,40}$/.test(label)) {
    throw new MailctlError('usage', `'${label}' is not a label`, {
      hint: 'Use up to 40 letters, digits, dots, hyphens, underscores or equal signs.',
    })
  }
  const from = parseMailbox(request.from ?? (await defaultSender(app)))
  // There is no address for a rejection: it is the content that is refused.
  const mailbox = outcome === 'reject' ? 'success' : outcome
  const simulator = `${mailbox}${label === undefined ? '' : `+${label}`}@${SIMULATOR_DOMAIN}`
  // Asked for with --to too: a provider that is not known is to be told before anything is sent.
  const atProvider = isp === undefined ? undefined : await app.lab.addressAt(isp)
  const to = parseMailbox(named ?? atProvider ?? simulator)
  const content = await composeMessage({
    from,
    to: [to],
    cc: [],
    bcc: [],
    replyTo: [],
    returnPath: null,
    subject: `Simulated ${outcome}`,
    text: `A test message to the mailbox simulator; the expected outcome is ${outcome}.\n`,
    html: null,
    attachments: outcome === 'reject' ? [harmfulFile()] : [],
    inline: [],
    calendar: null,
    headers: [],
    listUnsubscribe: null,
    date: null,
    messageId: null,
    boundarySeed: String(app.clock.now()),
  })
  return {
    content,
    recipients: [to.address],
    tags,
    configurationSet,
    operation: 'SendEmail',
    signer: 'own',
    rateWaitMs: timeoutMs,
    signal,
  }
}

const harmfulFile = (): DraftPart => ({ name: 'eicar.txt', content: bodyInMemory(Buffer.from(PAYLOAD)), type: 'text/plain' })

function verdictOf(expected: readonly string[], events: readonly LoggedEvent[]): Simulated['verdict'] {
  const seen = events.map(({ type }) => type)
  if (expected.every((type, i) => seen[i] === type)) return 'expected'
  return seen.every((type, i) => expected[i] === type) ? 'timed-out' : 'other'
}

async function defaultSender({ store, settings, clock }: SubmitApp): Promise<string> {
  const verified = (await store.identities()).filter(identity => isVerified(identity, settings.network, clock.now()))
  const domain = verified.find(({ type }) => type === 'DOMAIN')
  if (domain !== undefined) return `simulator@${domain.name}`
  const [address] = verified
  if (address !== undefined) return address.name
  throw new MailctlError('not-verified', 'no identity is verified, so there is nobody to send from', {
    hint: 'Run mailctl verify domain example.com first.',
  })
}
