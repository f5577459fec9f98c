/** What has to happen to the account now and then, whoever has the time: `serve` every few seconds, `clock advance` on the way. */
import { reviewStanding } from './reputation.ts'
import { decideProduction, type ReviewApp } from './request-production.ts'

/** Counts what happened and judges it, and decides a request for production access that waits. @throws MailctlError store-unavailable */
export async function accountPass(app: ReviewApp): Promise<void> {
  await reviewStanding(app)
  await decideProduction(app)
}
