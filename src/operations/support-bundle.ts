/**
 * What somebody who helps needs to see of an account, as one value: the machine, settings, what `doctor` says, states and counts, and the last
 * attempts. No message, no subject, no template, no key. Addresses lose their local parts and URLs all but their hosts; what the settings hold
 * of secrets is hidden wherever it stands.
 */
import { confide } from '../base/confide.ts'
import { MailctlError } from '../base/errors.ts'
import type { MachineFacts } from '../ports/machine.ts'
import type { Config } from '../ports/settings.ts'
import type { StoredMessage } from '../ports/store.ts'
import type { App } from './app.ts'
import type { Diagnosis } from './diagnosis.ts'

const MOST_MESSAGES = 20
const MOST_IDENTITIES = 100
const MOST_DESTINATIONS = 20
/** Lines of a transcript. */
const MOST_LINES = 60
const DAY_MS = 86_400_000

export interface BundleAsk {
  readonly version: string
  readonly machine: MachineFacts
  readonly config: Pick<Config, 'home' | 'origins' | 'settings'>
  readonly findings: readonly Diagnosis[]
  /** The account, or why it cannot be opened. */
  readonly app: BundleApp | MailctlError
  /** Epoch milliseconds of the machine. */
  readonly now: number
}

type BundleApp = Pick<App, 'store' | 'clock'>

/** @throws MailctlError store-unavailable */
export async function supportBundle({ version, machine, config, findings, app, now }: BundleAsk): Promise<unknown> {
  const { home, origins, settings } = config
  const bundle = {
    MailctlSupport: 1,
    Version: version,
    MadeAt: new Date(now),
    Machine: machine,
    Settings: Object.entries(origins).map(([Key, { value, origin }]) => ({ Key, Value: value, Origin: origin })),
    Doctor: findings.map(({ check, status, evidence, fix }) => ({ Check: check, Status: status, Evidence: evidence, Fix: fix })),
    Account: app instanceof MailctlError ? { Error: app.message } : await accountOf(app),
  }
  const secrets = settings.relay.flatMap(({ user, password }) => [user, password]).filter(text => text !== undefined)
  return confide(bundle, [...secrets, home])
}

async function accountOf({ store, clock }: BundleApp): Promise<unknown> {
  const now = clock.now()
  const account = await store.account()
  const standing = await store.standing()
  const identities = await store.identities()
  const messages = await store.messages(MOST_MESSAGES)
  return {
    Clock: { Kind: clock.kind, Now: new Date(now) },
    Region: account.region,
    ProductionAccess: account.productionAccess,
    SendingEnabled: account.sendingEnabled,
    Enforcement: { Status: standing.status, Since: new Date(standing.since), Cause: standing.cause },
    Quota: { Max24HourSend: account.max24HourSend, MaxSendRate: account.maxSendRate, ...(await store.usage(now)) },
    SuppressedReasons: account.suppressedReasons,
    Suppressed: await store.suppressedCount(),
    Identities: {
      Count: identities.length,
      First: identities.slice(0, MOST_IDENTITIES).map(({ name, type, verification, dkim, mailFrom, nextCheckAt }) => ({
        Name: name,
        Type: type,
        Verification: verification,
        Dkim: { Status: dkim.status, Origin: dkim.origin, Method: dkim.method, KeyLength: dkim.keyLength, Signs: dkim.signingEnabled },
        MailFrom: mailFrom,
        NextCheckAt: moment(nextCheckAt),
      })),
    },
    Destinations: (await store.eventDestinations()).slice(0, MOST_DESTINATIONS).map(one => ({
      Owner: one.owner,
      Name: one.name,
      Enabled: one.enabled,
      Confirmed: one.confirmed,
      Service: one.service.kind,
      Place: one.place.kind,
      EventTypes: one.eventTypes,
      Failures: one.failures,
      Waiting: one.waiting,
      DeadLetters: one.deadLetters,
      LastError: one.lastError,
    })),
    Queue: {
      ...(await store.queueStats()),
      TopDeferral: await store.topDeferral(),
      Destinations: await store.queueDestinations(MOST_DESTINATIONS),
    },
    EventsOfADay: await store.eventCounts(now - DAY_MS),
    LastMessages: await Promise.all(messages.map(message => messageOf(store, message))),
  }
}

async function messageOf(
  store: App['store'],
  { id, kind, acceptedAt, expiresAt, sizeBytes, recipients, facts }: StoredMessage,
): Promise<unknown> {
  return {
    Id: id,
    Kind: kind,
    AcceptedAt: new Date(acceptedAt),
    ExpiresAt: new Date(expiresAt),
    SizeBytes: sizeBytes,
    Identity: facts.identity,
    SignedBy: facts.signedBy,
    Recipients: recipients.map(({ domain, state, attempts, nextAttemptAt, outcome }) => ({
      Domain: domain,
      State: state,
      Attempts: attempts,
      NextAttemptAt: moment(nextAttemptAt),
      Reply: outcome?.reply ?? null,
    })),
    Attempts: (await store.attempts(id)).map(({ startedAt, endedAt, host, address, summary, transcript }) => ({
      StartedAt: new Date(startedAt),
      Milliseconds: endedAt - startedAt,
      Host: host,
      Address: address,
      Summary: summary,
      Transcript: transcript.slice(-MOST_LINES),
    })),
  }
}

const moment = (at: number | null): Date | null => (at === null ? null : new Date(at))
