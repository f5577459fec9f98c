/**
 * Checking what stands in DNS for a domain identity and moving its state accordingly. One check asks for every planned record and the SOA at
 * once; waiting repeats it by the account's clock. The answers come from the resolver of this mode, so a proof says where it was made.
 */
import { compareRecord, questionType } from '../account/compare-record.ts'
import { keyRoles } from '../account/dkim-keys.ts'
import type { Identity, SoaRecord } from '../account/identity.ts'
import { judgeDomain, type RecordEvidence, restarted } from '../account/verification.ts'
import { MailctlError } from '../base/errors.ts'
import type { DnsAnswer } from '../mail/dns-record.ts'
import type { PublishTarget } from '../ports/publisher.ts'
import type { App } from './app.ts'
import { createDomainIdentity, type DkimChoice, saveWithKeys } from './create-identity.ts'
import { dnsPlan, planFor } from './dns-plan.ts'
import type { CheckedRecord } from './identity-view.ts'
import { type Published, publishIdentity } from './publish-dns.ts'
import { type IdentityChange, setIdentity } from './set-identity.ts'

export type CheckingApp = Pick<App, 'store' | 'clock' | 'keys' | 'settings' | 'resolver'>

export interface DomainCheck {
  readonly identity: Identity
  readonly records: readonly CheckedRecord[]
  /** For people: where the answers came from, when that is not the zone itself. */
  readonly notices: readonly string[]
}

/** Verified, its keys and its MAIL FROM domain included: what `verify` waits for. */
export const isSettled = ({ type, verification, dkim, mailFrom }: Identity): boolean =>
  verification.status === 'SUCCESS' &&
  (type !== 'DOMAIN' || dkim.status === 'SUCCESS') &&
  (mailFrom === null || mailFrom.status === 'SUCCESS')

/** How to look. */
export interface Look {
  /** As the user gave it, if so. */
  readonly resolver: string | undefined
  /**
   * Ends the look: when its time is up (`AbortSignal.timeout`; real time, as for all sockets) what was not answered yet counts as not
   * answering; any other abort is an interruption. Absent: the resolver's own patience.
   */
  readonly limit?: AbortSignal
}

const LATE: DnsAnswer = { kind: 'failure', reason: 'timeout', detail: 'no answer before the time was up', server: '' }

/** Asks, without changing the identity. */
async function gather(
  { keys, settings, resolver }: CheckingApp,
  identity: Identity,
  limit: AbortSignal | undefined,
): Promise<{ records: RecordEvidence[]; soa: SoaRecord | null; notices: string[] }> {
  const planned = await planFor({ keys, settings }, identity)
  const [soa, ...answers] = await Promise.all([
    answerBy(limit, resolver.lookupAuthoritative(identity.name, 'SOA')),
    ...planned.map(record => answerBy(limit, resolver.lookupAuthoritative(record.name, questionType(record)))),
  ])
  const records = planned.map((record, index) => {
    const answer = answers[index] ?? LATE
    return { planned: record, answer, comparison: compareRecord(record, answer) }
  })
  return { records, soa: soaOf(soa), notices: resolver.takeNotices() }
}

const isTimeUp = ({ reason }: AbortSignal): boolean => reason instanceof Error && reason.name === 'TimeoutError'

/** A look-up that is left behind ends by itself within the patience of the DNS client. */
async function answerBy(limit: AbortSignal | undefined, answer: Promise<DnsAnswer>): Promise<DnsAnswer> {
  if (limit === undefined) return await answer
  let giveUp = (): void => {}
  const ended = new Promise<DnsAnswer>((resolve, reject) => {
    giveUp = () => (isTimeUp(limit) ? resolve(LATE) : reject(new MailctlError('interrupted', 'interrupted while asking')))
  })
  if (limit.aborted) giveUp()
  limit.addEventListener('abort', giveUp)
  try {
    return await Promise.race([ended, answer])
  } finally {
    limit.removeEventListener('abort', giveUp)
  }
}

function soaOf(answer: DnsAnswer): SoaRecord | null {
  if (answer.kind === 'failure') return null
  const record = answer.kind === 'found' ? answer.records[0] : answer.soa
  if (record?.type !== 'SOA') return null
  // RFC 1035 §8: the first dot that is not escaped stands for the @.
  const adminEmail = record.admin.replace(/^((?:\\.|[^.\\])*)\./, '$1@').replace(/\\(.)/g, '$1')
  return { primaryNameServer: record.primary, adminEmail, serialNumber: record.serial }
}

/** An explicit resolver that says nothing at all is a wrong address, not an answer about the domain. */
function assertReached(records: readonly RecordEvidence[], resolver: string | undefined): void {
  if (resolver === undefined || !records.every(({ answer }) => answer.kind === 'failure' && answer.reason === 'timeout')) return
  throw new MailctlError('unreachable', `the DNS server ${resolver} does not answer`, {
    hint: 'Check the address and port given with --resolver.',
  })
}

/** Asks for one key of the identity, without changing it. @throws MailctlError unreachable, interrupted */
export async function lookForKey(
  { keys, settings, resolver }: CheckingApp,
  identity: Identity,
  { selector, look }: { readonly selector: string; readonly look: Look },
): Promise<RecordEvidence> {
  const planned = (await planFor({ keys, settings }, identity)).find(record => record.selector === selector)
  if (planned === undefined) throw new Error(`${identity.name} has no key ${selector}`)
  const answer = await answerBy(look.limit, resolver.lookupAuthoritative(planned.name, questionType(planned)))
  const evidence = { planned, answer, comparison: compareRecord(planned, answer) }
  assertReached([evidence], look.resolver)
  return evidence
}

/** One look at the DNS; the state is stored. @throws MailctlError unreachable, when a given resolver never answers; nothing is stored then */
export async function checkDomain(app: CheckingApp, identity: Identity, { resolver, limit }: Look): Promise<DomainCheck> {
  const { records, soa, notices } = await gather(app, identity, limit)
  assertReached(records, resolver)
  const evidence = { records, soa, proof: app.resolver.proof, network: app.settings.network }
  // The questions took a while: what counts is the identity as it is now, if the answers are still about it.
  for (let tries = 1; ; tries += 1) {
    const current = await app.store.identity(identity.name)
    if (current === undefined || questionsOf(current) !== questionsOf(identity))
      throw new MailctlError('conflict', `${identity.name} was changed while it was being checked`, { hint: 'Check it again.' })
    const judged = judgeDomain(current, evidence, app.clock.now())
    try {
      await saveWithKeys(app, judged, current)
      return { identity: judged, records, notices }
    } catch (error) {
      const isChanged = error instanceof MailctlError && error.code === 'conflict'
      if (!isChanged || tries === MOST_TRIES) throw error
    }
  }
}

/** Somebody may change a tag, or check at the same moment; the answers are good for that as well. */
const MOST_TRIES = 5

/** What the questions follow from. */
const questionsOf = ({ dkim, mailFrom }: Identity): string => [...keyRoles(dkim).map(({ token }) => token), mailFrom?.domain].join()

/** Asks and compares, and leaves the identity as it is: `dns check`. @throws as `dnsPlan` and `checkDomain` */
export async function checkDns(app: CheckingApp, { name, resolver, limit }: Look & { readonly name: string }): Promise<DomainCheck> {
  const { identity } = await dnsPlan(app, name)
  const { records, notices } = await gather(app, identity, limit)
  assertReached(records, resolver)
  return { identity, records, notices }
}

export interface VerifyDomainAsk extends Look {
  readonly domain: string
  /** Absent: three keys of 2048 bits, planned as TXT, or what the identity has. */
  readonly dkim?: DkimChoice
  readonly mailFrom?: string
  /** Absent: the lab in lab mode, otherwise nowhere. */
  readonly publish?: PublishTarget
  /** Absent: one look. */
  readonly wait?: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly onCheck: (check: DomainCheck) => void }
}

export interface VerifiedDomain extends DomainCheck {
  readonly created: boolean
  readonly published: Published | null
  /** It was waited for, in vain. */
  readonly timedOut: boolean
}

/** The first waits between two looks, in milliseconds; the last one repeats. */
const WAITS_MS = [2_000, 5_000, 10_000, 30_000] as const

/** Creates the identity if it is new, publishes where asked, and looks. @throws MailctlError of each of these steps; interrupted */
export async function verifyDomain(app: CheckingApp & Pick<App, 'publisher'>, ask: VerifyDomainAsk): Promise<VerifiedDomain> {
  const dkim = ask.dkim ?? ({ kind: 'txt' } as const)
  const { identity: first, created } = await createDomainIdentity(app, { domain: ask.domain, dkim })
  const change: IdentityChange = {
    ...(ask.dkim === undefined || created ? {} : { dkim: sameIsFine(ask.dkim, first) }),
    ...(ask.mailFrom === undefined ? {} : { mailFrom: ask.mailFrom }),
  }
  const asked = Object.keys(change).length === 0 ? first : await setIdentity(app, first.name, change)
  const identity = restarted(asked, app.clock.now())
  if (identity !== asked) await app.store.saveIdentity(identity, asked)
  const target = ask.publish ?? (app.settings.network === 'lab' ? ({ kind: 'lab' } as const) : undefined)
  const published = target === undefined ? null : await publishIdentity(app, identity, { target, dryRun: false })
  const check = await checkUntilSettled(app, identity, ask)
  return { ...check, created, published, timedOut: ask.wait !== undefined && !isSettled(check.identity) }
}

/** The command may be repeated: a length that the keys have already is no change of it. */
const sameIsFine = (choice: DkimChoice, { dkim }: Identity): DkimChoice =>
  choice.kind !== 'byo' && dkim.origin === 'AWS_SES' && choice.keyLength === dkim.keyLength ? { kind: choice.kind } : choice

async function checkUntilSettled(app: CheckingApp, identity: Identity, { wait, ...look }: VerifyDomainAsk): Promise<DomainCheck> {
  const notices = new Set<string>()
  const deadline = app.clock.now() + (wait?.timeoutMs ?? 0)
  let check = await checkDomain(app, identity, look)
  for (let round = 0; ; round += 1) {
    for (const notice of check.notices) notices.add(notice)
    const now = app.clock.now()
    if (wait === undefined || isSettled(check.identity) || now >= deadline) return { ...check, notices: [...notices] }
    wait.onCheck(check)
    const pause = WAITS_MS[Math.min(round, WAITS_MS.length - 1)] ?? 0
    await app.clock.waitUntil(Math.min(deadline, now + pause), wait.signal)
    check = await checkDomain(app, check.identity, look)
  }
}

/** Looks at every domain identity once, and begins anew where a search had failed; addresses are proved by mail. In order of name. @throws as `checkDomain` */
export async function verifyAll(app: CheckingApp, look: Look): Promise<DomainCheck[]> {
  const checks: DomainCheck[] = []
  for (const identity of await app.store.identities()) {
    if (identity.type === 'DOMAIN') checks.push(await checkDomain(app, await startAgain(app, identity), look))
    else checks.push({ identity, records: [], notices: [] })
  }
  return checks
}

async function startAgain({ store, clock }: CheckingApp, identity: Identity): Promise<Identity> {
  const again = restarted(identity, clock.now())
  if (again !== identity) await store.saveIdentity(again, identity)
  return again
}
