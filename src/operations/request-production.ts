/**
 * Leaving the sandbox. A request is decided at once, as the terminal does, or becomes a case that the worker decides in its next pass, as a
 * request by API does. SES facts: concepts §2, PutAccountDetails.
 */
import { type Account, PRODUCTION } from '../account/account.ts'
import { isVerified } from '../account/admit.ts'
import type { Identity } from '../account/identity.ts'
import {
  type AccountDetails,
  type AskedLimits,
  checkDetails,
  checklist,
  type Evidence,
  type Finding,
  NO_DETAILS,
  type ProductionCase,
  type RecordState,
  type ReviewedDomain,
  underReview,
  verdictOf,
} from '../account/production-access.ts'
import { type AccountState, readAccountState } from './account-state.ts'
import type { App } from './app.ts'
import { tellsOtherwise } from './feedback-forwarding.ts'
import { reviewStanding } from './reputation.ts'
import { checkDns } from './verify-identity.ts'

export type ReviewApp = Pick<App, 'store' | 'clock' | 'ids' | 'keys' | 'settings' | 'resolver'>

export interface ProductionRequest {
  /** What is given; the rest stays as it was told before. */
  readonly details: Partial<AccountDetails>
  readonly asked: AskedLimits
  /** `approve`: granted by the account's owner, without the checklist. `now`, `later`: when the checklist decides. */
  readonly decide: 'approve' | 'now' | 'later'
}

export interface ProductionDecision extends AccountState {
  readonly productionCase: ProductionCase
}

/** Whether these could be told as they are, the rest aside. @throws MailctlError bad-data, in SES's words */
export const checkGiven = (details: Partial<AccountDetails>): void => checkDetails({ ...NO_DETAILS, ...details }, 'unreviewed')

/** Domains whose records are asked for, one after the other, until one has all it needs. */
const MOST_DOMAINS = 10
/** How long DNS may take over one domain. */
const DNS_MS = 15_000

/** @throws MailctlError bad-data, conflict (another request is under review), store-unavailable */
export async function requestProduction(app: ReviewApp, { details, asked, decide }: ProductionRequest): Promise<ProductionDecision> {
  const { store, clock } = app
  const stored = await store.productionCase()
  const told: AccountDetails = { ...NO_DETAILS, ...stored?.details, ...details }
  checkDetails(told, decide === 'approve' ? 'unreviewed' : 'reviewed')
  if (decide !== 'approve' && stored?.review.status === 'PENDING') throw underReview(stored.review.caseId)
  const opened: ProductionCase = {
    details: told,
    asked,
    review: {
      status: 'PENDING',
      caseId: newCaseId(app, stored),
      requestedAt: clock.now(),
      decidedAt: null,
      by: decide === 'approve' ? 'owner' : 'checklist',
      findings: [],
    },
  }
  const next = decide === 'later' ? opened : decided(app, opened, decide === 'approve' ? [] : await findings(app, told))
  await store.saveProductionCase(next, { step: decide === 'approve' ? 'overrides' : 'opens', ...(await granting(app, next)) })
  return { ...(await readAccountState(app)), productionCase: next }
}

/** The worker's pass: decides the case that is pending, if one is. @returns whether it decided one  @throws MailctlError store-unavailable */
export async function decideProduction(app: ReviewApp): Promise<boolean> {
  const stored = await app.store.productionCase()
  if (stored?.review.status !== 'PENDING') return false
  const next = decided(app, stored, await findings(app, stored.details))
  return await app.store.saveProductionCase(next, { step: 'decides', ...(await granting(app, next)) })
}

function decided({ clock }: Pick<App, 'clock'>, opened: ProductionCase, found: readonly Finding[]): ProductionCase {
  return { ...opened, review: { ...opened.review, status: verdictOf(found), decidedAt: clock.now(), findings: found } }
}

/** Digits, as SES has them; a seeded account draws the same every time. */
function newCaseId({ ids, clock }: Pick<App, 'ids' | 'clock'>, before: ProductionCase | undefined): string {
  const drawn = ids.chance(`production case ${clock.now()} ${before?.review.caseId ?? ''}`)
  return String(100_000_000_000 + Math.floor(drawn * 900_000_000_000))
}

/** What a granted case changes of the account. One that is out of the sandbox already keeps its limits unless others are asked for. */
async function granting(
  { store }: Pick<App, 'store'>,
  { review, asked }: ProductionCase,
): Promise<{ readonly account?: Partial<Account> }> {
  if (review.status !== 'GRANTED') return {}
  const before = await store.account()
  const { max24HourSend, maxSendRate } = before.productionAccess ? before : PRODUCTION
  return {
    account: {
      productionAccess: true,
      max24HourSend: asked.max24HourSend ?? max24HourSend,
      maxSendRate: asked.maxSendRate ?? maxSendRate,
    },
  }
}

async function findings(app: ReviewApp, { useCase }: AccountDetails): Promise<Finding[]> {
  // The proofs are counted with the other events.
  await reviewStanding(app)
  const evidence: Evidence = {
    domain: await bestDomain(app),
    ...(await app.store.proofs()),
    suppressedReasons: (await app.store.account()).suppressedReasons,
    useCase,
  }
  return checklist(evidence)
}

/** The first domain with everything in place; else the one that is nearest to it. */
async function bestDomain(app: ReviewApp): Promise<ReviewedDomain | undefined> {
  const domains = (await app.store.identities()).filter(({ type }) => type === 'DOMAIN')
  const isProved = (identity: Identity): boolean => isVerified(identity, app.settings.network, app.clock.now())
  const ready = domains.filter(identity => isProved(identity) && identity.dkim.status === 'SUCCESS' && identity.dkim.signingEnabled)
  let best: ReviewedDomain | undefined
  for (const identity of ready.slice(0, MOST_DOMAINS)) {
    const seen = { ...(await viewOf(app, identity)), records: await recordsOf(app, identity.name) }
    if (seen.feedback !== 'unattended' && seen.records.spf === 'FOUND' && seen.records.dmarc === 'FOUND') return seen
    best ??= seen
  }
  const nearest = domains.find(isProved) ?? domains[0]
  return best ?? (nearest && (await viewOf(app, nearest)))
}

const viewOf = async ({ store, settings, clock }: ReviewApp, identity: Identity): Promise<ReviewedDomain> => ({
  name: identity.name,
  verification: identity.verification.status,
  isVerified: isVerified(identity, settings.network, clock.now()),
  dkim: identity.dkim.status,
  signs: identity.dkim.signingEnabled,
  feedback: await feedbackOf(store, identity),
  records: null,
})

async function feedbackOf(
  store: ReviewApp['store'],
  { name, feedbackForwarding, configurationSet }: Identity,
): Promise<ReviewedDomain['feedback']> {
  if (feedbackForwarding) return 'forwarded'
  return (await tellsOtherwise(store, { identity: name, configurationSet })) ? 'told' : 'unattended'
}

/** By the resolver of this mode, as `verify` does. */
async function recordsOf(app: ReviewApp, name: string): Promise<{ readonly spf: RecordState; readonly dmarc: RecordState }> {
  const { records } = await checkDns(app, { name, resolver: undefined, limit: AbortSignal.timeout(DNS_MS) })
  const state = (purpose: string): RecordState => records.find(({ planned }) => planned.purpose === purpose)?.comparison.status ?? 'MISSING'
  return { spf: state('SPF'), dmarc: state('DMARC') }
}
