/** Ends what waited too long: recipients of messages whose time is over get their last outcome as the final one, and their sender hears of it. */
import { ownVerdict } from '../mail/interpret-reply.ts'
import { type DeliverApp, LEASE_MS, settleGroup } from './deliver-group.ts'

/** At once, so that a store that was left alone for days is not asked for everything in one breath. */
const AT_ONCE = 100
/** The last try falls on the moment of expiry, and has so long to begin: a site may be busy. */
const LAST_TRY_MS = 60_000

/** For a recipient whose host was never reached because all mail to it waited. */
const NEVER_TRIED = ownVerdict('4.4.1', 'No attempt was possible in time')

/** @returns whether there may be more  @throws MailctlError store-unavailable */
export async function expireOverdue(app: DeliverApp): Promise<boolean> {
  const { store, clock } = app
  const groups = await store.leaseExpired({ now: clock.now() - LAST_TRY_MS, leaseMs: LEASE_MS, limit: AT_ONCE })
  await Promise.all(
    groups.map(group =>
      settleGroup(
        app,
        group,
        group.recipients.map(({ outcome }) => outcome ?? NEVER_TRIED),
        null,
      ),
    ),
  )
  return groups.length === AT_ONCE
}
